"""The gate: what an upgrade request is allowed to become, decided before the handshake.

Only a wrong path, a foreign Origin, a full or draining node and too many from one address are refused with
an HTTP status. Everything else completes the handshake and closes with a code that a browser can read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tenfour.actions.admission import Origins, check_address, check_chat_id, check_node
from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway.admission import Request
from tenfour.gateway.connection import Connection
from tenfour.gateway.echo import EchoDoor
from tenfour.gateway.protocol import VERSION, Admitted, RefusedUpgrade, UpgradeRequest
from tenfour.ids import ChatId
from tenfour.observe.endings import Ending, marked
from tenfour.observe.refusals import Refusals
from tenfour.wire.frames import BEARER_PREFIX, PROTOCOL
from tenfour.wire.problem import problem_json

if TYPE_CHECKING:
    from tenfour.gateway.hub import Hub

ALL_CHATS_PATH = "/api/v1/ws"
CHAT_PREFIX, CHAT_SUFFIX = "/api/v1/chats/", "/ws"
ECHO_PATH = "/api/v1/diagnostics/echo"
TOKEN_CHARS_MAX = 12_000


class Gate:
    """Turns upgrade requests into connections."""

    def __init__(self, hub: Hub, origins: Origins, echo: EchoDoor, refusals: Refusals, *, token_query: bool) -> None:
        self._hub = hub
        self._origins = origins
        self._echo = echo
        self._token_query = token_query
        self._refusals = refusals

    def admit(self, request: UpgradeRequest) -> Admitted | RefusedUpgrade:
        """What becomes of an upgrade request."""
        try:
            return self._admit(request)
        except TenfourError as refusal:
            self._refusals.note(self._ending(request, refusal), request.origin)
            return _refused(refusal)

    def _admit(self, request: UpgradeRequest) -> Admitted | RefusedUpgrade:
        _check_handshake(request)
        if request.path == ECHO_PATH:
            self._check_origin(request)
            self._check_draining()
            return self._echo.admit(request)
        chat = _chat_text(request.path)
        if chat is None and request.path != ALL_CHATS_PATH:
            raise TenfourError(ErrorCode.NOT_FOUND, f"No WebSocket is at {request.path[:200]}; the doors are {ALL_CHATS_PATH} and {CHAT_PREFIX}<id>{CHAT_SUFFIX}.")
        self._check_origin(request)
        subprotocol = _subprotocol(request.subprotocols)
        token = self._token(request)
        self._check_room(request)
        self._hub.counters.handshakes += 1
        connection = Connection(self._hub, self._parse(request, chat, token))
        return Admitted(subprotocol, connection, self._hub.limits.frame_bytes)

    def _ending(self, request: UpgradeRequest, refusal: TenfourError) -> Ending:
        client = request.headers.get("user-agent", "")[:200]
        return Ending(self._hub.clock.now_ms(), None, None, request.path[:200], request.address, client, refusal.failure.status, refusal.code.value, refusal.detail, None, None, marked(request.query))

    def _check_origin(self, request: UpgradeRequest) -> None:
        self._origins.check(request.origin, request.host, secure=request.secure)

    def _check_draining(self) -> None:
        if self._hub.draining:
            raise TenfourError(ErrorCode.DRAINING, retry_after_ms=2000)

    def _check_room(self, request: UpgradeRequest) -> None:
        """The last check, because who passes it counts as open."""
        hub = self._hub
        check_node(draining=hub.draining, connections=len(hub.connections), connections_max=hub.limits.connections_max, descriptors=hub.limits.descriptors)
        check_address(hub.addresses.knock(request.address, hub.clock.monotonic()))

    def _token(self, request: UpgradeRequest) -> _Carried:
        """The one token of a request, wherever it came; two different ones are refused."""
        query = parse_qs(request.query, keep_blank_values=True)
        carried = _Carried(query=query)
        tokens = {token for token in (_bearer_header(request.headers), *_bearer_subprotocols(request.subprotocols), *query.get("token", ())) if token}
        if len(tokens) > 1:
            raise TenfourError(ErrorCode.TOKENS_DIFFER)
        if "token" in query and not self._token_query:
            return _Carried(query=query, refusal=TenfourError(ErrorCode.TOKEN_QUERY_OFF))
        token = next(iter(tokens), None)
        if token is not None and len(token) > TOKEN_CHARS_MAX:
            return _Carried(query=query, refusal=TenfourError(ErrorCode.TOKEN_MALFORMED, "The token is too long."))
        return _Carried(token, next(iter(query.get("ticket", ())), None), query) if token or "ticket" in query else carried

    def _parse(self, request: UpgradeRequest, chat_text: str | None, carried: _Carried) -> Request:
        client = request.headers.get("user-agent", "")[:200]
        refusal = carried.refusal
        chat: ChatId | None = None
        after: int | None = None
        if chat_text is not None:
            try:
                chat = check_chat_id(chat_text)
                after = _after(carried.query)
            except TenfourError as cause:
                refusal = cause
        epoch = next(iter(carried.query.get("epoch", ())), None)
        return Request(request.address, client, chat, carried.token, carried.ticket, after, epoch, refusal)


@dataclass(frozen=True, slots=True)
class _Carried:
    token: str | None = None
    ticket: str | None = None
    query: Mapping[str, Sequence[str]] = ()  # type: ignore[assignment]
    refusal: TenfourError | None = None


def _check_handshake(request: UpgradeRequest) -> None:
    if request.version != VERSION:
        raise TenfourError(ErrorCode.UPGRADE_REQUIRED, f"The WebSocket version is {(request.version or 'missing')[:40]}; this server speaks {VERSION}.")
    if request.fault is not None:
        raise TenfourError(ErrorCode.PROTOCOL_ERROR, request.fault[:200])


def _chat_text(path: str) -> str | None:
    """What stands for the chat in the address of a chat's own door; None for another address."""
    if not path.startswith(CHAT_PREFIX) or not path.endswith(CHAT_SUFFIX):
        return None
    text = path[len(CHAT_PREFIX) : -len(CHAT_SUFFIX)]
    return text if text and "/" not in text else None


def _after(query: Mapping[str, Sequence[str]]) -> int | None:
    text = next(iter(query.get("after", ())), None)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004 - fits 64 bits
        raise TenfourError(ErrorCode.FIELD_INVALID, "after is a seq: a number, 0 or more.")
    return int(text)


def _subprotocol(offered: Sequence[str]) -> str | None:
    """The subprotocol to answer with: never the bearer one."""
    if PROTOCOL in offered:
        return PROTOCOL
    if any(each.startswith(BEARER_PREFIX) for each in offered):
        raise TenfourError(ErrorCode.SUBPROTOCOL_MISSING)
    return None


def _bearer_header(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _bearer_subprotocols(offered: Sequence[str]) -> list[str]:
    """Tokens in subprotocols: as they are, for a JWT's characters are all allowed there, or once more in base64url."""
    return [_unwrap(each.removeprefix(BEARER_PREFIX)) for each in offered if each.startswith(BEARER_PREFIX)]


def _unwrap(text: str) -> str:
    if "." in text:
        return text
    try:
        inner = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text
    return inner if inner.count(".") == 2 else text  # noqa: PLR2004 - a JWT has three parts


def carried_token(request: UpgradeRequest) -> str | None:
    """A token in the header or the subprotocol, for doors that need no more than that."""
    carried = (_bearer_header(request.headers), *_bearer_subprotocols(request.subprotocols), *parse_qs(request.query).get("token", ()))
    return next((token for token in carried if token), None)


def _refused(refusal: TenfourError) -> RefusedUpgrade:
    headers = {"content-type": "application/problem+json"}
    if refusal.code is ErrorCode.UPGRADE_REQUIRED:
        headers["sec-websocket-version"] = VERSION  # RFC 6455, section 4.4
    if refusal.retry_after_ms is not None:
        headers["retry-after"] = str(-(-refusal.retry_after_ms // 1000))
    return RefusedUpgrade(refusal.failure.status, headers, problem_json(refusal))
