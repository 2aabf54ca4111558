"""A connection's dialog under any sequence of frames and reports, against a model of what it has promised."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, precondition, rule

from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId, UserId
from tenfour.wire import frames
from tenfour.wire.dialog import BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_S, Authenticate, Deliver, Dialog, DialogRules, Effect, Phase, Place, RefuseSend, Replay, Reply, Silence

CHATS = [ChatId(f"01890a5d-ac96-774b-bcce-b302099a805{place}") for place in range(2)]
ANN = UserId("01890a5d-ac96-774b-bcce-b302099a8059")
TEXT_CHARS_MAX = 5

chats = st.sampled_from(CHATS)
keys = st.sampled_from([f"k{place}" for place in range(3)])
codes = st.sampled_from([ErrorCode.STORE_DOWN, ErrorCode.RATE_LIMITED, ErrorCode.HEARTBEAT_MISSED, ErrorCode.NOT_A_MEMBER])


@dataclass
class Model:
    """What the machine knows about the connection from outside."""

    waits_for: dict[ChatId, tuple[int, str]] = field(default_factory=dict)
    """The key that each chat with a retryable refusal waits for."""
    asked: dict[ChatId, Place] = field(default_factory=dict)
    """The newest subscription of each chat that is not silent."""
    rest_id: str | None = None
    bad_at: list[float] = field(default_factory=list)
    ended: bool = False


class DialogMachine(RuleBasedStateMachine):
    """One connection at the door of all chats."""

    in_flight = Bundle("in_flight")
    """Messages that the outside has to settle: chat and key."""
    places = Bundle("places")

    def __init__(self) -> None:
        super().__init__()
        self.dialog = Dialog(DialogRules(TEXT_CHARS_MAX))
        self.model = Model()
        self.now_s = 0.0
        self.subscribes = 0

    def _say(self, **frame: Any) -> Effect:
        return self.dialog.received(json.dumps(frame).encode(), self.now_s)

    @property
    def _is_open(self) -> bool:
        return self.dialog.phase is Phase.OPEN

    @initialize(early=st.lists(st.sampled_from(['{"type":"ping"}', '{"type":"subscribe","id":"s"}', "nonsense", '{"type":"authenticate"}']), max_size=2))
    def is_admitted(self, early: list[str]) -> None:
        for text in early:
            effect = self.dialog.received(text.encode(), self.now_s)
            assert isinstance(effect, Reply)
            assert effect.end is ErrorCode.TOKEN_MISSING
        assert self._say(type="authenticate", token="t") == Authenticate("t")
        self.dialog.admitted(ANN)

    @rule(seconds=st.sampled_from([0.1, BAD_FRAMES_WINDOW_S / BAD_FRAMES_MAX, BAD_FRAMES_WINDOW_S]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    # Messages (G9)

    @precondition(lambda self: self._is_open)
    @rule(target=in_flight, chat=chats, key=keys, text=st.sampled_from(["hi", "", "toolong"]))
    def sends(self, chat: ChatId, key: str, text: str) -> Any:
        effect = self._say(type="send", chat=chat, key=key, text=text)

        if self.model.waits_for.get(chat, (0, key))[1] != key:
            assert isinstance(effect, Reply)
            assert isinstance(effect.frame, frames.Error)
            assert (effect.frame.chat, effect.frame.key, effect.end) == (chat, key, None)
            assert FAILURES[ErrorCode(effect.frame.code)].retry is not Retry.NEVER
            return multiple()
        self.model.waits_for.pop(chat, None)
        assert isinstance(effect, Deliver if text == "hi" else RefuseSend)
        assert (effect.draft.chat, effect.draft.key, effect.draft.sender) == (chat, key, ANN)
        return chat, key, effect.number

    @rule(message=consumes(in_flight), code=codes)
    def is_refused(self, message: tuple[ChatId, str, int], code: ErrorCode) -> None:
        chat, key, number = message
        self.dialog.refused_send(chat, key, number, code, 100)
        if FAILURES[code].retry is not Retry.NEVER:
            self.model.waits_for[chat] = min(self.model.waits_for.get(chat, (number, key)), (number, key))

    @rule(message=consumes(in_flight))
    def is_acked(self, message: tuple[ChatId, str, int]) -> None:
        """An ack is nothing that the dialog has to know."""

    # Following

    @precondition(lambda self: self._is_open)
    @rule(target=places, wanted=st.dictionaries(chats, st.none() | st.integers(0, 99), max_size=2), rest=st.booleans())
    def subscribes_to(self, wanted: dict[ChatId, int | None], rest: bool) -> Any:  # noqa: FBT001 - drawn by name
        self.subscribes += 1
        subscribe_id = f"s{self.subscribes}"

        effect = self._say(type="subscribe", id=subscribe_id, epoch="e", chats=wanted, rest=rest)

        assert effect == Replay(subscribe_id, wanted, rest, "e")
        self.model.rest_id = subscribe_id if rest else self.model.rest_id
        begun = [(chat, self.dialog.replaying(chat, subscribe_id, after)) for chat, after in wanted.items()]
        self.model.asked |= dict(begun)
        return multiple(*begun)

    @rule(begun=places)
    def replay_arrives(self, begun: tuple[ChatId, Place]) -> None:
        chat, place = begun
        is_current = self.dialog.is_current(chat, place)
        assert is_current == (self._is_open and self.model.asked.get(chat) is place)
        if is_current:
            self.dialog.went_live(place)
            assert self.dialog.places[chat].is_live

    @precondition(lambda self: self._is_open)
    @rule(some=st.lists(chats, max_size=3))
    def unsubscribes_from(self, some: list[ChatId]) -> None:
        effect = self._say(type="unsubscribe", chats=some)

        assert effect == Silence(some)
        for chat in some:
            self._silence(chat)

    @rule(chat=chats)
    def is_removed_from(self, chat: ChatId) -> None:
        self._silence(chat)

    def _silence(self, chat: ChatId) -> None:
        self.dialog.silence(chat)
        self.model.asked.pop(chat, None)

    # Frames that nobody can read, and the end

    @precondition(lambda self: self._is_open)
    @rule(text=st.sampled_from(["nonsense", "[]", '{"type":"firework"}', '{"type":"subscribe"}', '{"type":"typing","active":1}']))
    def says_nonsense(self, text: str) -> None:
        effect = self.dialog.received(text.encode(), self.now_s)

        self.model.bad_at.append(self.now_s)
        recent = [at for at in self.model.bad_at if self.now_s - at < BAD_FRAMES_WINDOW_S]
        assert isinstance(effect, Reply)
        assert effect.end is (ErrorCode.TOO_MANY_BAD_FRAMES if len(recent) >= BAD_FRAMES_MAX else None)
        if effect.end is not None:
            self.ends()

    @precondition(lambda self: self._is_open)
    @rule(chat=chats, frame=st.sampled_from([{"type": "ping", "id": "p"}, {"type": "pong"}, {"type": "typing", "active": True}, {"type": "receipt", "read": 1}, {"type": "edit"}]))
    def says_something_else(self, chat: ChatId, frame: dict[str, Any]) -> None:
        effect = self._say(chat=chat, **frame)

        assert not isinstance(effect, Deliver | RefuseSend | Replay | Silence | Authenticate)
        assert getattr(effect, "end", None) is None

    @precondition(lambda self: self.subscribes >= 3)  # else most conversations would be over before they began
    @rule()
    def ends(self) -> None:
        self.dialog.ended()
        self.model.ended = True

    # What always holds

    @invariant()
    def only_what_was_asked_for_is_followed(self) -> None:
        assert {chat: id(place) for chat, place in self.dialog.places.items()} == {chat: id(place) for chat, place in self.model.asked.items()}
        assert self.dialog.rest_id == self.model.rest_id

    @invariant()
    def an_ended_connection_stays_silent(self) -> None:
        if self.model.ended:
            assert self.dialog.phase is Phase.OVER
            assert self._say(type="send", chat=CHATS[0], key="late", text="hi") is None
            assert self.dialog.received(b"nonsense", self.now_s) is None


DialogMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
test_a_dialog_keeps_its_promises_whatever_happens = DialogMachine.TestCase
