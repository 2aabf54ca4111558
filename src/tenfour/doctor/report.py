"""What was found, for people and for programs. Text that others wrote is escaped by whoever prints it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tenfour.doctor.diagnosis import Check, Diagnosis, Verdict, checks, diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.secrets import Secrets

MARKS: dict[Verdict, str] = {"ok": "✓", "warn": "!", "fail": "✗", "skipped": "–"}  # noqa: RUF001 - it stands for nothing done
WORDS: dict[Verdict, str] = {"ok": "ok", "warn": "!", "fail": "FAIL", "skipped": "-"}
_MISSING = "Not measured: "


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of one run, as JSON has it."""

    diagnosis: Diagnosis
    checks: list[Check]
    evidence: Evidence


def report_of(evidence: Evidence) -> Report:
    return Report(diagnose(evidence), checks(evidence), evidence)


def as_json(report: object, secrets: Secrets) -> str:
    """The report without secrets: evidence has none of its own, but a page that repeats the address may."""
    return msgspec.json.format(as_line(report, secrets).encode(), indent=2).decode()


def as_line(report: object, secrets: Secrets) -> str:
    """The same in one line."""
    return msgspec.json.encode(secrets.hide_in(msgspec.to_builtins(report))).decode()


def check_lines(found: list[Check], marks: dict[Verdict, str]) -> list[str]:
    """One line a check: mark, name, what was seen, how long it took. Of the one that failed the first sentence, since all of it comes below."""
    name_width = max(len(each.name) for each in found)
    mark_width = max(map(len, marks.values()))
    return [f"{marks[each.verdict]:<{mark_width}} {each.name:<{name_width}}  {_line(each)}{_took(each)}" for each in found]


def _line(check: Check) -> str:
    first, stop, _ = check.line.partition(". ")
    return f"{first}." if check.verdict == "fail" and stop else check.line


def _took(check: Check) -> str:
    return "" if check.took_ms < 1 else f"  ({check.took_ms:,.0f} ms)"


def conclusion(diagnosis: Diagnosis) -> list[str]:
    """The cause in one sentence, and what to do."""
    if diagnosis.cause is None:
        return [diagnosis.says]
    sure = "The cause" if diagnosis.certain else "The likely cause"
    lines = [f"{sure} [{diagnosis.cause.id}]: {diagnosis.says}"]
    if diagnosis.fix is not None:
        lines.append(f"What to do: {diagnosis.fix.text}")
    return lines


def to_paste(diagnosis: Diagnosis) -> list[str]:
    """What to paste, each block under the line that says where."""
    fix = diagnosis.fix
    if fix is None:
        return []
    blocks = [("To paste:", fix.own), (f"For {fix.proxy}:", fix.lines), *((f"If it is {each.proxy}:", each.lines) for each in fix.likely)]
    return [line for title, text in blocks if text for line in (title, *(f"    {each}".rstrip() for each in text.splitlines()))]


def not_tried(found: list[Check], diagnosis: Diagnosis) -> list[str]:
    """What stands behind a failure, in one line, and what could not be measured before it; where nothing failed, all of that."""
    if diagnosis.cause is None:
        return _not_measured(diagnosis)
    names = [check.name for check in found if check.verdict == "skipped"]
    notes = [each for each in diagnosis.not_measured[:-1] if not each.startswith(_MISSING) or ", because" in each]
    return [*([f"Not tried: {', '.join(names)}."] if names else []), *notes]


def _not_measured(diagnosis: Diagnosis) -> list[str]:
    """What nobody may take for well: the short ones in one line."""
    short = [each.removeprefix(_MISSING).removesuffix(".") for each in diagnosis.not_measured if each.startswith(_MISSING) and ", because" not in each]
    long = [each for each in diagnosis.not_measured if not each.startswith(_MISSING) or ", because" in each]
    return [*([f"{_MISSING}{'; '.join(short)}."] if short else []), *long]
