"""Runs of missed events are read once for all, and never older than the chat's head."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfour.domain.chat import Chat
from tenfour.gateway.missed import WRITE_BYTES, MissedEvents, encoded
from tenfour.ids import ChatId, Seq
from tenfour.storage import reads
from tenfour.storage.reads import EventRun
from tests.actions.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await open_world(tmp_path / "tenfour.db")
    yield world
    await world.store.close()


async def _after(world: World, missed: MissedEvents, chat: ChatId, position: Seq, limit: int = 100) -> tuple[EventRun, int]:
    """The run, and how many statements of SQL it took beyond reading the chat."""

    def query(database: reads.Connection) -> tuple[EventRun, int]:
        place: Chat = reads.require_membership(database, chat, world.people["ann"]).chat
        statements: list[str] = []

        driver = database.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
        try:
            return missed.after(database, place, position, limit), len(statements)
        finally:
            driver.set_trace_callback(None)

    return await world.store.read(query)


def _seqs(run: EventRun) -> list[int]:
    """The seqs of the frames that a run's bytes hold."""
    data, found = b"".join(run.pieces), []
    while data:
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        found.append(json.loads(data[start : start + length])["seq"])
        data = data[start + length :]
    return found


async def test_what_two_missed_is_read_once(world: World) -> None:
    chat = await world.chat("ann", "bob")
    await world.say(chat, world.people["bob"])
    missed = MissedEvents()

    first, first_statements = await _after(world, missed, chat, 1)
    second, second_statements = await _after(world, missed, chat, 1)

    assert _seqs(first) == _seqs(second)
    assert (first_statements, second_statements) == (1, 0)


async def test_a_later_head_is_read_again(world: World) -> None:
    chat = await world.chat("ann", "bob")
    said = await world.say(chat, world.people["bob"])
    missed = MissedEvents()
    await _after(world, missed, chat, said.seq - 1)

    later = await world.say(chat, world.people["bob"])
    run, _ = await _after(world, missed, chat, said.seq - 1)

    assert _seqs(run) == [said.seq, later.seq]
    assert run.last_seq == later.seq


async def test_a_run_is_never_longer_than_was_asked_for(world: World) -> None:
    chat = await world.chat("ann", "bob")
    for _ in range(5):
        await world.say(chat, world.people["bob"])
    missed = MissedEvents()
    await _after(world, missed, chat, 2)

    run, _ = await _after(world, missed, chat, 2, limit=3)

    assert _seqs(run) == [3, 4, 5]


async def test_what_is_kept_is_bounded_and_the_latest_stays(world: World) -> None:
    chat = await world.chat("ann", "bob")
    for _ in range(4):
        await world.say(chat, world.people["bob"], "x" * 1000)
    missed = MissedEvents(kept_bytes_max=6000)

    for position in (2, 3, 4):
        await _after(world, missed, chat, position)
    _, of_the_latest = await _after(world, missed, chat, 4)
    _, of_the_first = await _after(world, missed, chat, 2)

    assert (of_the_latest, of_the_first) == (0, 1)


async def test_long_runs_come_in_pieces_of_a_write_each(world: World) -> None:
    chat = await world.chat("ann", "bob")
    for _ in range(20):
        await world.say(chat, world.people["bob"], "x" * 16_000)

    run = encoded(await world.events(chat))

    assert len(run.pieces) > 1
    assert max(map(len, run.pieces)) <= WRITE_BYTES
    assert _seqs(run) == list(range(1, run.count + 1))
