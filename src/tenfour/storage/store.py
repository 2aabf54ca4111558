"""The store's port: what every store promises, whichever database is beneath.

Store functions are plain functions of a connection (``reads``, ``schema`` and the ``append_*`` modules);
``Store`` carries them to the threads that own the connections. Reads run on a few reader threads, every
write of the process runs on the one writer thread, gathered with all that waits into one transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from sqlalchemy import Connection

from tenfour.domain.chat import Chat
from tenfour.domain.event import Event, EventKind
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId
from tenfour.wire.batch import ChatEvents

T = TypeVar("T")


class StoreUnusable(Exception):
    """The database cannot be opened as a store; the message names it and says why."""


class Append(Struct, frozen=True, gc=False):
    """An accepted draft on its way into the store.

    ``rights_seq`` is the chat's ``rights_seq`` at which the draft was decided: if the chat's is newer in
    the transaction, the writer reads the member row and runs the rule again, once.
    """

    draft: Draft
    message_id: MessageId
    rights_seq: Seq
    done: Callable[[Appended | NotAppended], None]
    """Called on the event loop, after the commit, in the order of the batch."""


class Appended(Struct, frozen=True, gc=False):
    """Committed: the ack may go out. ``duplicate`` means that the key was there already."""

    seq: Seq
    id: MessageId
    at: int
    duplicate: bool = False


class NotAppended(Struct, frozen=True, gc=False):
    """Nothing of this draft is in the store (but for OUTCOME_UNKNOWN, where nobody can say)."""

    code: ErrorCode
    detail: str | None = None
    retry_after_ms: int | None = None


class Transaction(Protocol):
    """What a change may do: SQL through ``connection``, events through ``append``."""

    connection: Connection
    now_ms: int

    def lock_chat(self, chat: ChatId) -> Chat:
        """The chat's row, locked until the commit; raises ``TenfourError(CHAT_UNKNOWN)``."""

    def append(self, chat: ChatId, kind: EventKind, by: UserId, *, data: Mapping[str, Any], message_id: MessageId | None = None) -> Event:
        """Adds an event at the chat's next seq (and raises ``rights_seq`` for the kinds of ``RIGHTS_KINDS``).

        The chat's row must be there. The event is published after the commit, like every other.
        """


Commit = Sequence[ChatEvents]
"""What one transaction made durable: per chat its events in seq order, contiguous, encoded once."""


class Store(Protocol):
    """A durable store with one writer."""

    async def open(self, committed: Callable[[Commit], None], fatal: Callable[[str], None]) -> None:
        """Opens, migrates, and starts the threads.

        ``committed`` is called on the event loop once per commit that made events, after the ``done`` of
        its appends: acks first, then the broker. ``fatal`` is called when the process has to end because
        only opening the file anew tells what it holds (an fsync failed).
        """

    async def close(self) -> None:
        """Writes what waits, then closes; after it every submit, change and read is refused with ``draining``."""

    async def settle(self) -> None:
        """Returns once everything that was submitted before has had its answer."""

    def submit(self, append: Append) -> NotAppended | None:
        """Puts an append into the queue, or says at once why not (``busy``, ``store_down``, ``draining``).

        Never blocks. Called on the event loop. What was put into the queue always gets its ``done``.
        """

    def change(self, apply: Callable[[Transaction], T]) -> Awaitable[T]:
        """The result of ``apply`` after its commit; raises what it raised, or ``TenfourError``.

        It runs on the writer thread inside the batch's transaction, in a savepoint of its own: what it raises
        undoes itself alone. ``apply`` touches nothing but its transaction and its result: a database that two nodes write may
        undo a batch for a deadlock, and the store then runs it again.
        """

    def read(self, query: Callable[[Connection], T]) -> Awaitable[T]:
        """The result of a read-only query on a reader thread, in one read transaction.

        Raises ``TenfourError(STORE_DOWN)`` where the store cannot be read, ``TenfourError(BUSY)`` where too
        many reads wait already.
        """

    @property
    def epoch(self) -> str:
        """The store's epoch: positions of another epoch mean another history."""

    @property
    def trouble(self) -> str | None:
        """None, or in one sentence why the store cannot write at the moment."""
