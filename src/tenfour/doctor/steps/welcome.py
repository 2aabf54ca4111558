"""With the token: is it let in, and does ``welcome`` come in time; else, does another way of bringing the token help."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import msgspec

from tenfour.doctor.evidence import HIDDEN, Carrier, Reply, Welcome, without_tokens
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, Message, WebSocket, upgrade
from tenfour.wire import frames

FIRST_CHARS = 200
CARRIERS: tuple[Carrier, ...] = ("authorization", "subprotocol", "query", "first_frame")
_OTHERS_PATIENCE_S = 2.0
_FAREWELL_S = 1.0


@dataclass(frozen=True, slots=True)
class Entered:
    """What was seen, and the connection where it stands: with it goes the test on."""

    seen: Welcome
    socket: WebSocket | None
    said: frames.Welcome | None = None
    """The frame itself, where it came."""


def carrying(asked: Asked, carrier: Carrier, token: str) -> Asked:
    """The request with the token in it; for ``first_frame`` without."""
    match carrier:
        case "authorization":
            return replace(asked, secrets=(("Authorization", f"Bearer {token}"),))
        case "subprotocol":
            return replace(asked, subprotocols=(*asked.subprotocols, frames.BEARER_PREFIX + token))
        case "query" | "ticket":
            more = urlencode({"token" if carrier == "query" else "ticket": token})
            return replace(asked, query=f"{asked.query}&{more}" if asked.query else more)
        case "first_frame":
            return asked


async def enter(way: Way, asked: Asked, token: str, carrier: Carrier, patience_s: float) -> Entered:
    """Connects with the token; a socket that stands is the caller's to close."""
    entered = await enter_once(way, asked, token, carrier, patience_s)
    if entered.socket is not None:
        return entered
    seen = entered.seen
    if seen.close is None or seen.close.error == "token_missing" or seen.reply is not None:
        others = [each for each in CARRIERS if each != carrier]
        cured = await asyncio.gather(*(_is_let_in(way, asked, token, each) for each in others))
        seen = replace(seen, cured_by=tuple(each for each, works in zip(others, cured, strict=True) if works))
    return Entered(seen, None)


async def _is_let_in(way: Way, asked: Asked, token: str, carrier: Carrier) -> bool:
    entered = await enter_once(way, asked, token, carrier, _OTHERS_PATIENCE_S)
    if entered.socket is None:
        return False
    await entered.socket.close()
    return True


async def enter_once(way: Way, asked: Asked, token: str, carrier: Carrier, patience_s: float) -> Entered:
    """The same in this way alone."""
    started_s = now_s()
    got = await upgrade(way, carrying(asked, carrier, token), patience_s)
    if got.socket is None:
        return Entered(Welcome(since_ms(started_s), "closed", reply=_hidden(got.reply, token)), None)
    if carrier == "first_frame":
        got.socket.send(msgspec.json.encode(frames.Authenticate(token)))
    first = await got.socket.next(patience_s)
    if first is not None and _is_a_farewell(first):
        await asyncio.wait([got.socket.ended], timeout=_FAREWELL_S)
    seen, said = _judge_first(first, got.socket, since_ms(started_s), patience_s, token)
    if said is not None:
        return Entered(seen, got.socket, said)
    await got.socket.close()
    return Entered(seen, None)


def _hidden(reply: Reply, token: str) -> Reply:
    """An answer that repeats the token, as error pages with the address do, without it."""
    headers = tuple((name, without_tokens(value.replace(token, HIDDEN))) for name, value in reply.headers)
    return replace(reply, body=without_tokens(reply.body.replace(token, HIDDEN)), headers=headers)


def _is_a_farewell(first: Message) -> bool:
    """An error or a goodbye announces the close frame that says the same."""
    try:
        msgspec.json.decode(first.payload, type=frames.Goodbye | frames.Error)
    except msgspec.DecodeError:
        return False
    return True


def _judge_first(first: Message | None, socket: WebSocket, took_ms: float, patience_s: float, token: str) -> tuple[Welcome, frames.Welcome | None]:
    close = socket.how_it_ended
    if first is None:
        return Welcome(took_ms, "nothing", patience_s * 1000) if close is None else Welcome(took_ms, "closed", close=close), None
    try:
        said = msgspec.json.decode(first.payload, type=frames.Welcome)
    except msgspec.DecodeError:
        if close is not None:
            return Welcome(took_ms, "closed", close=close), None
        return Welcome(took_ms, "other_frame", first=first.payload.decode("utf-8", "replace").replace(token, HIDDEN)[:FIRST_CHARS]), None
    chats = tuple(each.chat for each in said.chats)
    return Welcome(took_ms, "welcome", node=said.node, connection=said.connection, user=said.user.name, chats=chats, chats_more=said.chats_more), said
