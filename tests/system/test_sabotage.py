"""The runs find a server that does not keep its promises: a mistake is built into a real one, and the verdict names it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Server
from tests.system.checker import Demands
from tests.system.conftest import StartRun
from tests.system.run import UNLIMITED, Run


@pytest.fixture
def start_sabotaged(tmp_path: Path):
    """Starts a server with a mistake; killed at the end."""
    started: list[Server] = []

    def start(mistake: str) -> Server:
        server = Server(tmp_path, {f"TENFOUR_{name.upper()}": value for name, value in UNLIMITED.items()})
        server.command = [sys.executable, "-m", "tests.system.sabotaged", mistake, "serve"]
        started.append(server)
        return server.start()

    yield start
    for server in started:
        if server.process is not None and server.process.poll() is None:
            server.kill()


async def _talk(run: Run, *, kills: int, cuts: int) -> None:
    """Four people talk; the server is killed now and then, or their connections are cut."""
    names = ["ada", "bob", "cyd", "dee"]
    world = await run.people(*names)
    chat = await run.chat(*names)
    actors = [await run.wire(world.people[name], [chat], door=chat if name == "dee" else None) for name in names]
    await run.level()
    for _ in range(kills):
        for actor in actors:
            for _ in range(100):
                actor.say(chat, run.text())
        await run.kill_at(run.random.randrange(50, 300))
        await run.answered()
    for _ in range(cuts):
        for actor in actors:
            actor.say(chat, run.text())
        actor = run.random.choice(actors)
        before = actor.tap.connections
        actor.tap.cut()
        await run.until(lambda actor=actor, before=before: actor.tap.connections > before, "the cut client is back")
    text = run.text()
    for _ in range(2):
        await run.post(world.ada, chat, text, "said-twice")
    await run.finish(Demands())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mistake", "kills", "cuts", "verdict"),
    [
        ("acks_before_commit", 2, 0, "G1: an acked message is not in the history|G1: another event has the place of an acked message"),
        ("knows_no_keys", 0, 5, "G3: "),
        ("reads_before_listening", 0, 40, "G4: "),
        ("loses_bells_unhealed", 0, 20, "G6: an event did not reach a live connection of a member"),
    ],
)
async def test_a_mistake_in_the_server_is_found_and_named(mistake: str, kills: int, cuts: int, verdict: str, start_sabotaged: Callable[[str], Server], start_run: StartRun):
    run = await start_run(start_sabotaged(mistake))
    run.deadline_s = 8.0 if mistake == "loses_bells_unhealed" else run.deadline_s

    with pytest.raises(AssertionError, match=verdict):
        await _talk(run, kills=kills, cuts=cuts)


@pytest.mark.slow
async def test_bells_that_are_lost_are_healed_from_the_store(start_sabotaged: Callable[[str], Server], start_run: StartRun):
    run = await start_run(start_sabotaged("loses_bells"))

    await _talk(run, kills=0, cuts=20)
