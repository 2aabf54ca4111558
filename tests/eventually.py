"""Waiting for a condition that nothing announces."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

DEADLINE_S = 120
LOOK_EVERY_S = 0.02


async def eventually(condition: Callable[[], object | Awaitable[object]], deadline_s: float = DEADLINE_S) -> None:
    """Returns once the condition holds; other tasks run meanwhile."""
    deadline = time.monotonic() + deadline_s
    while True:
        found = condition()
        if await found if inspect.isawaitable(found) else found:
            return
        assert time.monotonic() < deadline, f"{inspect.getsource(condition).strip()} did not come true in {deadline_s} s"
        await asyncio.sleep(LOOK_EVERY_S)


def hold_until(condition: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Holds this thread, and with it its event loop, until another thread has made the condition true."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"{inspect.getsource(condition).strip()} did not come true in {deadline_s} s"
        time.sleep(LOOK_EVERY_S)
