"""The endings that are kept: the newest thousand."""

from __future__ import annotations

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
