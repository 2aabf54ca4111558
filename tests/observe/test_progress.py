"""What is told of work and of trouble: at once the first time, then seldom."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tenfour.errors import ErrorCode
from tenfour.observe.log import make_log
from tenfour.observe.metrics import Counters
from tenfour.observe.progress import Progress, Sources


class Watch:
    """A process whose state a test sets, and the lines that it has logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.counters = Counters()
        self.appended = 0
        self.trouble: str | None = None
        self.progress = Progress(make_log("info", "json", self.stream), self.counters, Sources(lambda: self.appended, lambda: 3, {"store": lambda: self.trouble}))

    def look(self, now_s: float) -> list[dict[str, Any]]:
        """What one more look adds to the log."""
        begin = len(self.stream.getvalue())
        self.progress.look(now_s)
        return [{name: value for name, value in json.loads(line).items() if name not in ("timestamp", "level")} for line in self.stream.getvalue()[begin:].splitlines()]


@pytest.fixture
def watch() -> Iterator[Watch]:
    yield Watch()
    structlog.reset_defaults()


def test_nothing_done_is_nothing_told(watch: Watch) -> None:
    assert watch.look(0) == []
    assert watch.look(100) == []


def test_the_first_message_is_told_at_once_and_the_next_ones_together_after_ten_seconds(watch: Watch) -> None:
    watch.appended, watch.counters.deliveries = 1, 2
    first = watch.look(5)
    watch.appended, watch.counters.deliveries = 1_001, 5_002
    early = watch.look(14.9)
    watch.counters.refused(ErrorCode.MUTED)
    late = watch.look(15)

    assert first == [{"event": "Processing message.appended", "messages": 1, "refused": 0, "deliveries": 2, "waiting": 3}]
    assert early == []
    assert late == [{"event": "Processing message.appended", "messages": 1_000, "refused": 1, "deliveries": 5_000, "waiting": 3}]


def test_a_part_that_fails_is_told_once_and_once_more_when_it_is_back(watch: Watch) -> None:
    watch.trouble = "database is locked (SQLITE_BUSY)"
    lines = [watch.look(now_s) for now_s in (1, 2, 3)]
    watch.trouble = None
    lines += [watch.look(now_s) for now_s in (4.5, 5)]

    assert lines == [
        [{"event": "Error store.unavailable", "why": "database is locked (SQLITE_BUSY)"}],
        [],
        [],
        [{"event": "Processing store.available", "after_s": 3.5}],
        [],
    ]
