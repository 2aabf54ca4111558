"""``/diagnostics/page``: what a page of any origin may ask, so that it can say why it is not let in.

A browser hides from a page all that a server of another origin answers, and from every page the answer to an
upgrade that was refused. This one answer may be read by all: it holds nothing but what was asked, and how it arrived.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import Parameter

from tenfour.api.description import NOBODY, problems
from tenfour.api.identity import AnyRequest
from tenfour.api.services import Services
from tenfour.errors import TenfourError
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.times import rfc3339

_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-store"}


class Refused(msgspec.Struct):
    """Why an upgrade got no WebSocket."""

    status: int
    code: str
    detail: str


class Greeting(msgspec.Struct):
    """Who is here, whether a page may connect, and what became of its upgrade."""

    name: str
    protocol: str
    server_time: str
    origin: str | None
    """The page that was asked about."""
    host: str
    """As it arrived: another one than the page asked for was changed on the way."""
    secure: bool
    """Whether the request is known to have come by TLS."""
    refusal: Refused | None
    """Why the page may not connect; None: it may."""
    refused: Refused | None
    """Why the upgrade with this mark was refused; None: this node has refused none of it."""


@get("/diagnostics/page", summary="Whether a page may connect, and why its upgrade was refused: pages of all origins can read it", tags=["diagnostics"], responses=problems(), security=NOBODY)
async def greet(
    request: AnyRequest,
    services: Services,
    origin: Annotated[str | None, Parameter(max_length=300, description="The page's origin, as browsers write it; else that of the request.")] = None,
    mark: Annotated[str | None, Parameter(max_length=64, description="What the upgrade had in its address as mark, 16 to 64 letters, digits, - and _.")] = None,
) -> Response[Greeting]:
    page = origin if origin is not None else request.headers.get("origin")
    host = request.headers.get("host", "")[:200]
    secure = request.scope["scheme"] == "https" or services.is_forwarded_secure(request.headers)
    ending = services.endings.find(mark) if mark is not None else None
    refused = Refused(ending.close, ending.code, ending.detail) if ending is not None else None
    now = rfc3339(services.context.clock.now_ms())
    told = Greeting("tenfour", PROTOCOL, now, page, host, secure, _refusal(services, page, host, secure=secure), refused)
    return Response(told, headers=_FOR_ALL)


def _refusal(services: Services, origin: str | None, host: str, *, secure: bool) -> Refused | None:
    try:
        services.origins.check(origin, host, secure=secure)
    except TenfourError as refusal:
        return Refused(refusal.failure.status, refusal.code.value, refusal.detail)
    return None


HANDLERS = [greet]
