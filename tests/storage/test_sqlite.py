"""The one file: who owns it, and how it is opened."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tenfour.clock import ManualClock
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage.lock import StoreLocked
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import StoreUnusable, Transaction
from tenfour.storage.threads import READS_WAITING_MAX
from tests.eventually import eventually
from tests.storage.node import Node, drafts


def new_node(path: Path) -> Node:
    clock = ManualClock()
    return Node(SqliteStore(path, clock), clock)


def pragmas(connection: Connection, *names: str) -> dict[str, object]:
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}


async def test_a_second_owner_is_refused_by_name_and_pid(node: Node, path: Path) -> None:
    with pytest.raises(StoreLocked, match=f"lock belongs to another tenfour process \\(pid {os.getpid()}\\)") as caught:
        await new_node(path).open()

    assert caught.value.pid == os.getpid()
    assert await node.person()


async def test_nobody_else_can_read_the_database_whatever_may_be_read_around_it(path: Path) -> None:
    path.parent.chmod(0o755)

    node = await new_node(path).open()
    await node.person()

    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == dict.fromkeys((path.name, f"{path.name}-wal", f"{path.name}-shm", "lock"), 0o600)
    await node.close()


async def test_the_lock_is_free_after_a_close_and_after_an_open_that_failed(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(StoreUnusable, match="not a database"):
        await new_node(path).open()
    path.unlink()

    for _ in range(2):
        await (await new_node(path).open()).close()


async def test_the_writer_syncs_every_commit_into_a_write_ahead_log(node: Node) -> None:
    def read(tx: Transaction) -> dict[str, object]:
        return pragmas(tx.connection, "journal_mode", "synchronous", "foreign_keys", "fullfsync")

    assert await node.store.change(read) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "fullfsync": 1}


async def test_readers_cannot_write(node: Node) -> None:
    assert await node.store.read(lambda connection: pragmas(connection, "query_only")) == {"query_only": 1}


async def test_the_log_goes_into_the_file_while_nobody_writes(node: Node, path: Path) -> None:
    log = path.with_name("tenfour.db-wal")
    ann = await node.person()
    chat = await node.chat(ann)
    await node.say_all(drafts(chat, ann, 200), 1)
    assert log.stat().st_size > 0

    await eventually(lambda: log.stat().st_size == 0)

    assert len(await node.texts(chat)) == 200


async def test_a_long_read_keeps_the_log_and_does_not_hold_up_messages(node: Node, path: Path) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    long = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    long.execute("BEGIN")
    assert long.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    await node.say_all(drafts(chat, ann, 50), 1)
    log = path.with_name("tenfour.db-wal")
    before = log.stat().st_size

    for number in range(20):
        await node.say(chat, ann, f"{number}")

    assert log.stat().st_size >= before
    assert long.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    long.close()
    await eventually(lambda: log.stat().st_size == 0)


async def test_a_file_with_an_old_log_is_recovered(node: Node, path: Path, tmp_path: Path) -> None:
    """As after ``kill -9``: the log was not brought into the file."""
    ann = await node.person()
    chat = await node.chat(ann)
    await node.submit(Draft(chat, ann, "k", "hi"), 1)
    copy = tmp_path / "copy" / "tenfour.db"
    copy.parent.mkdir()
    for name in ("tenfour.db", "tenfour.db-wal"):
        copy.with_name(name).write_bytes(path.with_name(name).read_bytes())

    again = await new_node(copy).open()

    assert await again.texts(chat) == ["hi"]
    await again.close()


async def test_more_reads_than_may_wait_are_busy_and_none_of_those_that_wait_is_lost(node: Node) -> None:
    all_stand, gate = threading.Barrier(3), threading.Event()

    def stand(_: Connection) -> None:
        all_stand.wait(60)
        gate.wait(60)

    standing = [node.store.read(stand) for _ in range(2)]
    all_stand.wait(60)
    waiting = [node.store.read(lambda _, number=number: number) for number in range(READS_WAITING_MAX)]

    with pytest.raises(TenfourError) as caught:
        await node.store.read(lambda _: None)
    gate.set()

    assert caught.value.code is ErrorCode.BUSY
    assert await asyncio.gather(*waiting) == list(range(READS_WAITING_MAX))
    await asyncio.gather(*standing)
