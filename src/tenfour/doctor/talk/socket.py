"""An open connection on which nothing is hidden: every frame is told as it comes or goes, odd ones too.

What breaks RFC 6455 is shown and lived with, where a client for users would break off.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from tenfour.doctor.evidence import Close
from tenfour.doctor.steps.way import Line, hang_up, now_s
from tenfour.doctor.steps.websocket import Frame, masked_frame, read_frame
from tenfour.doctor.talk.events import KINDS, NO_CODE, Ended, Kind, Said
from tenfour.wire.rfc6455 import Opcode

CONTROL_BYTES = 125
CODE_BYTES = 2
FLUSH_S = 1.0
_CONTROL = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})
_FORBIDDEN_CODES = frozenset({1004, 1005, 1006, 1015})
_CODES = range(1000, 5000)
_OPCODES = {kind: opcode for opcode, kind in KINDS.items()}


class Socket:
    """One connection after its upgrade. ``read`` runs until it ends; ``tell`` hears each frame."""

    def __init__(self, line: Line, tell: Callable[[Said], None], *, answers_pings: bool = True) -> None:
        self._reader, self._writer = line
        self._tell = tell
        self._answers_pings = answers_pings
        self._said_goodbye = False
        self._gave_up = False
        self._since_s = now_s()

    async def send(self, kind: Kind, payload: bytes) -> None:
        """One frame; waits while the line is full. On a line that is gone it is lost, and ``read`` tells the end."""
        if self._writer.is_closing():
            return
        self._writer.write(masked_frame(_OPCODES[kind], payload))
        self._tell(Said(by_us=True, kind=kind, payload=payload, at_s=now_s()))
        with contextlib.suppress(OSError):
            await self._writer.drain()

    async def say_goodbye(self, code: int, reason: str) -> None:
        """A close frame; the other side's own ends ``read``."""
        if not self._said_goodbye:
            self._said_goodbye = True
            await self.send("close", code.to_bytes(CODE_BYTES, "big") + reason.encode())

    def hang_up(self) -> None:
        """Ends it without waiting any longer."""
        self._gave_up = True
        hang_up(self._writer)

    async def read(self) -> Ended:
        """Until the end, which it returns."""
        close, detail = Close("fin"), ""
        try:
            close = await self._read_frames()
        except (asyncio.IncompleteReadError, ssl.SSLEOFError) as cause:
            detail = "in the middle of a frame" if isinstance(cause, asyncio.IncompleteReadError) and cause.partial else ""
        except OSError as cause:
            close, detail = Close("rst"), "" if isinstance(cause, ConnectionResetError) else cause.strerror or str(cause)
        if self._gave_up:
            close, detail = Close("dead"), ""
        by_us = self._said_goodbye
        await self._flush()
        return Ended(close, by_us, now_s() - self._since_s, now_s(), detail=detail)

    async def _flush(self) -> None:
        """The last frame out, then the end of the line."""
        try:
            async with asyncio.timeout(FLUSH_S):
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):  # it is gone, or TLS waits for a farewell that does not come
            hang_up(self._writer)

    async def _read_frames(self) -> Close:
        message = _Message()
        while True:
            frame = await read_frame(self._reader)
            if frame.opcode not in _CONTROL:
                whole = message.add(frame)
                if whole is not None:
                    self._tell(whole)
                continue
            said = Said(by_us=False, kind=KINDS[frame.opcode], payload=frame.payload, at_s=now_s(), oddities=(*_oddities(frame), *_control_oddities(frame)))
            self._tell(said)
            if frame.opcode == Opcode.CLOSE:
                await self._answer_close(frame.payload)
                return Close("frame", None if said.code == NO_CODE else said.code, said.reason)
            if frame.opcode == Opcode.PING and self._answers_pings:
                await self.send("pong", frame.payload)

    async def _answer_close(self, payload: bytes) -> None:
        if not self._said_goodbye:
            await self.send("close", payload[:CODE_BYTES] if len(payload) >= CODE_BYTES else b"")


@dataclass(slots=True)
class _Message:
    """Data frames on their way to a message."""

    kind: Kind | None = None
    parts: list[bytes] = field(default_factory=list)
    oddities: list[str] = field(default_factory=list)

    def add(self, frame: Frame) -> Said | None:
        """The whole message, if this frame was its last."""
        self.oddities += _oddities(frame)
        if frame.opcode == Opcode.CONTINUATION:
            if self.kind is None:
                self.oddities.append("a continuation without a message to continue")
        else:
            if self.kind is not None:
                self.oddities.append("a new message before the last one was finished")
                self.parts.clear()
            if frame.opcode not in KINDS:
                self.oddities.append(f"opcode {frame.opcode:#x}, which has no meaning")
            self.kind = KINDS.get(frame.opcode, "binary")
        self.parts.append(frame.payload)
        return self._whole() if frame.fin else None

    def _whole(self) -> Said:
        payload = b"".join(self.parts)
        kind = self.kind or "binary"
        if kind == "text" and not _is_utf8(payload):
            self.oddities.append("a text that is not UTF-8")
        said = Said(by_us=False, kind=kind, payload=payload, at_s=now_s(), fragments=len(self.parts), oddities=tuple(self.oddities))
        self.kind = None
        self.parts.clear()
        self.oddities.clear()
        return said


def _oddities(frame: Frame) -> list[str]:
    found = []
    if frame.rsv:
        found.append(f"reserved bits {frame.rsv:03b}, and no extension was agreed on")
    if frame.is_masked:
        found.append("masked, as no server may")
    return found


def _control_oddities(frame: Frame) -> list[str]:
    found = []
    if not frame.fin:
        found.append("a control frame in fragments")
    if len(frame.payload) > CONTROL_BYTES:
        found.append(f"a control frame of more than {CONTROL_BYTES} bytes")
    if frame.opcode == Opcode.CLOSE and frame.payload:
        code = int.from_bytes(frame.payload[:CODE_BYTES], "big") if len(frame.payload) >= CODE_BYTES else 0
        if code in _FORBIDDEN_CODES or code not in _CODES:
            found.append("a close code that must not be sent")
        if not _is_utf8(frame.payload[CODE_BYTES:]):
            found.append("a reason that is not UTF-8")
    return found


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
