"""One seed: a cluster, its clients, what they do, what goes wrong meanwhile, and the verdict of the history checker."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random as global_random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import insert

from tenfour import ids
from tenfour.actions import chats, members, messages
from tenfour.actions.chats import NewChat
from tenfour.auth.keys import SigningKeys
from tenfour.domain.chat import ChatKind, HistoryRule
from tenfour.domain.message import Draft
from tenfour.errors import TenfourError
from tenfour.ids import ChatId, UserId, new_id
from tenfour.storage.schema import users
from tenfour.wire import codec, frames
from tests.simulation.client import SimulatedClient
from tests.simulation.cluster import Cluster, Node
from tests.simulation.store import Database
from tests.simulation.time import BASE_MS, SimulatedLoop
from tests.system.checker import check, explain, unresolved
from tests.system.history import History, event_fields, text_hash
from tests.system.run import members_of

OPERATIONS = 100
FAULTS = 6
SETTLE_S = 240.0

T = TypeVar("T")


@dataclass
class Told:
    """What a seed did, for the sum of many."""

    seed: int
    operations: int = 0
    acked: int = 0
    resumes: int = 0
    resets: int = 0
    heals: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    overlapped: Counter[str] = field(default_factory=Counter)
    """Kinds of faults that began while a message was on its way."""
    wrong: str = ""
    digest: str = ""
    """Of all that happened: a replayed seed has the same."""


@cache
def _database() -> Database:
    return Database()


@cache
def _keys() -> SigningKeys:
    with TemporaryDirectory() as directory:
        return SigningKeys.load_or_create(Path(directory) / "keys", BASE_MS)


def simulate(seed: int) -> Told:
    """Plays one seed. The same seed plays the same way in a process with the same ``PYTHONHASHSEED``."""
    _database(), _keys()
    loop = SimulatedLoop()
    global_random.seed(seed)
    ids._pool.clear()
    drawn = Random(seed + 1)
    ids._random_80 = lambda: drawn.getrandbits(80)
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(_play(loop, seed))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _play(loop: SimulatedLoop, seed: int) -> Told:
    return await Simulation(loop, seed).play()


class Simulation:
    def __init__(self, loop: SimulatedLoop, seed: int) -> None:
        self.loop = loop
        self.random = Random(seed)
        self.told = Told(seed)
        self.history = History()
        self.database = _database()
        self.database.empty()
        self.cluster = Cluster(loop, self.database, _keys(), Random(self.random.random()), self.random.choice((2, 2, 3)))
        self.clients: list[SimulatedClient] = []
        self.chats: list[ChatId] = []
        self.owner = UserId("")
        self.guests: list[UserId] = []
        self._changing: set[tuple[UserId, ChatId]] = set()
        self._count = 0
        self._over: list[asyncio.Task[None]] = []

    async def play(self) -> Told:
        try:
            await self._found()
            await self._work()
            await self._settle()
            self._judge()
        finally:
            for node in self.cluster.alive:
                self.told.heals += node.hub.counters.room_heals
                self.told.resets += node.hub.counters.resets
                await node.crew.end()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            await asyncio.sleep(0)
        return self.told

    # Beginning

    async def _found(self) -> None:
        names = ["owner", *(f"person {number}" for number in range(4))]
        people = [UserId(new_id(self.cluster.clock.now_ms() + number)) for number in range(len(names))]
        rows = [{"id": user, "name": name, "issuer": "local", "external_id": name, "created_at": 1} for user, name in zip(people, names, strict=True)]
        self.database.run(lambda connection: connection.execute(insert(users), rows).rowcount)
        self.owner, *residents = people
        self.guests = residents[-2:]
        context = self.cluster.alive[0].context
        for number in range(2):
            wanted = NewChat(ChatKind.GROUP, f"Chat {number}", (HistoryRule.ALL, HistoryRule.FROM_JOINING)[number])
            self.chats.append((await chats.create_chat(context, self.owner, wanted, residents[:2]))[0])
        for name, user in zip(names[1:], residents, strict=True):
            token = self.cluster.tokens.issue(user, None, 86_400)[0]
            client = SimulatedClient(self.cluster, self.history, name, user, token, Random(self.random.random()))
            self.clients.append(client)
            client.start()

    # Work

    async def _work(self) -> None:
        struck = set(self.random.sample(range(5, OPERATIONS), FAULTS))
        for number in range(OPERATIONS):
            if number in struck:
                self._strike()
            self._operate()
            await asyncio.sleep(self.random.choice((0.0, 0.001, 0.01, 0.05, 0.3)))
        if self._over:
            await asyncio.wait(self._over)

    def _operate(self) -> None:
        self.told.operations += 1
        client = self.random.choice(self.clients)
        chat = self.random.choice(self.chats)
        match self.random.choices(("say", "burst", "member", "type", "read", "page", "post"), (60, 8, 8, 4, 6, 6, 8))[0]:
            case "say":
                self._say(client, chat)
            case "burst":
                for _ in range(5):
                    self._say(client, chat)
            case "member":
                self._start(self._toggle(self.random.choice(self.guests), chat))
            case "type":
                client.type(chat)
            case "read":
                client.read(chat)
            case "page":
                self._start(self._page(client, chat))
            case "post":
                self._start(self._post(client, chat))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._over.append(self.loop.create_task(work))

    def _text(self) -> str:
        self._count += 1
        return f"text {self._count}"

    def _say(self, client: SimulatedClient, chat: ChatId) -> None:
        text = self._text()
        client.say(chat, text.replace(" ", "-"), text)

    def _node(self) -> Node | None:
        return self.random.choice(self.cluster.nodes)

    async def _post(self, client: SimulatedClient, chat: ChatId) -> None:
        """A message by REST, which may be sent again with its key at another node."""
        text = self._text()
        key = text.replace(" ", "-")
        for attempt in range(2):
            node = self._node()
            if node is None:
                return
            of = {"client": f"{client.client} by REST {text}", "user": client.user, "connection": f"{client.client} by REST {text} {attempt}", "chat": chat, "key": key}
            self.history.add("send", "invoke", **of, hash=text_hash(text))
            try:
                done = await self._of(node, lambda node=node: messages.send_message(node.context, Draft(chat, client.user, key, text)))
            except TenfourError as refusal:
                if not node.is_dead:
                    self.history.add("send", "fail", **of, code=refusal.code.value)
            else:
                if done is not None:
                    self.history.add("send", "ok", **of, seq=done.seq, id=done.id, duplicate=done.duplicate)
            if self.random.random() < 0.5:
                return

    async def _of(self, node: Node, work: Callable[[], Awaitable[T]]) -> T | None:
        """The result of what a node does for a request; None where it died, which tells nobody anything."""
        task = node.crew.create_task(_caught(work))
        try:
            outcome = await task
        except asyncio.CancelledError:
            if node.is_dead:
                return None
            raise
        if node.is_dead:
            return None
        if isinstance(outcome, TenfourError):
            raise outcome
        return outcome

    async def _toggle(self, guest: UserId, chat: ChatId) -> None:
        """In or out, by some node: one change of a place at a time, or nobody could say which came first."""
        node = self._node()
        if node is None or (guest, chat) in self._changing:
            return
        self._changing.add((guest, chat))
        inside = guest in members_of(self.database.stored()[chat])
        what = "remove" if inside else "add"
        change = members.remove_member if inside else members.add_member
        self.history.add("member", "invoke", code=what, chat=chat, subject=guest)
        try:
            if await self._of(node, lambda: _truly(change(node.context, self.owner, chat, guest))):
                self.history.add("member", "ok", code=what, chat=chat, subject=guest)
        except TenfourError:
            return
        finally:
            self._changing.discard((guest, chat))

    async def _page(self, client: SimulatedClient, chat: ChatId) -> None:
        of = {"client": f"{client.client} reads {self._text()}", "user": client.user, "chat": chat}
        self.history.add("page", "invoke", **of, after=0)
        last = 0
        while True:
            try:
                page = await client.page(chat, last)
            except TenfourError as refusal:
                self.history.add("page", "fail", **of, code=refusal.code.value)
                return
            if not page.events:
                break
            for event in page.events:
                self.history.add("row", **(of | event_fields(_fields(event))))
                last = event.seq
        self.history.add("page", "ok", **of, seq=last)

    # Faults

    def _strike(self) -> None:
        name = self.random.choice(sorted(_FAULTS))
        self.told.faults[name] += 1
        if any(len(each.outbox) for each in self.clients):
            self.told.overlapped[name] += 1
        self._start(self._fault(name))

    async def _fault(self, name: str) -> None:
        self.history.add("fault", "invoke", code=name)
        await _FAULTS[name](self)
        self.history.add("fault", "ok", code=name)

    def _some_node(self) -> Node:
        return self.random.choice(self.cluster.alive or [self.cluster.start(0)])

    async def cut_lines(self) -> None:
        for client in self.random.sample(self.clients, 2):
            client.cut()

    async def kill_node(self) -> None:
        place = self.random.randrange(len(self.cluster.nodes))
        await self.cluster.kill(place)
        await asyncio.sleep(self.random.uniform(0.05, 3.0))
        if self.cluster.nodes[place] is None:
            self.cluster.start(place)

    async def kill_all(self) -> None:
        for place in range(len(self.cluster.nodes)):
            await self.cluster.kill(place)
        await asyncio.sleep(self.random.uniform(0.05, 1.0))
        for place, node in enumerate(self.cluster.nodes):
            if node is None:
                self.cluster.start(place)

    async def restart_node(self) -> None:
        place = self.random.randrange(len(self.cluster.nodes))
        node = self.cluster.nodes[place]
        if node is None or node.hub.draining:
            return
        with suppress(TimeoutError):  # it may be killed meanwhile
            await asyncio.wait_for(node.drain(), 5.0)
        await asyncio.sleep(0.2)
        if self.cluster.nodes[place] is node:
            await self.cluster.kill(place)
            self.cluster.start(place)

    async def lose_bells(self) -> None:
        self.cluster.wires.loss = 0.4
        await asyncio.sleep(self.random.uniform(0.1, 2.0))
        self.cluster.wires.loss = 0.0

    async def double_bells(self) -> None:
        self.cluster.wires.doubling = 0.5
        await asyncio.sleep(self.random.uniform(0.1, 2.0))
        self.cluster.wires.doubling = 0.0

    async def slow_bells(self) -> None:
        self.cluster.wires.slow_s = 1.0
        await asyncio.sleep(self.random.uniform(0.1, 2.0))
        self.cluster.wires.slow_s = 0.0

    async def part_from_broker(self) -> None:
        node = self._some_node()
        node.broker.is_away = True
        await asyncio.sleep(self.random.uniform(0.1, 6.0))
        node.broker.is_away = False

    async def part_from_store(self) -> None:
        node = self._some_node()
        node.store.is_away = True
        await asyncio.sleep(self.random.uniform(0.05, 2.0))
        node.store.is_away = False

    async def break_a_commit(self) -> None:
        self._some_node().store.breaks_in_commit += self.random.choice((1, 2))

    async def slow_store(self) -> None:
        node = self._some_node()
        node.store.slow_s = 0.3
        await asyncio.sleep(self.random.uniform(0.1, 2.0))
        node.store.slow_s = 0.0

    async def pause_node(self) -> None:
        self._some_node().paused_until = self.loop.time() + self.random.uniform(0.1, 20.0)

    async def shift_clock(self) -> None:
        self._some_node().clock.offset_ms += self.random.choice((-20_000, 20_000))

    # The end

    async def _settle(self) -> None:
        """Everything works again: every message gets its answer, and every client every event."""
        deadline = self.loop.time() + SETTLE_S
        while not self._is_level() and self.loop.time() < deadline:
            await asyncio.sleep(1.0)
        for client in self.clients:
            for chat in self.chats:
                await self._page(client, chat)

    def _is_level(self) -> bool:
        if not all(each.is_connected and not len(each.outbox) for each in self.clients):
            return False
        stored = self.database.stored()
        inside = {chat: members_of(found) for chat, found in stored.items()}
        return all(client.reached(chat) >= len(found.rows) for client in self.clients for chat, found in stored.items() if client.user in inside[chat])

    def _judge(self) -> None:
        stored = self.database.stored()
        self.told.resumes = sum(each.resumes for each in self.clients)
        self.told.acked = sum(each.f == "send" and each.kind == "ok" for each in self.history.records)
        wrong = [explain(check(self.history.records, stored))]
        wrong += [f"a mistake of the gateway: {cause!r}" for cause in self.cluster.mistakes]
        if not wrong[0]:
            wrong += [f"never answered: {each}" for each in unresolved(self.history.records)[:1] if " by REST " not in each.client]
            if not self._is_level():
                wrong.append(f"not every client came to have every event within {SETTLE_S:g} s")
        facts = [(each.f, each.kind, each.client, each.chat, each.seq, each.key, each.code) for each in self.history.records]
        self.told.digest = hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()
        self.told.wrong = "\n".join(each for each in wrong if each)


_FAULTS: dict[str, Callable[[Simulation], Coroutine[Any, Any, None]]] = {
    each.__name__: each
    for each in (
        Simulation.cut_lines,
        Simulation.kill_node,
        Simulation.kill_all,
        Simulation.restart_node,
        Simulation.lose_bells,
        Simulation.double_bells,
        Simulation.slow_bells,
        Simulation.part_from_broker,
        Simulation.part_from_store,
        Simulation.break_a_commit,
        Simulation.slow_store,
        Simulation.pause_node,
        Simulation.shift_clock,
    )
}


async def _caught(work: Callable[[], Awaitable[T]]) -> T | TenfourError:
    """A refusal is a result: it is no mistake of the node."""
    try:
        return await work()
    except TenfourError as refusal:
        return refusal


async def _truly(work: Awaitable[object]) -> bool:
    await work
    return True


def _fields(event: frames.AnyEvent) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(codec.encode(event))
    return fields
