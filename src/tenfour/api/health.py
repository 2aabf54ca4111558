"""``/health``, ``/metrics``, ``/.well-known/jwks.json``, ``/server``: what operators and other programs ask."""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec
from litestar import Response, get

from tenfour.api.description import NOBODY, answer, problems
from tenfour.api.identity import AnyRequest, is_from_here
from tenfour.api.services import Services
from tenfour.auth import passwords
from tenfour.domain.chat import TITLE_CHARS_MAX
from tenfour.domain.name import NAME_CHARS_MAX
from tenfour.domain.picture import PICTURE_BYTES_MAX, PICTURE_SIDE_MAX
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage.people import has_users
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.times import rfc3339


class Live(msgspec.Struct):
    status: str
    node: str
    version: str


class Ready(msgspec.Struct):
    ready: bool
    reasons: list[str]
    node: str


class Limits(msgspec.Struct):
    """What forms have to know before anybody has logged in; ``welcome`` tells the rest."""

    text_chars: int
    title_chars: int
    name_chars: int
    password_chars_min: int
    password_chars_max: int
    picture_bytes: int
    picture_side: int
    chat_members: int


class Server(msgspec.Struct):
    name: str
    version: str
    node: str
    protocol: str
    epoch: str
    server_time: str
    registration: Literal["open", "invite", "closed"]
    set_up: bool
    limits: Limits


@get("/health/live", summary="Whether the process answers", tags=["health"], responses=problems(), security=NOBODY)
async def live(services: Services) -> Live:
    return Live("live", services.node, services.version)


@get("/health/ready", summary="Whether a load balancer may send users here", tags=["health"], responses=problems() | answer(503, Ready, "Not ready, and why."), security=NOBODY)
async def ready(services: Services) -> Response[Ready]:
    context = services.context
    troubles = {"store": context.store.trouble, "broker": context.broker.trouble, "node": "the server is about to stop" if services.is_draining() else None}
    reasons = [f"{part}: {trouble}" for part, trouble in troubles.items() if trouble is not None]
    return Response(Ready(not reasons, reasons, services.node), status_code=503 if reasons else 200, headers={"Cache-Control": "no-store"})


@get("/server", summary="What this server is, and what a log-in form has to know", tags=["health"], responses=problems(), security=NOBODY)
async def server(services: Services) -> Server:
    is_set_up = await services.context.store.read(has_users)
    now, policy = rfc3339(services.context.clock.now_ms()), services.context.policy
    limits = Limits(policy.text_chars_max, TITLE_CHARS_MAX, NAME_CHARS_MAX, passwords.CHARS_MIN, passwords.CHARS_MAX, PICTURE_BYTES_MAX, PICTURE_SIDE_MAX, policy.chat_members_max)
    return Server("tenfour", services.version, services.node, PROTOCOL, services.context.store.epoch, now, policy.registration.value, is_set_up, limits)


@get("/metrics", include_in_schema=False)
async def metrics(services: Services, request: AnyRequest) -> Response[bytes]:
    _, _, bearer = request.headers.get("authorization", "").partition(" ")
    by_token = bool(services.metrics_token) and secrets.compare_digest(bearer.encode(), services.metrics_token.encode())
    if not by_token and not is_from_here(request, services):
        raise TenfourError(ErrorCode.FORBIDDEN, "Metrics are for loopback, or for a request with the metrics token.")
    return Response(services.metrics(), media_type="text/plain; version=0.0.4")


@get("/.well-known/jwks.json", include_in_schema=False)
async def jwks(services: Services) -> Response[dict[str, Any]]:
    return Response(services.keys.jwks(), media_type="application/jwk-set+json", headers={"Cache-Control": "public, max-age=300"})


HANDLERS = [live, ready, server]
ROOT_HANDLERS = [metrics, jwks]
