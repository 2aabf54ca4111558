"""The Python SDK's pure steps as a client of the cluster, written down as the taps and clients of ``tests/system`` do."""

from __future__ import annotations

import asyncio
import json
from random import Random

from tenfour.client.connection import Changed, Connected, Connection, Effect, Happened, Lost, Open, Shut, Told, Transmit, Unfollowed
from tenfour.client.feed import Feed, HistoryReplaced, Page
from tenfour.client.outbox import Entry, Outbox
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError
from tenfour.ids import ChatId, UserId
from tenfour.storage import reads
from tenfour.wire import codec, frames
from tests.simulation.cluster import Cluster, Line, Node
from tests.system.history import History
from tests.system.tap import _Scribe

PAGE = 50


class SimulatedClient:
    """One application with the SDK in it: follows all its chats, sends, and comes back by itself."""

    def __init__(self, cluster: Cluster, history: History, name: str, user: UserId, token: str, random: Random) -> None:
        self.client = name
        self.user = user
        self.history = history
        self.outbox = Outbox()
        self.connection = Connection(random.random)
        self.shown: dict[str, int] = {}
        self.refused: list[str] = []
        self.resumes = 0
        self._stays: dict[str, int] = {}
        """How often each chat was left, or found to be left: what the application is shown of it begins anew then."""
        self._cluster = cluster
        self._random = random
        self._token = token
        self._feed = Feed()
        self._line: Line | None = None
        self._scribe: _Scribe | None = None
        self._lines = 0
        self._timer: asyncio.TimerHandle | None = None
        self._reading = False

    # The application

    def start(self) -> None:
        self._carry_out(self.connection.start(self._now))
        self._carry_out(self.connection.follow({}, rest=True))

    def say(self, chat: ChatId, key: str, text: str) -> None:
        self.outbox.add(Entry(chat, key, text))
        self._go_on()

    def type(self, chat: ChatId) -> None:
        if isinstance(self.connection.status, Connected):
            self._transmit(frames.Typing(True, chat))

    def read(self, chat: ChatId) -> None:
        if isinstance(self.connection.status, Connected) and chat in self.shown:
            self._transmit(frames.Receipt(read=self.shown[chat], chat=chat))

    @property
    def is_connected(self) -> bool:
        return isinstance(self.connection.status, Connected)

    @property
    def node(self) -> Node | None:
        return self._line.node if self._line is not None else None

    def reached(self, chat: str) -> int:
        """The last event that the application was shown or need not be shown; -1 while the chat is not live or not all is read."""
        place = self.connection.places.get(ChatId(chat))
        return place.seq if place is not None and place.live and place.seq is not None and self._feed.behind() is None else -1

    def cut(self) -> None:
        if self._line is not None:
            self._line.cut()

    # The line

    def heard(self, line: Line, payload: bytes) -> None:
        if line is not self._line:
            return
        assert self._scribe is not None
        self._scribe.server_said(json.loads(payload))
        frame = codec.decode_server(payload)
        if frame is not None:
            self._carry_out(self.connection.heard(frame, self._now))

    def over(self, line: Line, code: int, reason: str) -> None:
        if line is self._line:
            self._let_go(f"{code} {reason}")
            self._carry_out(self.connection.closed(code, reason, self._now))

    def _let_go(self, how: str) -> None:
        self._line = None
        if self._scribe is not None:
            self._scribe.note("end", code=how)
            self._scribe = None

    # Effects

    @property
    def _now(self) -> float:
        return self._cluster.loop.time()

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Open():
                    self._open()
                case Shut():
                    line = self._line
                    self._let_go("shut")
                    if line is not None:
                        line.shut()
                case Transmit(frame):
                    self._transmit(frame)
                case Changed(status):
                    if isinstance(status, Connected):
                        self.history.add("state", code="connected", client=self.client, user=self.user)
                    else:
                        self.outbox.disconnected()
                case Happened(frame):
                    self._feed.offer(frame, self.connection.epoch or "")
                case Lost(chat, _, head, new_history):
                    (self._feed.replaced if new_history else self._feed.reached)(chat, head, self.connection.epoch or "")
                case Unfollowed(chat):
                    self._feed.forget(chat)
                    self.shown.pop(chat, None)
                    self._stays[chat] = self._stays.get(chat, 0) + 1
                case Told(frame):
                    self._told(frame)
        self._show()
        self._go_on()

    def _told(self, frame: frames.ServerFrame) -> None:
        match frame:
            case frames.Welcome():
                self.outbox.connected(frame.limits.sends_per_s, self._now)
            case frames.Synced(chat=chat, seq=seq, epoch=epoch):
                self.resumes += 1
                self._feed.reached(ChatId(chat), seq, epoch)
            case frames.Ack(chat, key):
                if self.outbox.answered(ChatId(chat), key):
                    self.history.add("state", code="sent", client=self.client, user=self.user, chat=chat, key=key)
            case frames.Error(code=code, chat=str(chat), key=str(key)):
                if FAILURES[ErrorCode(code)].retry is not Retry.NEVER:
                    self.outbox.hold(ChatId(chat), key, self._now + (frame.retry_after_ms or 0) / 1000)
                elif self.outbox.answered(ChatId(chat), key):
                    self.refused.append(code)

    def _open(self) -> None:
        node = self._random.choice(self._cluster.nodes)
        if node is None or node.hub.draining:
            self._cluster.loop.call_later(0.01, lambda: self._carry_out(self.connection.unreachable("unreachable", self._now)))
            return
        self._lines += 1
        self._line = Line(node, self, self._token)
        asked = self.history.add("handshake", client=self.client, user=self.user)
        self._scribe = _Scribe(self, f"{self.client}/{self._lines}", "/api/v1/ws", asked)  # type: ignore[arg-type]

    def _transmit(self, frame: frames.Frame) -> None:
        if self._line is None or self._scribe is None:
            return
        payload = codec.encode(frame)
        self._scribe.client_said(json.loads(payload))
        if isinstance(frame, frames.Subscribe) and frame.rest:
            self._scribe.heads = {}  # the rest, asked for again, is what is not followed by then
        self._line.send(payload)

    def _go_on(self) -> None:
        """Sends what may go, and sets the clock for what comes next."""
        for entry in self.outbox.take(self._now, self.connection.may_send):
            self._transmit(frames.Send(entry.key, entry.text, entry.chat, entry.reply_to))
        due = [at for at in (self.connection.next_tick_at(), self.outbox.next_at(self.connection.may_send)) if at is not None]
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._cluster.loop.call_at(max(min(due), self._now + 0.001), self._ticked) if due else None

    def _ticked(self) -> None:
        self._carry_out(self.connection.ticked(self._now))

    # What the application is shown

    def _show(self) -> None:
        while (event := self._feed.pop()) is not None:
            if isinstance(event, HistoryReplaced):
                self.shown[event.chat] = event.seq
                continue
            stay = self._stays.get(event.chat, 0)
            self.history.add("shown", client=f"{self.client}, stay {stay}", user=self.user, chat=event.chat, seq=event.seq)
            self.shown[event.chat] = event.seq
            if isinstance(event, frames.MemberLeft) and event.user == self.user:
                self.shown.pop(event.chat, None)
                self._stays[event.chat] = stay + 1
        if self._feed.behind() is not None and not self._reading:
            self._reading = True
            self._cluster.loop.create_task(self._read_behind())

    async def _read_behind(self) -> None:
        """What the connection could not bring, page by page over REST."""
        while (behind := self._feed.behind()) is not None:
            chat, after, wanted = behind
            try:
                page = await self.page(chat, after)
            except TenfourError as refusal:
                if refusal.failure.retry is Retry.NEVER:
                    self._feed.forget(chat)
                    continue
                await asyncio.sleep(0.5)
                continue
            self._feed.read(chat, after, wanted, page)
            self._show()
        self._reading = False

    async def page(self, chat: ChatId, after: int) -> Page:
        """A page as the REST door of some node gives it; raises ``TenfourError``."""
        node = self._random.choice(self._cluster.nodes)
        if node is None:
            raise TenfourError(ErrorCode.STORE_DOWN)
        found = await node.store.read(lambda connection: reads.events_after(connection, chat, self.user, after, PAGE))
        if node.is_dead:
            raise TenfourError(ErrorCode.STORE_DOWN)
        decoded = [codec.decode_server(codec.encode_event(each)) for each in found]
        return Page(decoded, node.store.epoch)  # type: ignore[arg-type]
