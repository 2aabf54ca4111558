"""The store on PostgreSQL, which several nodes may share.

One connection of the process writes, a few read. None of them is ever the last: where one is found dead the next
use opens another, and until the server is there again everybody is told ``store_down``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

from tenfour.clock import Clock
from tenfour.storage.migrate import SchemaUnknown, migrate_engine
from tenfour.storage.postgres_connection import Database, describe
from tenfour.storage.postgres_session import PostgresSession, Use
from tenfour.storage.store import Commit, StoreUnusable
from tenfour.storage.threaded import ThreadedStore
from tenfour.storage.writer import Session, Writer

T = TypeVar("T")

__all__ = ["PostgresStore", "Use", "migrate_postgres"]


class PostgresStore(ThreadedStore):
    """The store in a PostgreSQL database. Implements ``store.Store``."""

    def __init__(self, url: str, clock: Clock, *, readers: int = 2, use: Use = Use.SHARED) -> None:
        super().__init__(readers)
        self._use = use
        self._database = Database(url)
        self._clock = clock

    async def open(self, committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        """Raises ``StoreUnusable`` where the database cannot be reached, is no place for a store, or has another schema."""
        try:
            loop = asyncio.get_running_loop()

            def told_late(commit: Commit) -> None:
                loop.call_soon_threadsafe(committed, commit)

            writer = Writer(partial(self._open_session, told_late), self._clock.monotonic, committed, fatal)
            await self._start(writer, self._database.reading)
        except BaseException:
            await self.close()
            raise

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
