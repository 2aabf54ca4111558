"""The diagnostic echo door: sends back what it gets, so that a line can be measured without an account.

Without a token from loopback only, else with one; ten connections at once, ten minutes each, its own limit
on sizes. ``?heartbeat=off`` keeps the server's own pings away, for finding what cuts silent lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tenfour.errors import FAILURES, ErrorCode, TenfourError, close_reason
from tenfour.gateway.protocol import Admitted, Channel, UpgradeRequest
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.rfc6455 import binary_frame, ping_frame, text_frame


@dataclass(frozen=True, slots=True)
class EchoRules:
    max_bytes: int = 65_536
    connections_max: int = 10
    heartbeat_s: float = 25.0
    open_s: float = 600.0


class EchoDoor:
    """Lets echo connections in and counts them. ``check_token`` raises where a token is not good."""

    def __init__(self, rules: EchoRules, check_token: Callable[[UpgradeRequest], None], failed: Callable[[str, Exception], None]) -> None:
        self.rules = rules
        self.open: set[EchoConnection] = set()
        self.failed = failed
        self._check_token = check_token

    def admit(self, request: UpgradeRequest) -> Admitted:
        """Raises ``TenfourError`` where there are too many, or a token is needed."""
        if len(self.open) >= self.rules.connections_max:
            raise TenfourError(ErrorCode.TOO_MANY_CONNECTIONS, "The echo door has as many connections as it takes.", retry_after_ms=5000)
        if not request.from_here:
            self._check_token(request)
        heartbeat_s = None if "heartbeat=off" in request.query.split("&") else self.rules.heartbeat_s
        subprotocol = PROTOCOL if PROTOCOL in request.subprotocols else None
        return Admitted(subprotocol, EchoConnection(self, heartbeat_s), self.rules.max_bytes, accept_binary=True)

    def leave_for_restart(self) -> None:
        """Closes all with 1012."""
        for connection in tuple(self.open):
            connection.end(ErrorCode.RESTART)


class EchoConnection:
    """One connection that echoes."""

    __slots__ = ("_beat", "_channel", "_door", "_end", "_heartbeat_s")

    def __init__(self, door: EchoDoor, heartbeat_s: float | None) -> None:
        self._door = door
        self._heartbeat_s = heartbeat_s
        self._channel: Channel | None = None
        self._end: asyncio.TimerHandle | None = None
        self._beat: asyncio.TimerHandle | None = None

    def opened(self, channel: Channel) -> None:
        self._channel = channel
        self._door.open.add(self)
        self._end = asyncio.get_running_loop().call_later(self._door.rules.open_s, self.end, ErrorCode.ECHO_TIME_OVER)
        self._arm()

    def text(self, payload: bytes) -> None:
        self._write(text_frame(payload))

    def binary(self, payload: bytes) -> None:
        self._write(binary_frame(payload))

    def ping(self) -> None:
        """The channel has answered."""

    def pong(self, payload: bytes) -> None:
        """Nothing to do: the connection lives for its ten minutes."""

    def violated(self, code: ErrorCode, detail: str) -> None:
        """The close frame says it."""

    def failed(self, reference: str, cause: Exception) -> None:
        self._door.failed(reference, cause)

    def writable(self) -> None:
        if self._channel is not None:
            self._channel.resume_reading()

    def overfull(self) -> None:
        """Who does not read its echo is not read either."""
        if self._channel is not None:
            self._channel.pause_reading()

    def closed(self, code: int, reason: str, *, clean: bool) -> None:
        self._channel = None
        self._door.open.discard(self)
        for timer in (self._end, self._beat):
            if timer is not None:
                timer.cancel()

    def _write(self, data: bytes) -> None:
        assert self._channel is not None, "frames come between opened and closed"
        self._channel.write(data)

    def end(self, code: ErrorCode) -> None:
        if self._channel is not None:
            self._channel.close(FAILURES[code].close, close_reason(code))

    def _arm(self) -> None:
        if self._heartbeat_s is not None:
            self._beat = asyncio.get_running_loop().call_later(self._heartbeat_s, self._ping)

    def _ping(self) -> None:
        if self._channel is not None:
            self._channel.write(ping_frame(b""))
            self._arm()
