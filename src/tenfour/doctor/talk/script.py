"""What is to be said and expected, one thing after another, and the lines of a script that mean it. Pure.

A script has one step a line; empty lines and those that begin with `#` are comments.

| line | what is done |
|---|---|
| `send TEXT` | sends the rest of the line as a text frame |
| `binary HEX` | sends these bytes as a binary frame |
| `ping [TEXT]`, `pong [TEXT]` | sends the control frame |
| `expect PATTERN` | waits for what fits; what comes before it is passed over |
| `timeout SECONDS` | how long each `expect` after this line waits |
| `keep NAME = FIELD` | keeps a field of the message that was expected last |
| `wait SECONDS` | waits |
| `close [CODE [REASON]]` | says goodbye, 1000 by default |

`${NAME}` stands for what was kept or given, anywhere in the rest of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from tenfour.doctor.talk.pattern import WrongPattern, holes, parse_pattern
from tenfour.wire.rfc6455 import NORMAL

_NAME = re.compile(r"[A-Za-z_]\w*")
_KEEP = re.compile(r"([A-Za-z_]\w*)\s*=\s*(\S+)")
CLOSE_CODES_SENT = range(1000, 5000)
CONTROL_BYTES = 125
CODE_BYTES = 2
TOKEN = "token"  # noqa: S105 - a name, not a secret


class WrongStep(ValueError):
    """A line that is no step; the text says why."""


@dataclass(frozen=True, slots=True)
class Send:
    """A text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class SendBinary:
    """A binary frame."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class SendControl:
    """A ping or a pong."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Expect:
    """Waits for what fits the pattern; ``number`` counts the expectations."""

    pattern: str
    number: int = 0
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """Keeps a field of the message that was expected last."""

    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Lets time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Goodbye:
    """A close frame."""

    code: int = NORMAL
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Each line of a stream is a text frame; ``name`` is what the stream is called."""

    name: str


Step = Send | SendBinary | SendControl | Expect | Keep | Wait | Goodbye | Lines


def parse_script(text: str) -> list[Step]:
    """The steps; raises ``WrongStep`` with the number of the line."""
    steps: list[Step] = []
    timeout_s: float | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            word, _, rest = line.strip().partition(" ")
            if word == "timeout":
                timeout_s = _seconds(rest)
                continue
            step = parse_step(line)
        except (WrongStep, WrongPattern) as cause:
            raise WrongStep(f"line {number}: {cause}") from cause
        steps.append(replace(step, timeout_s=timeout_s) if isinstance(step, Expect) else step)
    return steps


def parse_step(line: str) -> Step:
    """The step that a line means; raises ``WrongStep``, or ``WrongPattern``."""
    word, _, rest = line.strip().partition(" ")
    if word not in _STEPS:
        raise WrongStep(f"{word!r} is no step; those are {', '.join(_STEPS)} and timeout")
    return _STEPS[word](rest.strip())


def parse_hex(text: str) -> bytes:
    """Bytes; raises ``WrongStep``."""
    try:
        return bytes.fromhex(text)
    except ValueError as cause:
        raise WrongStep(f"{text!r} is not bytes in hex, like 00ff10") from cause


def control(kind: str, text: str = "") -> SendControl:
    """A ping or a pong; raises ``WrongStep`` where it would be too long."""
    if len(text.encode()) > CONTROL_BYTES:
        raise WrongStep(f"a {kind} has at most {CONTROL_BYTES} bytes")
    return SendControl(kind, text)


def expectation(text: str) -> Expect:
    """What is to come; raises ``WrongPattern``. A pattern with something to be filled in can be judged only then."""
    if not holes(text):
        parse_pattern(text, {})
    return Expect(text)


def _keep(rest: str) -> Keep:
    found = _KEEP.fullmatch(rest)
    if found is None:
        raise WrongStep("it is written `keep NAME = FIELD`, like `keep chat = chats.0.chat`")
    return Keep(found[1], found[2])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise WrongStep(f"{text!r} is not a number of seconds")
    return seconds


def goodbye(rest: str) -> Goodbye:
    number, _, reason = rest.partition(" ")
    if number and not (number.isdigit() and int(number) in CLOSE_CODES_SENT):
        raise WrongStep(f"{number!r} is not a close code: those are from 1000 to 4999")
    if len(reason.strip().encode()) > CONTROL_BYTES - CODE_BYTES:
        raise WrongStep(f"the reason of a close frame has at most {CONTROL_BYTES - CODE_BYTES} bytes")
    return Goodbye(int(number) if number else NORMAL, reason.strip())


_STEPS: dict[str, Callable[[str], Step]] = {
    "send": Send,
    "binary": lambda rest: SendBinary(parse_hex(rest)),
    "ping": lambda rest: control("ping", rest),
    "pong": lambda rest: control("pong", rest),
    "expect": expectation,
    "keep": _keep,
    "wait": lambda rest: Wait(_seconds(rest)),
    "close": goodbye,
}


# What is filled in


def check(steps: Sequence[Step], given: Collection[str]) -> list[Step]:
    """The steps with their expectations counted; raises ``WrongStep`` where one needs what no step before it keeps."""
    known, expected = set(given), 0
    checked: list[Step] = []
    for step in steps:
        for name in _needed(step):
            if name not in known:
                raise WrongStep(f"nothing is known as ${{{name}}}: it is kept by `keep {name} = FIELD` in a script, or given by --set {name}=VALUE")
        if isinstance(step, Keep):
            if expected == 0:
                raise WrongStep(f"`keep {step.name} = {step.field}` has no `expect` before it, whose message it could be about")
            known.add(step.name)
        if isinstance(step, Expect):
            expected += 1
            checked.append(replace(step, number=expected))
        else:
            checked.append(step)
    return checked


def _needed(step: Step) -> list[str]:
    match step:
        case Send(text) | SendControl(_, text):
            return holes(text)
        case Expect(pattern):
            return holes(pattern)
        case Goodbye(_, reason):
            return holes(reason)
    return []


def parse_setting(text: str) -> tuple[str, str]:
    """``NAME=VALUE``; raises ``WrongStep``."""
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name):
        raise WrongStep(f"{text!r} is not NAME=VALUE")
    return name, value
