"""The seam between uvicorn and picows: one port, HTTP by the one, WebSocket by the other.

uvicorn takes this class as its ``ws`` protocol: it builds it, calls ``connection_made``, hands the rebuilt
request to ``data_received``, and only then sets it on the transport. picows parses and unmasks frames; what
RFC 6455 asks beyond that is ``wire/rfc6455``. ``Channel`` is both picows' listener and the writing end that
a connection holds, one object a connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from uuid import uuid4

import picows
from picows.picows import WSProtocol, _validate_upgrade_request  # type: ignore[attr-defined]  # not public names: pinned exactly, and the seam has its tests

from tenfour.errors import FAILURES, ErrorCode, close_reason
from tenfour.gateway.address import Network, client_address, is_forwarded_secure, is_from_here
from tenfour.wire.rfc6455 import NO_STATUS, NORMAL, Close, Inbound, Message, Opcode, Violation, close_frame, is_utf8, pong_frame, read_close, text_frame

READ_BUFFER_BYTES = 1_024
PARSER_SLACK = 4
"""The parser takes frames of four times our limit, so that ours is the reason that the client reads."""
CLOSE_TIMEOUT_S = 2.0
ABNORMAL = 1006
VERSION = "13"
"""Of the WebSocket protocol (RFC 6455, section 4.1)."""
_CONNECTION_LIST = re.compile(rb"\r\nconnection:[^\r]*,[^\r]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """A request to speak WebSocket, before anything was answered. Header names are lower case."""

    path: str
    query: str
    headers: Mapping[str, str]
    host: str
    origin: str | None
    address: str
    subprotocols: Sequence[str]
    secure: bool
    from_here: bool
    """Made on this machine, and not by a proxy for somebody else."""
    version: str | None = VERSION
    fault: str | None = None
    """What keeps it from being a handshake, in one sentence; picows looks only after the listener was made."""


class Listener(Protocol):
    """What a connection is told. All calls come on the event loop."""

    def opened(self, channel: Channel) -> None: ...

    def text(self, payload: bytes) -> None: ...

    def binary(self, payload: bytes) -> None:
        """Only where the door accepts binary frames."""

    def ping(self) -> None:
        """A ping came and was answered."""

    def pong(self, payload: bytes) -> None: ...

    def violated(self, code: ErrorCode, detail: str) -> None:
        """The client broke the protocol; the close frame is on its way."""

    def failed(self, reference: str, cause: Exception) -> None:
        """One of these callbacks raised; the connection closes with 4500 and this reference."""

    def writable(self) -> None:
        """What was written has gone, as far as the low mark."""

    def overfull(self) -> None:
        """More is waiting for this reader than the send budget."""

    def closed(self, code: int, reason: str, *, clean: bool) -> None:
        """The connection is gone: the last call, exactly once."""


@dataclass(frozen=True, slots=True)
class Admitted:
    subprotocol: str | None
    listener: Listener
    max_frame_bytes: int
    accept_binary: bool = False


@dataclass(frozen=True, slots=True)
class RefusedUpgrade:
    """An HTTP answer instead of a handshake."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Gate(Protocol):
    def admit(self, request: UpgradeRequest) -> Admitted | RefusedUpgrade:
        """What becomes of the request; synchronous, since nothing but the request is needed."""


class _ParserLog:
    """picows' logger, a small one each: its lines say nothing that ours do not, but for one.

    The parser reports a violation here before it answers it. This is the only place where the answer can
    still be ours: with the name of the failure, and after everything that was said before.
    """

    __slots__ = ("channel",)

    def __init__(self) -> None:
        self.channel: Channel | None = None

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802 - logging's own name
        return False

    def _drop(self, *_args: object, **_more: object) -> None:
        pass

    log = debug = info = warning = exception = _drop

    def error(self, line: str, *args: Any) -> None:
        if self.channel is not None and line.startswith("WS parser error"):
            code, reason = args[0]
            self.channel.refused_by_parser(int(code), reason)


_PARSER_CODES = {1007: ErrorCode.INVALID_UTF8, 1009: ErrorCode.FRAME_TOO_LARGE}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Flusher:
    """Writes once a step of the event loop to each connection: uvloop makes a system call of every write.

    An ack, the events of its batch and a receipt then leave in one.
    """

    def __init__(self) -> None:
        self._channels: list[Channel] = []

    def add(self, channel: Channel) -> None:
        if not self._channels:
            asyncio.get_running_loop().call_soon(self._flush)
        self._channels.append(channel)

    def _flush(self) -> None:
        channels, self._channels = self._channels, []
        for channel in channels:
            channel.flush()


class Channel(picows.WSListener):
    """The writing end of a connection, and the place where its frames arrive."""

    __slots__ = ("_budget", "_closing", "_congested", "_flusher", "_inbound", "_max_bytes", "_over", "_pending", "_seen_close", "_timer", "_transport", "_websocket", "_write", "listener")

    def __init__(self, admitted: Admitted, send_budget_bytes: int, flusher: Flusher) -> None:
        self.listener: Listener = admitted.listener
        self._max_bytes = admitted.max_frame_bytes
        self._inbound = Inbound(admitted.max_frame_bytes, admitted.accept_binary) if admitted.accept_binary else None
        self._budget = send_budget_bytes
        self._transport: asyncio.Transport | None = None
        self._websocket: Any = None
        self._write: Callable[[bytes], None] = _write_nowhere
        self._closing: Close | None = None
        self._seen_close: Close | None = None
        self._flusher = flusher
        self._pending: list[bytes] | None = None
        self._congested = False
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    # The writing end

    def write(self, data: bytes) -> None:
        """Writes whole frames, with all others of this step. After ``close`` nothing is written any more."""
        pending = self._pending
        if pending is None:
            self._pending = [data]
            self._flusher.add(self)
        else:
            pending.append(data)

    def flush(self) -> None:
        """Writes what waits now."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._write(pending[0] if len(pending) == 1 else b"".join(pending))
            if self._congested and self.buffered() > self._budget:
                self._overfull()

    def send_text(self, payload: bytes) -> None:
        self.write(text_frame(payload))

    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def pause_reading(self) -> None:
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._over and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def close(self, code: int, reason: str) -> None:
        """Sends a close frame; the TCP connection ends with the peer's, or after two seconds."""
        if self._closing is not None or self._transport is None:
            return
        self._closing = Close(code, reason)
        self._say_close(code, reason)
        self.resume_reading()
        if self._seen_close is not None:
            self._transport.close()
        self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.abort)

    def abort(self) -> None:
        """Ends the TCP connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # picows' listener

    def on_ws_connected(self, transport: Any) -> None:
        self._websocket = transport
        self._transport = underlying = transport.underlying_transport
        _forget_headers(transport)
        underlying.set_write_buffer_limits(high=self._budget // 4, low=self._budget // 8)
        self._write = underlying.write
        self._tell(self.listener.opened, self)

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if self._closing is not None:
            if frame.msg_type == picows.WSMsgType.CLOSE:
                self._finish()
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._violated(Violation(ErrorCode.PROTOCOL_ERROR, "A reserved bit is set and no extension was agreed"))
            if frame.msg_type == picows.WSMsgType.CLOSE:
                self._finish()
        elif frame.msg_type == picows.WSMsgType.TEXT and frame.fin and self._inbound is None:
            self._text(frame.get_payload_as_bytes())
        else:
            self._other(frame)

    def on_ws_disconnected(self, transport: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = self._websocket = None
        self._write = _write_nowhere
        self._over = True
        ending = self._closing or self._seen_close
        clean = self._seen_close is not None
        self._tell(lambda: self.listener.closed(*((ending.code, ending.reason) if ending is not None else (ABNORMAL, "")), clean=clean))

    def pause_writing(self) -> None:
        # uvloop gathers writes until the end of an iteration: a look now would see what is about to go.
        asyncio.get_running_loop().call_soon(self._look_at_congestion)

    def resume_writing(self) -> None:
        self._congested = False
        self._tell(self.listener.writable)

    # What arrives

    def _text(self, payload: bytes) -> None:
        if len(payload) > self._max_bytes:
            self._violated(Violation(ErrorCode.FRAME_TOO_LARGE, f"More than {self._max_bytes} bytes in one message"))
        elif is_utf8(payload):
            self._tell(self.listener.text, payload)
        else:
            self._violated(Violation(ErrorCode.INVALID_UTF8, "The text is not valid UTF-8"))

    def _other(self, frame: Any) -> None:
        payload: bytes = frame.get_payload_as_bytes()
        opcode = Opcode(frame.msg_type.value)
        if opcode is Opcode.PING:
            self._write(pong_frame(payload))
            self._tell(self.listener.ping)
        elif opcode is Opcode.PONG:
            self._tell(self.listener.pong, payload)
        elif opcode is Opcode.CLOSE:
            self._peer_closes(read_close(payload))
        else:
            self._fragment(opcode, payload, fin=frame.fin)

    def _fragment(self, opcode: Opcode, payload: bytes, *, fin: bool) -> None:
        if self._inbound is None:
            self._inbound = Inbound(self._max_bytes)
        match self._inbound.data(opcode, payload, fin=fin):
            case Message(whole, is_text):
                if not self._inbound.accept_binary:
                    self._inbound = None
                self._tell(self.listener.text if is_text else self.listener.binary, whole)
            case Violation() as violation:
                self._violated(violation)
            case None:
                pass

    def _peer_closes(self, ending: Close | Violation) -> None:
        if isinstance(ending, Violation):
            self._violated(ending)
            self._finish()
            return
        self._seen_close = ending
        self._say_close(ending.code, "")
        self._finish()

    def _say_close(self, code: int, reason: str) -> None:
        """The last frame. picows writes it where it can, so that it does not write one of its own after it."""
        self.flush()
        if code == NO_STATUS:
            self._write(close_frame(code, reason))
        else:
            self._websocket.send_close(code, reason)
        self._write = _write_nowhere

    def _finish(self) -> None:
        """Both sides have said close: the TCP connection ends as soon as what was written is out."""
        if self._seen_close is None:
            self._seen_close = self._closing
        if self._transport is not None:
            self._transport.close()
            self._timer = self._timer or asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.abort)

    def refused_by_parser(self, code: int, detail: str) -> None:
        """The parser goes no further. It looks one frame ahead, so the frame before the bad one is lost with it."""
        if self._closing is not None or self._seen_close is not None:
            return
        handshake = self._websocket.close_handshake
        if handshake is not None and handshake.recv is not None:
            self._peer_closes(Close(NORMAL, ""))
        else:
            self._violated(Violation(_PARSER_CODES.get(code, ErrorCode.PROTOCOL_ERROR), detail))

    def _violated(self, violation: Violation) -> None:
        self._tell(self.listener.violated, violation.code, violation.detail)
        self.close(FAILURES[violation.code].close, close_reason(violation.code, violation.detail))

    # Slow readers

    def _look_at_congestion(self) -> None:
        waiting = self.buffered()
        self._congested = waiting > self._budget // 8
        if waiting > self._budget:
            self._overfull()

    def _overfull(self) -> None:
        self._congested = False
        self._tell(self.listener.overfull)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        """Calls the listener; what it raises ends this connection, with a reference and nobody else's."""
        try:
            callback(*args)
        except Exception as cause:  # noqa: BLE001 - a bug in one connection is not the others' end
            reference = uuid4().hex[:12]
            self.listener.failed(reference, cause)
            self.close(FAILURES[ErrorCode.INTERNAL].close, close_reason(ErrorCode.INTERNAL, f"The server made a mistake, reference {reference}"))


def _forget_headers(transport: Any) -> None:
    """Picows keeps request and response as long as the connection: 2 KiB of headers, and the token among them."""
    transport.request.headers = transport.response.headers = _NO_HEADERS
    transport.request.path = b""


def _write_nowhere(_data: bytes) -> None:
    """Where writes go that come before the opening or after the end."""


def websocket_protocol(gate: Gate, *, trusted_proxies: Sequence[Network], send_budget_bytes: int, max_frame_bytes: int) -> type:
    """The class that uvicorn takes as its ``ws`` protocol."""
    flusher = Flusher()

    class WebSocketProtocol(WSProtocol):  # type: ignore[misc]
        __slots__ = ("_parser_log", "connections", "peer", "secure")

        def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
            self._parser_log = _ParserLog()
            super().__init__(
                None, None, False, self._make_listener, self._parser_log, True, 10.0, False, 0, 0, picows.WSAutoPingStrategy.PING_WHEN_IDLE, False,
                max_frame_bytes * PARSER_SLACK, None, READ_BUFFER_BYTES,
            )  # fmt: skip
            self.connections = server_state.connections
            self.peer = ""
            self.secure = False

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.connections.add(self)
            self.peer = (transport.get_extra_info("peername") or ("",))[0]
            self.secure = transport.get_extra_info("sslcontext") is not None

        def connection_lost(self, exc: Exception | None) -> None:
            self.connections.discard(self)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """The request that uvicorn had read before it knew that it is ours."""
            data = _plain_connection_header(data)
            while data:
                buffer = self.get_buffer(len(data))
                taken = min(len(buffer), len(data))
                buffer[:taken] = data[:taken]
                self.buffer_updated(taken)
                data = data[taken:]

        def shutdown(self) -> None:
            """Uvicorn stops: what the drain has left is ended."""
            if self.transport is not None:
                self.transport.underlying_transport.abort()

        def _make_listener(self, request: Any) -> Any:
            outcome = gate.admit(_upgrade_request(request, self.peer, trusted_proxies, secure=self.secure))
            if isinstance(outcome, RefusedUpgrade):
                response = picows.WSUpgradeResponse.create_error_response(outcome.status, outcome.body, dict(outcome.headers))
                return picows.WSUpgradeResponseWithListener(response, None)
            extra = {"Sec-WebSocket-Protocol": outcome.subprotocol} if outcome.subprotocol else None
            self._parser_log.channel = channel = Channel(outcome, send_budget_bytes, flusher)
            return picows.WSUpgradeResponseWithListener(picows.WSUpgradeResponse.create_101_response(extra), channel)

    return WebSocketProtocol


def _plain_connection_header(request: bytes) -> bytes:
    """Firefox sends ``Connection: keep-alive, Upgrade``, which picows takes for no upgrade."""
    return _CONNECTION_LIST.sub(b"\r\nconnection: Upgrade\r\n", request, count=1)


def _upgrade_request(request: Any, peer: str, trusted: Sequence[Network], *, secure: bool) -> UpgradeRequest:
    headers = {name.lower(): _latin(value) for name, value in request.headers.items()}
    path, _, query = request.path.decode("latin-1").partition("?")
    offered = [each.strip() for each in headers.get("sec-websocket-protocol", "").split(",") if each.strip()]
    address = client_address(peer, headers.get("x-forwarded-for"), trusted)
    from_here = is_from_here(peer, headers, trusted)
    version, fault = headers.get("sec-websocket-version"), _fault(request)
    return UpgradeRequest(path, query, headers, headers.get("host", ""), headers.get("origin"), address, offered, secure or is_forwarded_secure(headers, trusted), from_here, version, fault)


def _latin(value: str) -> str:
    """A header's value as HTTP has it, bytes of ISO-8859-1 (RFC 9110, section 5.5); picows makes lone surrogates of what is no UTF-8, and no answer or log line can carry those."""
    return value if value.isascii() else value.encode(errors="surrogateescape").decode("latin-1")


def _fault(request: Any) -> str | None:
    try:
        _validate_upgrade_request(request)
    except RuntimeError as cause:
        return str(cause)
    return None
