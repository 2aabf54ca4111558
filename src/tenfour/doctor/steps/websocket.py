"""A WebSocket client (RFC 6455) that hides nothing: the whole refusal, each frame with its time, how it ended.

It checks little, because what is wrong shall be seen and not be thrown away: a frame is a frame. Pings are
answered.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import ssl
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tenfour.doctor.evidence import Close, Reply
from tenfour.doctor.steps.deflate import Deflate
from tenfour.doctor.steps.http1 import read_answer, request
from tenfour.doctor.steps.way import Line, Way, connect, hang_up, now_s, since_ms
from tenfour.wire.rfc6455 import Opcode

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SWITCHING = 101
_COMPRESSED = 0b100
"""The first of the three reserved bits."""
_TWO_BYTES_LONG, _EIGHT_BYTES_LONG = 126, 127
_SHORT_MAX, _MEDIUM_MAX = 125, 65_535
_FIN = 0x80
_MASKED = 0x80
PAYLOAD_MAX = 16 << 20
GOODBYE_S = 0.5


class NoFrameError(OSError):
    """What came cannot be a frame."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An upgrade request. ``secrets`` are headers that no evidence shows; they replace those of the same name."""

    path: str
    query: str = ""
    origin: str | None = None
    subprotocols: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    extensions: str = ""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Handshake:
    """What became of the request; ``socket`` where it was let through."""

    reply: Reply
    accept_is_right: bool
    request_bytes: int
    socket: WebSocket | None

    @property
    def subprotocol(self) -> str | None:
        return self.reply.header("sec-websocket-protocol")


@dataclass(frozen=True, slots=True)
class Message:
    """A text or binary message, whole, and when its last byte came."""

    payload: bytes
    at_s: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came, the mask taken off, whether a server may mask or not."""

    opcode: int
    fin: bool
    rsv: int
    is_masked: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What came for an upgrade request on a line."""

    reply: Reply
    accept_is_right: bool
    request: bytes

    @property
    def is_open(self) -> bool:
        return self.reply.status == _SWITCHING


async def upgrade(way: Way, asked: Asked, patience_s: float) -> Handshake:
    """Asks for the upgrade. Whoever gets a socket closes it."""
    started_s = now_s()
    writer: asyncio.StreamWriter | None = None
    key = _key()
    sent = _request(way, asked, key)
    try:
        async with asyncio.timeout(patience_s):
            reader, writer = await connect(way)
            answered = await _ask(reader, writer, sent, key, started_s)
    except TimeoutError:
        return _refused(Reply(since_ms(started_s), "no_byte"), sent, writer)
    except OSError as cause:
        return _refused(Reply(since_ms(started_s), "closed" if isinstance(cause, ssl.SSLEOFError) else "reset"), sent, writer)
    if not answered.is_open:
        return _refused(answered.reply, sent, writer)
    deflate = Deflate.agreed(answered.reply.header("sec-websocket-extensions")) if asked.extensions else None
    return Handshake(answered.reply, answered.accept_is_right, len(sent), WebSocket(reader, writer, deflate))


async def ask_on(line: Line, way: Way, asked: Asked) -> Answered:
    """The same on a line that stands already, which stays the caller's. Raises ``OSError`` where it breaks."""
    key = _key()
    return await _ask(*line, _request(way, asked, key), key, now_s())


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes, key: bytes, started_s: float) -> Answered:
    writer.write(sent)
    reply = (await read_answer(reader, started_s)).reply
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return Answered(reply, hmac.compare_digest((reply.header("sec-websocket-accept") or "").encode(), accept), sent)


def _key() -> bytes:
    return base64.b64encode(os.urandom(16))


def _request(way: Way, asked: Asked, key: bytes) -> bytes:
    return request(way, asked.target, _headers(asked, key.decode()))


def _refused(reply: Reply, sent: bytes, writer: asyncio.StreamWriter | None) -> Handshake:
    if writer is not None:
        hang_up(writer)
    return Handshake(reply, accept_is_right=False, request_bytes=len(sent), socket=None)


def _headers(asked: Asked, key: str) -> Sequence[tuple[str, str]]:
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
    if asked.origin is not None:
        headers.append(("Origin", asked.origin))
    if asked.subprotocols:
        headers.append(("Sec-WebSocket-Protocol", ", ".join(asked.subprotocols)))
    if asked.extensions:
        headers.append(("Sec-WebSocket-Extensions", asked.extensions))
    given = {name.lower() for name, _ in asked.secrets}
    return [*(each for each in headers if each[0].lower() not in given), *asked.secrets]


class WebSocket:
    """An open connection. A task reads it, so that a frame's time is that of its arrival."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deflate: Deflate | None = None) -> None:
        self.opened_s = now_s()
        self.ended: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        self.ended_s = 0.0
        self.heard_s = self.opened_s
        """When the last frame came."""
        self.pinged_s: float | None = None
        """When the first ping of the other side came."""
        self._reader = reader
        self._writer = writer
        self._deflate = deflate
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def send(self, text: str | bytes) -> float:
        """Sends a text; gives the moment."""
        payload = text.encode() if isinstance(text, str) else text
        if self._deflate is None:
            self._write(Opcode.TEXT, payload)
        else:
            self._write(Opcode.TEXT | _COMPRESSED << 4, self._deflate.pack(payload))
        return now_s()

    def ping(self) -> None:
        """Asks whether the other side is there; ``heard_s`` tells the answer."""
        self._write(Opcode.PING, b"")

    async def next(self, patience_s: float) -> Message | None:
        """The next message; None where none came in time or none comes any more (``ended`` is done then)."""
        if self.ended.done() and self._inbox.empty():
            return None
        try:
            async with asyncio.timeout(patience_s):
                return await self._inbox.get()
        except TimeoutError:
            return None

    @property
    def how_it_ended(self) -> Close | None:
        return self.ended.result() if self.ended.done() else None

    async def close(self) -> None:
        """Says goodbye, gives the other side a moment for its own, and hangs up."""
        if not self.ended.done():
            self._write(Opcode.CLOSE, (1000).to_bytes(2, "big"))
            await asyncio.wait([self.ended], timeout=GOODBYE_S)
        self._reading.cancel()
        await asyncio.wait([self._reading])
        hang_up(self._writer)

    def _write(self, opcode: int, payload: bytes) -> None:
        """One masked frame; on a line that is gone it is lost, and the reader sees the end."""
        if self._writer.is_closing():
            return
        self._writer.write(masked_frame(opcode, payload))

    async def _read(self) -> None:
        """Until the end; what it was is in ``ended``."""
        close = Close("fin")
        try:
            close = await self._read_frames()
        except (asyncio.IncompleteReadError, ssl.SSLEOFError):
            close = Close("fin")
        except (NoFrameError, zlib.error):
            close = Close("garbled")
        except OSError:
            close = Close("rst")
        except asyncio.CancelledError:
            close = Close("dead")
            raise
        finally:
            self.ended_s = now_s()
            if not self.ended.done():
                self.ended.set_result(close)
            self._inbox.put_nowait(None)

    async def _read_frames(self) -> Close:
        parts: list[bytes] = []
        is_packed = False
        while True:
            frame = await read_frame(self._reader)
            self.heard_s = now_s()
            opcode, payload = frame.opcode, frame.payload
            if opcode == Opcode.CLOSE:
                self._write(Opcode.CLOSE, payload[:2])
                return Close("frame", int.from_bytes(payload[:2], "big") if len(payload) > 1 else None, payload[2:].decode("utf-8", "replace"))
            if opcode == Opcode.PING:
                self.pinged_s = self.pinged_s or now_s()
                self._write(Opcode.PONG, payload)
            if opcode in (Opcode.PING, Opcode.PONG):
                continue
            is_packed = is_packed or self._is_packed(frame)
            parts.append(payload)
            if frame.fin:
                self._inbox.put_nowait(Message(self._unpacked(b"".join(parts), is_packed=is_packed), now_s()))
                parts, is_packed = [], False

    def _is_packed(self, frame: Frame) -> bool:
        """Raises ``NoFrameError`` for a reserved bit that nothing was agreed upon for."""
        if frame.rsv and (frame.rsv != _COMPRESSED or self._deflate is None):
            raise NoFrameError("a reserved bit is set")
        return bool(frame.rsv)

    def _unpacked(self, payload: bytes, *, is_packed: bool) -> bytes:
        return self._deflate.unpack(payload, PAYLOAD_MAX) if is_packed and self._deflate is not None else payload


def masked_frame(opcode: int, payload: bytes) -> bytes:
    """A whole message or control frame as a client sends it."""
    mask, length = os.urandom(4), len(payload)
    size = (
        bytes((_MASKED | length,))
        if length <= _SHORT_MAX
        else bytes((_MASKED | _TWO_BYTES_LONG,)) + length.to_bytes(2, "big")
        if length <= _MEDIUM_MAX
        else bytes((_MASKED | _EIGHT_BYTES_LONG,)) + length.to_bytes(8, "big")
    )
    return bytes((_FIN | opcode,)) + size + mask + _masked(payload, mask)


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame. Raises ``IncompleteReadError`` at the end of the stream, ``OSError`` where it breaks, ``NoFrameError`` for bytes that are none."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length >= _TWO_BYTES_LONG:
        length = int.from_bytes(await reader.readexactly(2 if length == _TWO_BYTES_LONG else 8), "big")
    if length > PAYLOAD_MAX:
        raise NoFrameError("what comes are no frames")
    mask = await reader.readexactly(4) if second & _MASKED else b""
    payload = await reader.readexactly(length)
    return Frame(first & 0x0F, bool(first & _FIN), (first >> 4) & 0x7, bool(mask), _masked(payload, mask) if mask else payload)


def _masked(payload: bytes, mask: bytes) -> bytes:
    """Each byte with its byte of the mask, and back again."""
    length = len(payload)
    return (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")).to_bytes(length, "big")
