from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.client.backoff import BASE_S, CAP_S, delay_s

TABLE = json.loads((Path(__file__).resolve().parents[2] / "protocol" / "backoff.json").read_text())["rows"]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['attempt']}-{row['random']}")
def test_the_wait_is_the_one_of_the_protocol_s_table(row: dict[str, float]) -> None:
    assert delay_s(int(row["attempt"]), row["random"]) == pytest.approx(row["delay_s"])


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_first_attempt_is_made_at_once(random: float) -> None:
    assert delay_s(0, random) == 0.0


@pytest.mark.parametrize(("attempt", "most_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (7, 30.0), (10_000, 30.0)])
def test_the_wait_doubles_up_to_the_cap(attempt: int, most_s: float) -> None:
    assert delay_s(attempt, 0.999_999) == pytest.approx(most_s, rel=1e-5)


@given(st.integers(min_value=1, max_value=100_000), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_jitter_is_full_beyond_the_cap_too(attempt: int, random: float) -> None:
    longest_s = min(CAP_S, BASE_S * 2.0 ** min(attempt, 16))

    assert delay_s(attempt, random) == pytest.approx(random * longest_s)
