"""How connections ended that nobody said goodbye to: the same age again and again is a proxy's time limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SAME_TIMES = 3
SAME_WITHIN_S = 2.0
IDLE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Cut:
    """A connection that ended without a reason: how long it had lived and how long nothing had come by it."""

    code: int
    age_s: float
    silent_s: float


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """What a proxy on the way seems to allow: an ``age`` that no connection outlives, or a ``silence``."""

    of: Literal["age", "silence"]
    seconds: float


def time_limit(cuts: Sequence[Cut]) -> TimeLimit | None:
    """The limit that the last three cuts agree in; None where they do not."""
    last = cuts[-SAME_TIMES:]
    if len(last) < SAME_TIMES:
        return None
    ages, silences = [cut.age_s for cut in last], [cut.silent_s for cut in last]
    was_idle = all(cut.silent_s >= IDLE_SHARE * cut.age_s for cut in last)
    if _are_same(ages) and not was_idle:
        return TimeLimit("age", min(ages))
    return TimeLimit("silence", min(silences)) if _are_same(silences) else None


def _are_same(values: Sequence[float]) -> bool:
    """Whether they lie within two seconds and are long enough for that to mean something."""
    return min(values) > 2 * SAME_WITHIN_S and max(values) - min(values) <= SAME_WITHIN_S
