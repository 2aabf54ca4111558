"""Connections that are kept open between two examinations, as a client keeps them, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from tenfour.clock import SystemClock
from tenfour.doctor.evidence import Close, Ended
from tenfour.doctor.steps.way import now_s
from tenfour.doctor.steps.websocket import WebSocket
from tenfour.wire import frames

QUIET_S = 60.0
"""After so long without a frame of the other side it is asked whether it is there; until then nothing is said, as a client would."""
ANSWER_S = 5.0
SAME_S = 1.0
"""Ends that are no further apart than this count as one."""
_ONE_BY_ONE_S = 3_600.0


class Held:
    """The connections; each has a task that answers its heartbeats. Whoever makes one closes it."""

    def __init__(self, sockets: Sequence[WebSocket]) -> None:
        self._sockets = sockets
        self._keeping = [asyncio.create_task(_keep(socket)) for socket in sockets]

    async def ended(self, within_s: float) -> Ended | None:
        """The first end of one of them, with those of the same moment; None where all live on for so long."""
        await asyncio.wait(self._keeping, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if not any(task.done() for task in self._keeping):
            return None
        await asyncio.wait(self._keeping, timeout=SAME_S)
        ends = [(socket, task.result()) for socket, task in zip(self._sockets, self._keeping, strict=True) if task.done()]
        first, close = min(ends, key=lambda each: each[0].ended_s or now_s())
        at_s = first.ended_s or now_s()
        at_ms = SystemClock().now_ms() - round((now_s() - at_s) * 1000)
        return Ended(at_ms, round(at_s - first.opened_s, 1), close, len(ends) - 1)

    async def close(self) -> None:
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in self._sockets))


async def _keep(socket: WebSocket) -> Close:
    """Answers the server's heartbeats until the end, and tells what it was."""
    answering = asyncio.create_task(_answer(socket))
    try:
        while socket.how_it_ended is None:
            quiet_s = now_s() - socket.heard_s
            if quiet_s >= QUIET_S and not await _is_there(socket):
                return socket.how_it_ended or Close("dead")
            await asyncio.wait([socket.ended], timeout=QUIET_S - min(now_s() - socket.heard_s, QUIET_S))
        return socket.how_it_ended
    finally:
        answering.cancel()


async def _answer(socket: WebSocket) -> None:
    while socket.how_it_ended is None:
        message = await socket.next(_ONE_BY_ONE_S)
        ping = _ping(message.payload) if message is not None else None
        if ping is not None:
            socket.send(msgspec.json.encode(frames.Pong(ping.id)))


def _ping(payload: bytes) -> frames.Ping | None:
    try:
        return msgspec.json.decode(payload, type=frames.Ping)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


async def _is_there(socket: WebSocket) -> bool:
    """Whether it answers a ping of RFC 6455, as everybody has to."""
    asked_s = now_s()
    socket.ping()
    await asyncio.wait([socket.ended], timeout=ANSWER_S)
    return socket.how_it_ended is None and socket.heard_s >= asked_s
