"""Group commit: one thread writes everything that gathered while its last transaction ran.

The thread owns the session; the event loop owns the callbacks. A batch comes back in one hop: acks first,
then the results of changes, then the events for the broker.

Full: ``submit`` says ``busy`` at once. In trouble: everything that waits gets ``store_down``, and so does
what is submitted until the loop has told the senders; otherwise a later message of a sender could be
stored before the refused one comes again (G9).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage.backlog import Backlog
from tenfour.storage.store import Append, Appended, Commit, NotAppended, Transaction

CHANGES_WAITING_MAX = 10_000
CHANGES_A_BATCH = 200
BUSY_MS = 500
STORE_DOWN_MS = 1_000
IDLE_S = 1.0


@dataclass(slots=True, eq=False)
class Change:
    """A write other than a message, and who waits for it."""

    apply: Callable[[Transaction], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What one transaction did; ``outcomes`` has one entry for each append, in order."""

    outcomes: Sequence[Appended | NotAppended]
    commit: Commit


class WriteFailed(Exception):
    """Nothing of the batch is in the store."""


class OutcomeUnknown(Exception):
    """Nobody can say whether the batch is in the store: the commit itself broke."""


class Session(Protocol):
    """The writer's connection to its database; used on the writer thread only."""

    def write(self, appends: Sequence[Append], changes: Sequence[Change]) -> Written:
        """One durable transaction; fills in each change's ``result`` or ``error``.

        Raises ``WriteFailed`` or ``OutcomeUnknown``.
        """

    def idle(self) -> None:
        """Called when nothing was to be written for a second."""

    def close(self) -> None: ...


@dataclass(slots=True)
class WriterFigures:
    """What the writer has done so far, for metrics; written by the writer thread only."""

    commits: int = 0
    appended: int = 0
    seconds: float = 0.0
    last_batch: int = 0
    batch_sizes: list[int] = field(default_factory=lambda: [0] * 12)
    """How many batches had up to 1, 2, 4 … 1,024 messages, and more."""
    commit_times: list[int] = field(default_factory=lambda: [0] * 12)
    """How many commits took up to 0.5, 1, 2 … 512 ms, and longer."""


class Writer:
    """The one thread that writes. Made and used on the event loop."""

    def __init__(self, open_session: Callable[[], Session], monotonic: Callable[[], float], committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        self._open_session = open_session
        self._monotonic = monotonic
        self._committed = committed
        self._fatal = fatal
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._idle = False
        """Whether the thread waits: nobody has to wake it while it writes."""
        self._backlog = Backlog()
        self._changes: list[Change] = []
        self._closing = False
        self._fenced = 0
        """Failed batches whose senders have not been told yet."""
        self._in_flight = 0
        self.trouble: str | None = None
        self.figures = WriterFigures()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="tenfour-writer", daemon=True)

    async def open(self) -> None:
        """Starts the thread; raises what opening the session raised."""
        self._thread.start()
        await self._opened

    def submit(self, append: Append) -> NotAppended | None:
        with self._lock:
            if self._closing:
                return NotAppended(ErrorCode.DRAINING, retry_after_ms=BUSY_MS)
            if self._fenced:
                return NotAppended(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS)
            if not self._backlog.add(append):
                return NotAppended(ErrorCode.BUSY, retry_after_ms=BUSY_MS)
            self._wake()
            return None

    def change(self, apply: Callable[[Transaction], Any]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        with self._lock:
            if self._closing:
                future.set_exception(TenfourError(ErrorCode.DRAINING, retry_after_ms=BUSY_MS))
            elif len(self._changes) >= CHANGES_WAITING_MAX:
                future.set_exception(TenfourError(ErrorCode.BUSY, retry_after_ms=BUSY_MS))
            else:
                self._changes.append(Change(apply, future))
                self._wake()
        return future

    def _wake(self) -> None:
        if self._idle:
            self._work.notify()

    @property
    def waiting(self) -> int:
        """How many appends wait or are being written."""
        return len(self._backlog) + self._in_flight

    async def settle(self) -> None:
        """Returns once everything that was submitted before has its answer."""
        while self._backlog or self._in_flight or self._changes:
            await self.change(lambda _: None)

    async def close(self) -> None:
        """Writes what waits, answers it, ends the thread."""
        with self._lock:
            self._closing = True
            self._wake()
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last hop to the loop

    # On the writer thread

    def _run(self) -> None:
        try:
            session = self._open_session()
        except BaseException as cause:  # noqa: BLE001 - whoever opens the store gets it, whatever it is
            self._hop(self._opened.set_exception, cause)
            return
        self._hop(self._opened.set_result, None)
        try:
            while (batch := self._next_batch(session)) is not None:
                self._write(session, *batch)
        finally:
            session.close()

    def _next_batch(self, session: Session) -> tuple[list[Append], list[Change]] | None:
        """Waits for something to write; None once all is written and the writer closes."""
        with self._lock:
            while not self._backlog and not self._changes:
                if self._closing:
                    return None
                self._idle = True
                has_work = self._work.wait(IDLE_S)
                self._idle = False
                if not has_work:
                    break
            appends = self._backlog.take()
            changes, self._changes = self._changes[:CHANGES_A_BATCH], self._changes[CHANGES_A_BATCH:]
            self._in_flight = len(appends)
        if not appends and not changes:
            session.idle()
        return appends, changes

    def _write(self, session: Session, appends: list[Append], changes: list[Change]) -> None:
        if not appends and not changes:
            return
        begun = self._monotonic()
        try:
            written = session.write(appends, changes)
        except WriteFailed as cause:
            self._fail(appends, changes, ErrorCode.STORE_DOWN, str(cause))
        except OutcomeUnknown as cause:
            self._fail(appends, changes, ErrorCode.OUTCOME_UNKNOWN, str(cause))
            self._hop(self._fatal, str(cause))
        else:
            self._note(len(appends), self._monotonic() - begun)
            self.trouble = None
            self._hop(self._settled, appends, changes, written)

    def _note(self, messages: int, seconds: float) -> None:
        figures = self.figures
        figures.commits += 1
        figures.appended += messages
        figures.seconds += seconds
        figures.last_batch = messages
        figures.batch_sizes[min(11, (max(1, messages) - 1).bit_length())] += 1
        figures.commit_times[min(11, int(seconds * 2000).bit_length())] += 1

    def _fail(self, appends: list[Append], changes: list[Change], code: ErrorCode, detail: str) -> None:
        """Refuses the batch and all that waits behind it."""
        with self._lock:
            self.trouble = detail
            self._fenced += 1
            behind = self._backlog.take_all()
            changes, self._changes = changes + self._changes, []
        self._hop(self._failed, appends, behind, changes, code)

    def _hop(self, callback: Callable[..., object], *args: object) -> None:
        self._loop.call_soon_threadsafe(callback, *args)

    # Back on the event loop

    def _settled(self, appends: list[Append], changes: list[Change], written: Written) -> None:
        self._in_flight = 0
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

    def _failed(self, appends: list[Append], behind: list[Append], changes: list[Change], code: ErrorCode) -> None:
        self._in_flight = 0
        for append in appends:
            append.done(NotAppended(code, retry_after_ms=STORE_DOWN_MS))
        for append in behind:
            append.done(NotAppended(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS))
        for change in changes:
            if not change.future.cancelled():
                change.future.set_exception(TenfourError(code, retry_after_ms=STORE_DOWN_MS))
        with self._lock:
            self._fenced -= 1
