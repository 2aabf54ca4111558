"""What every HTTP request meets first: an id, the rate of its address, the type of its body."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any
from uuid import uuid4

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tenfour.api.problems import REQUEST_ID
from tenfour.api.services import Services
from tenfour.errors import ErrorCode, TenfourError
from tenfour.wire.problem import PROBLEM_TYPE, problem_json

ADDRESSES_MAX = 50_000
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WRITING = frozenset({"POST", "PUT", "PATCH"})
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
]


class Edge:
    """An ASGI application around the one of the routes."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = _request_id(headers)
        scope["state"][REQUEST_ID] = request_id
        self._services.counters.http_requests += 1
        limit = str(self._services.requests_per_address_s).encode()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                rate = [(b"ratelimit-policy", b'"address";q=' + limit + b";w=1")]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *rate, *SECURITY_HEADERS]
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(refusal, request_id, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Any, headers: dict[bytes, bytes]) -> TenfourError | None:
        peer = scope["client"][0] if scope.get("client") else ""
        address = self._services.client_address(peer, headers.get(b"x-forwarded-for", b"").decode("latin-1") or None)
        wait_s = self._take(address)
        if wait_s > 0.0:
            return TenfourError(ErrorCode.RATE_LIMITED, retry_after_ms=round(wait_s * 1000) + 1)
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        if scope["method"] in _WRITING and has_body and kind != b"application/json":
            return TenfourError(ErrorCode.MEDIA_TYPE)
        return None

    def _take(self, address: str) -> float:
        """A token bucket an address; 0.0, or the seconds to wait."""
        rate = self._services.requests_per_address_s
        now = self._services.context.clock.monotonic()
        tokens, at = self._rates.pop(address, (2.0 * rate, now))
        tokens = min(2.0 * rate, tokens + (now - at) * rate)
        self._rates[address] = (tokens - 1.0 if tokens >= 1.0 else tokens, now)
        if len(self._rates) > ADDRESSES_MAX:
            self._rates.popitem(last=False)
        return 0.0 if tokens >= 1.0 else (1.0 - tokens) / rate


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex


async def _answer(error: TenfourError, request_id: str, send: Send) -> None:
    body = problem_json(error, request_id)
    headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    if error.retry_after_ms is not None:
        headers.append((b"retry-after", str(-(-error.retry_after_ms // 1000)).encode()))
    await send({"type": "http.response.start", "status": error.failure.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
