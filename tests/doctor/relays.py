"""Relays that know WebSocket frames and do one thing wrong with them."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable

from tenfour.errors import ErrorCode, TenfourError
from tenfour.wire.problem import problem_json
from tests.doctor.listeners import Talk, pass_on

Change = Callable[[bytes], bytes]
"""What becomes of a frame of the server, whole with its head: itself, another, or nothing."""


def relaying_frames(url: str, changing: Callable[[], Change], *, answer: bytes = b"") -> Talk:
    """Passes everything on, and each frame of the server as the connection's ``changing()`` makes it; ``answer`` is a header more in its 101."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        there = asyncio.create_task(pass_on(reader, behind))
        try:
            head = await behind_reader.readuntil(b"\r\n\r\n")
            is_open = re.match(rb"HTTP/1\.1 101 ", head) is not None
            writer.write(head.replace(b"\r\n", b"\r\n" + answer + b"\r\n", 1) if is_open and answer else head)
            if not is_open:
                await pass_on(behind_reader, writer)
                return
            change = changing()
            async for frame in _frames(behind_reader):
                writer.write(change(frame))
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def untouched() -> Change:
    return lambda frame: frame


def losing(what: bytes) -> Callable[[], Change]:
    """Frames of the server with this in them get lost."""
    return lambda: lambda frame: b"" if what in frame else frame


def marking() -> Change:
    """Every frame says that it is compressed, and is not."""
    return lambda frame: bytes((frame[0] | 0x40,)) + frame[1:]


def waiting_for(size: int) -> Callable[[], Change]:
    """Frames of the server are held until there are so many bytes of them."""

    def changing() -> Change:
        held = bytearray()

        def change(frame: bytes) -> bytes:
            held.extend(frame)
            if len(held) < size:
                return b""
            full = bytes(held)
            held.clear()
            return full

        return change

    return changing


def limiting(url: str, most: int, farewell: bytes | None) -> Talk:
    """Takes frames of the client up to a size; a larger one is swallowed, or ends the connection with these bytes as last."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        back = asyncio.create_task(pass_on(behind_reader, writer))
        try:
            behind.write(await reader.readuntil(b"\r\n\r\n"))
            async for frame in _frames(reader):
                if len(frame) - _head_bytes(frame) <= most:
                    behind.write(frame)
                elif farewell is not None:
                    writer.write(farewell)
                    return
        finally:
            back.cancel()
            behind.transport.abort()

    return talk


def cutting(url: str, after: int) -> Talk:
    """Passes on so many bytes of an answer, and hangs up."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        behind.write(await reader.readuntil(b"\r\n\r\n"))
        left, there = after, asyncio.create_task(pass_on(reader, behind))
        try:
            while left and (data := await behind_reader.read(left)):
                writer.write(data)
                left -= len(data)
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def without_door(url: str, path: str) -> Talk:
    """A server as it was before it had this door: it answers there what it answers to any path that it does not know."""
    host, _, port = url.rpartition("//")[2].rpartition(":")
    body = problem_json(TenfourError(ErrorCode.NOT_FOUND))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if path in head.partition(b"\r\n")[0].decode():
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        behind.write(head)
        there = asyncio.create_task(pass_on(reader, behind))
        try:
            await pass_on(behind_reader, writer)
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def aging(url: str, life_s: float) -> Talk:
    """Ends every connection at this age."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        there = asyncio.create_task(pass_on(reader, behind))
        try:
            async with asyncio.timeout(life_s):
                await pass_on(behind_reader, writer)
        except TimeoutError:
            return
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def with_a_deaf_second_node(url: str) -> Talk:
    """A balancer with a second node behind it, which answers every other GET; it has the same database, and heard nothing from the broker."""
    host, _, port = url.rpartition("//")[2].rpartition(":")
    asked = itertools.count()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        behind.write(head)
        is_second = re.match(rb"GET /api/v1/(?:server|diagnostics/delivery)[? ]", head) is not None and next(asked) % 2 == 1
        there = asyncio.create_task(pass_on(reader, behind))
        try:
            if is_second:
                writer.write(_as_second(await behind_reader.read()))
            else:
                await pass_on(behind_reader, writer)
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def _as_second(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    said = json.loads(body) | {"node": "second"}
    if "arrival" in said:
        said["arrival"] = None
    changed = json.dumps(said).encode()
    return re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(changed), head) + b"\r\n\r\n" + changed


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Each frame, whole."""
    while True:
        head = await reader.readexactly(2)
        head += await reader.readexactly(_head_bytes(head) - 2)
        size = head[1] & 0x7F
        long = {126: 2, 127: 8}.get(size, 0)
        yield head + await reader.readexactly(int.from_bytes(head[2 : 2 + long], "big") if long else size)


def _head_bytes(frame: bytes) -> int:
    return 2 + {126: 2, 127: 8}.get(frame[1] & 0x7F, 0) + (4 if frame[1] & 0x80 else 0)
