"""The examination again and again, with a connection held open between: what changes is told, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Literal

from tenfour.clock import SystemClock
from tenfour.doctor.diagnosis import Check, Diagnosis
from tenfour.doctor.evidence import Ended, Evidence
from tenfour.doctor.finding import ending, lasting
from tenfour.doctor.held import Held
from tenfour.doctor.probe import Examination, Options, Target
from tenfour.doctor.report import Report, report_of

SETTLE_S = 0.5
"""Between an end and the look that it leads to: a server that dies takes its port along only a moment later."""

Kind = Literal["first", "cause", "server", "ended"]


@dataclass(frozen=True, slots=True)
class Change:
    """One look that came to something else than the one before: which cause that had, and the report of this one."""

    at_ms: int
    kind: Kind
    was: str | None
    lasted_ms: int
    """For how long it had been as it was."""
    diagnosis: Diagnosis
    checks: list[Check]
    evidence: Evidence


@dataclass(slots=True)
class Tally:
    """What all looks came to."""

    began_ms: int
    looks: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    ends: list[Ended] = field(default_factory=list)
    last: Report | None = None

    def count(self, report: Report) -> None:
        self.looks += 1
        self.last = report
        if report.diagnosis.cause is not None:
            self.causes[report.diagnosis.cause.id] += 1
        if report.evidence.ended is not None:
            self.ends.append(report.evidence.ended)


class Watch:
    """Looks at a target every so often, and at once when a held connection ends."""

    def __init__(self, target: Target, options: Options, every_s: float) -> None:
        self._target = target
        self._options = options
        self._every_s = every_s
        self.tally = Tally(SystemClock().now_ms())

    async def changes(self) -> AsyncGenerator[Change]:
        """Endless; the first look is one too."""
        held: Held | None = None
        ended: Ended | None = None
        last: Report | None = None
        since_ms = self.tally.began_ms
        try:
            while True:
                examination = Examination(self._target, self._options, lambda _: None)
                await examination.run()
                report = report_of(_with(examination.evidence, ended, last))
                self.tally.count(report)
                if held is not None and ended is not None:
                    await held.close()
                    held = None
                if held is None and _stands(report):
                    held = await examination.hold()
                kind, at_ms = _what_changed(last, report), report.evidence.at_ms
                if kind is not None:
                    yield Change(at_ms, kind, _cause(last), at_ms - since_ms, report.diagnosis, report.checks, report.evidence)
                    since_ms = at_ms
                last = report
                if held is None:
                    await asyncio.sleep(self._every_s)
                ended = await held.ended(self._every_s) if held is not None else None
                if ended is not None:
                    await asyncio.sleep(SETTLE_S)
        finally:
            if held is not None:
                with contextlib.suppress(OSError):  # the line may be gone
                    await held.close()


def _with(evidence: Evidence, ended: Ended | None, last: Report | None) -> Evidence:
    if ended is None:
        return evidence
    nodes = [each.http.server.node if each is not None and each.http is not None and each.http.server is not None else None for each in (last.evidence if last is not None else None, evidence)]
    return replace(evidence, ended=replace(ended, server_stayed=None if None in nodes else nodes[0] == nodes[1]))


def _cause(report: Report | None) -> str | None:
    return report.diagnosis.cause.id if report is not None and report.diagnosis.cause is not None else None


def _stands(report: Report) -> bool:
    """Whether a connection was had at all, whatever was found besides."""
    evidence = report.evidence
    return evidence.upgrade is not None and evidence.upgrade.is_open


def _what_changed(last: Report | None, now: Report) -> Kind | None:
    if last is None:
        return "first"
    if now.evidence.ended is not None:
        return "ended"
    if _cause(last) != _cause(now) and not (last.evidence.ended is not None and _is_well_but_for_the_end(last) and _cause(now) is None):
        return "cause"
    before, after = (each.evidence.http.server if each.evidence.http is not None else None for each in (last, now))
    return "server" if before is not None and after is not None and before != after else None


def _is_well_but_for_the_end(report: Report) -> bool:
    """Whether the end of the held connection is all that was found: the next look, without it, is no news."""
    return [check.name for check in report.checks if check.verdict == "fail"] == ["end"]


# Words


def headline(change: Change) -> str:
    """What has changed, in one sentence."""
    ended, lasted = change.evidence.ended, lasting(change.lasted_ms)
    if ended is not None:
        beside = f" (and {ended.others} more in the same second)" if ended.others else ""
        return f"A connection that had stood for {lasting(ended.lived_s * 1000)} ended: {ending(ended.close)}{beside}."
    match change.kind, change.diagnosis.cause:
        case "first", _:
            return "The first look."
        case "server", _:
            return f"Another server answers than in the {lasted} before."
        case _, None:
            return f"It works again, after {lasted} of {change.was}."
        case _, cause:
            return f"It fails: {cause.id}, after {lasted} of {change.was or 'working'}."


def summary(tally: Tally, now_ms: int) -> list[str]:
    """What the watch came to, when it is over."""
    failed = sum(tally.causes.values())
    lines = [f"Watched for {lasting(now_ms - tally.began_ms)}: {tally.looks} looks, {tally.looks - failed} of them well."]
    lines += [f"  {cause}: {count}" for cause, count in tally.causes.most_common()]
    lines += [f"  ended after {lasting(ended.lived_s * 1000)}: {ending(ended.close)}" for ended in tally.ends]
    return lines
