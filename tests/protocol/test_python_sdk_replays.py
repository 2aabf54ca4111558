"""The golden transcripts through the Python SDK's connection and outbox, as ``protocol/transcripts/README.md`` says."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

import pytest

from tenfour.client.connection import Changed, Connected, Connecting, Connection, Effect, Happened, Lost, Open, Refused, RenewToken, Shut, Status, Told, Transmit, Waiting
from tenfour.client.outbox import Entry, Outbox
from tenfour.clock import ManualClock
from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId
from tenfour.wire import codec, frames
from tests.protocol import transcripts
from tests.protocol.transcripts import MAIN, AppCalls, AppHears, Bindings, ClientCloses, ClientSays, Cut, Passes, ServerCloses, ServerSays, Transcript, transcripts_for

TOKEN = "the token of ann"
EVENT_TAGS = {each.__struct_config__.tag for each in frames.EventFrame.__args__}


class Sdk:
    """The SDK's pure steps, with queues where its sockets and its application would be."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.connection = Connection(lambda: 0.5)
        self.outbox = Outbox()
        self.opens: deque[Open] = deque()
        self.shuts: deque[int] = deque()
        self.written: deque[Mapping[str, Any]] = deque()
        self.told: defaultdict[str, deque[Mapping[str, Any]]] = defaultdict(deque)

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Open():
                    self.opens.append(effect)
                case Shut(code):
                    self.shuts.append(code)
                case Transmit(frame):
                    self._write(frame)
                case RenewToken():
                    self._write(frames.Authenticate(TOKEN))
                case Changed(status):
                    self._changed(status)
                case Happened(frame):
                    self.told["event"].append({"chat": frame.chat, "seq": frame.seq})
                case Lost(chat, after, head, new_history):
                    self.told["lost"].append({"chat": chat, "after": after, "head": head, "new_history": new_history})
                case Told(frame):
                    self._hear(frame)
        self.send_waiting()

    def send_waiting(self) -> None:
        for entry in self.outbox.take(self.now, self.connection.may_send):
            self._write(frames.Send(entry.key, entry.text, entry.chat, entry.reply_to))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.carry_out(self.connection.ticked(self.now))

    def call(self, verb: str, arguments: Mapping[str, Any]) -> None:
        match verb:
            case "start":
                self.carry_out(self.connection.start(self.now))
            case "stop":
                self.carry_out(self.connection.stop())
            case "online":
                self.carry_out(self.connection.online(self.now))
            case "follow":
                self.carry_out(self.connection.follow(arguments["chats"], rest=arguments["rest"]))
            case "send":
                self.outbox.add(Entry(ChatId(arguments["chat"]), arguments["key"], arguments["text"]))
                self.send_waiting()

    def _write(self, frame: frames.Frame) -> None:
        self.written.append(json.loads(codec.encode(frame)))

    def _changed(self, status: Status) -> None:
        if not isinstance(status, Connected):
            self.outbox.disconnected()
        facts: dict[str, Any] = {"is": type(status).__name__.lower()}
        match status:
            case Waiting(retry_at, why):
                facts |= {"why": why, "in_s": pytest.approx(retry_at - self.now)}
            case Refused(code):
                facts |= {"code": code}
        self.told["status"].append(facts)

    def _hear(self, frame: frames.ServerFrame) -> None:
        match frame:
            case frames.Welcome():
                self.outbox.connected(frame.limits.sends_per_s, self.now)
            case frames.Ack(chat, key, seq):
                if self.outbox.answered(ChatId(chat), key):
                    self.told["acked"].append({"chat": chat, "key": key, "seq": seq})
            case frames.Error(code=code, chat=str(chat), key=str(key)):
                if FAILURES[ErrorCode(code)].retry is not Retry.NEVER:
                    self.outbox.hold(ChatId(chat), key, self.now + (frame.retry_after_ms or 0) / 1000)
                elif self.outbox.answered(ChatId(chat), key):
                    self.told["refused"].append({"chat": chat, "key": key, "code": code})


def replay(transcript: Transcript, *, events_first: bool) -> None:
    """Walks through the lines of the main connection; raises where the SDK does something else."""
    sdk = Sdk()
    bindings = Bindings({name: f"id of {name}" for name in transcript.people} | {f"{name}.token": f"the token of {name}" for name in transcript.people})
    bindings.values |= dict.fromkeys(transcript.tokens, TOKEN)
    bindings.values |= {name: f"chat {name}" for name in transcript.chats}
    for step in transcript.steps:
        if step.connection == MAIN:
            try:
                _step(sdk, step.act, bindings, events_first=events_first)
            except (AssertionError, IndexError) as cause:
                raise AssertionError(f"{step.place}: {cause!r}; written {list(sdk.written)}, told {dict(sdk.told)}") from cause
    assert not sdk.written
    assert not any(sdk.told.values()), sdk.told
    assert not sdk.opens


def _step(sdk: Sdk, act: transcripts.Act, bindings: Bindings, *, events_first: bool) -> None:
    match act:
        case AppCalls(verb, arguments):
            sdk.call(verb, bindings.fill(arguments))
        case AppHears(what, facts):
            told, expected = sdk.told[what].popleft(), bindings.fill(facts)
            assert {name: told.get(name) for name in expected} == expected
        case Passes(seconds):
            sdk.pass_time(bindings.fill(seconds))
        case ClientSays(frame):
            bindings.match(frame, sdk.written.popleft())
        case ClientCloses(code, _):
            assert sdk.shuts.popleft() == code
        case transcripts.Open():
            assert sdk.opens.popleft().new_token == act.new_token
            assert act.path == "/api/v1/ws"
            assert bindings.fill(act.headers.get("Authorization", "")) == f"Bearer {TOKEN}"
        case ServerSays(said):
            for template in sorted(said, key=_is_no_event) if events_first else said:
                frame = codec.decode_server(json.dumps(bindings.fill(template)).encode())
                sdk.carry_out(sdk.connection.heard(frame, sdk.now) if frame is not None else [])
        case _:
            _end_socket(sdk, act)


def _end_socket(sdk: Sdk, act: transcripts.Act) -> None:
    match act:
        case ServerCloses(code, reason):
            sdk.carry_out(sdk.connection.closed(code, reason, sdk.now))
        case transcripts.Refused(_, code):
            sdk.carry_out(sdk.connection.unreachable(code, sdk.now))
        case Cut() if isinstance(sdk.connection.status, Connecting):
            sdk.carry_out(sdk.connection.unreachable("unreachable", sdk.now))
        case Cut():
            sdk.carry_out(sdk.connection.closed(1006, "", sdk.now))


def _is_no_event(template: Mapping[str, Any]) -> bool:
    return template["type"] not in EVENT_TAGS


@pytest.mark.parametrize("events_first", [False, True], ids=["as written", "events first"])
@pytest.mark.parametrize("transcript", transcripts_for("client"), ids=lambda each: each.name)
def test_the_sdk_follows_the_transcript(transcript: Transcript, events_first: bool) -> None:  # noqa: FBT001
    replay(transcript, events_first=events_first)
