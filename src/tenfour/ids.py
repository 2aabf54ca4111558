"""Ids: UUIDv7 (RFC 9562, section 5.7) as text in canonical form.

They sort by the time at which they were made, which keeps index pages of the database close together.
"""

from __future__ import annotations

import os
import re
from typing import NewType

ChatId = NewType("ChatId", str)
UserId = NewType("UserId", str)
MessageId = NewType("MessageId", str)
SessionId = NewType("SessionId", str)
ConnectionId = NewType("ConnectionId", str)

_UUID = re.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")

POOL = 256
_pool: list[int] = []
os.register_at_fork(after_in_child=_pool.clear)  # two processes must not make the same ids

Seq = int
"""A place in a chat: 1, 2, 3 … without gaps; 0 is before the first event."""


def new_id(now_ms: int) -> str:
    """A new UUIDv7 for the given time; 74 bits of it are random."""
    random = _random_80()
    value = (now_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _random_80() -> int:
    """Eighty bits of the system's randomness, asked for many at a time: each call gives the interpreter's lock away."""
    try:
        return _pool.pop()
    except IndexError:
        drawn = os.urandom(10 * POOL)
        _pool.extend(int.from_bytes(drawn[place : place + 10], "big") for place in range(10, len(drawn), 10))
        return int.from_bytes(drawn[:10], "big")


def parse_uuid(text: str) -> str:
    """The canonical form of a UUID; raises ``ValueError`` if the text is not one in the 8-4-4-4-12 form."""
    if _UUID.fullmatch(text) is None:
        raise ValueError("not a UUID in its 8-4-4-4-12 form")
    return text.lower()
