"""Times as the wire has them: UTC, RFC 3339, milliseconds: ``2026-01-31T12:00:00.000Z``."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=1024)  # all that one commit holds has the same time
def rfc3339(at_ms: int) -> str:
    """The text for milliseconds since 1970."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def parse_rfc3339(text: str) -> int:
    """Milliseconds since 1970 of a time with an offset; raises ``ValueError`` for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset, for example Z")
    return round(at.timestamp() * 1000)
