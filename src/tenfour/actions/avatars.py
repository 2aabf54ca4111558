"""Pictures that people show of themselves: one each."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, insert, update

from tenfour.actions.context import Context
from tenfour.actions.profiles import profile_of
from tenfour.broker.broker import ProfileNotice
from tenfour.domain.picture import Picture
from tenfour.ids import UserId
from tenfour.storage.schema import avatars, users
from tenfour.storage.store import Transaction


async def set_avatar(context: Context, user: UserId, picture: Picture) -> None:
    """The user's picture from now on. It gets a new name, which nobody can guess; the one before is gone with its name."""
    name = secrets.token_urlsafe(24)

    def change(tx: Transaction) -> ProfileNotice:
        tx.connection.execute(delete(avatars).where(avatars.c.user == user))
        tx.connection.execute(insert(avatars).values(name=name, user=user, media_type=picture.media_type, content=picture.content, created_at=tx.now_ms))
        tx.connection.execute(update(users).where(users.c.id == user).values(avatar=name))
        return profile_of(tx, user)

    context.broker.ring_sign(await context.store.change(change))


async def remove_avatar(context: Context, user: UserId) -> None:
    """The user shows no picture any more, whether there was one or not."""

    def change(tx: Transaction) -> ProfileNotice:
        tx.connection.execute(delete(avatars).where(avatars.c.user == user))
        tx.connection.execute(update(users).where(users.c.id == user).values(avatar=None))
        return profile_of(tx, user)

    context.broker.ring_sign(await context.store.change(change))
