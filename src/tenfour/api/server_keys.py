"""``/server-keys``, and what a product's back end does to its own users with one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, post, put

from tenfour.actions import external_users
from tenfour.actions import server_keys as actions
from tenfour.api.accounts import Name, User, user_shown
from tenfour.api.description import BODY, SERVER_KEY, TOKEN, OwnUserPath, answer, problems
from tenfour.api.identity import Asking
from tenfour.api.services import Services
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage import people
from tenfour.storage.people import EXTERNAL_PREFIX, ServerKeyRow
from tenfour.wire.times import rfc3339

EXTERNAL_ID_CHARS_MAX = 255
TOKEN_LIFE_MAX_S = 86_400

Scope = Annotated[str, msgspec.Meta(max_length=20)]


class KeyMaking(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=actions.NAME_CHARS_MAX)]
    scopes: Annotated[list[Scope], msgspec.Meta(max_length=10)] | None = None
    """All of them where none are named."""


class KeyMade(msgspec.Struct):
    id: str
    name: str
    scopes: list[str]
    key: str
    """Shown here and never again."""


class KeyShown(msgspec.Struct):
    id: str
    name: str
    hint: str
    scopes: list[str]
    created_at: str


class KeyList(msgspec.Struct):
    items: list[KeyShown]
    next: str | None = None


class ProductUser(msgspec.Struct):
    name: Name | None = None


class TokenMaking(msgspec.Struct):
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=TOKEN_LIFE_MAX_S)] | None = None
    """Seconds; the server's own life of access tokens where none is given."""


class TokenMade(msgspec.Struct):
    access_token: str
    expires_in: int
    user: User
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme


@post("/server-keys", summary="Makes a server key (administrators)", tags=["server keys"], responses=problems(*TOKEN, *BODY))
async def create_key(data: KeyMaking, asking: Asking, services: Services) -> Response[KeyMade]:
    await asking.administrator()
    scopes = actions.SCOPES if data.scopes is None else data.scopes
    made = await actions.create_key(services.context, data.name, scopes)
    services.log.info("Processing server_key.created", id=made.id, name=data.name)
    return Response(KeyMade(made.id, data.name, sorted(scopes), made.key), status_code=201, headers={"Cache-Control": "no-store"})


@get("/server-keys", summary="The server keys that stand (administrators)", tags=["server keys"], responses=problems(*TOKEN))
async def list_keys(asking: Asking, services: Services) -> KeyList:
    await asking.administrator()
    return KeyList([_shown(each) for each in await services.context.store.read(people.all_server_keys)])


@delete("/server-keys/{key:str}", status_code=204, summary="Revokes a server key at once (administrators)", tags=["server keys"], responses=problems(*TOKEN, ErrorCode.SERVER_KEY_UNKNOWN))
async def revoke_key(key: str, asking: Asking, services: Services) -> None:
    await asking.administrator()
    await actions.revoke_key(services.context, key)
    services.log.info("Processing server_key.revoked", id=key)


@put(
    "/users/{user:str}",
    summary="Makes or renames a user of the product, by the product's own id (server keys)",
    tags=["server keys"],
    responses=answer(201, User, "Made.") | problems(*SERVER_KEY, *BODY, ErrorCode.NAME_INVALID),
)
async def ensure_user(user: OwnUserPath, asking: Asking, services: Services, data: ProductUser | None = None) -> Response[User]:
    await asking.server_key("users")
    external_id, name = _external_id(user), data.name if data is not None else None
    made, is_new = await external_users.ensure_user(services.context, services.context.policy.product_issuer, external_id, name)
    shown = await services.context.store.read(lambda connection: user_shown(people.person(connection, made)))
    return Response(shown, status_code=201 if is_new else 200)


@post(
    "/users/{user:str}/tokens",
    summary="An access token for a user of the product, by the product's own id (server keys)",
    tags=["server keys"],
    responses=problems(*SERVER_KEY, *BODY, ErrorCode.USER_UNKNOWN),
)
async def make_token(user: OwnUserPath, asking: Asking, services: Services, data: TokenMaking | None = None) -> Response[TokenMade]:
    if asking.is_server_key:
        await asking.server_key("tokens")
        named = EXTERNAL_PREFIX + _external_id(user)
    else:
        await asking.administrator()
        named = user
    found = await services.context.store.read(lambda connection: people.find_person(connection, named))
    if found.disabled:
        raise TenfourError(ErrorCode.USER_DISABLED)
    if asking.is_server_key and found.admin:
        raise TenfourError(ErrorCode.FORBIDDEN, "A server key makes no tokens of administrators.")
    life_s = data.expires_in if data is not None and data.expires_in is not None else services.context.policy.access_token_s
    token, _ = services.tokens.issue(found.id, None, life_s)
    return Response(TokenMade(token, life_s, user_shown(found)), status_code=201, headers={"Cache-Control": "no-store"})


def _external_id(text: str) -> str:
    """The product's own id, with or without ``ext:``; raises ``field_invalid``."""
    external_id = text.removeprefix(EXTERNAL_PREFIX)
    if not external_id or len(external_id) > EXTERNAL_ID_CHARS_MAX or not external_id.isprintable():
        raise TenfourError(ErrorCode.FIELD_INVALID, f"A user's own id has 1 to {EXTERNAL_ID_CHARS_MAX} printable characters.")
    return external_id


def _shown(key: ServerKeyRow) -> KeyShown:
    return KeyShown(key.id, key.name, key.hint, sorted(key.scopes), rfc3339(key.created_at))


HANDLERS = [create_key, list_keys, revoke_key, ensure_user, make_token]
