"""What the process costs the machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STATM = Path("/proc/self/statm")


def cpu_seconds() -> float:
    """What it has computed since its start, on all cores together."""
    return time.process_time()


def memory_bytes() -> int | None:
    """What it has in memory now; None where the system is not Linux, which alone tells it without a library."""
    try:
        resident_pages = int(_STATM.read_text().split()[1])
    except FileNotFoundError:
        return None
    return resident_pages * os.sysconf("SC_PAGE_SIZE")
