"""A node that has lost bells finds in the store what it missed, without another bell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from tenfour.actions import members
from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway import poll
from tenfour.gateway.poll import StorePoll
from tenfour.ids import ChatId, Seq, SessionId
from tenfour.storage.schema import sessions
from tests.eventually import eventually
from tests.gateway.test_hub import Node, Reader, open_node


@dataclass(eq=False)
class Client(Reader):
    """A connection as the hub sees it, that notes what it joins."""

    id: str = "connection"
    admitted: bool = True
    session: SessionId | None = None
    chats: list[tuple[ChatId, Seq]] = field(default_factory=list)

    def joined(self, chat: ChatId, seq: Seq) -> None:
        self.chats.append((chat, seq))

    def end(self, code: ErrorCode, detail: str = "") -> None:
        super().end(code, detail)


async def connect(node: Node, name: str, session: str | None = None) -> Client:
    client = Client(await node.person(name), session=SessionId(session) if session else None)
    client.id = f"{name} {len(node.hub.connections)}"
    connection: Any = client
    node.hub.connections[connection.id] = connection
    node.hub.expect(connection, client.user)
    return client


async def unheard(node: Node, change: Callable[[], Any]) -> None:
    node.deaf = True
    await change()
    node.deaf = False


@pytest.fixture(autouse=True)
def _no_bell_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "BELL_S", 0.0)


async def test_the_last_event_of_a_chat_shows_no_gap_and_comes_all_the_same(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)
        watch = StorePoll(node.hub)
        await node.say_unheard(chat, ann, ["lost", "and lost"])

        await watch.look()
        await eventually(lambda: len(reader.frames) == 2)
        await watch.look()

        assert reader.seqs == [3, 4]
        assert node.hub.counters.room_heals == 1


async def test_who_is_removed_elsewhere_is_silenced(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann, bob = await node.chat("ann", "bob"), await node.person("ann"), await node.person("bob")
        reader = await node.follow("bob", chat)
        watch = StorePoll(node.hub)
        await unheard(node, lambda: members.remove_member(node.context, ann, chat, bob))

        await watch.look()
        await eventually(lambda: reader.silenced)

        assert reader.silenced == [chat]


async def test_who_was_added_elsewhere_comes_into_the_chat_once(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, old, ann = await node.chat("ann", "cat"), await node.chat("ann", "bob"), await node.person("ann")
        bob = await connect(node, "bob")
        cat = await connect(node, "cat")
        node.clock.advance(2 * poll.WINDOW_MS / 1000)
        watch = StorePoll(node.hub)
        await unheard(node, lambda: members.add_member(node.context, ann, chat, bob.user))

        await watch.look()
        await watch.look()

        assert bob.chats == [(chat, 3)]
        assert old not in [each for each, _ in bob.chats]
        assert cat.chats == []


async def test_who_was_added_and_removed_again_comes_into_nothing(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "cat"), await node.person("ann")
        bob = await connect(node, "bob")
        watch = StorePoll(node.hub)
        node.deaf = True
        await members.add_member(node.context, ann, chat, bob.user)
        await members.remove_member(node.context, ann, chat, bob.user)

        await watch.look()

        assert bob.chats == []


async def test_an_old_change_is_found_by_comparing_all_heads_when_the_broker_is_back(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)
        await node.say_unheard(chat, ann, ["long ago"])
        node.clock.advance(2 * poll.WINDOW_MS / 1000)
        watch = StorePoll(node.hub)

        await watch.look()
        unseen = list(reader.frames)
        node.broker.returns += 1
        await watch.look()
        await eventually(lambda: reader.frames)

        assert unseen == []
        assert reader.seqs == [3]


async def test_twice_a_minute_all_heads_are_compared(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)
        await node.say_unheard(chat, ann, ["long ago"])
        node.clock.advance(2 * poll.WINDOW_MS / 1000)
        watch = StorePoll(node.hub)

        node.clock.advance(poll.WHOLE_S)
        await watch.look()

        await eventually(lambda: reader.seqs == [3])


async def test_a_disabled_user_and_an_ended_session_are_closed(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        ann, bob, ended, standing, gone = [await connect(node, *each) for each in (("ann",), ("bob",), ("cat", "ended"), ("cat", "standing"), ("cat", "never there"))]
        for each in ("ended", "standing"):
            row = {"id": each, "user": ended.user, "refresh_hash": each, "created_at": 1, "last_used_at": 1, "expires_at": 2**50}
            await node.store.change(lambda tx, row=row: tx.connection.execute(insert(sessions).values(row)).rowcount)
        watch = StorePoll(node.hub)
        await node.disable(ann.user)
        await node.store.change(lambda tx: tx.connection.execute(update(sessions).where(sessions.c.id == "ended").values(revoked_at=1)).rowcount)

        node.clock.advance(poll.WHOLE_S)
        await watch.look()

        assert ann.ended == [(ErrorCode.USER_DISABLED, "")]
        assert ended.ended == gone.ended == [(ErrorCode.TOKEN_REVOKED, "")]
        assert bob.ended == standing.ended == []


async def test_after_a_store_that_did_not_answer_the_next_poll_looks_as_far_back(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)
        watch = StorePoll(node.hub)
        await node.say_unheard(chat, ann, ["lost"])
        read = node.store.read

        async def away(_query: object) -> None:
            raise TenfourError(ErrorCode.STORE_DOWN)

        node.store.read = away
        for _ in range(3):
            node.clock.advance(WINDOW_PARTS_S)
            with pytest.raises(TenfourError):
                await watch.look()
        node.store.read = read
        await watch.look()

        await eventually(lambda: reader.seqs == [3])


WINDOW_PARTS_S = poll.WINDOW_MS / 1000 / 2
