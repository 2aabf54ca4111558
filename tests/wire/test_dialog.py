from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId, UserId
from tenfour.wire import frames
from tenfour.wire.dialog import (
    BAD_FRAMES_MAX,
    BAD_FRAMES_WINDOW_S,
    CHATS_PER_FRAME_MAX,
    SUBSCRIBE_ID_CHARS_MAX,
    Authenticate,
    Deliver,
    Dialog,
    DialogRules,
    Effect,
    Mode,
    NoteReceipt,
    Phase,
    RefuseSend,
    Replay,
    Reply,
    ShowTyping,
    Silence,
)

CHAT = ChatId("01890a5d-ac96-774b-bcce-b302099a8057")
OTHER = ChatId("01890a5d-ac96-774b-bcce-b302099a8058")
ANN = UserId("01890a5d-ac96-774b-bcce-b302099a8059")
RULES = DialogRules(text_chars_max=20)

RETRYABLE = [ErrorCode.STORE_DOWN, ErrorCode.BUSY, ErrorCode.RATE_LIMITED, ErrorCode.OUTCOME_UNKNOWN, ErrorCode.MUTED]
FOR_GOOD = [ErrorCode.NOT_A_MEMBER, ErrorCode.KEY_REUSED, ErrorCode.TEXT_EMPTY, ErrorCode.REPLY_UNKNOWN]


def _waiting(chat: ChatId | None = None) -> Dialog:
    return Dialog(RULES, chat)


def _open(chat: ChatId | None = None) -> Dialog:
    dialog = _waiting(chat)
    dialog.admitted(ANN)
    return dialog


def _say(dialog: Dialog, now_s: float = 0.0, **frame: Any) -> Effect:
    return dialog.received(json.dumps(frame).encode(), now_s)


def _send(dialog: Dialog, key: str, text: str = "hi", chat: str | None = CHAT) -> Effect:
    return _say(dialog, type="send", chat=chat, key=key, text=text)


def _code(effect: Effect) -> str:
    assert isinstance(effect, Reply), effect
    assert isinstance(effect.frame, frames.Error), effect
    return effect.frame.code


# Before welcome


def test_a_token_is_what_a_waiting_connection_says_first() -> None:
    assert _say(_waiting(), type="authenticate", token="t") == Authenticate("t")


@pytest.mark.parametrize("payload", [b'{"type":"ping"}', b'{"type":"send","key":"k","text":"x"}', b"nonsense", b'{"type":"authenticate"}', b'{"type":"subscribe","id":"s"}'])
def test_anything_else_ends_a_waiting_connection(payload: bytes) -> None:
    effect = _waiting().received(payload, 0.0)

    assert _code(effect) == "token_missing"
    assert isinstance(effect, Reply)
    assert effect.end is ErrorCode.TOKEN_MISSING


@given(st.binary(max_size=80))
def test_before_welcome_nothing_has_an_effect_on_anybody_else(payload: bytes) -> None:
    assert isinstance(_waiting().received(payload, 0.0), Reply | Authenticate)


@given(st.binary(max_size=80))
def test_after_the_end_nothing_has_an_effect(payload: bytes) -> None:
    dialog = _open()
    dialog.ended()

    assert dialog.received(payload, 0.0) is None
    assert _send(dialog, "k") is None


# Messages


def test_a_readable_send_is_delivered_with_its_sender() -> None:
    effect = _say(_open(), type="send", chat=CHAT, key="k1", text="hi", reply_to=OTHER)

    assert isinstance(effect, Deliver)
    assert (effect.draft.chat, effect.draft.sender, effect.draft.key, effect.draft.text, effect.draft.reply_to) == (CHAT, ANN, "k1", "hi", OTHER)


def test_a_chat_is_the_same_however_its_id_is_spelt() -> None:
    effect = _send(_open(), "k", chat=CHAT.upper())

    assert isinstance(effect, Deliver)
    assert effect.draft.chat == CHAT


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"key": "k", "text": "x"}, "chat_missing"),
        ({"chat": "general", "key": "k", "text": "x"}, "chat_id_invalid"),
        ({"chat": CHAT, "text": "x"}, "key_missing"),
        ({"chat": CHAT, "key": "", "text": "x"}, "key_missing"),
        ({"chat": CHAT, "key": "a b", "text": "x"}, "key_invalid"),
        ({"chat": CHAT, "key": "ä", "text": "x"}, "key_invalid"),
        ({"chat": CHAT, "key": "k" * 65, "text": "x"}, "key_invalid"),
        ({"chat": CHAT, "key": "k"}, "field_missing"),
    ],
)
def test_a_send_that_cannot_be_looked_up_is_refused_by_name(fields: dict[str, Any], code: str) -> None:
    assert _code(_say(_open(), type="send", **fields)) == code


@pytest.mark.parametrize(("text", "code"), [("", "text_empty"), (" \n", "text_empty"), ("x" * 21, "text_too_long"), ("a\0b", "text_invalid")])
def test_a_bad_text_is_refused_only_after_its_key_was_looked_up(text: str, code: str) -> None:
    effect = _send(_open(), "k", text)

    assert isinstance(effect, RefuseSend)
    assert effect.code.value == code


def test_a_text_of_the_limit_is_counted_in_characters() -> None:
    assert isinstance(_send(_open(), "k", "🎉" * 20), Deliver)


def test_at_a_chat_s_own_door_the_chat_may_be_left_out() -> None:
    effect = _send(_open(CHAT), "k", chat=None)

    assert isinstance(effect, Deliver)
    assert effect.draft.chat == CHAT


def test_at_a_chat_s_own_door_another_chat_is_refused() -> None:
    assert _code(_send(_open(CHAT), "k", chat=OTHER)) == "not_subscribed"


# The order of one sender's messages (G9)


@pytest.mark.parametrize("code", RETRYABLE)
def test_after_a_retryable_refusal_later_messages_wait_for_the_refused_one(code: ErrorCode) -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k1", 1, code, 500)

    later = _send(dialog, "k2")

    assert _code(later) == code.value
    assert isinstance(later, Reply)
    assert isinstance(later.frame, frames.Error)
    assert (later.frame.key, later.frame.chat, later.frame.retry_after_ms, later.end) == ("k2", CHAT, 500, None)


def test_the_refused_key_opens_the_way_again() -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k1", 1, ErrorCode.STORE_DOWN, 500)

    assert isinstance(_send(dialog, "k1"), Deliver)
    assert isinstance(_send(dialog, "k2"), Deliver)


def test_another_chat_does_not_wait() -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k1", 1, ErrorCode.STORE_DOWN, 500)

    assert isinstance(_send(dialog, "k2", chat=OTHER), Deliver)


@pytest.mark.parametrize("code", FOR_GOOD)
def test_after_a_refusal_for_good_nothing_waits(code: ErrorCode) -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k1", 1, code, None)

    assert isinstance(_send(dialog, "k2"), Deliver)


def test_the_first_of_several_refused_messages_is_the_one_to_wait_for() -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k1", 1, ErrorCode.STORE_DOWN, 500)
    dialog.refused_send(CHAT, "k2", 2, ErrorCode.STORE_DOWN, 500)

    assert _code(_send(dialog, "k2")) == "store_down"
    assert isinstance(_send(dialog, "k1"), Deliver)
    assert isinstance(_send(dialog, "k2"), Deliver)


def test_the_first_that_was_sent_is_the_one_to_wait_for_whichever_is_refused_first() -> None:
    dialog = _open()
    dialog.refused_send(CHAT, "k2", 2, ErrorCode.BUSY, 500)
    dialog.refused_send(CHAT, "k1", 1, ErrorCode.STORE_DOWN, 500)

    assert _code(_send(dialog, "k2")) == "store_down"
    assert isinstance(_send(dialog, "k1"), Deliver)
    assert isinstance(_send(dialog, "k2"), Deliver)


steps = st.lists(st.tuples(st.sampled_from(["send", "refuse"]), st.sampled_from([CHAT, OTHER]), st.integers(0, 5), st.sampled_from(RETRYABLE + FOR_GOOD)), max_size=40)


@given(steps)
def test_no_message_overtakes_a_refused_one_whatever_happens(happened: list[tuple[str, ChatId, int, ErrorCode]]) -> None:
    dialog = _open()
    waiting_for: dict[ChatId, int] = {}

    for what, chat, number, code in happened:
        if what == "refuse":
            dialog.refused_send(chat, f"k{number}", number, code, None)
            if FAILURES[code].retry is not Retry.NEVER:
                waiting_for[chat] = min(waiting_for.get(chat, number), number)
            continue
        delivered = isinstance(_send(dialog, f"k{number}", chat=chat), Deliver)

        assert delivered == (waiting_for.get(chat, number) == number)
        if delivered:
            waiting_for.pop(chat, None)


# Frames that nobody can read


def test_an_unreadable_frame_is_named_and_the_connection_goes_on() -> None:
    dialog = _open()

    effect = dialog.received(b"nonsense", 0.0)

    assert _code(effect) == "malformed"
    assert isinstance(effect, Reply)
    assert effect.end is None
    assert isinstance(_send(dialog, "k"), Deliver)


def test_the_tenth_unreadable_frame_in_a_minute_is_the_last() -> None:
    dialog = _open()
    step_s = BAD_FRAMES_WINDOW_S / BAD_FRAMES_MAX

    effects = [_say(dialog, place * step_s, type="firework") for place in range(BAD_FRAMES_MAX)]

    assert all(isinstance(each, Reply) for each in effects)
    assert [each.end for each in effects if isinstance(each, Reply)] == [None] * (BAD_FRAMES_MAX - 1) + [ErrorCode.TOO_MANY_BAD_FRAMES]


@given(st.integers(0, 100))
def test_unreadable_frames_that_are_far_apart_never_end_a_connection(count: int) -> None:
    dialog = _open()
    step_s = BAD_FRAMES_WINDOW_S / (BAD_FRAMES_MAX - 1)

    effects = [dialog.received(b"{", place * step_s) for place in range(count)]

    assert all(isinstance(each, Reply) and each.end is None for each in effects)


# Subscribing


def test_a_subscribe_names_its_chats_with_their_positions() -> None:
    effect = _say(_open(), type="subscribe", id="s1", epoch="e", chats={CHAT: 41, OTHER: None}, rest=True)

    assert effect == Replay("s1", {CHAT: 41, OTHER: None}, rest=True, epoch="e")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id": "s" * (SUBSCRIBE_ID_CHARS_MAX + 1)}, "field_invalid"),
        ({"id": "s", "chats": {CHAT: -1}}, "field_invalid"),
        ({"id": "s", "chats": {"general": 1}}, "chat_id_invalid"),
        ({"id": "s", "chats": {f"01890a5d-ac96-774b-bcce-{place:012x}": 0 for place in range(CHATS_PER_FRAME_MAX + 1)}}, "too_many_subscriptions"),
    ],
)
def test_a_subscribe_that_cannot_be_carried_out_is_refused_whole(fields: dict[str, Any], code: str) -> None:
    dialog = _open()

    effect = _say(dialog, type="subscribe", **fields)

    assert _code(effect) == code
    assert FAILURES[ErrorCode(code)].retry is Retry.NEVER
    assert dialog.places == {}


def test_at_a_chat_s_own_door_there_is_no_rest() -> None:
    assert _code(_say(_open(CHAT), type="subscribe", id="s", chats={CHAT: 0}, rest=True)) == "field_invalid"


def test_a_second_subscribe_takes_the_place_of_the_first() -> None:
    dialog = _open()
    first = dialog.replaying(CHAT, "s1", 0)
    second = dialog.replaying(CHAT, "s2", 5)

    assert not dialog.is_current(CHAT, first)
    assert dialog.is_current(CHAT, second)


def test_a_chat_is_replaying_then_live_then_silent() -> None:
    dialog = _open()

    place = dialog.replaying(CHAT, "s1", 0)
    assert (place.mode, place.is_live) == (Mode.REPLAYING, False)
    dialog.went_live(place)
    assert dialog.places[CHAT].is_live
    dialog.silence(CHAT)
    assert dialog.places == {}


def test_a_replay_is_not_current_any_more_once_the_connection_is_over() -> None:
    dialog = _open()
    place = dialog.replaying(CHAT, "s1", 0)

    dialog.ended()

    assert not dialog.is_current(CHAT, place)


def test_unsubscribe_names_the_chats_that_fall_silent() -> None:
    assert _say(_open(), type="unsubscribe", chats=[CHAT, OTHER]) == Silence([CHAT, OTHER])


@pytest.mark.parametrize(("chats", "code"), [([CHAT, "general"], "chat_id_invalid"), ([CHAT] * (CHATS_PER_FRAME_MAX + 1), "too_many_subscriptions")])
def test_an_unsubscribe_that_cannot_be_carried_out_is_refused_whole(chats: list[str], code: str) -> None:
    assert _code(_say(_open(), type="unsubscribe", chats=chats)) == code


# The rest


def test_a_ping_is_answered_with_its_id() -> None:
    effect = _say(_open(), type="ping", id="p")

    assert effect == Reply(frames.Pong("p"))


def test_a_pong_needs_no_answer() -> None:
    assert _say(_open(), type="pong") is None


def test_typing_is_shown() -> None:
    assert _say(_open(), type="typing", chat=CHAT, active=True) == ShowTyping(CHAT, active=True)


@pytest.mark.parametrize(("fields", "delivered", "read"), [({"read": 4}, 4, 4), ({"delivered": 4}, 4, 0), ({"delivered": 9, "read": 4}, 9, 4), ({"delivered": 2, "read": 4}, 4, 4)])
def test_what_is_read_was_delivered(fields: dict[str, int], delivered: int, read: int) -> None:
    assert _say(_open(), type="receipt", chat=CHAT, **fields) == NoteReceipt(CHAT, delivered, read)


@pytest.mark.parametrize("fields", [{}, {"read": 0}, {"read": -1, "delivered": 3}, {"delivered": -1}])
def test_a_receipt_that_says_nothing_is_refused(fields: dict[str, int]) -> None:
    assert _code(_say(_open(), type="receipt", chat=CHAT, **fields)) == "field_invalid"


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "unreact"])
def test_what_this_version_does_not_do_is_said_to_be_so(kind: str) -> None:
    dialog = _open()

    effects = [_say(dialog, type=kind, chat=CHAT, id="m") for _ in range(BAD_FRAMES_MAX + 1)]

    assert {_code(each) for each in effects} == {"not_supported"}
    assert all(isinstance(each, Reply) and each.end is None for each in effects)


def test_a_renewal_is_a_token_to_check() -> None:
    assert _say(_open(), type="authenticate", token="t2") == Authenticate("t2")


@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([b'{"type":"ping"}', b'{"type":"unsubscribe","chats":["x"]}', b'{"type":"receipt","read":1}', b'{"type":"subscribe","id":"s","chats":{}}']),
        max_size=30,
    )
)
def test_no_sequence_of_frames_makes_an_open_dialog_raise(payloads: list[bytes]) -> None:
    dialog = _open()

    for payload in payloads:
        dialog.received(payload, 0.0)

    assert dialog.phase is Phase.OPEN
