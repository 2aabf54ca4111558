"""Times as the wire has them: UTC, RFC 3339, milliseconds: ``2026-01-31T12:00:00.000Z``."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=1024)  # all that one commit holds has the same time
def rfc3339(at_ms: int) -> str:
    """The text for milliseconds since 1970."""
    days, rest = divmod(at_ms, DAY_MS)
    seconds, ms = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"


@lru_cache(maxsize=1024)  # a page of history has fifty times and few days
def _date(days: int) -> str:
    return (EPOCH + timedelta(days)).isoformat()


def parse_rfc3339(text: str) -> int:
    """Milliseconds since 1970 of a time with an offset; raises ``ValueError`` for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset, for example Z")
    return round(at.timestamp() * 1000)
