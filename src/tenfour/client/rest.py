"""What the SDK asks over HTTP: pages of history and of events."""

from __future__ import annotations

import functools
import ssl
from typing import Any

import httpx
import msgspec

from tenfour.client.credentials import Credentials
from tenfour.client.feed import Page
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError
from tenfour.ids import ChatId, Seq
from tenfour.wire import codec, frames

REST_TIMEOUT_S = 15.0
EVENTS_A_PAGE = 100


class HistoryPage(msgspec.Struct, frozen=True):
    """A page of messages in the order of the chat."""

    items: list[frames.MessageSent]
    has_before: bool
    has_after: bool


class Problem(msgspec.Struct):
    """The part of ``application/problem+json`` that a client acts on."""

    code: str
    detail: str = ""


class _EventPage(msgspec.Struct):
    items: list[msgspec.Raw]
    epoch: str


class Rest:
    """Requests of one user. A refusal is a ``TenfourError``; no answer is a ``ConnectionError``."""

    def __init__(self, url: str, credentials: Credentials, tls: ssl.SSLContext) -> None:
        self._url = url
        self._tls = tls
        self._credentials = credentials
        self._http: httpx.AsyncClient | None = None

    async def history(self, chat: ChatId, query: dict[str, Any]) -> HistoryPage:
        return msgspec.json.decode(await self._get(f"/api/v1/chats/{chat}/messages", query), type=HistoryPage)

    async def events(self, chat: ChatId, after: Seq) -> Page:
        found = msgspec.json.decode(await self._get(f"/api/v1/chats/{chat}/events", {"after": after, "limit": EVENTS_A_PAGE}), type=_EventPage)
        events = [frame for raw in found.items if isinstance(frame := codec.decode_server(bytes(raw)), frames.EVENT_TYPES)]
        return Page(events, found.epoch)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def _get(self, path: str, query: dict[str, Any]) -> bytes:
        """The body of a good answer; a token that is refused is replaced once."""
        token = await self._credentials.token()
        try:
            return await self._get_with(token, path, query)
        except TenfourError as refusal:
            if refusal.failure.retry is not Retry.WITH_NEW_TOKEN:
                raise
        return await self._get_with(await self._credentials.new_token(token), path, query)

    async def _get_with(self, token: str, path: str, query: dict[str, Any]) -> bytes:
        if self._http is None:
            self._http = httpx.AsyncClient(base_url=self._url, timeout=REST_TIMEOUT_S, verify=self._tls)
        try:
            response = await self._http.get(path, params=query, headers={"Authorization": f"Bearer {token}"})
        except httpx.TransportError as cause:
            raise ConnectionError(f"{self._url} does not answer: {str(cause) or type(cause).__name__}") from cause
        if response.status_code != httpx.codes.OK:
            raise _refusal(response)
        return response.content


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The machine's own trust, read once: it costs tens of milliseconds."""
    return ssl.create_default_context()


def read_problem(body: bytes) -> Problem | None:
    """The problem in a body; None for what some proxy says."""
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return None


def error_of(code: str, detail: str, retry_after_ms: int | None = None) -> TenfourError:
    """The error of a code that the server named; one that this version does not know is ``internal`` and named in the detail."""
    if code in FAILURES:
        return TenfourError(ErrorCode(code), detail or None, retry_after_ms=retry_after_ms)
    return TenfourError(ErrorCode.INTERNAL, f"{code}: {detail}", retry_after_ms=retry_after_ms)


def _refusal(response: httpx.Response) -> TenfourError:
    problem = read_problem(response.content)
    wait = response.headers.get("Retry-After", "")
    retry_after_ms = int(wait) * 1000 if wait.isdecimal() else None
    if problem is None:
        return TenfourError(ErrorCode.INTERNAL, f"{response.request.url.host} answered {response.status_code}, and not as Tenfour does.", retry_after_ms=retry_after_ms)
    return error_of(problem.code, problem.detail, retry_after_ms)
