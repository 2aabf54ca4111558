"""A batch of messages into SQLite, by driver-level statements.

This is what the project exists for, and SQLAlchemy Core costs it 1.3 to 1.8 times. No select per message:
keys are inserted optimistically, and only when the unique index (key, sender, chat) objects does the batch
go back to its savepoint and look them up; rights were decided before, and are decided again only where the
chat's ``rights_seq`` has moved on since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import msgspec

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId
from tenfour.storage.placing import Answer, Batch, Checked, Placed, answer_known_key, find_refusal, needs_check, place
from tenfour.storage.store import Append, NotAppended

_CHATS = "SELECT json_group_array(json_array(id, kind, title, history, last_seq, rights_seq, changed_at, created_at)) FROM chats WHERE id IN (SELECT value FROM json_each(?))"
_MEMBER = 'SELECT role, joined_seq, delivered_seq, read_seq, muted_until FROM members WHERE chat = ? AND "user" = ?'
_KEY = 'SELECT seq, id, at, content_hash FROM messages WHERE chat = ? AND sender = ? AND "key" = ?'
_DISABLED = "SELECT id FROM users WHERE disabled_at IS NOT NULL"
_REPLY = "SELECT 1 FROM messages WHERE id = ? AND chat = ?"
_HEADS = "UPDATE chats SET last_seq = heads.seq, changed_at = max(changed_at, ?) FROM (SELECT key AS chat, value AS seq FROM json_each(?)) AS heads WHERE chats.id = heads.chat"
_EVENT_COLUMNS = 'events (chat, seq, kind, "by", at, message_id)'
_MESSAGE_COLUMNS = 'messages (chat, seq, id, sender, "key", content_hash, text, reply_to, at)'

_ROWS_A_STATEMENT = (256, 32, 4, 1)
"""Rows go in by a few long statements, and come back as one JSON text: each step of SQLite gives the
interpreter's lock away and has to get it back, which costs more than the row where other threads are busy."""


def append_batch(database: sqlite3.Connection, appends: Sequence[Append], at: int) -> Batch:
    """Inserts what may be inserted, within the open transaction of ``database``."""
    cursor = database.cursor()
    chats = _read_chats(cursor, {append.draft.chat for append in appends})
    checked = _check(cursor, appends, chats, at)
    placed = place(appends, checked, chats, at)
    if not placed.rows:
        return placed.outcome
    cursor.execute("SAVEPOINT batch")
    try:
        _insert(cursor, placed)
    except sqlite3.IntegrityError:
        cursor.execute("ROLLBACK TO batch")
        checked = [_find_key(cursor, append.draft) if answer is None else answer for append, answer in zip(appends, checked, strict=True)]
        placed = place(appends, checked, chats, at)
        _insert(cursor, placed)
    cursor.execute("RELEASE batch")
    return placed.outcome


def _read_chats(cursor: sqlite3.Cursor, wanted: Collection[ChatId]) -> dict[ChatId, Chat]:
    (found,) = cursor.execute(_CHATS, (_json(list(wanted)),)).fetchone()
    rows = msgspec.json.decode(found, type=list[tuple[ChatId, ChatKind, str | None, HistoryRule, Seq, Seq, int, int]])
    return {row[0]: Chat(*row) for row in rows}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _check(cursor: sqlite3.Cursor, appends: Sequence[Append], chats: Mapping[ChatId, Chat], now_ms: int) -> Checked:
    disabled = {row[0] for row in cursor.execute(_DISABLED)}
    checked: Checked = []
    for append in appends:
        chat = chats.get(append.draft.chat)
        if chat is None:
            checked.append(NotAppended(ErrorCode.CHAT_UNKNOWN))
        elif needs_check(append, chat, disabled=append.draft.sender in disabled):
            checked.append(_check_again(cursor, append, chat, now_ms, disabled=append.draft.sender in disabled))
        else:
            checked.append(None)
    return checked


def _check_again(cursor: sqlite3.Cursor, append: Append, chat: Chat, now_ms: int, *, disabled: bool) -> Answer | None:
    """A known key is answered before any refusal."""
    refusal = find_refusal(append, chat, now_ms, disabled=disabled, member_of=partial(_read_member, cursor), is_message_of=partial(_is_message_of, cursor))
    if refusal is None:
        return None
    return _find_key(cursor, append.draft) or refusal


def _read_member(cursor: sqlite3.Cursor, chat: ChatId, user: UserId) -> Member | None:
    row = cursor.execute(_MEMBER, (chat, user)).fetchone()
    if row is None:
        return None
    role, joined_seq, delivered_seq, read_seq, muted_until = row
    return Member(chat, user, Role(role), joined_seq, delivered_seq, read_seq, muted_until)


def _is_message_of(cursor: sqlite3.Cursor, message: MessageId, chat: ChatId) -> bool:
    return cursor.execute(_REPLY, (message, chat)).fetchone() is not None


def _find_key(cursor: sqlite3.Cursor, draft: Draft) -> Answer | None:
    """What a key that is there already answers; None where it is new."""
    row = cursor.execute(_KEY, (draft.chat, draft.sender, draft.key)).fetchone()
    return None if row is None else answer_known_key(draft, *row)


def _insert(cursor: sqlite3.Cursor, placed: Placed) -> None:
    _insert_rows(cursor, _MESSAGE_COLUMNS, placed.rows)
    _insert_rows(cursor, _EVENT_COLUMNS, [(chat, seq, "message_sent", sender, at, message_id) for chat, seq, message_id, sender, _, _, _, _, at in placed.rows])
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
