"""A WebSocket client with nothing between the test and the bytes: no automatic pong, no checks, no buffer of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers import PROTOCOL, Server, remember

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
ALL_CHATS = "/api/v1/ws"


def door(chat: str | None) -> str:
    return ALL_CHATS if chat is None else f"/api/v1/chats/{chat}/ws"


@dataclass(slots=True)
class Answer:
    """What came back for an upgrade request."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        return json.loads(self.body)


@dataclass(slots=True)
class Raw:
    """The open connection; ``answer`` is the handshake's."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answer: Answer
    controls: list[tuple[int, bytes]] = field(default_factory=list)
    """Pings and pongs that came."""

    def write(self, opcode: int, payload: bytes = b"", *, fin: bool = True) -> None:
        """One masked frame."""
        mask = os.urandom(4)
        length = len(payload)
        size = bytes((0x80 | length,)) if length < 126 else b"\xfe" + length.to_bytes(2, "big") if length < 65_536 else b"\xff" + length.to_bytes(8, "big")
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")).to_bytes(length, "big")
        self.writer.write(bytes(((0x80 if fin else 0) | opcode,)) + size + mask + masked)

    def say(self, **frame: Any) -> None:
        self.write(TEXT, json.dumps(frame).encode())

    async def frame(self) -> tuple[int, bytes]:
        """The next frame, whatever it is; raises ``IncompleteReadError`` at the end."""
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self.reader.readexactly(8), "big")
        return first & 0x0F, await self.reader.readexactly(length)

    async def receive(self) -> dict[str, Any]:
        """The next text frame; control frames are kept and not answered. Raises ``Closed``."""
        while True:
            opcode, payload = await self.frame()
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == CLOSE:
                raise Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())
            self.controls.append((opcode, payload))

    async def next(self, *types: str) -> dict[str, Any]:
        while True:
            frame = await self.receive()
            if frame["type"] in types:
                return frame

    async def closed(self) -> tuple[int, str]:
        """Code and reason of the close frame; what comes before is passed over."""
        while True:
            try:
                await self.receive()
            except Closed as end:
                return end.code, end.reason

    def abort(self) -> None:
        self.writer.transport.abort()


@dataclass
class Closed(Exception):
    code: int
    reason: str


async def knock(server: Server, path: str = ALL_CHATS, headers: Mapping[str, str] | None = None, *, receive_buffer: int | None = None, protocol: str = PROTOCOL) -> Raw:
    """Asks for an upgrade; an HTTP refusal is read whole."""
    host, _, port = server.url.partition("://")[2].partition(":")
    made = socket.socket()
    if receive_buffer is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=made, limit=2**16 if receive_buffer is None else receive_buffer)
    wanted = {"Host": f"{host}:{port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    wanted |= {"Sec-WebSocket-Protocol": protocol} if protocol else {}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (wanted | dict(headers or {})).items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    raw = Raw(reader, writer, await read_answer(reader))
    remember(raw.abort)
    return raw


async def dial(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A line to the server over which nothing was said."""
    host, _, port = server.url.partition("://")[2].partition(":")
    return await asyncio.open_connection(host, int(port))


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next HTTP answer, with its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Answer(int(head[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0))))
