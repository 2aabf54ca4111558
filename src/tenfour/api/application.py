"""The HTTP application: routes, errors, limits and the description of all that."""

from __future__ import annotations

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp

from tenfour.api.accounts import LoginGuard
from tenfour.api.edge import Edge
from tenfour.api.identity import provide_asking
from tenfour.api.problems import exception_handlers
from tenfour.api.routes import API_HANDLERS, ROOT_HANDLERS
from tenfour.api.services import Services

BODY_BYTES_MAX = 1_048_576


def make_http_app(services: Services) -> ASGIApp:
    """The ASGI application that uvicorn serves beside the WebSocket doors."""
    guard = LoginGuard(services.failed_logins)
    app = Litestar(
        route_handlers=[Router("/api/v1", route_handlers=API_HANDLERS), *ROOT_HANDLERS],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "guard": Provide(lambda: guard, sync_to_thread=False),
            "asking": Provide(provide_asking, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(services.log),
        cors_config=_cors(services.allowed_origins),
        openapi_config=_openapi(services.version),
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
        signature_types=[Services],
    )
    return Edge(app, services)


def _cors(allowed_origins: tuple[str, ...]) -> CORSConfig | None:
    """Pages of the listed origins may call, with bearers only: cookies do not cross origins."""
    if not allowed_origins:
        return None
    headers = ["authorization", "content-type", "idempotency-key", "x-request-id"]
    exposed = ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"]
    return CORSConfig(allow_origins=list(allowed_origins), allow_credentials=False, allow_headers=headers, expose_headers=exposed, allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


def _openapi(version: str) -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="An access token of POST /api/v1/sessions, a token of a configured issuer, or a server key.")
    return OpenAPIConfig(
        title="Tenfour",
        version=version,
        description="Self-hosted real-time chat. Errors are problem+json with a code of the catalogue. The WebSocket doors are described in protocol/README.md.",
        path="/api/v1",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
    )
