"""Server keys: shown once, stored hashed, scoped, revocable."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tenfour.actions import server_keys
from tenfour.actions.server_keys import SCOPES
from tenfour.errors import ErrorCode
from tenfour.ids import new_id
from tenfour.storage import people
from tenfour.storage.schema import server_keys as rows
from tests.actions.world import World, refusal


async def test_a_key_is_found_by_itself_with_its_scopes_and_stored_nowhere(world: World) -> None:
    made = await server_keys.create_key(world.context, "shop", {"users", "tokens"})

    found = await server_keys.find_key(world.context, made.key)

    assert (found.id, found.name, found.scopes, found.hint) == (made.id, "shop", frozenset({"users", "tokens"}), made.key[-4:])
    assert made.key not in str(await world.read(lambda connection: connection.execute(select(rows)).all()))


async def test_a_revoked_key_is_unknown_at_once_and_the_others_stay(world: World) -> None:
    one, other = [await server_keys.create_key(world.context, "shop", SCOPES) for _ in range(2)]

    await server_keys.revoke_key(world.context, one.id)

    assert await refusal(server_keys.find_key(world.context, one.key)) is ErrorCode.TOKEN_KEY_UNKNOWN
    assert [key.id for key in await world.read(people.all_server_keys)] == [other.id]
    assert await refusal(server_keys.revoke_key(world.context, one.id)) is ErrorCode.SERVER_KEY_UNKNOWN
    assert await refusal(server_keys.revoke_key(world.context, new_id(1))) is ErrorCode.SERVER_KEY_UNKNOWN


@pytest.mark.parametrize("key", ["", "tfk_guess", "\ud800"])
async def test_no_other_text_is_a_key(world: World, key: str) -> None:
    await server_keys.create_key(world.context, "shop", SCOPES)

    assert await refusal(server_keys.find_key(world.context, key)) is ErrorCode.TOKEN_KEY_UNKNOWN


@pytest.mark.parametrize(("name", "scopes"), [("", SCOPES), ("x" * 65, SCOPES), ("a\nb", SCOPES), ("\x1b[31m", SCOPES), ("shop", set()), ("shop", {"users", "all"})])
async def test_a_key_needs_a_name_of_one_line_and_scopes_that_there_are(world: World, name: str, scopes: set[str]) -> None:
    assert await refusal(server_keys.create_key(world.context, name, scopes)) is ErrorCode.FIELD_INVALID
    assert await world.read(people.all_server_keys) == []
