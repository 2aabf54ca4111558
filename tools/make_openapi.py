#!/usr/bin/env python3
"""Prints the server's OpenAPI description, from its code, without a server that runs.

python tools/make_openapi.py > openapi.json      what web/src/lib/generated/api.ts is made from
"""

from __future__ import annotations

import sys

import msgspec
from litestar import Litestar, Router
from litestar.di import Provide

from tenfour.api.body import JsonRequest
from tenfour.api.description import finished, openapi_config
from tenfour.api.routes import API_HANDLERS
from tenfour.api.services import Services

HANDED_OVER = ("services", "attempts", "sends", "asking")
"""What the handlers are given when requests come, which their description does not need."""


def description() -> bytes:
    app = Litestar(
        route_handlers=[Router("/api/v1", route_handlers=API_HANDLERS)],
        dependencies={name: Provide(lambda: None, sync_to_thread=False) for name in HANDED_OVER},
        openapi_config=openapi_config(""),
        request_class=JsonRequest,
        logging_config=None,
        signature_types=[Services],
    )
    shown = finished(app.openapi_schema.to_schema())
    shown["paths"] = dict(sorted(shown["paths"].items()))  # they come in another order each time
    return msgspec.json.format(msgspec.json.encode(shown), indent=2)


if __name__ == "__main__":
    sys.stdout.buffer.write(description() + b"\n")
