"""The store of all nodes: one database in memory, with the server's own statements, reached over a line that delays and fails."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlalchemy import Connection, select

from tenfour.clock import Clock
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage import schema
from tenfour.storage.backlog import Backlog
from tenfour.storage.sqlite import SqliteSession, _engine
from tenfour.storage.store import Append, Commit, NotAppended, Transaction
from tenfour.storage.writer import BUSY_MS, STORE_DOWN_MS, Change
from tests.storage.template import put_new_store
from tests.system.history import Record, Stored, StoredChat, text_hash

T = TypeVar("T")


class Database:
    """One for all seeds of a process; each seed begins with it empty."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=512)
        self._template = sqlite3.connect(":memory:")
        with TemporaryDirectory() as directory:
            file = sqlite3.connect(put_new_store(Path(directory) / "tenfour.db"))
            file.backup(self._template)
            file.close()
        self._template.execute("UPDATE store SET epoch = 'simulated'")
        self._template.commit()
        self.connection: Connection = _engine(lambda: self._raw, "BEGIN").connect()
        self.empty()

    def empty(self) -> None:
        self._template.backup(self._raw)
        self.raw.execute("PRAGMA foreign_keys=ON")

    @property
    def raw(self) -> sqlite3.Connection:
        return self._raw

    def run(self, query: Callable[[Connection], T]) -> T:
        with self.connection.begin():
            return query(self.connection)

    def stored(self) -> Stored:
        """All chats as they are now."""
        found: Stored = {}
        for chat, history in self._raw.execute("SELECT id, history FROM chats"):
            found[chat] = StoredChat(history, [])
        rows = self._raw.execute(
            """SELECT events.chat, events.seq, events.kind, events."by", coalesce(messages."key", ''), coalesce(events.message_id, ''), messages.text,
                      coalesce(events.data ->> 'user', ''), events.data ->> 'title'
               FROM events LEFT JOIN messages ON messages.id = events.message_id ORDER BY events.chat, events.seq"""
        )
        for chat, seq, kind, by, key, message, text, user, title in rows:
            found[chat].rows.append(Record(f="stored", chat=chat, seq=seq, event=kind, by=by, key=key, id=message, hash=text_hash(text or title), subject=user))
        return found


class MemorySession(SqliteSession):
    """A node's writing connection."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._connection = database.connection
        self._raw = database.raw
        self._last_at = 0
        self._checkpointed = True
        self._broken = False


class ModelStore:
    """A node's store: what ``store.Store`` promises, with a line to the database that may be away or break in a commit.

    The writer is the server's as far as it decides: its backlog, one batch at a time, acks before the broker.
    """

    def __init__(self, database: Database, clock: Clock, random: Random, committed: Callable[[Commit], None]) -> None:
        self._database = database
        self._session = MemorySession(database, clock)
        self._random = random
        self._committed = committed
        self._backlog = Backlog()
        self._changes: list[Change] = []
        self._work = asyncio.Event()
        self._fenced = False
        self.is_away = False
        self.breaks_in_commit = 0
        """How many of the next batches break in their commit, with or without being there."""
        self.slow_s = 0.0
        self.epoch = database.run(lambda connection: connection.execute(select(schema.store.c.epoch)).scalar_one())

    @property
    def trouble(self) -> str | None:
        return "away" if self.is_away else None

    def submit(self, append: Append) -> NotAppended | None:
        if self._fenced:
            return NotAppended(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS)
        if not self._backlog.add(append):
            return NotAppended(ErrorCode.BUSY, retry_after_ms=BUSY_MS)
        self._work.set()
        return None

    def change(self, apply: Callable[[Transaction], T]) -> Awaitable[T]:
        change = Change(apply, asyncio.get_running_loop().create_future())
        self._changes.append(change)
        self._work.set()
        return change.future

    async def read(self, query: Callable[[Connection], T]) -> T:
        await self._line()
        if self.is_away:
            raise TenfourError(ErrorCode.STORE_DOWN, retry_after_ms=1_000)
        found = self._database.run(query)
        await self._line()
        return found

    async def write_forever(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._backlog or self._changes:
                appends = self._backlog.take()
                changes, self._changes = self._changes, []
                await self._write(appends, changes)

    async def _write(self, appends: list[Append], changes: list[Change]) -> None:
        await self._line()
        if self.is_away:
            await self._fail(appends, changes, ErrorCode.STORE_DOWN)
            return
        if self.breaks_in_commit:
            self.breaks_in_commit -= 1
            if self._random.random() < 0.5:
                written = self._session.write(appends, changes)
                await self._line()
                await self._fail(appends, changes, ErrorCode.OUTCOME_UNKNOWN)
                if written.commit and self._random.random() < 0.5:
                    self._committed(written.commit)
            else:
                await self._fail(appends, changes, ErrorCode.OUTCOME_UNKNOWN)
            return
        written = self._session.write(appends, changes)
        await self._line()
        for append, outcome in zip(appends, written.outcomes, strict=True):
            append.done(outcome)
        for change in changes:
            if change.future.cancelled():
                continue
            if change.error is not None:
                change.future.set_exception(change.error)
            else:
                change.future.set_result(change.result)
        if written.commit:
            self._committed(written.commit)

    async def _fail(self, appends: list[Append], changes: list[Change], code: ErrorCode) -> None:
        """Refuses the batch and all that waits behind it, and until its senders know also what comes (G9)."""
        behind, changes_behind = self._backlog.take_all(), self._changes
        self._changes = []
        self._fenced = True
        await self._line()
        for each in appends:
            each.done(NotAppended(code, retry_after_ms=STORE_DOWN_MS))
        for each in behind:
            each.done(NotAppended(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS))
        for change in (*changes, *changes_behind):
            if not change.future.cancelled():
                change.future.set_exception(TenfourError(code if change in changes else ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS))
        self._fenced = False

    async def _line(self) -> None:
        await asyncio.sleep(self._random.uniform(0.0002, 0.004) + self.slow_s * self._random.random())
