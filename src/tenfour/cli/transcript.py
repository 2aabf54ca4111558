"""A conversation as it is printed: for people, for programs, or the messages alone.

For people frames go to standard output and what is said about the connection to standard error, so that a
pipe gets frames and nothing else. As JSON everything is on standard output, one object a line.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol
from urllib.parse import quote

import click

from tenfour.cli.output import colour
from tenfour.cli.terminal import escape_controls, escape_lines
from tenfour.clock import SystemClock
from tenfour.doctor.evidence import HIDDEN
from tenfour.doctor.talk.events import Connected, Connecting, Ended, Event, Met, NotConnected, Pause, Said, close_name, named
from tenfour.doctor.talk.player import Outcome
from tenfour.wire.times import rfc3339

Times = Literal["elapsed", "clock", "none"]
Write = Callable[[str, bool], None]
"""Takes a line, and whether it is about the connection and no frame."""

PAGE = "docs/troubleshooting.md"
_SECRET_CHARS = 4
_HEX_BYTES = 32
_INDENT = " " * 12


class Secrets:
    """What is never printed, as it is and as an address has it."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        for each in known:
            self.add(each)

    def add(self, secret: str) -> None:
        if len(secret) >= _SECRET_CHARS:
            self._known |= {secret, quote(secret, safe="")}

    def hide(self, text: str) -> str:
        for each in self._known:
            text = text.replace(each, HIDDEN)
        return text


class Transcript(Protocol):
    """Hears what happens, and how it went."""

    def tell(self, event: Event) -> None: ...

    def conclude(self, outcome: Outcome, code: int) -> None: ...


def to_streams(line: str, about: bool) -> None:
    """Frames to standard output, the rest to standard error."""
    click.echo(line, err=about, color=colour())


class ForPeople:
    """One line a frame: when, which way, what."""

    def __init__(self, secrets: Secrets, write: Write, times: Times, *, pretty: bool, verbose: bool) -> None:
        self._secrets = secrets
        self._write = write
        self._times = times
        self._pretty = pretty
        self._verbose = verbose
        self._began_s = SystemClock().monotonic()
        self._told = ""
        self._url = ""

    def tell(self, event: Event) -> None:
        if isinstance(event, Said):
            self._print(event.at_s, ">" if event.by_us else "<", self._shown(event), _colour_of(event))
            self._notes(event.at_s, (f"this breaks RFC 6455: {each}" for each in event.oddities))
            return
        self._notes(event.at_s, self._about(event))

    def conclude(self, outcome: Outcome, code: int) -> None:
        if outcome.says not in ("", self._told):
            self._write(click.style(escape_controls(self._secrets.hide(f"tenfour: {outcome.says}")), fg="red"), True)

    def _about(self, event: Event) -> Iterator[str]:
        match event:
            case Connecting(url, _, attempt):
                self._url = url
                yield f"connecting to {url}" + (f", attempt {attempt}" if attempt > 1 else "")
            case Connected():
                yield from self._headers(event)
                more = "".join(f", {each}" for each in (f"subprotocol {event.subprotocol}" if event.subprotocol else "", event.tls) if each)
                yield f"connected to {event.address} in {event.took_ms:.0f} ms{more}"
                yield from event.oddities
            case NotConnected():
                yield from self._headers(event)
                yield f"not connected: {event.says}"
                if event.says != self._told:
                    yield from _what_to_do(event)
                    yield f"the whole way, step by step: tenfour doctor {self._url}"
                self._told = event.says
            case Ended():
                if event.by_us and event.close.how == "frame":
                    return
                yield f"ended after {event.lived_s:.2f} s: {event.says}"
                if event.sentence != self._told:
                    yield from _what_to_do(event)
                self._told = event.sentence
            case Met(pattern):
                yield f"met: {pattern}"
            case Pause(seconds):
                yield f"trying again in {seconds:.1f} s"

    def _headers(self, event: Connected | NotConnected) -> Iterator[str]:
        if not self._verbose:
            return
        yield from (f"> {each}" for each in event.request)
        if event.reply is not None:
            yield f"< HTTP/{event.reply.http_version} {event.reply.status}"
            yield from (f"< {name}: {value}" for name, value in event.reply.headers)

    def _shown(self, said: Said) -> str:
        match said.kind:
            case "text" if self._pretty and isinstance(said.json, dict | list):
                return json.dumps(said.json, indent=2, ensure_ascii=False)
            case "text":
                return said.text
            case "binary":
                return _in_hex(said)
            case "close" if not said.payload:
                return "(close)"
            case "close":
                return f"(close {named(said.code, said.reason)}) {said.reason}".rstrip()
        return f"({said.kind}) {said.text}".rstrip() if said.text.isprintable() and "\ufffd" not in said.text else _in_hex(said)

    def _notes(self, at_s: float, lines: Iterable[str]) -> None:
        for each in lines:
            self._print(at_s, "-", each, None)

    def _print(self, at_s: float, mark: str, text: str, hue: str | None) -> None:
        shown = f"{self._time(at_s)}{mark} {escape_lines(self._secrets.hide(text), _INDENT)}"
        self._write(click.style(shown, fg=hue) if hue is not None else click.style(shown, dim=True), mark == "-")

    def _time(self, at_s: float) -> str:
        match self._times:
            case "elapsed":
                return f"{at_s - self._began_s:9.3f} "
            case "clock":
                return f"{_moment(at_s)[11:23]} "
        return ""


class AsJson:
    """One object a line, of ASCII."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._began_s = SystemClock().monotonic()

    def tell(self, event: Event) -> None:
        self._print(_kind(event), event.at_s, _fields(event))

    def conclude(self, outcome: Outcome, code: int) -> None:
        self._print("end", SystemClock().monotonic(), {"verdict": outcome.verdict, "says": outcome.says, "exit": code})

    def _print(self, kind: str, at_s: float, fields: dict[str, Any]) -> None:
        line = {"kind": kind, "at": _moment(at_s), "elapsed_s": round(at_s - self._began_s, 6)} | self._hidden(fields)
        click.echo(json.dumps(line))

    def _hidden(self, value: Any) -> Any:
        match value:
            case str():
                return self._secrets.hide(value)
            case dict():
                return {self._hidden(key): self._hidden(each) for key, each in value.items()}
            case list() | tuple():
                return [self._hidden(each) for each in value]
        return value


class Raw:
    """What was received and nothing else: a line for a text, the bytes of a binary message."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._rest = ForPeople(secrets, to_streams, "none", pretty=False, verbose=False)

    def tell(self, event: Event) -> None:
        match event:
            case Said(by_us=False, kind="text"):
                text = self._secrets.hide(event.text)
                click.echo(escape_lines(text, "") if sys.stdout.isatty() else text)
            case Said(by_us=False, kind="binary"):
                click.echo(event.payload, nl=False)
            case NotConnected() | Ended():
                self._rest.tell(event)

    def conclude(self, outcome: Outcome, code: int) -> None:
        self._rest.conclude(outcome, code)


def _colour_of(said: Said) -> str | None:
    return None if said.kind in ("ping", "pong") else "yellow" if said.kind == "close" else "green" if said.by_us else "cyan"


def _in_hex(said: Said) -> str:
    more = " …" if len(said.payload) > _HEX_BYTES else ""
    return f"({said.kind}, {len(said.payload):,} bytes) {said.payload[:_HEX_BYTES].hex(' ')}{more}"


def _what_to_do(event: NotConnected | Ended) -> Iterator[str]:
    if event.advice:
        yield f"what to do: {event.advice}"
    if event.cause is not None:
        yield f"more about it: {PAGE}#{event.cause}"


def _moment(at_s: float) -> str:
    """A moment of the monotonic clock as the calendar has it."""
    clock = SystemClock()
    return rfc3339(clock.now_ms() - round((clock.monotonic() - at_s) * 1000))


def _kind(event: Event) -> str:
    match event:
        case Said():
            return event.kind
        case NotConnected():
            return "not_connected"
    return type(event).__name__.lower()


def _fields(event: Event) -> dict[str, Any]:  # noqa: PLR0911 - one line a kind
    match event:
        case Said():
            return {"by": "client" if event.by_us else "server"} | _content(event) | ({"fragments": event.fragments} if event.fragments > 1 else {}) | _odd(event.oddities)
        case Connecting():
            return {"url": event.url, "attempt": event.attempt}
        case Connected():
            headers = [list(each) for each in event.reply.headers]
            return {"address": event.address, "took_ms": event.took_ms, "tls": event.tls or None, "subprotocol": event.subprotocol, "headers": headers} | _odd(event.oddities)
        case NotConnected():
            reply = {"status": event.status, "headers": [list(each) for each in event.reply.headers], "body": event.reply.body} if event.reply is not None else {}
            return {"says": event.says, "cause": event.cause, "advice": event.advice or None} | reply
        case Ended():
            return {
                "code": event.code,
                "name": close_name(event.code, event.close.reason),
                "reason": event.close.reason,
                "by": "client" if event.by_us else "server",
                "says": event.says,
                "lived_s": round(event.lived_s, 6),
            } | {
                "cause": event.cause,
                "advice": event.advice or None,
            }
        case Met():
            return {"pattern": event.pattern}
        case Pause():
            return {"seconds": round(event.seconds, 3)}


def _content(said: Said) -> dict[str, Any]:
    match said.kind:
        case "text":
            value = said.json
            return {"text": said.text} | ({"json": value} if isinstance(value, dict | list) else {})
        case "binary":
            return {"bytes": len(said.payload), "base64": base64.b64encode(said.payload).decode()}
        case "close":
            return {"code": said.code, "name": close_name(said.code, said.reason), "reason": said.reason}
    return {"text": said.text}


def _odd(oddities: tuple[str, ...]) -> dict[str, Any]:
    return {"oddities": list(oddities)} if oddities else {}
