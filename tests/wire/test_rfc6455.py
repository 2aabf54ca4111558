from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.errors import ErrorCode
from tenfour.wire.rfc6455 import (
    FRAGMENTS_MAX,
    NO_STATUS,
    Close,
    Inbound,
    Message,
    Opcode,
    Violation,
    binary_frame,
    close_frame,
    is_utf8,
    ping_frame,
    pong_frame,
    read_close,
    text_frame,
)


def _split(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(whole)) for cut in cuts})
    return [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]


def _feed(inbound: Inbound, opcode: Opcode, parts: list[bytes]) -> Message | Violation | None:
    outcome: Message | Violation | None = None
    for place, part in enumerate(parts):
        outcome = inbound.data(opcode if place == 0 else Opcode.CONTINUATION, part, fin=place == len(parts) - 1)
        if isinstance(outcome, Violation):
            break
    return outcome


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.lists(st.integers(0, 200), max_size=10))
def test_a_text_is_put_together_wherever_it_was_cut(text: str, cuts: list[int]) -> None:
    inbound = Inbound(1000)

    assert _feed(inbound, Opcode.TEXT, _split(text.encode(), cuts)) == Message(text.encode(), is_text=True)
    assert inbound.is_between_messages


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=10))
def test_fragments_are_valid_exactly_when_the_whole_is(payload: bytes, cuts: list[int]) -> None:
    outcome = _feed(Inbound(1000), Opcode.TEXT, _split(payload, cuts))

    assert isinstance(outcome, Message) == is_utf8(payload)
    assert not isinstance(outcome, Violation) or outcome.code is ErrorCode.INVALID_UTF8


def test_bad_utf8_is_found_before_the_message_is_finished() -> None:
    inbound = Inbound(1000)

    assert inbound.data(Opcode.TEXT, "κ".encode()[:1], fin=False) is None
    outcome = inbound.data(Opcode.CONTINUATION, b"\xff", fin=False)

    assert isinstance(outcome, Violation)
    assert outcome.code is ErrorCode.INVALID_UTF8


def test_a_good_text_after_a_good_text_is_looked_at_afresh() -> None:
    inbound = Inbound(1000)

    assert isinstance(_feed(inbound, Opcode.TEXT, ["κ".encode()[:1], "κ".encode()[1:]]), Message)
    assert isinstance(_feed(inbound, Opcode.TEXT, [b"a", b"b"]), Message)


def test_binary_is_taken_only_where_the_door_takes_it() -> None:
    refused = Inbound(10).data(Opcode.BINARY, b"\xff", fin=True)

    assert isinstance(refused, Violation)
    assert refused.code is ErrorCode.BINARY_FRAME
    assert Inbound(10, accept_binary=True).data(Opcode.BINARY, b"\xff", fin=True) == Message(b"\xff", is_text=False)


def test_the_limit_holds_for_all_fragments_together() -> None:
    inbound = Inbound(10)

    assert inbound.data(Opcode.TEXT, b"123456", fin=False) is None
    outcome = inbound.data(Opcode.CONTINUATION, b"78901", fin=False)

    assert isinstance(outcome, Violation)
    assert outcome.code is ErrorCode.FRAME_TOO_LARGE


def test_fragments_without_bytes_are_counted() -> None:
    inbound = Inbound(10)
    inbound.data(Opcode.TEXT, b"", fin=False)

    outcomes = [inbound.data(Opcode.CONTINUATION, b"", fin=False) for _ in range(FRAGMENTS_MAX)]

    assert outcomes[:-1] == [None] * (FRAGMENTS_MAX - 1)
    assert isinstance(outcomes[-1], Violation)
    assert outcomes[-1].code is ErrorCode.FRAME_TOO_LARGE


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
def test_a_new_message_inside_a_message_breaks_the_protocol(opcode: Opcode) -> None:
    inbound = Inbound(10, accept_binary=True)
    inbound.data(Opcode.TEXT, b"a", fin=False)

    outcome = inbound.data(opcode, b"b", fin=True)

    assert isinstance(outcome, Violation)
    assert outcome.code is ErrorCode.PROTOCOL_ERROR


def test_a_continuation_of_nothing_breaks_the_protocol() -> None:
    outcome = Inbound(10).data(Opcode.CONTINUATION, b"a", fin=True)

    assert isinstance(outcome, Violation)
    assert outcome.code is ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize(("length", "header"), [(0, b"\x81\x00"), (125, b"\x81\x7d"), (126, b"\x81\x7e\x00\x7e"), (65_535, b"\x81\x7e\xff\xff"), (65_536, b"\x81\x7f" + (65_536).to_bytes(8, "big"))])
def test_the_length_is_written_in_the_shortest_form(length: int, header: bytes) -> None:
    assert text_frame(b"x" * length) == header + b"x" * length
    assert binary_frame(b"x" * length) == b"\x82" + header[1:] + b"x" * length


def test_control_frames_carry_what_they_are_given() -> None:
    assert ping_frame(b"ab") == b"\x89\x02ab"
    assert pong_frame(b"ab") == b"\x8a\x02ab"
    assert close_frame(1000, "bye") == b"\x88\x05\x03\xe8bye"
    assert close_frame(NO_STATUS, "") == b"\x88\x00"


@given(st.integers(1000, 4999), st.text(max_size=300).filter(lambda text: text.isprintable()))
def test_a_close_frame_never_says_more_than_125_bytes(code: int, reason: str) -> None:
    frame = close_frame(code, reason)

    assert frame[1] == len(frame) - 2 <= 125


@pytest.mark.parametrize("code", [1000, 1001, 1007, 1014, 3000, 4000, 4999])
def test_a_close_with_an_allowed_code_is_read(code: int) -> None:
    assert read_close(code.to_bytes(2, "big") + "schön".encode()) == Close(code, "schön")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])
def test_a_close_with_another_code_breaks_the_protocol(code: int) -> None:
    assert isinstance(read_close(code.to_bytes(2, "big")), Violation)


def test_a_close_may_be_empty_but_not_half() -> None:
    assert read_close(b"") == Close(NO_STATUS, "")
    assert isinstance(read_close(b"\x03"), Violation)


@given(st.binary(max_size=125))
def test_no_close_frame_makes_reading_raise(payload: bytes) -> None:
    assert isinstance(read_close(payload), Close | Violation)
