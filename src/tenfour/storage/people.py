"""What is read of users, sessions and keys: plain functions of a database connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, literal, select, tuple_

from tenfour.domain.name import words_of_name
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId, parse_uuid
from tenfour.storage.schema import avatars, credentials, server_keys, sessions, users

EXTERNAL_PREFIX = "ext:"
SERVER_KEY_ISSUER = "server_key"
LOCAL_ISSUER = "local"


@dataclass(frozen=True, slots=True)
class Person:
    """A user as others see them."""

    id: UserId
    name: str
    external_id: str | None
    avatar_colour: str | None
    avatar: str | None
    admin: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class Avatar:
    """A picture as it is handed out."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """What a log-in is checked against."""

    user: UserId
    name: str
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: SessionId
    created_at: int
    last_used_at: int
    expires_at: int
    user_agent: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class ServerKeyRow:
    id: str
    name: str
    hint: str
    scopes: frozenset[str]
    created_at: int
    last_used_at: int | None


_PERSON = (users.c.id, users.c.name, users.c.external_id, users.c.avatar_colour, users.c.avatar, users.c.admin, users.c.disabled_at)
_one_person = select(*_PERSON).where(users.c.id == bindparam("user"))


def _person(row: Row) -> Person:  # type: ignore[type-arg]
    return Person(row.id, row.name, row.external_id, row.avatar_colour, row.avatar, bool(row.admin), row.disabled_at is not None)


_last = users.alias("last")


def person(connection: Connection, user: UserId) -> Person:
    """Raises ``user_unknown``."""
    row = connection.execute(_one_person, {"user": user}).one_or_none()
    if row is None:
        raise TenfourError(ErrorCode.USER_UNKNOWN)
    return _person(row)


def people(connection: Connection, wanted: Sequence[UserId]) -> list[Person]:
    """Those of them who are there, disabled ones too."""
    return [_person(row) for row in connection.execute(select(*_PERSON).where(users.c.id.in_(list(wanted))))]


def search_people(connection: Connection, query: str, after: str | None, limit: int, *, with_disabled: bool = False) -> list[Person]:
    """People with a word in their name that begins as the query does, by name; ``after`` is the last id of the page before."""
    found = select(*_PERSON).order_by(users.c.name_words, users.c.id).limit(limit)
    if query:
        found = found.where(users.c.name_words.contains(words_of_name(query), autoescape=True))
    if not with_disabled:
        found = found.where(users.c.disabled_at.is_(None))
    if after is not None:
        last = select(_last.c.name_words).where(_last.c.id == after).scalar_subquery()
        found = found.where(tuple_(users.c.name_words, users.c.id) > tuple_(last, literal(after)))
    return [_person(row) for row in connection.execute(found)]


def find_person(connection: Connection, text: str) -> Person:
    """The person that a text names, disabled ones too: an id, or ``ext:`` and the product's own id. Raises ``user_unknown``."""
    if text.startswith(EXTERNAL_PREFIX):
        rows = connection.execute(select(*_PERSON).where(users.c.external_id == text.removeprefix(EXTERNAL_PREFIX)).limit(2)).all()
        if len(rows) == 1:
            return _person(rows[0])
        raise TenfourError(ErrorCode.USER_UNKNOWN, f"{'No' if not rows else 'More than one'} user has the id {text[:100]!r}.")
    try:
        return person(connection, UserId(parse_uuid(text)))
    except ValueError as cause:
        raise TenfourError(ErrorCode.USER_UNKNOWN, "A user is named by its UUID, or by ext: and its id in your product.") from cause


def resolve_user(connection: Connection, text: str) -> UserId:
    """The active user that a text names; raises ``user_unknown``."""
    found = find_person(connection, text)
    if found.disabled:
        raise TenfourError(ErrorCode.USER_UNKNOWN, f"No active user has the id {text[:100]!r}.")
    return found.id


def require_users(connection: Connection, wanted: Sequence[UserId]) -> None:
    """Raises ``user_unknown`` unless all of them exist and are not disabled."""
    found = set(connection.execute(select(users.c.id).where(users.c.id.in_(list(wanted)), users.c.disabled_at.is_(None))).scalars())
    missing = [user for user in wanted if user not in found]
    if missing:
        raise TenfourError(ErrorCode.USER_UNKNOWN, f"No active user has the id {missing[0][:100]!r}.")


def avatar(connection: Connection, name: str) -> Avatar | None:
    """The picture of that name."""
    row = connection.execute(select(avatars.c.media_type, avatars.c.content).where(avatars.c.name == name)).one_or_none()
    return Avatar(row.media_type, row.content) if row is not None else None


def credential(connection: Connection, name_key: str) -> Credential | None:
    """The credential of a local account, by the folded name."""
    row = connection.execute(
        select(users.c.id, users.c.name, users.c.disabled_at, credentials.c.password_hash).join(credentials, credentials.c.user == users.c.id).where(users.c.name_key == name_key)
    ).one_or_none()
    return Credential(row.id, row.name, row.password_hash, row.disabled_at is not None) if row is not None else None


def credential_of(connection: Connection, user: UserId) -> str | None:
    return connection.execute(select(credentials.c.password_hash).where(credentials.c.user == user)).scalar_one_or_none()


def sessions_of(connection: Connection, user: UserId, now_ms: int) -> list[SessionRow]:
    """The sessions that stand, newest first."""
    rows = connection.execute(
        select(sessions.c.id, sessions.c.created_at, sessions.c.last_used_at, sessions.c.expires_at, sessions.c.user_agent, sessions.c.address)
        .where(sessions.c.user == user, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now_ms)
        .order_by(sessions.c.created_at.desc())
        .limit(200)
    )
    return [SessionRow(*row) for row in rows]


def has_users(connection: Connection) -> bool:
    return connection.execute(select(users.c.id).where(users.c.issuer == LOCAL_ISSUER, users.c.admin).limit(1)).first() is not None


def server_key(connection: Connection, key_hash: str) -> ServerKeyRow | None:
    """A server key that was not revoked."""
    row = connection.execute(select(server_keys).where(server_keys.c.key_hash == key_hash, server_keys.c.revoked_at.is_(None))).one_or_none()
    return _server_key(row) if row is not None else None


def all_server_keys(connection: Connection) -> list[ServerKeyRow]:
    return [_server_key(row) for row in connection.execute(select(server_keys).where(server_keys.c.revoked_at.is_(None)).order_by(server_keys.c.created_at))]


def _server_key(row: Row) -> ServerKeyRow:  # type: ignore[type-arg]
    return ServerKeyRow(row.id, row.name, row.hint, frozenset(row.scopes.split()), row.created_at, row.last_used_at)
