from __future__ import annotations

import pytest

from tenfour.client.cuts import Cut, TimeLimit, time_limit


def cuts(*facts: tuple[float, float]) -> list[Cut]:
    return [Cut(1006, age_s, silent_s) for age_s, silent_s in facts]


def test_the_same_age_three_times_is_a_limit_on_age() -> None:
    assert time_limit(cuts((60.2, 3.0), (60.0, 14.0), (61.0, 20.0))) == TimeLimit("age", 60.0)


def test_the_same_silence_at_different_ages_is_a_limit_on_silence() -> None:
    assert time_limit(cuts((312.0, 20.1), (95.0, 20.0), (1_200.0, 20.4))) == TimeLimit("silence", 20.0)


def test_connections_that_were_idle_all_their_life_show_a_limit_on_silence() -> None:
    assert time_limit(cuts((10.0, 9.9), (10.1, 10.0), (10.0, 9.9))) == TimeLimit("silence", 9.9)


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [(60.0, 3.0), (60.0, 3.0)],
        [(60.0, 1.0), (75.0, 9.0), (60.0, 20.0)],
        [(0.2, 0.1), (0.3, 0.1), (0.1, 0.1)],
    ],
    ids=["none", "two", "different", "too short to mean anything"],
)
def test_other_cuts_name_no_limit(facts: list[tuple[float, float]]) -> None:
    assert time_limit(cuts(*facts)) is None


def test_only_the_last_three_count() -> None:
    assert time_limit(cuts((5_000.0, 4.0), (60.0, 1.0), (60.0, 8.0), (60.0, 20.0))) == TimeLimit("age", 60.0)
