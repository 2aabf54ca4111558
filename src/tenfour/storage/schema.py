"""The tables, the same for SQLite and PostgreSQL.

Times are integers: milliseconds since 1970, UTC. Ids are UUIDv7 as text. ``events`` and ``messages`` are
keyed by (chat, seq) and (id); the text of a message lives in ``messages`` only. A later migration that adds a
text column for PostgreSQL gives it the collation of ``Text`` too.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint, text
from sqlalchemy import Text as AnyText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# By bytes, as SQLite compares: the order of a language depends on the machine, and its indexes break when that is upgraded.
Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")

store = Table(
    "store",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("system_identifier", Text),  # PostgreSQL: which cluster and timeline the epoch belongs to
    Column("timeline", Integer),
    CheckConstraint("id = 1", name="one_row"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),  # shown
    Column("name_key", Text, unique=True),  # NFKC and case-folded; only of local accounts
    Column("issuer", Text, nullable=False),  # "local", "key:<server key's tenant>", or the iss of an external token
    Column("external_id", Text),
    Column("admin", Boolean, nullable=False, server_default=text("false")),
    Column("disabled_at", BigInteger),
    Column("avatar_colour", Text),
    Column("membership_seq", BigInteger, nullable=False, server_default="0"),
    Column("membership_changed_at", BigInteger, nullable=False, server_default="0", index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("avatar", Text),  # the name of the picture in avatars
    Column("name_words", Text, nullable=False, server_default=""),  # domain.name.words_of_name
    UniqueConstraint("issuer", "external_id"),
)
Index("ix_users_name_words", users.c.name_words, users.c.id)
Index("ix_users_disabled", users.c.id, sqlite_where=users.c.disabled_at.is_not(None), postgresql_where=users.c.disabled_at.is_not(None))

avatars = Table(
    "avatars",
    metadata,
    Column("name", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id"), nullable=False, unique=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("user", Text, ForeignKey("users.id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("refresh_hash", Text, nullable=False, unique=True),
    Column("previous_hash", Text, index=True),  # the refresh token before the last rotation
    Column("successor", Text),  # sealed successor, so that a reply lost within 10 s gets the same one
    Column("rotated_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("user_agent", Text),
    Column("address", Text),
)

retired_refresh_hashes = Table(
    "retired_refresh_hashes",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id"), nullable=False, index=True),
    Column("retired_at", BigInteger, nullable=False),
)

server_keys = Table(
    "server_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),  # the last four characters
    Column("scopes", Text, nullable=False),  # words joined by spaces
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

setup_links = Table(
    "setup_links",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

invites = Table(
    "invites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_by", Text, ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("uses_left", Integer, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    Column("session", Text),
    Column("token_expires_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

chats = Table(
    "chats",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text),
    Column("history", Text, nullable=False, server_default="all"),
    Column("pair", Text, unique=True),  # direct chats: domain.chat.direct_pair
    Column("external_id", Text, unique=True),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
    Column("rights_seq", BigInteger, nullable=False, server_default="0"),
    Column("member_count", Integer, nullable=False, server_default="0"),
    Column("changed_at", BigInteger, nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("chat", Text, ForeignKey("chats.id"), nullable=False),
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("joined_seq", BigInteger, nullable=False),
    Column("joined_at", BigInteger, nullable=False),
    Column("delivered_seq", BigInteger, nullable=False, server_default="0"),
    Column("read_seq", BigInteger, nullable=False, server_default="0"),
    Column("muted_until", BigInteger),
    Column("archived", Boolean, nullable=False, server_default=text("false")),
    Column("read_at", BigInteger),  # when read_seq last moved by a receipt
    PrimaryKeyConstraint("chat", "user"),
    sqlite_with_rowid=False,
)
Index("ix_members_user_chat", members.c.user, members.c.chat)

events = Table(
    "events",
    metadata,
    Column("chat", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("message_id", Text),
    Column("data", Text),  # JSON, null where there is nothing beside the message
    PrimaryKeyConstraint("chat", "seq"),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    Column("chat", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("sender", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("text", Text),  # null once deleted
    Column("reply_to", Text),
    Column("at", BigInteger, nullable=False),
    Column("edited_at", BigInteger),
    Column("deleted_at", BigInteger),
    PrimaryKeyConstraint("chat", "seq"),
    # The key first: clients make theirs of the time, so that a batch of a hundred chats touches a few pages of this index.
    UniqueConstraint("key", "sender", "chat"),
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text),
    Column("data", Text),
)
