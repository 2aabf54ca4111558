"""The order of one chat on one node, whatever the broker does to its bells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tenfour.gateway.room import HELD_MAX, Heal, Pass, Room, RoomEffect
from tenfour.ids import ChatId
from tenfour.wire.batch import ChatEvents

CHAT = ChatId("01890a5d-ac96-774b-bcce-b302099a8057")


def bell(first: int, last: int) -> ChatEvents:
    return ChatEvents(CHAT, first, [str(seq).encode() for seq in range(first, last + 1)], [])


def passed(effects: Iterable[RoomEffect]) -> list[int]:
    return [int(payload) for effect in effects if isinstance(effect, Pass) for payload in effect.events.payloads]


class Node:
    """A room with a store behind it that can be read whenever the room asks."""

    def __init__(self, opened_at: int) -> None:
        self.room = Room()
        self.seen: list[int] = []
        self.head = opened_at
        self.carry_out(self.room.opened(opened_at))

    def carry_out(self, effects: Sequence[RoomEffect]) -> None:
        for effect in effects:
            if isinstance(effect, Pass):
                self.seen += [int(payload) for payload in effect.events.payloads]
            elif self.head > effect.after:
                self.carry_out(self.room.healed(bell(effect.after + 1, self.head)))
            else:
                self.room.gave_up()

    def hears(self, events: ChatEvents) -> None:
        self.head = max(self.head, events.last_seq)  # what rings was committed before
        self.carry_out(self.room.heard(events))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[ChatEvents], int]:
    """Commits of a chat, cut into bells of any size."""
    bells: list[ChatEvents] = []
    last = opened_at = draw(st.integers(0, 20))
    for size in draw(st.lists(st.integers(1, 5), min_size=1, max_size=12)):
        bells.append(bell(last + 1, last + size))
        last += size
    return bells, opened_at


@given(history=histories(), data=st.data())
def test_events_come_once_and_in_order_however_bells_are_lost_doubled_and_reordered(history: tuple[list[ChatEvents], int], data: st.DataObject) -> None:
    bells, opened_at = history
    node = Node(opened_at)

    for place in data.draw(st.lists(st.integers(0, len(bells) - 1), max_size=40)):
        node.hears(bells[place])
    node.head = bells[-1].last_seq
    node.carry_out(node.room.saw_head(node.head))

    assert node.seen == list(range(opened_at + 1, node.head + 1))


@given(history=histories(), data=st.data())
def test_what_rings_before_the_head_is_known_is_neither_lost_nor_doubled(history: tuple[list[ChatEvents], int], data: st.DataObject) -> None:
    bells, opened_at = history
    head = data.draw(st.integers(opened_at, bells[-1].last_seq))
    room = Room()

    before = [effect for each in bells for effect in room.heard(each)]
    effects = room.opened(head)

    assert before == []
    assert passed(effects) == list(range(head + 1, bells[-1].last_seq + 1))


def test_a_gap_is_asked_for_once_until_it_is_healed() -> None:
    room = Room()
    room.opened(4)

    first = room.heard(bell(7, 7))
    second = room.heard(bell(8, 8))
    healed = room.healed(bell(5, 6))

    assert first == [Heal(4)]
    assert second == []
    assert passed(healed) == [5, 6, 7, 8]


def test_a_heal_that_brought_less_than_the_gap_is_followed_by_the_next() -> None:
    room = Room()
    room.opened(0)
    room.heard(bell(10, 10))

    effects = room.healed(bell(1, 5))

    assert passed(effects) == [1, 2, 3, 4, 5]
    assert effects[-1] == Heal(5)


def test_a_store_that_cannot_answer_is_asked_again_at_the_next_bell_and_not_at_once() -> None:
    room = Room()
    room.opened(0)
    room.heard(bell(3, 3))

    room.gave_up()
    effects = room.heard(bell(4, 4))

    assert effects == [Heal(0)]
    assert passed(room.healed(bell(1, 2))) == [1, 2, 3, 4]


def test_a_lost_last_bell_is_found_by_the_head() -> None:
    room = Room()
    room.opened(5)

    effects = room.saw_head(7)

    assert effects == [Heal(5)]
    assert passed(room.healed(bell(6, 7))) == [6, 7]
    assert room.saw_head(7) == []


def test_no_more_bells_are_held_than_fit_and_the_heal_brings_the_others() -> None:
    room = Room()
    room.opened(0)
    last = HELD_MAX + 50
    for seq in range(2, last + 1):
        room.heard(bell(seq, seq))

    effects = room.healed(bell(1, last))

    assert passed(effects) == list(range(1, last + 1))


def test_bells_that_found_no_place_before_the_head_was_known_are_read_from_the_store() -> None:
    room = Room()
    last = HELD_MAX + 50
    for seq in range(1, last + 1):
        room.heard(bell(seq, seq))

    effects = room.opened(HELD_MAX)

    assert effects == [Heal(HELD_MAX)]
    assert passed(room.healed(bell(HELD_MAX + 1, last))) == list(range(HELD_MAX + 1, last + 1))
    assert room.saw_head(last) == []


def test_bells_that_found_no_place_during_a_heal_are_read_by_the_next() -> None:
    room = Room()
    room.opened(0)
    last = HELD_MAX + 50
    for seq in range(2, last + 1):
        room.heard(bell(seq, seq))

    effects = room.healed(bell(1, 1))

    assert passed(effects) == list(range(1, HELD_MAX + 2))
    assert effects[-1] == Heal(HELD_MAX + 1)
    assert passed(room.healed(bell(HELD_MAX + 2, last - 10))) == list(range(HELD_MAX + 2, last - 9))
    assert passed(room.healed(bell(last - 9, last))) == list(range(last - 9, last + 1))
