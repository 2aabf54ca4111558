"""The address taken apart: what a WebSocket's may be, and what people write in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from tenfour.doctor.evidence import HIDDEN, Address, shown
from tenfour.doctor.steps.way import now_s, since_ms

ALL_CHATS = "/api/v1/ws"
_SCHEMES: dict[str, Literal["ws", "wss"]] = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_USERINFO = re.compile(r"//\S*@")
"""In what is no address, wherever its user may end."""
_PORTS = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Read:
    """The address as evidence, and its query, which may hold a secret and is none."""

    address: Address
    query: str = ""


def read_address(given: str, chat: str | None, origin: str | None) -> Read:
    """Takes it apart as a browser does; an address without a path leads to Tenfour's door, for one chat where one is named."""
    started_s = now_s()
    fault, parts = None, None
    try:
        parts = urlsplit(given.strip())
        port = parts.port
    except ValueError as cause:
        fault, port = str(cause), None
    if parts is not None and fault is None:
        fault = _fault(parts.scheme, parts.hostname, given)
    if parts is None or fault is not None:
        return Read(Address(since_ms(started_s), shown(_USERINFO.sub(f"//{HIDDEN}@", given)), fault=fault, origin=origin))
    scheme = _SCHEMES[parts.scheme]
    path = parts.path if parts.path not in ("", "/") else ALL_CHATS if chat is None else f"/api/v1/chats/{chat}/ws"
    return Read(Address(since_ms(started_s), shown(given), scheme, parts.hostname or "", port or _PORTS[scheme], path, origin=origin), parts.query)


def _fault(scheme: str, host: str | None, given: str) -> str | None:
    """What keeps it from being an address of a WebSocket."""
    if scheme not in _SCHEMES:
        return f"its scheme is {scheme}, not ws or wss" if scheme and "://" in given else "it has no scheme; it begins with wss:// or ws://"
    if not host:
        return "it names no host"
    if "#" in given:
        return "it has a #, which a WebSocket's address must not have"
    if any(each.isspace() or not each.isprintable() for each in given.strip()):
        return "it has a blank or a control character in it"
    return None


def origin_of(page: str) -> str:
    """What a browser sends as ``Origin`` for a page whose whole address may have been given; "null" and what is no address stay."""
    try:
        parts = urlsplit(page.strip())
        port = parts.port
    except ValueError:
        return page
    if not parts.scheme or not parts.hostname:
        return page
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" if port in (None, _PORTS.get(_SCHEMES.get(parts.scheme, ""))) else f"{parts.scheme}://{host}:{port}"
