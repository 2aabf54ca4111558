"""When to come back: at once the first time, then exponential back-off with full jitter."""

from __future__ import annotations

BASE_S = 0.5
CAP_S = 30.0


def delay_s(attempt: int, random: float) -> float:
    """Seconds before the attempt (0 is the first after a connection was lost); ``random`` is in [0, 1).

    The jitter is drawn after the cap: a cap applied later would eat it, and every client of a restarted
    server would come back in the same second.
    """
    if attempt <= 0:
        return 0.0
    return random * min(CAP_S, BASE_S * 2.0 ** min(attempt, 16))
