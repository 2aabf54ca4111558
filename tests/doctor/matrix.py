"""The written proof of the doctor: each cause staged for real, and what it said, in ``docs/reference/doctor-matrix.md``.

A test marked ``@pytest.mark.cause(id, staged)`` is one row: ``id`` is the cause (None where nothing is wrong),
``staged`` says in one sentence how it is made. Its fixture ``staged`` runs the doctor, sees to it that this cause
is named, no other, and in time, and compares what was said with the page. ``make doctor-matrix`` writes the page
instead. ``python -m tests.doctor.matrix`` prints the rows that there are tests for.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from tenfour.causes import CAUSES, LAYER_TITLES
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Target, examine
from tenfour.doctor.report import Report, report_of
from tenfour.doctor.watch import Watch
from tests.cli.commands import Ran, run

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "doctor-matrix.md"
WRITES = os.environ.get("TENFOUR_MATRIX") == "write"
HEALTHY_S, UNHEALTHY_S = 3.0, 15.0
WATCH_EVERY_S = 600.0
"""The end of a held connection is told at once, so that no second look is due before the test is over."""
# What is promised is measured where the page is written and in the long proofs; a machine full of other tests takes longer.
BUSY = 1 if WRITES or os.environ.get("TENFOUR_PROOF") == "1" else 5
MUCH_TIME_S = 0.1
WELL = "Nothing is wrong"
_HEAD = """# What the doctor says

Written by the tests (`make doctor-matrix`), which stage each of these for real, run the doctor, and fail if it names another cause, more than
one, or says something else than here. What it takes is measured on two cores that do other things too: an unhealthy way has to be told within
15 seconds, a healthy one within 3.
"""


@dataclass(frozen=True, slots=True)
class Row:
    cause: str | None
    staged: str
    said: str = ""
    took_s: float = 0.0

    @property
    def key(self) -> tuple[str | None, str]:
        return self.cause, self.staged

    @property
    def section(self) -> str:
        return WELL if self.cause is None else LAYER_TITLES[CAUSES[self.cause].layer]


class Staged:
    """One row at work: what is staged, and the doctor that has to name it."""

    def __init__(self, cause: str | None, staged: str) -> None:
        assert cause is None or cause in CAUSES, f"{cause} is no cause of the catalogue"
        assert staged.endswith("."), "how it is staged is a sentence"
        self._row = Row(cause, staged)

    async def is_named_at(self, url: str, options: Options | None = None, **target: object) -> Evidence:
        """Runs the doctor at the address; what it saw."""
        options = options or Options()
        begun_s = time.monotonic()
        evidence = await examine(Target(url, **target), options, lambda _: None)  # type: ignore[arg-type]
        self._judge(report_of(evidence), time.monotonic() - begun_s, options.idle_s)
        return evidence

    async def is_named_when_it_happens(self, url: str, happen: Callable[[], Awaitable[object]], **target: object) -> None:
        """Has the doctor watch until it is well and holds a connection, lets it happen, and takes what the doctor tells of the end."""
        watch = Watch(Target(url, **target), Options(), WATCH_EVERY_S)  # type: ignore[arg-type]
        async with aclosing(watch.changes()) as changes:
            first = await anext(changes)
            assert first.diagnosis.cause is None, first.diagnosis.says
            begun_s = time.monotonic()
            told = asyncio.ensure_future(anext(changes))
            await happen()
            change = await told
        self._judge(Report(change.diagnosis, change.checks, change.evidence), time.monotonic() - begun_s, None)

    def is_named_by_command(self, *arguments: str, data: Path | None = None, by: Callable[..., Ran] = run, **environment: str) -> Report:
        """Runs ``tenfour doctor`` with these arguments, by ``tenfour`` in a process of its own; its report."""
        begun_s = time.monotonic()
        ran = by("doctor", *arguments, "--json", data=data, **environment)
        took_s = time.monotonic() - begun_s
        report = msgspec.json.decode(ran.out, type=Report)
        assert ran.code == report.diagnosis.exit_code
        self._judge(report, took_s, None)
        return report

    def is_named_in(self, report: Report, took_s: float) -> None:
        """A report that was had elsewhere."""
        self._judge(report, took_s, None)

    def _judge(self, report: Report, took_s: float, idle_s: float | None) -> None:
        diagnosis = report.diagnosis
        named = None if diagnosis.cause is None else diagnosis.cause.id
        assert named == self._row.cause, f"{diagnosis.says}\n{report.evidence}"
        also = [f"{check.name}: {check.line}" for check in report.checks if (check.cause is not None and check.cause != named) or (named is None and check.verdict == "warn")]
        assert not also, "\n".join((f"only {named} is wrong, but there stands also:", *also))
        assert [check.verdict for check in report.checks].count("fail") == (named is not None)
        limit_s = HEALTHY_S if named is None else UNHEALTHY_S
        if idle_s is None:  # which has its own time
            assert took_s <= limit_s * BUSY, f"it took {took_s:.1f} s"
        said = diagnosis.says if diagnosis.certain else f"Likely: {diagnosis.says}"
        _compare_or_write(replace(self._row, said=said, took_s=took_s))


def _compare_or_write(row: Row) -> None:
    if WRITES:
        put([row])
        return
    written = {each.key: each for each in read()}.get(row.key)
    assert written is not None, f"{PAGE.name} lacks the row of {row.cause}, “{row.staged}”: run make doctor-matrix"
    assert stable(written.said) == stable(row.said), f"{PAGE.name} says something else of “{row.staged}”; if that is meant, run make doctor-matrix"


_CHANGING = (
    (re.compile(r"(127\.0\.0\.1|localhost|\[::1\]):\d+"), r"\1:PORT"),
    (re.compile(r"\b[Pp]ort \d+"), "port PORT"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "HEX"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "MOMENT"),
    (re.compile(r"\d[\d.,]*(?= (?:ms|s|seconds?|minutes?|hours?|days?)\b)"), "N"),
    (re.compile(r" (?:ms|s|seconds?|minutes?|hours?|days?)\b"), " UNITS"),
    (re.compile(r"\b(nginx|Apache|Caddy|HAProxy|Python|websockets)/[\d.]+(?: \(\w+\))?(?: OpenSSL/[\w.]+)?"), r"\1"),
    (re.compile(r"(OpenSSL|resolver) says “[^”]*”"), r"\1 says WORDS"),
    (re.compile(r"\b\d[\d,]* (bytes|at once|were answered|got)\b"), r"N \1"),
    (re.compile(r"\S+, process \d+"), "PROGRAM, process PID"),
    (re.compile(r"(?<!N )\bat once\b|\bafter N UNITS"), "WHEN"),
)
"""What differs from run to run and machine to machine: ports, ids, references, moments, measured times, and the words of foreign programs."""


def stable(said: str) -> str:
    """A sentence of the doctor without what differs from run to run."""
    for changing, name in _CHANGING:
        said = changing.sub(name, said)
    return said


# The page


_LINE = re.compile(r"\| (?:\[(?P<cause>\w+)\]\(\S+\)|–) \| (?P<staged>.*?) \| (?P<said>.*) \| (?P<took>[\d.]+) (?P<unit>m?s) \|")  # noqa: RUF001 - it stands for none


def read() -> list[Row]:
    """The rows of the page."""
    text = PAGE.read_text() if PAGE.is_file() else ""
    return [_row(found) for found in map(_LINE.fullmatch, text.splitlines()) if found is not None]


def _row(found: re.Match[str]) -> Row:
    return Row(found["cause"], *(found[name].replace("\\|", "|") for name in ("staged", "said")), float(found["took"]) / (1000 if found["unit"] == "ms" else 1))


def put(rows: Iterable[Row], keep: set[tuple[str | None, str]] | None = None) -> None:
    """Writes rows into the page, each in its place; with ``keep`` only these stay. Several processes may write at once."""
    PAGE.touch()
    with PAGE.open() as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        known = {row.key: row for row in read() if keep is None or row.key in keep}
        for row in rows:
            known[row.key] = _unless_alike(known.get(row.key), row)
        PAGE.write_text(page_of(known.values()))


def _unless_alike(before: Row | None, now: Row) -> Row:
    """What is written stays, where it would say the same but for a port or a little time."""
    if before is None or stable(before.said) != stable(now.said):
        return now
    is_alike = abs(before.took_s - now.took_s) <= max(MUCH_TIME_S, before.took_s / 4)
    return before if is_alike else replace(now, said=before.said)


def page_of(rows: Iterable[Row]) -> str:
    """The page: a table a layer, in the order of the catalogue."""
    place = {cause: number for number, cause in enumerate((*CAUSES, None))}
    ordered = sorted(rows, key=lambda row: (place[row.cause], row.staged))
    named = {row.cause for row in ordered if row.cause is not None}
    parts = [_HEAD, f"{len(named)} causes in {sum(row.cause is not None for row in ordered)} ways, and {sum(row.cause is None for row in ordered)} ways that are well.\n"]
    for section in dict.fromkeys(row.section for row in ordered):
        lines = "\n".join(_written(row) for row in ordered if row.section == section)
        parts.append(f"## {section}\n\n| cause | staged how | what the doctor said | took |\n|---|---|---|---|\n{lines}\n")
    return "\n".join(parts)


def _written(row: Row) -> str:
    cause = "–" if row.cause is None else f"[{row.cause}](../troubleshooting.md#{row.cause})"  # noqa: RUF001
    staged, said = (text.replace("|", "\\|") for text in (row.staged, row.said))
    took = f"{row.took_s * 1000:.0f} ms" if row.took_s < 1 else f"{row.took_s:.1f} s"
    return f"| {cause} | {staged} | {said} | {took} |"


# The tests that there are


def staged_by_tests() -> set[tuple[str | None, str]]:
    """The rows for which there is a test, as pytest collects them."""
    listed = subprocess.run([sys.executable, "-m", "tests.doctor.matrix"], cwd=PAGE.parent.parent.parent, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    return {(cause, staged) for cause, staged in json.loads(listed.stdout.splitlines()[-1])}


class _Marks:
    """Notes the marks of what is collected."""

    def __init__(self) -> None:
        self.rows: list[tuple[str | None, str]] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.rows = [mark.args for item in session.items if (mark := item.get_closest_marker("cause")) is not None]


def _list() -> int:
    marks = _Marks()
    code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "-p", "no:xdist", str(Path(__file__).parent)], plugins=[marks])
    sys.stdout.write("\n" + json.dumps(marks.rows) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(_list())
