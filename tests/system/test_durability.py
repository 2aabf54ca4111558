"""G1, G3 and G9 under ``kill -9``: what was acked is there, what was sent again is there once, in the order of sending."""

from __future__ import annotations

import os

import pytest

from tests.system.checker import Demands
from tests.system.conftest import StartRun
from tests.system.run import PROOF, Run

SENDS = 1_000
ROUNDS = int(os.environ.get("PROOF_ROUNDS", "50")) if PROOF else 3
"""Of ``SENDS`` messages each: ``make proof PROOF_ROUNDS=1000`` is a million acks."""


async def _crowd(run: Run, people: int, chats: int) -> None:
    """Clients of all three kinds, each in two chats that it shares with others."""
    names = [f"p{number}" for number in range(people)]
    world = await run.people(*names)
    ids = [await run.chat(*names[number::chats], *names[(number + 1) % chats :: chats]) for number in range(chats)]
    for number, name in enumerate(names):
        both = [ids[number % chats], ids[(number - 1) % chats]]
        person = world.people[name]
        if number % 4 == 0:
            await run.sdk(person, both)
        elif number % 4 == 1:
            await run.wire(person, both[:1], door=both[0])
        else:
            await run.wire(person, both)


@pytest.mark.slow
async def test_every_acked_message_is_there_after_kill_9_in_the_middle_of_a_thousand_sends(unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server())
    await _crowd(run, people=20, chats=5)
    await run.level()

    for _ in range(ROUNDS):
        for _ in range(SENDS // len(run.actors)):
            for actor in run.actors:
                actor.say(run.random.choice(sorted(actor.shown)), run.text())
        await run.kill_at(run.random.randrange(1, SENDS))
        await run.answered()

    await run.finish(Demands(ok_share=1.0, unknown=ROUNDS, resumes=20 * ROUNDS, faults=ROUNDS))
