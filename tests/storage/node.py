"""One node's store, and what it told its node: the arrangement of the store's tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from tenfour.actions.members import append_rights_event, seat_members, unseat_member
from tenfour.clock import ManualClock
from tenfour.domain.chat import Chat, HistoryRule
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Role
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId, new_id
from tenfour.storage import directory, reads
from tenfour.storage.reads import EventRun, HistoryPage, ReplayPage
from tenfour.storage.schema import chats, members, users
from tenfour.storage.store import Append, Appended, Commit, NotAppended, Store, Transaction
from tenfour.wire.codec import encode_event

Outcome = Appended | NotAppended
Said = tuple[Seq, str | None]
"""A message's seq and text."""


class Node:
    """Submits to a store and keeps what comes back, in its order."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.told: list[Outcome | Commit] = []
        """Acks, refusals and commits as they were told."""
        self.fatal: list[str] = []

    async def open(self) -> Node:
        await self.store.open(self.told.append, self.fatal.append)
        return self

    async def close(self) -> None:
        await self.store.close()

    # People and chats

    async def person(self, name: str = "somebody") -> UserId:
        user = UserId(new_id(self.clock.now_ms()))
        row = {"id": user, "name": name, "issuer": "local", "external_id": user, "created_at": self.clock.now_ms()}
        await self.store.change(lambda tx: tx.connection.execute(insert(users).values(row)) and None)
        return user

    async def chat(self, *people: UserId, history: HistoryRule = HistoryRule.ALL) -> ChatId:
        """A group of these people, the first one its owner."""
        chat = ChatId(new_id(self.clock.now_ms()))

        def make(tx: Transaction) -> None:
            row = {"id": chat, "kind": "group", "history": history.value, "changed_at": tx.now_ms, "created_at": tx.now_ms, "created_by": people[0]}
            tx.connection.execute(insert(chats).values(row))
            seat_members(tx, tx.lock_chat(chat), dict.fromkeys(people, Role.MEMBER) | {people[0]: Role.OWNER}, by=people[0])

        await self.store.change(make)
        return chat

    def join(self, chat: ChatId, user: UserId, role: Role = Role.MEMBER) -> Awaitable[object]:
        """It waits in the queue when this returns."""
        return self.store.change(lambda tx: seat_members(tx, tx.lock_chat(chat), {user: role}, by=user))

    def leave(self, chat: ChatId, user: UserId) -> Awaitable[None]:
        """It waits in the queue when this returns."""

        def go(tx: Transaction) -> None:
            locked, member = tx.lock_chat(chat), directory.find_member(tx.connection, chat, user)
            assert member is not None
            unseat_member(tx, locked, member, by=user)

        return self.store.change(go)

    async def change_member(self, chat: ChatId, user: UserId, **values: Any) -> None:
        """Another role, or muted: with its event, as every change of rights has one."""

        def change(tx: Transaction) -> None:
            tx.connection.execute(update(members).where(members.c.chat == chat, members.c.user == user).values(values))
            append_rights_event(tx, tx.lock_chat(chat), EventKind.MEMBER_CHANGED, user, {"user": user, "role": Role.MEMBER.value, **values})

        await self.store.change(change)

    async def remove_row(self, chat: ChatId, user: UserId) -> None:
        """Takes a member's row away without an event: what no cache of rights can learn."""
        await self.store.change(lambda tx: tx.connection.execute(delete(members).where(members.c.chat == chat, members.c.user == user)) and None)

    async def disable(self, user: UserId) -> None:
        await self.store.change(lambda tx: tx.connection.execute(update(users).where(users.c.id == user).values(disabled_at=tx.now_ms)) and None)

    # Messages

    async def rights_seq(self, chat: ChatId) -> Seq:
        return await self.store.read(lambda connection: connection.execute(chats.select().where(chats.c.id == chat)).one().rights_seq)

    def submit(self, draft: Draft, rights_seq: Seq) -> asyncio.Future[Outcome]:
        """What becomes of a draft; it is in the queue when this returns."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def settle(outcome: Outcome) -> None:
            self.told.append(outcome)
            done.set_result(outcome)

        refusal = self.store.submit(Append(draft, MessageId(new_id(self.clock.now_ms())), rights_seq, settle))
        if refusal is not None:
            done.set_result(refusal)
        return done

    async def say(self, chat: ChatId, sender: UserId, text: str = "hello", *, key: str | None = None, reply_to: MessageId | None = None, rights_seq: Seq | None = None) -> Outcome:
        """Appends one message, decided at the present rights unless others are named."""
        draft = Draft(chat, sender, key or new_id(self.clock.now_ms()), text, reply_to)
        return await self.submit(draft, await self.rights_seq(chat) if rights_seq is None else rights_seq)

    async def say_all(self, drafts: Sequence[Draft], rights_seq: Seq) -> list[Outcome]:
        """All of them handed over in one step."""
        return list(await asyncio.gather(*[self.submit(draft, rights_seq) for draft in drafts]))

    # What is there

    async def events(self, chat: ChatId) -> list[Event]:
        """All events of a chat, whoever may see them; their seqs have no gap and end at the head."""
        events, heads = await self.store.read(lambda connection: (reads.events_between(connection, chat, 0, 100_000), reads.heads(connection, [chat])))
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert heads[chat] == len(events)
        return events

    async def texts(self, chat: ChatId) -> list[str | None]:
        return [event.message.text for event in await self.events(chat) if event.message is not None]

    async def history(self, chat: ChatId, user: UserId, **position: Any) -> HistoryPage:
        return await self.store.read(lambda connection: reads.history(connection, chat, user, **position))

    async def replay(self, user: UserId, positions: Mapping[ChatId, Seq | None], *, limit: int = 100, gap_max: int = 1_000, members_max: int = 10) -> dict[ChatId, ReplayPage]:
        return await self.store.read(lambda connection: reads.replay(connection, user, positions, _one_piece_each, limit=limit, gap_max=gap_max, members_max=members_max))

    @property
    def commits(self) -> list[Commit]:
        return [each for each in self.told if not isinstance(each, Appended | NotAppended)]


def _one_piece_each(connection: Connection, chat: Chat, after: Seq, limit: int) -> EventRun:
    events = reads.events_between(connection, chat.id, after, limit)
    pieces = tuple(map(encode_event, events))
    return EventRun(pieces, len(events), events[-1].seq if events else None, sum(map(len, pieces)))


def replayed(page: ReplayPage) -> list[tuple[Seq, str]]:
    """Seq and type of each event of a page."""
    told = [json.loads(piece) for piece in page.events.pieces]
    return [(each["seq"], each["type"]) for each in told]


def expected_page(said: Sequence[Said], way: str, seq: Seq, limit: int) -> tuple[list[Said], bool, bool]:
    """A page of the messages that somebody may see, and whether there are others before and after it."""
    older, newer = [each for each in said if each[0] < seq], [each for each in said if each[0] >= seq]
    half = older[-(limit // 2) :] if limit > 1 else []
    items = {
        "newest": said[-limit:],
        "before": older[-limit:],
        "after": [each for each in said if each[0] > seq][:limit],
        "around": half + newer[: limit - len(half)],
    }[way]
    # Of a page without messages the position itself is the border.
    first, last = (items[0][0], items[-1][0]) if items else {"newest": (seq, seq), "before": (seq, seq - 1), "after": (seq + 1, seq), "around": (seq, seq - 1)}[way]
    return list(items), any(each[0] < first for each in said), any(each[0] > last for each in said)


def drafts(chat: ChatId, sender: UserId, count: int, prefix: str = "text") -> list[Draft]:
    """Drafts whose texts count up, each with a key of its own."""
    return [Draft(chat, sender, f"{prefix}-{number}", f"{prefix} {number}") for number in range(count)]


def code(outcome: Outcome) -> ErrorCode:
    assert isinstance(outcome, NotAppended), outcome
    return outcome.code
