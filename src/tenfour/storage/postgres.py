"""The store on PostgreSQL, which several nodes may share.

One connection of the process writes, a few read. None of them is ever the last: where one is found dead the next
use opens another, and until the server is there again everybody is told ``store_down``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from tenfour.clock import Clock
from tenfour.storage import schema
from tenfour.storage.migrate import SchemaUnknown, migrate_engine
from tenfour.storage.postgres_connection import Database, describe
from tenfour.storage.postgres_session import PostgresSession, Use
from tenfour.storage.store import Append, Commit, NotAppended, StoreUnusable, Transaction
from tenfour.storage.threads import Readers
from tenfour.storage.writer import Session, Writer, WriterFigures

T = TypeVar("T")

__all__ = ["PostgresStore", "Use", "migrate_postgres"]


class PostgresStore:
    """The store in a PostgreSQL database. Implements ``store.Store``."""

    def __init__(self, url: str, clock: Clock, *, readers: int = 2, use: Use = Use.SHARED) -> None:
        self._use = use
        self._database = Database(url)
        self._clock = clock
        self._reader_count = readers
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._epoch = ""

    async def open(self, committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        """Raises ``StoreUnusable`` where the database cannot be reached, is no place for a store, or has another schema."""
        try:
            loop = asyncio.get_running_loop()

            def told_late(commit: Commit) -> None:
                loop.call_soon_threadsafe(committed, commit)

            writer = Writer(partial(self._open_session, told_late), self._clock.monotonic, committed, fatal)
            await writer.open()
            self._writer = writer
            self._readers = Readers(self._database.reading, self._reader_count)
            self._epoch = await self.read(lambda connection: connection.execute(select(schema.store.c.epoch)).scalar_one())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        if self._readers is not None:
            await self._readers.close()
        if self._writer is not None:
            await self._writer.close()

    async def settle(self) -> None:
        await self._opened.settle()

    def submit(self, append: Append) -> NotAppended | None:
        return self._opened.submit(append)

    def change(self, apply: Callable[[Transaction], T]) -> Awaitable[T]:
        return self._opened.change(apply)

    def read(self, query: Callable[[Connection], T]) -> Awaitable[T]:
        assert self._readers is not None, "the store is open"
        return self._readers.read(query)

    @property
    def epoch(self) -> str:
        return self._epoch

    @property
    def trouble(self) -> str | None:
        return self._opened.trouble

    @property
    def waiting(self) -> int:
        return self._opened.waiting

    @property
    def figures(self) -> WriterFigures:
        return self._opened.figures

    @property
    def _opened(self) -> Writer:
        assert self._writer is not None, "the store is open"
        return self._writer

    def _open_session(self, told_late: Callable[[Commit], None]) -> Session:
        """On the writer's thread."""
        try:
            migrate_postgres(self._database, self._clock.now_ms())
            return PostgresSession(self._database, self._clock, told_late, self._use)
        except (DBAPIError, psycopg.Error, SchemaUnknown) as cause:
            words = str(cause) if isinstance(cause, SchemaUnknown) else describe(cause)
            raise StoreUnusable(f"the database {self._database.shown} cannot be used: {words}") from cause


def migrate_postgres(database: Database, now_ms: int) -> bool:
    """Brings the database to the schema of this version, as ``migrate`` does; raises ``DBAPIError`` or ``SchemaUnknown``."""
    database.reading().close()  # looked at before anything is made in it
    engine = database.migrating()
    try:
        return migrate_engine(engine, now_ms)
    finally:
        engine.dispose()
