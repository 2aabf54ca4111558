"""The way to the server that the first steps found, and the time on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tenfour.clock import SystemClock

CLOCK = SystemClock()
STREAM_BYTES = 1 << 20
HTTPS, HTTP = 443, 80


def since_ms(started_s: float) -> float:
    """How long ago that was, by the monotonic clock, to a hundredth of a millisecond."""
    return round((CLOCK.monotonic() - started_s) * 1000, 2)


def now_s() -> float:
    return CLOCK.monotonic()


@dataclass(frozen=True, slots=True)
class Way:
    """Where requests go: the host that they name, the address that is dialled, TLS if there is."""

    host: str
    port: int
    address: str
    tls: ssl.SSLContext | None = None
    named: str = ""
    """What ``Host`` says where that is another server's name."""

    @property
    def authority(self) -> str:
        """The value of ``Host``: without the port that the scheme has anyway."""
        if self.named:
            return self.named
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTP if self.tls is None else HTTPS) else f"{host}:{self.port}"

    @property
    def own_origin(self) -> str:
        """The origin of the server's own pages."""
        return f"{'http' if self.tls is None else 'https'}://{self.authority}"


def in_words(cause: OSError) -> str:
    """The system's own words for it: asyncio puts others before them, with the address that is known anyway."""
    if isinstance(cause, ssl.SSLError | socket.gaierror) or cause.errno is None:
        return cause.strerror or str(cause)
    return os.strerror(cause.errno)


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(way: Way) -> Line:
    """A new line to the server. Raises ``OSError``, of which TLS's failures are a part."""
    if way.tls is None:
        return await asyncio.open_connection(way.address, way.port, limit=STREAM_BYTES)
    return await asyncio.open_connection(way.address, way.port, ssl=way.tls, server_hostname=way.host, limit=STREAM_BYTES)


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Ends a line without waiting for the other side."""
    with contextlib.suppress(OSError, RuntimeError):  # it may be gone already
        writer.transport.abort()


@contextlib.asynccontextmanager
async def line(way: Way) -> AsyncIterator[Line]:
    """A line for one question."""
    reader, writer = await connect(way)
    try:
        yield reader, writer
    finally:
        hang_up(writer)
