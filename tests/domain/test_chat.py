"""Titles, and the one direct chat of a pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.domain.chat import TITLE_CHARS_MAX, ChatKind, check_title, direct_pair
from tenfour.ids import UserId

USERS = st.uuids().map(lambda each: UserId(str(each)))


@given(USERS, USERS, USERS)
def test_a_pair_is_the_same_whoever_asks_and_no_other_pair_is(one: UserId, two: UserId, three: UserId) -> None:
    assert direct_pair(one, two) == direct_pair(two, one)
    assert (direct_pair(one, two) == direct_pair(one, three)) == (two == three)


@pytest.mark.parametrize("kind", [ChatKind.GROUP, ChatKind.CHANNEL])
@pytest.mark.parametrize("title", ["x", " Team ", "x" * TITLE_CHARS_MAX, "Équipe \U0001f468\u200d\U0001f469\u200d\U0001f467", "שלום"])
def test_a_title_is_one_line(kind: ChatKind, title: str) -> None:
    assert check_title(title, kind) is None


@pytest.mark.parametrize("title", ["", " ", "\u3000", "x" * (TITLE_CHARS_MAX + 1), "a\nb", "a\rb", "a\0b", "a\x1b[2Jb", "a\x85b", "a\u2028b", "a\u202eb", "a\u2066b", "\ud800"])
def test_a_title_that_breaks_the_line_or_turns_it_round_is_refused(title: str) -> None:
    assert check_title(title, ChatKind.GROUP) is not None


def test_a_channel_needs_a_title_a_group_may_have_one_and_a_direct_chat_has_none() -> None:
    assert check_title(None, ChatKind.CHANNEL) is not None
    assert check_title(None, ChatKind.GROUP) is None
    assert check_title(None, ChatKind.DIRECT) is None
    assert check_title("Ann and Ben", ChatKind.DIRECT) is not None
