"""permessage-deflate (RFC 7692) as a client has it."""

from __future__ import annotations

import zlib
from typing import Self

NAME = "permessage-deflate"
OFFER = f"{NAME}; client_max_window_bits"
"""As browsers write it."""
WINDOW_BITS = 15
_TAIL = b"\x00\x00\xff\xff"
"""What a flush ends with; the extension leaves it out."""


class Deflate:
    """The two directions of one connection. Each message builds on those before, unless it was agreed that none does."""

    def __init__(self, agreed: dict[str, str]) -> None:
        self._agreed = agreed
        self._packer = zlib.compressobj(wbits=-self._bits("client_max_window_bits"))
        self._unpacker = zlib.decompressobj(-self._bits("server_max_window_bits"))

    @classmethod
    def agreed(cls, answer: str | None) -> Self | None:
        """By the answer's ``Sec-WebSocket-Extensions``; None where compression is not among them."""
        for extension in (answer or "").split(","):
            name, *parameters = (each.strip() for each in extension.split(";"))
            if name == NAME:
                return cls({key.strip(): value.strip(' "') for key, _, value in (each.partition("=") for each in parameters)})
        return None

    def pack(self, payload: bytes) -> bytes:
        if "client_no_context_takeover" in self._agreed:
            self._packer = zlib.compressobj(wbits=-self._bits("client_max_window_bits"))
        return (self._packer.compress(payload) + self._packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)

    def unpack(self, payload: bytes, most: int) -> bytes:
        """The message; raises ``zlib.error`` for what is none, or larger than that."""
        if "server_no_context_takeover" in self._agreed:
            self._unpacker = zlib.decompressobj(-self._bits("server_max_window_bits"))
        found = self._unpacker.decompress(payload + _TAIL, most)
        if self._unpacker.unconsumed_tail:
            raise zlib.error("more comes out of it than can be meant")
        return found

    def _bits(self, key: str) -> int:
        value = self._agreed.get(key, "")
        return int(value) if value.isdigit() and 9 <= int(value) <= WINDOW_BITS else WINDOW_BITS  # noqa: PLR2004 - zlib cannot do 8
