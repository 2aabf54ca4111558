"""Users of a product: made when they are first seen."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from tenfour.actions.context import Context
from tenfour.actions.profiles import profile_of
from tenfour.auth.tokens import Claims
from tenfour.broker.broker import ProfileNotice
from tenfour.domain.name import check_shown_name, words_of_name
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import UserId, new_id
from tenfour.storage.schema import users
from tenfour.storage.store import Transaction


async def provision(context: Context, claims: Claims) -> UserId:
    """The user of an external token, made at first sight. Raises ``token_claims`` where its name is none."""
    assert claims.external_id is not None, "an external token names its user"
    known = await context.store.read(lambda connection: find_user(connection, claims))
    if known is not None:
        return known
    check_first_name(claims)
    user, _ = await ensure_user(context, claims.issuer, claims.external_id, claims.name or claims.external_id)
    return user


def find_user(connection: Connection, claims: Claims) -> UserId | None:
    """The user of an external token; None for one who was not seen yet."""
    return connection.execute(select(users.c.id).where(users.c.issuer == claims.issuer, users.c.external_id == claims.external_id)).scalar_one_or_none()


def check_first_name(claims: Claims) -> None:
    """Raises ``token_claims`` where the token's user could not be made."""
    try:
        _shown_name(claims.name or claims.external_id or "")
    except TenfourError as cause:
        raise TenfourError(ErrorCode.TOKEN_CLAIMS, "The first connection makes the user, and the name in the token is not one line of visible characters.") from cause


async def ensure_user(context: Context, issuer: str, external_id: str, name: str | None) -> tuple[UserId, bool]:
    """The issuer's user of that id, made or brought to this name; whether it is new. Raises ``name_invalid``."""
    shown = _shown_name(name or external_id)
    user = UserId(new_id(context.clock.now_ms()))

    def ensure(tx: Transaction) -> tuple[UserId, bool, ProfileNotice | None]:
        known = tx.connection.execute(select(users.c.id, users.c.name).where(users.c.issuer == issuer, users.c.external_id == external_id)).one_or_none()
        if known is None:
            row = {"id": user, "name": shown, "name_words": words_of_name(shown), "issuer": issuer, "external_id": external_id, "created_at": tx.now_ms}
            tx.connection.execute(insert(users).values(row))
            return user, True, None
        found = UserId(known.id)
        if name is not None and known.name != shown:
            tx.connection.execute(update(users).where(users.c.id == known.id).values(name=shown, name_words=words_of_name(shown)))
            return found, False, profile_of(tx, found)
        return found, False, None

    made, is_new, renamed = await context.store.change(ensure)
    if renamed is not None:
        context.broker.ring_sign(renamed)
    return made, is_new


def _shown_name(text: str) -> str:
    return check_shown_name(text[:64])
