"""``tenfour connections``, ``explain`` and ``trace``."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import servers
from tests.cli.commands import environment, tenfour
from tests.servers import Server, open_wire

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    yield
    servers.hang_up()


async def test_open_connections_are_listed_with_their_users(server: Server) -> None:
    world = await server.world("ann", "bob")
    wire = await world.ann.connect()
    await world.bob.connect()

    listed = tenfour("connections", "--user", world.ann.id, data=server.data)
    as_json = tenfour("connections", "--user", world.ann.id, "--json", data=server.data).json

    assert listed.code == 0, listed.err
    head, row, total = listed.out.splitlines()
    assert head.startswith("USER")
    assert row.startswith("ann ")
    assert row.endswith(wire.welcome["connection"])
    assert total == f"1 of 1 open on node {wire.welcome['node']}."
    assert [each["id"] for each in as_json] == [wire.welcome["connection"]]


async def test_endings_are_listed_with_their_codes(server: Server) -> None:
    world = await server.world("ann")
    await (await open_wire(server, UNKNOWN, headers=world.ann.headers)).closed()

    listed = tenfour("connections", "--ended", "--code", "chat_unknown", "--user", world.ann.id, data=server.data)

    assert "4404   chat_unknown  1 " in listed.out


def test_without_a_server_there_are_no_connections_to_list(tmp_path: Path) -> None:
    refused = tenfour("connections", data=tmp_path / "data")

    assert refused.code == 3
    assert "no server runs" in refused.err


async def test_a_token_is_explained_from_standard_input_and_the_exit_code_says_the_verdict(server: Server) -> None:
    world = await server.world("ann")

    good = tenfour("explain", "--token", "-", data=server.data, stdin=world.ann.token + "\n")
    bad = tenfour("explain", "--token", "-", data=server.data, stdin=world.ann.token[:-8] + "AAAAAAA\n")
    stranger = tenfour("explain", "--user", world.ann.id, "--chat", UNKNOWN, data=server.data)

    assert (good.code, good.out.splitlines()[-1]) == (0, "The connection would be let in.")
    assert bad.code == 1
    assert "✗  token_" in bad.out
    assert stranger.code == 1
    assert "The connection would be refused: No such chat. [chat_unknown, close code 4404]" in stranger.out


async def test_a_page_of_another_origin_is_explained_with_the_line_to_paste(server: Server) -> None:
    world = await server.world("ann")

    told = tenfour("explain", "--user", world.ann.id, "--origin", "https://app.example.org", "--at", "https://chat.example.org", "--address", "192.0.2.1", data=server.data)

    assert told.code == 1
    assert 'set allowed_origins = ["https://app.example.org"]' in told.out
    assert "[origin_refused, HTTP 403]" in told.out


async def test_an_event_is_traced_to_the_connections_that_have_it(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    await bob.next("synced")
    ack = await ann.send(chat, "hello")
    await bob.next("message_sent")

    traced = tenfour("trace", chat, str(ack["seq"]), data=server.data)
    unknown = tenfour("trace", chat, "999", data=server.data)

    assert f"event      {ack['seq']} message_sent by ann" in traced.out
    assert f"committed  {ack['at']}" in traced.out
    assert f"{bob.welcome['connection']}  bob, 0 bytes waiting" in traced.out
    assert "bob: has not said that it has it" in traced.out
    assert (unknown.code, "The chat has no event 999 for you." in unknown.err) == (1, True)


async def test_watching_shows_who_comes_until_it_is_interrupted(server: Server) -> None:
    world = await server.world("ann")
    first = await world.ann.connect()
    watching = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tenfour", "connections", "--watch", "--json", "--user", world.ann.id, env=environment(server.data), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert watching.stdout is not None

    before = json.loads(await watching.stdout.readline())
    second = await world.ann.connect()
    async with asyncio.timeout(30):
        while len(after := json.loads(await watching.stdout.readline())) < 2:
            pass
    watching.send_signal(signal.SIGINT)

    assert await watching.wait() == 130
    assert [each["id"] for each in before] == [first.welcome["connection"]]
    assert [each["id"] for each in after] == [second.welcome["connection"], first.welcome["connection"]]
