"""A power cut at any moment: what was acked before it is there when the server comes back (G1)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tenfour.auth.keys import SigningKeys
from tenfour.clock import ManualClock
from tenfour.storage.sqlite import SqliteStore
from tests.eventually import eventually
from tests.faults.disk import Disk, read_records
from tests.faults.faulty import FaultyServer
from tests.servers import Person, Server, World
from tests.storage.node import Node

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SENDERS = 3
MESSAGES = 150
TEXT = "x" * 6_000
"""So long that the log is brought into the file in the middle of it all, by the thousand pages that SQLite waits for."""
PROOF = os.environ.get("TENFOUR_PROOF") == "1"
CUTS = 600 if PROOF else 60
STARTS = 40 if PROOF else 4


class Ack:
    """A message that its sender was told is stored, and when."""

    __slots__ = ("key", "seq", "told_ns")

    def __init__(self, key: str, seq: int) -> None:
        self.key = key
        self.seq = seq
        self.told_ns = time.monotonic_ns()


async def talk(person: Person, chat: str, prefix: str) -> list[Ack]:
    """Many messages, a few in flight at a time."""
    wire = await person.connect(chat)
    acks: list[Ack] = []
    room = asyncio.Semaphore(8)

    async def listen() -> None:
        while len(acks) < MESSAGES:
            frame = await wire.next("ack", "error")
            assert frame["type"] == "ack", frame
            acks.append(Ack(frame["key"], frame["seq"]))
            room.release()

    listening = asyncio.ensure_future(listen())
    for number in range(MESSAGES):
        await room.acquire()
        await wire.say(type="send", chat=chat, key=f"{prefix}-{number}", text=TEXT)
    await listening
    return acks


def restore(survivors: dict[Path, bytes], data: Path) -> None:
    for path, content in survivors.items():
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(content)
        (data / path).chmod(0o600)


def stored(data: Path, chat: str) -> dict[str, int]:
    """Key and seq of every message, from a file that is whole and without a gap."""
    with contextlib.closing(sqlite3.connect(data / "tenfour.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        seqs = [seq for (seq,) in database.execute("SELECT seq FROM events WHERE chat = ? ORDER BY seq", (chat,))]
        assert seqs == list(range(1, len(seqs) + 1))
        assert database.execute("SELECT last_seq FROM chats WHERE id = ?", (chat,)).fetchall() == ([(len(seqs),)] if seqs else [])
        return dict(database.execute("SELECT key, seq FROM messages WHERE chat = ?", (chat,)))


async def served(data: Path, directory: Path, chat: str, reader: str) -> dict[str, int]:
    """The same from a server started on the folder, as a member reads it."""
    directory.mkdir()
    server = Server(directory)
    server.data = data
    server.start()
    try:
        person = Person(server, "reader", "reader", reader, server.token_of(reader))
        found: dict[str, int] = {}
        after = 0
        while True:
            page = (await person.request("GET", f"/chats/{chat}/messages", params={"after": after, "limit": 100})).raise_for_status().json()
            found |= {item["key"]: item["seq"] for item in page["items"]}
            if not page["has_after"]:
                return found
            after = page["items"][-1]["seq"]
    finally:
        server.kill()


async def test_everything_acked_before_a_power_cut_is_there_after_it(faulty: Callable[..., FaultyServer], tmp_path: Path) -> None:
    server = faulty()
    world: World = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")
    log = server.data / "tenfour.db-wal"
    acks: list[Ack] = []
    for part in range(2):
        acks += [ack for some in await asyncio.gather(*[talk(person, chat, f"{part}-{name}") for name, person in world.people.items()]) for ack in some]
        await eventually(lambda: log.stat().st_size == 0)  # the log was brought into the file, and begins anew
    server.kill()

    assert len(acks) == 2 * SENDERS * MESSAGES
    records = list(read_records(server.calls))
    syncs = [place for place, record in enumerate(records) if record.what == "s"]
    first_ack = min(ack.told_ns for ack in acks)
    acks.sort(key=lambda ack: ack.told_ns)
    times = [ack.told_ns for ack in acks]
    luck = Random(4)
    # Just before a sync begins everything that was acked until then has to be there already.
    eligible = [place for place in syncs if records[place].begun_ns > first_ack]
    cuts = set(luck.sample(eligible, min(CUTS, len(eligible))))
    starts = set(luck.sample(sorted(cuts), STARTS))
    assert len(cuts) >= 60
    disk = Disk(server.data)
    acked_at_cuts = []
    for place, record in enumerate(records):
        if place in cuts:
            acked = acks[: bisect_left(times, record.begun_ns)]
            acked_at_cuts.append(len(acked))
            for way, chance in (("strict", None), ("lucky", luck)):
                data = tmp_path / f"cut-{place}-{way}"
                restore(disk.survivors(chance), data)
                found = stored(data, chat)
                assert {ack.key: ack.seq for ack in acked}.items() <= found.items(), f"{way}, before call {place}"
                if place in starts and way == "strict":
                    restore(disk.survivors(), data)
                    assert await served(data, tmp_path / f"server-{place}", chat, world.ann.id) == found
        disk.take(record)
    assert len(set(acked_at_cuts)) > len(cuts) // 2


async def test_a_power_cut_at_any_moment_of_the_first_start_leaves_a_folder_that_starts(faulty: Callable[..., FaultyServer], tmp_path: Path) -> None:
    server = faulty()
    server.kill()
    records = list(read_records(server.calls))
    luck = Random(5)
    disk = Disk(server.data)
    cuts = 0
    for place, record in enumerate(records):
        if record.what == "s":
            for way, chance in (("strict", None), ("lucky", luck)):
                data = tmp_path / f"cut-{place}-{way}"
                data.mkdir()
                restore(disk.survivors(chance), data)
                SigningKeys.load_or_create(data / "keys", 1)
                clock = ManualClock()
                node = await Node(SqliteStore(data / "tenfour.db", clock), clock).open()
                assert await node.person()
                await node.close()
                cuts += 1
        disk.take(record)
    assert cuts >= 10
