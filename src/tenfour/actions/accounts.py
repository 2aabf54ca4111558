"""Local accounts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from tenfour.actions.context import Context, Registration
from tenfour.actions.profiles import profile_of
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.secrets import SETUP_PREFIX, new_secret, secret_hash
from tenfour.broker.broker import ProfileNotice, SessionEnded, UserDisabled
from tenfour.domain.name import check_name, check_shown_name, fold_name, words_of_name
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId, new_id
from tenfour.storage import people
from tenfour.storage.schema import credentials, invites, sessions, setup_links, users
from tenfour.storage.store import Transaction

INVITE_DAYS = 7


async def make_setup_link(context: Context) -> str | None:
    """A new secret for the link that makes the first administrator; None once there is one."""
    secret = new_secret(SETUP_PREFIX)

    def make(tx: Transaction) -> bool:
        if people.has_users(tx.connection):
            return False
        tx.connection.execute(setup_links.delete())
        tx.connection.execute(insert(setup_links).values(hash=secret_hash(secret), created_at=tx.now_ms))
        return True

    return secret if await context.store.change(make) else None


async def set_up(context: Context, hasher: PasswordHasher, secret: str, name: str, password: str) -> UserId:
    """The first administrator. Raises ``setup_done``, ``setup_link_invalid``, ``name_invalid``, ``password_weak``."""
    name = check_name(name)
    password_hash = await hasher.hash(password)
    user = UserId(new_id(context.clock.now_ms()))

    def make(tx: Transaction) -> None:
        if people.has_users(tx.connection):
            raise TenfourError(ErrorCode.SETUP_DONE)
        used = update(setup_links).where(setup_links.c.hash == secret_hash(secret), setup_links.c.used_at.is_(None)).values(used_at=tx.now_ms)
        if tx.connection.execute(used).rowcount != 1:
            raise TenfourError(ErrorCode.SETUP_LINK_INVALID)
        _add_account(tx, user, name, password_hash, admin=True)

    await context.store.change(make)
    return user


async def register(context: Context, hasher: PasswordHasher, name: str, password: str, invite: str | None) -> UserId:
    """A new account, as far as registration is open. Raises ``registration_closed``, ``invite_invalid`` and what ``add_account`` raises."""
    if context.policy.registration is Registration.CLOSED:
        raise TenfourError(ErrorCode.REGISTRATION_CLOSED)
    if context.policy.registration is Registration.INVITE and not invite:
        raise TenfourError(ErrorCode.INVITE_INVALID, "An account needs an invitation here.")
    needs_invite = context.policy.registration is Registration.INVITE
    return await add_account(context, hasher, name, password, invite=invite if needs_invite else None)


async def add_account(context: Context, hasher: PasswordHasher, name: str, password: str, *, admin: bool = False, invite: str | None = None) -> UserId:
    """A new local account. Raises ``name_taken``, ``name_invalid``, ``password_weak``, ``invite_invalid``."""
    name = check_name(name)
    password_hash = await hasher.hash(password)
    user = UserId(new_id(context.clock.now_ms()))

    def make(tx: Transaction) -> None:
        if invite is not None:
            _use_invite(tx, invite)
        _add_account(tx, user, name, password_hash, admin=admin)

    await context.store.change(make)
    return user


async def make_invite(context: Context, by: UserId, secret: str, uses: int = 1) -> str:
    """An invitation under a new secret; its id."""
    invite_id = new_id(context.clock.now_ms())

    def make(tx: Transaction) -> None:
        row = {"id": invite_id, "hash": secret_hash(secret), "created_by": by, "created_at": tx.now_ms, "expires_at": tx.now_ms + INVITE_DAYS * 86_400_000, "uses_left": uses}
        tx.connection.execute(insert(invites).values(row))

    await context.store.change(make)
    return invite_id


@dataclass(frozen=True, slots=True)
class Profile:
    """What somebody changes of themselves; None stays as it is."""

    name: str | None = None
    avatar_colour: str | None = None
    password: str | None = None


async def change_profile(context: Context, hasher: PasswordHasher, user: UserId, wanted: Profile, *, keep: SessionId | None) -> None:
    """All of the change, or nothing; with a new password every session but the kept one ends.

    Raises ``name_invalid``, ``name_taken``, ``password_weak``, or ``conflict`` for a user who has no password.
    """
    password_hash = await hasher.hash(wanted.password) if wanted.password is not None else None

    def change(tx: Transaction) -> tuple[ProfileNotice | None, list[SessionId]]:
        changed = profile_of(tx, user) if _change_face(tx, user, wanted) else None
        return changed, _change_password(tx, user, password_hash, keep) if password_hash is not None else []

    changed, ended = await context.store.change(change)
    if changed is not None:
        context.broker.ring_sign(changed)
    for session in ended:
        context.broker.ring_user(SessionEnded(user, session))


async def change_password(context: Context, hasher: PasswordHasher, user: UserId, password: str, *, keep: SessionId | None) -> None:
    """A new password; every session but the kept one ends. Raises ``password_weak``, or ``conflict`` for a user who has none."""
    await change_profile(context, hasher, user, Profile(password=password), keep=keep)


async def set_disabled(context: Context, user: UserId, *, disabled: bool) -> None:
    """Disables or enables an account; its connections close at once. Raises ``user_unknown``."""

    def change(tx: Transaction) -> None:
        at = tx.now_ms if disabled else None
        if tx.connection.execute(update(users).where(users.c.id == user).values(disabled_at=at)).rowcount != 1:
            raise TenfourError(ErrorCode.USER_UNKNOWN)
        if disabled:
            tx.connection.execute(update(sessions).where(sessions.c.user == user, sessions.c.revoked_at.is_(None)).values(revoked_at=tx.now_ms))

    await context.store.change(change)
    if disabled:
        context.broker.ring_user(UserDisabled(user))


def _change_face(tx: Transaction, user: UserId, wanted: Profile) -> bool:
    """Whether there was anything to change."""
    row = tx.connection.execute(select(users.c.name_key).where(users.c.id == user)).one()
    values: dict[str, str | None] = {} if wanted.avatar_colour is None else {"avatar_colour": wanted.avatar_colour}
    if wanted.name is not None and row.name_key is not None:
        new_name = check_name(wanted.name)
        _refuse_taken(tx, fold_name(new_name), but=user)
        values |= {"name": new_name, "name_key": fold_name(new_name), "name_words": words_of_name(new_name)}
    elif wanted.name is not None:
        new_name = check_shown_name(wanted.name)
        values |= {"name": new_name, "name_words": words_of_name(new_name)}
    if values:
        tx.connection.execute(update(users).where(users.c.id == user).values(values))
    return bool(values)


def _change_password(tx: Transaction, user: UserId, password_hash: str, keep: SessionId | None) -> list[SessionId]:
    """The sessions that end with it."""
    changed = update(credentials).where(credentials.c.user == user).values(password_hash=password_hash, changed_at=tx.now_ms)
    if tx.connection.execute(changed).rowcount != 1:
        raise TenfourError(ErrorCode.CONFLICT, "This user has no password: the product that made the user logs it in.")
    standing = select(sessions.c.id).where(sessions.c.user == user, sessions.c.revoked_at.is_(None))
    ended = [session for session in tx.connection.execute(standing).scalars() if session != keep]
    tx.connection.execute(update(sessions).where(sessions.c.id.in_(ended)).values(revoked_at=tx.now_ms))
    return ended


def _add_account(tx: Transaction, user: UserId, name: str, password_hash: str, *, admin: bool) -> None:
    _refuse_taken(tx, fold_name(name), but=None)
    row = {"id": user, "name": name, "name_key": fold_name(name), "name_words": words_of_name(name), "issuer": people.LOCAL_ISSUER, "admin": admin, "created_at": tx.now_ms}
    tx.connection.execute(insert(users).values(row))
    tx.connection.execute(insert(credentials).values(user=user, password_hash=password_hash, changed_at=tx.now_ms))


def _refuse_taken(tx: Transaction, name_key: str, *, but: UserId | None) -> None:
    owner = tx.connection.execute(select(users.c.id).where(users.c.name_key == name_key)).scalar_one_or_none()
    if owner is not None and owner != but:
        raise TenfourError(ErrorCode.NAME_TAKEN)


def _use_invite(tx: Transaction, secret: str) -> None:
    good = (invites.c.hash == secret_hash(secret), invites.c.uses_left > 0, invites.c.expires_at > tx.now_ms)
    if tx.connection.execute(update(invites).where(*good).values(uses_left=invites.c.uses_left - 1)).rowcount != 1:
        raise TenfourError(ErrorCode.INVITE_INVALID)
