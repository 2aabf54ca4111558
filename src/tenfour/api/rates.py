"""How often somebody may ask: a token bucket for each of many names."""

from __future__ import annotations

from collections import OrderedDict

NAMES_MAX = 50_000
BURST_S = 2


class Rates:
    """``per_s`` a second for each name, and what ``BURST_S`` of them have left unused at once. Over ``NAMES_MAX`` who asked longest ago starts afresh."""

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self.burst = BURST_S * per_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now_s: float) -> tuple[float, float]:
        """What is left in the bucket, and the seconds to wait: 0.0 where there was something."""
        left, at = self._buckets.pop(name, (self.burst, now_s))
        left = min(self.burst, left + (now_s - at) * self.per_s)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / self.per_s
        self._buckets[name] = (left if wait_s else left - 1.0, now_s)
        if len(self._buckets) > NAMES_MAX:
            self._buckets.popitem(last=False)
        return max(0.0, left - 1.0), wait_s
