"""uvicorn's HTTP protocol with limits: ten seconds and 16 KiB for a request's head, fifteen seconds for its body.

As it comes, uvicorn takes 40 MB of headers and keeps half a request open without end.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tenfour.errors import ErrorCode, TenfourError
from tenfour.wire.problem import PROBLEM_TYPE, problem_json

HEAD_BYTES_MAX = 16_384
HEAD_S = 10.0
BODY_S = 15.0
"""A body is at most 1 MiB: who sends it more slowly than 70 KB a second is cut off."""


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._header_bytes = 0
        self._in_head = True
        self._in_body = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # uvicorn's own method, but for the two socket objects that it makes to ask for the addresses.
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.client = _address(transport, "peername")
        self.server = _address(transport, "sockname")
        self.scheme = "https" if transport.get_extra_info("sslcontext") is not None else "http"
        self._deadline = self.loop.call_later(HEAD_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            # What comes with the rest of the head may be body; the parser tells them apart, the cap need not.
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(ErrorCode.HEADERS_TOO_LARGE)
        elif self._deadline is None and (self._in_body or (self._in_head and self._head_bytes)):
            self._deadline = self.loop.call_later(BODY_S if self._in_body else HEAD_S, self._too_slow)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._header_bytes = len(b"GET  HTTP/1.1\r\n")

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._header_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value) + len(b": \r\n")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._stop_waiting()
        if self._header_bytes > HEAD_BYTES_MAX:
            self._refuse(ErrorCode.HEADERS_TOO_LARGE)
        if not self.transport.is_closing():
            self._in_body = True
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._stop_waiting()
        if not self.transport.is_closing():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(ErrorCode.REQUEST_MALFORMED)

    def handle_websocket_upgrade(self) -> None:
        if not self.transport.is_closing():  # else its head was refused just now
            super().handle_websocket_upgrade()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        answered = self._in_body and (self.cycle is None or self.cycle.response_started)
        if answered or (self._head_bytes == 0 and not self._in_body):
            self.transport.close()  # there is nothing to say: nothing was asked, or it has its answer
        else:
            self._refuse(ErrorCode.REQUEST_TIMEOUT)

    def _refuse(self, code: ErrorCode) -> None:
        if self.transport.is_closing():
            return
        self._stop_waiting()
        error, request_id = TenfourError(code), uuid4().hex
        body = problem_json(error, request_id)
        head = f"HTTP/1.1 {error.failure.status} {code}\r\ncontent-type: {PROBLEM_TYPE}\r\ncontent-length: {len(body)}\r\nx-request-id: {request_id}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int] | None:
    """Host and port; None for what is no internet socket."""
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) >= 2 else None  # noqa: PLR2004
