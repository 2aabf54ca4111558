"""The writing connection to PostgreSQL: one transaction a batch, run again where it can be, never acked where nobody knows.

| what happens                                            | what becomes of the batch                                             |
|---------------------------------------------------------|-----------------------------------------------------------------------|
| a deadlock, a conflict with another transaction         | it runs again, a few times                                            |
| the connection was found dead before COMMIT was sent    | it runs again on a new one, once                                      |
| the connection was lost while COMMIT was on its way     | a new one looks for the batch's first event, for up to ``LOOK_S``: there, it is acked; not there, it runs again |
| no new one in that time                                 | ``outcome_unknown``; what was committed is told when it is found later |
| the server is away, full, read-only                     | ``store_down``, and so is what waits behind it                        |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tenfour.clock import Clock
from tenfour.storage.append_postgres import Raw, append_batch
from tenfour.storage.applying import apply_changes
from tenfour.storage.placing import Batch
from tenfour.storage.postgres_connection import Database, Unsafe, describe, is_lost, is_trouble, is_undone
from tenfour.storage.store import Append, Appended, Commit
from tenfour.storage.writer import Change, OutcomeOpen, WriteFailed, Written

TRIES = 6
LOOK_S = 4.0
LOOK_EVERY_S = 0.1
_SELF = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# The server may not have noticed yet that we are gone: what it still does for us, and the locks that it holds, end here.
_END_FORMER = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
_OWN = "SELECT pg_advisory_lock(23720100533065043)"  # the next number after that of the migrations
_MESSAGE = "SELECT seq FROM messages WHERE id = %s"
_EVENT = 'SELECT kind, "by", at FROM events WHERE chat = %s AND seq = %s'
_DURABLE = "UPDATE store SET epoch = epoch"


class Use(Enum):
    """Whether other nodes write to the database too: they may where a broker carries events between them."""

    SHARED = "shared"
    ALONE = "alone"


class _RunAgain(Exception):
    """Nothing of the transaction is stored, and it may do better a second time."""


@dataclass(frozen=True, slots=True)
class _Witness:
    """A row that is there exactly if all of its batch is."""

    query: str
    values: tuple[Any, ...]
    row: tuple[Any, ...]


class PostgresSession:
    """Implements ``writer.Session``.

    ``told_late`` gets what turned out to be committed after its senders were told that nobody knows. Opening raises ``DBAPIError``.
    """

    def __init__(self, database: Database, clock: Clock, told_late: Callable[[Commit], None], use: Use) -> None:
        self._database = database
        self._clock = clock
        self._told_late = told_late
        self._use = use
        self._warnings: list[str] = []
        self._last_at = 0
        self._open: list[tuple[_Witness, Commit]] = []
        """Batches of which nobody knows yet whether they are stored."""
        self._backend: tuple[Any, ...] | None = None
        """Which process of the server works for us; kept beyond the connection until another one has ended it."""
        self._connection: Connection | None = None
        self._connect()

    def write(self, appends: Sequence[Append], changes: Sequence[Change]) -> Written:
        cause: BaseException | None = None
        for _ in range(TRIES):
            try:
                written = self._fill(appends, changes)
                self._commit(written, changes)
            except _RunAgain as failed:
                cause = failed.__cause__
            else:
                return written
        assert cause is not None
        raise WriteFailed(describe(cause)) from cause

    def probe(self) -> None:
        self._look_after(self._commit_nothing)

    def idle(self) -> None:
        """Asks whether the server is there, so that readiness tells also while nobody writes."""
        self._look_after(lambda: self._raw.execute("SELECT 1"))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # A transaction

    def _fill(self, appends: Sequence[Append], changes: Sequence[Change]) -> Written:
        is_old = self._connection is not None
        connection = self._connected()
        try:
            connection.begin()
            self._last_at = now_ms = max(self._last_at, self._clock.now_ms())
            batch = append_batch(self._raw, appends, now_ms) if appends else Batch([])
            return apply_changes(connection, batch, changes, now_ms, is_trouble)
        except (DBAPIError, psycopg.Error) as cause:
            self._undo(cause)
            if is_undone(cause) or (is_old and is_lost(cause)):
                raise _RunAgain from cause
            raise WriteFailed(describe(cause)) from cause
        except BaseException as cause:
            self._undo(cause)
            raise

    def _commit(self, written: Written, changes: Sequence[Change]) -> None:
        """Returns once the batch is durable; raises ``_RunAgain``, ``WriteFailed`` or ``OutcomeOpen``."""
        try:
            self._commit_durably()
        except (DBAPIError, psycopg.Error) as cause:
            if not is_lost(cause):
                self._undo(cause)
                raise (_RunAgain if is_undone(cause) else WriteFailed)(describe(cause)) from cause
            self._drop()
            witness = _witness_of(written)
            if witness is None and not changes:
                return  # there was nothing to store: its answers were read, and stand
            stored = self._look_for(witness) if witness is not None else None
            if stored is None:
                if witness is not None:
                    self._open.append((witness, written.commit))
                raise OutcomeOpen(describe(cause)) from cause
            if not stored:
                raise _RunAgain from cause

    def _commit_durably(self) -> None:
        """Raises ``OperationalError`` too where the server warns: it has committed for itself and not waited for its standby."""
        assert self._connection is not None
        transaction = self._connection.get_transaction()
        assert transaction is not None
        self._warnings.clear()
        transaction.commit()
        if self._warnings:
            raise psycopg.OperationalError(self._warnings[0])

    def _commit_nothing(self) -> None:
        """A commit after which everything before it is durable as well, on a standby too."""
        assert self._connection is not None
        self._connection.begin()
        self._raw.execute(_DURABLE)
        self._commit_durably()

    def _undo(self, cause: BaseException) -> None:
        if self._connection is None:
            return
        transaction = self._connection.get_transaction()
        if is_lost(cause) or self._raw.closed:
            self._drop()
        elif transaction is not None:
            try:
                transaction.rollback()
            except (DBAPIError, psycopg.Error):
                self._drop()

    # Where nobody knows

    def _look_for(self, witness: _Witness) -> bool | None:
        """Whether the batch is stored; None where the server could not be asked in time."""
        until_s = time.monotonic() + LOOK_S
        while True:
            try:
                self._connect()
                return self._is_stored(witness)
            except (DBAPIError, psycopg.Error):
                self._drop()
            if time.monotonic() >= until_s:
                return None
            time.sleep(LOOK_EVERY_S)

    def _is_stored(self, witness: _Witness) -> bool:
        """Nobody works for us any more on the server, so this is final."""
        found = self._raw.execute(witness.query, witness.values).fetchone() == witness.row
        if found:
            self._commit_nothing()
        return found

    def _settle_open(self) -> None:
        while self._open:
            witness, commit = self._open[0]
            if self._is_stored(witness):
                self._told_late(commit)
            self._open.pop(0)

    # The connection

    @property
    def _raw(self) -> Raw:
        assert self._connection is not None
        return self._connection.connection.driver_connection  # type: ignore[return-value]

    def _connected(self) -> Connection:
        """Raises ``WriteFailed`` where there is none to be had."""
        if self._connection is None:
            try:
                self._connect()
            except (DBAPIError, psycopg.Error) as cause:
                self._drop()
                raise WriteFailed(describe(cause)) from cause
        assert self._connection is not None
        return self._connection

    def _connect(self) -> None:
        former, self._connection = self._backend, self._database.writing()
        self._raw.add_notice_handler(self._note_warning)
        if former is not None:
            ended = self._raw.execute(_END_FORMER, former).fetchone()
            if ended == (False,):
                raise psycopg.OperationalError("the connection before this one has not ended yet")
        self._backend = self._raw.execute(_SELF).fetchone()
        if self._use is Use.ALONE:
            self._own()
        self._settle_open()

    def _own(self) -> None:
        """Waits a while for the lock: of a process that was killed the server still finishes what it was told."""
        try:
            self._raw.execute(_OWN)
        except errors.LockNotAvailable as cause:
            raise Unsafe("another tenfour process uses it, and nothing carries events between the two") from cause

    def _look_after(self, act: Callable[[], object]) -> None:
        """Does something harmless on the connection; on a new one where the old one is found dead."""
        is_old = self._connection is not None
        self._connected()
        try:
            act()
        except (DBAPIError, psycopg.Error) as cause:
            self._undo(cause)
            if not (is_old and is_lost(cause)):
                raise WriteFailed(describe(cause)) from cause
            self._look_after(act)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _note_warning(self, notice: errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "the server warned")


def _witness_of(written: Written) -> _Witness | None:
    """A message's id is nobody else's; the event of a change is told by its place, who and when. None where the batch made no event."""
    for outcome in written.outcomes:
        if isinstance(outcome, Appended) and not outcome.duplicate:
            return _Witness(_MESSAGE, (outcome.id,), (outcome.seq,))
    for event in (change for of_chat in written.commit for change in of_chat.changes):
        return _Witness(_EVENT, (event.chat, event.seq), (event.kind.value, event.by, event.at))
    return None
