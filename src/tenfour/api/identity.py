"""Who asks.

Handlers take ``asking: Asking``. ``await asking.read(query)`` checks user and session and runs the query in
one read transaction: one hop, and a revocation counts at once. ``await asking.caller()`` is the check alone,
for handlers that write. A product's back end shows a server key instead: ``await asking.server_key(scope)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from litestar import Request
from sqlalchemy import Connection

from tenfour.actions.admission import check_user
from tenfour.actions.context import Caller
from tenfour.actions.external_users import provision
from tenfour.actions.server_keys import find_key
from tenfour.api.services import Services
from tenfour.auth.secrets import SERVER_KEY_PREFIX
from tenfour.auth.tokens import ADMIN_SCOPE, Claims
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import UserId
from tenfour.storage import reads
from tenfour.storage.people import ServerKeyRow

T = TypeVar("T")
AnyRequest = Request[Any, Any, Any]


class Asking:
    """One request's bearer."""

    __slots__ = ("_bearer", "_services")

    def __init__(self, bearer: str, services: Services) -> None:
        self._bearer = bearer
        self._services = services

    async def read(self, query: Callable[[Connection, Caller], T]) -> T:
        """The query's result for a caller who was checked in the same transaction."""
        return await self._read(query, identify)

    async def read_as_anybody(self, query: Callable[[Connection, Caller], T]) -> T:
        """Like ``read``, for the command line of this machine too, which is nobody's account."""
        return await self._read(query, _identify_anybody)

    async def caller(self) -> Caller:
        return await self.read(lambda _, caller: caller)

    async def administrator(self) -> Caller:
        """An administrator's account, or the command line of this machine. Raises ``forbidden``."""
        caller = await self.read_as_anybody(lambda _, caller: caller)
        if not caller.admin:
            raise TenfourError(ErrorCode.FORBIDDEN)
        return caller

    async def server_key(self, scope: str) -> ServerKeyRow:
        """The server key that was shown; raises ``token_missing``, ``forbidden`` for another bearer, ``server_key_scope``."""
        token = self._bearer
        if not self.is_server_key:
            raise TenfourError(ErrorCode.FORBIDDEN, "This needs a server key.")
        key = await find_key(self._services.context, token)
        if scope not in key.scopes:
            raise TenfourError(ErrorCode.SERVER_KEY_SCOPE, f"The key needs the scope {scope}.")
        return key

    @property
    def is_server_key(self) -> bool:
        return self._bearer.startswith(SERVER_KEY_PREFIX)

    async def _read(self, query: Callable[[Connection, Caller], T], identified: Callable[[Connection, Claims, UserId], Caller]) -> T:
        claims, user = await self._claims()
        return await self._services.context.store.read(lambda connection: query(connection, identified(connection, claims, user)))

    async def _claims(self) -> tuple[Claims, UserId]:
        if self.is_server_key:
            raise TenfourError(ErrorCode.FORBIDDEN, "This is for users; a server key cannot do it.")
        claims = await self._services.verifier.verify_fetching(self._bearer)
        return claims, claims.user if claims.user is not None else await provision(self._services.context, claims)


def identify(connection: Connection, claims: Claims, user: UserId) -> Caller:
    """The caller of a verified token; raises ``token_revoked`` or ``user_disabled``."""
    admission = check_user(reads.admission(connection, user, claims.session, limit=0))
    return Caller(user, claims.session, admission.user.admin, claims.expires_ms)


def _identify_anybody(connection: Connection, claims: Claims, user: UserId) -> Caller:
    if ADMIN_SCOPE in claims.scope:
        return Caller(user, None, admin=True, token_expires_ms=claims.expires_ms)
    return identify(connection, claims, user)


def provide_asking(request: AnyRequest, services: Services) -> Asking:
    """Who asks, before anything else is looked at; raises ``token_missing``."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise TenfourError(ErrorCode.TOKEN_MISSING)
    return Asking(bearer.strip(), services)


def client_address(request: AnyRequest, services: Services) -> str:
    peer = request.client.host if request.client is not None else ""
    return services.client_address(peer, request.headers.get("x-forwarded-for"))


def is_from_here(request: AnyRequest, services: Services) -> bool:
    peer = request.client.host if request.client is not None else ""
    return services.is_from_here(peer, request.headers)
