"""A client's end of RFC 6455 that can break every rule: frames as they are written, frames as they are read."""

from __future__ import annotations

import asyncio
import base64
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
ANSWER_DEADLINE_S = 20
MASK = b"\x37\xfa\x21\x3d"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, right or wrong."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = True

    def encode(self) -> bytes:
        first = (0x80 if self.fin else 0) | self.rsv << 4 | self.opcode
        length = _length(len(self.payload))
        if not self.masked:
            return bytes((first,)) + length + self.payload
        return bytes((first, length[0] | 0x80)) + length[1:] + MASK + mask(self.payload)


def close(code: int | None = 1000, reason: bytes = b"") -> Frame:
    """A close frame; None is one without a code."""
    return Frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


def fragments(opcode: int, payload: bytes, size: int) -> list[Frame]:
    """A message in frames of at most ``size`` bytes."""
    parts = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
    last = len(parts) - 1
    return [Frame(opcode if place == 0 else CONTINUATION, part, fin=place == last) for place, part in enumerate(parts)]


def mask(payload: bytes) -> bytes:
    """The payload under ``MASK`` (5.3), as one exclusive or of two long numbers."""
    key = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")


def _length(length: int) -> bytes:
    if length < 126:
        return bytes((length,))
    if length < 65_536:
        return b"\x7e" + length.to_bytes(2, "big")
    return b"\x7f" + length.to_bytes(8, "big")


class Line:
    """A connection on which bytes are written as they are and frames are read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str) -> None:
        self._reader = reader
        self._writer = writer
        self.headers = headers

    async def write(self, data: bytes, *, pieces_of: int = 0) -> None:
        """Writes, in pieces of so many bytes if asked for, each its own call to the system."""
        step = pieces_of or max(len(data), 1)
        for start in range(0, len(data), step):
            self._writer.write(data[start : start + step])
            await self._writer.drain()

    async def read(self) -> Frame:
        """The next frame; raises ``IncompleteReadError`` at the end."""
        async with asyncio.timeout(ANSWER_DEADLINE_S):
            first, second = await self._reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await self._reader.readexactly(2 if length == 126 else 8), "big")
            payload = await self._reader.readexactly(length)
        return Frame(first & 0x0F, payload, bool(first & 0x80), first >> 4 & 0x7, bool(second & 0x80))

    async def ended(self) -> bool:
        """True once the server has ended the TCP connection; raises where something else comes."""
        async with asyncio.timeout(ANSWER_DEADLINE_S):
            try:
                rest = await self._reader.read(100)
            except ConnectionResetError:
                return True
        assert rest == b"", f"after the close frame came {rest!r}"
        return True

    def abort(self) -> None:
        self._writer.transport.abort()


async def open_line(url: str, path: str) -> Line:
    """A connection past its handshake."""
    address = urlsplit(url)
    assert address.hostname is not None
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**20)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert answer.startswith("HTTP/1.1 101 "), answer
    return Line(reader, writer, answer)
