"""What the process gets done, in the log: one line in ten seconds at the most, however busy it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenfour.observe.log import Log
from tenfour.observe.metrics import Counters

LINE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the present state comes from."""

    appended: Callable[[], int]
    waiting: Callable[[], int]
    troubles: Mapping[str, Callable[[], str | None]]
    """By part (``store``, ``broker``): None, or in words what is amiss."""


@dataclass(frozen=True, slots=True)
class _Done:
    messages: int
    refused: int
    deliveries: int


class Progress:
    """Tells what was done since the last line, and when a part fails or is back."""

    def __init__(self, log: Log, counters: Counters, sources: Sources) -> None:
        self._log = log
        self._counters = counters
        self._sources = sources
        self._told = _Done(0, 0, 0)
        self._told_at: float | None = None
        self._failing: dict[str, float] = {}

    def look(self, now_s: float) -> None:
        """To be called about once a second: the first message after a quiet time is told at once."""
        for part, trouble in self._sources.troubles.items():
            self._tell_of(part, trouble(), now_s)
        if self._told_at is None or now_s - self._told_at >= LINE_EVERY_S:
            self._tell_work(now_s)

    def _tell_of(self, part: str, trouble: str | None, now_s: float) -> None:
        if trouble is not None and part not in self._failing:
            self._failing[part] = now_s
            self._log.error(f"Error {part}.unavailable", why=trouble)
        elif trouble is None and part in self._failing:
            self._log.info(f"Processing {part}.available", after_s=round(now_s - self._failing.pop(part), 1))

    def _tell_work(self, now_s: float) -> None:
        done = _Done(self._sources.appended(), self._counters.refusals.total(), self._counters.deliveries)
        if (done.messages, done.refused) == (self._told.messages, self._told.refused):
            return
        facts = {"messages": done.messages - self._told.messages, "refused": done.refused - self._told.refused, "deliveries": done.deliveries - self._told.deliveries}
        self._log.info("Processing message.appended", **facts, waiting=self._sources.waiting())
        self._told, self._told_at = done, now_s
