from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.client.backoff import BASE_S, CAP_S, delay_s


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
