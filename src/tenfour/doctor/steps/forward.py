"""The proxy that this machine's environment names: whether it lets a WebSocket through.

The doctor itself goes straight, so that it sees the server and not the proxy; other programs do not.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from tenfour.doctor.evidence import Address, Forward, Reply, shown
from tenfour.doctor.steps.http1 import USER_AGENT, read_head
from tenfour.doctor.steps.tls import unverifying
from tenfour.doctor.steps.way import HTTP, STREAM_BYTES, Line, Way, hang_up, in_words, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, ask_on

_NAMES = {"wss": ("wss_proxy", "https_proxy", "all_proxy"), "ws": ("ws_proxy", "http_proxy", "all_proxy")}
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Proxied:
    """The variable that counts for an address, and the proxy in it, which may have a password."""

    variable: str
    url: str

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url if "://" in self.url else f"http://{self.url}")


def proxied(address: Address, environment: Mapping[str, str]) -> Proxied | None:
    """The proxy that programs use for this address; None where there is none, or ``NO_PROXY`` exempts the host."""
    if address.fault is not None:
        return None
    if any(_exempts(each.strip().lower(), address) for each in (environment.get("no_proxy") or environment.get("NO_PROXY") or "").split(",")):
        return None
    names = [each for name in _NAMES[address.scheme] for each in (name, name.upper())]
    return next((Proxied(name, environment[name]) for name in names if environment.get(name)), None)


def _exempts(entry: str, address: Address) -> bool:
    """Whether one entry of ``NO_PROXY`` means this address: all, a host, a domain with all below it, each with a port or without."""
    if entry == "*":
        return True
    host, colon, port = entry.rpartition(":") if entry.rpartition(":")[2].isdigit() and entry.count(":") == 1 else (entry, "", "")
    domain = host.lstrip("*.").strip("[]")
    is_meant = bool(domain) and (address.host == domain or address.host.endswith(f".{domain}"))
    return is_meant and (not colon or int(port) == address.port)


async def ask_through(proxy: Proxied, way: Way, asked: Asked, patience_s: float) -> Forward:
    """CONNECT, TLS where the address has it, and the upgrade without a token."""
    started_s = now_s()
    seen = Forward(0.0, proxy.variable, shown(proxy.parts.geturl()))
    if proxy.parts.scheme != "http":
        return _at_end(seen, started_s, text=f"proxies by {proxy.parts.scheme} are not tried here")
    writer: asyncio.StreamWriter | None = None
    connect: Reply | None = None
    try:
        async with asyncio.timeout(patience_s):
            reader, writer = await dial_proxy(proxy)
            connect = await ask_for_tunnel((reader, writer), proxy, way)
            if not lets_through(connect):
                return _at_end(seen, started_s, connect=connect)
            if way.tls is not None:
                await writer.start_tls(unverifying(), server_hostname=way.host)
            return _at_end(seen, started_s, connect=connect, upgrade=(await ask_on((reader, writer), way, asked)).reply)
    except TimeoutError:
        return _at_end(seen, started_s, connect=connect, text="no answer in time")
    except OSError as cause:
        return _at_end(seen, started_s, connect=connect, text=in_words(cause))
    except ValueError as cause:
        return _at_end(seen, started_s, connect=connect, text=str(cause))
    finally:
        if writer is not None:
            hang_up(writer)


async def dial_proxy(proxy: Proxied) -> Line:
    """A line to the proxy. Raises ``OSError``."""
    return await asyncio.open_connection(proxy.parts.hostname or "", proxy.parts.port or HTTP, limit=STREAM_BYTES)


async def ask_for_tunnel(line: Line, proxy: Proxied, way: Way) -> Reply:
    """What the proxy says to CONNECT; where it ``lets_through``, the line goes on to the server."""
    reader, writer = line
    writer.write(_connect(proxy, way))
    return (await read_head(reader, now_s())).reply


def lets_through(connect: Reply) -> bool:
    return connect.status in _OK


def _at_end(seen: Forward, started_s: float, *, connect: Reply | None = None, upgrade: Reply | None = None, text: str = "") -> Forward:
    return Forward(since_ms(started_s), seen.variable, seen.url, connect, upgrade, text)


def _connect(proxy: Proxied, way: Way) -> bytes:
    """The request for a tunnel, with the name and password that stand in the proxy's address."""
    target = f"{f'[{way.host}]' if ':' in way.host else way.host}:{way.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {USER_AGENT}"]
    if proxy.parts.username is not None:
        pair = f"{unquote(proxy.parts.username)}:{unquote(proxy.parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
