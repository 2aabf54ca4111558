"""The Python SDK: one connection for all chats, an outbox, and typed events.

async with Client("https://chat.example.org", token="…") as client:
chat = client.chat("01890a5d-ac96-774b-bcce-b302099a8057")
await chat.send("hello")
async for event in chat.events():
print(event)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec
import picows

from tenfour.client.chat import Chat
from tenfour.client.connection import Changed, Connected, Connecting, Connection, Effect, Happened, Lost, Open, Refused, RenewToken, Shut, Status, Told, Transmit
from tenfour.client.outbox import Entry, Outbox
from tenfour.clock import Clock, SystemClock
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError
from tenfour.ids import ChatId, Seq, new_id, parse_uuid
from tenfour.wire import codec, frames

TokenSource = str | Callable[[bool], Awaitable[str]]
"""A token, or a function that gives one; its argument tells that the last one was refused."""

REST_TIMEOUT_S = 15.0
EVENTS_A_PAGE = 200
RETRY_AFTER_MS = 1_000


class HistoryMessage(msgspec.Struct, frozen=True):
    """A message as the history has it."""

    id: str
    chat: str
    seq: int
    by: str
    key: str
    at: str
    text: str | None = None
    reply_to: str | None = None
    edited_at: str | None = None
    deleted: bool = False


class HistoryPage(msgspec.Struct, frozen=True):
    items: list[HistoryMessage]
    has_before: bool
    has_after: bool


class Client:
    """A user's connection to a server. Everything that it opens, ``close`` closes."""

    def __init__(
        self, url: str, token: TokenSource, *, clock: Clock | None = None, on_status: Callable[[Status], None] | None = None, on_frame: Callable[[frames.ServerFrame], None] | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._clock = clock or SystemClock()
        self._on_status = on_status
        self._on_frame = on_frame
        self._connection = Connection(random.random)
        self._outbox = Outbox()
        self._acks: dict[tuple[ChatId, str], asyncio.Future[frames.Ack]] = {}
        self._listeners: dict[ChatId, list[asyncio.Queue[frames.EventFrame]]] = {}
        self._syncs: dict[ChatId, asyncio.Future[None]] = {}
        self._socket: _Socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._status_changed = asyncio.Event()
        self._http: httpx.AsyncClient | None = None
        self._catching_up: dict[ChatId, list[frames.EventFrame]] = {}
        self._last_token = ""
        self.welcome: frames.Welcome | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    def start(self) -> None:
        """Begins to connect; returns at once."""
        self._carry_out(self._connection.start(self._now()))

    async def close(self) -> None:
        """Ends everything; messages that were not acked get ``CancelledError``."""
        self._carry_out(self._connection.stop())
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for ack in self._acks.values():
            ack.cancel()
        for sync in self._syncs.values():
            sync.cancel()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    @property
    def status(self) -> Status:
        return self._connection.status

    @property
    def waiting(self) -> int:
        """Messages that are not acked yet."""
        return len(self._outbox)

    async def connected(self) -> None:
        """Returns once ``welcome`` has come; raises ``TenfourError`` where the server says no for good."""
        while not isinstance(self.status, Connected):
            if isinstance(self.status, Refused):
                raise TenfourError(ErrorCode(self.status.code), self.status.detail)
            self._status_changed.clear()
            await self._status_changed.wait()

    def chat(self, chat: str) -> Chat:
        """One chat; raises ``TenfourError(CHAT_ID_INVALID)`` before anything is sent."""
        return Chat(self, _chat_id(chat))

    def follow_all(self) -> None:
        """Follows every chat of the user, those joined later too; events go to ``on_frame``."""
        self._carry_out(self._connection.follow({}, rest=True))

    # What chats use

    async def post(self, chat: ChatId, text: str, *, key: str | None, reply_to: str | None) -> frames.Ack:
        key = key or new_id(self._clock.now_ms())
        future = self._acks.get((chat, key))
        if future is None:
            future = self._acks[chat, key] = asyncio.get_running_loop().create_future()
            self._outbox.add(Entry(chat, key, text, reply_to))
            self._send_waiting()
        return await asyncio.shield(future)

    def listen(self, chat: ChatId, after: Seq | None) -> asyncio.Queue[frames.EventFrame]:
        queue: asyncio.Queue[frames.EventFrame] = asyncio.Queue()
        self._listeners.setdefault(chat, []).append(queue)
        self._carry_out(self._connection.follow({chat: after}))
        return queue

    def unlisten(self, chat: ChatId, queue: asyncio.Queue[frames.EventFrame]) -> None:
        self._listeners[chat].remove(queue)

    def when_synced(self, chat: ChatId) -> asyncio.Future[None]:
        future = self._syncs.get(chat)
        if future is None or future.done():
            future = self._syncs[chat] = asyncio.get_running_loop().create_future()
        if chat in self._connection.synced:
            future.set_result(None)
        return future

    def transmit(self, frame: frames.Frame) -> bool:
        """Writes a frame that need not survive a disconnection; False where there is no connection."""
        if self._socket is None or not isinstance(self.status, Connected):
            return False
        self._socket.write(frame)
        return True

    async def history(self, chat: ChatId, *, before: Seq | None, after: Seq | None, limit: int) -> HistoryPage:
        query = {"before": before, "after": after, "limit": limit}
        body = await self._get(f"/api/v1/chats/{chat}/messages", {name: value for name, value in query.items() if value is not None})
        return msgspec.json.decode(body, type=HistoryPage)

    # Effects

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Happened(frame):
                    self._pass_on(frame)
                case Told(frame):
                    self._told(frame)
                case Transmit(frame):
                    if self._socket is not None:
                        self._socket.write(frame)
                case Open(new_token):
                    self._run(self._open(new_token=new_token))
                case Shut(code):
                    self._shut(code)
                case RenewToken():
                    self._run(self._renew())
                case Lost():
                    self._run(self._catch_up(effect))
                case Changed(status):
                    self._changed(status)
        self._arm()

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _changed(self, status: Status) -> None:
        if not isinstance(status, Connected):
            self._outbox.disconnected()
        self._status_changed.set()
        if self._on_status is not None:
            self._on_status(status)

    def _told(self, frame: frames.ServerFrame) -> None:
        match frame:
            case frames.Welcome():
                self.welcome = frame
                self._send_waiting()
            case frames.Ack():
                self._acked(frame)
            case frames.Error() if frame.key is not None and frame.chat is not None:
                self._refused(frame, ChatId(frame.chat), frame.key)
            case frames.Synced():
                self._resolve_sync(ChatId(frame.chat))
        if self._on_frame is not None:
            self._on_frame(frame)

    def _acked(self, frame: frames.Ack) -> None:
        chat = ChatId(frame.chat)
        self._outbox.acked(chat, frame.key)
        future = self._acks.pop((chat, frame.key), None)
        if future is not None and not future.done():
            future.set_result(frame)
        self._send_waiting()

    def _refused(self, frame: frames.Error, chat: ChatId, key: str) -> None:
        failure = FAILURES[ErrorCode(frame.code)] if frame.code in set(ErrorCode) else None
        if failure is not None and failure.retry in (Retry.AFTER_DELAY, Retry.AT_ONCE):
            self._outbox.hold(chat, self._now() + (frame.retry_after_ms or RETRY_AFTER_MS) / 1000)
            return
        self._outbox.refused(chat, key)
        future = self._acks.pop((chat, key), None)
        if future is not None and not future.done():
            future.set_exception(TenfourError(ErrorCode(frame.code) if failure else ErrorCode.INTERNAL, frame.detail))

    def _resolve_sync(self, chat: ChatId) -> None:
        future = self._syncs.get(chat)
        if future is not None and not future.done():
            future.set_result(None)

    def _send_waiting(self) -> None:
        if self._socket is not None and isinstance(self.status, Connected):
            for entry in self._outbox.take(self._now()):
                self._socket.write(frames.Send(entry.key, entry.text, entry.chat, entry.reply_to))

    def _pass_on(self, frame: frames.EventFrame) -> None:
        behind = self._catching_up.get(ChatId(frame.chat))
        if behind is not None:
            behind.append(frame)
            return
        for queue in self._listeners.get(ChatId(frame.chat), ()):
            queue.put_nowait(frame)
        if self._on_frame is not None:
            self._on_frame(frame)

    # The socket

    async def _open(self, *, new_token: bool) -> None:
        try:
            token = self._last_token = self._token if isinstance(self._token, str) else await self._token(new_token)
            socket = await _Socket.open(self, _socket_url(self._url), token)
        except (OSError, picows.WSError, TimeoutError, httpx.HTTPError) as cause:
            self._carry_out(self._connection.unreachable(_reason(cause), self._now()))
            return
        if isinstance(self.status, Connecting):
            self._socket = socket
        else:
            socket.shut(1000)

    async def _renew(self) -> None:
        if not isinstance(self._token, str):
            token = self._last_token = await self._token(True)
            self.transmit(frames.Authenticate(token))

    def _shut(self, code: int) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.shut(code)

    def socket_heard(self, socket: _Socket, payload: bytes) -> None:
        if self._socket is None and isinstance(self.status, Connecting):
            self._socket = socket
        if socket is self._socket:
            frame = codec.decode_server(payload)
            if frame is not None:
                self._carry_out(self._connection.heard(frame, self._now()))

    def socket_touched(self, socket: _Socket) -> None:
        if socket is self._socket:
            self._connection.touched(self._now())

    def socket_closed(self, socket: _Socket, code: int, reason: str) -> None:
        if socket is self._socket:
            self._socket = None
            self._carry_out(self._connection.closed(code, reason, self._now()))

    # Time

    def _now(self) -> float:
        return self._clock.monotonic()

    def _arm(self) -> None:
        """One timer for whatever is due next."""
        due = [at for at in (self._connection.next_tick_at(), self._outbox.next_at()) if at is not None]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, min(due) - self._now()) + 0.001, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._send_waiting()
        self._carry_out(self._connection.ticked(self._now()))

    # History

    async def _catch_up(self, lost: Lost) -> None:
        """Reads what a reset left out, passes it on in order, then what has come meanwhile."""
        self._catching_up[lost.chat] = []
        after = lost.after
        try:
            while after < lost.head:
                body = await self._get(f"/api/v1/chats/{lost.chat}/events", {"after": after, "limit": EVENTS_A_PAGE})
                events = [frame for raw in msgspec.json.decode(body, type=_Events).items if (frame := codec.decode_server(bytes(raw))) is not None]
                if not events:
                    break
                for frame in events:
                    if frame.seq <= lost.head:  # type: ignore[union-attr]
                        self._give(lost.chat, frame)  # type: ignore[arg-type]
                after = events[-1].seq  # type: ignore[union-attr]
        finally:
            for frame in self._catching_up.pop(lost.chat):
                self._give(lost.chat, frame)
            self._resolve_sync(lost.chat)

    def _give(self, chat: ChatId, frame: frames.EventFrame) -> None:
        for queue in self._listeners.get(chat, ()):
            queue.put_nowait(frame)
        if self._on_frame is not None:
            self._on_frame(frame)

    async def _get(self, path: str, query: dict[str, Any]) -> bytes:
        if self._http is None:
            self._http = httpx.AsyncClient(base_url=self._url, timeout=REST_TIMEOUT_S)
        response = await self._http.get(path, params=query, headers={"Authorization": f"Bearer {self._last_token}"})
        if response.status_code != httpx.codes.OK:
            code = msgspec.json.decode(response.content).get("code", ErrorCode.INTERNAL)
            raise TenfourError(ErrorCode(code))
        return response.content


class _Events(msgspec.Struct):
    items: list[msgspec.Raw]


class _Socket(picows.WSListener):
    """One WebSocket, told apart from the ones before it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._transport: Any = None
        self._parts: list[bytes] = []

    @classmethod
    async def open(cls, client: Client, url: str, token: str) -> _Socket:
        headers = {"Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": frames.PROTOCOL}
        socket = cls(client)
        await picows.ws_connect(lambda: socket, url, extra_headers=headers, websocket_handshake_timeout=15, max_redirects=0)
        return socket

    def write(self, frame: frames.Frame) -> None:
        self._transport.send(picows.WSMsgType.TEXT, codec.encode(frame))

    def shut(self, code: int) -> None:
        if self._transport is None:
            return
        if code == 1006:  # noqa: PLR2004 - nobody hears it
            self._transport.disconnect(graceful=False)
        else:
            self._transport.send_close(code)
            self._transport.disconnect()

    def on_ws_connected(self, transport: Any) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if frame.msg_type in (picows.WSMsgType.TEXT, picows.WSMsgType.CONTINUATION):
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                payload, self._parts = b"".join(self._parts), []
                self._client.socket_heard(self, payload)
        elif frame.msg_type is picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code() or 1000)
            transport.disconnect()
        else:
            self._client.socket_touched(self)

    def on_ws_disconnected(self, transport: Any) -> None:
        received = transport.close_handshake.recv if transport.close_handshake is not None else None
        code, reason = (int(received.code), received.reason or "") if received is not None else (1006, "")
        self._client.socket_closed(self, code, reason)


def _chat_id(text: str) -> ChatId:
    try:
        return ChatId(parse_uuid(text))
    except ValueError as cause:
        raise TenfourError(ErrorCode.CHAT_ID_INVALID) from cause


def _socket_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/api/v1/ws", "", ""))


def _reason(cause: Exception) -> str:
    """One word for why no socket opened; ``doctor`` says it at length."""
    if isinstance(cause, ConnectionRefusedError):
        return "connection_refused"
    if isinstance(cause, TimeoutError):
        return "connect_timeout"
    return "unreachable"
