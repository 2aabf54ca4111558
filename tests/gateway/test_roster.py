"""Who is online on which node: nodes that lose signs agree again after one round of them, and forget who is silent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenfour.broker.broker import PresenceNotice, RosterPart
from tenfour.gateway import roster
from tenfour.gateway.roster import GONE_S, Roster, Rosters
from tenfour.ids import UserId

USERS = [UserId(f"user {number}") for number in range(4)]
NODES = ["one", "two", "three"]

Step = tuple[int, int, bool, frozenset[int]]
"""Node, user, whether it comes, and who does not hear of it."""
steps = st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans(), st.frozensets(st.integers(0, 2)))


class Watcher:
    """Somebody who is told of changes alone."""

    def __init__(self, rosters: Rosters) -> None:
        self.rosters = rosters
        self.online: set[UserId] = set()

    def look(self) -> set[UserId]:
        for user, since in self.rosters.changed.items():
            (self.online.discard if since is None else self.online.add)(user)
        self.rosters.changed = {}
        return self.online


def play(rosters: list[Rosters], done: list[Step]) -> None:
    for at, (node, user, comes, deaf) in enumerate(done):
        notice = PresenceNotice(USERS[user], comes, at + 1, NODES[node])
        for number, each in enumerate(rosters):
            if number == node or number not in deaf:
                each.heard(notice, 0.0)


def tell_everybody(rosters: list[Rosters], now_s: float = 0.0) -> int:
    """One round in which nothing gets lost; how many lists had to be told."""
    told = 0
    for speaker in rosters:
        others = [each for each in rosters if each is not speaker]
        if all(each.is_complete(speaker.own.alive(speaker.node), now_s) for each in others):
            continue
        told += 1
        for part in speaker.own.parts(speaker.node):
            for each in rosters:
                each.take(part, now_s)
    return told


@given(st.lists(steps, max_size=30))
def test_after_lost_signs_one_round_makes_all_nodes_agree(done: list[Step]) -> None:
    rosters = [Rosters(node) for node in NODES]
    watchers = [Watcher(each) for each in rosters]

    play(rosters, done)
    tell_everybody(rosters)

    online = {user for each in rosters for user in each.own.since}
    assert [{user for user in USERS if each.since(user) is not None} for each in rosters] == [online] * 3
    assert [each.look() for each in watchers] == [online] * 3
    assert tell_everybody(rosters) == 0


@given(st.lists(steps, max_size=30))
def test_the_checksum_is_that_of_the_users_however_they_came(done: list[Step]) -> None:
    rosters = [Rosters(node) for node in NODES]

    play(rosters, done)

    assert [each.own.checksum for each in rosters] == [Roster(each.own.since).checksum for each in rosters]


def test_who_is_online_on_two_nodes_is_offline_when_gone_from_both() -> None:
    here = Rosters("one")
    ann = USERS[0]
    here.heard(PresenceNotice(ann, True, 5, "one"), 0.0)
    here.heard(PresenceNotice(ann, True, 3, "two"), 0.0)
    since = here.since(ann)
    here.changed.clear()

    here.heard(PresenceNotice(ann, False, 9, "one"), 0.0)
    still = dict(here.changed)
    here.heard(PresenceNotice(ann, False, 9, "two"), 0.0)

    assert since == 3
    assert still == {}
    assert here.changed == {ann: None}


def test_the_users_of_a_node_that_is_silent_for_long_enough_are_offline() -> None:
    here = Rosters("one")
    ann, ben, cat = USERS[:3]
    here.heard(PresenceNotice(ann, True, 1, "two"), 0.0)
    here.heard(PresenceNotice(ben, True, 1, "two"), 0.0)
    here.heard(PresenceNotice(ben, True, 1, "one"), 0.0)
    here.heard(PresenceNotice(cat, True, 1, "three"), 10.0)
    here.changed.clear()

    early = here.forget_silent(GONE_S - 0.1)
    gone = here.forget_silent(GONE_S)

    assert (early, gone) == ([], ["two"])
    assert here.changed == {ann: None}
    assert here.since(cat) == 1


def test_a_node_that_was_taken_for_gone_is_asked_for_its_list_when_it_speaks_again() -> None:
    here, there = Rosters("one"), Rosters("two")
    there.heard(PresenceNotice(USERS[0], True, 1, "two"), 0.0)
    here.heard(PresenceNotice(USERS[0], True, 1, "two"), 0.0)
    here.forget_silent(GONE_S)

    told = tell_everybody([here, there], GONE_S + 1)

    assert told == 1
    assert here.since(USERS[0]) == 1


def test_a_list_counts_when_all_its_pieces_are_there_in_whatever_order() -> None:
    everybody = Roster({UserId(f"user {number}"): number for number in range(roster.PART_USERS * 2 + 1)})
    first, second, third = everybody.parts("two")
    here = Rosters("one")

    for piece in (third, first, first):
        here.take(piece, 0.0)
    before = here.since(UserId("user 0"))
    here.take(second, 0.0)

    assert before is None
    assert here.since(UserId("user 0")) == 0
    assert here.is_complete(everybody.alive("two"), 0.0)


def test_pieces_of_two_lists_are_not_mixed() -> None:
    here = Rosters("one")
    ann, ben, cat = USERS[:3]
    here.take(RosterPart("two", 1, 0, 2, {ann: 1}), 0.0)
    here.take(RosterPart("two", 2, 1, 2, {ben: 1}), 0.0)
    here.take(RosterPart("two", 2, 0, 2, {cat: 1}), 0.0)

    assert [here.since(each) for each in (ann, ben, cat)] == [None, 1, 1]
