"""The REST API as one caller sees it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx

from tenfour.cli.failures import CommandFailed
from tenfour.domain.name import fold_name
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import parse_uuid

TIMEOUT_S = 30.0
PAGE = 100
EXTERNAL_PREFIX = "ext:"

Json = dict[str, Any]
Bearer = Callable[[], Awaitable[str]]


class Rest:
    """Requests below ``/api/v1`` with one bearer; what the server refuses is raised as ``TenfourError``."""

    def __init__(self, http: httpx.AsyncClient, bearer: Bearer) -> None:
        self.http = http
        self._bearer = bearer

    async def call(self, method: str, path: str, body: Json | None = None, **query: Any) -> Any:
        """The answer's JSON; None where it has none."""
        headers = {"Authorization": f"Bearer {await self._bearer()}"}
        answer = await self.http.request(method, f"/api/v1{path}", json=body, params=query or None, headers=headers)
        if answer.is_error:
            raise refusal(answer)
        return answer.json() if answer.content else None

    async def all(self, path: str, **query: Any) -> AsyncIterator[Json]:
        """Every item of a list, page by page."""
        cursor: Json = {}
        while True:
            page = await self.call("GET", path, limit=PAGE, **query, **cursor)
            for item in page["items"]:
                yield item
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}


def refusal(answer: httpx.Response) -> Exception:
    """The error of the catalogue that an answer carries; what is no answer of Tenfour is said as it came."""
    try:
        problem = answer.json()
        return TenfourError(ErrorCode(problem["code"]), problem["detail"], retry_after_ms=problem.get("retry_after_ms"))
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        return CommandFailed(f"{answer.url} answered {answer.status_code}, and not as Tenfour does", "Check the address: is it a Tenfour server, or a proxy before it?")


async def find_user(rest: Rest, name: str) -> Json:
    """The user that a name, an id or ``ext:`` with a product's own id means; raises ``user_unknown``."""
    if name.startswith(EXTERNAL_PREFIX) or _is_uuid(name):
        found: Json = await rest.call("GET", f"/users/{quote(name, safe='')}")
        return found
    query = unicodedata.normalize("NFKC", name)
    named = [each async for each in rest.all("/users", query=query[:64]) if fold_name(each["name"]) == fold_name(name)]
    return _only(named, ErrorCode.USER_UNKNOWN, f"Nobody is called {name!r}.", f"More than one is called {name!r}")


async def find_chat(rest: Rest, name: str) -> Json:
    """The caller's chat that an id, a title, a product's own id or the name of the other one in a direct chat means; raises ``chat_unknown``."""
    if _is_uuid(name):
        found: Json = await rest.call("GET", f"/chats/{name}")
        return found
    mine = [each async for each in rest.all("/chats")]
    named = [each for each in mine if name in (each["title"], each["external_id"], (each["other"] or {}).get("name"))]
    return _only(named, ErrorCode.CHAT_UNKNOWN, f"You are in no chat called {name!r}.", f"You are in more than one chat called {name!r}")


async def find_channel(rest: Rest, name: str) -> Json:
    """The channel that an id or a title means, joined or not; raises ``chat_unknown``."""
    if _is_uuid(name):
        found: Json = await rest.call("GET", f"/chats/{name}")
        return found
    named = [each async for each in rest.all("/chats", view="channels") if each["title"] == name]
    return _only(named, ErrorCode.CHAT_UNKNOWN, f"No channel is called {name!r}.", f"More than one channel is called {name!r}")


def _only(found: list[Json], code: ErrorCode, nobody: str, several: str) -> Json:
    if len(found) == 1:
        return found[0]
    if not found:
        raise TenfourError(code, nobody)
    raise TenfourError(code, f"{several}; name it by its id: {', '.join(each['id'] for each in found[:5])}.")


def _is_uuid(text: str) -> bool:
    try:
        parse_uuid(text)
    except ValueError:
        return False
    return True
