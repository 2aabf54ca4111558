from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tenfour.client.outbox import BURST_S, MESSAGES_MAX, Entry, Outbox
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId

A, B = ChatId("a"), ChatId("b")


def outbox(*keys: str, chat: ChatId = A) -> Outbox:
    made = Outbox()
    made.connected(1_000.0, 0.0)
    for key in keys:
        made.add(Entry(chat, key, f"text of {key}"))
    return made


def keys(entries: Iterable[Entry]) -> list[str]:
    return [entry.key for entry in entries]


def anywhere(chat: ChatId) -> bool:
    return True


def test_messages_go_out_in_the_order_of_writing_and_only_once() -> None:
    box = outbox("1", "2", "3")

    assert keys(box.take(0.0, anywhere)) == ["1", "2", "3"]
    assert box.take(0.0, anywhere) == []


def test_chats_take_turns() -> None:
    box = outbox("a1", "a2")
    for key in ("b1", "b2"):
        box.add(Entry(B, key, "text"))

    assert keys(box.take(0.0, anywhere)) == ["a1", "b1", "a2", "b2"]


def test_no_more_than_the_limit_are_on_their_way_in_a_chat() -> None:
    box = outbox(*"123456")
    box.in_flight_max = 2

    first = keys(box.take(0.0, anywhere))
    box.answered(A, "1")
    then = keys(box.take(0.0, anywhere))

    assert (first, then) == (["1", "2"], ["3"])


def test_a_chat_that_may_not_send_yet_waits_and_the_others_do_not() -> None:
    box = outbox("a1")
    box.add(Entry(B, "b1", "text"))

    assert keys(box.take(0.0, lambda chat: chat == B)) == ["b1"]
    assert keys(box.take(0.0, anywhere)) == ["a1"]


def test_what_is_not_answered_when_the_line_is_cut_is_sent_again_from_the_oldest() -> None:
    box = outbox("1", "2", "3")
    box.take(0.0, anywhere)
    box.answered(A, "2")

    box.disconnected()
    box.add(Entry(A, "4", "text"))

    assert keys(box.take(0.0, anywhere)) == ["1", "3", "4"]


def test_a_refusal_that_may_be_repeated_holds_the_chat_and_begins_with_the_oldest() -> None:
    box = outbox("1", "2", "3")
    box.add(Entry(B, "b1", "text"))
    box.take(0.0, anywhere)
    box.answered(A, "1")

    box.hold(A, "2", 5.0)
    box.add(Entry(A, "4", "text"))
    box.add(Entry(B, "b2", "text"))
    meanwhile, due = keys(box.take(4.9, anywhere)), box.next_at(anywhere)
    then = keys(box.take(5.0, anywhere))

    assert (meanwhile, due, then) == (["b2"], 5.0, ["2", "3", "4"])


def test_later_refusals_of_the_same_round_lengthen_the_wait_and_change_no_order() -> None:
    box = outbox("1", "2", "3")
    box.take(0.0, anywhere)

    for key, until_s in (("1", 5.0), ("2", 7.0), ("3", 6.0)):
        box.hold(A, key, until_s)

    assert box.take(6.9, anywhere) == []
    assert keys(box.take(7.0, anywhere)) == ["1", "2", "3"]


def test_a_late_refusal_of_what_was_acked_meanwhile_holds_nothing() -> None:
    box = outbox("1", "2")
    box.take(0.0, anywhere)
    box.answered(A, "1")

    box.hold(A, "1", 100.0)
    box.add(Entry(A, "3", "text"))

    assert keys(box.take(0.0, anywhere)) == ["3"]


def test_a_cut_ends_the_hold() -> None:
    box = outbox("1")
    box.take(0.0, anywhere)
    box.hold(A, "1", 100.0)

    box.disconnected()

    assert keys(box.take(1.0, anywhere)) == ["1"]


def test_no_more_go_out_than_the_server_takes_from_one_connection() -> None:
    box = outbox(*map(str, range(100)))
    box.in_flight_max = 1_000
    box.connected(20.0, 0.0)

    burst = box.take(0.0, anywhere)
    due = box.next_at(anywhere)
    second = box.take(1.0, anywhere)

    assert len(burst) == 20 * BURST_S
    assert due == pytest.approx(0.05)
    assert len(second) == 20


def test_only_what_was_never_written_can_be_taken_back() -> None:
    box = outbox("1", "2")
    box.in_flight_max = 1
    box.take(0.0, anywhere)
    box.disconnected()

    assert not box.withdraw(A, "1")
    assert box.withdraw(A, "2")
    assert not box.withdraw(A, "2")
    assert keys(box) == ["1"]


def test_it_holds_so_many_messages_and_no_more() -> None:
    box = outbox(*map(str, range(MESSAGES_MAX)))

    with pytest.raises(TenfourError) as caught:
        box.add(Entry(B, "one more", "text"))

    assert caught.value.code is ErrorCode.BUSY


def test_what_was_given_up_is_handed_over_in_order() -> None:
    box = outbox("1", "2", "3")
    box.in_flight_max = 2
    box.take(0.0, anywhere)

    left = box.clear()

    assert (keys(left), len(box)) == (["1", "2", "3"], 0)


class Delivery(RuleBasedStateMachine):
    """A server that decides in order and refuses after a refusal (G9), over a line that is cut at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Outbox(in_flight_max=3)
        self.now = 0.0
        self.box.connected(10.0, self.now)
        self.written: list[Entry] = []
        self.answers: list[tuple[str, str]] = []
        self.stored: list[str] = []
        self.blocked: str | None = None
        self.made = 0

    @rule(count=st.integers(1, 6))
    def write(self, count: int) -> None:
        for _ in range(count):
            self.box.add(Entry(A, str(self.made), "text"))
            self.made += 1

    @rule()
    def send(self) -> None:
        self.written += self.box.take(self.now, anywhere)

    @rule(seconds=st.floats(0.01, 3.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.written)
    @rule(refuses=st.booleans())
    def decide(self, refuses: bool) -> None:  # noqa: FBT001
        key = self.written.pop(0).key
        if key == self.blocked:
            self.blocked = None
        if key in self.stored:
            self.answers.append(("ack", key))
        elif self.blocked is not None or refuses:
            self.blocked = self.blocked or key
            self.answers.append(("busy", key))
        else:
            self.stored.append(key)
            self.answers.append(("ack", key))

    @precondition(lambda self: self.answers)
    @rule()
    def hear(self) -> None:
        answer, key = self.answers.pop(0)
        if answer == "ack":
            self.box.answered(A, key)
        else:
            self.box.hold(A, key, self.now + 1.0)

    @rule()
    def cut(self) -> None:
        self.written, self.answers, self.blocked = [], [], None
        self.box.disconnected()
        self.box.connected(10.0, self.now)

    @invariant()
    def every_message_is_stored_once_and_in_order(self) -> None:
        assert self.stored == [str(number) for number in range(len(self.stored))]

    @invariant()
    def nothing_that_is_not_stored_is_forgotten(self) -> None:
        assert {str(number) for number in range(self.made)} - set(self.stored) <= set(keys(self.box))

    def teardown(self) -> None:
        """With a server that takes everything, everything is stored."""
        for _ in range(20 * (self.made + len(self.written) + len(self.answers) + 1)):
            self.now += 1.0
            self.send()
            if self.written:
                self.decide(refuses=False)
            if self.answers:
                self.hear()
        assert len(self.stored) == self.made
        assert len(self.box) == 0


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
