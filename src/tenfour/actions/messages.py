"""Saying something in a chat, and reading what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

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


async def send_message(context: Context, rights: RightsCache, draft: Draft) -> Appended:
    """The place of the message in its chat, once it is durable; raises ``TenfourError``."""
    verdict, rights_seq = await _decide(context, rights, draft)
    if isinstance(verdict, Refused):
        return await _answer_or_refuse(context, draft, verdict)
    done: asyncio.Future[Appended | NotAppended] = asyncio.get_running_loop().create_future()
    message_id = MessageId(new_id(context.clock.now_ms()))
    refusal = context.store.submit(Append(draft, message_id, rights_seq, lambda outcome: _settle(done, outcome)))
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


async def get_history(  # noqa: PLR0913 - the three positions exclude each other; the edge checks it
    context: Context, chat: ChatId, user: UserId, *, before: Seq | None = None, after: Seq | None = None, around: Seq | None = None, limit: int = 50
) -> HistoryPage:
    """A page of messages that the user may see; raises ``chat_unknown`` or ``not_a_member``."""
    return await context.store.read(lambda connection: reads.history(connection, chat, user, before=before, after=after, around=around, limit=limit))


async def get_message(context: Context, chat: ChatId, user: UserId, message: MessageId) -> Message:
    """One message; raises ``chat_unknown``, ``not_a_member`` or ``message_unknown``."""
    return await context.store.read(lambda connection: reads.message(connection, chat, user, message))


async def get_events(context: Context, chat: ChatId, user: UserId, *, after: Seq, limit: int) -> Sequence[Event]:
    """The events that the user may see after a seq; raises ``chat_unknown`` or ``not_a_member``."""
    return await context.store.read(lambda connection: reads.events_after(connection, chat, user, after, limit))


async def _decide(context: Context, rights: RightsCache, draft: Draft) -> tuple[Accepted | Refused, Seq]:
    try:
        membership = rights.peek(draft.chat, draft.sender) or await look_up_rights(context, rights, draft.chat, draft.sender)
    except TenfourError as refusal:
        return Refused(refusal.code, refusal.detail, refusal.retry_after_ms), 0
    return admit_draft(draft, membership, context.policy, context.clock.now_ms()), membership.chat.rights_seq


async def _answer_or_refuse(context: Context, draft: Draft, refusal: Refused) -> Appended:
    known = await find_known_key(context, draft) if FAILURES[refusal.code].retry is Retry.NEVER else None
    return _unwrap(known or NotAppended(refusal.code, refusal.detail, refusal.retry_after_ms))


def _settle(done: asyncio.Future[Appended | NotAppended], outcome: Appended | NotAppended) -> None:
    if not done.done():  # the request may have been given up meanwhile; the message stays
        done.set_result(outcome)


def _unwrap(outcome: Appended | NotAppended) -> Appended:
    if isinstance(outcome, NotAppended):
        raise TenfourError(outcome.code, outcome.detail, retry_after_ms=outcome.retry_after_ms)
    return outcome
