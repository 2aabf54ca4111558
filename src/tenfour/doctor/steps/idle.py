"""Silence: connections that say nothing for different times, beside one that speaks all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tenfour.doctor.evidence import Close, Idle, Line
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, WebSocket, upgrade

BUSY_EVERY_S = 0.5
ANSWER_S = 3.0
SILENT_LINES = 8
"""With the one that speaks fewer than the echo door takes at once."""


async def be_silent(way: Way, asked: Asked, longest_s: float, patience_s: float) -> Idle | None:
    """Each silent connection speaks once, at the end of its time: the shortest that is not answered brackets the cut.

    None where the echo door did not let all of them in.
    """
    started_s = now_s()
    times = [longest_s * (place + 1) / SILENT_LINES for place in range(SILENT_LINES)]
    handshakes = await asyncio.gather(*(upgrade(way, asked, patience_s, silent=True) for _ in range(SILENT_LINES + 1)))
    sockets = [each.socket for each in handshakes if each.socket is not None]
    try:
        if len(sockets) <= SILENT_LINES:
            return None
        busy = asyncio.create_task(_speak(sockets[-1], longest_s))
        lines = await _silent(sockets[:-1], times)
        return Idle(since_ms(started_s), tuple(lines), await busy)
    finally:
        await asyncio.gather(*(each.close() for each in sockets))


async def _silent(sockets: Sequence[WebSocket], times: Sequence[float]) -> list[Line]:
    return list(await asyncio.gather(*(_wait(socket, silent_s) for socket, silent_s in zip(sockets, times, strict=True))))


async def _wait(socket: WebSocket, silent_s: float) -> Line:
    await asyncio.wait([socket.ended], timeout=silent_s)
    if socket.how_it_ended is None:
        return await _ask(socket, silent_s)
    return Line(silent_s, round(socket.ended_s - socket.opened_s, 2), socket.how_it_ended)


async def _ask(socket: WebSocket, silent_s: float) -> Line:
    """Whether it still lives: one that answers nothing and has not ended is dead."""
    socket.send("still there?")
    back = await socket.next(ANSWER_S)
    lived_s = round(now_s() - socket.opened_s, 2)
    return Line(silent_s, lived_s, None if back is not None else socket.how_it_ended or Close("dead"))


async def _speak(socket: WebSocket, longest_s: float) -> Line:
    until_s = socket.opened_s + longest_s
    while socket.how_it_ended is None and now_s() < until_s:
        socket.send("here")
        await asyncio.wait([socket.ended], timeout=min(BUSY_EVERY_S, max(until_s - now_s(), 0.0)))
    end_s = socket.ended_s or now_s()
    return Line(0.0, round(end_s - socket.opened_s, 2), socket.how_it_ended)
