"""Relays that know WebSocket frames and do one thing wrong with them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

from tenfour.errors import ErrorCode, TenfourError
from tenfour.wire.problem import problem_json
from tests.doctor.listeners import Talk

Frame = Callable[[bytes], bytes]
"""What becomes of a frame of the server, whole with its head: itself, another, or nothing."""


def relaying_frames(url: str, change: Frame) -> Talk:
    """Passes everything on, and each frame of the server as it was changed."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        there = asyncio.create_task(_pass_on(reader, behind))
        try:
            head = await behind_reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            if not re.match(rb"HTTP/1\.1 101 ", head):
                await _pass_on(behind_reader, writer)
                return
            async for frame in _frames(behind_reader):
                writer.write(change(frame))
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def losing(what: bytes) -> Frame:
    """Frames of the server with this in them get lost."""
    return lambda frame: b"" if what in frame else frame


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
        there = asyncio.create_task(_pass_on(reader, behind))
        try:
            await _pass_on(behind_reader, writer)
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


def aging(url: str, life_s: float) -> Talk:
    """Ends every connection at this age."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        there = asyncio.create_task(_pass_on(reader, behind))
        try:
            async with asyncio.timeout(life_s):
                await _pass_on(behind_reader, writer)
        except TimeoutError:
            return
        finally:
            there.cancel()
            behind.transport.abort()

    return talk


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 20):
        writer.write(data)


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Each frame of a server, which are never masked."""
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        more = await reader.readexactly({126: 2, 127: 8}.get(size, 0))
        yield head + more + await reader.readexactly(int.from_bytes(more, "big") if more else size)
