"""Upgrades that were refused: counted, kept among the endings, and told in the log."""

from __future__ import annotations

from tenfour.causes import CAUSE_BY_CODE
from tenfour.clock import Clock
from tenfour.domain.bucket import Bucket
from tenfour.observe.endings import Ending, Endings
from tenfour.observe.log import Log
from tenfour.observe.metrics import Counters

LINES_PER_S = 5


class Refusals:
    """Where both edges tell of an upgrade that they refuse."""

    def __init__(self, endings: Endings, counters: Counters, log: Log, clock: Clock) -> None:
        self._counters = counters
        self._endings = endings
        self._log = log
        self._clock = clock
        self._lines = Bucket(LINES_PER_S, clock.monotonic())
        self._untold = 0

    def note(self, ending: Ending, origin: str | None) -> None:
        """A line with code, reason and root cause; under a flood a few lines a second, the next of which says how many are missing."""
        self._counters.refused_upgrade(ending.code)
        self._endings.note(ending)
        if self._lines.take(LINES_PER_S, self._clock.monotonic()) > 0.0:
            self._untold += 1
            return
        cause = CAUSE_BY_CODE.get(ending.code)
        facts = {"path": ending.door, "address": ending.address, "code": ending.code, "reason": ending.detail, "cause": cause.id if cause else None}
        missing, self._untold = {"untold": self._untold} if self._untold else {}, 0
        self._log.info("WebSocket upgrade.refused", **facts, origin=origin[:200] if origin else None, **missing)
