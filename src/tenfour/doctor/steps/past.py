"""What is tried when something failed: past what stands between, at another usual port, and who is first on the way."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tenfour.doctor.evidence import Direct, Elsewhere, Hop, Reply
from tenfour.doctor.steps.http import ask_plainly
from tenfour.doctor.steps.http1 import read_answer
from tenfour.doctor.steps.tls import unverifying
from tenfour.doctor.steps.way import HTTP, HTTPS, Way, in_words, line, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, upgrade

OWN_PORT = 8410
_MALFORMED = b"GET / HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\nnot a header: x\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Past:
    """Where the server itself listens, behind what stands between."""

    host: str
    port: int
    secure: bool = False

    @property
    def at(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read_past(given: str) -> Past:
    """``HOST:PORT``, or ``wss://HOST:PORT`` where there is TLS. Raises ``ValueError``."""
    parts = urlsplit(given if "://" in given else f"ws://{given}")
    if parts.scheme not in ("ws", "wss", "http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("it is not HOST:PORT")
    secure = parts.scheme in ("wss", "https")
    return Past(parts.hostname, parts.port or (HTTPS if secure else OWN_PORT), secure)


async def ask_past(way: Way, past: Past, asked: Asked, patience_s: float) -> Direct:
    """The same request, with the same Host, on a line to there. Its certificate is for other names and not judged; no secret goes along."""
    started_s = now_s()
    direct = Way(way.host, past.port, past.host, unverifying() if past.secure else None, named=way.authority)
    try:
        async with asyncio.timeout(patience_s), line(direct):
            pass
    except TimeoutError:
        return Direct(since_ms(started_s), past.at, text="nobody answers")
    except OSError as cause:
        return Direct(since_ms(started_s), past.at, text=in_words(cause))
    got = await upgrade(direct, asked, patience_s)
    if got.socket is not None:
        await got.socket.close()
    return Direct(since_ms(started_s), past.at, got.reply, is_open=got.socket is not None and got.accept_is_right)


async def ask_malformed(way: Way, patience_s: float) -> Hop:
    """A request that nobody may take: whoever reads it first refuses it in its own words, and passes nothing on."""
    started_s = now_s()
    try:
        async with asyncio.timeout(patience_s), line(way) as (reader, writer):
            writer.write(_MALFORMED)
            return Hop(since_ms(started_s), (await read_answer(reader, started_s)).reply)
    except TimeoutError:
        return Hop(since_ms(started_s), Reply(since_ms(started_s), "no_byte"))
    except OSError:
        return Hop(since_ms(started_s), Reply(since_ms(started_s), "reset"))


async def look_elsewhere(host: str, addresses: Sequence[str], tried: int, patience_s: float) -> tuple[Elsewhere, ...]:
    """The usual ports of the same host that answer at all."""
    ports = [(HTTPS, True), (HTTP, False), (OWN_PORT, False)]
    found = await asyncio.gather(*(_at(Way(host, port, addresses[-1], unverifying() if secure else None), patience_s) for port, secure in ports if port != tried))
    return tuple(each for each in found if each is not None)


async def _at(way: Way, patience_s: float) -> Elsewhere | None:
    try:
        async with asyncio.timeout(patience_s):
            http = await ask_plainly(way, "", [way.address], patience_s)
    except (TimeoutError, ssl.SSLError):
        return None
    return Elsewhere(way.port, way.tls is not None, http.server is not None) if http.reply.outcome == "answered" else None


def without_tls(way: Way) -> Way:
    """Port 80 of the same address."""
    return replace(way, port=HTTP, tls=None)
