"""One WebSocket, told apart from the ones before it."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import picows

from tenfour.client.connection import ABNORMAL
from tenfour.client.rest import read_problem
from tenfour.errors import FAILURES, ErrorCode
from tenfour.wire import frames

HANDSHAKE_TIMEOUT_S = 15.0
FRAME_BYTES_MAX = 16 * 1024 * 1024
GONE_DEADLINE_S = 2.0
CLOSED_WITHOUT_CODE = 1005


class NoSocket(Exception):
    """No socket opened; ``why`` is one word, or the code that the server answered with."""

    def __init__(self, why: str, detail: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what the socket hears."""

    heard: Callable[[Socket, bytes], None]
    touched: Callable[[Socket], None]
    closed: Callable[[Socket, int, str], None]


class Socket(picows.WSListener):  # type: ignore[misc,unused-ignore]
    """A socket at a server's door, of a client that ``Listener`` stands for."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener
        self._transport: Any = None
        self._raw: sockets.socket | None = None
        self._parts: list[bytes] = []

    async def open(self, url: str, token: str, tls: ssl.SSLContext) -> None:
        """Returns once the handshake is done; raises ``NoSocket``. Cancelled, it leaves nothing open."""
        try:
            await picows.ws_connect(
                lambda: self,
                _door(url),
                extra_headers={"Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": frames.PROTOCOL},
                websocket_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                max_redirects=0,
                max_frame_size=FRAME_BYTES_MAX,
                enable_auto_pong=False,
                socket_factory=self._connect,
                ssl_context=tls,
            )
        except picows.WSHandshakeError as cause:
            raise _refused(cause) from cause
        except (OSError, picows.WSError) as cause:
            raise NoSocket(_why(cause), str(cause)) from cause
        except asyncio.CancelledError:
            self._cut_raw()
            raise
        if self._transport is None:  # picows returns as if all were well where the line was cut before the answer
            raise NoSocket("unreachable", "The connection was closed before the handshake was done.")

    async def _connect(self, url: picows.WSParsedURL) -> sockets.socket:
        """A connected socket of our own, so that an attempt that is given up can be cut."""
        loop = asyncio.get_running_loop()
        failure: OSError = sockets.gaierror(f"{url.host} has no address")
        for family, kind, protocol, _, address in await loop.getaddrinfo(url.host, url.port, type=sockets.SOCK_STREAM):
            raw = sockets.socket(family, kind, protocol)
            raw.setblocking(False)
            try:
                await loop.sock_connect(raw, address)
            except OSError as cause:
                raw.close()
                failure = cause
            except BaseException:
                raw.close()
                raise
            else:
                self._raw = raw
                return raw
        raise failure

    def _cut_raw(self) -> None:
        """Ends the line under an unfinished handshake; its transport sees that and closes."""
        if self._raw is not None:
            with contextlib.suppress(OSError):
                self._raw.shutdown(sockets.SHUT_RDWR)

    def write(self, payload: bytes) -> None:
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.TEXT, payload)

    def shut(self, code: int) -> None:
        """Closes, with a code if the other side may still hear it."""
        if self._transport is None:
            return
        if code == ABNORMAL:
            self._transport.disconnect(graceful=False)
        else:
            self._transport.send_close(code)
            self._transport.disconnect()

    async def gone(self) -> None:
        """Returns once the socket is closed; one that does not close in time is cut."""
        if self._transport is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._transport.wait_disconnected(), GONE_DEADLINE_S)
            return
        self._transport.disconnect(graceful=False)

    # What picows tells

    def on_ws_connected(self, transport: Any) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        match frame.msg_type:
            case picows.WSMsgType.TEXT | picows.WSMsgType.CONTINUATION:
                self._parts.append(frame.get_payload_as_bytes())
                if frame.fin:
                    payload, self._parts = b"".join(self._parts), []
                    self._listener.heard(self, payload)
            case picows.WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code())
                transport.disconnect()
            case picows.WSMsgType.PING:
                transport.send_pong(frame.get_payload_as_bytes())
                self._listener.touched(self)
            case _:
                self._listener.touched(self)

    def on_ws_disconnected(self, transport: Any) -> None:
        received = transport.close_handshake.recv if transport.close_handshake is not None else None
        code, reason = (int(received.code), received.reason or "") if received is not None else (ABNORMAL, "")
        self._listener.closed(self, code or CLOSED_WITHOUT_CODE, reason)


def _door(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}[parts.scheme]
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/api/v1/ws", "", ""))


def _refused(cause: picows.WSHandshakeError) -> NoSocket:
    """The answer instead of a handshake: a problem of the catalogue, or the status of whatever stands between."""
    response = cause.response
    if response is None:
        return NoSocket("unreachable", str(cause))
    problem = read_problem(cause.raw_body or b"")
    wait = response.headers.get("Retry-After", "")
    retry_after_s = float(wait) if wait.isdecimal() else None
    status = int(response.status)
    if problem is not None and problem.code in FAILURES and FAILURES[ErrorCode(problem.code)].status == status:
        return NoSocket(problem.code, problem.detail, retry_after_s)
    return NoSocket(f"http_{status}", str(cause), retry_after_s)


def _why(cause: Exception) -> str:
    """One word for why no socket opened; ``doctor`` says it at length."""
    match cause:
        case ConnectionRefusedError():
            return "connection_refused"
        case sockets.gaierror():
            return "name_unknown"
        case ssl.SSLError():
            return "tls_failed"
        case TimeoutError():
            return "connect_timeout"
    return "unreachable"
