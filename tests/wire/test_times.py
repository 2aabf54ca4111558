from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.wire.times import parse_rfc3339, rfc3339

YEAR_9999_MS = 253_402_300_799_999


@given(st.integers(0, YEAR_9999_MS))
def test_a_time_survives_the_wire_to_the_millisecond(at_ms: int) -> None:
    text = rfc3339(at_ms)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert parse_rfc3339(text) == at_ms


@given(st.integers(0, YEAR_9999_MS), st.integers(0, YEAR_9999_MS))
def test_times_sort_as_their_texts_do(one_ms: int, other_ms: int) -> None:
    assert (rfc3339(one_ms) < rfc3339(other_ms)) == (one_ms < other_ms)


@pytest.mark.parametrize(("text", "at_ms"), [("1970-01-01T00:00:00.000Z", 0), ("1970-01-01T01:00:00.000+01:00", 0), ("2026-01-31T12:00:00Z", 1_769_860_800_000)])
def test_a_time_of_any_offset_is_read(text: str, at_ms: int) -> None:
    assert parse_rfc3339(text) == at_ms


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-01-31"])
def test_what_is_no_time_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)
