"""G4 under fire: connections that are cut again and again while others send."""

from __future__ import annotations

import asyncio

import pytest

from tests.system.checker import Demands, Rules
from tests.system.conftest import StartRun
from tests.system.run import PROOF, Run

CUTS = 2_000 if PROOF else 200
AWAY = 50 if PROOF else 5


async def _fire(run: Run, cuts: int) -> None:
    """Two people talk until three clients of a third have been cut so often, each while it comes up to date."""
    world = await run.people("ada", "bob", "cyd")
    chats = [await run.chat("ada", "bob", "cyd") for _ in range(3)]
    talkers = [await run.wire(world.people[name], chats) for name in ("ada", "bob")]
    listeners = [await run.wire(world.cyd, chats, name="all chats"), await run.wire(world.cyd, chats[:1], door=chats[0], name="one chat"), await run.sdk(world.cyd, chats, name="SDK")]
    await run.level()

    for _ in range(cuts):
        for talker in talkers:
            talker.say(run.random.choice(chats), run.text() + "x" * run.random.randrange(0, 500))
        listener = run.random.choice(listeners)
        listener.say(chats[0], run.text())
        connections = listener.tap.connections
        match run.random.randrange(3):
            case 0:
                listener.tap.cut()
            case 1:
                listener.tap.cut_after(run.random.randrange(1, 400))
            case _:
                await run.until(lambda: all(each.waiting < 20 for each in talkers), "talkers go on")
                listener.tap.cut()
        await run.until(lambda listener=listener, before=connections: listener.tap.connections > before, "the cut client is back")
        if run.random.random() < 0.1:
            await run.level()
        await asyncio.sleep(0)


@pytest.mark.slow
async def test_a_client_that_is_cut_at_random_gets_every_event_once_in_order(unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server())

    await _fire(run, CUTS)

    await run.finish(Demands(ok_share=1.0, unknown=CUTS // 20, resumes=CUTS))


@pytest.mark.slow
async def test_a_client_that_was_away_too_long_is_reset_and_has_everything(unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server(replay_events="20"))
    world = await run.people("ada", "cyd")
    chat = await run.chat("ada", "cyd")
    talker = await run.wire(world.ada, [chat])
    listeners = [await run.wire(world.cyd, [chat], name="all chats"), await run.wire(world.cyd, [chat], door=chat, name="one chat"), await run.sdk(world.cyd, [chat], name="SDK")]
    await run.level()

    for _ in range(AWAY):
        for listener in listeners:
            listener.tap.go_away()
        for _ in range(250):
            talker.say(chat, run.text())
        await run.until(lambda: not talker.waiting, "all is said")
        for listener in listeners:
            listener.tap.come_back()
            if run.random.random() < 0.5:
                listener.tap.cut_after(run.random.randrange(1, 100_000))
            talker.say(chat, run.text())
        await run.level()

    await run.finish(Demands(ok_share=1.0, resets=3 * AWAY), Rules(replay_events=20))
