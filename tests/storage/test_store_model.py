"""The store against a dictionary: whatever is done in whatever order, they hold the same."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tenfour.clock import ManualClock
from tenfour.domain.chat import HistoryRule
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, Seq, UserId
from tenfour.storage import directory
from tenfour.storage.directory import Progress
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import Appended, NotAppended
from tests.storage.node import Node, Outcome, expected_page, replayed
from tests.storage.template import put_new_store

T = TypeVar("T")

PROOF = os.environ.get("TENFOUR_PROOF") == "1"
PEOPLE, CHATS = st.integers(0, 3), st.integers(0, 1)
KEYS, TEXTS = st.sampled_from("abcdef"), st.sampled_from(["one", "two"])
SEQS = st.integers(0, 30)


@dataclass
class ModelChat:
    """What the store should hold of a chat."""

    history: HistoryRule
    events: list[tuple[str, UserId, str | None]] = field(default_factory=list)
    """Kind, author and text, in seq order."""
    members: dict[UserId, tuple[Seq, Seq, Seq]] = field(default_factory=dict)
    """The seqs of joining, of delivered and of read."""
    keys: dict[tuple[UserId, str], tuple[Seq, str]] = field(default_factory=dict)

    def happen(self, kind: str, by: UserId, text: str | None = None) -> Seq:
        self.events.append((kind, by, text))
        return len(self.events)

    def join(self, user: UserId) -> None:
        self.members[user] = (self.happen("member_joined", user),) * 3

    def visible(self, user: UserId) -> list[tuple[Seq, str, str | None]]:
        """Seq, kind and text of what a member may see."""
        first = self.members[user][0] if self.history is HistoryRule.FROM_JOINING else 1
        return [(seq, kind, text) for seq, (kind, _, text) in enumerate(self.events, 1) if seq >= first]


class StoreMachine(RuleBasedStateMachine):
    """A store of two chats, one of which shows its past only to who was there."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="tenfour-model-"))
        put_new_store(self.directory / "tenfour.db")
        self.clock = ManualClock()
        self.people: list[UserId] = []
        self.chats: dict[ChatId, ModelChat] = {}

    def run(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            return await awaitable

        return self.loop.run_until_complete(wait())

    def code(self, awaitable: Awaitable[object]) -> ErrorCode | None:
        try:
            self.run(awaitable)
        except TenfourError as cause:
            return cause.code
        return None

    @initialize()
    def begin(self) -> None:
        self.node = self.run(self._open())
        self.people = [self.run(self.node.person(f"person {number}")) for number in range(4)]
        for history in HistoryRule:
            chat = self.run(self.node.chat(self.people[0], history=history))
            self.chats[chat] = ModelChat(history)
            self.chats[chat].join(self.people[0])

    async def _open(self) -> Node:
        return await Node(SqliteStore(self.directory / "tenfour.db", self.clock, readers=1), self.clock).open()

    def teardown(self) -> None:
        if self.people:
            self.run(self.node.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    def at(self, place: int) -> tuple[ChatId, ModelChat]:
        return list(self.chats.items())[place]

    # Messages

    @rule(place=CHATS, wanted=st.lists(st.tuples(PEOPLE, KEYS, TEXTS), min_size=1, max_size=8))
    def say_at_once(self, place: int, wanted: list[tuple[int, str, str]]) -> None:
        """New and old keys, of members and of strangers, in one batch; decided at rights that are long gone."""
        chat, model = self.at(place)
        drafts = [Draft(chat, self.people[person], key, text) for person, key, text in wanted]

        outcomes = self.run(self.node.say_all(drafts, 0))

        for draft, outcome in zip(drafts, outcomes, strict=True):
            self._check(model, draft, outcome)

    def _check(self, model: ModelChat, draft: Draft, outcome: Outcome) -> None:
        known = model.keys.get((draft.sender, draft.key))
        if known is not None and known[1] == draft.text:
            assert isinstance(outcome, Appended)
            assert (outcome.seq, outcome.duplicate) == (known[0], True)
        elif known is not None or draft.sender not in model.members:
            assert isinstance(outcome, NotAppended)
            assert outcome.code is (ErrorCode.KEY_REUSED if known is not None else ErrorCode.NOT_A_MEMBER)
        else:
            seq = model.happen("message_sent", draft.sender, draft.text)
            model.keys[draft.sender, draft.key] = (seq, draft.text)
            assert isinstance(outcome, Appended)
            assert (outcome.seq, outcome.duplicate) == (seq, False)

    # Members

    @rule(place=CHATS, person=PEOPLE)
    def come_or_go(self, place: int, person: int) -> None:
        chat, model = self.at(place)
        user = self.people[person]
        if user not in model.members:
            self.run(self.node.join(chat, user))
            model.join(user)
            return
        is_last_owner = person == 0 and user in model.members and self.owner_stays(model)
        assert self.code(self.node.leave(chat, user)) is (ErrorCode.LAST_OWNER if is_last_owner else None)
        if not is_last_owner:
            model.happen("member_left", user)
            del model.members[user]

    def owner_stays(self, model: ModelChat) -> bool:
        """The one who made the chat owns it until they go; who comes back is a plain member."""
        went = ("member_left", self.people[0], None) in model.events
        return not went and len(model.members) > 1

    @rule(place=CHATS, person=PEOPLE, delivered=SEQS, read=SEQS)
    def note_receipt(self, place: int, person: int, delivered: int, read: int) -> None:
        chat, model = self.at(place)
        user = self.people[person]

        moved = self.run(self.node.store.change(lambda tx: directory.store_receipts(tx.connection, [(chat, Progress(user, delivered, read))], tx.now_ms)))

        if user not in model.members:
            assert moved == []
            return
        joined, was_delivered, was_read = model.members[user]
        now_read = max(was_read, min(read, len(model.events)))
        now_delivered = max(was_delivered, min(delivered, len(model.events)), now_read)
        model.members[user] = (joined, now_delivered, now_read)
        assert [(each.delivered, each.read) for each in moved] == ([(now_delivered, now_read)] if (now_delivered, now_read) != (was_delivered, was_read) else [])

    # Reads

    @rule(place=CHATS, person=PEOPLE, way=st.sampled_from(["newest", "before", "after", "around"]), seq=SEQS, limit=st.integers(1, 6))
    def read_a_page(self, place: int, person: int, way: str, seq: int, limit: int) -> None:
        chat, model = self.at(place)
        user = self.people[person]
        position = {} if way == "newest" else {way: seq}
        if user not in model.members:
            assert self.code(self.node.history(chat, user, **position)) is ErrorCode.NOT_A_MEMBER
            return

        page = self.run(self.node.history(chat, user, limit=limit, **position))

        said = [(each, text) for each, kind, text in model.visible(user) if kind == "message_sent"]
        assert ([(each.seq, each.text) for each in page.items], page.has_before, page.has_after) == expected_page(said, way, seq, limit)

    @rule(place=CHATS, person=PEOPLE, after=SEQS, limit=st.integers(1, 8))
    def replay_to_the_end(self, place: int, person: int, after: int, limit: int) -> None:
        chat, model = self.at(place)
        user = self.people[person]
        told: list[tuple[Seq, str]] = []
        cursor = after
        while True:
            page = self.run(self.node.replay(user, {chat: cursor}, limit=limit))[chat]
            if user not in model.members:
                assert page.member is None
                return
            told += replayed(page)
            if after >= len(model.events) or page.cursor == len(model.events):
                break
            assert page.cursor > cursor
            cursor = page.cursor

        assert told == [(seq, kind) for seq, kind, _ in model.visible(user) if seq > after]
        assert set(page.members or ()) == set(model.members)

    # The whole

    @rule()
    def restart(self) -> None:
        epoch = self.node.store.epoch
        self.run(self.node.close())
        self.clock.advance(1)
        self.node = self.run(self._open())
        assert self.node.store.epoch == epoch

    @invariant()
    def holds_the_same(self) -> None:
        for chat, model in self.chats.items():
            events = self.run(self.node.events(chat))
            assert [(event.kind.value, event.by, event.message.text if event.message is not None else None) for event in events] == model.events
            progress = self.run(self.node.store.read(lambda connection, chat=chat: directory.list_progress(connection, chat, after=None, limit=10)))
            assert {each.user: (each.delivered, each.read) for each in progress} == {user: seqs[1:] for user, seqs in model.members.items()}


TestStore = pytest.mark.slow(StoreMachine.TestCase)
TestStore.settings = settings(max_examples=400 if PROOF else 30, stateful_step_count=25, deadline=None)
