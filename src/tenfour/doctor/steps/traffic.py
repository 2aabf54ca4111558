"""The echo door: round trips, large frames, and whether frames that are sent evenly arrive so."""

from __future__ import annotations

from tenfour.doctor.evidence import Echo, Frame, Frames, Steady
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, WebSocket, upgrade

ROUND_TRIPS = 20
ECHO_PATIENCE_S = 4.0
ECHO_ENOUGH_S = 1.5
SIZES = (1_000, 1_400, 4_000, 16_000, 60_000)
FRAME_PATIENCE_S = 3.0
INTERVAL_S = 0.05
EVEN_FRAMES, ODD_FRAMES = 20, 90
ODD_S = 0.4


async def open_echo(way: Way, asked: Asked, patience_s: float) -> WebSocket | str:
    """A connection to the echo door, or why there is none."""
    got = await upgrade(way, asked, patience_s)
    if got.socket is not None:
        return got.socket
    return f"status {got.reply.status}" if got.reply.outcome == "answered" else got.reply.outcome.replace("_", " ")


async def round_trips(socket: WebSocket) -> Echo:
    """Texts one after the other; on a slow line fewer of them."""
    started_s = now_s()
    times: list[float] = []
    sent = 0
    while sent < ROUND_TRIPS and (sent == 0 or since_ms(started_s) < ECHO_ENOUGH_S * 1000):
        text = f"doctor {sent}"
        went_s = socket.send(text)
        sent += 1
        back = await socket.next(ECHO_PATIENCE_S)
        if back is None or back.payload != text.encode():
            break
        times.append(round((back.at_s - went_s) * 1000, 3))
    return Echo(since_ms(started_s), sent, tuple(times), socket.how_it_ended)


async def growing(socket: WebSocket) -> Frames:
    """Frames of growing size until one does not come back."""
    started_s = now_s()
    seen: list[Frame] = []
    for size in SIZES:
        went_s = socket.send(b"x" * size)
        back = await socket.next(FRAME_PATIENCE_S)
        if back is None or len(back.payload) != size:
            seen.append(Frame(size, None, socket.how_it_ended))
            break
        seen.append(Frame(size, round((back.at_s - went_s) * 1000, 3)))
    return Frames(since_ms(started_s), tuple(seen))


async def evenly(socket: WebSocket) -> Steady:
    """A frame every 50 ms for a second; where echoes come late, for longer, until a pattern shows."""
    started_s = now_s()
    arrivals: list[float] = []
    sent, wanted = 0, EVEN_FRAMES
    while len(arrivals) < wanted and now_s() - started_s < wanted * INTERVAL_S + FRAME_PATIENCE_S:
        due_s = started_s + sent * INTERVAL_S if sent < wanted else now_s() + FRAME_PATIENCE_S
        if now_s() >= due_s:
            socket.send(f"even {sent}")
            sent += 1
            if (sent - len(arrivals)) * INTERVAL_S > ODD_S:
                wanted = ODD_FRAMES
            continue
        back = await socket.next(due_s - now_s())
        if back is not None:
            arrivals.append(back.at_s)
        elif socket.how_it_ended is not None:
            break
    first_s = arrivals[0] if arrivals else 0.0
    return Steady(since_ms(started_s), INTERVAL_S * 1000, tuple(round((each - first_s) * 1000, 1) for each in arrivals))
