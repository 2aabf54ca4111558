"""The client's connection as a pure step: inputs and a time go in, effects come out.

| state         | means                                                              |
|---------------|--------------------------------------------------------------------|
| ``Idle``      | not started, or stopped                                            |
| ``Connecting``| a socket opens, or is open and ``welcome`` has not come            |
| ``Connected`` | ``welcome`` came                                                   |
| ``Waiting``   | cut off; comes back at a given time                                |
| ``Refused``   | the server said no for good: nothing happens until ``start``       |

One value, no pair of booleans that can disagree. What carries the effects out is ``client.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tenfour.client.backoff import delay_s
from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId, Seq
from tenfour.wire import frames

CONNECT_TIMEOUT_S = 15.0
SILENCE_GRACE_S = 10.0
ABNORMAL = 1006
SLOW_TWICE_S = 60.0
SLOW_EXTRA_S = 10.0
LIVES_KEPT = 5


@dataclass(frozen=True, slots=True)
class Idle:
    pass


@dataclass(frozen=True, slots=True)
class Connecting:
    since: float


@dataclass(frozen=True, slots=True)
class Connected:
    since: float
    connection: str
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """``why`` is the code of the ending, or ``connect_timeout`` or ``unreachable``."""

    retry_at: float
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    detail: str


Status = Idle | Connecting | Connected | Waiting | Refused


# Effects


@dataclass(frozen=True, slots=True)
class Open:
    """Ask for a token (a new one, where the last was refused) and open a socket with it."""

    new_token: bool


@dataclass(frozen=True, slots=True)
class Transmit:
    frame: frames.Frame


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the socket, with a code if the other side may still hear it."""

    code: int


@dataclass(frozen=True, slots=True)
class RenewToken:
    """Ask for a new token and send it in ``authenticate``."""


@dataclass(frozen=True, slots=True)
class Changed:
    status: Status


@dataclass(frozen=True, slots=True)
class Happened:
    """A durable event, next in its chat's order, each exactly once."""

    frame: frames.EventFrame


@dataclass(frozen=True, slots=True)
class Lost:
    """The position cannot be resumed: what is after ``after`` and up to ``head`` has to be read as history.

    With ``new_history`` the numbers before mean nothing any more.
    """

    chat: ChatId
    after: Seq
    head: Seq
    new_history: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Any other frame: ack, error, typing, receipt, presence, synced …"""

    frame: frames.ServerFrame


Effect = Open | Transmit | Shut | RenewToken | Changed | Happened | Lost | Told


@dataclass(slots=True)
class Connection:
    """The state of one multiplexed connection and of every chat's position on it."""

    random: Callable[[], float]
    status: Status = field(default_factory=Idle)
    epoch: str | None = None
    positions: dict[ChatId, Seq] = field(default_factory=dict)
    """The last event of each chat that the application has, whatever connection it came by."""
    subscribed: dict[ChatId, str] = field(default_factory=dict)
    """Chat → id of the newest subscribe; frames of older ones are dropped."""
    wants_rest: bool = False
    synced: set[ChatId] = field(default_factory=set)
    lives: list[float] = field(default_factory=list)
    """How long the last connections lived, in seconds: the same age again and again is a proxy's limit."""
    _attempt: int = 0
    _heard_at: float = 0.0
    _told_to_wait_s: float | None = None
    _asked_new_token: bool = False
    _subscribe_count: int = 0
    _slow_at: float | None = None

    # What the application does

    def start(self, now: float) -> list[Effect]:
        """Begins to connect, also after a refusal."""
        if isinstance(self.status, Connecting | Connected):
            return []
        self._attempt = 0
        self._asked_new_token = False
        return self._open(now, new_token=isinstance(self.status, Refused))

    def stop(self) -> list[Effect]:
        """Ends the connection and stays away."""
        self.synced.clear()
        return [*self._become(Idle()), Shut(1000)]

    def online(self, now: float) -> list[Effect]:
        """The network is back: no more waiting."""
        return self._open(now, new_token=False) if isinstance(self.status, Waiting) else []

    def follow(self, chats: dict[ChatId, Seq | None], *, rest: bool = False) -> list[Effect]:
        """Wants the chats' events after the given positions; None: from now on."""
        for chat, after in chats.items():
            if after is not None:
                self.positions[chat] = after
            self.subscribed.setdefault(chat, "")
        self.wants_rest = self.wants_rest or rest
        return self._subscribe(list(chats), rest=rest) if isinstance(self.status, Connected) else []

    # What the socket does

    def heard(self, frame: frames.ServerFrame, now: float) -> list[Effect]:  # noqa: PLR0911 - one case a frame
        """A frame came."""
        self._heard_at = now
        match frame:
            case frames.Welcome():
                return self._welcomed(frame, now)
            case frames.Ping():
                return [Transmit(frames.Pong(frame.id))]
            case frames.Synced():
                return self._synced(frame)
            case frames.Reset():
                return self._reset(frame)
            case frames.Goodbye():
                self._told_to_wait_s = None if frame.after_ms is None else frame.after_ms / 1000
                return [Told(frame)]
            case frames.TokenExpiring():
                return [RenewToken(), Told(frame)]
            case _ if hasattr(frame, "seq") and not isinstance(frame, frames.Ack):
                return self._event(frame)  # type: ignore[arg-type]
            case _:
                return [Told(frame)]

    def touched(self, now: float) -> None:
        """A control frame came: the line is alive."""
        self._heard_at = now

    def closed(self, code: int, reason: str, now: float) -> list[Effect]:
        """The socket is gone. Codes that say no for good end it; all others come back."""
        if isinstance(self.status, Idle | Waiting | Refused):
            return []
        if isinstance(self.status, Connected):
            self.lives = [*self.lives, now - self.status.since][-LIVES_KEPT:]
        self.synced.clear()
        name, _, detail = reason.partition(": ")
        failure = FAILURES[ErrorCode(name)] if name in set(ErrorCode) else None
        if failure is None or failure.retry in (Retry.AT_ONCE, Retry.AFTER_DELAY):
            return self._wait(now, name if failure is not None else f"closed_{code}", slow=code == FAILURES[ErrorCode.SLOW_READER].close)
        if failure.retry is Retry.WITH_NEW_TOKEN and not self._asked_new_token:
            self._asked_new_token = True
            return self._open(now, new_token=True)
        return self._become(Refused(name, detail or failure.title))

    def unreachable(self, why: str, now: float) -> list[Effect]:
        """The socket could not be opened."""
        return self._wait(now, why) if isinstance(self.status, Connecting) else []

    def ticked(self, now: float) -> list[Effect]:
        """Time has passed: whatever was due by now happens."""
        match self.status:
            case Connecting(since) if now - since >= CONNECT_TIMEOUT_S:
                return [Shut(ABNORMAL), *self._wait(now, "connect_timeout")]
            case Connected(_, _, heartbeat_s) if now - self._heard_at >= heartbeat_s + SILENCE_GRACE_S:
                return [Shut(ABNORMAL), *self.closed(ABNORMAL, "", now)]
            case Waiting(retry_at) if now >= retry_at:
                return self._open(now, new_token=False)
        return []

    def next_tick_at(self) -> float | None:
        """When ``ticked`` is due next."""
        match self.status:
            case Connecting(since):
                return since + CONNECT_TIMEOUT_S
            case Connected(_, _, heartbeat_s):
                return self._heard_at + heartbeat_s + SILENCE_GRACE_S
            case Waiting(retry_at):
                return retry_at
        return None

    # Steps

    def _become(self, status: Status) -> list[Effect]:
        self.status = status
        return [Changed(status)]

    def _open(self, now: float, *, new_token: bool) -> list[Effect]:
        self._told_to_wait_s = None
        return [*self._become(Connecting(now)), Open(new_token)]

    def _wait(self, now: float, why: str, *, slow: bool = False) -> list[Effect]:
        delay = delay_s(self._attempt, self.random())
        self._attempt += 1
        if self._told_to_wait_s is not None:
            delay = max(delay, self._told_to_wait_s)
        if slow:
            if self._slow_at is not None and now - self._slow_at < SLOW_TWICE_S:
                delay += SLOW_EXTRA_S
            self._slow_at = now
        return self._become(Waiting(now + delay, why))

    def _welcomed(self, frame: frames.Welcome, now: float) -> list[Effect]:
        self._attempt = 0
        self._asked_new_token = False
        effects = [*self._become(Connected(now, frame.connection, frame.heartbeat_s)), Told(frame)]
        if self.epoch is None:
            self.epoch = frame.epoch
        return effects + self._subscribe(list(self.subscribed), rest=self.wants_rest)

    def _subscribe(self, chats: list[ChatId], *, rest: bool) -> list[Effect]:
        if not chats and not rest:
            return []
        self._subscribe_count += 1
        subscribe_id = f"s{self._subscribe_count}"
        for chat in chats:
            self.subscribed[chat] = subscribe_id
            self.synced.discard(chat)
        return [Transmit(frames.Subscribe(subscribe_id, {chat: self.positions.get(chat) for chat in chats}, self.epoch, rest))]

    def _synced(self, frame: frames.Synced) -> list[Effect]:
        chat = ChatId(frame.chat)
        if self._is_stale(chat, frame.id):
            return []
        self.subscribed[chat] = frame.id or ""
        self.positions[chat] = frame.seq
        self.epoch = frame.epoch
        self.synced.add(chat)
        return [Told(frame)]

    def _reset(self, frame: frames.Reset) -> list[Effect]:
        """The chat is live after ``head``; what lies between is history to be read."""
        chat = ChatId(frame.chat)
        if self._is_stale(chat, frame.id):
            return []
        new_history = frame.epoch != self.epoch
        after = 0 if new_history else min(self.positions.get(chat, frame.head), frame.head)
        self.subscribed[chat] = frame.id or ""
        self.positions[chat] = frame.head
        self.epoch = frame.epoch
        self.synced.add(chat)
        return [Lost(chat, after, frame.head, new_history)]

    def _is_stale(self, chat: ChatId, subscribe_id: str | None) -> bool:
        newest = self.subscribed.get(chat)
        return newest not in (None, "", subscribe_id)

    def _event(self, frame: frames.EventFrame) -> list[Effect]:
        """The next one is passed on, an old one dropped; a gap makes the chat be asked for again."""
        chat = ChatId(frame.chat)
        position = self.positions.get(chat)
        if position is None or frame.seq == position + 1:
            self.positions[chat] = frame.seq
            return [Happened(frame)]
        if frame.seq <= position:
            return []
        if position == 0 or chat not in self.synced:  # the first event that a member who joined late may see
            self.positions[chat] = frame.seq
            return [Happened(frame)]
        return self._subscribe([chat], rest=False)
