"""The embedded store: one SQLite file, owned by one process.

One connection writes and checkpoints, all others are read-only: SQLite before 3.51.3 may corrupt a file
when two connections write and checkpoint together (sqlite.org/wal.html#walresetbug). ``synchronous=FULL``,
because with NORMAL an acked commit can be lost in a power cut.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, RootTransaction, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tenfour.clock import Clock
from tenfour.storage.append_sqlite import append_batch
from tenfour.storage.applying import apply_changes
from tenfour.storage.lock import LOCK_FILE, FileLock
from tenfour.storage.migrate import SchemaUnknown, migrate
from tenfour.storage.store import Append, Commit, StoreUnusable
from tenfour.storage.threaded import ThreadedStore
from tenfour.storage.writer import Change, OutcomeUnknown, Session, WriteFailed, Writer, Written

T = TypeVar("T")

WRITER_BUSY_MS = 1_000
READER_BUSY_MS = 5_000
CACHE_KIB = 64 * 1024
CHECKPOINT_PAGES = 8_000
"""Pages in the log (32 MiB) at which a commit brings them into the file. At SQLite's own 1,000 that is several times a
second while people talk, and whoever sends meanwhile waits for two more syncs."""
STATEMENTS_CACHED = 512
_NOT_WRITTEN = frozenset({"SQLITE_IOERR_WRITE", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_LOCK", "SQLITE_IOERR_NOMEM"})


class SqliteStore(ThreadedStore):
    """The store in one file. Implements ``store.Store``."""

    def __init__(self, path: Path, clock: Clock, *, readers: int = 2) -> None:
        super().__init__(readers)
        self._path = path
        self._clock = clock
        self._lock = FileLock(path.parent / LOCK_FILE)

    async def open(self, committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        """Raises ``StoreLocked`` where another process owns the file, ``StoreUnusable`` where it is no store of this version."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as cause:
            raise StoreUnusable(f"the database {self._path} cannot be opened: {cause.strerror} ({self._path.parent})") from cause
        try:
            writer = Writer(self._open_session, self._clock.monotonic, committed, fatal)
            await self._start(writer, reading_engine(self._path).connect)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await super().close()
        self._lock.release()

    def _open_session(self) -> Session:
        try:
            migrate(f"sqlite:///{self._path}", self._clock.now_ms())
            return SqliteSession(self._path, self._clock)
        except (OSError, DBAPIError, sqlite3.Error, WriteFailed, SchemaUnknown) as cause:
            raise StoreUnusable(f"the database {self._path} cannot be opened: {_words(cause)}") from cause


class SqliteSession:
    """The writing connection."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._engine = writing_engine(path)
        self._connection = self._engine.connect()
        self._raw: sqlite3.Connection = self._connection.connection.driver_connection  # type: ignore[assignment]
        self._last_at = 0
        self._checkpointed = True
        self._broken = False

    def write(self, appends: Sequence[Append], changes: Sequence[Change]) -> Written:
        try:
            transaction = self._connection.begin()
            self._checkpointed = False
            # A batch is never earlier than the one before, whatever the wall clock does.
            self._last_at = now_ms = max(self._last_at, self._clock.now_ms())
            written = self._write(appends, changes, now_ms)
        except (DBAPIError, sqlite3.Error) as cause:
            self._undo()
            raise self._trouble(cause) from cause
        except BaseException:
            self._undo()
            raise
        self._commit(transaction)
        return written

    def probe(self) -> None:
        try:
            transaction = self._connection.begin()
            self._raw.execute("UPDATE store SET epoch = epoch")
        except (DBAPIError, sqlite3.Error) as cause:
            self._undo()
            raise self._trouble(cause) from cause
        self._commit(transaction)

    def _commit(self, transaction: RootTransaction) -> None:
        try:
            transaction.commit()
        except (DBAPIError, sqlite3.Error) as cause:
            self._undo()
            raise self._trouble(cause) from cause

    def _trouble(self, cause: BaseException) -> WriteFailed | OutcomeUnknown:
        """What is known after an error. A write that failed left no whole commit record behind; after a sync that failed nobody knows."""
        if not _is_unknown(cause):
            return WriteFailed(_words(cause))
        self._broken = True
        return OutcomeUnknown(_words(cause))

    def _write(self, appends: Sequence[Append], changes: Sequence[Change], now_ms: int) -> Written:
        return apply_changes(self._connection, append_batch(self._raw, appends, now_ms), changes, now_ms, _is_the_stores_fault)

    def _undo(self) -> None:
        """After SQLITE_FULL and IOERR the transaction is gone already, and ROLLBACK would raise."""
        transaction = self._connection.get_transaction()
        if transaction is not None:
            if self._raw.in_transaction:
                transaction.rollback()
            else:
                transaction.close()

    def idle(self) -> None:
        """Brings the log into the file while nobody waits for a commit."""
        if self._checkpointed:
            return
        try:
            # It does not wait for readers: a backup may read for minutes, and messages would wait behind it.
            self._raw.execute("PRAGMA busy_timeout=0")
            ((is_busy, _, _),) = self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._checkpointed = not is_busy
        except sqlite3.Error as cause:
            raise self._trouble(cause) from cause
        finally:
            self._raw.execute(f"PRAGMA busy_timeout={WRITER_BUSY_MS}")

    def close(self) -> None:
        if not self._broken:
            with contextlib.suppress(sqlite3.Error):  # a file in trouble is closed as it is
                self._raw.execute("PRAGMA optimize").fetchall()
        self._connection.close()
        self._engine.dispose()


def writing_engine(path: Path) -> Engine:
    """An engine whose connections write: WAL, every commit synced, foreign keys checked."""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=WRITER_BUSY_MS / 1000, cached_statements=STATEMENTS_CACHED)
        raw.execute("PRAGMA journal_mode=WAL").fetchall()
        for pragma in ("synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", f"cache_size=-{CACHE_KIB}", f"wal_autocheckpoint={CHECKPOINT_PAGES}", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")
        if raw.execute("PRAGMA synchronous").fetchone() != (2,) or raw.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            raise WriteFailed(f"{path} cannot be opened with WAL and synchronous=FULL; is it on a network file system?")
        return raw

    return _engine(connect, "BEGIN IMMEDIATE")


def reading_engine(path: Path) -> Engine:
    """An engine whose connections can only read; each transaction sees one moment."""

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, timeout=READER_BUSY_MS / 1000, cached_statements=STATEMENTS_CACHED)
        raw.execute("PRAGMA query_only=ON")
        raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        return raw

    return _engine(connect, "BEGIN")


def _engine(connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # Straight to the driver: each read is a transaction, and SQLAlchemy's way costs as much as a small query.
    event.listen(engine, "begin", lambda connection: connection.connection.dbapi_connection.execute(begin))
    return engine


def _original(cause: BaseException) -> BaseException:
    return cause.orig if isinstance(cause, DBAPIError) and cause.orig is not None else cause


def _errorname(cause: BaseException) -> str:
    return getattr(_original(cause), "sqlite_errorname", "")


def _is_unknown(cause: BaseException) -> bool:
    name = _errorname(cause)
    return name.startswith("SQLITE_IOERR") and name not in _NOT_WRITTEN


def _words(cause: BaseException) -> str:
    name = _errorname(cause)
    return f"{_original(cause)} ({name})" if name else str(_original(cause))


def _is_the_stores_fault(cause: BaseException) -> bool:
    """Whether the database is in trouble, rather than the change's own SQL."""
    return _errorname(cause).split("_")[1:2] in (["FULL"], ["IOERR"], ["READONLY"], ["BUSY"], ["CANTOPEN"], ["CORRUPT"], ["NOTADB"], ["LOCKED"])
