"""The golden conversations of ``protocol/transcripts`` as values; their format is described in its README.

Who replays a transcript walks through ``steps`` with one ``Bindings``: ``fill`` what its own side says,
``match`` what the other side says.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent.parent / "protocol" / "transcripts"
MAIN = "main"
"""The connection of lines that name none."""

_PLACEHOLDER = re.compile(r"\$([a-z][a-z0-9_.]*)(?::([a-z]+))?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_LIMITS = {
    "frame_bytes": 65_536,
    "text_chars": 16_000,
    "frames_per_s": 50,
    "sends_per_s": 20,
    "user_sends_per_s": 30,
    "connections_per_user": 10,
    "send_budget_bytes": 1_048_576,
    "receipts_live_max": 50,
}


# Steps


@dataclass(frozen=True, slots=True)
class Open:
    """The client asks for an upgrade."""

    path: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    new_token: bool
    """Whether an SDK first asks the application for another token."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The server answers 101 with this subprotocol, or none."""

    subprotocol: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server answers with an HTTP status and a problem of this code."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class ClientSays:
    """A text frame of the client: an object, or text that is none."""

    frame: Any


@dataclass(frozen=True, slots=True)
class ClientSaysRaw:
    """A frame of the client byte by byte."""

    opcode: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ServerSays:
    """Frames of the server; several may come in any order, but for a chat's events, which come by seq."""

    frames: Sequence[Mapping[str, Any]]
    later: bool = False
    """Whether a later version says it: this one's clients ignore what they do not know of it."""


@dataclass(frozen=True, slots=True)
class ServerCloses:
    """A reason without a colon is the code alone: the sentence behind it is free."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClientCloses:
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The line is gone, and no close frame came."""


@dataclass(frozen=True, slots=True)
class Http:
    """A request beside the connection: of a person, or of the product's back end."""

    method: str
    path: str
    by: str
    headers: Mapping[str, str]
    body: Any
    status: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Restart:
    """The server is told to stop."""


@dataclass(frozen=True, slots=True)
class Passes:
    """Time passes in which nobody says anything."""

    seconds: Any


@dataclass(frozen=True, slots=True)
class AppCalls:
    """The application calls the SDK: start, stop, online, follow or send."""

    verb: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AppHears:
    """The SDK tells the application: a status, an event, a loss, an ack or a refusal."""

    what: str
    facts: Mapping[str, Any]


Act = Open | Opened | Refused | ClientSays | ClientSaysRaw | ServerSays | ServerCloses | ClientCloses | Cut | Http | Restart | Passes | AppCalls | AppHears


@dataclass(frozen=True, slots=True)
class Step:
    """One line: what happens, on which connection; ``place`` says where to look when it does not."""

    act: Act
    connection: str
    place: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation."""

    name: str
    about: str
    replayed_by: Sequence[str]
    """``server``, ``client`` or both."""
    people: Sequence[str]
    chats: Mapping[str, Sequence[str]]
    """Name → its members, the first of whom made it."""
    tokens: Mapping[str, Mapping[str, Any]]
    """Name → whose token it is (``of``), and its life (``life_s``)."""
    settings: Mapping[str, str]
    steps: Sequence[Step]


def load_transcripts() -> list[Transcript]:
    """All of them, by name."""
    return [load_transcript(path) for path in sorted(FOLDER.glob("*.jsonl"))]


def transcripts_for(side: str) -> list[Transcript]:
    """Those that a ``server`` or a ``client`` replays."""
    return [each for each in load_transcripts() if side in each.replayed_by]


def load_transcript(path: Path) -> Transcript:
    """Raises ``ValueError`` with the line that does not follow the format."""
    lines = [(f"{path.name}:{number}", json.loads(line)) for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)]
    place, head = lines[0]
    unknown = head.keys() - {"about", "replayed_by", "people", "chats", "tokens", "settings"}
    if unknown or "about" not in head or not set(head.get("replayed_by", ())) <= {"server", "client"}:
        raise ValueError(f"{place}: not the head of a transcript")
    return Transcript(
        path.stem,
        head["about"],
        head["replayed_by"],
        head.get("people", ["ann"]),
        head.get("chats", {}),
        head.get("tokens", {}),
        head.get("settings", {}),
        [_step(place, line) for place, line in lines[1:]],
    )


_ACTS: Mapping[str, Callable[[Any], Act]] = {
    "open": lambda body: Open(body["path"], body.get("headers", {}), body.get("subprotocols", ["tenfour.v1"]), body.get("new_token", False)),
    "opened": lambda body: Opened(body["subprotocol"]),
    "refused": lambda body: Refused(body["status"], body["code"]),
    "client": ClientSays,
    "client_raw": lambda body: ClientSaysRaw(body["opcode"], bytes.fromhex(body["hex"])),
    "server": lambda body: ServerSays([body]),
    "later_server": lambda body: ServerSays([body], later=True),
    "any_order": ServerSays,
    "server_closes": lambda body: ServerCloses(body["code"], body["reason"]),
    "client_closes": lambda body: ClientCloses(body["code"], body["reason"]),
    "cut": lambda _: Cut(),
    "http": lambda body: Http(*body["request"].split(" "), body["by"], body.get("headers", {}), body.get("body"), body["status"], body.get("answer", {})),
    "restart": lambda _: Restart(),
    "passes": lambda body: Passes(body["seconds"]),
    "app_calls": lambda body: AppCalls(*_only(body)),
    "app_hears": lambda body: AppHears(*_only(body)),
}


def _step(place: str, line: Mapping[str, Any]) -> Step:
    connection = line.get("on", MAIN)
    try:
        verb, body = _only({name: value for name, value in line.items() if name != "on"})
        return Step(_ACTS[verb](body), connection, place)
    except (KeyError, TypeError, ValueError) as cause:
        raise ValueError(f"{place}: not a line of a transcript: {cause}") from cause


def _only(body: Mapping[str, Any]) -> tuple[str, Any]:
    if len(body) != 1:
        raise ValueError(f"one thing at a time, not {sorted(body)}")
    return next(iter(body.items()))


# Placeholders


class Mismatch(AssertionError):
    """What was said is not what the transcript has; the path leads to the field."""


@dataclass(slots=True)
class Bindings:
    """What each placeholder of a transcript stands for in this replay."""

    values: dict[str, Any] = field(default_factory=dict)

    def fill(self, template: Any) -> Any:
        """The template with its values; who speaks makes up those that nobody has named yet."""
        if isinstance(template, str):
            return self._fill_text(template)
        if isinstance(template, Mapping):
            return {self._fill_text(name): self.fill(value) for name, value in template.items()}
        if isinstance(template, list):
            return [self.fill(value) for value in template]
        return template

    def match(self, expected: Any, actual: Any, path: str = "") -> None:
        """Takes the values of new placeholders from ``actual``; raises ``Mismatch`` where anything else differs."""
        self.values |= self._match(expected, actual, path or "frame", dict(self.values))

    def matches(self, expected: Any, actual: Any) -> bool:
        """Whether ``match`` would succeed; nothing is bound."""
        try:
            self._match(expected, actual, "", dict(self.values))
        except Mismatch:
            return False
        return True

    def _fill_text(self, text: str) -> Any:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None:
            return self._value(whole[1], whole[2])
        return _PLACEHOLDER.sub(lambda found: str(self._value(found[1], found[2])), text)

    def _value(self, name: str, kind: str | None) -> Any:
        if name not in self.values:
            if kind is None:
                raise ValueError(f"${name} stands for nothing yet, and has no kind to make something up")
            self.values[name] = _KINDS[kind][1](name)
        return self.values[name]

    def _match(self, expected: Any, actual: Any, path: str, values: dict[str, Any]) -> dict[str, Any]:
        if isinstance(expected, str) and (found := _PLACEHOLDER.search(expected)) is not None:
            return self._match_text(expected, found, actual, path, values)
        if isinstance(expected, Mapping):
            self._match_names(expected, actual, path, values)
            for name, value in expected.items():
                values = self._match(value, actual[_named(name, values)], f"{path}.{name}", values)
            return values
        if isinstance(expected, list):
            if not isinstance(actual, list) or len(actual) != len(expected):
                raise Mismatch(f"{path} is {actual!r}, not {expected!r}")
            for place, value in enumerate(expected):
                values = self._match(value, actual[place], f"{path}[{place}]", values)
            return values
        if expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
            raise Mismatch(f"{path} is {actual!r}, not {expected!r}")
        return values

    @staticmethod
    def _match_names(expected: Mapping[str, Any], actual: Any, path: str, values: Mapping[str, Any]) -> None:
        if not isinstance(actual, Mapping):
            raise Mismatch(f"{path} is {actual!r}, not an object")
        names = {_named(name, values) for name in expected}
        if names != actual.keys():
            raise Mismatch(f"{path} lacks {sorted(names - actual.keys())} and has {sorted(actual.keys() - names)} more: {actual!r}")

    @staticmethod
    def _match_text(expected: str, found: re.Match[str], actual: Any, path: str, values: dict[str, Any]) -> dict[str, Any]:
        name, kind = found[1], found[2]
        if found[0] != expected:  # within a text only what is known already
            filled = _PLACEHOLDER.sub(lambda each: str(values.get(each[1], each[0])), expected)
            if filled != actual:
                raise Mismatch(f"{path} is {actual!r}, not {filled!r}")
            return values
        if name in values:
            if values[name] != actual:
                raise Mismatch(f"{path} is {actual!r}, not {values[name]!r} (${name})")
            return values
        if kind is None:
            raise Mismatch(f"{path}: ${name} stands for nothing yet, and has no kind")
        if not _KINDS[kind][0](actual):
            raise Mismatch(f"{path} is {actual!r}, which is no {kind}")
        return {**values, name: actual}


def _named(name: str, values: Mapping[str, Any]) -> str:
    found = _PLACEHOLDER.fullmatch(name)
    return values[found[1]] if found is not None else name


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_KINDS: Mapping[str, tuple[Callable[[Any], bool], Callable[[str], Any]]] = {
    "id": (_is_id, lambda name: str(uuid.uuid5(uuid.NAMESPACE_OID, name))),
    "time": (lambda value: isinstance(value, str) and _TIME.fullmatch(value) is not None, lambda _: "2026-01-31T12:00:00.000Z"),
    "ms": (_is_number, lambda _: 1_000),
    "text": (lambda value: isinstance(value, str) and value != "", lambda name: name),
    "limits": (lambda value: isinstance(value, Mapping) and value.keys() == _LIMITS.keys() and all(map(_is_number, value.values())), lambda _: dict(_LIMITS)),
}
"""Kind of placeholder → whether a value is one, and how one is made up from the placeholder's name."""


def frames_of(transcript: Transcript) -> Iterator[tuple[str, Any]]:
    """Every text frame of a transcript with the side that says it."""
    for step in transcript.steps:
        match step.act:
            case ClientSays(frame):
                yield "client", frame
            case ServerSays(frames, later):
                yield from (("later_server" if later else "server", frame) for frame in frames)
