"""The Python SDK: one connection for all chats, an outbox, and typed events. See ``docs/python-sdk.md``."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import weakref
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tenfour.client.backoff import delay_s
from tenfour.client.chat import Chat
from tenfour.client.connection import Changed, Connected, Connection, Effect, Happened, Lost, Open, Refused, RenewToken, Shut, Status, Told, Transmit, Unfollowed
from tenfour.client.credentials import Credentials, TokenSource
from tenfour.client.cuts import Cut, TimeLimit
from tenfour.client.events import Events
from tenfour.client.feed import Feed, Page
from tenfour.client.outbox import Entry, Outbox
from tenfour.client.receipts import Receipts
from tenfour.client.rest import HistoryPage, Rest, error_of, tls_context
from tenfour.client.transport import Listener, NoSocket, Socket
from tenfour.clock import Clock, SystemClock
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError
from tenfour.ids import ChatId, Seq, new_id, parse_uuid
from tenfour.wire import codec, frames

RETRY_AFTER_MS = 1_000
UNREADABLE = 1002
FEED_ROOM = 1_000
"""Events that wait for a listener; what comes beyond is read from the history when it gets there."""

log = logging.getLogger("tenfour.client")


class ClientClosed(Exception):
    """The client was closed before the answer came; ``Client.unanswered`` has what was on its way."""


@dataclass(slots=True)
class _Sending:
    """The answer to one message, and how many callers wait for it."""

    entry: Entry
    answer: asyncio.Future[frames.Ack]
    callers: int = 0


class Client:
    """A user's connection to a server. Everything that it opens, ``close`` closes.

    Raises ``ValueError`` for an address that is none: it begins with ``http://`` or ``https://``.
    ``on_status`` is told every ``Status``, ``on_frame`` every frame that is no event of a chat: ``TypingShown``,
    ``ReceiptShown``, ``Presence``, ``Error``, ``Goodbye``, ``Reset`` …; both in a step of their own on the loop.
    ``tls`` says whose certificates are trusted; without it those that the machine trusts.
    """

    def __init__(
        self,
        url: str,
        token: TokenSource,
        *,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        on_status: Callable[[Status], None] | None = None,
        on_frame: Callable[[frames.ServerFrame], None] | None = None,
    ) -> None:
        self._url = _address(url)
        self._clock = clock or SystemClock()
        self._on_status = on_status
        self._on_frame = on_frame
        self._credentials = Credentials(token)
        self._tls = tls or tls_context()
        self._rest = Rest(self._url, self._credentials, self._tls)
        self._connection = Connection(random.random)
        self._outbox = Outbox()
        self._receipts = Receipts()
        self._sendings: dict[tuple[ChatId, str], _Sending] = {}
        self._left: list[Entry] = []
        self._listeners: dict[ChatId | None, list[weakref.ref[Events]]] = {}
        """Those of a chat, and under None those of all. Held weakly: one that the application has dropped is forgotten."""
        self._socket: Socket | None = None
        self._opening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._last_token: str | None = None
        self._turn: asyncio.Future[None] | None = None
        self._is_closed = False
        self.welcome: frames.Welcome | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def start(self) -> None:
        """Begins to connect, also after a refusal; returns at once."""
        self._check_open()
        self._left = []
        self._carry_out(self._connection.start(self._now()))

    def online(self) -> None:
        """Tells that the network is back: the next attempt is made at once."""
        self._carry_out(self._connection.online(self._now()))

    async def flush(self) -> None:
        """Returns once every message that was sent so far has its answer."""
        await asyncio.gather(*(asyncio.shield(each.answer) for each in self._sendings.values()), return_exceptions=True)

    async def close(self) -> None:
        """Ends everything. Who still waits in ``send`` gets ``ClientClosed``; ``flush`` first lets the answers come."""
        if self._is_closed:
            return
        self._is_closed = True
        socket = self._socket
        self._carry_out(self._connection.stop())
        self._give_up_sending(lambda: ClientClosed("The client was closed before the answer came."))
        self._end_listening(StopAsyncIteration)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if socket is not None:
            await socket.gone()
        await self._rest.close()

    # What is

    @property
    def status(self) -> Status:
        return self._connection.status

    @property
    def epoch(self) -> str | None:
        """Names the history that seqs count in: keep it beside a seq that is to outlive the process."""
        return self._connection.epoch

    @property
    def waiting(self) -> int:
        """Messages that have no answer yet."""
        return len(self._outbox)

    @property
    def unanswered(self) -> list[Entry]:
        """Messages without an answer, also those that ``close`` or a refusal left: to be sent again with their keys."""
        return [*self._left, *self._outbox]

    @property
    def cuts(self) -> list[Cut]:
        """How the last connections ended that nobody said goodbye to."""
        return list(self._connection.cuts)

    @property
    def time_limit(self) -> TimeLimit | None:
        """The limit that a proxy on the way seems to have, where the last three connections were cut alike."""
        return self._connection.time_limit

    async def connected(self) -> None:
        """Returns once ``welcome`` has come; raises ``TenfourError`` where the server says no for good."""
        await self._until(lambda: isinstance(self.status, Connected))

    async def synced(self, chat: ChatId) -> None:
        """Returns once the chat is live; raises ``TenfourError`` where it is not followed, or not any more."""
        await self._until(lambda: self._is_live(chat))

    # What an application wants

    def chat(self, chat: str) -> Chat:
        """One chat; raises ``TenfourError(CHAT_ID_INVALID)`` before anything is sent."""
        return Chat(self, _chat_id(chat))

    def follow_all(self) -> Events:
        """The events of every chat of the user from now on, of those joined later too."""
        self._check_open()
        events = self._listen(None, Feed(FEED_ROOM))
        for chat, place in self._connection.places.items():
            events.change(lambda feed, chat=chat, place=place: feed.begin(chat, place.seq, place.epoch))  # type: ignore[misc]
        if not self._connection.wants_rest:
            self._carry_out(self._connection.follow({}, rest=True))
        return events

    # What chats use

    async def post(self, chat: ChatId, text: str, *, key: str | None, reply_to: str | None) -> frames.Ack:
        self._check_open()
        if isinstance(self.status, Refused):
            raise error_of(self.status.code, self.status.detail)
        sending = self._sending(Entry(chat, key or new_id(self._clock.now_ms()), text, reply_to))
        sending.callers += 1
        try:
            return await asyncio.shield(sending.answer)
        finally:
            sending.callers -= 1
            if sending.callers == 0 and not sending.answer.done() and self._outbox.withdraw(chat, sending.entry.key):
                del self._sendings[chat, sending.entry.key]

    def listen(self, chat: ChatId, after: Seq | None, epoch: str | None) -> Events:
        self._check_open()
        place = self._connection.places.get(chat)
        feed = Feed(FEED_ROOM)
        events = self._listen(chat, feed)
        is_ahead = place is not None and place.live and after is not None and after > (place.seq or 0) and epoch in (None, place.epoch)
        if place is None or is_ahead:  # who is ahead of all that has come may have a seq of another history: the server knows
            feed.begin(chat, after, epoch)
            self._carry_out(self._connection.follow({chat: after}, epoch=epoch))
            place = self._connection.places[chat]
        if after is None:
            feed.begin(chat, place.seq, place.epoch)
        else:
            feed.begin(chat, after, epoch)
            if place.seq is not None and place.epoch is not None and place.live:
                feed.reached(chat, place.seq, place.epoch)
        return events

    def note_receipt(self, chat: ChatId, *, delivered: Seq = 0, read: Seq = 0) -> None:
        self._check_open()
        self._receipts.note(chat, delivered=delivered, read=read)
        self._send_waiting()
        self._arm()

    def transmit(self, frame: frames.Frame) -> bool:
        """Writes a frame that need not survive a disconnection; False where there is no connection."""
        if self._socket is None or not isinstance(self.status, Connected):
            return False
        self._socket.write(codec.encode(frame))
        return True

    async def history(self, chat: ChatId, *, before: Seq | None, after: Seq | None, around: Seq | None, limit: int) -> HistoryPage:
        self._check_open()
        query = {"before": before, "after": after, "around": around, "limit": limit}
        return await self._rest.history(chat, {name: value for name, value in query.items() if value is not None})

    # Waiting

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClientClosed("The client is closed.")

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Returns once it is so; raises where that cannot be any more."""
        while not is_so():
            self._check_open()
            if isinstance(self.status, Refused):
                raise error_of(self.status.code, self.status.detail)
            await self._next_turn()

    async def _next_turn(self) -> None:
        if self._turn is None or self._turn.done():
            self._turn = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._turn)

    def _wake(self) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)

    def _is_live(self, chat: ChatId) -> bool:
        place = self._connection.places.get(chat)
        if place is None and not isinstance(self.status, Refused):
            raise TenfourError(ErrorCode.NOT_SUBSCRIBED, "Nobody listens to this chat, or the server has nothing of it for this user.")
        return place is not None and place.live

    # Effects

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Happened(frame):
                    self._happened(frame)
                case Told(frame):
                    self._told(frame)
                case Transmit(frame):
                    if self._socket is not None:
                        self._socket.write(codec.encode(frame))
                case Open(new_token):
                    self._opening = self._run(self._open(new_token=new_token))
                case Shut(code):
                    self._shut(code)
                case RenewToken():
                    self._run(self._renew())
                case Lost():
                    self._lost(effect)
                case Unfollowed(chat, code, detail):
                    self._unfollowed(chat, error_of(code, detail))
                case Changed(status):
                    self._status_changed(status)
        self._send_waiting()
        self._arm()

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _status_changed(self, status: Status) -> None:
        if not isinstance(status, Connected):
            self._outbox.disconnected()
            self._receipts.disconnected(self._now())
        if isinstance(status, Refused):
            self._give_up_sending(lambda: error_of(status.code, status.detail))
            self._end_listening(lambda: error_of(status.code, status.detail))
        self._wake()
        if self._on_status is not None:
            asyncio.get_running_loop().call_soon(self._on_status, status)

    def _told(self, frame: frames.ServerFrame) -> None:
        match frame:
            case frames.Welcome():
                self.welcome = frame
                self._outbox.connected(frame.limits.sends_per_s, self._now())
            case frames.Ack():
                self._answer(ChatId(frame.chat), frame.key, frame)
            case frames.Error() if frame.key is not None and frame.chat is not None:
                self._refused(frame, ChatId(frame.chat), frame.key)
            case frames.Synced():
                self._reached(ChatId(frame.chat), frame.seq, frame.epoch)
            case frames.Reset():
                self._reached(ChatId(frame.chat), frame.head, frame.epoch)
        if self._on_frame is not None:
            asyncio.get_running_loop().call_soon(self._on_frame, frame)

    # Messages

    def _sending(self, entry: Entry) -> _Sending:
        """A message on its way; the same key with the same content is the same message."""
        known = self._sendings.get((entry.chat, entry.key))
        if known is not None:
            if (known.entry.text, known.entry.reply_to) != (entry.text, entry.reply_to):
                raise TenfourError(ErrorCode.KEY_REUSED)
            return known
        self._outbox.add(entry)
        sending = self._sendings[entry.chat, entry.key] = _Sending(entry, asyncio.get_running_loop().create_future())
        # Nobody may be there to take the answer: a caller that was cancelled has left.
        sending.answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        self._send_waiting()
        self._arm()
        return sending

    def _send_waiting(self) -> None:
        """Writes what may go out now."""
        if self._socket is None or not isinstance(self.status, Connected):
            return
        for entry in self._outbox.take(self._now(), self._connection.may_send):
            payload = codec.encode(frames.Send(entry.key, entry.text, entry.chat, entry.reply_to))
            assert self.welcome is not None, "who is connected was welcomed"
            if len(payload) > self.welcome.limits.frame_bytes:  # it would cost the connection
                self._answer(entry.chat, entry.key, TenfourError(ErrorCode.TEXT_TOO_LONG))
            else:
                self._socket.write(payload)
        for receipt in self._receipts.take(self._now()):
            self._socket.write(codec.encode(receipt))

    def _refused(self, frame: frames.Error, chat: ChatId, key: str) -> None:
        if frame.code in FAILURES and FAILURES[ErrorCode(frame.code)].retry in (Retry.AFTER_DELAY, Retry.AT_ONCE):
            wait_ms = RETRY_AFTER_MS if frame.retry_after_ms is None else frame.retry_after_ms
            self._outbox.hold(chat, key, self._now() + wait_ms / 1000)
        else:
            self._answer(chat, key, error_of(frame.code, frame.detail))

    def _answer(self, chat: ChatId, key: str, answer: frames.Ack | TenfourError) -> None:
        self._outbox.answered(chat, key)
        sending = self._sendings.pop((chat, key), None)
        if sending is None:
            return
        if isinstance(answer, TenfourError):
            sending.answer.set_exception(answer)
        else:
            sending.answer.set_result(answer)

    def _give_up_sending(self, why: Callable[[], Exception]) -> None:
        self._left += self._outbox.clear()
        sendings, self._sendings = self._sendings, {}
        for sending in sendings.values():
            sending.answer.set_exception(why())

    # Listeners

    def _listen(self, chat: ChatId | None, feed: Feed) -> Events:
        """A listener that is told of the chat's events, or of all, until it leaves or is dropped."""
        client = weakref.ref(self)

        def leave(_: object) -> None:
            if (here := client()) is not None:
                here._left_by(chat, listener)  # noqa: SLF001 - its own

        events = Events(chat, feed, self._read_page, leave)
        listener = weakref.ref(events, leave)
        self._listeners.setdefault(chat, []).append(listener)
        return events

    def _left_by(self, chat: ChatId | None, listener: weakref.ref[Events]) -> None:
        """Where nobody listens to a chat any more nothing of it has to come."""
        others = [each for each in self._listeners.pop(chat, ()) if each is not listener]
        if others:
            self._listeners[chat] = others
        elif chat is not None and None not in self._listeners and not self._is_closed:
            self._carry_out(self._connection.unfollow(chat))

    def _listening_to(self, chat: ChatId) -> list[Events]:
        """Those of the chat, and those of all."""
        return _alive((*self._listeners.get(chat, ()), *self._listeners.get(None, ())))

    def _happened(self, frame: frames.AnyEvent) -> None:
        epoch = self._connection.epoch
        assert epoch is not None, "events come after welcome"
        for events in self._listening_to(ChatId(frame.chat)):
            events.change(lambda feed: feed.offer(frame, epoch))

    def _reached(self, chat: ChatId, head: Seq, epoch: str) -> None:
        for events in self._listening_to(chat):
            events.change(lambda feed: feed.reached(chat, head, epoch))
        self._wake()

    def _lost(self, lost: Lost) -> None:
        epoch = self._connection.epoch
        assert epoch is not None, "a reset names its epoch"
        for events in self._listening_to(lost.chat):
            if lost.new_history:
                events.change(lambda feed: feed.replaced(lost.chat, lost.head, epoch))
            else:
                events.change(lambda feed: feed.reached(lost.chat, lost.head, epoch))

    def _unfollowed(self, chat: ChatId, cause: TenfourError) -> None:
        for events in _alive(self._listeners.get(chat, ())):
            events.end(cause)
        for events in _alive(self._listeners.get(None, ())):
            events.change(lambda feed: feed.forget(chat))
        self._wake()

    def _end_listening(self, why: Callable[[], TenfourError | StopAsyncIteration]) -> None:
        for listeners in self._listeners.values():
            for events in _alive(listeners):
                events.end(why())

    async def _read_page(self, chat: ChatId, after: Seq) -> Page | None:
        """A page of the history that the connection is in; waits until the server gives one. None where the client is closed."""
        attempt = 1
        while not self._is_closed:
            wait_s = 0.0
            try:
                page = await self._rest.events(chat, after)
                if page.epoch == self._connection.epoch:
                    return page
            except TenfourError as refusal:
                if refusal.failure.retry not in (Retry.AFTER_DELAY, Retry.AT_ONCE):
                    raise
                wait_s = (refusal.retry_after_ms or 0) / 1000
            except OSError as cause:
                log.debug("no page of events: %s", cause)
            await self._pause(max(wait_s, delay_s(attempt, random.random())))  # noqa: S311 - jitter
            attempt += 1
        return None

    async def _pause(self, seconds: float) -> None:
        """Waits, but not longer than until the connection changes."""
        try:
            async with asyncio.timeout(seconds):
                await self._next_turn()
        except TimeoutError:
            return

    # The socket

    async def _open(self, *, new_token: bool) -> None:
        socket = Socket(Listener(self._socket_heard, self._socket_touched, self._socket_closed))
        try:
            token = await (self._credentials.new_token(self._last_token) if new_token else self._credentials.token())
            self._last_token = token
            self._socket = socket
            await socket.open(self._url, token, self._tls)
        except NoSocket as cause:
            self._unreachable(socket, cause.why, cause.detail, cause.retry_after_s)
        except TenfourError as cause:
            self._unreachable(socket, cause.code, cause.detail)
        except Exception as cause:
            log.warning("the function that gives the token failed: %s", type(cause).__name__, exc_info=cause)
            self._unreachable(socket, "token_not_given", type(cause).__name__)

    def _unreachable(self, socket: Socket, why: str, detail: str, retry_after_s: float | None = None) -> None:
        if self._socket in (None, socket):
            self._socket = None
            self._carry_out(self._connection.unreachable(why, self._now(), detail=detail, retry_after_s=retry_after_s))

    async def _renew(self) -> None:
        """Puts a new token on the open connection. Where none is to be had, the server ends it at the token's end."""
        if not self._credentials.is_renewable:
            return
        try:
            known, token = self._last_token, await self._credentials.new_token(self._last_token)
        except Exception as cause:
            log.warning("the token was not renewed: %s", type(cause).__name__, exc_info=None if isinstance(cause, TenfourError) else cause)
            return
        if token != known:  # the same again would only make the server ask again
            self._last_token = token
            self.transmit(frames.Authenticate(token))

    def _shut(self, code: int) -> None:
        socket, self._socket = self._socket, None
        opening, self._opening = self._opening, None
        if opening is not None and opening is not asyncio.current_task():
            opening.cancel()
        if socket is not None:
            socket.shut(code)

    def _socket_heard(self, socket: Socket, payload: bytes) -> None:
        if socket is not self._socket:
            return
        try:
            frame = codec.decode_server(payload)
        except ValueError:
            self._shut(UNREADABLE)
            self._carry_out(self._connection.closed(UNREADABLE, "", self._now()))
            return
        if frame is not None:
            self._carry_out(self._connection.heard(frame, self._now()))

    def _socket_touched(self, socket: Socket) -> None:
        if socket is self._socket:
            self._connection.touched(self._now())

    def _socket_closed(self, socket: Socket, code: int, reason: str) -> None:
        if socket is self._socket:
            self._socket = None
            self._carry_out(self._connection.closed(code, reason, self._now()))

    # Time

    def _now(self) -> float:
        return self._clock.monotonic()

    def _arm(self) -> None:
        """One timer for whatever is due next; one that rings too early is set again."""
        due = [self._connection.next_tick_at()]
        if isinstance(self.status, Connected):
            due += [self._outbox.next_at(self._connection.may_send), self._receipts.next_at()]
        next_at = min((at for at in due if at is not None), default=None)
        if self._timer is not None and (next_at is None or next_at < self._timer_at):
            self._timer.cancel()
            self._timer = None
        if next_at is not None and self._timer is None:
            self._timer_at = next_at
            self._timer = asyncio.get_running_loop().call_later(max(0.0, next_at - self._now()) + 0.001, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._carry_out(self._connection.ticked(self._now()))


def _alive(listeners: Iterable[weakref.ref[Events]]) -> list[Events]:
    return [events for listener in listeners if (events := listener()) is not None]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"A server's address looks like https://chat.example.org, not like {url!r}")
    return url.rstrip("/")


def _chat_id(text: str) -> ChatId:
    try:
        return ChatId(parse_uuid(text))
    except ValueError as cause:
        raise TenfourError(ErrorCode.CHAT_ID_INVALID) from cause
