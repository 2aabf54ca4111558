"""Everything that one node's connections share: audiences, users, and what rings for them.

One hub a process, used on the event loop only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from tenfour.actions.access import RightsCache
from tenfour.actions.context import Context
from tenfour.actions.receipts import ReceiptBook
from tenfour.auth.tokens import TokenVerifier
from tenfour.broker.broker import (
    Broker,
    ChatBell,
    ConnectionOpened,
    HeadMoved,
    MembershipChanged,
    OwnReceipt,
    ReceiptNotice,
    ReceiptNotices,
    SessionEnded,
    Subscription,
    TypingNotice,
    UserBell,
    UserDisabled,
)
from tenfour.domain.bucket import Bucket
from tenfour.domain.event import Event, EventKind
from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway.audience import Audience
from tenfour.gateway.limits import AddressBook, GatewayLimits, SlowReaders
from tenfour.gateway.missed import MissedEvents
from tenfour.gateway.presence import Presence
from tenfour.gateway.profiles import Profiles
from tenfour.gateway.room import Heal, Pass, RoomEffect
from tenfour.ids import ChatId, ConnectionId, Seq, SessionId, UserId
from tenfour.observe.endings import Endings
from tenfour.observe.log import Log
from tenfour.observe.metrics import Counters
from tenfour.observe.traces import Traces
from tenfour.storage import reads
from tenfour.wire import codec, frames
from tenfour.wire.batch import ChatEvents
from tenfour.wire.dialog import DialogRules
from tenfour.wire.times import rfc3339

if TYPE_CHECKING:
    from tenfour.gateway.connection import Connection

TYPING_EXPIRES_MS = 7_000
HEAL_PAGE = 500
TURNS = 5


@dataclass(slots=True)
class UserSeat:
    """One user's connections on this node, oldest first."""

    sends: Bucket
    connections: list[Connection] = field(default_factory=list)
    subscription: Subscription | None = None


class Hub:
    """The meeting place of connections, rooms and bells."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each service by name
        self,
        context: Context,
        limits: GatewayLimits,
        *,
        rights: RightsCache,
        receipts: ReceiptBook,
        counters: Counters,
        endings: Endings,
        traces: Traces,
        log: Log,
        node: str,
        tasks: asyncio.TaskGroup,
        verifier: TokenVerifier,
        leeway_ms: int,
    ) -> None:
        self.context = context
        self.store = context.store
        self.broker: Broker = context.broker
        self.clock = context.clock
        self.limits = limits
        self.dialog_rules = DialogRules(limits.text_chars)
        self.rights = rights
        self.receipts = receipts
        self.counters = counters
        self.endings = endings
        self.traces = traces
        self.log = log
        self.node = node
        self.tasks = tasks
        self.verifier = verifier
        self.leeway_ms = leeway_ms
        self.addresses = AddressBook(limits)
        self.slow_readers = SlowReaders()
        self.connections: dict[ConnectionId, Connection] = {}
        self.audiences: dict[ChatId, Audience] = {}
        self.users: dict[UserId, UserSeat] = {}
        self.presence = Presence(self)
        self.profiles = Profiles(self)
        self.replays = asyncio.Semaphore(limits.replays_at_once)
        self.missed = MissedEvents()
        self.draining = False
        self.loop_lag_s = 0.0
        self.all_gone = asyncio.Event()

    # Audiences

    def audience(self, chat: ChatId) -> Audience:
        """The chat's audience, made and subscribed if it is not there: listening comes before reading."""
        audience = self.audiences.get(chat)
        if audience is None:
            audience = self.audiences[chat] = Audience(chat)
            audience.subscription = self.broker.listen_chat(chat, self._chat_heard)
        return audience

    def leave(self, chat: ChatId, connection: Connection) -> None:
        """Takes the connection out of the audience; the last one puts out the light."""
        audience = self.audiences.get(chat)
        if audience is not None:
            audience.leave(connection)
            self.close_if_empty(audience)

    def close_if_empty(self, audience: Audience) -> None:
        if audience.empty and self.audiences.get(audience.chat) is audience:
            del self.audiences[audience.chat]
            if audience.subscription is not None:
                audience.subscription.cancel()

    def carry_out(self, audience: Audience, effects: list[RoomEffect]) -> None:
        """Does what a room decided."""
        for effect in effects:
            match effect:
                case Pass(events):
                    audience.changed_at = now_s = self.clock.monotonic()
                    delivered = audience.pass_on(events)
                    self.counters.deliveries += delivered
                    self.traces.heard((audience.chat, events.first_seq, len(events.payloads), now_s, delivered))
                case Heal(after):
                    self.counters.room_heals += 1
                    self.tasks.create_task(self._heal(audience, after))

    async def _heal(self, audience: Audience, after: int) -> None:
        """Reads what the bell lost. The store is asked again at the next bell or poll if it cannot answer now."""
        try:
            await self._read_missing(audience, after)
        except TenfourError as cause:
            self.log.warning("Error room.unhealed", chat=audience.chat, after=after, code=cause.code)
            audience.room.gave_up()
        except Exception as cause:  # noqa: BLE001 - it would end the task group of the hub, and with it the server
            self._heal_failed(audience, cause)

    async def _read_missing(self, audience: Audience, after: int) -> None:
        missing = await self.store.read(lambda connection: reads.events_between(connection, audience.chat, after, HEAL_PAGE))
        if not missing:
            audience.room.gave_up()
            return
        changes = [event for event in missing if event.kind is not EventKind.MESSAGE_SENT]
        self._note_changes(changes)
        events = ChatEvents(audience.chat, missing[0].seq, [codec.encode_event(event) for event in missing], changes)
        self.carry_out(audience, audience.room.healed(events))

    def _note_changes(self, changes: Sequence[Event]) -> None:
        for event in changes:
            self.rights.heard(event)
            if event.kind is EventKind.MEMBER_JOINED:
                self.presence.entered(event.data["user"])

    def _heal_failed(self, audience: Audience, cause: Exception) -> None:
        """Who follows the chat would miss events: they come back and resume, or learn what is wrong."""
        reference = uuid4().hex[:12]
        self.log.error("Error room.failed", chat=audience.chat, reference=reference, exc_info=cause)
        audience.room.gave_up()
        for follower in audience.followers():
            follower.end(ErrorCode.INTERNAL, f"The server made a mistake, reference {reference}")

    def _chat_heard(self, bell: ChatBell) -> None:
        audience = self.audiences.get(bell.chat)
        if audience is None:
            return
        match bell:
            case ChatEvents():
                self._note_changes(bell.changes)
                self.carry_out(audience, audience.room.heard(bell))
            case HeadMoved():
                self.saw_head(bell.chat, bell.head)
            case TypingNotice():
                if audience.member_count <= self.limits.receipts_live_max:
                    shown = frames.TypingShown(bell.chat, bell.by, TYPING_EXPIRES_MS if bell.active else 0)
                    audience.show(codec.encode(shown), but=bell.by)
            case ReceiptNotices():
                audience.show(*[codec.encode(_receipt_shown(each)) for each in bell.receipts])

    # Users

    def seat(self, user: UserId) -> UserSeat:
        seat = self.users.get(user)
        if seat is None:
            seat = self.users[user] = UserSeat(Bucket(self.limits.user_sends_per_s, self.clock.monotonic()))
            seat.subscription = self.broker.listen_user(user, self._user_heard)
        return seat

    def expect(self, connection: Connection, user: UserId) -> None:
        """A connection's user is known; what ends it is heard from now on, before anything is read."""
        self.seat(user).connections.append(connection)

    def enter(self, connection: Connection, user: UserId) -> None:
        """A connection was admitted; the user's oldest ones make room if there are too many."""
        self.presence.came(user)
        admitted = [each for each in self.users[user].connections if each.admitted]
        for oldest in admitted[: -self.limits.connections_per_user]:
            oldest.end(ErrorCode.REPLACED)
        self.broker.ring_user(ConnectionOpened(user, connection.id))

    def exit(self, connection: Connection, user: UserId | None) -> None:
        """A connection is gone, admitted or not."""
        self.connections.pop(connection.id, None)
        if not self.connections:
            self.all_gone.set()
        self.addresses.leave(connection.address)
        seat = self.users.get(user) if user is not None else None
        if user is None or seat is None or connection not in seat.connections:
            return
        seat.connections.remove(connection)
        if not seat.connections:
            del self.users[user]
            if seat.subscription is not None:
                seat.subscription.cancel()
            self.rights.forget(user)
            self.presence.went(user)

    def _user_heard(self, bell: UserBell) -> None:
        if isinstance(bell, MembershipChanged):
            self.rights.heard(bell.event)
        for connection in self._connections_of(bell.user):
            match bell:
                case SessionEnded():
                    if bell.session is None or connection.session == bell.session:
                        connection.end(ErrorCode.TOKEN_REVOKED)
                case UserDisabled():
                    connection.end(ErrorCode.USER_DISABLED)
                case MembershipChanged() if bell.event.kind is EventKind.MEMBER_JOINED:
                    connection.joined(bell.event.chat, bell.event.seq)
                case OwnReceipt() if connection.admitted:
                    connection.say(_receipt_shown(bell.receipt))
                case MembershipChanged() | OwnReceipt() | ConnectionOpened():
                    pass

    # What the store says, where the bell may have been lost

    def is_behind(self, chat: ChatId, head: Seq) -> bool:
        """Whether a room here has not got as far as this."""
        audience = self.audiences.get(chat)
        return audience is not None and audience.room.last_seq is not None and audience.room.last_seq < head

    def saw_head(self, chat: ChatId, head: Seq) -> None:
        """The head of a chat: a room here that is behind reads what it missed."""
        audience = self.audiences.get(chat)
        if audience is not None:
            self.carry_out(audience, audience.room.saw_head(head))

    def saw_join(self, user: UserId, chat: ChatId, seq: Seq) -> None:
        """The user has come into the chat with this event, and may know it already."""
        for connection in self._connections_of(user):
            connection.joined(chat, seq)

    def end_user(self, user: UserId, code: ErrorCode) -> None:
        """Closes all connections of a user."""
        for connection in self._connections_of(user):
            connection.end(code)

    def end_sessions(self, sessions: AbstractSet[SessionId]) -> None:
        """Closes the connections of sessions that are over."""
        for connection in list(self.connections.values()):
            if connection.session in sessions:
                connection.end(ErrorCode.TOKEN_REVOKED)

    def _connections_of(self, user: UserId) -> Sequence[Connection]:
        seat = self.users.get(user)
        return tuple(seat.connections) if seat is not None else ()

    # Time

    async def tick_forever(self) -> None:
        """Looks after silence, tokens and presence; each connection's turn comes every fifth tick."""
        tick_s = max(0.02, self.limits.heartbeat_s / 25)
        loop = asyncio.get_running_loop()
        turn = 0
        while True:
            due = loop.time() + tick_s
            await asyncio.sleep(tick_s)
            self.loop_lag_s = loop.time() - due
            now_s, now_ms = self.clock.monotonic(), self.clock.now_ms()
            for connection in list(self.connections.values())[turn::TURNS]:
                try:
                    connection.beat(now_s, now_ms)
                except Exception as cause:  # noqa: BLE001 - a mistake with one connection does not stop all others' heartbeat
                    connection.crash(cause)
            turn = (turn + 1) % TURNS
            self.presence.tick(now_s)
            self.profiles.tick()


def _receipt_shown(bell: ReceiptNotice) -> frames.ReceiptShown:
    return frames.ReceiptShown(bell.chat, bell.by, bell.delivered, bell.read, rfc3339(bell.read_at) if bell.read_at is not None else None)
