"""How many connections stand at once: as many as were asked for, opened as the client does, and held until all were tried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from tenfour.doctor.evidence import Close, Listener, Many, Reply
from tenfour.doctor.finding import problem_of
from tenfour.doctor.steps.way import now_s, since_ms
from tenfour.doctor.steps.websocket import WebSocket

AT_ONCE = 20
EVERY_S = 1 / 18
"""The first come together, the rest more slowly than Tenfour takes from one address by default: how fast is not the question."""
HASTE_S = 2.0
"""A refusal that is over so soon is for haste; then it is tried once more."""
SETTLE_S, SETTLED_S = 1.5, 0.3
"""How long ends are waited for, and after how long without one there will be no more."""
_NOT_COUNTED = "token_missing"


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that stands, or how it was refused."""

    socket: WebSocket | None = None
    reply: Reply | None = None
    close: Close | None = None


Open = Callable[[], Awaitable[Opened]]


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections the user has elsewhere, and may have; None: nobody is logged in, or nobody says."""

    others: int = 0
    most: int | None = None

    def spared(self, number: int) -> int:
        """So many of a number as can be tried without disconnecting the user elsewhere."""
        return number if self.most is None or self.others == 0 else max(0, min(number, self.most - self.others))


async def stand_at_once(open_one: Open, number: int, room: Room, look: Callable[[], Listener | None]) -> Many:
    """Opens that many, holds them, and looks which of them stand; where one does not, also at the program that listens."""
    started_s = now_s()
    tried = room.spared(number)
    opened = list(await asyncio.gather(*(_patiently(open_one, place) for place in range(tried))))
    sockets = [each.socket for each in opened if each.socket is not None]
    try:
        await _settle(sockets)
        first = next((each for each in map(_now, opened) if each.socket is None), None)
        stood = sum(_now(each).socket is not None for each in opened)
        seen = Many(since_ms(started_s), number, stood, per_user=room.most, others=room.others)
        return seen if first is None else replace(seen, reply=first.reply, close=first.close, listener=await asyncio.to_thread(look))
    finally:
        await _hang_up(sockets)


async def _settle(sockets: Sequence[WebSocket]) -> None:
    """Until no more of them end: the limit of a user ends older ones while newer ones come in."""
    until_s, pending = now_s() + SETTLE_S, {each.ended for each in sockets}
    while pending and now_s() < until_s:
        ended, pending = await asyncio.wait(pending, timeout=SETTLED_S, return_when=asyncio.FIRST_COMPLETED)
        if not ended:
            break


def _now(opened: Opened) -> Opened:
    """What is left of it: a connection that ended because no token came had stood."""
    close = opened.socket.how_it_ended if opened.socket is not None else None
    return opened if close is None or close.error == _NOT_COUNTED else Opened(close=close)


async def _patiently(open_one: Open, place: int) -> Opened:
    await asyncio.sleep(max(0, place - AT_ONCE) * EVERY_S)
    opened = await open_one()
    wait_s = _haste_s(opened.reply)
    if wait_s is None:
        return opened
    await asyncio.sleep(wait_s)
    return await open_one()


def _haste_s(reply: Reply | None) -> float | None:
    """After how long a refusal by Tenfour is over, if that is soon."""
    if reply is None or problem_of(reply) is None:
        return None
    after = reply.header("retry-after") or ""
    return float(after) if after.isdigit() and float(after) <= HASTE_S else None


async def _hang_up(sockets: Sequence[WebSocket]) -> None:
    await asyncio.gather(*(each.close() for each in sockets))
