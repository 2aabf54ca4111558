"""The last thousand endings: why connections were refused or closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import parse_qs

ENDINGS_KEPT = 1_000
MARKED_KEPT = 200
"""Whoever marks an upgrade asks at once."""


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
    mark: str | None = None
    """What a refused upgrade called itself, so that its page can ask why: a browser shows it no answer."""
    times: int = 1
    """How many refused upgrades it stands for."""


_MARK = re.compile(r"[A-Za-z0-9_-]{16,64}")


def marked(query: str) -> str | None:
    """The mark in an address's query, ``mark=…``; one that is too short could be guessed by another page."""
    mark = next(iter(parse_qs(query).get("mark", ())), "")
    return mark if _MARK.fullmatch(mark) else None


def _any(_ending: Ending) -> bool:
    return True


class Endings:
    """A ring; the oldest ending goes when a new one comes.

    Refused upgrades of one address for one reason are one entry, the last of them, that says how many they are:
    a flood of them takes nobody else's place.
    """

    def __init__(self) -> None:
        self._ring: dict[int | tuple[str, str], Ending] = {}
        self._marked: dict[str, Ending] = {}
        self._noted = 0

    def note(self, ending: Ending) -> None:
        if ending.mark is not None:
            self._marked[ending.mark] = ending
            if len(self._marked) > MARKED_KEPT:
                del self._marked[next(iter(self._marked))]
        self._noted += 1
        key: int | tuple[str, str] = self._noted
        if ending.connection is None:
            key = ending.address, ending.code
            before = self._ring.pop(key, None)
            if before is not None:
                ending = replace(ending, times=before.times + 1)
        self._ring[key] = ending
        if len(self._ring) > ENDINGS_KEPT:
            del self._ring[next(iter(self._ring))]

    def latest(self, limit: int = ENDINGS_KEPT, *, wanted: Callable[[Ending], bool] = _any) -> Sequence[Ending]:
        """Those that are wanted, newest first."""
        return list(islice(filter(wanted, reversed(self._ring.values())), limit))

    def find(self, mark: str) -> Ending | None:
        """The refused upgrade of this mark, if it is one of the last."""
        return self._marked.get(mark)
