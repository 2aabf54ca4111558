"""Plain HTTP: is it Tenfour, which version and node, what time is it there, is it ready."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime

import msgspec

from tenfour.clock import SystemClock
from tenfour.doctor.evidence import Address, Again, Http, Reply, Server
from tenfour.doctor.steps.http1 import Answer, get
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.wire.times import parse_rfc3339

API = "/api/v1/"
SERVER = API + "server"
READY = API + "health/ready"
LIVE = API + "health/live"
_OK = (200, 503)
AGAIN, AGAIN_PATIENCE_S, FURTHER_PATIENCE_S = 5, 4.0, 2.0
"""How often the request is made again, and how long it may take then; less where the first was not answered."""


class _Server(msgspec.Struct):
    """What is needed of ``/api/v1/server``."""

    name: str
    version: str
    node: str
    protocol: str
    server_time: str
    epoch: str = ""


class _Ready(msgspec.Struct):
    reasons: list[str]


def base_of(path: str) -> str:
    """What stands before ``/api/v1/`` in the path of the door: the prefix under which a proxy publishes the server."""
    return path.partition(API)[0].rstrip("/") if API in path else ""


def server_of(address: Address) -> str:
    """Where the server's HTTP is, for who has the address of a door."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'https' if address.is_secure else 'http'}://{host}:{address.port}{base_of(address.path)}"


async def ask_plainly(way: Way, door: str, addresses: Sequence[str], patience_s: float) -> Http:
    """The server's own description, from each address of the name. TLS's late refusals are raised as ``ssl.SSLError``."""
    started_s = now_s()
    path = base_of(door) + SERVER
    before_ms = SystemClock().now_ms()
    answer = await get(way, path, patience_s)
    local_ms = before_ms + round(answer.reply.took_ms / 2)
    server, server_ms = _read_server(answer)
    asked_again = _ask_again(way, path, answer, min(patience_s, FURTHER_PATIENCE_S if answer.reply.outcome == "no_byte" else AGAIN_PATIENCE_S))
    if server is None:
        reply = replace(answer.reply, outcome="closed") if answer.reply.status == _OK[0] and answer.breaks_off else answer.reply
        again, is_alive, nodes = await asyncio.gather(asked_again, _is_alive(way, door, answer), _nodes(way, path, addresses, "", patience_s))
        return Http(since_ms(started_s), path, reply, None, _date(answer.reply), local_ms, is_alive=is_alive, again=again, nodes=nodes)
    again, ready, nodes = await asyncio.gather(asked_again, get(way, base_of(door) + READY, patience_s), _nodes(way, path, addresses, server.node, patience_s))
    return Http(since_ms(started_s), path, answer.reply, server, server_ms, local_ms, _read_ready(ready), again=again, nodes=nodes)


async def ask_whether_ready(way: Way, door: str, patience_s: float) -> tuple[str, ...] | None:
    """Why the server is not ready; empty where it is, None where it does not say."""
    try:
        return _read_ready(await get(way, base_of(door) + READY, patience_s))
    except ssl.SSLError:
        return None


async def _ask_again(way: Way, path: str, first: Answer, patience_s: float) -> tuple[Again, ...]:
    """The same request on lines of their own, all at once: a load balancer gives each to the next server."""
    answers = await asyncio.gather(*(get(way, path, patience_s) for _ in range(AGAIN)), return_exceptions=True)
    for each in answers:
        if isinstance(each, BaseException) and not isinstance(each, ssl.SSLError):
            raise each
    return tuple(_who(each) for each in (first, *answers) if isinstance(each, BaseException) or not _is_own_refusal(each))


def _is_own_refusal(answer: Answer) -> bool:
    """Tenfour's own error, such as that of a rate: it says nothing of who answers."""
    return (answer.reply.header("content-type") or "").startswith("application/problem+json")


async def _is_alive(way: Way, door: str, answer: Answer) -> bool | None:
    """Whether what needs no data is answered, where the first request was not."""
    if answer.reply.outcome != "no_byte":
        return None
    try:
        return (await get(way, base_of(door) + LIVE, FURTHER_PATIENCE_S)).reply.status == _OK[0]
    except ssl.SSLError:
        return None


def _who(answer: Answer | BaseException) -> Again:
    if isinstance(answer, BaseException):
        return Again(0)
    server, _ = _read_server(answer)
    return Again(answer.reply.status) if server is None else Again(answer.reply.status, server.node, msgspec.json.decode(answer.body, type=_Server).epoch)


def _read_server(answer: Answer) -> tuple[Server | None, int | None]:
    if answer.reply.status != _OK[0]:
        return None, None
    try:
        said = msgspec.json.decode(answer.body, type=_Server)
        moment = parse_rfc3339(said.server_time)
    except (msgspec.DecodeError, ValueError):
        return None, None
    return (Server(said.version, said.node, said.protocol), moment) if said.name == "tenfour" else (None, None)


def _read_ready(answer: Answer) -> tuple[str, ...] | None:
    if answer.reply.status not in _OK:
        return None
    try:
        return tuple(msgspec.json.decode(answer.body, type=_Ready).reasons)
    except msgspec.DecodeError:
        return None


def _date(reply: Reply) -> int | None:
    """The moment of a ``Date`` header, which has whole seconds: the middle of that one."""
    text = reply.header("date")
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000) + 500
    except ValueError:
        return None


async def _nodes(way: Way, path: str, addresses: Sequence[str], node: str, patience_s: float) -> tuple[tuple[str, str], ...]:
    """Who answers at the other addresses of the name than that of the way, where ``node`` is; one that does not answer, or with another certificate, is nobody."""
    if len(addresses) < 2:  # noqa: PLR2004 - the one that has answered
        return ((way.address, node),)
    others = [each for each in addresses if each != way.address]
    found = await asyncio.gather(*(_node(replace(way, address=each), path, patience_s) for each in others))
    return ((way.address, node), *zip(others, found, strict=True))


async def _node(way: Way, path: str, patience_s: float) -> str:
    try:
        server, _ = _read_server(await get(way, path, patience_s))
    except ssl.SSLError:
        return ""
    return "" if server is None else server.node
