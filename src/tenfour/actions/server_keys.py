"""Server keys: how a product's back end shows who it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import insert, update

from tenfour.actions.context import Context
from tenfour.auth.secrets import SERVER_KEY_PREFIX, new_secret, secret_hash
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import new_id
from tenfour.storage import people
from tenfour.storage.people import ServerKeyRow
from tenfour.storage.schema import server_keys
from tenfour.storage.store import Transaction

SCOPES = frozenset({"users", "chats", "messages", "tokens"})
NAME_CHARS_MAX = 64


@dataclass(frozen=True, slots=True)
class NewKey:
    id: str
    key: str
    """The key itself, which is nowhere else from now on."""


async def create_key(context: Context, name: str, scopes: Collection[str]) -> NewKey:
    """A new key with these scopes; raises ``field_invalid``."""
    if not 1 <= len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise TenfourError(ErrorCode.FIELD_INVALID, f"name: a key's name has 1 to {NAME_CHARS_MAX} visible characters.")
    unknown = set(scopes) - SCOPES
    if unknown or not scopes:
        raise TenfourError(ErrorCode.FIELD_INVALID, f"scopes: they are {', '.join(sorted(SCOPES))}.")
    made = NewKey(new_id(context.clock.now_ms()), new_secret(SERVER_KEY_PREFIX))

    def add(tx: Transaction) -> None:
        row = {"id": made.id, "name": name, "key_hash": secret_hash(made.key), "hint": made.key[-4:], "scopes": " ".join(sorted(scopes)), "created_at": tx.now_ms}
        tx.connection.execute(insert(server_keys).values(row))

    await context.store.change(add)
    return made


async def revoke_key(context: Context, key_id: str) -> None:
    """Ends a key at once; raises ``server_key_unknown``."""

    def end(tx: Transaction) -> None:
        standing = (server_keys.c.id == key_id, server_keys.c.revoked_at.is_(None))
        if tx.connection.execute(update(server_keys).where(*standing).values(revoked_at=tx.now_ms)).rowcount != 1:
            raise TenfourError(ErrorCode.SERVER_KEY_UNKNOWN)

    await context.store.change(end)


async def find_key(context: Context, key: str) -> ServerKeyRow:
    """The key's row; raises ``token_key_unknown``."""
    found = await context.store.read(lambda connection: people.server_key(connection, secret_hash(key)))
    if found is None:
        raise TenfourError(ErrorCode.TOKEN_KEY_UNKNOWN, "The server key is unknown or was revoked.")
    return found
