"""Chats that ``welcome`` did not name: who may do what in them is read when they are first used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from tests.servers import Person, Server

FAR_MS = 4_000_000_000_000


async def _muted_in_a_chat_beyond_welcome(server: Server) -> tuple[Person, str]:
    """Bob, and the id of a chat in which he is muted and which his welcome does not name."""
    world = await server.world("ann", "bob")
    quiet, _ = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    with sqlite3.connect(server.data / "tenfour.db") as database:
        database.execute("UPDATE members SET muted_until = ? WHERE chat = ? AND user = ?", (FAR_MS, quiet, world.bob.id))
    return world.bob, quiet


async def test_who_is_muted_stays_so_where_his_rights_have_to_be_looked_up(make_server: Callable[..., Server]) -> None:
    bob, quiet = await _muted_in_a_chat_beyond_welcome(make_server({"chats_in_welcome": "1"}))
    wire = await bob.connect()

    answer = await wire.send(quiet, "let me speak")

    assert quiet not in [each["chat"] for each in wire.welcome["chats"]]
    assert (answer["type"], answer["code"]) == ("error", "muted")
    assert answer["retry_after_ms"] > 0
