"""Stopping without losing anything: goodbye first, acks out, then 1012.

Each client is told another time to come back, spread evenly, so that they do not all return in one moment.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tenfour.errors import ErrorCode
from tenfour.wire import frames

if TYPE_CHECKING:
    from tenfour.gateway.connection import Connection
    from tenfour.gateway.echo import EchoDoor
    from tenfour.gateway.hub import Hub

COMES_BACK_PER_S = 1_000
"""How many clients are asked to come back each second."""
SPREAD_MS_MIN = 500


async def drain(hub: Hub, echo: EchoDoor, deadline_s: float) -> None:
    """Closes every connection after what it sent was answered; returns when all are gone or time is up."""
    hub.draining = True
    echo.leave_for_restart()
    connections = list(hub.connections.values())
    spread_ms = max(SPREAD_MS_MIN, len(connections) * 1000 // COMES_BACK_PER_S)
    for place, connection in enumerate(connections):
        after_ms = spread_ms * (place + 1) // len(connections)
        connection.say(frames.Goodbye(1012, ErrorCode.RESTART.value, reconnect=True, after_ms=after_ms))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_see_off(hub, connections), deadline_s)
    for connection in connections:
        connection.leave_for_restart()  # those for whose answers there was no time


async def _see_off(hub: Hub, connections: list[Connection]) -> None:
    await hub.receipts.flush()
    await hub.store.settle()
    for connection in connections:
        connection.leave_for_restart()
    if hub.connections:
        hub.all_gone.clear()
        await hub.all_gone.wait()
