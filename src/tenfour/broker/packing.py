"""Bells as bytes, for the way between nodes."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfour.broker.broker import (
    ChatBell,
    ConnectionOpened,
    HeadMoved,
    MembershipChanged,
    NodeAlive,
    OwnReceipt,
    PresenceNotice,
    ProfileNotice,
    ReceiptNotices,
    RosterPart,
    RosterWanted,
    SessionEnded,
    Sign,
    TypingNotice,
    UserBell,
    UserDisabled,
)
from tenfour.wire.batch import ChatEvents

FORMAT = b"1"
"""Goes up with any change that an older node would read wrongly; a field more is none."""
_TAGS: dict[type, bytes] = {
    ChatEvents: b"e",
    HeadMoved: b"h",
    TypingNotice: b"t",
    ReceiptNotices: b"r",
    SessionEnded: b"s",
    UserDisabled: b"d",
    MembershipChanged: b"m",
    ConnectionOpened: b"c",
    OwnReceipt: b"o",
    PresenceNotice: b"p",
    ProfileNotice: b"f",
    NodeAlive: b"a",
    RosterWanted: b"w",
    RosterPart: b"l",
}
_ENCODER = msgspec.msgpack.Encoder()
_DECODERS: dict[bytes, msgspec.msgpack.Decoder[Any]] = {FORMAT + tag: msgspec.msgpack.Decoder(kind) for kind, tag in _TAGS.items()}


class Unreadable(Exception):
    """Bytes that no node of this version sends: of a newer one, or somebody else's."""


def pack(bell: ChatBell | UserBell | Sign) -> bytes:
    """The format, what it is, and its fields in MessagePack."""
    return FORMAT + _TAGS[type(bell)] + _ENCODER.encode(bell)


def unpack(data: bytes) -> Any:
    """The bell that was packed. Raises ``Unreadable``."""
    decoder = _DECODERS.get(data[:2])
    if decoder is None:
        raise Unreadable(f"begins with {data[:2]!r}")
    try:
        return decoder.decode(data[2:])
    except msgspec.MsgspecError as cause:
        raise Unreadable(str(cause)) from cause
