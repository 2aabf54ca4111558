"""The checker judges the server: here it is judged itself, on histories of a model with one mutation each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.system.checker import Demands, Load, check, check_slow_reader, explain, shortfalls, unresolved
from tests.system.history import Record, text_hash
from tests.system.model import Model

SEEDS = st.integers(0, 10**9)
change = msgspec.structs.replace


def _find(model: Model, wanted: Callable[[int, Record], bool]) -> int | None:
    """The place of some record that fits, or None."""
    found = [place for place, record in enumerate(model.records) if wanted(place, record)]
    return model.random.choice(found) if found else None


def _live(model: Model, chat: str) -> bool:
    """Whether everybody who is in the chat is live: what is committed now is seen by all."""
    return all(chat in each.live for each in model.clients if each.user in model.members[chat])


# Mutations: each changes a valid history in one way, and says whether it could


def drop_acked(model: Model) -> bool:
    for chat in model.stored.values():
        if chat.rows and chat.rows[-1].event == "message_sent" and any(each.f == "send" and each.kind == "ok" and each.key == chat.rows[-1].key for each in model.records):
            chat.rows.pop()
            return True
    return False


def store_refused(model: Model) -> bool:
    tried = [each.key for each in model.records if each.f == "send" and each.kind == "invoke"]
    place = _find(model, lambda _, each: each.f == "send" and each.kind == "fail" and tried.count(each.key) == 1 and _live(model, each.chat))
    if place is None:
        return False
    refused = model.records[place]
    model.commit(refused.chat, "message_sent", refused.user, key=refused.key, id="m-refused", hash=text_hash("x"))
    return True


def store_phantom(model: Model) -> bool:
    model.commit("open", "message_sent", "u-ada", key="k-phantom", id="m-phantom", hash=text_hash("x"))
    return True


def change_text(model: Model) -> bool:
    acked = {each.key for each in model.records if each.f == "send" and each.kind == "ok"}
    keys = [row.key for row in model.stored["open"].rows if row.key in acked]
    if not keys:
        return False
    key = model.random.choice(keys)
    model.records[:] = [change(each, hash="other") if each.key == key and each.f in ("recv", "row") else each for each in model.records]
    model.stored["open"].rows[:] = [change(each, hash="other") if each.key == key else each for each in model.stored["open"].rows]
    return True


def store_key_twice(model: Model) -> bool:
    row = next((each for each in model.stored["open"].rows if each.event == "message_sent"), None)
    if row is None:
        return False
    model.commit("open", "message_sent", row.by, key=row.key, id="m-twice", hash=row.hash)
    return True


def ack_differently(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "send" and each.kind == "ok" and each.duplicate and _acks_before(model, each) > 0)
    if place is None:
        return False
    model.records[place] = change(model.records[place], id="m-other")
    return True


def _acks_before(model: Model, record: Record) -> int:
    acks = [each for each in model.records if each.f == "send" and each.kind == "ok" and (each.chat, each.user, each.key) == (record.chat, record.user, record.key)]
    return next(place for place, each in enumerate(acks) if each is record)


def ack_as_new_twice(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "send" and each.kind == "ok" and each.duplicate and _acks_before(model, each) > 0)
    if place is None:
        return False
    first = next(
        each
        for each in model.records
        if each.f == "send" and each.kind == "ok" and (each.chat, each.user, each.key) == (model.records[place].chat, model.records[place].user, model.records[place].key)
    )
    if first.duplicate:
        return False
    model.records[place] = change(model.records[place], duplicate=False)
    return True


def _replayed(model: Model, place: int) -> bool:
    """Whether this is an event of a replay, with the place of its ``shown`` behind it."""
    record = model.records[place]
    if record.f != "recv":
        return False
    for each in reversed(model.records[:place]):
        if each.connection == record.connection and each.chat == record.chat and each.f in ("subscribe", "synced"):
            return each.f == "subscribe"
    return False


def lose_at_the_seam(model: Model) -> bool:
    """The last event before ``synced`` is never written, and ``synced`` does not say so."""
    place = _find(model, lambda place, each: each.f == "synced" and model.records[place - 1].f == "shown" and _replayed(model, place - 2) and model.records[place - 2].event == "message_sent")
    if place is None:
        return False
    del model.records[place - 2 : place]
    return True


def double_at_the_seam(model: Model) -> bool:
    """The last event of the replay comes by the room again."""
    place = _find(model, lambda place, each: each.f == "synced" and model.records[place - 1].f == "shown" and _replayed(model, place - 2))
    if place is None:
        return False
    model.records.insert(place + 1, model.records[place - 2])
    return True


def sync_early(model: Model) -> bool:
    """``synced`` comes before the last event that was acked before the subscription."""
    place = _find(model, lambda place, each: each.f == "synced" and model.records[place - 1].f == "shown" and _replayed(model, place - 2) and _was_acked(model, model.records[place - 2], place))
    if place is None:
        return False
    model.records[place - 2 : place + 1] = [change(model.records[place], seq=(model.records[place].seq or 0) - 1), *model.records[place - 2 : place]]
    return True


def _was_acked(model: Model, row: Record, place: int) -> bool:
    subscribed = max(at for at in range(place) if model.records[at].f == "subscribe" and model.records[at].connection == row.connection and model.records[at].chat == row.chat)
    return any(each.f == "send" and each.kind == "ok" and each.seq == row.seq and each.chat == row.chat for each in model.records[:subscribed])


def show_twice(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "shown")
    assert place is not None
    model.records.insert(place, model.records[place])
    return True


def swap_for_one(model: Model) -> bool:
    """Two live events reach one connection in the wrong order."""
    for place in range(len(model.records)):
        first = model.records[place]
        if first.f != "recv" or _replayed(model, place):
            continue
        later = [at for at in range(place + 1, len(model.records)) if model.records[at].connection == first.connection and model.records[at].chat == first.chat and model.records[at].f != "send"]
        before = [each for each in model.records[:place] if each.connection == first.connection and each.chat == first.chat and each.f != "send"]
        if later and model.records[later[0]].f == "recv" and before and before[-1].f == "recv" and "member" not in first.event + model.records[later[0]].event:
            model.records[place], model.records[later[0]] = model.records[later[0]], first
            return True
    return False


def lose_for_one(model: Model) -> bool:
    """A live event in the middle does not reach one connection."""
    for place in range(len(model.records)):
        first = model.records[place]
        later = [each for each in model.records[place + 1 :] if each.connection == first.connection and each.chat == first.chat and each.f != "send"]
        before = [each for each in model.records[:place] if each.connection == first.connection and each.chat == first.chat and each.f != "send"]
        if first.f == "recv" and first.event == "message_sent" and later and later[0].f == "recv" and later[0].event == "message_sent" and before and before[-1].f == "recv":
            del model.records[place]
            return True
    return False


def reuse_seq(model: Model) -> bool:
    """One connection saw another event under a seq than everybody else: a lost tail was written again."""
    place = _find(model, lambda _, each: each.f == "recv" and each.event == "message_sent")
    if place is None:
        return False
    model.records[place] = change(model.records[place], key="k-other", id="m-other")
    return True


def invert_real_time(model: Model) -> bool:
    """A message that was sent after another one's ack gets the lower seq."""
    oks = {(each.chat, each.seq): place for place, each in enumerate(model.records) if each.f == "send" and each.kind == "ok" and not each.duplicate}
    for (chat, seq), place in oks.items():
        after = oks.get((chat, (seq or 0) + 1))
        first = model.records[place]
        invokes = [at for at, each in enumerate(model.records) if each.f == "send" and each.kind == "invoke" and each.key == first.key]
        if after is None or after < place or len(invokes) > 1 or model.records[after].user == first.user:
            continue
        if any(each.f == "send" and each.kind == "invoke" and each.user == first.user for each in model.records[invokes[0] + 1 : after + 1]):
            continue
        if model.records[place + 1].f != "state":
            continue
        moved = [model.records[invokes[0]], first, model.records[place + 1]]
        model.records[after + 1 : after + 1] = moved
        for at in sorted((invokes[0], place, place + 1), reverse=True):
            del model.records[at]
        return True
    return False


def read_stale(model: Model) -> bool:
    place = _find(model, lambda place, each: each.f == "page" and each.kind == "ok" and model.records[place - 1].event == "message_sent" and _acked_before(model, model.records[place - 1], place))
    if place is None:
        return False
    model.records[place] = change(model.records[place], seq=(model.records[place].seq or 0) - 1)
    del model.records[place - 1]
    return True


def _acked_before(model: Model, row: Record, place: int) -> bool:
    asked = max(at for at in range(place) if model.records[at].f == "page" and model.records[at].kind == "invoke")
    return any(each.f == "send" and each.kind == "ok" and (each.chat, each.seq) == (row.chat, row.seq) for each in model.records[:asked])


def _leaving(model: Model) -> int | None:
    """The last ``member_left`` of somebody, as it reached them."""

    def left_for_good(_: int, each: Record) -> bool:
        return (
            each.f == "recv" and each.event == "member_left" and each.subject == each.user and each.seq == max((row.seq for row in model.stored[each.chat].rows if row.subject == each.user), default=0)
        )

    return _find(model, left_for_good)


def deliver_after_removal(model: Model) -> bool:
    place = _leaving(model)
    if place is None:
        return False
    left = model.records[place]
    model.records.insert(place + 1, change(left, seq=(left.seq or 0) + 1, event="message_sent", subject="", key="k", id="m", by="u-ada", hash="h"))
    rows = model.stored[left.chat].rows
    if len(rows) > (left.seq or 0):
        follower = rows[left.seq or 0]
        model.records[place + 1] = change(left, seq=follower.seq, event=follower.event, subject=follower.subject, key=follower.key, id=follower.id, by=follower.by, hash=follower.hash)
    return True


def type_after_removal(model: Model) -> bool:
    place = _leaving(model)
    if place is None:
        return False
    left = model.records[place]
    model.records.insert(place + 1, Record(f="typing", client=left.client, user=left.user, connection=left.connection, chat=left.chat, by="u-ada"))
    return True


def read_after_removal(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "member" and each.kind == "ok" and each.code == "remove" and each.subject not in model.members[each.chat])
    if place is None:
        return False
    removed = model.records[place]
    client = next(each for each in model.clients if each.user == removed.subject)
    rows = model.stored[removed.chat].rows
    joined = max(row.seq or 0 for row in rows if row.event == "member_joined" and row.subject == client.user)
    of = {"client": "late reader", "user": client.user, "chat": removed.chat}
    row = rows[joined - 1]
    page = [Record(f="page", kind="invoke", **of), change(row, f="row", **of), Record(f="page", kind="ok", seq=len(rows), **of)]
    model.records[:] = [*model.records, *page]
    return True


def show_presence_to_a_stranger(model: Model) -> bool:
    model.records.append(Record(f="presence", client=model.stranger.name, user=model.stranger.user, connection=model.stranger.connection, by="u-ada"))
    return True


def tell_a_stranger(model: Model) -> bool:
    row = model.stored["open"].rows[-1]
    model.records.append(change(row, f="recv", client=model.stranger.name, user=model.stranger.user, connection=model.stranger.connection))
    return True


def show_the_past(model: Model) -> bool:
    """A page of the chat that shows only what came after joining shows more."""
    client = next((each for each in model.clients if model.members["late"].get(each.user, 0) > 5), None)
    if client is None:
        return False
    place = max(at for at, each in enumerate(model.records) if each.f == "page" and each.kind == "ok" and each.client == client.name and each.chat == "late")
    model.records.insert(place, change(model.stored["late"].rows[0], f="row", client=client.name, user=client.user))
    return True


def refuse_a_neighbour(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "send" and each.kind == "fail")
    if place is None:
        return False
    refused = model.records[place]
    other = next(each for each in model.clients if each.name != refused.client)
    model.records.insert(place + 1, change(refused, client=other.name, user=other.user, connection=f"{other.name}/1"))
    return True


def forget_one_at_the_end(model: Model) -> bool:
    """The last event reaches everybody but one."""
    model.commit("open", "member_changed", "u-ada", subject="u-ada")
    place = max(at for at, each in enumerate(model.records) if each.f == "recv")
    del model.records[place : place + 2]
    return True


def connect_early(model: Model) -> bool:
    place = _find(model, lambda _, each: each.f == "welcome")
    assert place is not None
    model.records[place], model.records[place + 1] = model.records[place + 1], model.records[place]
    return model.records[place].f == "state"


def sent_early(model: Model) -> bool:
    place = _find(model, lambda place, each: each.f == "state" and each.code == "sent" and model.records[place - 1].f == "send" and not model.records[place - 1].duplicate)
    if place is None:
        return False
    model.records[place - 1], model.records[place] = model.records[place], model.records[place - 1]
    return True


def overtake(model: Model) -> bool:
    """Of two messages that one client sent, the later one gets the lower seq."""
    stored = {row.key for row in model.stored["open"].rows}
    for place, first in enumerate(model.records[:-1]):
        second = model.records[place + 1]
        both = first.f == second.f == "send" and first.kind == second.kind == "invoke" and first.chat == second.chat == "open" and first.connection == second.connection
        if both and first.key in stored and second.key in stored and first.key != second.key and _is_first(model, place) and _is_first(model, place + 1):
            model.records[place], model.records[place + 1] = second, first
            return True
    return False


def _is_first(model: Model, place: int) -> bool:
    record = model.records[place]
    return not any(each.f == "send" and each.key == record.key for each in model.records[:place])


MUTATIONS: list[tuple[Callable[[Model], bool], str]] = [
    (drop_acked, "G1"),
    (store_refused, "G1"),
    (store_phantom, "G1"),
    (change_text, "G1"),
    (swap_for_one, "G2"),
    (lose_for_one, "G2"),
    (reuse_seq, "G2"),
    (invert_real_time, "G2"),
    (read_stale, "G2"),
    (store_key_twice, "G3"),
    (ack_differently, "G3"),
    (ack_as_new_twice, "G3"),
    (lose_at_the_seam, "G4"),
    (double_at_the_seam, "G4"),
    (sync_early, "G4"),
    (show_twice, "G4"),
    (deliver_after_removal, "G5"),
    (type_after_removal, "G5"),
    (read_after_removal, "G5"),
    (tell_a_stranger, "G5"),
    (show_presence_to_a_stranger, "G5"),
    (show_the_past, "G5"),
    (refuse_a_neighbour, "G6"),
    (forget_one_at_the_end, "G6"),
    (connect_early, "G7"),
    (sent_early, "G7"),
    (overtake, "G9"),
]


def _violated(model: Model) -> list[str]:
    return [name for name, violation in check(model.records, model.stored).items() if violation is not None]


@given(SEEDS)
def test_a_history_of_a_server_without_faults_keeps_every_guarantee(seed: int):
    model = Model(seed)

    verdict = check(model.records, model.stored)

    assert not explain(verdict)


@pytest.mark.parametrize(("mutate", "guarantee"), MUTATIONS, ids=[mutate.__name__ for mutate, _ in MUTATIONS])
def test_one_mutation_violates_exactly_its_guarantee(mutate: Callable[[Model], bool], guarantee: str):
    mutated = 0
    for seed in range(200):
        model = Model(seed)
        if not mutate(model):
            continue
        mutated += 1

        verdict = check(model.records, model.stored)

        assert [name for name, violation in verdict.items() if violation is not None] == [guarantee], f"seed {seed}\n{explain(verdict)}"
        if mutated == 10:
            break

    assert mutated == 10, "the mutation hardly ever applies"


def test_a_violation_shows_no_more_than_the_records_that_contradict_each_other():
    model = Model(4)
    assert swap_for_one(model)

    violation = check(model.records, model.stored)["G2"]

    assert violation is not None
    assert len(violation.records) == 2
    assert str(violation).count("\n") == 2


def test_a_reset_of_a_position_that_could_be_resumed_violates_g4():
    model = Model(1, steps=0)
    of = {"client": "ada", "user": "u-ada", "connection": "ada/9", "chat": "open"}
    model.records += [Record(f="welcome", **of), Record(f="subscribe", after=2, **of), Record(f="reset", seq=4, **of)]

    assert _violated(model) == ["G4"]


def test_a_hole_in_the_history_violates_g2():
    model = Model(1, steps=0)
    del model.stored["open"].rows[1]

    assert "G2" in _violated(model)


def test_an_overlapping_second_subscription_may_begin_again_where_it_asked():
    model = Model(1, steps=0)
    rows = model.stored["open"].rows
    of = {"client": "ada", "user": "u-ada", "connection": "ada/9", "chat": "open"}
    fields: list[Record] = [change(row, f="recv", client="ada", user="u-ada", connection="ada/9") for row in rows]
    model.records += [Record(f="welcome", **of), Record(f="subscribe", after=0, **of), *fields[:2], Record(f="subscribe", after=1, **of), fields[2], *fields[1:], Record(f="synced", seq=4, **of)]

    assert _violated(model) == []


def _without(records: Iterable[Record], f: str, kind: str = "") -> list[Record]:
    return [each for each in records if not (each.f == f and each.kind == kind)]


def test_a_run_that_met_nothing_does_not_count():
    model = Model(3, steps=300)
    demands = Demands(unknown=1, resumes=1, duplicates=1, refusals=1, removals=1)
    faults = [Record(f="send", kind="invoke", chat="open", user="u-ada", key="k-on-its-way"), Record(f="fault", kind="invoke", code="kill")]

    assert shortfalls(model.records, demands) == []
    assert shortfalls([], demands) == ["unknown: 0 of 1", "resumes: 0 of 1", "duplicates: 0 of 1", "refusals: 0 of 1", "removals: 0 of 1", "acked: 0 of 0 messages"]
    assert shortfalls(_without(model.records, "send", "ok"), Demands())[0].startswith("acked: 0 of ")
    assert shortfalls(model.records, Demands(resets=1)) == ["resets: 0 of 1"]
    assert shortfalls([*model.records, faults[1]], Demands(faults=99)) != []
    assert shortfalls([*model.records, *faults], Demands(faults=1)) == []
    assert shortfalls(model.records, Demands(seen=("recv", "typing"))) == ["no typing"]


def test_a_message_without_any_answer_is_unresolved():
    model = Model(3)
    assert unresolved(model.records) == []

    model.note("send", "invoke", client="ada", user="u-ada", connection="ada/1", chat="open", key="k-lost")

    assert [each.key for each in unresolved(model.records)] == ["k-lost"]


def test_a_slow_reader_may_cost_its_budget_and_nothing_else():
    fine = Load(rss_before=90 << 20, rss_peak=100 << 20, slow_readers=5, budget_bytes=1 << 20, closes=("4408 slow_reader",) * 5, quick_p99_s=0.1, loaded_p99_s=0.15)

    assert check_slow_reader(fine) is None
    assert "memory" in str(check_slow_reader(replace(fine, rss_peak=300 << 20)))
    assert "by name" in str(check_slow_reader(replace(fine, closes=("1006 ",) * 5)))
    assert "were cut off" in str(check_slow_reader(replace(fine, closes=("4408 slow_reader",) * 4)))
    assert "others waited" in str(check_slow_reader(replace(fine, loaded_p99_s=1.0)))
