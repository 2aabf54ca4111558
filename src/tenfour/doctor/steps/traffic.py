"""The echo door: round trips, large frames, compression, and whether frames that are sent evenly arrive so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from tenfour.doctor.evidence import Compression, Echo, Frame, Frames, Steady
from tenfour.doctor.steps.deflate import NAME, OFFER
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, WebSocket, upgrade

ROUND_TRIPS = 20
ECHO_PATIENCE_S = 4.0
ECHO_ENOUGH_S = 1.5
FILLING = (1_000, 15_000, 48_000)
FILLING_PATIENCE_S = 0.7
SIZES = (1_000, 1_400, 4_000, 16_000, 65_536)
FRAME_PATIENCE_S = 3.0
NARROWING_LINES = 6
NARROWING_PATIENCE_S = 1.0
NARROWING_S = 3.0
"""A limit that ends connections is found to the byte in that time, one that swallows frames to a hundred or so."""
INTERVAL_S = 0.05
EVEN_FRAMES, ODD_FRAMES = 20, 90
ODD_S = 0.4
PACKED = ("compression", "compression " * 40, "compression " * 2_000, "compression")
"""Texts that lean on those before them, among them one of several blocks."""


@dataclass(frozen=True, slots=True)
class EchoDoor:
    """Where the echo door is, and how it is asked to open."""

    way: Way
    asked: Asked
    patience_s: float

    async def open(self) -> WebSocket | str:
        """A connection to it, or why there is none."""
        got = await upgrade(self.way, self.asked, self.patience_s)
        if got.socket is not None:
            return got.socket
        return f"status {got.reply.status}" if got.reply.outcome == "answered" else got.reply.outcome.replace("_", " ")


async def round_trips(socket: WebSocket, patience_s: float = ECHO_PATIENCE_S) -> Echo:
    """Texts one after the other; on a slow line fewer of them."""
    started_s = now_s()
    times: list[float] = []
    sent, more = 0, None
    while sent < ROUND_TRIPS and (sent == 0 or since_ms(started_s) < ECHO_ENOUGH_S * 1000):
        text = f"doctor {sent}"
        went_s = socket.send(text)
        sent += 1
        back = await socket.next(patience_s)
        if back is None or back.payload != text.encode():
            more = await _filled(socket, text) if back is None and socket.how_it_ended is None else None
            break
        times.append(round((back.at_s - went_s) * 1000, 3))
    return Echo(since_ms(started_s), sent, tuple(times), socket.how_it_ended, more)


async def _filled(socket: WebSocket, text: str) -> int | None:
    """How much more has to be sent until the text comes back after all: who waits for a full buffer lets it go then."""
    followed = 0
    for size in FILLING:
        socket.send(b"x" * size)
        followed += size
        back = await socket.next(FILLING_PATIENCE_S)
        if back is not None:
            return followed if back.payload == text.encode() else None
    return None


async def growing(door: EchoDoor, socket: WebSocket, limit_bytes: int | None) -> Frames:
    """Frames of growing size until one does not come back; then, on further connections, where the limit is."""
    started_s = now_s()
    seen: list[Frame] = []
    for size in SIZES:
        seen.append(await _echoed(socket, size, FRAME_PATIENCE_S))
        if seen[-1].back_ms is None:
            break
    found = Frames(since_ms(started_s), tuple(seen), limit_bytes)
    if found.lost is not None and not is_servers_own(found.lost):
        found = await _narrow(door, found)
    return replace(found, took_ms=since_ms(started_s))


def is_servers_own(lost: Frame) -> bool:
    """Whether Tenfour itself has said that it was too large."""
    return lost.close is not None and lost.close.error == "frame_too_large"


async def _echoed(socket: WebSocket, size: int, patience_s: float) -> Frame:
    went_s = socket.send(b"x" * size)
    back = await socket.next(patience_s)
    if back is None or len(back.payload) != size:
        return Frame(size, None, socket.how_it_ended)
    return Frame(size, round((back.at_s - went_s) * 1000, 3))


async def _narrow(door: EchoDoor, seen: Frames) -> Frames:
    """Divides what lies between the largest that passed and the smallest that did not, as long as there is time."""
    until_s = now_s() + NARROWING_S
    while now_s() < until_s and seen.lost is not None:
        sizes = _between(seen.passed_bytes, seen.lost.bytes)
        more = [frame for frame in await asyncio.gather(*(_tried(door, size) for size in sizes)) if frame is not None]
        if not more:
            break
        seen = replace(seen, frames=(*seen.frames, *more))
    return seen


def _between(passed: int, lost: int) -> list[int]:
    """Sizes that divide the gap evenly; none where there is no gap."""
    gap = lost - passed
    return sorted({passed + gap * (place + 1) // (NARROWING_LINES + 1) for place in range(NARROWING_LINES)} - {passed, lost})


async def _tried(door: EchoDoor, size: int) -> Frame | None:
    """A frame of the size on a connection of its own; None where that did not open."""
    socket = await door.open()
    if isinstance(socket, str):
        return None
    async with socket:
        return await _echoed(socket, size, NARROWING_PATIENCE_S)


async def compress(door: EchoDoor) -> Compression:
    """The extension offered; where it is taken, texts there and back."""
    started_s = now_s()
    got = await upgrade(door.way, replace(door.asked, extensions=OFFER), door.patience_s)
    if got.socket is None:
        return Compression(since_ms(started_s), got.reply)
    agreed = got.reply.header("sec-websocket-extensions") or ""
    async with got.socket:
        if NAME not in agreed:
            return Compression(since_ms(started_s), got.reply)
        sent = back = 0
        for text in PACKED:
            got.socket.send(text)
            sent += 1
            came = await got.socket.next(FRAME_PATIENCE_S)
            if came is None or came.payload != text.encode():
                break
            back += 1
        return Compression(since_ms(started_s), got.reply, agreed, sent, back, got.socket.how_it_ended)


async def evenly(socket: WebSocket) -> Steady:
    """A frame every 50 ms for a second; where echoes come late, for longer, until a pattern shows.

    Whoever is late does not catch up: after a stall of this machine frames would go out, and come back, in a bunch.
    """
    started_s = now_s()
    arrivals: list[float] = []
    sent, wanted, due_s = 0, EVEN_FRAMES, started_s
    while len(arrivals) < wanted and now_s() - started_s < wanted * INTERVAL_S + FRAME_PATIENCE_S:
        if sent < wanted and now_s() >= due_s:
            due_s = socket.send(f"even {sent}") + INTERVAL_S
            sent += 1
            if (sent - len(arrivals)) * INTERVAL_S > ODD_S:
                wanted = ODD_FRAMES
            continue
        back = await socket.next(max(due_s - now_s(), 0.0) if sent < wanted else FRAME_PATIENCE_S)
        if back is not None:
            arrivals.append(back.at_s)
        elif socket.how_it_ended is not None:
            break
    first_s = arrivals[0] if arrivals else 0.0
    return Steady(since_ms(started_s), INTERVAL_S * 1000, tuple(round((each - first_s) * 1000, 1) for each in arrivals))
