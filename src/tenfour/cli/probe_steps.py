"""What ``tenfour probe`` is to do: from the options of the command line to steps."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tenfour.cli.destination import STDIN
from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.cli.typed import text_of
from tenfour.doctor.talk.pattern import WrongPattern
from tenfour.doctor.talk.script import Expect, Keep, Lines, Send, SendBinary, Step, Wait, WrongStep, check, control, expectation, goodbye, parse_hex, parse_script, parse_setting

STANDARD_INPUT = Lines("standard input")


def steps_of(order: Sequence[str], options: Mapping[str, Sequence[Any]], pace_s: float, known: Collection[str], *, reads_lines: bool) -> list[Step]:
    """The steps of the command line, in its order, and the lines that follow them; ``known`` is what needs no ``keep``."""
    values = {name: iter(given) for name, given in options.items()}
    steps: list[Step] = []
    for name in order:
        try:
            steps += _steps_of(name, next(values[name]), pace_s)
        except (WrongStep, WrongPattern) as cause:
            raise CommandFailed(f"--{name}: {cause}", "How steps are written stands in docs/probe.md.", Exit.WRONG_USE) from cause
    if reads_lines:
        steps.append(STANDARD_INPUT)
    try:
        return check(steps, known)
    except WrongStep as cause:
        raise CommandFailed(str(cause), "", Exit.WRONG_USE) from cause


def _steps_of(name: str, value: Any, pace_s: float) -> Iterable[Step]:  # noqa: PLR0911 - one line a step
    match name:
        case "send":
            return [Send(value)]
        case "binary":
            return [SendBinary(_read(value[1:]) if value.startswith("@") else parse_hex(value))]
        case "file":
            return [STANDARD_INPUT] if value == STDIN else _lines_of(value, pace_s)
        case "ping":
            return [control("ping", value)]
        case "expect":
            return [expectation(value)]
        case "wait":
            return [Wait(value)]
        case "close":
            return [goodbye(value.strip())]
    try:
        return parse_script(_read(value).decode())
    except (WrongStep, UnicodeDecodeError) as cause:
        raise WrongStep(f"{value}: {cause}") from cause


def _lines_of(file: str, pace_s: float) -> Iterable[Step]:
    for number, line in enumerate(_read(file).removesuffix(b"\n").split(b"\n"), 1):
        text = text_of(line, file, number)
        if isinstance(text, CommandFailed):
            raise text
        yield Send(text)
        if pace_s:
            yield Wait(pace_s)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as cause:
        raise CommandFailed(words(cause), "Name a file that can be read, or - for standard input.", Exit.WRONG_USE) from cause


def settings_of(given: Sequence[str]) -> dict[str, str]:
    """What ``--set`` gives a name to."""
    try:
        return dict(parse_setting(each) for each in given)
    except WrongStep as cause:
        raise CommandFailed(f"--set: {cause}", "Write it like --set chat=ID.", Exit.WRONG_USE) from cause


def ends_with_an_answer(steps: Sequence[Step]) -> bool:
    """Whether there is nothing more to come after the last step."""
    return bool(steps) and isinstance(steps[-1], Expect | Keep)
