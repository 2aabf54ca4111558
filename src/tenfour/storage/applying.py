"""The changes of a batch, each in a savepoint of its own, and what the whole transaction made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from tenfour.domain.event import Event
from tenfour.ids import ChatId
from tenfour.storage.placing import Batch
from tenfour.storage.threads import refuse_data
from tenfour.storage.transaction import SqlTransaction
from tenfour.storage.writer import Change, Written
from tenfour.wire.batch import ChatEvents
from tenfour.wire.codec import encode_event


def apply_changes(connection: Connection, batch: Batch, changes: Sequence[Change], now_ms: int, is_the_stores_fault: Callable[[BaseException], bool]) -> Written:
    """Runs the changes behind the batch's messages, within the open transaction; raises what is the store's fault."""
    payloads, first_seqs = batch.payloads, batch.first_seqs
    notes: dict[ChatId, list[Event]] = {}
    for change in changes:
        for made in _apply(connection, change, now_ms, is_the_stores_fault):
            payloads.setdefault(made.chat, []).append(encode_event(made))
            first_seqs.setdefault(made.chat, made.seq)
            notes.setdefault(made.chat, []).append(made)
    commit = [ChatEvents(chat, first_seqs[chat], of_chat, notes.get(chat, ())) for chat, of_chat in payloads.items()]
    return Written(batch.outcomes, commit)


def _apply(connection: Connection, change: Change, now_ms: int, is_the_stores_fault: Callable[[BaseException], bool]) -> Sequence[Event]:
    """Runs one change in its savepoint; what it raises undoes it alone. Returns its events."""
    tx = SqlTransaction(connection, now_ms)
    savepoint = connection.begin_nested()
    change.result = change.error = None  # it may have run in a transaction that was undone
    try:
        change.result = change.apply(tx)
    except DataError as cause:
        change.error = refuse_data(cause)
    except Exception as cause:
        if is_the_stores_fault(cause):
            raise
        change.error = cause
    if change.error is not None:
        savepoint.rollback()
        return ()
    savepoint.commit()
    return tx.events
