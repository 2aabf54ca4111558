"""A few threads that read, each with its own connection."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError

from tenfour.errors import ErrorCode, TenfourError

T = TypeVar("T")

READS_WAITING_MAX = 20_000


class Readers:
    """Runs queries on reader threads, each in one read transaction. Made and used on the event loop."""

    def __init__(self, connect: Callable[[], Connection], count: int) -> None:
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[Callable[[Connection], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._closing = False
        self._threads = [threading.Thread(target=self._run, name=f"tenfour-reader-{number}", daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def read(self, query: Callable[[Connection], T]) -> asyncio.Future[T]:
        """The query's result; raises what it raised, ``store_down`` where the database did not answer, ``draining`` after ``close``."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            future.set_exception(TenfourError(ErrorCode.DRAINING, retry_after_ms=1000))
        elif self._queue.qsize() >= READS_WAITING_MAX:
            future.set_exception(TenfourError(ErrorCode.BUSY, retry_after_ms=1000))
        else:
            self._queue.put((query, future))
        return future

    async def close(self) -> None:
        """Ends the threads after what was asked before."""
        self._closing = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _run(self) -> None:
        connection: Connection | None = None
        while (job := self._queue.get()) is not None:
            query, future = job
            if future.cancelled():
                continue
            try:
                is_old = connection is not None
                connection = connection or self._connect()
                try:
                    result = _query(connection, query)
                except DBAPIError as cause:
                    if not (is_old and cause.connection_invalidated):
                        raise
                    # A database that was restarted meanwhile is no reason to refuse: a read can be done again.
                    self._give_up(connection)
                    connection = None
                    connection = self._connect()
                    result = _query(connection, query)
            except DataError as cause:
                self._hop(_fail, future, refuse_data(cause))
            except DBAPIError as cause:
                connection = self._give_up(connection)
                self._hop(_fail, future, _store_down(cause))
            except BaseException as cause:  # noqa: BLE001 - it belongs to whoever asked, whatever it is
                self._hop(_fail, future, cause)
            else:
                self._hop(_resolve, future, result)
        if connection is not None:
            connection.close()

    @staticmethod
    def _give_up(connection: Connection | None) -> None:
        """The next read begins with a new connection."""
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _hop(self, callback: Callable[[asyncio.Future[Any], Any], None], future: asyncio.Future[Any], value: object) -> None:
        self._loop.call_soon_threadsafe(callback, future, value)


def _query(connection: Connection, query: Callable[[Connection], T]) -> T:
    with connection.begin():
        return query(connection)


def _resolve(future: asyncio.Future[Any], result: object) -> None:
    if not future.cancelled():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], cause: BaseException) -> None:
    if not future.cancelled():
        future.set_exception(cause)


def refuse_data(cause: DataError) -> TenfourError:
    """What somebody is told who gave a value that the database cannot hold: PostgreSQL takes no NUL in a text."""
    error = TenfourError(ErrorCode.FIELD_INVALID, "A value cannot be stored or looked for: a text with a NUL character, or a number that is too large.")
    error.__cause__ = cause
    return error


def _store_down(cause: DBAPIError) -> TenfourError:
    error = TenfourError(ErrorCode.STORE_DOWN, retry_after_ms=1000)
    error.__cause__ = cause
    return error
