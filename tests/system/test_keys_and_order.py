"""G3 and G9: one key, one message, wherever it comes in; and the order in which a client sent."""

from __future__ import annotations

import asyncio

import pytest

from tests.system.checker import Demands
from tests.system.conftest import StartRun
from tests.system.run import PROOF

KEYS = 1_000 if PROOF else 60
PIPELINED = 5_000 if PROOF else 500


@pytest.mark.slow
async def test_a_key_that_comes_in_by_every_door_at_once_is_one_message(unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server())
    world = await run.people("ada", "bob")
    chat = await run.chat("ada", "bob")
    await run.wire(world.bob, [chat])
    doors = [await run.wire(world.ada, [chat], name="all chats"), await run.wire(world.ada, [chat], door=chat, name="one chat"), await run.sdk(world.ada, [chat], name="SDK")]
    await run.level()

    for number in range(KEYS):
        text = run.text()
        for door in doors:
            door.say(chat, text, key=f"k{number}")
        await asyncio.gather(run.post(world.ada, chat, text, f"k{number}", by="ada over HTTP"), run.post(world.ada, chat, text, f"k{number}", by="ada over HTTP again"))
    await run.kill_at_rest()
    for number in range(0, KEYS, 10):
        doors[number % 3].say(chat, run.text(), key=f"k{number}")
    await run.answered()

    stored = await run.finish(Demands(duplicates=4 * KEYS, refusals=KEYS // 10))
    assert sum(row.event == "message_sent" for row in stored[chat].rows) == KEYS


@pytest.mark.slow
async def test_messages_of_a_pipelining_client_keep_their_order_through_refusals_and_a_kill(unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server(sends_per_s="100"))
    world = await run.people("ada", "bob", "cyd")
    chat = await run.chat("ada", "bob", "cyd")
    clients = [await run.wire(world.ada, [chat]), await run.wire(world.bob, [chat], door=chat), await run.sdk(world.cyd, [chat])]
    await run.level()

    for number in range(PIPELINED):
        for client in clients:
            client.say(chat, " " if number % 50 == 7 else run.text())
    await run.kill_at(len(clients) * PIPELINED // 2)
    await run.answered()

    await run.finish(Demands(unknown=1, refusals=50, faults=1))
