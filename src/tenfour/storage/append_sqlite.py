"""A batch of messages into SQLite, by driver-level statements.

This is what the project exists for, and SQLAlchemy Core costs it 1.3 to 1.8 times. No select per message:
keys are inserted optimistically, and only when the unique index (key, sender, chat) objects does the batch
go back to its savepoint and look them up; rights were decided before, and are decided again only where the
chat's ``rights_seq`` has moved on since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role
from tenfour.domain.message import Draft, Refused, decide
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId
from tenfour.storage.store import Append, Appended, NotAppended
from tenfour.wire.codec import encode
from tenfour.wire.frames import MessageSent
from tenfour.wire.times import rfc3339

_CHATS = "SELECT json_group_array(json_array(id, kind, title, history, last_seq, rights_seq, changed_at, created_at)) FROM chats WHERE id IN (SELECT value FROM json_each(?))"
_MEMBER = 'SELECT role, joined_seq, delivered_seq, read_seq, muted_until FROM members WHERE chat = ? AND "user" = ?'
_KEY = 'SELECT seq, id, at, content_hash FROM messages WHERE chat = ? AND sender = ? AND "key" = ?'
_DISABLED = "SELECT id FROM users WHERE disabled_at IS NOT NULL"
_REPLY = "SELECT 1 FROM messages WHERE id = ? AND chat = ?"
_HEADS = "UPDATE chats SET last_seq = heads.seq, changed_at = ? FROM (SELECT key AS chat, value AS seq FROM json_each(?)) AS heads WHERE chats.id = heads.chat"
_EVENT_COLUMNS = 'events (chat, seq, kind, "by", at, message_id)'
_MESSAGE_COLUMNS = 'messages (chat, seq, id, sender, "key", content_hash, text, reply_to, at)'

_ROWS_A_STATEMENT = (256, 32, 4, 1)
"""Rows go in by a few long statements, and come back as one JSON text: each step of SQLite gives the
interpreter's lock away and has to get it back, which costs more than the row where other threads are busy."""


@dataclass(slots=True)
class Batch:
    """What became of a batch before its commit."""

    outcomes: list[Appended | NotAppended]
    """One for each append, in its order."""
    payloads: dict[ChatId, list[bytes]] = field(default_factory=dict)
    """The events by chat, encoded, in seq order."""
    first_seqs: dict[ChatId, Seq] = field(default_factory=dict)


def append_batch(database: sqlite3.Connection, appends: Sequence[Append], at: int) -> Batch:
    """Inserts what may be inserted, within the open transaction of ``database``."""
    cursor = database.cursor()
    chats = _read_chats(cursor, {append.draft.chat for append in appends})
    checked = _check(cursor, appends, chats, at)
    batch = _place(appends, checked, chats, at)
    if not batch.rows_of_messages:
        return batch.outcome
    cursor.execute("SAVEPOINT batch")
    try:
        _insert(cursor, batch)
    except sqlite3.IntegrityError:
        cursor.execute("ROLLBACK TO batch")
        checked = _find_keys(cursor, appends, checked)
        batch = _place(appends, checked, chats, at)
        _insert(cursor, batch)
    cursor.execute("RELEASE batch")
    return batch.outcome


def find_key(cursor: sqlite3.Cursor, draft: Draft) -> Appended | NotAppended | None:
    """What a key that is there already answers; None where it is new."""
    row = cursor.execute(_KEY, (draft.chat, draft.sender, draft.key)).fetchone()
    if row is None:
        return None
    seq, message_id, at, content_hash = row
    if content_hash != draft.content_hash():
        return NotAppended(ErrorCode.KEY_REUSED)
    return Appended(seq, MessageId(message_id), at, duplicate=True)


@dataclass(slots=True)
class _Placed:
    """A batch with its seqs, ready to be inserted."""

    outcome: Batch
    rows_of_events: list[tuple[object, ...]]
    rows_of_messages: list[tuple[object, ...]]
    heads: dict[ChatId, Seq]
    at: int


_Checked = list[NotAppended | Appended | None]
"""For each append: None where it goes in, else its answer."""


def _read_chats(cursor: sqlite3.Cursor, wanted: Collection[ChatId]) -> dict[ChatId, Chat]:
    (found,) = cursor.execute(_CHATS, (_json(list(wanted)),)).fetchone()
    rows = msgspec.json.decode(found, type=list[tuple[ChatId, ChatKind, str | None, HistoryRule, Seq, Seq, int, int]])
    return {row[0]: Chat(*row) for row in rows}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _check(cursor: sqlite3.Cursor, appends: Sequence[Append], chats: Mapping[ChatId, Chat], now_ms: int) -> _Checked:
    disabled = {row[0] for row in cursor.execute(_DISABLED)}
    checked: _Checked = []
    for append in appends:
        chat = chats.get(append.draft.chat)
        if chat is None:
            checked.append(NotAppended(ErrorCode.CHAT_UNKNOWN))
        elif append.rights_seq != chat.rights_seq or append.draft.reply_to is not None or append.draft.sender in disabled:
            checked.append(_check_again(cursor, append, chat, now_ms, disabled=append.draft.sender in disabled))
        else:
            checked.append(None)
    return checked


def _check_again(cursor: sqlite3.Cursor, append: Append, chat: Chat, now_ms: int, *, disabled: bool) -> NotAppended | Appended | None:
    """The rule once more, on the rows as they are in this transaction. A known key is answered first."""
    refusal = _refusal(cursor, append, chat, now_ms, disabled=disabled)
    if refusal is None:
        return None
    return find_key(cursor, append.draft) or refusal


def _refusal(cursor: sqlite3.Cursor, append: Append, chat: Chat, now_ms: int, *, disabled: bool) -> NotAppended | None:
    draft = append.draft
    if disabled:
        return NotAppended(ErrorCode.USER_DISABLED)
    if append.rights_seq != chat.rights_seq:
        verdict = decide(draft, _read_member(cursor, chat.id, draft.sender), chat, now_ms)
        if isinstance(verdict, Refused):
            return NotAppended(verdict.code, verdict.detail, verdict.retry_after_ms)
    if draft.reply_to is not None and cursor.execute(_REPLY, (draft.reply_to, draft.chat)).fetchone() is None:
        return NotAppended(ErrorCode.REPLY_UNKNOWN)
    return None


def _read_member(cursor: sqlite3.Cursor, chat: ChatId, user: UserId) -> Member | None:
    row = cursor.execute(_MEMBER, (chat, user)).fetchone()
    if row is None:
        return None
    role, joined_seq, delivered_seq, read_seq, muted_until = row
    return Member(chat, user, Role(role), joined_seq, delivered_seq, read_seq, muted_until)


def _place(appends: Sequence[Append], checked: _Checked, chats: Mapping[ChatId, Chat], at: int) -> _Placed:
    """Gives each message that goes in the next seq of its chat; a key twice in the batch goes in once."""
    placed = _Placed(Batch([]), [], [], {}, at)
    first_by_key: dict[tuple[ChatId, UserId, str], tuple[Appended, bytes]] = {}
    at_text = rfc3339(at)
    for append, answer in zip(appends, checked, strict=True):
        draft = append.draft
        if answer is not None:
            placed.outcome.outcomes.append(answer)
            continue
        content_hash = draft.content_hash()
        place = (draft.chat, draft.sender, draft.key)
        earlier = first_by_key.get(place)
        if earlier is not None:
            placed.outcome.outcomes.append(_same_key(earlier, content_hash))
            continue
        seq = placed.heads.get(draft.chat, chats[draft.chat].last_seq) + 1
        placed.heads[draft.chat] = seq
        appended = Appended(seq, append.message_id, at)
        first_by_key[place] = (appended, content_hash)
        placed.outcome.outcomes.append(appended)
        _add_rows(placed, append, seq, content_hash, at_text)
    return placed


def _same_key(earlier: tuple[Appended, bytes], content_hash: bytes) -> Appended | NotAppended:
    first, first_hash = earlier
    if content_hash != first_hash:
        return NotAppended(ErrorCode.KEY_REUSED)
    return Appended(first.seq, first.id, first.at, duplicate=True)


def _add_rows(placed: _Placed, append: Append, seq: Seq, content_hash: bytes, at_text: str) -> None:
    draft, message_id = append.draft, append.message_id
    placed.rows_of_events.append((draft.chat, seq, "message_sent", draft.sender, placed.at, message_id))
    placed.rows_of_messages.append((draft.chat, seq, message_id, draft.sender, draft.key, content_hash, draft.text, draft.reply_to, placed.at))
    payload = encode(MessageSent(draft.chat, seq, at_text, draft.sender, message_id, draft.key, draft.text, draft.reply_to))
    of_chat = placed.outcome.payloads.get(draft.chat)
    if of_chat is None:
        of_chat = placed.outcome.payloads[draft.chat] = []
        placed.outcome.first_seqs[draft.chat] = seq
    of_chat.append(payload)


def _insert(cursor: sqlite3.Cursor, placed: _Placed) -> None:
    _insert_rows(cursor, _MESSAGE_COLUMNS, placed.rows_of_messages)
    _insert_rows(cursor, _EVENT_COLUMNS, placed.rows_of_events)
    cursor.execute(_HEADS, (placed.at, _json(placed.heads)))


def _insert_rows(cursor: sqlite3.Cursor, columns: str, rows: list[tuple[object, ...]]) -> None:
    for some in _chunks(rows):
        marks = "(" + ",".join("?" * len(some[0])) + ")"
        cursor.execute(f"INSERT INTO {columns} VALUES {','.join([marks] * len(some))}", list(chain.from_iterable(some)))  # noqa: S608 - only marks


def _chunks(rows: list[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    """The rows in as few pieces as the statement lengths allow, so that the statements stay prepared."""
    start = 0
    for length in _ROWS_A_STATEMENT:
        while len(rows) - start >= length:
            yield rows[start : start + length]
            start += length


def _find_keys(cursor: sqlite3.Cursor, appends: Sequence[Append], checked: _Checked) -> _Checked:
    """The answers again, with every key that is there already found."""
    return [find_key(cursor, append.draft) if answer is None else answer for append, answer in zip(appends, checked, strict=True)]
