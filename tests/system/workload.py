"""Random work of many people on a few chats, under faults: one seed, one course of what they intend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.servers import Person
from tests.system.clients import Actor, WireClient
from tests.system.run import Run


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what."""

    residents: int = 8
    """Members of every chat for good, by all kinds of clients."""
    guests: int = 4
    """Who come and go."""
    chats: int = 4
    """Every second one shows its guests only what comes after their joining."""
    steps: int = 60
    """Pieces of work between two faults."""
    faults: tuple[str, ...] = ("kill", "restart", "pause", "cut", "mute")


class Workload:
    """The people of a plan at work."""

    def __init__(self, run: Run, plan: Plan) -> None:
        self.run = run
        self.plan = plan
        self.random = run.random
        self.owner: Person
        self.stranger: WireClient
        self.residents: list[Actor] = []
        self.guests: list[WireClient] = []
        self.chats: list[str] = []
        self.inside: dict[str, set[str]] = {}
        """The guests of each chat, by their ids."""
        self._keys: list[tuple[Actor, str, str, str]] = []
        self._work: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (60, self._say),
            (3, self._say_nothing),
            (3, self._say_again),
            (2, self._reuse_a_key),
            (2, self._intrude),
            (5, self._come_or_go),
            (5, self._type),
            (5, self._read),
        ]

    async def open(self) -> None:
        plan, run = self.plan, self.run
        residents, guests = [f"resident{n}" for n in range(plan.residents)], [f"guest{n}" for n in range(plan.guests)]
        world = await run.people("owner", "stranger", *residents, *guests)
        self.owner = world.people["owner"]
        for number in range(plan.chats):
            self.chats.append(await run.chat("owner", *residents, history=("all", "from_joining")[number % 2]))
        self.inside = {chat: set() for chat in self.chats}
        for number, name in enumerate(residents):
            person = world.people[name]
            kind = number % 3
            self.residents.append(await run.sdk(person, self.chats) if kind == 0 else await run.wire(person, self.chats[:1], door=self.chats[0]) if kind == 1 else await run.wire(person, self.chats))
        self.guests = [await run.wire(world.people[name], []) for name in guests]
        self.stranger = await run.wire(world.people["stranger"], [])
        self.stranger.tap.kept = bytearray()
        for chat in self.chats[:2]:
            for guest in self.guests:
                await self._toggle(guest, chat)
        await run.level()

    async def work(self) -> None:
        """A round: work, a fault in the middle of it, and every answer."""
        fault: dict[str, Callable[[], Awaitable[None]]] = {"kill": self._kill, "restart": self.run.restart, "pause": self.run.pause, "cut": self.run.cut, "mute": self.run.mute}
        for name in self.random.sample(self.plan.faults, len(self.plan.faults)):
            for _ in range(self.plan.steps):
                await self._step()
            for actor in self.residents:
                for _ in range(5):
                    self._put(actor)
            await self.run.on_its_way()
            await fault[name]()
            await self.run.answered()

    async def _kill(self) -> None:
        for actor in self.residents:
            for _ in range(20):
                self._put(actor)
        await self.run.kill_at(self.random.randrange(1, 10 * len(self.residents)))

    async def _step(self) -> None:
        weights = [weight for weight, _ in self._work]
        await self.random.choices([work for _, work in self._work], weights)[0]()

    def _put(self, actor: Actor) -> None:
        chat = self.random.choice(sorted(actor.shown))
        text = self.run.text()
        self._keys.append((actor, chat, actor.say(chat, text), text))

    async def _say(self) -> None:
        self._put(self.random.choice([*self.residents, *[guest for guest in self.guests if guest.shown]]))

    async def _say_nothing(self) -> None:
        self.random.choice(self.residents).say(self.chats[0], " ")

    async def _say_again(self) -> None:
        """The same key by HTTP, whether it is acked yet or not."""
        if self._keys:
            actor, chat, key, text = self.random.choice(self._keys)
            await self.run.post(actor.person, chat, text, key)

    async def _reuse_a_key(self) -> None:
        if self._keys:
            actor, chat, key, _ = self.random.choice(self._keys)
            await self.run.answered()
            await self.run.post(actor.person, chat, self.run.text(), key)

    async def _intrude(self) -> None:
        chat = self.random.choice(self.chats)
        self.stranger.say(chat, self.run.text())
        await self.stranger.tell(type="subscribe", id="in", chats={chat: 0})
        await self.stranger.tell(type="typing", chat=chat, active=True)
        await self.run.page(self.stranger.person, chat)

    async def _come_or_go(self) -> None:
        await self._toggle(self.random.choice(self.guests), self.random.choice(self.chats))

    async def _toggle(self, guest: WireClient, chat: str) -> None:
        what = "remove" if guest.person.id in self.inside[chat] else "add"
        await self.run.member(what, self.owner, chat, guest.person)
        self.inside[chat] ^= {guest.person.id}

    async def _type(self) -> None:
        actor = self.random.choice([each for each in self.residents if isinstance(each, WireClient)])
        await actor.tell(type="typing", chat=self.chats[0], active=True)
        await actor.tell(type="receipt", chat=self.chats[0], read=max(1, actor.shown[self.chats[0]]))

    async def _read(self) -> None:
        person = self.random.choice([*self.residents, *self.guests]).person
        await self.run.page(person, self.random.choice(self.chats))
