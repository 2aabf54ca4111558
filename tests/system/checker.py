"""History and store → for each guarantee of the design (section 6), None or the smallest violation. Pure.

Acks and events carry positions, so nothing is searched for: each guarantee is decided in one pass. What no
answer came for counts neither as stored nor as refused.

Two rules keep one mistake from being blamed twice: up to ``synced`` and at the first event after it a wrong
step of a connection belongs to G4, later ones to G2; the first ack of a key belongs to G1, others to G3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from tenfour.errors import FAILURES, Retry
from tests.system.history import Record, Stored

GUARANTEES = ("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G9")
"""G8 is decided on samples of a run: ``check_slow_reader``."""
RETRYABLE = frozenset(code.value for code, failure in FAILURES.items() if failure.retry in (Retry.AFTER_DELAY, Retry.AT_ONCE))
UNKNOWN = frozenset({"outcome_unknown", "store_down", "internal"})
"""Errors after which the message may be in the store."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong, and the records that show it."""

    what: str
    records: tuple[Record, ...]

    def __str__(self) -> str:
        return "\n".join([self.what, *("    " + msgspec.json.encode(record).decode() for record in self.records)])


@dataclass(frozen=True, slots=True)
class Rules:
    replay_events: int = 1_000
    """The longest gap that is replayed; beyond it a reset is right."""


Verdict = dict[str, Violation | None]


def check(records: Sequence[Record], stored: Stored, rules: Rules | None = None) -> Verdict:
    """The smallest violation of each guarantee, or None."""
    run = _Run(records, stored, rules or Rules())
    return {name: min(_CHECKS[name](run), key=lambda violation: len(violation.records), default=None) for name in GUARANTEES}


def explain(verdict: Verdict) -> str:
    return "\n".join(f"{name}: {violation}" for name, violation in verdict.items() if violation is not None)


# What the checks share

_Key = tuple[str, str, str]
"""Chat, sender, key."""


@dataclass(frozen=True, slots=True)
class _Interval:
    joined: int
    left: float


class _Run:
    """The records, indexed once."""

    def __init__(self, records: Sequence[Record], stored: Stored, rules: Rules) -> None:
        self.records = records
        self.stored = stored
        self.rules = rules
        self.invokes: dict[_Key, list[Record]] = defaultdict(list)
        self.oks: dict[_Key, list[Record]] = defaultdict(list)
        self.fails: dict[_Key, list[Record]] = defaultdict(list)
        kinds = {"invoke": self.invokes, "ok": self.oks, "fail": self.fails}
        for record in records:
            if record.f == "send":
                kinds[record.kind][_key(record)].append(record)
        self.rows = {(chat, row.seq): row for chat, found in stored.items() for row in found.rows}
        self.intervals = {chat: _intervals(found.rows) for chat, found in stored.items()}

    def sees(self, chat: str, user: str, seq: int) -> bool:
        """Whether the user may have seen the event at some time."""
        found = self.stored.get(chat)
        everything = found is not None and found.history == "all"
        return any(seq <= each.left and (everything or seq >= each.joined) for each in self.intervals.get(chat, {}).get(user, ()))

    def share_a_chat(self, one: str, other: str) -> bool:
        """Whether both were ever in one chat."""
        return any(one in members and other in members for members in self.intervals.values())

    def starts(self, chat: str, user: str) -> set[int]:
        """Positions from which a stream of the user may begin beside the one asked for: before each joining."""
        return {each.joined - 1 for each in self.intervals.get(chat, {}).get(user, ())}


def _key(record: Record) -> _Key:
    return (record.chat, record.user, record.key)


def _intervals(rows: Iterable[Record]) -> dict[str, list[_Interval]]:
    found: dict[str, list[_Interval]] = defaultdict(list)
    for row in rows:
        assert row.seq is not None
        if row.event == "member_joined":
            found[row.subject].append(_Interval(row.seq, float("inf")))
        elif row.event == "member_left" and found[row.subject]:
            found[row.subject][-1] = _Interval(found[row.subject][-1].joined, row.seq)
    return found


# G1: acked is durable, refused is not there, nothing comes from nowhere


def _g1(run: _Run) -> Iterator[Violation]:
    for key, oks in run.oks.items():
        ok = oks[0]
        row = run.rows.get((ok.chat, ok.seq))
        if row is None:
            yield Violation("an acked message is not in the history", (ok,))
        elif row.key != ok.key or row.by != ok.user:
            yield Violation("another event has the place of an acked message", (ok, row))
        elif row.hash not in {each.hash for each in run.invokes[key]}:
            yield Violation("an acked message has another text in the history", (*run.invokes[key], ok, row))
    for row in run.rows.values():
        if row.event == "message_sent":
            yield from _unasked(run, row)


def _unasked(run: _Run, row: Record) -> Iterator[Violation]:
    key = (row.chat, row.by, row.key)
    tried = run.invokes.get(key, [])
    refused = [each for each in run.fails.get(key, ()) if each.code not in UNKNOWN]
    if not tried:
        yield Violation("a message is in the history that nobody sent", (row,))
    elif len(refused) == len(tried):
        yield Violation("a refused message is in the history", (*tried, *refused, row))


# G2: the same events in the same order for everybody


def _g2(run: _Run) -> Iterator[Violation]:
    for chat in run.stored.values():
        for place, row in enumerate(chat.rows, 1):
            if row.seq != place:
                yield Violation(f"the history has no seq {place}", (row,))
                break
    yield from _other_contents(run)
    yield from (violation for seam, violation in _steps(run) if not seam)
    yield from _inversions(run)
    yield from _stale_pages(run)


def _other_contents(run: _Run) -> Iterator[Violation]:
    first: dict[tuple[str, int | None], Record] = dict(run.rows)
    for record in run.records:
        if record.f in ("recv", "row"):
            other = first.setdefault((record.chat, record.seq), record)
            if other.identity() != record.identity():
                yield Violation("one seq has two contents", (other, record))


def _inversions(run: _Run) -> Iterator[Violation]:
    """A message that was sent after another one's ack has a higher seq."""
    highest: dict[str, Record] = {}
    before: dict[_Key, Record | None] = {}
    for record in run.records:
        if record.f != "send":
            continue
        key = _key(record)
        if record.kind == "invoke":
            before.setdefault(key, highest.get(record.chat))
        elif record.kind == "ok" and record.seq is not None:
            earlier = before.get(key)
            if earlier is not None and earlier.seq is not None and record.seq <= earlier.seq and _key(earlier) != key:
                yield Violation("a message has a lower seq than one that was acked before it was sent", (earlier, record))
            if record.chat not in highest or (highest[record.chat].seq or 0) < record.seq:
                highest[record.chat] = record


def _stale_pages(run: _Run) -> Iterator[Violation]:
    highest: dict[str, Record] = {}
    asked: dict[tuple[str, str], Record | None] = {}
    for record in run.records:
        if record.f == "send" and record.kind == "ok" and record.seq is not None:
            if record.chat not in highest or (highest[record.chat].seq or 0) < record.seq:
                highest[record.chat] = record
        elif record.f == "page" and record.kind == "invoke":
            asked[record.client, record.chat] = highest.get(record.chat)
        elif record.f == "page" and record.kind == "ok":
            acked = asked.get((record.client, record.chat))
            if acked is not None and (record.seq or 0) < (acked.seq or 0):
                yield Violation("the history was read without a message that was acked before", (acked, record))


# G3: one key, one message


def _g3(run: _Run) -> Iterator[Violation]:
    places: dict[_Key, Record] = {}
    for row in run.rows.values():
        if row.event == "message_sent":
            first = places.setdefault((row.chat, row.by, row.key), row)
            if first is not row:
                yield Violation("one key is in the history twice", (first, row))
    for key, oks in run.oks.items():
        for ok in oks[1:]:
            if (ok.seq, ok.id) != (oks[0].seq, oks[0].id):
                yield Violation("two acks of one key differ", (oks[0], ok))
        fresh = [ok for ok in oks if not ok.duplicate]
        if len(fresh) > 1:
            yield Violation("one key was acked as new twice", tuple(fresh[:2]))
        yield from _reused(run, key)


def _reused(run: _Run, key: _Key) -> Iterator[Violation]:
    """The content that a key stands for is the stored one; another is refused."""
    row = run.rows.get((key[0], run.oks[key][0].seq))
    if row is None:
        return
    for ok in run.oks[key]:
        tried = [each for each in run.invokes[key] if each.connection == ok.connection]
        if tried and row.hash not in {each.hash for each in tried} and row.hash in {each.hash for each in run.invokes[key]}:
            yield Violation("another text under a used key was acked", (*tried, ok, row))


# G4: no gap and no doubling where replay becomes live


def _g4(run: _Run) -> Iterator[Violation]:
    yield from (violation for seam, violation in _steps(run) if seam)
    yield from _early_synced(run)
    last: dict[tuple[str, str], Record] = {}
    for record in run.records:
        if record.f != "shown":
            continue
        before = last.get((record.client, record.chat))
        last[record.client, record.chat] = record
        if before is not None and record.seq != (before.seq or 0) + 1 and (record.seq or 0) - 1 not in run.starts(record.chat, record.user):
            yield Violation("an application was shown an event twice, or not at all", (before, record))


def _early_synced(run: _Run) -> Iterator[Violation]:
    highest: dict[str, Record] = {}
    asked: dict[tuple[str, str], Record | None] = {}
    for record in run.records:
        if record.f == "send" and record.kind == "ok" and record.seq is not None:
            if record.chat not in highest or (highest[record.chat].seq or 0) < record.seq:
                highest[record.chat] = record
        elif record.f == "subscribe":
            asked[record.connection, record.chat] = highest.get(record.chat)
        elif record.f == "synced":
            acked = asked.get((record.connection, record.chat))
            if acked is not None and (record.seq or 0) < (acked.seq or 0):
                yield Violation("synced came before an event that was acked before the subscription", (acked, record))


@dataclass(slots=True)
class _Stream:
    """One chat on one connection."""

    next: set[int] | None = field(default_factory=set)
    """Seqs that may come now; None: any."""
    again: int | None = None
    """Where a second subscription begins, while events of the first may still come."""
    seam: bool = True
    """Whether ``synced`` has not come, or no event after it."""
    synced: bool = False
    fresh: bool = False
    """Whether nothing came since the subscription: the first event that somebody may see can be a later one."""
    last: Record | None = None


def _steps(run: _Run) -> Iterator[tuple[bool, Violation]]:
    """Every wrong step of a connection's stream; True: on the way to live, or at the first step after."""
    streams: dict[tuple[str, str], _Stream] = defaultdict(_Stream)
    for record in run.records:
        if record.f not in _STEPS or not run.starts(record.chat, record.user):  # what a stranger gets is G5's
            continue
        stream = streams[record.connection, record.chat]
        violation = _STEPS[record.f](run, stream, record)
        if violation is not None:
            yield stream.seam, violation
        if record.f not in ("subscribe", "error"):
            stream.seam = not (record.f == "recv" and stream.synced)
            stream.synced = stream.synced or record.f != "recv"
            stream.last, stream.fresh = record, False


def _subscribed(run: _Run, stream: _Stream, record: Record) -> None:
    if record.after is None:
        stream.next = None
    elif stream.last is None:
        stream.next = {record.after + 1}
    elif stream.next is not None:
        stream.again = record.after + 1
        stream.next = stream.next | {stream.again}
    stream.seam, stream.synced, stream.fresh = True, False, True


def _received(run: _Run, stream: _Stream, record: Record) -> Violation | None:
    assert record.seq is not None
    expected, before = stream.next, stream.last
    may_jump = stream.fresh or before is None or (before.event == "member_left" and before.subject == record.user)
    wrong = expected is not None and record.seq not in expected and not (may_jump and record.seq - 1 in run.starts(record.chat, record.user))
    if record.seq == stream.again and before is not None and (before.seq or 0) >= record.seq:
        stream.again = None
    stream.next = {record.seq + 1} if stream.again is None else {record.seq + 1, stream.again}
    return _off(f"an event is missing, doubled or out of order: expected {sorted(expected or ())}", before, record) if wrong else None


def _synced(run: _Run, stream: _Stream, record: Record) -> Violation | None:
    assert record.seq is not None
    expected, before = stream.next, stream.last
    stream.next, stream.again = {record.seq + 1}, None
    if expected is None or record.seq + 1 in expected:
        return None
    return _off(f"synced names another seq than the last event's: expected {sorted(each - 1 for each in expected)}", before, record)


def _was_reset(run: _Run, stream: _Stream, record: Record) -> Violation | None:
    assert record.seq is not None
    reached = min(stream.next) - 1 if stream.next else None
    before = stream.last
    stream.next, stream.again = {record.seq + 1}, None
    if reached is None or not 0 <= record.seq - reached <= run.rules.replay_events:
        return None
    return _off("a position was reset that could have been resumed", before, record)


def _off(what: str, before: Record | None, record: Record) -> Violation:
    return Violation(what, (record,) if before is None else (before, record))


def _refused(_run: _Run, stream: _Stream, record: Record) -> None:
    """Who is removed in the middle of a replay may not read the ``member_left``: the chat is refused, and begins anew if it is joined again."""
    stream.fresh = stream.fresh or record.code == "not_a_member"


_STEPS: dict[str, Callable[[_Run, _Stream, Record], Violation | None]] = {"subscribe": _subscribed, "recv": _received, "synced": _synced, "reset": _was_reset, "error": _refused}


# G5: who is no member gets nothing


def _g5(run: _Run) -> Iterator[Violation]:
    gone: dict[tuple[str, str], Record] = {}
    removed: dict[tuple[str, str], Record] = {}
    asked: dict[tuple[str, str], Record] = {}
    """Who reads or subscribes although removed, by client or connection and chat."""
    replaying: set[tuple[str, str]] = set()
    for record in run.records:
        place, who = (record.connection, record.chat), (record.chat, record.user)
        if record.f in ("recv", "row") and not run.sees(record.chat, record.user, record.seq or 0):
            rows = [row for row in run.stored[record.chat].rows if row.subject == record.user] if record.chat in run.stored else []
            yield Violation("somebody got an event of a chat without being a member", (*rows, record))
        if record.f == "presence" and not run.share_a_chat(record.user, record.by):
            yield Violation("somebody was told of the presence of a stranger", (record,))
        if record.f in ("typing", "receipt", "synced", "reset") and record.user not in run.intervals.get(record.chat, {}):
            yield Violation("a stranger got something of a chat", (record,))
        rejoins = record.event == "member_joined" and record.subject == record.user
        if record.f in ("recv", "typing", "receipt") and place in gone and not rejoins:
            yield Violation("something of a chat came after the member's own member_left", (gone[place], record))
        if record.f in ("recv", "row", "synced", "reset"):
            late = asked.get((record.connection or record.client, record.chat))
            if late is not None and removed.get(who) is late:
                yield Violation("who was removed read what was asked for later", (late, record))
        _note_going(gone, replaying, place, record)
        _note_asking(asked, removed, record)
        if record.f == "member":
            _note_member(removed, record)


def _note_going(gone: dict[tuple[str, str], Record], replaying: set[tuple[str, str]], place: tuple[str, str], record: Record) -> None:
    """A replay may tell of an earlier ``member_left`` of somebody who is in again: only a live one counts.

    The server begins one by itself for a chat that was joined.
    """
    if record.f == "subscribe":
        replaying.add(place)
        gone.pop(place, None)
    elif record.f in ("synced", "reset"):
        replaying.discard(place)
    elif record.f == "recv" and record.subject == record.user and record.event == "member_left" and place not in replaying:
        gone[place] = record
    elif record.f == "recv" and record.subject == record.user and record.event == "member_joined":
        replaying.add(place)
        gone.pop(place, None)


def _note_asking(asked: dict[tuple[str, str], Record], removed: dict[tuple[str, str], Record], record: Record) -> None:
    if record.f == "subscribe" or (record.f == "page" and record.kind == "invoke"):
        place = (record.connection or record.client, record.chat)
        asked.pop(place, None)
        if (record.chat, record.user) in removed:
            asked[place] = removed[record.chat, record.user]


def _note_member(removed: dict[tuple[str, str], Record], record: Record) -> None:
    place = (record.chat, record.subject)
    if record.code == "remove" and record.kind == "ok":
        removed[place] = record
    elif record.code == "add" and record.kind == "invoke":
        removed.pop(place, None)


# G6: a refusal reaches its sender, a success everybody


def _g6(run: _Run) -> Iterator[Violation]:
    senders: dict[str, set[str]] = defaultdict(set)
    ended: set[str] = set()
    live: dict[tuple[str, str], Record] = {}
    for record in run.records:
        if record.f == "send" and record.kind == "invoke":
            senders[record.key].add(record.connection)
        elif record.f == "send" and record.kind in ("ok", "fail") and record.connection not in senders[record.key]:
            yield Violation("the answer to a message reached somebody who had not sent it", (record,))
        elif record.f in ("recv", "synced", "reset"):
            live[record.connection, record.chat] = record
        elif record.f == "end":
            ended.add(record.connection)
    for (connection, chat), last in live.items():
        found = run.stored.get(chat)
        if found is None or connection in ended or (last.event == "member_left" and last.subject == last.user):
            continue
        is_member = any(each.left == float("inf") for each in run.intervals[chat].get(last.user, ()))
        if is_member and (last.seq or 0) < len(found.rows):
            yield Violation("an event did not reach a live connection of a member", (last, found.rows[(last.seq or 0)]))


# G7: the application is told no more than is true


def _g7(run: _Run) -> Iterator[Violation]:
    welcomed: dict[str, bool] = {}
    acked: set[tuple[str, str]] = set()
    for record in run.records:
        match record.f:
            case "welcome":
                welcomed[record.client] = True
            case "end":
                welcomed[record.client] = False
            case "send" if record.kind == "ok":
                acked.add((record.client, record.key))
            case "state" if record.code == "connected" and not welcomed.get(record.client):
                yield Violation("an application was told connected before welcome", (record,))
            case "state" if record.code == "sent" and (record.client, record.key) not in acked:
                yield Violation("an application was told sent before the ack", (record,))


# G9: the messages of one client to one chat in the order of sending


def _g9(run: _Run) -> Iterator[Violation]:
    seqs: dict[_Key, Record] = {}
    for row in run.rows.values():
        if row.event == "message_sent" and next(_unasked(run, row), None) is None:
            seqs.setdefault((row.chat, row.by, row.key), row)
    clients: dict[_Key, set[str]] = defaultdict(set)
    for key, invokes in run.invokes.items():
        clients[key] = {each.client for each in invokes}
    refusable = _refusable(run)
    last: dict[tuple[str, str], tuple[Record, Record]] = {}
    seen: set[_Key] = set()
    for record in run.records:
        if record.f != "send" or record.kind != "invoke" or (key := _key(record)) in seen:
            continue
        seen.add(key)
        row = seqs.get(key)
        if row is None or len(clients[key]) > 1:
            continue
        before = last.get((record.client, record.chat))
        if before is not None and (before[1].seq or 0) > (row.seq or 0) and _key(before[0]) not in refusable:
            yield Violation("a message has a lower seq than one that its client sent before", (before[0], record, before[1], row))
        last[record.client, record.chat] = (record, row)


def _refusable(run: _Run) -> set[_Key]:
    """Messages that were sent twice or more, and may have been refused for good the first time because their sender was no member then.

    If that answer gets lost, the client sends them again, after later ones that were taken: it is a message of another time then.
    """
    begun: dict[tuple[str, str], str] = {}
    for record in run.records:
        if record.f == "member":
            begun.setdefault((record.chat, record.subject), record.code)
    outside = {place for place, first in begun.items() if first == "add"}
    """Who may be no member of a chat at the moment."""
    unanswered: set[_Key] = set()
    found: set[_Key] = set()
    for record in run.records:
        if record.f == "member":
            place = (record.chat, record.subject)
            if record.code == "remove" and record.kind == "invoke":
                outside.add(place)
                found |= {key for key in unanswered if key[:2] == place}
            elif record.code == "add" and record.kind == "ok":
                outside.discard(place)
        elif record.f == "send" and record.kind == "invoke":
            key = _key(record)
            unanswered.add(key)
            if key[:2] in outside:
                found.add(key)
        elif record.f == "send":
            unanswered.discard(_key(record))
    return {key for key in found if len(run.invokes[key]) > 1}


_CHECKS: dict[str, Callable[[_Run], Iterator[Violation]]] = {"G1": _g1, "G2": _g2, "G3": _g3, "G4": _g4, "G5": _g5, "G6": _g6, "G7": _g7, "G9": _g9}


# A run that tested nothing has not passed


@dataclass(frozen=True, slots=True)
class Demands:
    """What a run must have met to count."""

    ok_share: float = 0.5
    unknown: int = 0
    resumes: int = 0
    duplicates: int = 0
    refusals: int = 0
    removals: int = 0
    resets: int = 0
    faults: int = 0
    """Faults that began with a message on its way."""
    seen: tuple[str, ...] = ()
    """Kinds of records that have to be there."""


def shortfalls(records: Sequence[Record], demands: Demands) -> list[str]:
    """What the run did not meet, in words; empty where it counts."""
    invokes = [each for each in records if each.f == "send" and each.kind == "invoke"]
    answered = {(each.connection, each.key) for each in records if each.f == "send" and each.kind in ("ok", "fail")}
    keys = {_key(each) for each in invokes}
    acked = {_key(each) for each in records if each.f == "send" and each.kind == "ok"}
    found = {
        "unknown": sum((each.connection, each.key) not in answered for each in invokes),
        "resumes": sum(each.f == "subscribe" and (each.after or 0) > 0 for each in records),
        "duplicates": sum(each.f == "send" and each.duplicate for each in records),
        "refusals": sum(each.f == "send" and each.kind == "fail" for each in records),
        "removals": sum(each.f == "member" and each.kind == "ok" and each.code == "remove" for each in records),
        "resets": sum(each.f == "reset" for each in records),
        "faults": _overlapped(records),
    }
    short = [f"{name}: {count} of {wanted}" for name, count in found.items() if count < (wanted := getattr(demands, name))]
    kinds = {each.f for each in records}
    short += [f"no {f}" for f in demands.seen if f not in kinds]
    if not keys or len(acked) < demands.ok_share * len(keys):
        short.append(f"acked: {len(acked)} of {len(keys)} messages")
    return short


def unresolved(records: Sequence[Record]) -> list[Record]:
    """Messages that never got an answer, however often they were sent."""
    answered = {_key(each) for each in records if each.f == "send" and each.kind in ("ok", "fail") and each.code not in RETRYABLE}
    return [each for each in records if each.f == "send" and each.kind == "invoke" and _key(each) not in answered]


def _overlapped(records: Sequence[Record]) -> int:
    waiting: set[tuple[str, str]] = set()
    count = 0
    for record in records:
        if record.f == "send" and record.kind == "invoke":
            waiting.add((record.connection, record.key))
        elif record.f == "send":
            waiting.discard((record.connection, record.key))
        elif record.f == "fault" and record.kind == "invoke" and waiting:
            count += 1
    return count


# G8


@dataclass(frozen=True, slots=True)
class Load:
    """What a run with slow readers measured."""

    rss_before: int
    rss_peak: int
    slow_readers: int
    budget_bytes: int
    closes: tuple[str, ...]
    """How each of the slow connections ended."""
    quick_p99_s: float
    """Of the others while nobody is slow."""
    loaded_p99_s: float
    floor_s: float = 0.25
    """Latencies below this are not told apart: the machine has other work."""


SLACK_BYTES = 48 * 1024 * 1024
"""What a busy server's memory may grow by that no reader is the reason of: batches, caches of the store."""


def check_slow_reader(load: Load) -> Violation | None:
    """A slow reader costs bounded memory, nobody else's latency, and is cut off with a name (G8)."""
    bound = load.rss_before + load.slow_readers * load.budget_bytes + SLACK_BYTES
    if load.rss_peak > bound:
        return Violation(f"the server's memory grew to {load.rss_peak} bytes, over {bound}", ())
    if wrong := [each for each in load.closes if not each.startswith("4408 slow_reader")]:
        return Violation(f"slow readers were not cut off by name: {wrong}", ())
    if len(load.closes) < load.slow_readers:
        return Violation(f"of {load.slow_readers} slow readers {len(load.closes)} were cut off", ())
    if load.loaded_p99_s > max(load.floor_s, 2 * load.quick_p99_s):
        return Violation(f"others waited {load.loaded_p99_s:.3f} s (p99) instead of {load.quick_p99_s:.3f} s", ())
    return None
