"""A batch of messages into PostgreSQL, by driver-level statements; the rules are those of ``placing``.

The chats' rows are locked in the order of their ids, so that two nodes never wait for each other, and hold the
counters: what the transaction reads after that lock is what every transaction before it has left. Keys are
inserted optimistically; where the unique index objects, the transaction begins anew and looks all of them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, UserId
from tenfour.storage.placing import Answer, Batch, Checked, Placed, answer_known_key, find_refusal, needs_check, place
from tenfour.storage.store import Append, NotAppended

Raw = psycopg.Connection[tuple[Any, ...]]

_CHATS = "SELECT id, kind, title, history, last_seq, rights_seq, changed_at, created_at FROM chats WHERE id = ANY(%b::text[]) ORDER BY id FOR NO KEY UPDATE"
_DISABLED = "SELECT id FROM users WHERE id = ANY(%b::text[]) AND disabled_at IS NOT NULL"
_MEMBERS = (
    'SELECT members.chat, members."user", role, joined_seq, delivered_seq, read_seq, muted_until FROM unnest(%b::text[], %b::text[]) AS wanted(chat, "user")'
    ' JOIN members ON members.chat = wanted.chat AND members."user" = wanted."user"'
)
_REPLIES = "SELECT id, chat FROM messages WHERE id = ANY(%b::text[])"
_KEYS = (
    'SELECT messages.chat, messages.sender, messages."key", seq, id, at, content_hash FROM unnest(%b::text[], %b::text[], %b::text[]) AS wanted(chat, sender, "key")'
    ' JOIN messages ON messages."key" = wanted."key" AND messages.sender = wanted.sender AND messages.chat = wanted.chat'
)
_INSERT = """
WITH said AS (
    INSERT INTO messages (chat, seq, id, sender, "key", content_hash, text, reply_to, at)
    SELECT * FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::text[], %b::text[], %b::bigint[])
    RETURNING chat, seq, id, sender, at
), told AS (
    INSERT INTO events (chat, seq, kind, "by", at, message_id) SELECT chat, seq, 'message_sent', sender, at, id FROM said
)
UPDATE chats SET last_seq = heads.seq, changed_at = greatest(changed_at, %b::bigint) FROM unnest(%b::text[], %b::bigint[]) AS heads(chat, seq) WHERE chats.id = heads.chat
"""


def append_batch(raw: Raw, appends: Sequence[Append], at: int) -> Batch:
    """Inserts what may be inserted. It comes first in the open transaction of ``raw``, because it may begin that anew."""
    try:
        return _append(raw, appends, at, keys_may_be_known=False)
    except errors.UniqueViolation:
        raw.execute("ROLLBACK")
        raw.execute("BEGIN")
        return _append(raw, appends, at, keys_may_be_known=True)


def _append(raw: Raw, appends: Sequence[Append], at: int, *, keys_may_be_known: bool) -> Batch:
    with raw.pipeline():
        found = raw.execute(_CHATS, [list({append.draft.chat for append in appends})])
        disabled_rows = raw.execute(_DISABLED, [list({append.draft.sender for append in appends})])
    chats = {row[0]: Chat(row[0], ChatKind(row[1]), row[2], HistoryRule(row[3]), *row[4:]) for row in found.fetchall()}
    checked = _check(raw, appends, chats, {row[0] for row in disabled_rows.fetchall()}, at)
    if keys_may_be_known:
        checked = _answer_known(checked, appends, _find_keys(raw, (append.draft for append, answer in zip(appends, checked, strict=True) if answer is None)))
    placed = place(appends, checked, chats, at)
    if placed.rows:
        _insert(raw, placed)
    return placed.outcome


def _check(raw: Raw, appends: Sequence[Append], chats: Mapping[ChatId, Chat], disabled: set[UserId], now_ms: int) -> Checked:
    """Decides again what was decided on older rows, with one query a kind of row."""
    again = [append for append in appends if (chat := chats.get(append.draft.chat)) is not None and needs_check(append, chat, disabled=append.draft.sender in disabled)]
    members = _read_members(raw, again, chats)
    replies = _read_replies(raw, again)
    checked: Checked = [None if append.draft.chat in chats else NotAppended(ErrorCode.CHAT_UNKNOWN) for append in appends]
    if not again:
        return checked
    refusals = {
        id(append): find_refusal(
            append,
            chats[append.draft.chat],
            now_ms,
            disabled=append.draft.sender in disabled,
            member_of=lambda chat, user: members.get((chat, user)),
            is_message_of=lambda message, chat: (message, chat) in replies,
        )
        for append in again
    }
    # A known key is answered before any refusal.
    known = _find_keys(raw, (append.draft for append in again if refusals[id(append)] is not None))
    for place_of, append in enumerate(appends):
        refusal = refusals.get(id(append))
        if refusal is not None:
            checked[place_of] = _answer_of(append.draft, known) or refusal
    return checked


def _read_members(raw: Raw, appends: Iterable[Append], chats: Mapping[ChatId, Chat]) -> dict[tuple[ChatId, UserId], Member]:
    pairs = {(append.draft.chat, append.draft.sender) for append in appends if append.rights_seq != chats[append.draft.chat].rights_seq}
    if not pairs:
        return {}
    found = raw.execute(_MEMBERS, [list(column) for column in zip(*pairs, strict=True)]).fetchall()
    return {(chat, user): Member(chat, user, Role(role), *rest) for chat, user, role, *rest in found}


def _read_replies(raw: Raw, appends: Iterable[Append]) -> set[tuple[MessageId, ChatId]]:
    wanted = {append.draft.reply_to for append in appends if append.draft.reply_to is not None}
    return {(row[0], row[1]) for row in raw.execute(_REPLIES, [list(wanted)]).fetchall()} if wanted else set()


_Known = dict[tuple[ChatId, UserId, str], tuple[Any, ...]]
"""seq, id, at and content_hash of the messages that have these keys."""


def _find_keys(raw: Raw, drafts: Iterable[Draft]) -> _Known:
    wanted = {(draft.chat, draft.sender, draft.key) for draft in drafts}
    if not wanted:
        return {}
    found = raw.execute(_KEYS, [list(column) for column in zip(*wanted, strict=True)]).fetchall()
    return {(chat, sender, key): tuple(rest) for chat, sender, key, *rest in found}


def _answer_known(checked: Checked, appends: Sequence[Append], known: _Known) -> Checked:
    return [_answer_of(append.draft, known) if answer is None else answer for append, answer in zip(appends, checked, strict=True)]


def _answer_of(draft: Draft, known: _Known) -> Answer | None:
    row = known.get((draft.chat, draft.sender, draft.key))
    return None if row is None else answer_known_key(draft, *row)


def _insert(raw: Raw, placed: Placed) -> None:
    columns = [list(column) for column in zip(*placed.rows, strict=True)]
    raw.execute(_INSERT, [*columns, placed.at, list(placed.heads), list(placed.heads.values())])
