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

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenfour.client.backoff import delay_s
from tenfour.client.cuts import Cut, TimeLimit, time_limit
from tenfour.errors import FAILURES, ErrorCode, Retry
from tenfour.ids import ChatId, Seq
from tenfour.wire import frames

CONNECT_TIMEOUT_S = 15.0
SILENCE_GRACE_S = 10.0
ABNORMAL = 1006
SLOW_TWICE_S = 60.0
SLOW_EXTRA_S = 10.0
STABLE_S = 10.0
CUTS_KEPT = 5
CHATS_PER_SUBSCRIBE = 1_000
GAPS_MAX = 3
RESUBSCRIBE_AFTER_S = 1.0
ANSWER_S = 60.0
"""How long a replay may stand still before the chat is asked for again."""


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
    """``why`` is a code of the catalogue, ``closed_CODE``, ``connect_timeout``, or why no socket opened (``unreachable`` …)."""

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

    frame: frames.AnyEvent


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
class Unfollowed:
    """Nothing more comes of this chat: the user is no member, or the server refuses to show it."""

    chat: ChatId
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Told:
    """Any other frame: ack, error, typing, receipt, presence, synced …"""

    frame: frames.ServerFrame


Effect = Open | Transmit | Shut | RenewToken | Changed | Happened | Lost | Unfollowed | Told


@dataclass(slots=True)
class Place:
    """Where one followed chat stands."""

    seq: Seq | None = None
    """The last event that the application has, whatever connection it came by; None: not known yet."""
    epoch: str | None = None
    """The history that ``seq`` counts in."""
    subscribe_id: str = ""
    """The newest subscribe; what carries an older id is dropped."""
    live: bool = False
    from_head: bool = True
    """Whether the next subscribe leaves the start to the server: the head of ``welcome``."""
    gaps: int = 0
    """How often in a row a replay has left out an event."""
    moved_at: float = 0.0
    """When the replay last went on."""


@dataclass(slots=True)
class Connection:
    """The state of one multiplexed connection and of every chat's position on it."""

    random: Callable[[], float]
    status: Status = field(default_factory=Idle)
    user: str | None = None
    epoch: str | None = None
    """The history that the server had at the last ``welcome``, ``synced`` or ``reset``."""
    places: dict[ChatId, Place] = field(default_factory=dict)
    wants_rest: bool = False
    cuts: list[Cut] = field(default_factory=list)
    """The last connections that were cut without a word."""
    _heads: dict[ChatId, Seq] = field(default_factory=dict)
    _attempt: int = 0
    _barren: bool = False
    """Whether the last connection was gone before anything came of it."""
    _heard_at: float = 0.0
    _goodbye: frames.Goodbye | None = None
    _asked_new_token: bool = False
    _subscribe_count: int = 0
    _rest_id: str | None = None
    _resubscribe_at: float | None = None
    _resubscribe_rest: bool = False
    _answer_by: float | None = None
    """When to look for replays that stand still."""
    _slow_at: float | None = None

    @property
    def time_limit(self) -> TimeLimit | None:
        """The limit of a proxy on the way, where the last cuts show one."""
        return time_limit(self.cuts)

    def may_send(self, chat: ChatId) -> bool:
        """Whether messages may go out: a followed chat is brought up to date first."""
        place = self.places.get(chat)
        return isinstance(self.status, Connected) and (place is None or place.live)

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
        self._forget_socket()
        return [*self._become(Idle()), Shut(1000)]

    def online(self, now: float) -> list[Effect]:
        """The network is back: no more waiting."""
        return self._open(now, new_token=False) if isinstance(self.status, Waiting) else []

    def follow(self, chats: Mapping[ChatId, Seq | None], *, rest: bool = False, epoch: str | None = None) -> list[Effect]:
        """Wants the chats' events after the given positions of an epoch; None: from the head of ``welcome``."""
        for chat, after in chats.items():
            place = self.places.setdefault(chat, Place())
            if after is not None:
                place.seq, place.epoch, place.from_head = after, epoch, False
        self.wants_rest = self.wants_rest or rest
        return self._subscribe(list(chats), rest=rest) if isinstance(self.status, Connected) else []

    def unfollow(self, chat: ChatId) -> list[Effect]:
        """Wants no more of a chat, unless all are followed."""
        if self.wants_rest or self.places.pop(chat, None) is None:
            return []
        return [Transmit(frames.Unsubscribe([chat]))] if isinstance(self.status, Connected) else []

    # What the socket does

    def heard(self, frame: frames.ServerFrame | frames.OtherEvent, now: float) -> list[Effect]:
        """A frame came."""
        self._heard_at = now
        match self.status:
            case Connected():
                return self._heard_open(frame, now)
            case Connecting():
                return self._heard_early(frame, now)
        return []

    def _heard_early(self, frame: frames.ServerFrame | frames.OtherEvent, now: float) -> list[Effect]:
        match frame:
            case frames.Welcome():
                return self._welcomed(frame, now)
            case frames.Goodbye():
                self._goodbye = frame
                return [Told(frame)]
        return []

    def _heard_open(self, frame: frames.ServerFrame | frames.OtherEvent, now: float) -> list[Effect]:  # noqa: PLR0911 - one case a frame
        if isinstance(frame, frames.AnyEvent):
            return self._event(frame, now)
        match frame:
            case frames.Ping():
                return [Transmit(frames.Pong(frame.id))]
            case frames.Synced():
                return self._synced(frame, now)
            case frames.Reset():
                return self._reset(frame)
            case frames.Goodbye():
                self._goodbye = frame
            case frames.TokenExpiring():
                return [RenewToken(), Told(frame)]
            case frames.Error() if frame.id is not None and frame.key is None:
                return [*self._not_subscribed(frame, frame.id, now), Told(frame)]
            case frames.Ack():
                self._barren = False
            case frames.Welcome():
                return []
        return [Told(frame)]

    def touched(self, now: float) -> None:
        """A control frame came: the line is alive."""
        self._heard_at = now

    def closed(self, code: int, reason: str, now: float) -> list[Effect]:
        """The socket is gone. Codes that say no for good end it; all others come back."""
        if not isinstance(self.status, Connecting | Connected):
            return []
        name, detail = _named(reason)
        if name is None and self._goodbye is not None:
            name = self._goodbye.reason
        if isinstance(self.status, Connected):
            if name is None:
                self.cuts = [*self.cuts, Cut(code, now - self.status.since, now - self._heard_at)][-CUTS_KEPT:]
            self._barren = self._barren and now - self.status.since < STABLE_S
        return self._ended(name or f"closed_{code}", code, detail, now)

    def unreachable(self, why: str, now: float, *, detail: str = "", retry_after_s: float | None = None) -> list[Effect]:
        """The socket could not be opened: ``why`` is the problem's code where the server answered with one."""
        if not isinstance(self.status, Connecting):
            return []
        if retry_after_s is not None:
            self._goodbye = frames.Goodbye(ABNORMAL, why, reconnect=True, after_ms=round(retry_after_s * 1000))
        return self._ended(why, 0, detail, now)

    def ticked(self, now: float) -> list[Effect]:
        """Time has passed: whatever was due by now happens."""
        match self.status:
            case Connecting(since) if now - since >= CONNECT_TIMEOUT_S:
                self._forget_socket()
                return [Shut(ABNORMAL), *self._wait(now, "connect_timeout")]
            case Connected(_, _, heartbeat_s) if now - self._heard_at >= heartbeat_s + SILENCE_GRACE_S:
                return [Shut(ABNORMAL), *self.closed(ABNORMAL, "", now)]
            case Connected() if self._resubscribe_at is not None and now >= self._resubscribe_at:
                return self._resubscribe()
            case Connected() if self._answer_by is not None and now >= self._answer_by:
                return self._ask_again(now)
            case Waiting(retry_at) if now >= retry_at:
                return self._open(now, new_token=False)
        return []

    def next_tick_at(self) -> float | None:
        """When ``ticked`` is due next."""
        match self.status:
            case Connecting(since):
                return since + CONNECT_TIMEOUT_S
            case Connected(_, _, heartbeat_s):
                due = (self._heard_at + heartbeat_s + SILENCE_GRACE_S, self._resubscribe_at, self._answer_by)
                return min(at for at in due if at is not None)
            case Waiting(retry_at):
                return retry_at
        return None

    # Coming and going

    def _become(self, status: Status) -> list[Effect]:
        self.status = status
        return [Changed(status)]

    def _open(self, now: float, *, new_token: bool) -> list[Effect]:
        self._goodbye = None
        return [*self._become(Connecting(now)), Open(new_token)]

    def _ended(self, name: str, code: int, detail: str, now: float) -> list[Effect]:
        """What the end of a socket means: come back, come back with another token, or stay away."""
        self._forget_socket()
        match _retry(name, code, self._goodbye):
            case Retry.NEVER:
                return self._become(Refused(name, detail or _title(name)))
            case Retry.WITH_NEW_TOKEN if self._asked_new_token:
                return self._become(Refused(name, detail or _title(name)))
            case Retry.WITH_NEW_TOKEN:
                self._asked_new_token = True
                return self._open(now, new_token=True)
        return self._wait(now, name, slow=code == FAILURES[ErrorCode.SLOW_READER].close)

    def _wait(self, now: float, why: str, *, slow: bool = False) -> list[Effect]:
        delay = delay_s(self._attempt, self.random())
        self._attempt += 1
        if self._goodbye is not None and self._goodbye.after_ms is not None:
            delay = max(delay, self._goodbye.after_ms / 1000)
        if slow:
            if self._slow_at is not None and now - self._slow_at < SLOW_TWICE_S:
                delay += SLOW_EXTRA_S
            self._slow_at = now
        return self._become(Waiting(now + delay, why))

    def _forget_socket(self) -> None:
        self._resubscribe_at = None
        self._resubscribe_rest = False
        self._answer_by = None
        for place in self.places.values():
            place.live = False

    def _welcomed(self, frame: frames.Welcome, now: float) -> list[Effect]:
        # A server that welcomes and hangs up at once, again and again, must not be asked in a tight loop.
        if not self._barren:
            self._attempt = 0
        self._barren = True
        self._asked_new_token = False
        self.user = frame.user.id
        self.epoch = frame.epoch
        self._heads = {ChatId(each.chat): each.head for each in frame.chats}
        return [*self._become(Connected(now, frame.connection, frame.heartbeat_s)), Told(frame), *self._subscribe(list(self.places), rest=self.wants_rest)]

    # Following

    def _subscribe(self, chats: list[ChatId], *, rest: bool) -> list[Effect]:
        """Asks for chats from their positions, by epoch and in portions that a server takes."""
        by_epoch: dict[str | None, list[ChatId]] = {}
        for chat in chats:
            place = self.places[chat]
            if place.seq is None:
                place.seq = self._heads.get(chat)
            place.epoch = place.epoch or self.epoch
            by_epoch.setdefault(place.epoch, []).append(chat)
        portions = [(epoch, some[at : at + CHATS_PER_SUBSCRIBE]) for epoch, some in by_epoch.items() for at in range(0, len(some), CHATS_PER_SUBSCRIBE)]
        if rest and not portions:
            portions = [(self.epoch, [])]
        return [self._ask(some, epoch, rest=rest and number == len(portions)) for number, (epoch, some) in enumerate(portions, start=1)]

    def _ask(self, chats: list[ChatId], epoch: str | None, *, rest: bool) -> Effect:
        self._subscribe_count += 1
        subscribe_id = f"s{self._subscribe_count}"
        positions: dict[str, Seq | None] = {}
        for chat in chats:
            place = self.places[chat]
            positions[chat] = None if place.from_head else place.seq
            place.subscribe_id, place.live, place.from_head = subscribe_id, False, place.seq is None
            place.moved_at = self._heard_at
        if rest:
            self._rest_id = subscribe_id
            for chat, head in self._heads.items():
                self.places.setdefault(chat, Place(head, self.epoch, subscribe_id, from_head=False, moved_at=self._heard_at))
        if self._answer_by is None:
            self._answer_by = self._heard_at + ANSWER_S
        return Transmit(frames.Subscribe(subscribe_id, positions, epoch, rest))

    def _resubscribe(self) -> list[Effect]:
        self._resubscribe_at = None
        rest, self._resubscribe_rest = self._resubscribe_rest, False
        return self._subscribe([chat for chat, place in self.places.items() if not place.live and place.subscribe_id == ""], rest=rest)

    def _ask_again(self, now: float) -> list[Effect]:
        """Asks again for the chats whose replay stands still: an answer was lost."""
        replaying = [chat for chat, place in self.places.items() if not place.live and place.subscribe_id != ""]
        still = [chat for chat in replaying if now - self.places[chat].moved_at >= ANSWER_S]
        self._answer_by = now + ANSWER_S if replaying else None
        return self._subscribe(still, rest=False)

    def _not_subscribed(self, frame: frames.Error, subscribe_id: str, now: float) -> list[Effect]:
        """A subscribe was refused: asked for again later, or its chats are given up."""
        meant = [chat for chat, place in self.places.items() if place.subscribe_id == subscribe_id and not place.live and frame.chat in (None, chat)]
        if frame.code not in FAILURES or FAILURES[ErrorCode(frame.code)].retry is Retry.NEVER:
            for chat in meant:
                del self.places[chat]
            return [Unfollowed(chat, frame.code, frame.detail) for chat in meant]
        for chat in meant:
            self.places[chat].subscribe_id = ""
        self._resubscribe_rest = self._resubscribe_rest or (frame.chat is None and subscribe_id == self._rest_id)
        if meant or self._resubscribe_rest:
            self._resubscribe_at = now + (RESUBSCRIBE_AFTER_S if frame.retry_after_ms is None else frame.retry_after_ms / 1000)
        return []

    def _place_of(self, chat: ChatId, subscribe_id: str | None) -> Place | None:
        """The chat's place, if the frame belongs to its newest subscribe; one that came with the rest is new."""
        place = self.places.get(chat)
        if place is None and self.wants_rest and subscribe_id == self._rest_id:
            place = self.places[chat] = Place(None, self.epoch, subscribe_id or "")
        return place if place is not None and place.subscribe_id == subscribe_id else None

    def _synced(self, frame: frames.Synced, now: float) -> list[Effect]:
        chat = ChatId(frame.chat)
        place = self._place_of(chat, frame.id)
        if place is None:
            return []
        if place.seq is not None and frame.seq > place.seq:
            return self._gap(chat, place, now)
        if place.seq is None:
            place.seq = frame.seq
        self._went_live(place, frame.epoch)
        return [Told(frame)]

    def _reset(self, frame: frames.Reset) -> list[Effect]:
        """The chat is live after ``head``; what lies between is history to be read."""
        chat = ChatId(frame.chat)
        place = self._place_of(chat, frame.id)
        if place is None:
            return []
        position = frame.head if place.seq is None else place.seq
        new_history = frame.epoch != place.epoch or position > frame.head
        place.seq = frame.head
        self._went_live(place, frame.epoch)
        return [Lost(chat, 0 if new_history else position, frame.head, new_history), Told(frame)]

    def _went_live(self, place: Place, epoch: str) -> None:
        place.epoch = self.epoch = epoch
        place.live, place.from_head, place.gaps = True, False, 0
        self._barren = False

    def _event(self, frame: frames.AnyEvent, now: float) -> list[Effect]:
        """The next one is passed on, an old one dropped; a gap makes the chat be asked for again."""
        chat = ChatId(frame.chat)
        place = self.places.get(chat)
        if place is None:
            if not self.wants_rest:
                return []  # it was on its way when the chat was unsubscribed
            place = self.places[chat] = Place(None, self.epoch, self._rest_id or "")
        if place.seq is not None and frame.seq <= place.seq:
            return []
        if place.seq is not None and frame.seq != place.seq + 1 and not self._is_own(frame, frames.MemberJoined):
            return self._gap(chat, place, now) if place.live else []
        place.seq, place.from_head, place.gaps, place.moved_at = frame.seq, False, 0, now
        self._barren = False
        if self._is_own(frame, frames.MemberLeft):
            del self.places[chat]
            self._heads.pop(chat, None)
            return [Happened(frame), Unfollowed(chat, ErrorCode.REMOVED_FROM_CHAT, FAILURES[ErrorCode.REMOVED_FROM_CHAT].title)]
        return [Happened(frame)]

    def _is_own(self, frame: frames.AnyEvent, kind: type[frames.MemberJoined | frames.MemberLeft]) -> bool:
        """Whether it is the user who came or went: only a joining may leave out what was before it."""
        return isinstance(frame, kind) and frame.user == self.user

    def _gap(self, chat: ChatId, place: Place, now: float) -> list[Effect]:
        place.gaps += 1
        if place.gaps < GAPS_MAX:
            return self._subscribe([chat], rest=False)
        place.gaps = 0
        return [Shut(ABNORMAL), *self.closed(ABNORMAL, "", now)]


def _named(reason: str) -> tuple[str | None, str]:
    """Code and sentence of a close reason, ``code: sentence``; no code where it is none of the catalogue."""
    name, _, detail = reason.partition(": ")
    return (name, detail) if name in FAILURES else (None, "")


def _title(name: str) -> str:
    return FAILURES[ErrorCode(name)].title if name in FAILURES else name


def _retry(name: str, code: int, goodbye: frames.Goodbye | None) -> Retry:
    """What the catalogue says; for a name that it does not have the goodbye, and without one the close code."""
    if name in FAILURES:
        return FAILURES[ErrorCode(name)].retry
    if goodbye is not None:
        return Retry.AFTER_DELAY if goodbye.reconnect else Retry.NEVER
    return RETRY_BY_CLOSE_CODE.get(code, Retry.AFTER_DELAY)


def _commonest_retry(code: int) -> Retry:
    rows = [failure.retry for failure in FAILURES.values() if failure.close == code]
    return Retry.WITH_NEW_TOKEN if Retry.WITH_NEW_TOKEN in rows else max(rows, key=rows.count)


RETRY_BY_CLOSE_CODE = {code: _commonest_retry(code) for code in {failure.close for failure in FAILURES.values()} if code >= 4000}  # noqa: PLR2004 - the private range of RFC 6455
"""For a close frame whose reason was lost on the way. Codes below 4000 may be a proxy's own: those come back."""
