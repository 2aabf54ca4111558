"""One node's audiences over a real store, with a broker that loses bells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import update
from structlog.testing import capture_logs

from tenfour.actions import members
from tenfour.actions.publish import publish_commit
from tenfour.actions.receipts import ReceiptBook
from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import TokenVerifier
from tenfour.broker.broker import HeadMoved
from tenfour.errors import ErrorCode
from tenfour.gateway.audience import Audience
from tenfour.gateway.hub import Hub
from tenfour.gateway.limits import GatewayLimits
from tenfour.ids import ChatId, Seq, UserId
from tenfour.observe.endings import Endings
from tenfour.observe.metrics import Counters
from tenfour.observe.traces import Traces
from tenfour.storage.schema import events
from tenfour.storage.store import Commit
from tests.actions.world import World, open_world
from tests.eventually import eventually


@dataclass(eq=False)
class Reader:
    """A follower that keeps what it is written."""

    user: UserId
    frames: list[dict[str, Any]] = field(default_factory=list)
    silenced: list[ChatId] = field(default_factory=list)
    ended: list[tuple[ErrorCode, str]] = field(default_factory=list)

    @property
    def seqs(self) -> list[Seq]:
        return [each["seq"] for each in self.frames]

    def write(self, data: bytes) -> None:
        while data:
            length, start = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
            self.frames.append(json.loads(data[start : start + length]))
            data = data[start + length :]

    def removed_from(self, chat: ChatId) -> None:
        self.silenced.append(chat)

    def end(self, code: ErrorCode, detail: str) -> None:
        self.ended.append((code, detail))


class Node(World):
    """A world with a hub, whose bells can be held back."""

    hub: Hub
    deaf: bool = False

    def committed(self, commit: Commit) -> None:
        super().committed(commit)
        if not self.deaf:
            publish_commit(self.broker, commit)

    async def follow(self, name: str, chat: ChatId) -> Reader:
        """Somebody who is live in the chat from its head on."""
        reader = Reader(await self.person(name))
        audience = self.audience(chat)
        head = (await self.events(chat))[-1].seq
        self.hub.carry_out(audience, audience.room.opened(head))
        audience.join(reader, head)
        return reader

    def audience(self, chat: ChatId) -> Audience:
        return self.hub.audience(chat)

    async def say_unheard(self, chat: ChatId, user: UserId, texts: Sequence[str]) -> None:
        self.deaf = True
        for text in texts:
            await self.say(chat, user, text)
        self.deaf = False


@asynccontextmanager
async def open_node(path: Path) -> AsyncIterator[Node]:
    node = await open_world(path / "tenfour.db", Node)
    keys = SigningKeys.load_or_create(path / "keys", node.clock.now_ms())
    async with asyncio.TaskGroup() as tasks:
        node.hub = Hub(
            node.context,
            GatewayLimits(),
            rights=node.rights,
            receipts=ReceiptBook(node.context),
            counters=Counters(),
            traces=Traces(),
            endings=Endings(),
            log=structlog.get_logger(),
            node="test",
            tasks=tasks,
            verifier=TokenVerifier(keys, node.clock),
            leeway_ms=0,
        )
        yield node
    await node.store.close()


async def test_a_lost_bell_is_read_from_the_store_when_the_next_one_rings(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)

        await node.say_unheard(chat, ann, ["lost", "and lost"])
        await node.say(chat, ann, "heard")
        await eventually(lambda: len(reader.frames) == 3)

        assert reader.seqs == [3, 4, 5]
        assert [each["text"] for each in reader.frames] == ["lost", "and lost", "heard"]
        assert node.hub.counters.room_heals == 1


async def test_events_too_large_for_the_broker_are_read_from_the_store_once_their_head_is_told(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)

        await node.say_unheard(chat, ann, ["large", "and larger"])
        for _ in range(2):
            node.broker.ring_chat(HeadMoved(chat, 4))
        await eventually(lambda: len(reader.frames) == 2)
        node.broker.ring_chat(HeadMoved(chat, 4))

        assert reader.seqs == [3, 4]
        assert node.hub.counters.room_heals == 1


async def test_who_was_removed_by_a_lost_bell_gets_nothing_after_it_when_the_gap_is_healed(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann, bob = await node.chat("ann", "bob", "cat"), await node.person("ann"), await node.person("bob")
        out, stays = await node.follow("bob", chat), await node.follow("cat", chat)

        node.deaf = True
        await members.remove_member(node.context, ann, chat, bob)
        await node.say(chat, ann, "without bob")
        node.deaf = False
        await node.say(chat, ann, "heard")
        await eventually(lambda: len(stays.frames) == 3)

        assert [each["type"] for each in out.frames] == ["member_left"]
        assert out.silenced == [chat]
        assert stays.seqs == [4, 5, 6]


async def test_who_has_joined_again_ahead_of_the_room_is_not_silenced_by_the_older_member_left(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann, bob = await node.chat("ann", "bob", "cat"), await node.person("ann"), await node.person("bob")
        cat = await node.follow("cat", chat)
        node.deaf = True
        await members.remove_member(node.context, ann, chat, bob)
        await members.add_member(node.context, ann, chat, bob)
        node.deaf = False
        ahead = Reader(bob)  # its replay has read and told both events
        node.audience(chat).join(ahead, 5)

        await node.say(chat, ann, "hello again")
        await eventually(lambda: len(cat.frames) == 3)

        assert cat.seqs == [4, 5, 6]
        assert ahead.seqs == [6]
        assert ahead.silenced == []


async def test_a_chat_whose_last_follower_has_gone_while_it_was_healed_is_not_kept(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, ann = await node.chat("ann", "bob"), await node.person("ann")
        reader = await node.follow("bob", chat)
        await node.say_unheard(chat, ann, ["lost"])

        await node.say(chat, ann, "heard")
        node.audience(chat).leave(reader)
        node.hub.close_if_empty(node.audience(chat))
        back = await node.follow("bob", chat)
        await node.say(chat, ann, "and on")
        await eventually(lambda: bool(back.frames))

        assert reader.frames == []
        assert back.seqs == [5]


async def test_an_event_that_cannot_be_read_ends_who_follows_its_chat_and_nobody_else(tmp_path: Path) -> None:
    async with open_node(tmp_path) as node:
        chat, other, ann = await node.chat("ann", "bob"), await node.chat("ann", "bob"), await node.person("ann")
        reader, bystander = await node.follow("bob", chat), await node.follow("bob", other)
        await node.say_unheard(chat, ann, ["lost"])
        broken = update(events).where(events.c.chat == chat, events.c.seq == 3).values(kind="no_such_kind")
        await node.store.change(lambda tx: tx.connection.execute(broken).rowcount)

        with capture_logs() as logged:
            await node.say(chat, ann, "heard")
            await eventually(lambda: bool(reader.ended))
        await node.say(other, ann, "all is well here")

        code, detail = reader.ended[0]
        assert code is ErrorCode.INTERNAL
        assert [each["reference"] for each in logged if each["event"] == "Error room.failed"] == [detail.rpartition(" ")[2]]
        assert bystander.seqs == [3]
        assert bystander.ended == []
