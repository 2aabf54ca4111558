"""A run: a server process, clients behind taps, faults, and at its end the verdict.

All that is left to chance comes from one seed, which stands in the output of a test that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Self, TypeVar

import httpx

from tests.servers import Person, Server, World, hang_up
from tests.system.checker import Demands, Rules, check, explain, shortfalls, unresolved
from tests.system.clients import PAGE, Actor, SdkClient, WireClient
from tests.system.history import History, Record, Stored, StoredChat, event_fields, text_hash
from tests.system.tap import Tap

A = TypeVar("A", bound=Actor)

PROOF = os.environ.get("TENFOUR_PROOF") == "1"
DEADLINE_S = 90.0
UNLIMITED = {"sends_per_s": "100000", "user_sends_per_s": "100000", "frames_per_s": "200000", "connections_per_user": "1000", "heartbeat_s": "5", "heartbeat_grace_s": "10"}
"""Settings of a server that one machine drives with more than people type."""
LINES_A_CONNECTION, LINES_A_START = 4, 20
"""What the log may say of a connection and of a start: none of it is about a message."""


class Run:
    """The clients of a test, and what they did."""

    def __init__(self, server: Server, directory: Path, seed: int) -> None:
        print(f"seed {seed}")  # noqa: T201 - pytest shows it where a test fails
        self.server = server
        self.seed = seed
        self.random = Random(seed)
        self.history = History()
        self.actors: list[Actor] = []
        self.taps: list[Tap] = []
        self.chats: set[str] = set()
        self.mark = f"canary-{uuid.uuid4().hex}"
        """Stands in every text."""
        self.starts = 1
        self.deadline_s = DEADLINE_S
        self._directory = directory
        self._count = 0
        self._changed = asyncio.Event()
        self._world: World | None = None

    # People, chats, clients

    async def people(self, *names: str) -> World:
        self._world = await self.server.world(*names)
        return self._world

    async def chat(self, *names: str, **more: Any) -> str:
        assert self._world is not None
        chat = await self._world.chat(*names, **more)
        self.chats.add(chat)
        return chat

    async def wire(self, person: Person, chats: Iterable[str], *, door: str | None = None, name: str | None = None, receive_buffer: int | None = None) -> WireClient:
        """A client of bare frames, at the door of a chat or at that of all."""
        tap = await self._tap(person, name, receive_buffer)
        return self._begin(WireClient(self.history, tap, person, dict.fromkeys(chats, 0), door=door, random=Random(self.random.random()), changed=self._changed.set))

    async def sdk(self, person: Person, chats: Iterable[str], *, name: str | None = None) -> SdkClient:
        tap = await self._tap(person, name)
        return self._begin(SdkClient(self.history, tap, person, dict.fromkeys(chats, 0), changed=self._changed.set))

    async def _tap(self, person: Person, name: str | None, receive_buffer: int | None = None) -> Tap:
        tap = await Tap(self.history, self.server, name or person.name, person.id, receive_buffer).open()
        self.taps.append(tap)
        return tap

    def _begin(self, actor: A) -> A:
        self.actors.append(actor)
        actor.start()
        return actor

    def text(self) -> str:
        self._count += 1
        return f"{self.mark} {self._count}"

    async def member(self, what: str, by: Person, chat: str, who: Person) -> None:
        """Adds or removes somebody."""
        method = {"add": "PUT", "remove": "DELETE"}[what]
        self.history.add("member", "invoke", code=what, chat=chat, subject=who.id)
        answer = await by.request(method, f"/chats/{chat}/members/{who.id}")
        assert answer.is_success, answer.text
        self.history.add("member", "ok", code=what, chat=chat, subject=who.id)

    async def post(self, person: Person, chat: str, text: str, key: str, *, by: str | None = None) -> httpx.Response:
        """Sends over HTTP."""
        of = {"client": by or f"{person.name} over HTTP", "user": person.id, "connection": f"{person.name} over HTTP {uuid.uuid4().hex}", "chat": chat, "key": key}
        self.history.add("send", "invoke", **of, hash=text_hash(text))
        answer = await person.request("POST", f"/chats/{chat}/messages", json={"text": text}, headers={"Idempotency-Key": key})
        body = answer.json()
        if answer.is_success:
            self.history.add("send", "ok", **of, seq=body["seq"], id=body["id"], duplicate=answer.status_code == httpx.codes.OK)
        else:
            self.history.add("send", "fail", **of, code=body["code"])
        return answer

    async def page(self, person: Person, chat: str, *, after: int = 0) -> list[dict[str, Any]]:
        """All events that the person may see; none where the server refuses."""
        of = {"client": f"{person.name} reads", "user": person.id, "chat": chat}
        self.history.add("page", "invoke", **of, after=after)
        found: list[dict[str, Any]] = []
        async with httpx.AsyncClient(base_url=self.server.url + "/api/v1", headers=person.headers, timeout=60) as http:
            while True:
                answer = await http.get(f"/chats/{chat}/events", params={"after": found[-1]["seq"] if found else after, "limit": PAGE})
                if not answer.is_success:
                    self.history.add("page", "fail", **of, code=answer.json()["code"])
                    return []
                items = answer.json()["items"]
                for frame in items:
                    self.history.add("row", **(of | event_fields(frame)))
                found += items
                if not items:
                    break
        self.history.add("page", "ok", **of, seq=found[-1]["seq"] if found else 0)
        return found

    # Waiting

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Returns once something holds; looks whenever a client has seen something."""
        try:
            async with asyncio.timeout(self.deadline_s):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as cause:
            standing = {each.name: (each.waiting, each.shown) for each in self.actors if each.waiting}
            raise AssertionError(f"after {self.deadline_s} s still not: {what} (seed {self.seed}; waiting {standing})") from cause

    async def answered(self) -> None:
        """Every message has a final answer."""
        await self.until(lambda: not any(each.waiting for each in self.actors), "every message is answered")

    async def level(self, actors: Iterable[Actor] | None = None) -> None:
        """Every client has been shown everything."""
        stored = read_store(self.server)
        heads = {chat: len(found.rows) for chat, found in stored.items()}
        members = {chat: members_of(found) for chat, found in stored.items()}
        behind = self.actors if actors is None else list(actors)
        await self.until(lambda: all(seq >= heads[chat] or each.person.id not in members[chat] for each in behind for chat, seq in each.shown.items()), "every client has every event")

    # Faults

    @contextlib.asynccontextmanager
    async def fault(self, name: str) -> AsyncIterator[None]:
        self.history.add("fault", "invoke", code=name)
        yield
        self.history.add("fault", "ok", code=name)

    async def on_its_way(self) -> None:
        """Returns in the moment when a message goes out."""
        goes_out = asyncio.Event()
        self.history.at_send(self.history.sends + 1, goes_out.set)
        async with asyncio.timeout(self.deadline_s):
            await goes_out.wait()

    async def kill_at(self, sends: int) -> None:
        """``kill -9`` in the moment when the so-many-th message from now goes out, and the next start on the same file."""
        killed = asyncio.Event()

        def strike() -> None:
            self.history.add("fault", "invoke", code="kill")
            self.server.kill()
            killed.set()

        self.history.at_send(self.history.sends + sends, strike)
        async with asyncio.timeout(self.deadline_s):
            await killed.wait()
        await self._start_again()
        self.history.add("fault", "ok", code="kill")

    async def kill_at_rest(self) -> None:
        """``kill -9`` once every message is answered: what comes then is known to the file only."""
        await self.answered()
        async with self.fault("kill"):
            self.server.kill()
            await self._start_again()

    async def restart(self) -> None:
        """SIGTERM, a drain, and the next start."""
        async with self.fault("restart"):
            code = await asyncio.to_thread(self.server.stop)
            assert code == 0, self.server.log
            await self._start_again()

    async def _start_again(self) -> None:
        await asyncio.to_thread(self.server.start)
        self.starts += 1

    async def pause(self, seconds: float = 1.0) -> None:
        """SIGSTOP, and after a while SIGCONT."""
        async with self.fault("pause"):
            os.kill(self.server.pid, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            os.kill(self.server.pid, signal.SIGCONT)

    async def cut(self) -> None:
        """A third of the connections go, in the middle of what they are reading."""
        async with self.fault("cut"):
            for tap in self.random.sample(self.taps, max(1, len(self.taps) // 3)):
                tap.cut_after(self.random.randrange(1, 20_000)) if self.random.random() < 0.5 else tap.cut()

    async def mute(self, seconds: float = 0.5) -> None:
        """A few clients do not read for a while."""
        async with self.fault("mute"):
            held = self.random.sample(self.taps, max(1, len(self.taps) // 10))
            for tap in held:
                tap.hold()
            await asyncio.sleep(seconds)
            for tap in held:
                tap.release()

    # The end

    async def finish(self, demands: Demands, rules: Rules | None = None, *, readers: Iterable[Person] = ()) -> Stored:
        """Waits for every answer and every event, reads everything by every door, and judges. Stops the server."""
        late = await self._come_to_rest()
        persons = {each.person.id: each.person for each in self.actors} | {each.id: each for each in readers}
        for person in persons.values():
            for chat in sorted(self.chats):
                await self.page(person, chat)
        records = list(self.history.records)
        await self.close()
        code = await asyncio.to_thread(self.server.stop)
        stored = read_store(self.server)
        self.judge(records, stored, demands, rules, late)
        assert code == 0, self.server.log
        self.check_log(persons.values())
        return stored

    async def _come_to_rest(self) -> str:
        """Nothing, or what did not happen in time: the verdict says why."""
        try:
            await self.answered()
            await self.level()
        except AssertionError as cause:
            return str(cause)
        return ""

    def judge(self, records: list[Record], stored: Stored, demands: Demands, rules: Rules | None, late: str) -> None:
        begun = time.monotonic()
        wrong = "\n".join(each for each in (late, explain(check(records, stored, rules))) if each)
        if not wrong:
            wrong = "\n".join([f"the run does not count: {each}" for each in shortfalls(records, demands)] + [f"never answered: {each}" for each in unresolved(records)[:3]])
        if wrong:
            path = self._directory / f"history-{self.seed}.jsonl"
            self.history.write(path, stored)
            raise AssertionError(f"seed {self.seed}, {len(records)} records in {path}, checked in {time.monotonic() - begun:.1f} s\n{wrong}")

    def check_log(self, persons: Iterable[Person]) -> None:
        """No text, no token, no line a delivery, no mistake of the server."""
        log = self.server.log
        connections = sum(each.connections for each in self.taps)
        assert self.mark not in log
        assert not [each.name for each in persons if each.token.rpartition(".")[2] in log]
        assert self._world is not None
        assert self._world.key not in log
        assert "Traceback" not in log, log
        lines = log.count("\n")
        assert lines <= LINES_A_CONNECTION * connections + LINES_A_START * self.starts, f"{lines} lines for {connections} connections and {self.starts} starts"

    async def close(self) -> None:
        for actor in self.actors:
            await actor.close()
        for tap in self.taps:
            await tap.close()
        hang_up()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, cause: object, trace: object) -> None:
        await self.close()


def members_of(chat: StoredChat) -> set[str]:
    """Who is in at the end."""
    found: set[str] = set()
    for row in chat.rows:
        if row.event == "member_joined":
            found.add(row.subject)
        elif row.event == "member_left":
            found.discard(row.subject)
    return found


def read_store(server: Server) -> Stored:
    """The chats as they are in the file, whatever the server says."""
    found: Stored = {}
    with closing(sqlite3.connect(f"file:{server.data / 'tenfour.db'}?mode=ro", uri=True)) as database:
        for chat, history in database.execute("SELECT id, history FROM chats"):
            found[chat] = StoredChat(history, [])
        events = database.execute(
            """SELECT events.chat, events.seq, events.kind, events."by", coalesce(messages."key", ''), coalesce(events.message_id, ''), messages.text, coalesce(events.data, '{}')
               FROM events LEFT JOIN messages ON messages.id = events.message_id ORDER BY events.chat, events.seq"""
        )
        for chat, seq, kind, by, key, message, text, data in events:
            facts = json.loads(data)
            subject = facts.get("user") or ""
            found[chat].rows.append(Record(f="stored", chat=chat, seq=seq, event=kind, by=by, key=key, id=message, hash=text_hash(text or facts.get("title")), subject=subject))
    return found
