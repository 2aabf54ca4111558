"""File descriptors: every connection takes one, and a process has only so many."""

from __future__ import annotations

import contextlib
import resource
import sys

RESERVED = 64
"""For the database and its readers, the broker, and requests over HTTP."""


def raise_limit() -> int:
    """How many this process may have open, once its own limit is as high as the system lets it be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # a system may name a limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def left_for_connections(limit: int) -> int:
    """How many connections there is room for beside what else the process has open."""
    return max(1, limit - RESERVED)
