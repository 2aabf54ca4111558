from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.domain.event import Event, EventKind
from tenfour.domain.message import Message
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, UserId
from tenfour.wire import frames
from tenfour.wire.codec import Unreadable, decode, decode_server, encode, encode_event, error_frame

CHAT = ChatId("01890a5d-ac96-774b-bcce-b302099a8057")
MESSAGE = MessageId("01890a5d-ac96-774b-bcce-b302099a8058")
ANN = UserId("01890a5d-ac96-774b-bcce-b302099a8059")
AT = 1_769_860_800_000

# JSON texts hold no lone surrogates: UTF-8 has none.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
numbers = st.integers(0, 2**53 - 1)
optional_texts = st.none() | texts
client_frames = st.one_of(
    st.builds(frames.Send, optional_texts, optional_texts, optional_texts, optional_texts),
    st.builds(frames.Edit, optional_texts, optional_texts, optional_texts),
    st.builds(frames.Delete, optional_texts, optional_texts),
    st.builds(frames.React, optional_texts, optional_texts, optional_texts),
    st.builds(frames.Unreact, optional_texts, optional_texts, optional_texts),
    st.builds(frames.Typing, st.booleans(), optional_texts),
    st.builds(frames.Receipt, optional_texts, st.none() | numbers, st.none() | numbers),
    st.builds(frames.Subscribe, texts, st.dictionaries(texts, st.none() | numbers, max_size=4), optional_texts, st.booleans()),
    st.builds(frames.Unsubscribe, st.lists(texts, max_size=4)),
    st.builds(frames.Authenticate, texts),
    st.builds(frames.Ping, optional_texts),
    st.builds(frames.Pong, optional_texts),
)
server_frames = st.one_of(
    st.builds(frames.Ack, texts, texts, numbers, texts, texts, st.booleans()),
    st.builds(frames.Error, texts, texts, texts, optional_texts, optional_texts, optional_texts, st.none() | numbers),
    st.builds(frames.Synced, optional_texts, texts, numbers, texts),
    st.builds(frames.Reset, optional_texts, texts, numbers, texts),
    st.builds(frames.TypingShown, texts, texts, numbers),
    st.builds(frames.ReceiptShown, texts, texts, numbers, numbers),
    st.builds(frames.Goodbye, numbers, texts, st.booleans(), st.none() | numbers),
    st.builds(frames.MessageSent, texts, numbers, texts, texts, texts, texts, optional_texts, optional_texts, optional_texts, st.booleans()),
    st.builds(frames.MemberChanged, texts, numbers, texts, texts, texts, texts, optional_texts),
    st.builds(frames.ChatChanged, texts, numbers, texts, texts, optional_texts),
)


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@given(st.binary(max_size=200))
def test_no_bytes_make_decoding_raise(payload: bytes) -> None:
    assert isinstance(decode(payload), frames.Frame | Unreadable)


@given(json_values)
def test_no_json_makes_decoding_raise(value: Any) -> None:
    assert isinstance(decode(_bytes(value)), frames.Frame | Unreadable)


@given(
    st.sampled_from(["send", "typing", "receipt", "subscribe", "unsubscribe", "authenticate", "ping", "edit"]),
    st.dictionaries(st.sampled_from(["id", "chat", "key", "text", "chats", "active", "token", "read"]), json_values),
)
def test_a_frame_with_any_fields_is_read_or_named(kind: str, fields: dict[str, Any]) -> None:
    found = decode(_bytes({"type": kind} | fields))

    assert not isinstance(found, Unreadable) or found.code in (ErrorCode.FIELD_MISSING, ErrorCode.FIELD_INVALID)


@given(client_frames)
def test_a_client_frame_survives_the_wire(frame: frames.ClientFrame) -> None:
    assert decode(encode(frame)) == frame


@given(server_frames)
def test_a_server_frame_survives_the_wire(frame: frames.ServerFrame) -> None:
    assert decode_server(encode(frame)) == frame


@given(client_frames, st.dictionaries(texts.map(lambda name: f"x_{name}"), json_values, max_size=3))
def test_a_field_more_than_the_protocol_knows_is_no_error(frame: frames.ClientFrame, more: dict[str, Any]) -> None:
    fields = json.loads(encode(frame)) | more

    assert decode(_bytes(fields)) == frame


@pytest.mark.parametrize("payload", [b"", b" ", b"{", b"nonsense", b'{"type":"send"', b"\xff", b"[]", b"null", b'"send"', b"7", b"[" * 100_000, b'{"type":"ping"} x'])
def test_what_is_no_json_object_is_malformed(payload: bytes) -> None:
    found = decode(payload)

    assert isinstance(found, Unreadable)
    assert found.code is ErrorCode.MALFORMED


@pytest.mark.parametrize("kind", ["", "Send", "welcome", "message_sent", "x" * 10_000, None, 7, [], {}])
def test_a_type_that_clients_do_not_send_is_unknown(kind: Any) -> None:
    found = decode(_bytes({"type": kind, "key": "k", "chat": CHAT, "id": "i"}))

    assert isinstance(found, Unreadable)
    assert (found.code, found.key, found.chat, found.id) == (ErrorCode.UNKNOWN_TYPE, "k", CHAT, "i")
    assert len(found.detail) < 100


def test_an_object_without_a_type_is_of_unknown_type() -> None:
    found = decode(b"{}")

    assert isinstance(found, Unreadable)
    assert found.code is ErrorCode.UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("frame", "code", "named"),
    [
        ({"type": "typing", "chat": CHAT}, ErrorCode.FIELD_MISSING, "active"),
        ({"type": "subscribe"}, ErrorCode.FIELD_MISSING, "id"),
        ({"type": "unsubscribe"}, ErrorCode.FIELD_MISSING, "chats"),
        ({"type": "authenticate"}, ErrorCode.FIELD_MISSING, "token"),
        ({"type": "send", "text": 7}, ErrorCode.FIELD_INVALID, "text"),
        ({"type": "send", "key": {}}, ErrorCode.FIELD_INVALID, "key"),
        ({"type": "typing", "active": "yes"}, ErrorCode.FIELD_INVALID, "active"),
        ({"type": "receipt", "read": "5"}, ErrorCode.FIELD_INVALID, "read"),
        ({"type": "receipt", "read": 1.5}, ErrorCode.FIELD_INVALID, "read"),
        ({"type": "receipt", "read": 2**70}, ErrorCode.FIELD_INVALID, "read"),
        ({"type": "subscribe", "id": "s", "chats": {CHAT: "1"}}, ErrorCode.FIELD_INVALID, "chats"),
        ({"type": "subscribe", "id": "s", "chats": [CHAT]}, ErrorCode.FIELD_INVALID, "chats"),
    ],
)
def test_a_field_that_is_missing_or_of_a_wrong_type_is_named(frame: dict[str, Any], code: ErrorCode, named: str) -> None:
    found = decode(_bytes(frame))

    assert isinstance(found, Unreadable)
    assert found.code is code
    assert named in found.detail


def test_a_sender_knows_its_unreadable_frame_by_its_key() -> None:
    found = decode(_bytes({"type": "send", "key": "k1", "chat": CHAT, "text": []}))

    assert isinstance(found, Unreadable)
    assert (found.key, found.chat) == ("k1", CHAT)


def test_marks_too_long_for_anybody_are_not_sent_back() -> None:
    found = decode(_bytes({"type": "send", "key": "k" * 101, "text": []}))

    assert isinstance(found, Unreadable)
    assert found.key is None


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\ud800x", r"\ude00\ud800"])
def test_a_lone_surrogate_in_a_text_is_not_let_in(escape: str) -> None:
    found = decode(b'{"type":"send","key":"k","text":"%s"}' % escape.encode())

    assert isinstance(found, Unreadable)


def test_an_escaped_pair_of_surrogates_is_one_character() -> None:
    found = decode(rb'{"type":"send","key":"k","text":"\ud83c\udf89"}')

    assert isinstance(found, frames.Send)
    assert found.text == "🎉"


def test_a_type_of_a_later_version_is_passed_over() -> None:
    assert decode_server(b'{"type":"firework","chat":"x"}') is None


@pytest.mark.parametrize("kind", ["poll_opened", "message_sent"])
def test_an_event_that_this_version_cannot_read_keeps_its_place_in_the_chat(kind: str) -> None:
    assert decode_server(b'{"type":"%s","chat":"x","seq":7}' % kind.encode()) == frames.OtherEvent(kind, "x", 7)


def test_an_ack_that_this_version_cannot_read_is_no_event() -> None:
    assert decode_server(b'{"type":"ack","chat":"x","seq":7}') is None


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"type":7}'])
def test_what_is_no_frame_of_a_server_raises(payload: bytes) -> None:
    with pytest.raises(ValueError):
        decode_server(payload)


def test_an_error_frame_has_the_catalogue_s_words() -> None:
    frame = error_frame(ErrorCode.NOT_A_MEMBER, chat=CHAT, key="k")

    assert json.loads(encode(frame)) == {
        "type": "error",
        "code": "not_a_member",
        "detail": "Not a member of this chat.",
        "advice": "Ask a member to add you.",
        "id": None,
        "chat": CHAT,
        "key": "k",
        "retry_after_ms": None,
    }


def _message(**changes: Any) -> Message:
    return Message(**({"id": MESSAGE, "chat": CHAT, "seq": 5, "sender": ANN, "key": "k", "text": "hi", "reply_to": None, "at": AT} | changes))


def test_a_message_is_told_with_its_text_and_key() -> None:
    told = json.loads(encode_event(Event(CHAT, 5, EventKind.MESSAGE_SENT, ANN, AT, _message())))

    assert told == {"type": "message_sent", "chat": CHAT, "seq": 5, "at": "2026-01-31T12:00:00.000Z", "by": ANN, "id": MESSAGE, "key": "k", "text": "hi"}


def test_a_deleted_message_is_told_without_its_text() -> None:
    told = json.loads(encode_event(Event(CHAT, 5, EventKind.MESSAGE_SENT, ANN, AT, _message(text=None, deleted=True))))

    assert told["deleted"] is True
    assert "text" not in told


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (EventKind.MEMBER_JOINED, {"user": ANN, "role": "member"}),
        (EventKind.MEMBER_LEFT, {"user": ANN}),
        (EventKind.MEMBER_CHANGED, {"user": ANN, "role": "admin"}),
        (EventKind.CHAT_CHANGED, {"title": None}),
        (EventKind.REACTION_ADDED, {"emoji": "🎉"}),
        (EventKind.REACTION_REMOVED, {"emoji": "🎉"}),
        (EventKind.MESSAGE_DELETED, {}),
        (EventKind.MESSAGE_PINNED, {}),
        (EventKind.MESSAGE_UNPINNED, {}),
        (EventKind.MESSAGE_EDITED, {}),
    ],
)
def test_every_kind_of_event_is_read_again_with_its_own_fields(kind: EventKind, data: dict[str, Any]) -> None:
    about_a_message = kind.value.startswith(("message", "reaction"))
    event = Event(CHAT, 6, kind, ANN, AT, message_id=MESSAGE if about_a_message else None, data=data | {"private": 1})

    told = decode_server(encode_event(event))

    fields = msgspec.to_builtins(told)
    assert fields["type"] == kind.value
    assert (fields["chat"], fields["seq"], fields["by"]) == (CHAT, 6, ANN)
    assert data.items() <= fields.items()
    assert "private" not in fields


def test_a_mute_is_told_as_a_time() -> None:
    event = Event(CHAT, 6, EventKind.MEMBER_CHANGED, ANN, AT, data={"user": ANN, "role": "member", "muted_until": AT})

    assert json.loads(encode_event(event))["muted_until"] == "2026-01-31T12:00:00.000Z"
