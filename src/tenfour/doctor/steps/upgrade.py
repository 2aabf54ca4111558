"""The upgrade without a token; where it is not let through, once more with one thing changed at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tenfour.doctor.evidence import Change, Retried, Upgrade
from tenfour.doctor.steps.deflate import OFFER
from tenfour.doctor.steps.http2 import open_over_h2
from tenfour.doctor.steps.past import without_tls
from tenfour.doctor.steps.tls import unverifying
from tenfour.doctor.steps.way import HTTPS, Way, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked, Handshake, upgrade

_SWITCHING = 101
LONG_TARGET = 2_000
EXPERIMENT_S = 2.5


async def ask_for_upgrade(way: Way, asked: Asked, patience_s: float) -> Upgrade:
    """One request, beside it the way of browsers over HTTP/2 where there is one, and after a refusal the experiments, all at once."""
    started_s = now_s()
    asked = replace(asked, extensions=OFFER)
    got, over_h2 = await asyncio.gather(_once(way, asked, patience_s), open_over_h2(way, asked, min(patience_s, EXPERIMENT_S)))
    retried = () if got.reply.status == _SWITCHING else await _experiments(way, asked, min(patience_s, EXPERIMENT_S))
    if over_h2 is not None:
        retried = (*retried, Retried("http2", over_h2))
    return Upgrade(
        since_ms(started_s),
        asked.target if not asked.query else asked.path,
        got.reply,
        asked.subprotocols,
        got.subprotocol,
        got.accept_is_right,
        got.reply.header("sec-websocket-extensions") or "",
        asked.origin,
        way.authority,
        got.request_bytes,
        retried,
    )


async def _once(way: Way, asked: Asked, patience_s: float) -> Handshake:
    got = await upgrade(way, asked, patience_s)
    if got.socket is not None:
        await got.socket.close()
    return got


async def _experiments(way: Way, asked: Asked, patience_s: float) -> tuple[Retried, ...]:
    tries = _changes(way, asked)
    replies = await asyncio.gather(*(_once(changed_way, changed, patience_s) for _, changed_way, changed in tries))
    return tuple(Retried(change, got.reply) for (change, _, _), got in zip(tries, replies, strict=True))


def _changes(way: Way, asked: Asked) -> list[tuple[Change, Way, Asked]]:
    """What may cure it; each is the first request but for one thing."""
    changes: list[tuple[Change, Way, Asked]] = []
    if asked.origin is not None:
        changes.append(("no_origin", way, replace(asked, origin=None)))
    if asked.origin != way.own_origin:
        changes.append(("own_origin", way, replace(asked, origin=way.own_origin)))
    if asked.subprotocols:
        changes.append(("no_subprotocol", way, replace(asked, subprotocols=())))
    if asked.extensions:
        changes.append(("no_extension", way, replace(asked, extensions="")))
    if len(asked.target) > LONG_TARGET:
        changes.append(("short_url", way, replace(asked, query="")))
    if asked.path != "/":
        changes.append(("slash", way, replace(asked, path=asked.path[:-1] if asked.path.endswith("/") else asked.path + "/")))
    if way.tls is None:
        changes.append(("tls", replace(way, tls=unverifying()), asked))
    elif way.port == HTTPS:
        changes.append(("plain_http", without_tls(way), asked))
    return changes
