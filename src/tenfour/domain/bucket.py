"""How often something may happen. Pure: a bucket is told the time."""

from __future__ import annotations


class Bucket:
    """A token bucket: fills with ``rate`` tokens a second and holds twice as many at the most."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, rate: float, now_s: float) -> None:
        self._tokens = 2.0 * rate
        self._at = now_s

    def take(self, rate: float, now_s: float) -> float:
        """0.0 if there was a token, else the seconds until there is one."""
        tokens = self._tokens + (now_s - self._at) * rate
        burst = 2.0 * rate
        tokens = min(tokens, burst)
        self._at = now_s
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0.0
        self._tokens = tokens
        return (1.0 - tokens) / rate

    def wait_s(self, rate: float, now_s: float) -> float:
        """What ``take`` would say now; nothing is taken."""
        return max(0.0, 1.0 - self._tokens - (now_s - self._at) * rate) / rate
