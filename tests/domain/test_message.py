"""The rule that admits a message, and what a text and a key may be."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role
from tenfour.domain.message import KEY_CHARS_MAX, Accepted, Draft, Refused, check_key, check_text, decide
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, UserId

CHAT = Chat(ChatId("c"), ChatKind.GROUP, None, HistoryRule.ALL, 9, 3, 0, 0)
DRAFT = Draft(ChatId("c"), UserId("u"), "k", "hi")


def member(muted_until: int | None) -> Member:
    return Member(ChatId("c"), UserId("u"), Role.MEMBER, 1, 0, 0, muted_until)


def test_a_member_is_admitted_and_a_stranger_is_not() -> None:
    assert decide(DRAFT, member(None), CHAT, 0) == Accepted(DRAFT)
    assert decide(DRAFT, None, CHAT, 0) == Refused(ErrorCode.NOT_A_MEMBER)


@given(muted_until=st.integers(0, 2**50), now_ms=st.integers(0, 2**50))
def test_who_is_muted_is_told_when_it_ends_and_admitted_from_then_on(muted_until: int, now_ms: int) -> None:
    verdict = decide(DRAFT, member(muted_until), CHAT, now_ms)

    if now_ms >= muted_until:
        assert verdict == Accepted(DRAFT)
    else:
        assert verdict == Refused(ErrorCode.MUTED, retry_after_ms=muted_until - now_ms)
        assert decide(DRAFT, member(muted_until), CHAT, now_ms + (muted_until - now_ms)) == Accepted(DRAFT)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x", None),
        (" x ", None),
        ("two\nlines\tand a tab", None),
        ("x" * 100, None),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", None),
        ("\u202eright to left stays the writer's own matter", None),
        ("e" + "\u0301" * 99, None),
        ("", ErrorCode.TEXT_EMPTY),
        (" \t\n\u00a0\u2003\u3000", ErrorCode.TEXT_EMPTY),
        ("x" * 101, ErrorCode.TEXT_TOO_LONG),
        (" " * 101, ErrorCode.TEXT_TOO_LONG),
        ("a\0b", ErrorCode.TEXT_INVALID),
        ("\0", ErrorCode.TEXT_INVALID),
        ("\ud800", ErrorCode.TEXT_INVALID),
        ("é\udfff", ErrorCode.TEXT_INVALID),
    ],
)
def test_a_text_is_what_can_be_shown_and_stored(text: str, fault: ErrorCode | None) -> None:
    assert check_text(text, 100) is fault


@given(st.text(st.characters(), max_size=120))
def test_every_text_that_is_let_through_can_be_encoded_hashed_and_read_by_a_c_program(text: str) -> None:
    if check_text(text, 100) is None:
        assert text.encode().decode() == text
        assert len(Draft(ChatId("c"), UserId("u"), "k", text).content_hash()) == 16
        assert 0 not in text.encode()
        assert text.strip()


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "a\n", "é", "\x7f", "\0", "k" * (KEY_CHARS_MAX + 1)])
def test_a_key_that_is_not_visible_ascii_is_refused(key: str) -> None:
    assert check_key(key) is (ErrorCode.KEY_INVALID if key else ErrorCode.KEY_MISSING)


@given(st.text(st.sampled_from(string.ascii_letters + string.digits + string.punctuation), min_size=1, max_size=KEY_CHARS_MAX))
def test_every_visible_ascii_text_of_its_length_is_a_key(key: str) -> None:
    assert check_key(key) is None


REPLIES = st.none() | st.uuids().map(lambda each: MessageId(str(each)))


@given(st.text(max_size=30), st.text(max_size=30), REPLIES, REPLIES)
def test_two_drafts_have_one_hash_only_if_they_say_the_same(one: str, other: str, reply: MessageId | None, other_reply: MessageId | None) -> None:
    first, second = Draft(ChatId("c"), UserId("u"), "k", one, reply), Draft(ChatId("d"), UserId("v"), "l", other, other_reply)

    assert (first.content_hash() == second.content_hash()) == ((one, reply) == (other, other_reply))
