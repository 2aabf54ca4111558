"""The only reader of time.

Everything else takes a ``Clock``, or a time as a value, so that tests and simulations can move it.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Gives the wall clock for people and the monotonic clock for durations."""

    def now_ms(self) -> int:
        """UTC as milliseconds since 1970."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""


class SystemClock:
    """The machine's own clocks; ``offset_ms`` sets the wall clock off, for tests of wrong clocks."""

    def __init__(self, offset_ms: int = 0) -> None:
        self._offset_ms = offset_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._offset_ms

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = 1_750_000_000_000) -> None:
        self._now_ms = now_ms
        self._monotonic_s = 1000.0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)
        self._monotonic_s += seconds
