"""The API's own description: ``/api/v1/openapi.json``, and a page to read it on, ``/api/v1/docs``."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import msgspec
from litestar import Litestar, Response, get

from tenfour.api.description import finished
from tenfour.api.identity import AnyRequest
from tenfour.errors import ErrorCode, TenfourError

OPENAPI_TYPE = "application/vnd.oai.openapi+json"
_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
_PAGES = {each.name: each.read_bytes() for each in (files("tenfour.api") / "pages").iterdir()}


@get("/openapi.json", include_in_schema=False)
async def openapi(request: AnyRequest) -> Response[bytes]:
    return Response(_description(request.app), media_type=OPENAPI_TYPE, headers={"Cache-Control": "no-cache"})


@get("/docs", include_in_schema=False)
async def docs() -> Response[bytes]:
    return _page("docs.html")


@get("/docs/{name:str}", include_in_schema=False)
async def page_file(name: str) -> Response[bytes]:
    if name not in _PAGES or name.endswith(".html"):
        raise TenfourError(ErrorCode.NOT_FOUND)
    return _page(name)


@lru_cache(1)
def _description(app: Litestar) -> bytes:
    return msgspec.json.encode(finished(app.openapi_schema.to_schema()))


def _page(name: str) -> Response[bytes]:
    return Response(_PAGES[name], media_type=_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "no-cache"})


HANDLERS = [openapi, docs, page_file]
