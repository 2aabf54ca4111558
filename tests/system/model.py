"""A server without faults and its clients, as a model that writes the history they would make. Seeded."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.system.history import Record, Stored, StoredChat, text_hash


@dataclass(slots=True)
class ModelClient:
    name: str
    user: str
    connections: int = 0
    is_open: bool = False
    live: set[str] = field(default_factory=set)
    positions: dict[str, int] = field(default_factory=dict)
    unacked: list[tuple[str, str, str]] = field(default_factory=list)
    """Chat, key and text of what was sent without an answer."""

    @property
    def connection(self) -> str:
        return f"{self.name}/{self.connections}"


class Model:
    """Two chats (one of them with the history of those who were there only), four users with a client each, a stranger."""

    def __init__(self, seed: int, steps: int = 120) -> None:
        self.random = Random(seed)
        self.records: list[Record] = []
        self.stored: Stored = {"open": StoredChat("all", []), "late": StoredChat("from_joining", [])}
        self.members: dict[str, dict[str, int]] = {chat: {} for chat in self.stored}
        self.known: dict[tuple[str, str, str], Record] = {}
        self.clients = [ModelClient(name, f"u-{name}") for name in ("ada", "bob", "cyd", "dee")]
        self.stranger = ModelClient("eve", "u-eve")
        self.count = 0
        for chat in self.stored:
            for client in self.clients:
                self.join(chat, client.user)
        for client in (*self.clients, self.stranger):
            self.connect(client)
        choices = [self.say, self.say, self.say, self.pipeline, self.cut, self.connect_one, self.refused, self.retry, self.read, self.come_and_go]
        for _ in range(steps):
            self.random.choice(choices)()
        for client in self.clients:
            self.connect(client)
        for client in self.clients:
            for chat in self.chats_of(client):
                self.page(client, chat)

    def note(self, f: str, kind: str = "", **fields: Any) -> Record:
        self.records.append(Record(f=f, kind=kind, **fields))
        return self.records[-1]

    def of(self, client: ModelClient) -> dict[str, str]:
        return {"client": client.name, "user": client.user, "connection": client.connection}

    def chats_of(self, client: ModelClient) -> list[str]:
        return [chat for chat, members in self.members.items() if client.user in members]

    # The server

    def commit(self, chat: str, event: str, by: str, **fields: Any) -> Record:
        """Stores an event and shows it to every live connection."""
        rows = self.stored[chat].rows
        row = Record(f="stored", chat=chat, seq=len(rows) + 1, event=event, by=by, **fields)
        rows.append(row)
        for client in self.clients:
            if chat in client.live:
                self.show(client, row)
        return row

    def show(self, client: ModelClient, row: Record) -> None:
        fields = {"chat": row.chat, "seq": row.seq, "event": row.event, "by": row.by, "key": row.key, "id": row.id, "hash": row.hash, "subject": row.subject}
        self.note("recv", **self.of(client), **fields)
        self.note("shown", client=client.name, user=client.user, chat=row.chat, seq=row.seq)
        client.positions[row.chat] = row.seq or 0

    def store_message(self, client: ModelClient, chat: str, key: str, text: str) -> tuple[Record, bool]:
        known = self.known.get((chat, client.user, key))
        if known is not None:
            return known, True
        self.count += 1
        row = self.known[chat, client.user, key] = self.commit(chat, "message_sent", client.user, key=key, id=f"m{self.count}", hash=text_hash(text))
        return row, False

    def answer(self, client: ModelClient, chat: str, key: str, text: str) -> None:
        if client.user not in self.members[chat]:
            self.note("send", "fail", **self.of(client), chat=chat, key=key, code="not_a_member")
            return
        row, duplicate = self.store_message(client, chat, key, text)
        self.note("send", "ok", **self.of(client), chat=chat, key=key, seq=row.seq, id=row.id, duplicate=duplicate)
        self.note("state", client=client.name, code="sent", chat=chat, key=key)

    def join(self, chat: str, user: str) -> None:
        row = self.commit(chat, "member_joined", "u-ada", subject=user)
        self.members[chat][user] = row.seq or 0

    # What clients do

    def invoke(self, client: ModelClient, chat: str) -> tuple[str, str]:
        self.count += 1
        key, text = f"k{self.count}", f"text {self.count}"
        self.note("send", "invoke", **self.of(client), chat=chat, key=key, hash=text_hash(text))
        return key, text

    def some_client(self) -> ModelClient | None:
        return self.random.choice([each for each in self.clients if each.is_open and each.live] or [None])

    def say(self) -> None:
        client = self.some_client()
        if client is not None:
            chat = self.random.choice(sorted(client.live))
            self.answer(client, chat, *self.invoke(client, chat))

    def pipeline(self) -> None:
        client = self.some_client()
        if client is not None:
            chat = self.random.choice(sorted(client.live))
            for key, text in [self.invoke(client, chat) for _ in range(3)]:
                self.answer(client, chat, key, text)

    def refused(self) -> None:
        client = self.some_client()
        if client is not None:
            chat = self.random.choice(sorted(client.live))
            key, _ = self.invoke(client, chat)
            self.note("send", "fail", **self.of(client), chat=chat, key=key, code="text_empty")

    def retry(self) -> None:
        """The ack of a known key once more."""
        client = self.some_client()
        mine = [row for row in self.known.values() if client is not None and row.by == client.user and row.chat in client.live]
        if client is not None and mine:
            row = self.random.choice(mine)
            self.note("send", "invoke", **self.of(client), chat=row.chat, key=row.key, hash=row.hash)
            self.note("send", "ok", **self.of(client), chat=row.chat, key=row.key, seq=row.seq, id=row.id, duplicate=True)

    def cut(self) -> None:
        """The connection goes while a message is on its way: it is stored, or it is not."""
        client = self.some_client()
        if client is None:
            return
        chat = self.random.choice(sorted(client.live))
        key, text = self.invoke(client, chat)
        client.unacked.append((chat, key, text))
        client.is_open, client.live = False, set()
        if self.random.random() < 0.5:
            self.store_message(client, chat, key, text)
        self.note("end", **self.of(client), code="1006")

    def connect_one(self) -> None:
        self.connect(self.random.choice(self.clients))

    def connect(self, client: ModelClient) -> None:
        if client.is_open:
            return
        client.connections += 1
        client.is_open = True
        self.note("welcome", **self.of(client))
        self.note("state", client=client.name, code="connected")
        for chat in self.chats_of(client):
            self.subscribe(client, chat)
        for chat, key, text in client.unacked:
            self.note("send", "invoke", **self.of(client), chat=chat, key=key, hash=text_hash(text))
            self.answer(client, chat, key, text)
        client.unacked.clear()

    def subscribe(self, client: ModelClient, chat: str) -> None:
        after = client.positions.get(chat, 0)
        self.note("subscribe", **self.of(client), chat=chat, after=after)
        rows = self.stored[chat].rows
        floor = self.members[chat][client.user] if self.stored[chat].history == "from_joining" else 1
        for row in rows[max(after, floor - 1) :]:
            self.show(client, row)
        self.note("synced", **self.of(client), chat=chat, seq=len(rows))
        client.live.add(chat)

    def read(self) -> None:
        client = self.some_client()
        if client is not None:
            self.page(client, self.random.choice(sorted(client.live)))

    def page(self, client: ModelClient, chat: str) -> None:
        place = {"client": client.name, "user": client.user, "chat": chat}
        self.note("page", "invoke", **place, after=0)
        floor = self.members[chat][client.user] if self.stored[chat].history == "from_joining" else 1
        for row in self.stored[chat].rows[floor - 1 :]:
            self.note("row", **place, seq=row.seq, event=row.event, by=row.by, key=row.key, id=row.id, hash=row.hash, subject=row.subject)
        self.note("page", "ok", **place, seq=len(self.stored[chat].rows))

    def come_and_go(self) -> None:
        """Somebody is taken out, or comes in again."""
        chat = self.random.choice(sorted(self.stored))
        client = self.random.choice(self.clients[1:])
        if client.user in self.members[chat]:
            self.note("member", "invoke", code="remove", chat=chat, subject=client.user)
            self.commit(chat, "member_left", "u-ada", subject=client.user)
            del self.members[chat][client.user]
            client.live.discard(chat)
            self.note("member", "ok", code="remove", chat=chat, subject=client.user)
            return
        self.note("member", "invoke", code="add", chat=chat, subject=client.user)
        self.join(chat, client.user)
        self.note("member", "ok", code="add", chat=chat, subject=client.user)
        if client.is_open:
            self.subscribe(client, chat)
