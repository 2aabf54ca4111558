"""Connections to a PostgreSQL database, each looked at before it is used.

A commit counts as durable only where the server syncs what it acknowledges, and the server that a connection
reaches may be another one than before: so every new connection is asked, not only the first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tenfour.storage.store import StoreUnusable

RV = TypeVar("RV")
OLDEST_SERVER = 150_000

ANSWER_S = 10.0
"""How long one answer of the database may take. It is counted here: a server that is gone counts nothing."""
CONNECT_S = 5
AGAIN_S = 1.0
"""For so long after a failed attempt no other is made: each may take ``CONNECT_S``, and many readers wait behind it."""
_DEFAULTS = {
    "application_name": "tenfour",
    "connect_timeout": str(CONNECT_S),
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
    "target_session_attrs": "read-write",
}
_SECRETS = ("password", "sslpassword")

# A statement that waits for a lock is given up and tells so; one that computes is ended by ANSWER_S. No statement_timeout:
# it would end a COMMIT that waits for a standby, which is then committed here only, and looks like one that is safe.
# Of a process or machine that is gone nothing stays locked for longer than 15 s or 20 s.
_SESSION = """
SET client_min_messages = warning;
SET lock_timeout = '5s';
SET idle_in_transaction_session_timeout = '15s';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 2;
SET statement_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET TIME ZONE 'UTC'
"""
_STATE = """
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'),
       current_setting('synchronous_commit'), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
"""
_LOST = ("08", "25P03", "57P01", "57P02", "57P03", "57P05")
_TROUBLE = ("08", "25006", "25P03", "40", "53", "55P03", "57", "58", "F0", "XX")
_UNDONE = ("40001", "40P01")


class Unsafe(psycopg.OperationalError):
    """The server is no place for a store as it is set up; the message says what, and what to change."""


class BoundedConnection(psycopg.Connection[tuple[object, ...]]):
    """A connection that is closed where an answer does not come in time: nobody knows then what it will answer to."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, ANSWER_S if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg says that callers convert it
            self.close()
            raise psycopg.OperationalError(f"no answer within {ANSWER_S:g} s") from None


class Database:
    """Where the store is. Used by the writer's thread and the readers'."""

    def __init__(self, url: str) -> None:
        """Raises ``StoreUnusable`` where the address cannot be read."""
        self.shown = hide_password(url)
        try:
            self._given = {**_DEFAULTS, **conninfo_to_dict(url)}
        except psycopg.ProgrammingError as cause:
            words = str(cause).partition(': "postgres')[0]  # behind that stands the whole address, its password too
            raise StoreUnusable(f"the database {self.shown} cannot be used: {words}") from None
        self._failed: tuple[float, psycopg.Error] | None = None
        self._writing = _engine(self._connect, "BEGIN")
        self._reading = _engine(self._connect, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def writing(self) -> Connection:
        """A connection whose transactions write; raises ``DBAPIError`` or ``Unsafe``."""
        return self._writing.connect()

    def reading(self) -> Connection:
        """A connection that can only read, each transaction one moment; raises ``DBAPIError`` or ``Unsafe``."""
        return self._reading.connect()

    def migrating(self) -> Engine:
        """An engine for the migrations, whose statements may take as long as they need."""
        return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(**self._given), poolclass=NullPool, use_native_hstore=False)  # type: ignore[arg-type]

    def _connect(self) -> BoundedConnection:
        failed = self._failed
        if failed is not None and time.monotonic() < failed[0] + AGAIN_S:
            raise type(failed[1])(str(failed[1]))
        try:
            raw = self._checked_connection()
        except psycopg.Error as cause:
            self._failed = (time.monotonic(), cause)
            raise
        self._failed = None
        return raw

    def _checked_connection(self) -> BoundedConnection:
        raw = BoundedConnection.connect(**self._given, autocommit=True)  # type: ignore[arg-type]
        try:
            raw.execute(_SESSION)
            _require_safety(raw)
        except BaseException:
            raw.close()
            raise
        return raw


def _require_safety(raw: BoundedConnection) -> None:
    """Raises ``Unsafe`` where a commit on this server would promise too much."""
    state = raw.execute(_STATE).fetchone()
    assert state is not None
    version, encoding, fsync, full_page_writes, synchronous_commit, read_only = state
    if cast("int", version) < OLDEST_SERVER:
        raise Unsafe(f"it is PostgreSQL {cast('int', version) // 10_000}, and 15 is the oldest that will do")
    if encoding != "UTF8":
        raise Unsafe(f"its encoding is {encoding}, and texts need UTF8: make the database by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
    for name, value in (("fsync", fsync), ("full_page_writes", full_page_writes), ("synchronous_commit", synchronous_commit)):
        if value == "off":
            raise Unsafe(f"{name} is off, so that a message could be acknowledged and lost: switch it on in postgresql.conf, or for this role or database")
    if read_only:
        raise Unsafe("it can only be read: it is a standby, or default_transaction_read_only is on")


def _engine(connect: Callable[[], psycopg.Connection[tuple[object, ...]]], statement: str) -> Engine:
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, use_native_hstore=False)

    def begin(connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        try:
            raw.execute(statement)
        except psycopg.Error as cause:
            raise DBAPIError(statement, None, cause, connection_invalidated=raw.closed) from cause

    event.listen(engine, "begin", begin)
    return engine


def hide_password(url: str) -> str:
    """The address of a database as it may be shown."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    query = "?" * bool(parts.query) + urlencode([(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRETS], safe="/:,")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}{query}"


def original(cause: BaseException) -> BaseException:
    """The driver's own error."""
    return cause.orig if isinstance(cause, DBAPIError) and cause.orig is not None else cause


def sqlstate(cause: BaseException) -> str:
    return getattr(original(cause), "sqlstate", None) or ""


def is_lost(cause: BaseException) -> bool:
    """Whether the connection is gone, or about to go."""
    found = original(cause)
    return isinstance(found, psycopg.OperationalError | psycopg.InterfaceError) and (not sqlstate(found) or sqlstate(found).startswith(_LOST))


def is_undone(cause: BaseException) -> bool:
    """Whether the server undid the transaction for another one's sake, so that it is to be run again."""
    return sqlstate(cause) in _UNDONE


def is_trouble(cause: BaseException) -> bool:
    """Whether the database is in trouble, rather than the statement wrong."""
    return isinstance(original(cause), psycopg.Error) and (is_lost(cause) or sqlstate(cause).startswith(_TROUBLE))


def describe(cause: BaseException) -> str:
    """What went wrong in one line, without the address: readiness tells it to everybody."""
    found = original(cause)
    if isinstance(found, Unsafe):
        return f"PostgreSQL: {found}"
    state = sqlstate(found)
    said = getattr(getattr(found, "diag", None), "message_primary", None) or _last_reason(str(found))
    return f"PostgreSQL: {said}" + (f" ({state})" if state else "")


def _last_reason(text: str) -> str:
    """Of libpq's text its last part: 'connection to server at "10.0.0.5", port 5432 failed: Connection refused', and a question in a second line."""
    line = next((each for each in text.splitlines() if each.strip()), "no reason was given")
    return re.sub(r"^(FATAL|ERROR):\s+", "", line.rpartition("failed: ")[2].strip())
