"""One WebSocket connection: the edge that carries out what its dialog decides.

No task and no queue belongs to a connection: it reacts to frames, to commits and to the hub's ticker.
Short tasks run for what needs the store: admission, replay, and a chat whose rights are not known here.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tenfour.actions import messages
from tenfour.broker.broker import TypingNotice
from tenfour.causes import CAUSE_BY_CODE
from tenfour.domain.bucket import Bucket
from tenfour.domain.message import Accepted, Draft, Refused, decide
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError, close_reason
from tenfour.gateway.admission import Admission, Renewal, Request, admit, renew
from tenfour.gateway.replay import replay
from tenfour.ids import ChatId, ConnectionId, MessageId, Seq, SessionId, UserId, new_id
from tenfour.observe.endings import Ending
from tenfour.observe.live import CHATS_NAMED, LiveConnection
from tenfour.storage.reads import Membership
from tenfour.storage.store import Append, Appended, NotAppended
from tenfour.wire import codec, frames
from tenfour.wire.codec import error_frame
from tenfour.wire.dialog import (
    Authenticate,
    Deliver,
    Dialog,
    Effect,
    NoteReceipt,
    Phase,
    RefuseSend,
    Replay,
    Reply,
    ShowTyping,
    Silence,
)
from tenfour.wire.frames import Frame
from tenfour.wire.rfc6455 import ping_frame, text_frame
from tenfour.wire.times import rfc3339

if TYPE_CHECKING:
    from tenfour.gateway.hub import Hub
    from tenfour.gateway.protocol import Channel

HELD_FRAMES_MAX = 200
PING = text_frame(codec.encode(frames.Ping()))
EXPIRING_S_MAX = 60.0


class Connection:
    """A listener of ``gateway/protocol``; ``request`` is dropped once it was used."""

    __slots__ = (
        "__weakref__",
        "_bucket",
        "_channel",
        "_drained",
        "_held",
        "_last_in",
        "_last_out",
        "_pinged_at",
        "_request",
        "_round_trip_s",
        "_sends",
        "_timer",
        "_told_expiring",
        "address",
        "client",
        "dialog",
        "expires_ms",
        "heads",
        "heads_whole",
        "hub",
        "id",
        "issued_ms",
        "opened_at",
        "rests",
        "session",
        "unsubscribed",
        "user",
    )

    def __init__(self, hub: Hub, request: Request) -> None:
        now_s = hub.clock.monotonic()
        self.hub = hub
        self.id = ConnectionId(new_id(hub.clock.now_ms()))
        self.address = request.address
        self.client = request.client
        self.dialog = Dialog(hub.dialog_rules, request.chat)
        self.user = UserId("")
        self.session: SessionId | None = None
        self.expires_ms = 0
        self.issued_ms = 0
        self.opened_at = now_s
        self.heads: dict[ChatId, Seq] | None = None
        """Where ``rest`` begins: the heads that ``welcome`` named, and before the event by which a chat was joined since. None once it was used."""
        self.heads_whole = False
        """Whether ``welcome`` named all chats, or all were asked for: one that is not followed was joined since."""
        self.unsubscribed: set[ChatId] | None = None
        """Those that are not followed because the client does not want them."""
        self.rests = 0
        """How many subscribes are looking which chats the rest are: what is joined meanwhile is among them."""
        self._request: Request | None = request
        self._channel: Channel | None = None
        self._bucket = Bucket(hub.limits.frames_per_s, now_s)
        self._sends = Bucket(hub.limits.sends_per_s, now_s)
        self._last_in = now_s - random.random() * hub.limits.heartbeat_s  # noqa: S311 - jitter of the first ping
        self._last_out = now_s
        self._pinged_at = 0.0
        """When the ping went out that nothing has answered yet; 0.0 without one."""
        self._round_trip_s: float | None = None
        self._told_expiring = False
        self._held: deque[bytes] | None = None
        self._drained: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        hub.connections[self.id] = self

    # What the protocol tells

    def opened(self, channel: Channel) -> None:
        self._channel = channel
        request = self._request
        assert request is not None
        if request.refusal is not None:
            self.end(request.refusal.code, request.refusal.detail)
            return
        loop = asyncio.get_running_loop()
        if request.token is None and request.ticket is None:
            self._timer = loop.call_later(self.hub.limits.authenticate_s, self._unauthenticated)
            return
        self._start_admission(request)

    def text(self, payload: bytes) -> None:
        now_s = self.hub.clock.monotonic()
        self._last_in = now_s
        self._pinged_at = 0.0
        self.hub.counters.frames_in += 1
        wait_s = self._bucket.take(self.hub.limits.frames_per_s, now_s)
        if wait_s > 0.0:
            self.end(ErrorCode.RATE_LIMITED, f"More than {self.hub.limits.frames_per_s} frames a second", retry_after_ms=round(wait_s * 1000) + 1000)
        elif self._held is not None:
            self._hold(payload)
        else:
            self._carry_out(self.dialog.received(payload, now_s))

    def ping(self) -> None:
        self._control_frame()

    def pong(self, payload: bytes) -> None:
        if self._pinged_at:
            self._round_trip_s = self.hub.clock.monotonic() - self._pinged_at
        self._control_frame()

    def _control_frame(self) -> None:
        self._heard()
        if self._bucket.take(self.hub.limits.frames_per_s, self._last_in) > 0.0:
            self.end(ErrorCode.RATE_LIMITED, f"More than {self.hub.limits.frames_per_s} frames a second", retry_after_ms=1000)

    def writable(self) -> None:
        if self._drained is not None:
            self._drained.set()

    def overfull(self) -> None:
        self.hub.counters.slow_readers += 1
        after_ms = self.hub.slow_readers.cut_off(self.user, self.hub.clock.monotonic())
        self.end(ErrorCode.SLOW_READER, retry_after_ms=after_ms)

    def closed(self, code: int, reason: str, *, clean: bool) -> None:
        if self.dialog.phase is not Phase.OVER:
            self.hub.endings.note(self._ending(code, reason.partition(":")[0] or f"closed_{code}", reason))
        cause = CAUSE_BY_CODE.get(reason.partition(":")[0])
        facts = {"code": code, "reason": reason, "cause": cause.id if cause else None, "clean": clean, "after_s": round(self.hub.clock.monotonic() - self.opened_at, 1)}
        self.hub.log.info("WebSocket connection.closed", connection=self.id, user=self.user or None, chat=self.dialog.chat, **facts)
        self._cleanup()

    def binary(self, payload: bytes) -> None:
        raise AssertionError("a chat's door takes no binary frames")

    def violated(self, code: ErrorCode, detail: str) -> None:
        self.hub.counters.closed(code)
        self.hub.endings.note(self._ending(FAILURES[code].close, code.value, detail))
        self.dialog.ended()

    def failed(self, reference: str, cause: Exception) -> None:
        self.hub.log.error("Error connection.failed", connection=self.id, reference=reference, exc_info=cause)
        self.hub.counters.closed(ErrorCode.INTERNAL)
        self.hub.endings.note(self._ending(FAILURES[ErrorCode.INTERNAL].close, ErrorCode.INTERNAL.value, f"reference {reference}"))
        self.dialog.ended()

    def _heard(self) -> None:
        self._last_in = self.hub.clock.monotonic()
        self._pinged_at = 0.0

    # What goes out

    def write(self, data: bytes) -> None:
        """Writes frames that are encoded already."""
        if self._channel is not None:
            self._channel.write(data)

    def say(self, frame: Frame) -> None:
        """Writes one frame to this client."""
        if self._channel is not None:
            self._last_out = self.hub.clock.monotonic()
            self._channel.write(text_frame(codec.encode(frame)))

    def end(self, code: ErrorCode, detail: str | None = None, *, retry_after_ms: int | None = None) -> None:
        """Closes with a named code; the client learns whether to come back."""
        if self.dialog.phase is Phase.OVER:
            return
        failure = FAILURES[code]
        after_ms = retry_after_ms if retry_after_ms is not None else _come_back_ms(failure.retry)
        self.dialog.ended()
        self.hub.counters.closed(code)
        self.hub.endings.note(self._ending(failure.close, code.value, detail or failure.title))
        if self._channel is not None:
            self.say(frames.Goodbye(failure.close, code.value, failure.retry is not Retry.NEVER, after_ms))
            self._channel.close(failure.close, close_reason(code, detail))

    def crash(self, cause: Exception) -> None:
        """Ends this connection alone after a mistake of the server, with a reference that the log has."""
        reference = uuid4().hex[:12]
        self.failed(reference, cause)
        if self._channel is not None:
            self._channel.close(FAILURES[ErrorCode.INTERNAL].close, close_reason(ErrorCode.INTERNAL, f"The server made a mistake, reference {reference}"))

    async def drained(self) -> None:
        """Returns once three quarters of the send budget are free again (or the connection is over)."""
        while self._channel is not None:
            self._channel.flush()  # what was written in this step counts too
            if self.buffered <= self.hub.limits.send_budget_bytes // 4:
                return
            if self._drained is None or self._drained.is_set():
                self._drained = asyncio.Event()  # one for all replays of this connection
            await self._drained.wait()

    @property
    def open(self) -> bool:
        return self._channel is not None and self.dialog.phase is not Phase.OVER

    @property
    def admitted(self) -> bool:
        """Whether it was welcomed and is not at its end."""
        return self.dialog.phase is Phase.OPEN

    @property
    def buffered(self) -> int:
        return self._channel.buffered() if self._channel is not None else 0

    def follows(self, chat: ChatId) -> bool:
        """Whether it has had every event of the chat that this node passed on."""
        place = self.dialog.places.get(chat)
        return place is not None and place.is_live

    @property
    def round_trip_s(self) -> float | None:
        """Of the last heartbeat."""
        return self._round_trip_s

    def look(self) -> LiveConnection:
        """This connection as it is now, for somebody who asks."""
        now_s = self.hub.clock.monotonic()
        age_s = now_s - self.opened_at
        followed = [chat for chat, place in self.dialog.places.items() if place.is_live]
        return LiveConnection(
            self.id,
            self.user or None,
            self.dialog.phase.value,
            self.dialog.chat or "all",
            len(followed),
            followed[:CHATS_NAMED],
            self.address,
            self.client,
            age_s,
            min(age_s, now_s - self._last_in),
            min(age_s, now_s - self._last_written()),
            self.buffered,
            round(self._round_trip_s * 1000, 1) if self._round_trip_s is not None else None,
        )

    # Admission

    def _unauthenticated(self) -> None:
        self.end(ErrorCode.TOKEN_MISSING, f"No authenticate frame came within {self.hub.limits.authenticate_s:g} s")

    def _start_admission(self, request: Request) -> None:
        self._held = deque()
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(self.hub.limits.admission_s, self._admission_late)
        self._start(self._admit(request))

    def _admission_late(self) -> None:
        self.end(ErrorCode.STORE_DOWN, "The server could not look the token up in time")

    async def _admit(self, request: Request) -> None:
        """Token, user, membership: the way to ``welcome``."""
        try:
            admission = await admit(self.hub, request, self._identified)
        except TenfourError as refusal:
            self.end(refusal.code, refusal.detail, retry_after_ms=refusal.retry_after_ms)
            return
        finally:
            self._cancel_timer()
        if self.open:
            self._welcome(admission)

    def _identified(self, who: Renewal) -> None:
        if self.open:
            self.user, self.session = who.user, who.session
            self.hub.expect(self, self.user)

    def _welcome(self, admission: Admission) -> None:
        hub = self.hub
        self.expires_ms = admission.expires_ms
        self.issued_ms = hub.clock.now_ms()
        self._request = None
        self.dialog.admitted(self.user)
        for membership in admission.memberships:
            hub.rights.put(membership)
        hub.enter(self, self.user)
        if self.dialog.chat is None:
            self.heads_whole = not admission.more
            self.heads = (self.heads or {}) | {each.chat.id: each.chat.last_seq for each in admission.memberships}
        self.say(admission.welcome(self.id, hub))
        door = "chat" if self.dialog.chat is not None else "all"
        hub.log.info("WebSocket connection.opened", connection=self.id, user=self.user, door=door, chat=self.dialog.chat, address=self.address)
        if self.dialog.chat is not None:
            self.start_replay(Replay(None, {self.dialog.chat: admission.after}, rest=False, epoch=admission.epoch))
        self._release()

    async def _renew(self, token: str) -> None:
        try:
            renewed = await renew(self.hub, token, self.user, self._renewed)
        except TenfourError as refusal:
            if refusal.failure.close == FAILURES[ErrorCode.STORE_DOWN].close:
                # The store is in trouble, not the token: the connection lives on until that expires.
                self.say(error_frame(refusal.code, refusal.detail, retry_after_ms=refusal.retry_after_ms))
            else:
                self.end(refusal.code, refusal.detail)
            return
        self.expires_ms = renewed.expires_ms
        self.issued_ms = self.hub.clock.now_ms()
        self._told_expiring = False
        self.say(frames.Authenticated(self.user, rfc3339(renewed.expires_ms)))

    def _renewed(self, who: Renewal) -> None:
        self.session = who.session

    # Frames that wait while something is looked up

    def _hold(self, payload: bytes) -> None:
        assert self._held is not None
        self._held.append(payload)
        if len(self._held) >= HELD_FRAMES_MAX and self._channel is not None:
            self._channel.pause_reading()

    def _release(self) -> None:
        """Goes on with the frames that waited, in their order, until one of them has to wait again."""
        held, self._held = self._held, None
        while held and self.open:
            self._carry_out(self.dialog.received(held.popleft(), self.hub.clock.monotonic()))
            if (waiting := self._waiting()) is not None:
                waiting.extend(held)
                return
        if self._channel is not None:
            self._channel.resume_reading()

    def _waiting(self) -> deque[bytes] | None:
        """What a frame that was just carried out has made the others wait in."""
        return self._held

    # Effects

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Deliver(draft, number):
                self._deliver(draft, number)
            case Reply(frame, end):
                self.say(frame)
                if end is not None:
                    self.end(end)
            case NoteReceipt(chat, delivered, read):
                self._note_receipt(chat, delivered, read)
            case ShowTyping(chat, active):
                self._show_typing(chat, active=active)
            case Replay():
                self.start_replay(effect)
            case RefuseSend(draft, code, number):
                self._refuse_for_good(draft, number, Refused(code))
            case Silence(chats):
                self.unsubscribed = {*(self.unsubscribed or ()), *chats}
                for chat in chats:
                    self.silence(chat)
            case Authenticate(token):
                self._authenticate(token)
            case None:
                pass

    def _authenticate(self, token: str) -> None:
        if self.dialog.phase is Phase.OPEN:
            self._start(self._renew(token))
            return
        request = self._request
        assert request is not None, "a waiting connection still has its request"
        self._start_admission(request.with_token(token))

    # Messages

    def _deliver(self, draft: Draft, number: int) -> None:
        hub = self.hub
        now_s = self._last_in
        wait_s = self._sends.take(hub.limits.sends_per_s, now_s) or hub.users[self.user].sends.take(hub.limits.user_sends_per_s, now_s)
        if wait_s > 0.0:
            self.refuse(draft.chat, draft.key, number, Refused(ErrorCode.RATE_LIMITED, retry_after_ms=round(wait_s * 1000) + 1))
            return
        membership = hub.rights.peek(draft.chat, self.user)
        if membership is None:
            self._held = deque()
            self._start(self._look_up(draft, number))
            return
        self._decide(draft, number, membership)

    async def _look_up(self, draft: Draft, number: int) -> None:
        """Learns who may do what in a chat that this node has not seen for this user; other frames wait."""
        try:
            membership = await messages.look_up_rights(self.hub.context, self.hub.rights, draft.chat, self.user)
        except TenfourError as refusal:
            self._refuse_for_good(draft, number, Refused(refusal.code, refusal.detail, refusal.retry_after_ms))
        else:
            self._decide(draft, number, membership)
        self._release()

    def _decide(self, draft: Draft, number: int, membership: Membership) -> None:
        verdict = decide(draft, membership.member, membership.chat, self.hub.clock.now_ms())
        if isinstance(verdict, Accepted):
            self._append(draft, number, membership.chat.rights_seq)
        else:
            self._refuse_for_good(draft, number, verdict)

    def _append(self, draft: Draft, number: int, rights_seq: Seq) -> None:
        hub = self.hub
        message_id = MessageId(new_id(hub.clock.now_ms()))
        refusal = hub.store.submit(Append(draft, message_id, rights_seq, partial(self._settled, draft.chat, draft.key, number, hub.clock.monotonic())))
        if refusal is not None:
            self._not_appended(draft.chat, draft.key, number, refusal)

    def _settled(self, chat: ChatId, key: str, number: int, accepted_at_s: float, outcome: Appended | NotAppended) -> None:
        """The batch is committed (or not): the sender learns it before anybody sees the message."""
        self._answer(chat, key, number, outcome)
        if isinstance(outcome, Appended):
            self.hub.counters.ack_times.note(self.hub.clock.monotonic() - accepted_at_s)

    def _answer(self, chat: ChatId, key: str, number: int, outcome: Appended | NotAppended) -> None:
        if isinstance(outcome, NotAppended):
            self._not_appended(chat, key, number, outcome)
            return
        self.hub.counters.acks += 1
        if self._channel is not None:
            ack = frames.Ack(chat, key, outcome.seq, outcome.id, rfc3339(outcome.at), outcome.duplicate)
            self._channel.write(text_frame(codec.encode(ack)))

    def _not_appended(self, chat: ChatId, key: str, number: int, refusal: NotAppended) -> None:
        self.refuse(chat, key, number, Refused(refusal.code, refusal.detail, refusal.retry_after_ms))

    def refuse(self, chat: ChatId, key: str, number: int, refusal: Refused) -> None:
        """Tells the sender, and nobody else, that its message was not taken."""
        self.hub.counters.refused(refusal.code)
        self.dialog.refused_send(chat, key, number, refusal.code, refusal.retry_after_ms)
        self.say(error_frame(refusal.code, refusal.detail, chat=chat, key=key, retry_after_ms=refusal.retry_after_ms))

    def _refuse_for_good(self, draft: Draft, number: int, refusal: Refused) -> None:
        """A message sent before under this key has its ack as answer, whatever the rights are now."""
        if FAILURES[refusal.code].retry is Retry.NEVER:
            self._start(self._answer_or_refuse(draft, number, refusal))
        else:
            self.refuse(draft.chat, draft.key, number, refusal)

    async def _answer_or_refuse(self, draft: Draft, number: int, refusal: Refused) -> None:
        try:
            known = await messages.find_known_key(self.hub.context, draft)
        except TenfourError as cause:
            known = NotAppended(cause.code, cause.detail, cause.retry_after_ms)
        if known is None:
            self.refuse(draft.chat, draft.key, number, refusal)
        else:
            self._answer(draft.chat, draft.key, number, known)

    # Chats

    def start_replay(self, wanted: Replay) -> None:
        self._start(replay(self, wanted))

    def silence(self, chat: ChatId) -> None:
        """The chat's events do not come any more on this connection."""
        self.dialog.silence(chat)
        self.hub.leave(chat, self)

    def removed_from(self, chat: ChatId) -> None:
        """Told by the audience after the member's own ``member_left`` was written."""
        self.dialog.silence(chat)
        if self.dialog.chat == chat:
            self.end(ErrorCode.REMOVED_FROM_CHAT)

    def joined(self, chat: ChatId, seq: Seq) -> None:
        """The user has come into a chat with this event: it is followed where the rest was asked for."""
        if not self.open:
            return
        if self.heads is not None or self.rests or not self.admitted:
            self.heads = self.heads or {}
            self.heads.setdefault(chat, seq - 1)
        if self.dialog.rest_id is not None and not self.rests and chat not in self.dialog.places:
            self.start_replay(Replay(self.dialog.rest_id, {chat: seq - 1}, rest=False, epoch=None))

    def _show_typing(self, chat: ChatId, *, active: bool) -> None:
        audience = self.hub.audiences.get(chat)
        if audience is None or not audience.follows(self):
            self._start(self._say_why_silent(chat))
            return
        if audience.member_count <= self.hub.limits.receipts_live_max:
            self.hub.broker.ring_chat(TypingNotice(chat, self.user, active))

    def _note_receipt(self, chat: ChatId, delivered: Seq, read: Seq) -> None:
        if self.hub.rights.peek(chat, self.user) is None:
            self._start(self._look_up_and_note(chat, delivered, read))
        else:
            self.hub.receipts.note(chat, self.user, delivered=delivered, read=read)

    async def _look_up_and_note(self, chat: ChatId, delivered: Seq, read: Seq) -> None:
        refusal = await self._why_not_here(chat)
        if refusal is None:
            self.hub.receipts.note(chat, self.user, delivered=delivered, read=read)
        else:
            self.say(refusal)

    async def _say_why_silent(self, chat: ChatId) -> None:
        self.say(await self._why_not_here(chat) or error_frame(ErrorCode.NOT_SUBSCRIBED, chat=chat))

    async def _why_not_here(self, chat: ChatId) -> frames.Error | None:
        """None for a member's chat, else why there is nothing to do in it."""
        try:
            await messages.look_up_rights(self.hub.context, self.hub.rights, chat, self.user)
        except TenfourError as refusal:
            return error_frame(refusal.code, refusal.detail, chat=chat, retry_after_ms=refusal.retry_after_ms)
        return None

    # The hub's ticker

    def beat(self, now_s: float, now_ms: int) -> None:
        """Looks after silence in both directions and after the token's life."""
        if self.dialog.phase is not Phase.OPEN:
            return
        self._watch_silence(now_s)
        self._watch_token(now_ms)

    def _watch_silence(self, now_s: float) -> None:
        limits = self.hub.limits
        silent_s = now_s - self._last_in
        if silent_s >= limits.heartbeat_s + limits.heartbeat_grace_s and self._pinged_at:
            self.end(ErrorCode.HEARTBEAT_MISSED, f"Nothing came for {silent_s:.0f} s")
            return
        data = b""
        if silent_s >= limits.heartbeat_s and not self._pinged_at:
            self._pinged_at = now_s
            data = ping_frame(b"")
        if now_s - self._last_written() >= limits.heartbeat_s:
            data += PING
            self._last_out = now_s
        if data:
            self.write(data)

    def _last_written(self) -> float:
        """When a data frame last went out, by this connection or by one of its audiences."""
        audiences = self.hub.audiences
        live = [chat for chat, place in self.dialog.places.items() if place.is_live and chat in audiences]
        return max([self._last_out, *(audiences[chat].changed_at for chat in live)])

    def _watch_token(self, now_ms: int) -> None:
        left_ms = self.expires_ms - now_ms
        leeway_ms = self.hub.leeway_ms
        if left_ms + leeway_ms <= 0:
            self.end(ErrorCode.TOKEN_EXPIRED)
        elif not self._told_expiring and left_ms <= min(EXPIRING_S_MAX * 1000, (self.expires_ms - self.issued_ms) / 5):
            self._told_expiring = True
            self.say(frames.TokenExpiring(rfc3339(self.expires_ms)))

    # Tasks

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.hub.tasks.create_task(self._run(work))

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Does the work; a mistake in it ends this connection with a reference, and nobody else's."""
        try:
            await work
        except Exception as cause:  # noqa: BLE001 - it would end the hub's task group, and with it the server
            self.crash(cause)

    # The end

    def leave_for_restart(self) -> None:
        """Closes with 1012 after ``goodbye`` was said and every send has its answer."""
        if self.dialog.phase is not Phase.OVER and self._channel is not None:
            self.dialog.ended()
            self._channel.close(FAILURES[ErrorCode.RESTART].close, close_reason(ErrorCode.RESTART))

    def _ending(self, close: int, code: str, detail: str) -> Ending:
        now_s = self.hub.clock.monotonic()
        door = self.dialog.chat or "all"
        return Ending(self.hub.clock.now_ms(), self.id, self.user or None, door, self.address, self.client, close, code, detail, now_s - self.opened_at, now_s - self._last_in)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cleanup(self) -> None:
        self._channel = None
        self._cancel_timer()
        self.dialog.ended()
        for chat in list(self.dialog.places):
            self.silence(chat)
        self.hub.exit(self, self.user or None)
        if self._drained is not None:
            self._drained.set()


def _come_back_ms(retry: Retry) -> int | None:
    return None if retry is Retry.NEVER else 0 if retry is Retry.AT_ONCE else 1000
