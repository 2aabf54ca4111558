"""A mistake of the server itself ends one connection, with a reference, and nobody else's; a store in trouble ends none."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator

import pytest

from tests.servers import Server, World, open_wire


def give_a_role_that_no_code_knows(server: Server, user: str) -> None:
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute('UPDATE members SET role = ? WHERE "user" = ?', ("emperor", user))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("mistakes")).start()
    yield server
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


@pytest.mark.parametrize("door", ["all chats", "one chat"])
async def test_a_mistake_while_somebody_is_admitted_closes_with_a_reference_that_the_log_has(server: Server, world: World, door: str) -> None:
    chat = await world.chat("ann", "bob")
    bystander = await world.bob.connect(chat)
    give_a_role_that_no_code_knows(server, world.ann.id)

    code, reason = await (await open_wire(server, chat if door == "one chat" else None, headers=world.ann.headers)).closed()

    assert code == 4500
    reference = re.search(r"reference (\w+)$", reason)
    assert reference is not None
    assert reference[1] in server.log
    assert (await bystander.send(chat, "still here"))["type"] == "ack"


async def test_a_mistake_in_a_replay_costs_only_the_one_who_asked_for_it(server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")
    ann, bystander = await world.ann.connect(), await world.bob.connect(chat)
    give_a_role_that_no_code_knows(server, world.ann.id)

    await ann.say(type="subscribe", id="s", chats={chat: 0})
    code, _ = await ann.closed()

    assert code == 4500
    assert (await bystander.send(chat, "still here"))["type"] == "ack"


async def test_a_store_that_cannot_be_read_lets_nobody_in_and_open_connections_stay(server: Server, world: World) -> None:
    ann = await world.ann.connect()
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("ALTER TABLE users RENAME TO users_away")

    await ann.say(type="authenticate", token=world.ann.token)
    error = await ann.next("error", "goodbye")
    code, reason = await (await open_wire(server, headers=world.bob.headers)).closed()
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("ALTER TABLE users_away RENAME TO users")
    await ann.say(type="authenticate", token=world.ann.token)

    assert (error["type"], error["code"]) == ("error", "store_down")
    assert error["retry_after_ms"] > 0
    assert (code, reason.partition(":")[0]) == (4503, "store_down")
    assert (await ann.next("authenticated", "goodbye"))["type"] == "authenticated"
