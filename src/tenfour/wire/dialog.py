"""The state of one connection: what a frame means here and now.

``Dialog.received`` is a pure step: a frame goes in, one effect comes out, and ``gateway/connection`` carries
it out. What the outside reports back (``admitted``, ``live``, ``refused_send`` …) are steps too.

| phase      | frames that are understood                      |
|------------|-------------------------------------------------|
| waiting    | ``authenticate``; anything else ends it (4401)  |
| open       | all                                             |
| over       | none: what still arrives is dropped             |

A chat is *silent* (no place), *replaying* or *live* on the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from tenfour.domain.message import Draft, check_key, check_text
from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId, MessageId, Seq, UserId, parse_uuid
from tenfour.wire import codec, frames
from tenfour.wire.codec import Unreadable, error_frame

BAD_FRAMES_MAX = 10
BAD_FRAMES_WINDOW_S = 60.0
CHATS_PER_FRAME_MAX = 1_000
SUBSCRIBE_ID_CHARS_MAX = 64


class Phase(Enum):
    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"


class Mode(Enum):
    REPLAYING = "replaying"
    LIVE = "live"


@dataclass(slots=True)
class Place:
    """Where one chat stands on this connection."""

    mode: Mode
    subscribe_id: str | None
    cursor: Seq | None
    """The last seq written while replaying; None: not known yet, the head."""

    @property
    def is_live(self) -> bool:
        return self.mode is Mode.LIVE


# Effects


class Reply(Struct, frozen=True, gc=False):
    """A frame for this client alone; with ``end`` the connection closes after it."""

    frame: frames.Frame
    end: ErrorCode | None = None


class Deliver(Struct, frozen=True, gc=False):
    """A readable message that wants to be decided and stored; ``number`` counts them in the order in which they were sent."""

    draft: Draft
    number: int


@dataclass(frozen=True, slots=True)
class RefuseSend:
    """A message that is refused for good, unless its key is known already: then its ack is the answer."""

    draft: Draft
    code: ErrorCode
    number: int


@dataclass(frozen=True, slots=True)
class Replay:
    """Chats to bring up to date and then to follow; None as position is the head of ``welcome``."""

    id: str | None
    positions: Mapping[ChatId, Seq | None]
    rest: bool
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Silence:
    chats: Sequence[ChatId]


@dataclass(frozen=True, slots=True)
class ShowTyping:
    chat: ChatId
    active: bool


class NoteReceipt(Struct, frozen=True, gc=False):
    chat: ChatId
    delivered: Seq
    read: Seq


@dataclass(frozen=True, slots=True)
class Authenticate:
    """A token to check: the first one while waiting, a renewal later."""

    token: str


Effect = Reply | Deliver | RefuseSend | Replay | Silence | ShowTyping | NoteReceipt | Authenticate | None


@dataclass(frozen=True, slots=True)
class DialogRules:
    text_chars_max: int = 16_000


@dataclass(frozen=True, slots=True)
class _Blocked:
    """The send that got a retryable refusal: what comes after it in its chat waits for it (G9)."""

    number: int
    key: str
    code: ErrorCode
    retry_after_ms: int | None


@dataclass(slots=True)
class Dialog:
    """One connection's state; ``chat`` is set at a chat's own door."""

    rules: DialogRules
    chat: ChatId | None = None
    phase: Phase = Phase.WAITING
    user: UserId | None = None
    places: dict[ChatId, Place] = field(default_factory=dict)
    rest_id: str | None = None
    """The id of the subscribe that asked for the rest of the chats; what is joined later comes under it."""
    _sends: int = 0
    _blocked: dict[ChatId, _Blocked] | None = None
    _bad_frames: list[float] | None = None

    # What the client sends

    def received(self, payload: bytes, now_s: float) -> Effect:
        """The one effect of a text frame."""
        frame = codec.decode(payload)
        if self.phase is not Phase.OPEN:
            return self._received_early(frame)
        if type(frame) is frames.Send:
            return self._send(frame)
        if isinstance(frame, Unreadable):
            return self._unreadable(frame, now_s)
        return self._other(frame)

    def _received_early(self, frame: frames.ClientFrame | Unreadable) -> Effect:
        if self.phase is Phase.OVER:
            return None
        if isinstance(frame, frames.Authenticate):
            return Authenticate(frame.token)
        return Reply(error_frame(ErrorCode.TOKEN_MISSING, "The first frame has to be authenticate."), end=ErrorCode.TOKEN_MISSING)

    def _unreadable(self, frame: Unreadable, now_s: float) -> Effect:
        recent = [at for at in self._bad_frames or () if now_s - at < BAD_FRAMES_WINDOW_S]
        recent.append(now_s)
        self._bad_frames = recent
        end = ErrorCode.TOO_MANY_BAD_FRAMES if len(recent) >= BAD_FRAMES_MAX else None
        return Reply(error_frame(frame.code, frame.detail, id=frame.id, chat=frame.chat, key=frame.key), end)

    def _send(self, frame: frames.Send) -> Effect:
        chat = self._chat_of(frame.chat)
        if isinstance(chat, ErrorCode):
            return Reply(error_frame(chat, chat=frame.chat, key=frame.key))
        if frame.key is None or (key_fault := check_key(frame.key)) is not None:
            code = ErrorCode.KEY_MISSING if frame.key is None else key_fault
            return Reply(error_frame(code or ErrorCode.KEY_MISSING, chat=chat, key=frame.key))
        if frame.text is None:
            return Reply(error_frame(ErrorCode.FIELD_MISSING, "The field text is missing.", chat=chat, key=frame.key))
        if self._blocked is not None and (refusal := self._still_blocked(chat, frame.key)) is not None:
            return refusal
        assert self.user is not None, "an open dialog has a user"
        draft = Draft(chat, self.user, frame.key, frame.text, MessageId(frame.reply_to) if frame.reply_to else None)
        text_fault = check_text(frame.text, self.rules.text_chars_max)
        self._sends += 1
        return Deliver(draft, self._sends) if text_fault is None else RefuseSend(draft, text_fault, self._sends)

    def _still_blocked(self, chat: ChatId, key: str) -> Effect:
        blocked = (self._blocked or {}).get(chat)
        if blocked is None:
            return None
        if key != blocked.key:
            detail = "An earlier message of this connection to this chat was refused; send that one first."
            return Reply(error_frame(blocked.code, detail, chat=chat, key=key, retry_after_ms=blocked.retry_after_ms))
        del (self._blocked or {})[chat]
        return None

    def _other(self, frame: frames.ClientFrame) -> Effect:  # noqa: PLR0911 - one case a frame
        match frame:
            case frames.Ping():
                return Reply(frames.Pong(frame.id))
            case frames.Pong():
                return None
            case frames.Typing():
                return self._in_chat(frame.chat, lambda chat: ShowTyping(chat, frame.active))
            case frames.Receipt():
                return self._in_chat(frame.chat, lambda chat: _receipt(chat, frame))
            case frames.Subscribe():
                return self._subscribe(frame)
            case frames.Unsubscribe():
                return self._unsubscribe(frame)
            case frames.Authenticate():
                return Authenticate(frame.token)
            case _:
                return Reply(error_frame(ErrorCode.NOT_SUPPORTED, id=getattr(frame, "id", None), chat=getattr(frame, "chat", None)))

    def _in_chat(self, text: str | None, make: Callable[[ChatId], Effect]) -> Effect:
        chat = self._chat_of(text)
        return Reply(error_frame(chat, chat=text)) if isinstance(chat, ErrorCode) else make(chat)

    def _subscribe(self, frame: frames.Subscribe) -> Effect:
        if len(frame.id) > SUBSCRIBE_ID_CHARS_MAX:
            return Reply(error_frame(ErrorCode.FIELD_INVALID, f"A subscribe id has at most {SUBSCRIBE_ID_CHARS_MAX} characters."))
        if len(frame.chats) > CHATS_PER_FRAME_MAX:
            return Reply(error_frame(ErrorCode.TOO_MANY_SUBSCRIPTIONS, id=frame.id))
        if self.chat is not None and frame.rest:
            return Reply(error_frame(ErrorCode.FIELD_INVALID, "rest is for /api/v1/ws; this door has one chat.", id=frame.id))
        positions: dict[ChatId, Seq | None] = {}
        for text, after in frame.chats.items():
            chat = self._chat_of(text)
            if isinstance(chat, ErrorCode):
                return Reply(error_frame(chat, id=frame.id, chat=text))
            if after is not None and after < 0:
                return Reply(error_frame(ErrorCode.FIELD_INVALID, "A position is 0 or more.", id=frame.id, chat=chat))
            positions[chat] = after
        if frame.rest:
            self.rest_id = frame.id
        return Replay(frame.id, positions, frame.rest, frame.epoch)

    def _unsubscribe(self, frame: frames.Unsubscribe) -> Effect:
        if len(frame.chats) > CHATS_PER_FRAME_MAX:
            return Reply(error_frame(ErrorCode.TOO_MANY_SUBSCRIPTIONS))
        chats: list[ChatId] = []
        for text in frame.chats:
            chat = self._chat_of(text)
            if isinstance(chat, ErrorCode):
                return Reply(error_frame(chat, chat=text))
            chats.append(chat)
        return Silence(chats)

    def _chat_of(self, text: str | None) -> ChatId | ErrorCode:
        """The chat that a frame is about, or what is wrong with how it names it."""
        if text is None:
            return self.chat or ErrorCode.CHAT_MISSING
        if text in self.places:
            return ChatId(text)
        try:
            chat = ChatId(parse_uuid(text))
        except ValueError:
            return ErrorCode.CHAT_ID_INVALID
        return chat if self.chat is None or self.chat == chat else ErrorCode.NOT_SUBSCRIBED

    # What the outside reports

    def admitted(self, user: UserId) -> None:
        """The token and the membership were good: ``welcome`` goes out with this step."""
        self.user = user
        self.phase = Phase.OPEN

    def ended(self) -> None:
        self.phase = Phase.OVER

    def refused_send(self, chat: ChatId, key: str, number: int, code: ErrorCode, retry_after_ms: int | None) -> None:
        """A send got its refusal; if the client may send it again, later ones have to wait for it (G9).

        Refusals do not come in the order of sending: a queue refuses at once while an earlier message is being
        written. The earliest is the one that the client begins with.
        """
        if FAILURES[code].retry is Retry.NEVER:
            return
        if self._blocked is None:
            self._blocked = {}
        known = self._blocked.get(chat)
        if known is None or number < known.number:
            self._blocked[chat] = _Blocked(number, key, code, retry_after_ms)

    def replaying(self, chat: ChatId, subscribe_id: str | None, after: Seq | None) -> Place:
        place = Place(Mode.REPLAYING, subscribe_id, after)
        self.places[chat] = place
        return place

    def is_current(self, chat: ChatId, place: Place) -> bool:
        """Whether this replay is still the chat's newest: a second subscribe takes the first one's place."""
        return self.phase is Phase.OPEN and self.places.get(chat) is place

    def went_live(self, place: Place) -> None:
        place.mode = Mode.LIVE

    def silence(self, chat: ChatId) -> None:
        self.places.pop(chat, None)


def _receipt(chat: ChatId, frame: frames.Receipt) -> Effect:
    read = frame.read or 0
    delivered = max(frame.delivered or 0, read)
    if read < 0 or delivered <= 0:
        return Reply(error_frame(ErrorCode.FIELD_INVALID, "A receipt says read or delivered, 1 or more.", chat=chat))
    return NoteReceipt(chat, delivered, read)
