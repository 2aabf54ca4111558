"""Ids: UUIDv7 in canonical form."""

from __future__ import annotations

import os
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.ids import new_id, parse_uuid


@given(st.integers(0, 2**48 - 1))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(now_ms: int) -> None:
    made = uuid.UUID(new_id(now_ms))

    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, now_ms)


@given(st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=20, unique=True))
def test_ids_sort_as_their_times_do(times: list[int]) -> None:
    assert [uuid.UUID(each).int >> 80 for each in sorted(map(new_id, times))] == sorted(times)


def test_a_process_that_was_forked_makes_other_ids() -> None:
    new_id(0)
    reading, writing = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(writing, "".join(new_id(0) for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 50 * 36).decode()
    os.close(reading)
    os.close(writing)

    assert not {new_id(0) for _ in range(300)} & {theirs[place : place + 36] for place in range(0, len(theirs), 36)}


def test_a_thousand_ids_of_one_moment_differ() -> None:
    assert len({new_id(1) for _ in range(1_000)}) == 1_000


@given(st.uuids())
def test_a_uuid_is_read_in_any_case_and_given_in_one(wanted: uuid.UUID) -> None:
    assert parse_uuid(str(wanted).upper()) == str(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "01890a5dac96774bbcceb302099a8057",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcceb-302099a8057",
        "urn:uuid:01890a5d-ac96-774b-bcce-b302",
        "+1890a5d-ac96-774b-bcce-b302099a8057",
        " 1890a5d-ac96-774b-bcce-b302099a8057",
        "0189_a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a8057\n",
        "0189\uff10a5d-ac96-774b-bcce-b302099a8057",
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(ValueError):
        parse_uuid(text)
