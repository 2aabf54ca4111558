"""The endings that are kept: the newest thousand."""

from __future__ import annotations

from dataclasses import replace

from tenfour.observe.endings import ENDINGS_KEPT, Ending, Endings


def ending(number: int) -> Ending:
    return Ending(number, f"c{number}", "u", "all", "192.0.2.1", "client", 4408, "slow_reader", "", 1.0, 0.5)


def test_the_newest_come_first_and_the_oldest_go() -> None:
    endings = Endings()

    for number in range(ENDINGS_KEPT + 5):
        endings.note(ending(number))

    kept = [each.at_ms for each in endings.latest()]
    assert kept == list(range(ENDINGS_KEPT + 4, 4, -1))
    assert [each.at_ms for each in endings.latest(2)] == [ENDINGS_KEPT + 4, ENDINGS_KEPT + 3]


def test_none_are_kept_before_the_first() -> None:
    assert Endings().latest() == []


def refused(address: str, code: str, number: int) -> Ending:
    return replace(ending(number), connection=None, user=None, address=address, close=403, code=code)


def test_a_flood_of_refused_upgrades_is_one_entry_and_pushes_nobody_out() -> None:
    endings = Endings()
    endings.note(ending(1))

    for number in range(2, 5_002):
        endings.note(refused("192.0.2.7", "origin_refused", number))
    endings.note(refused("192.0.2.7", "upgrade_required", 5_002))
    endings.note(refused("192.0.2.8", "origin_refused", 5_003))

    assert [(each.at_ms, each.times) for each in endings.latest()] == [(5_003, 1), (5_002, 1), (5_001, 5_000), (1, 1)]
