"""What waits for the writer: bounded, fair between chats, in order within each."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tenfour.domain.message import Draft
from tenfour.ids import ChatId, MessageId, UserId
from tenfour.storage.backlog import BATCH_CHARS, BATCH_MESSAGES, MESSAGE_CHARS, WAITING_CHARS_MAX, WAITING_PER_SENDER_MAX, Backlog
from tenfour.storage.store import Append

CHATS = [ChatId(f"chat-{number}") for number in range(8)]
SENDERS = [UserId(f"user-{number}") for number in range(6)]
TEXTS = ["x", "x" * 1_000, "x" * 16_000, "x" * 200_000]


def append(chat: ChatId, sender: UserId, text: str = "x", key: str = "k") -> Append:
    return Append(Draft(chat, sender, key, text), MessageId("m"), 0, lambda outcome: None)


def weight(append: Append) -> int:
    return len(append.draft.text) + MESSAGE_CHARS


class BacklogMachine(RuleBasedStateMachine):
    """The backlog against one queue for each chat."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog()
        self.waiting: dict[ChatId, deque[Append]] = {}
        self.chars = 0
        self.senders: Counter[UserId] = Counter()

    @rule(chat=st.sampled_from(CHATS), sender=st.sampled_from(SENDERS), text=st.sampled_from(TEXTS), count=st.sampled_from([1, 2, 40, 700]))
    def add(self, chat: ChatId, sender: UserId, text: str, count: int) -> None:
        for _ in range(count):
            more = append(chat, sender, text)
            fits = self.senders[sender] < WAITING_PER_SENDER_MAX and self.chars + weight(more) <= WAITING_CHARS_MAX
            assert self.backlog.add(more) == fits
            if fits:
                self.waiting.setdefault(chat, deque()).append(more)
                self.senders[sender] += 1
                self.chars += weight(more)

    @rule()
    def take(self) -> None:
        batch = self.backlog.take()

        self._remove(batch)
        assert bool(batch) or not self.waiting
        assert len(batch) <= BATCH_MESSAGES
        assert sum(map(weight, batch[:-1])) < BATCH_CHARS
        if self.waiting:
            assert len(batch) == BATCH_MESSAGES or sum(map(weight, batch)) >= BATCH_CHARS
        taken = Counter(each.draft.chat for each in batch)
        assert all(most <= taken[left] + 1 for most in taken.values() for left in self.waiting), "a chat that still waits had its turn in every round"

    @rule()
    def take_all(self) -> None:
        self._remove(self.backlog.take_all())

        assert not self.waiting

    def _remove(self, batch: list[Append]) -> None:
        """Each is the oldest of its chat."""
        for each in batch:
            chat = each.draft.chat
            assert self.waiting[chat].popleft() is each
            if not self.waiting[chat]:
                del self.waiting[chat]
            self.senders[each.draft.sender] -= 1
            self.chars -= weight(each)

    @invariant()
    def counts(self) -> None:
        assert len(self.backlog) == sum(map(len, self.waiting.values()))
        assert bool(self.backlog) == bool(self.waiting)


TestBacklog = BacklogMachine.TestCase
TestBacklog.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_a_chat_that_comes_late_is_in_the_next_batch_however_long_the_others_are() -> None:
    backlog = Backlog()
    for number in range(5 * BATCH_MESSAGES):
        backlog.add(append(CHATS[0], UserId(f"user-{number % 20}")))
    backlog.take()
    late = append(CHATS[1], SENDERS[0])

    backlog.add(late)

    assert backlog.take().index(late) <= 1


def test_one_message_larger_than_a_batch_still_goes() -> None:
    backlog = Backlog()
    large = append(CHATS[0], SENDERS[0], "x" * (BATCH_CHARS + 1))
    backlog.add(large)
    backlog.add(append(CHATS[0], SENDERS[0]))

    assert backlog.take() == [large]
