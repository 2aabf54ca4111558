"""Silence: connections that say nothing for different times, one that speaks all the time, and one with the server's heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfour.doctor.evidence import Close, Idle, Line
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, WebSocket, upgrade

SILENT_LINES = 7
"""With the one that speaks and the one with the heartbeat fewer than the echo door takes at once."""
BUSY_EVERY_S = 0.5
ANSWER_S = 2.0
BEYOND_S = 3.0
"""For how long the other two are watched after the last silent one has ended: whether they live on tells silence from age."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The echo door without the server's heartbeat, and with it."""

    way: Way
    mute: Asked
    beating: Asked
    patience_s: float

    async def open(self, asked: Sequence[Asked]) -> list[WebSocket] | None:
        """A connection for each, or none where the door did not let all of them in."""
        handshakes = await asyncio.gather(*(upgrade(self.way, each, self.patience_s) for each in asked))
        sockets = [each.socket for each in handshakes if each.socket is not None]
        if len(sockets) == len(asked):
            return sockets
        await _hang_up(sockets)
        return None


async def be_silent(doors: Doors, longest_s: float) -> Idle | None:
    """Each silent connection speaks once, at the end of its time, and must be answered.

    A cut that is told ends all of them at once, and so has its time. One that nobody tells is only known to lie
    between the longest silence that was answered and the shortest that was not: a second round divides that.
    None where the echo door did not let all of them in.
    """
    started_s = now_s()
    seen = await _first_round(doors, _steps(0.0, longest_s))
    if seen is None:
        return None
    untold = untold_between(seen.silent)
    if untold is not None:
        seen = replace(seen, silent=(*seen.silent, *await _second_round(doors, _steps(*untold))))
    return replace(seen, took_ms=since_ms(started_s))


def untold_between(lines: Sequence[Line]) -> tuple[float, float] | None:
    """The longest silence that was borne and the shortest after which nobody was there any more; None where no line was lost so."""
    lost = [line.silent_s for line in lines if line.is_forgotten]
    if not lost:
        return None
    return max((line.silent_s for line in lines if line.close is None and line.silent_s < min(lost)), default=0.0), min(lost)


def _steps(after_s: float, until_s: float) -> list[float]:
    return [after_s + (until_s - after_s) * (place + 1) / SILENT_LINES for place in range(SILENT_LINES)]


async def _first_round(doors: Doors, times: Sequence[float]) -> Idle | None:
    sockets = await doors.open([doors.mute] * (len(times) + 1) + [doors.beating])
    if sockets is None:
        return None
    *silent, speaking, beating = sockets
    try:
        over = asyncio.Event()
        async with asyncio.TaskGroup() as others:
            busy = others.create_task(_speak(speaking, over))
            heartbeat = others.create_task(_listen(beating, over))
            lines = await _all(silent, times)
            if any(line.close is not None for line in lines):
                await asyncio.sleep(BEYOND_S)
            over.set()
    finally:
        await _hang_up(sockets)
    pinged_s = None if beating.pinged_s is None else round(beating.pinged_s - beating.opened_s, 1)
    return Idle(0.0, tuple(lines), busy.result(), heartbeat.result(), pinged_s)


async def _second_round(doors: Doors, times: Sequence[float]) -> list[Line]:
    """The silent ones alone; empty where the door does not let them in again."""
    sockets = await doors.open([doors.mute] * len(times))
    if sockets is None:
        return []
    try:
        return await _all(sockets, times)
    finally:
        await _hang_up(sockets)


async def _all(sockets: Sequence[WebSocket], times: Sequence[float]) -> list[Line]:
    return list(await asyncio.gather(*(_wait(socket, round(silent_s, 2)) for socket, silent_s in zip(sockets, times, strict=True))))


async def _wait(socket: WebSocket, silent_s: float) -> Line:
    await asyncio.wait([socket.ended], timeout=silent_s)
    if socket.how_it_ended is None:
        return await _ask(socket, silent_s)
    return Line(silent_s, _age_s(socket), socket.how_it_ended)


async def _ask(socket: WebSocket, silent_s: float) -> Line:
    """Whether it still lives: what answers nothing and has not ended is dead."""
    socket.send("still there?")
    if await socket.next(ANSWER_S) is not None:
        return Line(silent_s, _age_s(socket))
    return Line(silent_s, _age_s(socket), socket.how_it_ended or Close("dead"), when_asked=True)


async def _speak(socket: WebSocket, over: asyncio.Event) -> Line:
    """A text every half second, each of which has to come back."""
    heard_s = socket.opened_s
    while socket.how_it_ended is None and not over.is_set():
        socket.send("here")
        if await socket.next(ANSWER_S) is None and socket.how_it_ended is None:
            return Line(0.0, round(heard_s - socket.opened_s, 2), Close("dead"))
        heard_s = now_s()
        await _either(socket, over, BUSY_EVERY_S)
    return Line(0.0, _age_s(socket), socket.how_it_ended)


async def _listen(socket: WebSocket, over: asyncio.Event) -> Line:
    """What a client does: it says nothing by itself, and answers the server's heartbeat."""
    await _either(socket, over, None)
    if socket.how_it_ended is not None:
        return Line(0.0, _age_s(socket), socket.how_it_ended)
    return await _ask(socket, 0.0)


async def _either(socket: WebSocket, over: asyncio.Event, timeout_s: float | None) -> None:
    """Until the connection ends, the test is over, or the time is."""
    waiting = asyncio.create_task(over.wait())
    either: list[asyncio.Future[Any]] = [socket.ended, waiting]
    try:
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


def _age_s(socket: WebSocket) -> float:
    return round((socket.ended_s or now_s()) - socket.opened_s, 2)


async def _hang_up(sockets: Sequence[WebSocket]) -> None:
    await asyncio.gather(*(each.close() for each in sockets))
