"""The last thousand endings: why connections were refused or closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

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


def _any(_ending: Ending) -> bool:
    return True


class Endings:
    """A ring; the oldest ending goes when a new one comes."""

    def __init__(self) -> None:
        self._ring: deque[Ending] = deque(maxlen=ENDINGS_KEPT)

    def note(self, ending: Ending) -> None:
        self._ring.append(ending)

    def latest(self, limit: int = ENDINGS_KEPT, *, wanted: Callable[[Ending], bool] = _any) -> Sequence[Ending]:
        """Those that are wanted, newest first."""
        return list(islice(filter(wanted, reversed(self._ring)), limit))
