"""What every store on threads does: one writer, a few readers, and the port before them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection, select

from tenfour.storage import schema
from tenfour.storage.store import Append, Commit, NotAppended, Transaction
from tenfour.storage.threads import Readers
from tenfour.storage.writer import Writer, WriterFigures

T = TypeVar("T")


class ThreadedStore(ABC):
    """All of ``store.Store`` but ``open``, which each database does in its own way and ends with ``_start``."""

    def __init__(self, reader_count: int) -> None:
        self._reader_count = reader_count
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._epoch = ""

    @abstractmethod
    async def open(self, committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        """As the port says; raises ``StoreUnusable``."""

    async def _start(self, writer: Writer, connect: Callable[[], Connection]) -> None:
        """Starts the threads; raises what opening the writer's session raised. ``connect`` is for the readers."""
        await writer.open()
        self._writer = writer
        self._readers = Readers(connect, self._reader_count)
        self._epoch = await self.read(lambda connection: connection.execute(select(schema.store.c.epoch)).scalar_one())

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
        """How many appends have no answer yet."""
        return self._opened.waiting

    @property
    def figures(self) -> WriterFigures:
        return self._opened.figures

    @property
    def _opened(self) -> Writer:
        assert self._writer is not None, "the store is open"
        return self._writer
