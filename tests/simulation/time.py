"""An event loop whose time moves when nothing is left to do: hours pass in milliseconds, and always in the same way."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

BASE_MS = 1_750_000_000_000


class Standstill(AssertionError):
    """Everything waits for something that will never come."""


class _Pause(selectors._BaseSelectorImpl):  # type: ignore[name-defined]
    """Nothing ever becomes ready: to wait is to let time pass."""

    loop: SimulatedLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Standstill("no timer is set, and nobody can go on")
        self.loop.now_s += max(0.0, timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now_s = 1_000.0
        pause = _Pause()
        pause.loop = self
        super().__init__(pause)

    def time(self) -> float:
        return self.now_s


class SimulatedClock:
    """The loop's time; a node may be off by some milliseconds."""

    def __init__(self, loop: SimulatedLoop, offset_ms: int = 0) -> None:
        self._loop = loop
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        return BASE_MS + round(self._loop.now_s * 1000) + self.offset_ms

    def monotonic(self) -> float:
        return self._loop.now_s
