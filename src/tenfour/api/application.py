"""The HTTP application: routes, errors, limits and the description of all that."""

from __future__ import annotations

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from tenfour.api.attempts import Attempts
from tenfour.api.body import JsonRequest
from tenfour.api.description import openapi_config
from tenfour.api.edge import Edge
from tenfour.api.identity import provide_asking
from tenfour.api.problems import allowed, exception_handlers
from tenfour.api.rates import Rates
from tenfour.api.routes import API_HANDLERS, ROOT_HANDLERS
from tenfour.api.services import Services
from tenfour.api.site import SiteServer

BODY_BYTES_MAX = 1_048_576


def make_http_app(services: Services) -> ASGIApp:
    """The ASGI application that uvicorn serves beside the WebSocket doors."""
    attempts = Attempts(services.context.clock, of_account_max=services.failed_logins, of_address_max=services.failed_logins_per_address)
    sends = Rates(services.context.policy.sends_per_user_s)
    cors = _cors(services.origins.listed)
    app = Litestar(
        route_handlers=[Router("/api/v1", route_handlers=API_HANDLERS), *ROOT_HANDLERS],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "attempts": Provide(lambda: attempts, sync_to_thread=False),
            "sends": Provide(lambda: sends, sync_to_thread=False),
            "asking": Provide(provide_asking, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(services.log),
        cors_config=cors,
        openapi_config=openapi_config(services.version),
        request_class=JsonRequest,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
        signature_types=[Services],
    )
    methods = {route.path_format: allowed(route.methods) for route in app.routes if isinstance(route, HTTPRoute)}
    return Edge(SiteServer(app, services.site), services, methods, cors)


def _cors(allowed_origins: tuple[str, ...]) -> CORSConfig:
    """Pages of the listed origins may call, with bearers only: cookies do not cross origins."""
    headers = ["authorization", "content-type", "idempotency-key", "x-request-id"]
    exposed = ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"]
    return CORSConfig(allow_origins=list(allowed_origins), allow_credentials=False, allow_headers=headers, expose_headers=exposed, allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
