"""Saying something in a chat, and reading what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tenfour.actions.access import RightsCache, open_chat
from tenfour.actions.context import Context, Policy
from tenfour.domain.event import Event
from tenfour.domain.message import Accepted, Draft, Message, Refused, check_key, check_text, decide
from tenfour.errors import FAILURES, ErrorCode, Retry, TenfourError
from tenfour.ids import ChatId, MessageId, Seq, UserId, new_id
from tenfour.storage import directory, reads
from tenfour.storage.reads import HistoryPage, Membership
from tenfour.storage.store import Append, Appended, NotAppended


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of history lies: one of the three, or none for the newest messages."""

    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None


def admit_draft(draft: Draft, membership: Membership | None, policy: Policy, now_ms: int) -> Accepted | Refused:
    """Whether the draft may go to the writer: key, text, then who may say it.

    A refusal for good is told only after ``find_known_key``: what was stored once keeps its ack.
    """
    fault = check_key(draft.key) or check_text(draft.text, policy.text_chars_max)
    if fault is not None:
        return Refused(fault)
    if membership is None:
        return Refused(ErrorCode.NOT_A_MEMBER)
    return decide(draft, membership.member, membership.chat, now_ms)


async def send_message(context: Context, draft: Draft) -> Appended:
    """The place of the message in its chat, once it is durable; raises ``TenfourError``."""
    now_ms = context.clock.now_ms()
    return await finish_send(context, draft, await context.store.read(lambda connection: prepare_send(connection, draft, context.policy, now_ms)))


def prepare_send(connection: Connection, draft: Draft, policy: Policy, now_ms: int) -> Seq | Appended:
    """The ``rights_seq`` at which the draft is accepted, or the ack of its key; raises ``TenfourError``.

    For an edge that reads something else (who asks) in the same transaction; then comes ``finish_send``.
    """
    try:
        membership = open_chat(connection, draft.chat, draft.sender)
        verdict = admit_draft(draft, membership, policy, now_ms)
    except TenfourError as cause:
        verdict = Refused(cause.code, cause.detail)
    else:
        if isinstance(verdict, Accepted):
            return membership.chat.rights_seq
    is_final = FAILURES[verdict.code].retry is Retry.NEVER and check_key(draft.key) is None
    known = answer_known_key(connection, draft) if is_final else None
    return _unwrap(known or NotAppended(verdict.code, verdict.detail, verdict.retry_after_ms))


async def finish_send(context: Context, draft: Draft, prepared: Seq | Appended) -> Appended:
    """The place of a prepared message, once it is durable; raises ``TenfourError``."""
    if isinstance(prepared, Appended):
        return prepared
    done: asyncio.Future[Appended | NotAppended] = asyncio.get_running_loop().create_future()
    message_id = MessageId(new_id(context.clock.now_ms()))
    refusal = context.store.submit(Append(draft, message_id, prepared, lambda outcome: _settle(done, outcome)))
    return _unwrap(refusal if refusal is not None else await done)


async def look_up_rights(context: Context, rights: RightsCache, chat: ChatId, user: UserId) -> Membership:
    """The user's place in a chat, read and remembered; raises ``chat_unknown`` or ``not_a_member``."""
    membership = await context.store.read(lambda connection: open_chat(connection, chat, user))
    rights.put(membership)
    return membership


async def find_known_key(context: Context, draft: Draft) -> Appended | NotAppended | None:
    """What a key that was used before answers: its ack, or ``key_reused``; None where it is new."""
    if check_key(draft.key) is not None:
        return None
    return await context.store.read(lambda connection: answer_known_key(connection, draft))


def answer_known_key(connection: Connection, draft: Draft) -> Appended | NotAppended | None:
    """``find_known_key`` within a read that is open already."""
    return directory.find_key(connection, draft)


def get_message(connection: Connection, chat: ChatId, user: UserId, message: MessageId) -> Message:
    """One message; raises ``chat_unknown``, ``not_a_member`` or ``message_unknown``."""
    return reads.message(connection, chat, user, message)


def get_history(connection: Connection, chat: ChatId, user: UserId, position: Position, limit: int) -> HistoryPage:
    """A page of messages that the user may see; raises ``chat_unknown`` or ``not_a_member``."""
    return reads.history(connection, chat, user, before=position.before, after=position.after, around=position.around, limit=limit)


def get_events(connection: Connection, chat: ChatId, user: UserId, *, after: Seq, limit: int) -> Sequence[Event]:
    """The events that the user may see after a seq; raises ``chat_unknown`` or ``not_a_member``."""
    return reads.events_after(connection, chat, user, after, limit)


def _settle(done: asyncio.Future[Appended | NotAppended], outcome: Appended | NotAppended) -> None:
    if not done.done():  # the request may have been given up meanwhile; the message stays
        done.set_result(outcome)


def _unwrap(outcome: Appended | NotAppended) -> Appended:
    if isinstance(outcome, NotAppended):
        raise TenfourError(outcome.code, outcome.detail, retry_after_ms=outcome.retry_after_ms)
    return outcome
