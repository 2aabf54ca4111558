"""What every HTTP request meets first: an id, the rate of its address, the type of its body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from litestar.config.cors import CORSConfig
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from tenfour.api.problems import REQUEST_ID
from tenfour.api.rates import BURST_S, Rates
from tenfour.api.services import Services
from tenfour.domain.picture import PICTURE_TYPES
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import new_id
from tenfour.wire.problem import PROBLEM_TYPE, problem_json

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WRITING = frozenset({"POST", "PUT", "PATCH"})
_JSON = frozenset({"application/json"})
_OTHER_TYPES = {("PUT", "/api/v1/me/avatar"): frozenset(PICTURE_TYPES)}
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
]


class Edge:
    """An ASGI application around the one of the routes.

    ``methods`` of each path: Litestar answers OPTIONS with those of the handler that was registered first.
    """

    def __init__(self, app: ASGIApp, services: Services, methods: Mapping[str, str], cors: CORSConfig) -> None:
        self._app = app
        self._services = services
        self._methods = methods
        self._cors = cors
        self._rates = Rates(services.requests_per_address_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = _request_id(headers, self._services.context.clock.now_ms())
        scope.setdefault("state", {})[REQUEST_ID] = request_id  # ASGI servers may leave it out
        self._services.counters.http_requests += 1
        address = self._address(scope, headers)
        left, wait_s = self._rates.take(address, self._services.context.clock.monotonic())
        rate = [(b"ratelimit-policy", b'"address";q=%d;w=%d' % (self._rates.burst, BURST_S)), (b"ratelimit", b'"address";r=%d;t=1' % left)]
        # uvicorn keeps its own scope, and so leaves the body out of an answer to HEAD.
        inner = cast("HTTPScope", {**scope, "method": "GET"}) if scope["method"] == HttpMethod.HEAD else scope

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if inner["method"] == HttpMethod.OPTIONS:
                    message["headers"] = self._with_methods(inner, message["headers"])
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *rate, *(each for each in SECURITY_HEADERS if each[0] not in own)]
            await send(message)

        refusal = self._too_often(address, wait_s) if wait_s > 0.0 else _refusal(inner, headers)
        if refusal is not None:
            await _answer(refusal, request_id, self._cors_headers(headers), send_with_headers)
        else:
            await self._app(inner, receive, send_with_headers)

    def _with_methods(self, scope: Any, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        methods = self._methods.get(scope.get("path_template", ""))
        return [(name, methods.encode() if name == b"allow" and methods is not None else value) for name, value in headers]

    def _cors_headers(self, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """What a page of a listed origin needs to read a refusal that was made before Litestar saw the request."""
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or not self._cors.is_origin_allowed(origin):
            return []
        shown = {**self._cors.simple_headers, "access-control-allow-origin": origin, "vary": "Origin"}
        return [(name.lower().encode(), value.encode()) for name, value in shown.items()]

    def _too_often(self, address: str, wait_s: float) -> TenfourError:
        return TenfourError(ErrorCode.RATE_LIMITED, f"More than {self._rates.per_s} requests a second come from {address} (requests_per_address_s).", retry_after_ms=round(wait_s * 1000) + 1)

    def _address(self, scope: Any, headers: dict[bytes, bytes]) -> str:
        peer = scope["client"][0] if scope.get("client") else ""
        return self._services.client_address(peer, headers.get(b"x-forwarded-for", b"").decode("latin-1") or None)


def _refusal(scope: Any, headers: dict[bytes, bytes]) -> TenfourError | None:
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    if scope["method"] in _WRITING and has_body and kind not in _OTHER_TYPES.get((scope["method"], scope["path"]), _JSON):
        return TenfourError(ErrorCode.MEDIA_TYPE)
    return None


def _request_id(headers: dict[bytes, bytes], now_ms: int) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _SANE_ID.fullmatch(given) else new_id(now_ms)


async def _answer(error: TenfourError, request_id: str, more: list[tuple[bytes, bytes]], send: Send) -> None:
    body = problem_json(error, request_id)
    headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"content-length", str(len(body)).encode()), *more]
    if error.retry_after_ms is not None:
        headers.append((b"retry-after", str(-(-error.retry_after_ms // 1000)).encode()))
    await send({"type": "http.response.start", "status": error.failure.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
