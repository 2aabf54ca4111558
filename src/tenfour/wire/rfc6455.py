"""The rules of RFC 6455 that picows leaves to us, and the frames that a server writes.

Checked here: reserved bits (5.2), fragmentation (5.4), UTF-8 (8.1), the size of a whole message and the
number of its fragments. Masking, opcodes and control frames' sizes are checked by the parser itself.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from enum import IntEnum

from tenfour.errors import ErrorCode

FRAGMENTS_MAX = 1_000
FRAGMENT_BYTES_FAIR = 64
_TWO_BYTES_LONG = 126
_EIGHT_BYTES_LONG = 65_536
_SHORT = [bytes((0x81, length)) for length in range(_TWO_BYTES_LONG)]
NORMAL = 1000
NO_STATUS = 1005
"""Stands for a close frame without a code; never sent."""
_CODES_OF_THE_PROTOCOL = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_CODES_OF_OTHERS = range(3000, 5000)


class Opcode(IntEnum):
    """RFC 6455, section 5.2."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


# Frames that a server writes: never masked, so that the same bytes go to every member (5.1)


def text_frame(payload: bytes) -> bytes:
    """One unfragmented text frame."""
    length = len(payload)
    if length < _TWO_BYTES_LONG:
        return _SHORT[length] + payload
    if length < _EIGHT_BYTES_LONG:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def binary_frame(payload: bytes) -> bytes:
    return b"\x82" + text_frame(payload)[1:]


def ping_frame(payload: bytes) -> bytes:
    return b"\x89" + bytes((len(payload),)) + payload


def pong_frame(payload: bytes) -> bytes:
    return b"\x8a" + bytes((len(payload),)) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A close frame; 1005 stands for one without a code (7.4.1)."""
    payload = b"" if code == NO_STATUS else code.to_bytes(2, "big") + reason.encode()[:123]
    return b"\x88" + bytes((len(payload),)) + payload


# What a client sent


@dataclass(frozen=True, slots=True)
class Message:
    """A whole text or binary message."""

    payload: bytes
    is_text: bool


@dataclass(frozen=True, slots=True)
class Violation:
    """The connection has to be failed with this code (7.1.7)."""

    code: ErrorCode
    detail: str


@dataclass(slots=True)
class Inbound:
    """Puts a client's data frames together to messages, and says what breaks the rules."""

    max_bytes: int
    accept_binary: bool = False
    _opcode: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0
    _text: codecs.IncrementalDecoder | None = None

    @property
    def max_fragments(self) -> int:
        """A thousand, or as many as 64 bytes each need: each costs as much as a message."""
        return max(FRAGMENTS_MAX, self.max_bytes // FRAGMENT_BYTES_FAIR)

    @property
    def is_between_messages(self) -> bool:
        return self._opcode == 0

    def data(self, opcode: int, payload: bytes, *, fin: bool) -> Message | Violation | None:
        """A data frame without reserved bits; None while its message goes on."""
        if opcode == Opcode.CONTINUATION:
            if self._opcode == 0:
                return Violation(ErrorCode.PROTOCOL_ERROR, "A continuation without a message to continue")
        elif self._opcode != 0:
            return Violation(ErrorCode.PROTOCOL_ERROR, "A new message before the last one was finished")
        elif opcode == Opcode.BINARY and not self.accept_binary:
            return Violation(ErrorCode.BINARY_FRAME, "Binary frames are not part of the protocol")
        else:
            self._opcode = opcode
        return self._add(payload, fin=fin)

    def _add(self, payload: bytes, *, fin: bool) -> Message | Violation | None:
        self._size += len(payload)
        if self._size > self.max_bytes:
            return Violation(ErrorCode.FRAME_TOO_LARGE, f"More than {self.max_bytes} bytes in one message")
        if len(self._parts) >= self.max_fragments:
            return Violation(ErrorCode.FRAME_TOO_LARGE, f"More than {self.max_fragments} fragments in one message")
        if self._opcode == Opcode.TEXT and not self._goes_on_as_utf8(payload, fin=fin):
            return Violation(ErrorCode.INVALID_UTF8, "The text is not valid UTF-8")
        self._parts.append(payload)
        return self._finish() if fin else None

    def _goes_on_as_utf8(self, payload: bytes, *, fin: bool) -> bool:
        """Whether the text is valid so far: a client learns of its fault with the fragment that has it."""
        if self._text is None:
            if fin:
                return is_utf8(payload)
            self._text = codecs.getincrementaldecoder("utf-8")()
        try:
            self._text.decode(payload, fin)
        except UnicodeDecodeError:
            return False
        return True

    def _finish(self) -> Message:
        whole = b"".join(self._parts)
        is_text = self._opcode == Opcode.TEXT
        self._opcode, self._parts, self._size, self._text = 0, [], 0, None
        return Message(whole, is_text)


def is_utf8(payload: bytes) -> bool:
    """Whether the bytes are UTF-8 (RFC 3629): no surrogates, no overlong forms."""
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame as it was read; 1005: it had no code."""

    code: int
    reason: str


def read_close(payload: bytes) -> Close | Violation:
    """The code and reason of a close frame (5.5.1, 7.4)."""
    if not payload:
        return Close(NO_STATUS, "")
    if len(payload) == 1:
        return Violation(ErrorCode.PROTOCOL_ERROR, "A close frame with half a code")
    code = int.from_bytes(payload[:2], "big")
    if code not in _CODES_OF_THE_PROTOCOL and code not in _CODES_OF_OTHERS:
        return Violation(ErrorCode.PROTOCOL_ERROR, f"Close code {code} may not be sent")
    if not is_utf8(payload[2:]):
        return Violation(ErrorCode.INVALID_UTF8, "The reason of a close frame is not valid UTF-8")
    return Close(code, payload[2:].decode())
