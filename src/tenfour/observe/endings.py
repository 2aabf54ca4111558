"""The last thousand endings: why connections were refused or closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

ENDINGS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Ending:
    """One connection that is over, or an upgrade that was refused (then ``connection`` is None)."""

    at_ms: int
    connection: str | None
    user: str | None
    door: str
    address: str
    client: str
    close: int
    code: str
    detail: str
    age_s: float | None
    silent_s: float | None


class Endings:
    """A ring; the oldest ending goes when a new one comes."""

    def __init__(self) -> None:
        self._ring: deque[Ending] = deque(maxlen=ENDINGS_KEPT)

    def note(self, ending: Ending) -> None:
        self._ring.append(ending)

    def latest(self, limit: int = ENDINGS_KEPT) -> Sequence[Ending]:
        """Newest first."""
        return list(self._ring)[: -limit - 1 : -1]
