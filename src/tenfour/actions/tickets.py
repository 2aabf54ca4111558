"""One-time tickets: a token's stand-in for addresses, where tokens must not stand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert

from tenfour.actions.context import Caller, Context
from tenfour.auth.secrets import TICKET_PREFIX, new_secret, secret_hash
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId
from tenfour.storage.schema import tickets
from tenfour.storage.store import Transaction


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose token the ticket stands for."""

    user: UserId
    session: SessionId | None
    token_expires_ms: int


async def make_ticket(context: Context, caller: Caller) -> str:
    """A ticket for one connection, good for ``policy.ticket_s`` seconds."""
    ticket = new_secret(TICKET_PREFIX)
    row = {"hash": secret_hash(ticket), "user": caller.user, "session": caller.session, "token_expires_at": caller.token_expires_ms}

    def add(tx: Transaction) -> None:
        tx.connection.execute(delete(tickets).where(tickets.c.expires_at < tx.now_ms))
        tx.connection.execute(insert(tickets).values(**row, expires_at=tx.now_ms + context.policy.ticket_s * 1000))

    await context.store.change(add)
    return ticket


async def redeem_ticket(context: Context, ticket: str) -> Ticket:
    """What the ticket stands for; it is used up. Raises ``ticket_invalid``."""

    def take(tx: Transaction) -> Ticket:
        row = tx.connection.execute(delete(tickets).where(tickets.c.hash == secret_hash(ticket)).returning(tickets)).one_or_none()
        if row is None or row.expires_at < tx.now_ms:
            raise TenfourError(ErrorCode.TICKET_INVALID)
        return Ticket(row.user, row.session, row.token_expires_at)

    return await context.store.change(take)
