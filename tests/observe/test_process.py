"""What the process costs, against what the system itself says."""

from __future__ import annotations

import resource

from tenfour.observe.process import cpu_seconds, memory_bytes


def test_memory_is_what_is_resident_now() -> None:
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    found = memory_bytes()

    assert found is not None
    assert peak_bytes / 10 < found <= peak_bytes * 1.01


def test_cpu_seconds_only_grow() -> None:
    assert 0 < cpu_seconds() <= cpu_seconds()
