"""What is expected: a pattern, and whether something that came is it. Pure.

| pattern | what fits |
|---|---|
| `type=ack`, `type=error code!=busy`, `chats.0.head=57`, `text~^Hello` | a JSON text with these fields: `=` equal, `!=` other (or absent), `~` a regular expression |
| `/regex/`, or any other text | a text in which the regular expression is found |
| `binary`, `binary 00ff` | a binary message, or the one that begins with these bytes |
| `ping`, `pong`, `ping TEXT` | a control frame |
| `close`, `close 4401`, `close 4401 token_expired` | a close frame with this code, and this in its reason |
| `cut` | the end of the line without a close frame |
| `refused`, `refused 403` | an upgrade that was refused, with this status |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tenfour.doctor.talk.events import Arrival, Ended, NotConnected, Said

Fits = Callable[[Arrival], bool]

_FIELD = r'([A-Za-z_][\w-]*(?:\.[\w-]+)*)(!=|=|~)("(?:[^"\\]|\\.)*"|\S+)'
_FIELDS = re.compile(rf"{_FIELD}(?:\s+{_FIELD})*")
_EACH_FIELD = re.compile(_FIELD)
_HOLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_WORDS = re.compile(r"(close|cut|refused|binary|ping|pong)(?:\s+(.*))?", re.DOTALL)
_ABSENT: Any = object()


class WrongPattern(ValueError):
    """A pattern that means nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is expected, as it was written, and the test of it."""

    source: str
    fits: Fits


def parse_pattern(source: str, known: Mapping[str, str]) -> Pattern:
    """The pattern that the text means, with what is known in its holes; raises ``WrongPattern``. What is filled in is itself no pattern."""
    text = source.strip()
    if not text:
        raise WrongPattern("there is nothing to expect in it")
    return Pattern(fill(text, known), _fits(text, known))


def _fits(text: str, known: Mapping[str, str]) -> Fits:
    word = _WORDS.fullmatch(text)
    if word is not None:
        return _of_word(word[1], fill((word[2] or "").strip(), known))
    if len(text) > 1 and text[0] == text[-1] == "/":
        return _containing(text[1:-1], known)
    return _with_fields(text, known) if _FIELDS.fullmatch(text) else _containing(text, known)


def holes(text: str) -> list[str]:
    """The names that the text needs."""
    return _HOLE.findall(text)


def fill(text: str, known: Mapping[str, str], written: Callable[[str], str] = str) -> str:
    """The text with what is known in place of ``${NAME}``."""
    return _HOLE.sub(lambda hole: written(known[hole[1]]), text)


def field_of(value: Any, path: str) -> Any:
    """What stands at a path like ``chats.0.head``; raises ``KeyError``."""
    for key in path.split("."):
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            case _:
                raise KeyError(path)
    return value


# Texts


def _containing(regex: str, known: Mapping[str, str]) -> Fits:
    compiled = _compiled(fill(regex, known, re.escape))
    return lambda came: isinstance(came, Said) and came.kind == "text" and compiled.search(came.text) is not None


def _with_fields(text: str, known: Mapping[str, str]) -> Fits:
    tests = [_field_test(each[1], each[2], fill(_unquoted(each[3]), known, re.escape if each[2] == "~" else str)) for each in _EACH_FIELD.finditer(text)]

    def fits(came: Arrival) -> bool:
        value = came.json if isinstance(came, Said) else None
        return isinstance(value, dict | list) and all(test(value) for test in tests)

    return fits


def _field_test(path: str, how: str, wanted: str) -> Callable[[Any], bool]:
    regex = _compiled(wanted) if how == "~" else None

    def test(value: Any) -> bool:
        try:
            found = field_of(value, path)
        except KeyError:
            found = _ABSENT
        if regex is not None:
            return found is not _ABSENT and regex.search(written(found)) is not None
        equal = found is not _ABSENT and written(found) == wanted
        return equal if how == "=" else not equal

    return test


def written(value: Any) -> str:
    """A string as it is, anything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return msgspec.json.decode(value, type=str)
    except msgspec.DecodeError as cause:
        raise WrongPattern(f"{value} is not a JSON string") from cause


def _compiled(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex)
    except re.error as cause:
        raise WrongPattern(f"{regex!r} is not a regular expression: {cause}") from cause


# All else


def _of_word(word: str, rest: str) -> Fits:
    match word:
        case "close":
            return _closed(rest)
        case "refused":
            status = _number(rest, "a status") if rest else None
            return lambda came: isinstance(came, NotConnected) and came.status != 0 and status in (None, came.status)
        case "cut":
            return lambda came: isinstance(came, Ended) and came.close.how != "frame"
        case "binary":
            start = _bytes(rest)
            return lambda came: isinstance(came, Said) and came.kind == "binary" and came.payload.startswith(start)
    return lambda came: isinstance(came, Said) and came.kind == word and (not rest or came.text == rest)


def _closed(rest: str) -> Fits:
    number, _, words = rest.partition(" ")
    code = _number(number, "a close code") if number else None
    return lambda came: isinstance(came, Ended) and came.close.how == "frame" and code in (None, came.code) and words.strip() in came.close.reason


def _number(text: str, what: str) -> int:
    if not text.isdigit():
        raise WrongPattern(f"{text!r} is not {what}")
    return int(text)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as cause:
        raise WrongPattern(f"{text!r} is not bytes in hex") from cause
