"""A proxy between one client and the server: writes down every frame that passes, and cuts, holds or lets flow.

A request is recorded before the server can see it, an answer after the server has sent it, so that the order
of the records is that of real time. Any client can be tapped: it knows only another address.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.system.history import History, event_fields, text_hash

CHUNK = 65_536
TEXT, CLOSE = 0x1, 0x8
EVENTS = frozenset({"message_sent", "member_joined", "member_left", "member_changed", "chat_changed"})


class Upstream(Protocol):
    url: str


class Tap:
    """All connections of one client."""

    def __init__(self, history: History, server: Upstream, client: str, user: str, receive_buffer: int | None = None) -> None:
        self.history = history
        self.server = server
        self.client = client
        self.user = user
        self.receive_buffer = receive_buffer
        """Of the socket to the server, in bytes: how much a mute reader still takes."""
        self.kept: bytearray | None = None
        """Every byte that came from the server, where somebody wants to search them."""
        self.url = ""
        self.connections = 0
        self.endings: list[str] = []
        """How each connection ended: the close frame's code and reason, or nothing."""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pipes: set[_Pipe] = set()
        self._listener: asyncio.Server | None = None
        self._budget: int | None = None
        self._is_away = False
        self._upgrade_asked = asyncio.Event()

    async def open(self) -> Tap:
        self._listener = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=CHUNK)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self.release()
        self.cut()
        await asyncio.gather(*[pipe.done.wait() for pipe in list(self._pipes)])

    def cut(self) -> None:
        """Ends all connections at once, without a word to either side."""
        for pipe in list(self._pipes):
            pipe.abort()

    def go_away(self) -> None:
        """Cuts, and lets nothing come back before ``come_back``."""
        self._is_away = True
        self.cut()

    def come_back(self) -> None:
        self._is_away = False

    def cut_after(self, size: int) -> None:
        """Ends all connections once so many more bytes came from the server: in the middle of a frame, mostly."""
        self._budget = size

    def hold(self) -> None:
        """Nothing but the answer to a handshake reaches the client any more, nor is it read: to the server it is a mute reader."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_away:
            writer.transport.abort()
            return
        pipe = _Pipe(self, writer)
        self._pipes.add(pipe)
        try:
            upstream_reader, pipe.upstream = await self._connect()
            await asyncio.gather(pipe.pump_up(reader), pipe.pump_down(upstream_reader))
        except (OSError, asyncio.IncompleteReadError):
            pipe.abort()  # the server is away, or one of the two has gone: the other one learns it
        finally:
            pipe.ended()
            self._pipes.discard(pipe)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self.server.url.partition("://")[2].partition(":")
        made = socket.socket()
        if self.receive_buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
        except OSError:
            made.close()
            raise
        return await asyncio.open_connection(sock=made, limit=self.receive_buffer or CHUNK)

    async def upgraded(self) -> None:
        """Returns once the server has answered a handshake, though the answer may be held."""
        await self._upgrade_asked.wait()

    def saw_upgrade(self) -> None:
        self._upgrade_asked.set()

    async def flow(self) -> None:
        await self._flowing.wait()

    def spend(self, size: int) -> int:
        """How much of so many bytes may still go to the client."""
        if self._budget is None:
            return size
        allowed, self._budget = min(size, self._budget), max(0, self._budget - size)
        return allowed

    @property
    def is_spent(self) -> bool:
        if self._budget != 0:
            return False
        self._budget = None
        return True


class _Pipe:
    """One connection of the client and its other half to the server."""

    def __init__(self, tap: Tap, downstream: asyncio.StreamWriter) -> None:
        self.tap = tap
        self.downstream = downstream
        self.upstream: asyncio.StreamWriter | None = None
        self.done = asyncio.Event()
        self._scribe: _Scribe | None = None
        self._target = ""
        self._asked = 0
        """Where the history has the handshake."""
        self._closing = ""

    async def pump_up(self, reader: asyncio.StreamReader) -> None:
        assert self.upstream is not None
        head = await reader.readuntil(b"\r\n\r\n")
        self._target = head.split(b" ", 2)[1].decode()
        self._asked = self.tap.history.add("handshake", client=self.tap.client, user=self.tap.user)
        frames = Frames()
        data = head
        while data:
            if self._scribe is not None:
                for opcode, payload in frames.feed(data):
                    if opcode == TEXT:
                        self._scribe.client_said(msgspec.json.decode(payload))
            self.upstream.write(data)
            await self.upstream.drain()
            data = await reader.read(CHUNK)
        self.abort()

    async def pump_down(self, reader: asyncio.StreamReader) -> None:
        data = await reader.readuntil(b"\r\n\r\n")
        is_socket = b" 101 " in data.split(b"\r\n", 1)[0]
        if is_socket:
            self.tap.saw_upgrade()
        else:
            await self.tap.flow()
        if is_socket:
            self.tap.connections += 1
            self._scribe = _Scribe(self.tap, f"{self.tap.client}/{self.tap.connections}", self._target, self._asked)
        await self._pass_down(data)
        frames = Frames()
        while data := await reader.read(CHUNK):
            await self.tap.flow()
            data = data[: self.tap.spend(len(data))]
            if self._scribe is not None:
                for opcode, payload in frames.feed(data):
                    self._server_said(self._scribe, opcode, payload)
            await self._pass_down(data)
            if self.tap.is_spent:
                self.tap.cut()
        self.abort(gently=True)

    def _server_said(self, scribe: _Scribe, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            scribe.server_said(msgspec.json.decode(payload))
        elif opcode == CLOSE:
            self._closing = f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}"

    async def _pass_down(self, data: bytes) -> None:
        if self.tap.kept is not None:
            self.tap.kept += data
        self.downstream.write(data)
        await self.downstream.drain()

    def abort(self, *, gently: bool = False) -> None:
        """Ends both halves; gently, what was written still arrives."""
        for writer in (self.downstream, self.upstream):
            if writer is not None and gently:
                with contextlib.suppress(OSError):
                    writer.close()
            elif writer is not None:
                writer.transport.abort()

    def ended(self) -> None:
        self.abort(gently=True)
        if self._scribe is not None and not self.done.is_set():
            self._scribe.note("end", code=self._closing)
            self.tap.endings.append(self._closing)
        self.done.set()


class Frames:
    """Cuts a stream of bytes into frames; masked or not, none of them fragmented."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        data = self._waiting + data
        at = 0
        while (found := _frame(data, at)) is not None:
            opcode, payload, at = found
            yield opcode, payload
        self._waiting = data[at:]


def _frame(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Opcode and payload of the frame at a place, and where the next one begins; None where it is not whole."""
    if len(data) - at < 2:
        return None
    assert data[at] & 0x80, "nobody here fragments"
    opcode, masked, length = data[at] & 0x0F, data[at + 1] & 0x80, data[at + 1] & 0x7F
    start = at + 2
    extended = {126: 2, 127: 8}.get(length, 0)
    if len(data) < start + extended:
        return None
    if extended:
        length = int.from_bytes(data[start : start + extended], "big")
    start += extended + (4 if masked else 0)
    if len(data) < start + length:
        return None
    payload = data[start : start + length]
    if masked:
        mask = data[start - 4 : start] * (length // 4 + 1)
        payload = (int.from_bytes(payload, "big") ^ int.from_bytes(mask[:length], "big")).to_bytes(length, "big")
    return opcode, payload, start + length


@dataclass(slots=True)
class _Scribe:
    """Frames of one connection → records."""

    tap: Tap
    connection: str
    target: str
    asked: int
    """The place of the handshake in the history."""
    chat: str | None = None
    """Set at a chat's own door."""
    heads: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target).path.split("/")
        if "chats" in parts:
            self.chat = parts[parts.index("chats") + 1]
            after = parse_qs(urlsplit(self.target).query).get("after")
            about = {"client": self.tap.client, "user": self.tap.user, "connection": self.connection, "chat": self.chat}
            self.tap.history.settle(self.asked, "subscribe", after=int(after[0]) if after else None, **about)

    def note(self, f: str, kind: str = "", **fields: Any) -> None:
        self.tap.history.add(f, kind, client=self.tap.client, user=self.tap.user, connection=self.connection, **fields)

    def client_said(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "send":
                self.note("send", "invoke", chat=frame.get("chat") or self.chat or "", key=frame.get("key") or "", hash=text_hash(frame.get("text")))
            case "subscribe":
                for chat, after in frame["chats"].items():
                    self.note("subscribe", chat=chat, after=self.heads.get(chat) if after is None else after)
                if frame.get("rest"):
                    for chat, head in self.heads.items():
                        if chat not in frame["chats"]:
                            self.note("subscribe", chat=chat, after=head)

    def server_said(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in EVENTS:
            self.note("recv", **event_fields(frame))
        elif kind in _NOTES:
            _NOTES[kind](self, frame)

    def _welcome(self, frame: dict[str, Any]) -> None:
        self.heads = {each["chat"]: each["head"] for each in frame["chats"]}
        self.note("welcome", code=frame["epoch"])

    def _ack(self, frame: dict[str, Any]) -> None:
        self.note("send", "ok", chat=frame["chat"], key=frame["key"], seq=frame["seq"], id=frame["id"], duplicate=frame["duplicate"])

    def _error(self, frame: dict[str, Any]) -> None:
        if frame["key"] is not None:
            self.note("send", "fail", chat=frame["chat"] or "", key=frame["key"], code=frame["code"])
        else:
            self.note("error", chat=frame["chat"] or "", code=frame["code"])

    def _synced(self, frame: dict[str, Any]) -> None:
        self.note("synced", chat=frame["chat"], seq=frame["seq"])

    def _reset(self, frame: dict[str, Any]) -> None:
        self.note("reset", chat=frame["chat"], seq=frame["head"])

    def _seen(self, frame: dict[str, Any]) -> None:
        self.note(frame["type"], chat=frame.get("chat") or "", by=frame.get("by") or frame.get("user") or "")

    def _goodbye(self, frame: dict[str, Any]) -> None:
        self.note("goodbye", code=f"{frame['code']} {frame['reason']}")


_NOTES: dict[str, Callable[[_Scribe, dict[str, Any]], None]] = {
    "welcome": _Scribe._welcome,
    "ack": _Scribe._ack,
    "error": _Scribe._error,
    "synced": _Scribe._synced,
    "reset": _Scribe._reset,
    "typing": _Scribe._seen,
    "receipt": _Scribe._seen,
    "presence": _Scribe._seen,
    "goodbye": _Scribe._goodbye,
}
