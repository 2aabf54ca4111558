"""Group commit: one thread writes everything that gathered while its last transaction ran.

The thread owns the session; the event loop owns the callbacks. A batch comes back in one hop: acks first,
then the results of changes, then the events for the broker.

Full: ``submit`` says ``busy`` at once. In trouble: everything that waits gets ``store_down``, and so does
what is submitted until the loop has told the senders; otherwise a later message of a sender could be
stored before the refused one comes again (G9). While nobody sends, the thread tries once a second whether
the trouble is over. An unknown outcome ends the thread: nothing is written until the file was opened anew;
but for a database that can be asked later (``OutcomeOpen``).
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


class OutcomeOpen(Exception):
    """Nobody can say yet whether the batch is in the store. The session finds out by itself, and goes on."""


class Session(Protocol):
    """The writer's connection to its database; used on the writer thread only."""

    def write(self, appends: Sequence[Append], changes: Sequence[Change]) -> Written:
        """One durable transaction; fills in each change's ``result`` or ``error``.

        Raises ``WriteFailed``, ``OutcomeOpen`` or ``OutcomeUnknown``.
        """

    def probe(self) -> None:
        """One durable transaction that changes nothing: whether the store can write. Raises as ``write`` does."""

    def idle(self) -> None:
        """Called when nothing was to be written for a second. Raises as ``write`` does."""

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
        self._broken = False
        """After an unknown outcome: only opening the file anew tells what it holds."""
        self._fenced = 0
        """Failed batches whose senders have not been told yet."""
        self._appends_open = 0
        self._changes_open = 0
        """Appends and changes without an answer yet; counted on the event loop."""
        self._settling: list[asyncio.Future[None]] = []
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
            if self._fenced or self._broken:
                return NotAppended(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS)
            if not self._backlog.add(append):
                return NotAppended(ErrorCode.BUSY, retry_after_ms=BUSY_MS)
            self._wake()
        self._appends_open += 1
        return None

    def change(self, apply: Callable[[Transaction], Any]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        with self._lock:
            if self._closing:
                future.set_exception(TenfourError(ErrorCode.DRAINING, retry_after_ms=BUSY_MS))
            elif self._broken:
                future.set_exception(TenfourError(ErrorCode.STORE_DOWN, retry_after_ms=STORE_DOWN_MS))
            elif len(self._changes) >= CHANGES_WAITING_MAX:
                future.set_exception(TenfourError(ErrorCode.BUSY, retry_after_ms=BUSY_MS))
            else:
                self._changes.append(Change(apply, future))
                self._changes_open += 1
                self._wake()
        return future

    def _wake(self) -> None:
        if self._idle:
            self._work.notify()

    @property
    def waiting(self) -> int:
        """How many appends wait or are being written."""
        return self._appends_open

    async def settle(self) -> None:
        """Returns once everything that was submitted has its answer."""
        while self._appends_open or self._changes_open:
            settled = self._loop.create_future()
            self._settling.append(settled)
            await settled

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
            while not self._broken and (batch := self._next_batch(session)) is not None:
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
        if not appends and not changes:
            self._rest(session)
        return appends, changes

    def _rest(self, session: Session) -> None:
        """A second without work: whether a trouble is over, and what is better done while nobody waits."""
        try:
            if self.trouble is not None:
                session.probe()
            session.idle()
        except WriteFailed as cause:
            self.trouble = str(cause)
        except OutcomeUnknown as cause:
            self._break([], [], str(cause))
        else:
            self.trouble = None

    def _write(self, session: Session, appends: list[Append], changes: list[Change]) -> None:
        if not appends and not changes:
            return
        begun = self._monotonic()
        try:
            written = session.write(appends, changes)
        except WriteFailed as cause:
            self._fail(appends, changes, ErrorCode.STORE_DOWN, str(cause))
        except OutcomeUnknown as cause:
            self._break(appends, changes, str(cause))
        except OutcomeOpen as cause:
            self._fail(appends, changes, ErrorCode.OUTCOME_UNKNOWN, str(cause))
        except Exception as cause:  # noqa: BLE001 - a mistake costs its batch, not the thread that everybody waits for
            self._fail(appends, changes, ErrorCode.STORE_DOWN, f"a mistake in the writer: {cause!r}")
            self._hop(self._report, cause)
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

    def _break(self, appends: list[Append], changes: list[Change], detail: str) -> None:
        with self._lock:
            self._broken = True
        self._fail(appends, changes, ErrorCode.OUTCOME_UNKNOWN, detail)
        self._hop(self._fatal, detail)

    def _fail(self, appends: list[Append], changes: list[Change], code: ErrorCode, detail: str) -> None:
        """Refuses the batch and all that waits behind it."""
        with self._lock:
            self.trouble = detail
            self._fenced += 1
            appends_behind = self._backlog.take_all()
            changes_behind, self._changes = self._changes, []
        self._hop(self._failed, (appends, changes, code), (appends_behind, changes_behind, ErrorCode.STORE_DOWN))

    def _hop(self, callback: Callable[..., object], *args: object) -> None:
        self._loop.call_soon_threadsafe(callback, *args)

    # Back on the event loop

    def _settled(self, appends: list[Append], changes: list[Change], written: Written) -> None:
        for append, outcome in zip(appends, written.outcomes, strict=True):
            self._answer(append, outcome)
        for change in changes:
            if change.future.cancelled():
                continue
            if change.error is not None:
                change.future.set_exception(change.error)
            else:
                change.future.set_result(change.result)
        if written.commit:
            self._committed(written.commit)
        self._answered(appends, changes)

    def _failed(self, *refused: tuple[list[Append], list[Change], ErrorCode]) -> None:
        for appends, changes, code in refused:
            self._refuse(appends, changes, code)
        with self._lock:
            self._fenced -= 1

    def _refuse(self, appends: list[Append], changes: list[Change], code: ErrorCode) -> None:
        for append in appends:
            self._answer(append, NotAppended(code, retry_after_ms=STORE_DOWN_MS))
        for change in changes:
            if not change.future.cancelled():
                change.future.set_exception(TenfourError(code, retry_after_ms=STORE_DOWN_MS))
        self._answered(appends, changes)

    def _answer(self, append: Append, outcome: Appended | NotAppended) -> None:
        try:
            append.done(outcome)
        except Exception as cause:  # noqa: BLE001 - whose answer fails must not cost the others theirs
            self._report(cause)

    def _answered(self, appends: list[Append], changes: list[Change]) -> None:
        self._appends_open -= len(appends)
        self._changes_open -= len(changes)
        if self._settling:
            settling, self._settling = self._settling, []
            for settled in settling:
                if not settled.done():
                    settled.set_result(None)

    def _report(self, cause: Exception) -> None:
        self._loop.call_exception_handler({"message": "a mistake around the writer", "exception": cause})
