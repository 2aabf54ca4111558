"""A store, a broker that remembers its bells, a clock that stands still, and people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import insert, update

from tenfour.actions import chats, messages
from tenfour.actions.access import RightsCache
from tenfour.actions.chats import NewChat
from tenfour.actions.context import Context, Policy
from tenfour.broker.broker import ChatBell, UserBell
from tenfour.broker.local import LocalBroker
from tenfour.clock import ManualClock
from tenfour.domain.chat import ChatKind, HistoryRule
from tenfour.domain.event import Event
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId, new_id
from tenfour.storage import reads
from tenfour.storage.schema import users
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import Appended, Commit
from tests.storage.template import put_new_store

T = TypeVar("T")
W = TypeVar("W", bound="World")


class RecordingBroker(LocalBroker):
    """The local broker, and what it rang."""

    returns = 0

    def __init__(self) -> None:
        super().__init__()
        self.chat_bells: list[ChatBell] = []
        self.user_bells: list[UserBell] = []

    def ring_chat(self, bell: ChatBell) -> None:
        self.chat_bells.append(bell)
        super().ring_chat(bell)

    def ring_user(self, bell: UserBell) -> None:
        self.user_bells.append(bell)
        super().ring_user(bell)


@dataclass
class World:
    """One node without edges."""

    store: SqliteStore
    broker: RecordingBroker
    clock: ManualClock
    context: Context
    rights: RightsCache
    path: Path
    commits: list[Commit] = field(default_factory=list)
    people: dict[str, UserId] = field(default_factory=dict)
    sent: int = 0

    def committed(self, commit: Commit) -> None:
        self.commits.append(commit)
        for events in commit:
            self.rights.heard_all(events.changes)

    async def person(self, name: str) -> UserId:
        """The user of that name, made when first asked for."""
        if name not in self.people:
            user = self.people[name] = UserId(new_id(self.clock.now_ms()))
            row = {"id": user, "name": name, "issuer": "local", "external_id": name, "created_at": self.clock.now_ms()}
            await self.store.change(lambda tx: tx.connection.execute(insert(users).values(row)).rowcount)
        return self.people[name]

    async def disable(self, user: UserId) -> None:
        await self.store.change(lambda tx: tx.connection.execute(update(users).where(users.c.id == user).values(disabled_at=1)).rowcount)

    async def chat(self, *names: str, kind: ChatKind = ChatKind.GROUP, title: str | None = "A chat", history: HistoryRule = HistoryRule.ALL) -> ChatId:
        """A chat of these people; the first one made it."""
        creator, *others = [await self.person(name) for name in names]
        wanted = NewChat(kind, None if kind is ChatKind.DIRECT else title, history)
        return (await chats.create_chat(self.context, creator, wanted, others))[0]

    async def say(self, chat: ChatId, user: UserId, text: str = "hello", key: str | None = None) -> Appended:
        self.sent += 1
        return await messages.send_message(self.context, Draft(chat, user, key or f"key-{self.sent}", text))

    async def read(self, query: Callable[..., T], *values: object, **named: object) -> T:
        """What a query of the actions gives in a read of its own."""
        return await self.store.read(lambda connection: query(connection, *values, **named))

    async def events(self, chat: ChatId) -> list[Event]:
        """All events of a chat, whoever may see them."""
        return await self.store.read(lambda connection: reads.events_between(connection, chat, 0, 10_000))


async def refusal(awaitable: Awaitable[object]) -> ErrorCode:
    """The code with which something is refused."""
    with pytest.raises(TenfourError) as caught:
        await awaitable
    return caught.value.code


async def open_world(path: Path, kind: type[W] = World) -> W:
    """A node on a new file; whoever opens it closes its store."""
    clock = ManualClock()
    broker = RecordingBroker()
    store = SqliteStore(put_new_store(path), clock)
    world = kind(store, broker, clock, Context(store, broker, clock, Policy(chat_members_max=20)), RightsCache(), path)
    await store.open(world.committed, lambda reason: None)
    return world
