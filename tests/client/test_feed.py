from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tenfour.client.feed import Feed, HistoryReplaced, Page
from tenfour.ids import ChatId
from tenfour.wire.frames import OtherEvent

CHAT = ChatId("chat")


def event(seq: int) -> OtherEvent:
    return OtherEvent("something", CHAT, seq)


def drain(feed: Feed) -> list[int]:
    return [item.seq for item in iter(feed.pop, None)]


def test_a_listener_from_now_on_begins_with_the_first_event_that_comes() -> None:
    feed = Feed()
    feed.begin(CHAT, None, None)

    feed.offer(event(7), "e")
    feed.offer(event(8), "e")

    assert drain(feed) == [7, 8]
    assert feed.behind() is None


def test_what_finds_no_room_is_read_from_the_history() -> None:
    feed = Feed(room=2)
    feed.begin(CHAT, 0, "e")
    for seq in range(1, 6):
        feed.offer(event(seq), "e")

    queued, behind = drain(feed), feed.behind()
    feed.read(CHAT, 2, 5, Page([event(3), event(4), event(5)], "e"))

    assert (queued, behind) == ([1, 2], (CHAT, 2, 5))
    assert (drain(feed), feed.behind()) == ([3, 4, 5], None)


def test_a_late_listener_reads_what_was_before_it() -> None:
    feed = Feed()
    feed.begin(CHAT, 0, None)

    feed.reached(CHAT, 3, "e")

    assert feed.behind() == (CHAT, 0, 3)


def test_what_the_history_does_not_show_is_not_waited_for() -> None:
    feed = Feed()
    feed.begin(CHAT, 0, "e")
    feed.reached(CHAT, 3, "e")

    feed.read(CHAT, 0, 3, Page([], "e"))

    assert (feed.behind(), drain(feed)) == (None, [])


def test_a_page_that_comes_too_late_is_dropped() -> None:
    feed = Feed()
    feed.begin(CHAT, 0, "e")
    feed.reached(CHAT, 1, "e")
    feed.offer(event(1), "e")

    assert not feed.read(CHAT, 0, 1, Page([event(1)], "e"))
    assert drain(feed) == [1]


def test_a_page_of_another_history_is_dropped() -> None:
    feed = Feed()
    feed.begin(CHAT, 0, "e")
    feed.reached(CHAT, 1, "e")

    assert not feed.read(CHAT, 0, 1, Page([event(1)], "new"))
    assert feed.behind() == (CHAT, 0, 1)


def test_another_history_is_told_once_after_what_was_there_and_read_from_its_beginning() -> None:
    feed = Feed()
    feed.begin(CHAT, 1, "e")
    feed.offer(event(2), "e")

    feed.replaced(CHAT, 2, "new")
    feed.reached(CHAT, 2, "new")
    feed.offer(event(3), "new")

    assert [feed.pop(), feed.pop(), feed.pop()] == [event(2), HistoryReplaced(CHAT, "new"), None]
    assert feed.behind() == (CHAT, 0, 3)


def test_a_listener_that_knows_the_new_history_already_is_told_nothing() -> None:
    feed = Feed()
    feed.begin(CHAT, 2, "new")

    feed.replaced(CHAT, 3, "new")

    assert (feed.pop(), feed.behind()) == (None, (CHAT, 2, 3))


def test_a_listener_with_a_position_beyond_the_head_is_told_of_another_history() -> None:
    feed = Feed()
    feed.begin(CHAT, 9, "e")

    feed.replaced(CHAT, 3, "e")

    assert (feed.pop(), feed.behind()) == (HistoryReplaced(CHAT, "e"), (CHAT, 0, 3))


class Listening(RuleBasedStateMachine):
    """A history that grows, a listener that takes what it likes, and a line that may leave events out."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed(room=3)
        self.feed.begin(CHAT, 0, "e")
        self.head = 0
        self.taken: list[int] = []

    @rule(count=st.integers(1, 5), heard=st.booleans())
    def grow(self, count: int, heard: bool) -> None:  # noqa: FBT001
        for _ in range(count):
            self.head += 1
            if heard:
                self.feed.offer(event(self.head), "e")
        if not heard:
            self.feed.reached(CHAT, self.head, "e")

    @rule(size=st.integers(1, 4))
    def take(self, size: int) -> None:
        item = self.feed.pop()
        if item is not None:
            self.taken.append(item.seq)
        elif (behind := self.feed.behind()) is not None:
            _, after, known = behind
            self.feed.read(CHAT, after, known, Page([event(seq) for seq in range(after + 1, min(self.head, after + size) + 1)], "e"))

    @invariant()
    def events_come_once_and_in_order(self) -> None:
        assert self.taken == list(range(1, len(self.taken) + 1))

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.feed) <= 4

    def teardown(self) -> None:
        for _ in range(3 * self.head + 3):
            self.take(size=4)
        assert self.taken == list(range(1, self.head + 1))


TestListening = Listening.TestCase
TestListening.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
