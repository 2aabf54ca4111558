"""Sessions: log-ins, and the refresh tokens that keep them alive.

A refresh token is used once: each use gives a successor. Who uses one again that was rotated ends the whole
session, because one of the two users is a thief. Only within ten seconds, for a reply that got lost, does
the old token give the same successor once more; it is stored sealed with the old token itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select, update

from tenfour.actions.context import Context
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.secrets import REFRESH_PREFIX, new_secret, seal, secret_hash, unseal
from tenfour.auth.tokens import AccessTokens
from tenfour.broker.broker import SessionEnded
from tenfour.domain.name import fold_name
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId, new_id
from tenfour.storage import people
from tenfour.storage.schema import credentials, retired_refresh_hashes, sessions, users
from tenfour.storage.store import Transaction

LOST_REPLY_MS = 10_000
FORGOTTEN_AT_ONCE = 500
"""Rows that one change deletes, so that messages never wait long behind it."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a log-in or a refresh gives."""

    user: UserId
    name: str
    session: SessionId
    access_token: str
    expires_in_s: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class _Rotated:
    user: UserId
    name: str
    session: SessionId
    refresh_token: str


async def log_in(context: Context, hasher: PasswordHasher, tokens: AccessTokens, name: str, password: str, *, user_agent: str | None, address: str | None) -> LoggedIn:
    """A new session. Raises ``login_failed`` (the same, and as slowly, for an unknown name) or ``user_disabled``."""
    found = await context.store.read(lambda connection: people.credential(connection, fold_name(name)))
    verified = await hasher.verify(found.password_hash if found is not None else None, password)
    if found is None or not verified.ok:
        raise TenfourError(ErrorCode.LOGIN_FAILED)
    if found.disabled:
        raise TenfourError(ErrorCode.USER_DISABLED)
    rehashed = await hasher.hash(password) if verified.needs_rehash else None
    return await _open(context, tokens, found.user, found.name, user_agent, address, rehashed)


async def _open(context: Context, tokens: AccessTokens, user: UserId, name: str, user_agent: str | None, address: str | None, rehashed: str | None) -> LoggedIn:
    session = SessionId(new_id(context.clock.now_ms()))
    refresh = new_secret(REFRESH_PREFIX)

    def add(tx: Transaction) -> None:
        expires_at = tx.now_ms + context.policy.refresh_token_s * 1000
        row = {"id": session, "user": user, "refresh_hash": secret_hash(refresh), "created_at": tx.now_ms, "last_used_at": tx.now_ms, "expires_at": expires_at}
        tx.connection.execute(insert(sessions).values(**row, user_agent=(user_agent or "")[:200] or None, address=address))
        if rehashed is not None:
            tx.connection.execute(update(credentials).where(credentials.c.user == user).values(password_hash=rehashed, changed_at=tx.now_ms))

    await context.store.change(add)
    return _logged_in(context, tokens, _Rotated(user, name, session, refresh))


async def refresh_session(context: Context, tokens: AccessTokens, refresh: str) -> LoggedIn:
    """A new access token and the refresh token's successor. Raises ``refresh_invalid`` or ``refresh_reused``."""
    successor = new_secret(REFRESH_PREFIX)
    outcome = await context.store.change(lambda tx: _rotate(tx, refresh, successor, context.policy.refresh_token_s))
    if isinstance(outcome, SessionEnded):
        context.broker.ring_user(outcome)
        raise TenfourError(ErrorCode.REFRESH_REUSED)
    return _logged_in(context, tokens, outcome)


def _logged_in(context: Context, tokens: AccessTokens, rotated: _Rotated) -> LoggedIn:
    lifetime_s = context.policy.access_token_s
    access, _ = tokens.issue(rotated.user, rotated.session, lifetime_s)
    return LoggedIn(rotated.user, rotated.name, rotated.session, access, lifetime_s, rotated.refresh_token)


def _rotate(tx: Transaction, refresh: str, successor: str, lifetime_s: int) -> _Rotated | SessionEnded:
    """Rotates in one conditional UPDATE, so that of fifty parallel uses one wins."""
    used = secret_hash(refresh)
    rotated = tx.connection.execute(
        update(sessions)
        .where(sessions.c.refresh_hash == used, sessions.c.revoked_at.is_(None), sessions.c.expires_at > tx.now_ms)
        .values(
            refresh_hash=secret_hash(successor),
            previous_hash=used,
            successor=seal(successor, refresh),
            rotated_at=tx.now_ms,
            last_used_at=tx.now_ms,
            expires_at=tx.now_ms + lifetime_s * 1000,
        )
        .returning(sessions.c.id, sessions.c.user)
    ).one_or_none()
    if rotated is None:
        return _used_again(tx, refresh, used)
    tx.connection.execute(insert(retired_refresh_hashes).values(hash=used, session=rotated.id, retired_at=tx.now_ms))
    return _Rotated(rotated.user, _active_name(tx, rotated.user), rotated.id, successor)


def _used_again(tx: Transaction, refresh: str, used: str) -> _Rotated | SessionEnded:
    """A token that is not the session's newest: a lost reply, a theft, or nothing known."""
    row = tx.connection.execute(
        select(sessions, retired_refresh_hashes.c.hash).join(retired_refresh_hashes, retired_refresh_hashes.c.session == sessions.c.id).where(retired_refresh_hashes.c.hash == used)
    ).one_or_none()
    if row is None or row.revoked_at is not None:
        raise TenfourError(ErrorCode.REFRESH_INVALID)
    if row.previous_hash == used and tx.now_ms - row.rotated_at <= LOST_REPLY_MS:
        return _Rotated(row.user, _active_name(tx, row.user), row.id, unseal(row.successor, refresh))
    tx.connection.execute(update(sessions).where(sessions.c.id == row.id).values(revoked_at=tx.now_ms))
    return SessionEnded(row.user, row.id)


def _active_name(tx: Transaction, user: UserId) -> str:
    row = tx.connection.execute(select(users.c.name, users.c.disabled_at).where(users.c.id == user)).one()
    if row.disabled_at is not None:
        raise TenfourError(ErrorCode.USER_DISABLED)
    return str(row.name)


async def end_session(context: Context, user: UserId, session: SessionId) -> None:
    """Revokes one session; its connections close at once. Raises ``session_unknown``."""

    def end(tx: Transaction) -> None:
        standing = (sessions.c.id == session, sessions.c.user == user, sessions.c.revoked_at.is_(None))
        if tx.connection.execute(update(sessions).where(*standing).values(revoked_at=tx.now_ms)).rowcount != 1:
            raise TenfourError(ErrorCode.SESSION_UNKNOWN)

    await context.store.change(end)
    context.broker.ring_user(SessionEnded(user, session))


async def forget_ended(context: Context) -> int:
    """Deletes the sessions that are over, and the used refresh tokens that would have expired by now; how many of both.

    A session without a row counts as revoked, and a token that nobody knows as invalid: nothing is open that was closed.
    """
    forgotten = 0
    while True:
        over, used = await context.store.read(lambda connection: _over(connection, context))
        if not over and not used:
            return forgotten

        def forget(tx: Transaction, over: Sequence[SessionId] = over, used: Sequence[str] = used) -> None:
            tx.connection.execute(delete(retired_refresh_hashes).where(or_(retired_refresh_hashes.c.hash.in_(used), retired_refresh_hashes.c.session.in_(over))))
            tx.connection.execute(delete(sessions).where(sessions.c.id.in_(over)))

        await context.store.change(forget)
        forgotten += len(over) + len(used)


def _over(connection: Connection, context: Context) -> tuple[Sequence[SessionId], Sequence[str]]:
    """Some sessions and some hashes that can go. An access token may outlive its session's last refresh."""
    now_ms, policy = context.clock.now_ms(), context.policy
    is_over = or_(sessions.c.revoked_at.is_not(None), sessions.c.expires_at < now_ms - policy.access_token_s * 1000)
    over = connection.execute(select(sessions.c.id).where(is_over).limit(FORGOTTEN_AT_ONCE)).scalars().all()
    is_old = retired_refresh_hashes.c.retired_at < now_ms - policy.refresh_token_s * 1000
    return over, connection.execute(select(retired_refresh_hashes.c.hash).where(is_old).limit(FORGOTTEN_AT_ONCE)).scalars().all()
