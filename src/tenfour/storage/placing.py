"""What a batch of messages decides whichever database it goes into: who may, who is next, what rows it makes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tenfour.domain.chat import Chat
from tenfour.domain.member import Member
from tenfour.domain.message import Draft, Refused, decide
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId
from tenfour.storage.store import Append, Appended, NotAppended
from tenfour.wire.codec import encode
from tenfour.wire.frames import MessageSent
from tenfour.wire.times import rfc3339


@dataclass(slots=True)
class Batch:
    """What became of a batch before its commit."""

    outcomes: list[Appended | NotAppended]
    """One for each append, in its order."""
    payloads: dict[ChatId, list[bytes]] = field(default_factory=dict)
    """The events by chat, encoded, in seq order."""
    first_seqs: dict[ChatId, Seq] = field(default_factory=dict)


@dataclass(slots=True)
class Placed:
    """A batch with its seqs, ready to be inserted."""

    outcome: Batch
    at: int
    rows: list[tuple[object, ...]] = field(default_factory=list)
    """chat, seq, id, sender, key, content_hash, text, reply_to, at: a message, and what its event is made of."""
    heads: dict[ChatId, Seq] = field(default_factory=dict)
    later: dict[ChatId, int] = field(default_factory=dict)
    """The times of chats whose last event is later than this batch: another node's clock, or the one before a restart, was ahead."""


Answer = Appended | NotAppended
Checked = list[Answer | None]
"""For each append: None where it goes in, else its answer."""


def needs_check(append: Append, chat: Chat, *, disabled: bool) -> bool:
    """Whether the draft has to be looked at again: what it was decided on may be no more."""
    return append.rights_seq != chat.rights_seq or append.draft.reply_to is not None or disabled


def find_refusal(
    append: Append, chat: Chat, now_ms: int, *, disabled: bool, member_of: Callable[[ChatId, UserId], Member | None], is_message_of: Callable[[MessageId, ChatId], bool]
) -> NotAppended | None:
    """The rule once more, on the rows as they are in the transaction; None where the draft may go in."""
    draft = append.draft
    if disabled:
        return NotAppended(ErrorCode.USER_DISABLED)
    if append.rights_seq != chat.rights_seq:
        verdict = decide(draft, member_of(chat.id, draft.sender), chat, now_ms)
        if isinstance(verdict, Refused):
            return NotAppended(verdict.code, verdict.detail, verdict.retry_after_ms)
    if draft.reply_to is not None and not is_message_of(draft.reply_to, draft.chat):
        return NotAppended(ErrorCode.REPLY_UNKNOWN)
    return None


def answer_known_key(draft: Draft, seq: Seq, message_id: str, at: int, content_hash: bytes) -> Answer:
    """What a key that is there already answers, by the row that has it."""
    if content_hash != draft.content_hash():
        return NotAppended(ErrorCode.KEY_REUSED)
    return Appended(seq, MessageId(message_id), at, duplicate=True)


def place(appends: Sequence[Append], checked: Checked, chats: Mapping[ChatId, Chat], at: int) -> Placed:
    """Gives each message that goes in the next seq of its chat; a key twice in the batch goes in once."""
    placed = Placed(Batch([]), at)
    outcomes, heads = placed.outcome.outcomes, placed.heads
    first_by_key: dict[tuple[ChatId, UserId, str], tuple[Appended, bytes]] = {}
    at_text = rfc3339(at)
    for append, answer in zip(appends, checked, strict=True):
        draft = append.draft
        if answer is not None:
            outcomes.append(answer)
            continue
        content_hash = draft.content_hash()
        key = (draft.chat, draft.sender, draft.key)
        earlier = first_by_key.get(key)
        if earlier is not None:
            first, first_hash = earlier
            same = content_hash == first_hash
            outcomes.append(Appended(first.seq, first.id, first.at, duplicate=True) if same else NotAppended(ErrorCode.KEY_REUSED))
            continue
        head = heads.get(draft.chat)
        if head is None:
            head = _enter_chat(placed, chats[draft.chat])
        seq = heads[draft.chat] = head + 1
        if not placed.later:
            appended = Appended(seq, append.message_id, at)
            _add_row(placed, append, appended, content_hash, at_text)
        else:
            appended = Appended(seq, append.message_id, placed.later.get(draft.chat, at))
            _add_row(placed, append, appended, content_hash, rfc3339(appended.at))
        first_by_key[key] = (appended, content_hash)
        outcomes.append(appended)
    return placed


def _enter_chat(placed: Placed, chat: Chat) -> Seq:
    """The chat's head; notes where its events are later than the batch, because time in a chat never goes back."""
    placed.outcome.payloads[chat.id] = []
    placed.outcome.first_seqs[chat.id] = chat.last_seq + 1
    if chat.changed_at > placed.at:
        placed.later[chat.id] = chat.changed_at
    return chat.last_seq


def _add_row(placed: Placed, append: Append, appended: Appended, content_hash: bytes, at_text: str) -> None:
    draft = append.draft
    placed.rows.append((draft.chat, appended.seq, appended.id, draft.sender, draft.key, content_hash, draft.text, draft.reply_to, appended.at))
    sent = MessageSent(draft.chat, appended.seq, at_text, draft.sender, appended.id, draft.key, draft.text, draft.reply_to)
    placed.outcome.payloads[draft.chat].append(encode(sent))
