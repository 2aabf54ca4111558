"""Bringing a connection up to date, with no window between what was and what comes.

Listening comes before reading: the audience hears the bell before the first page is read. Pages are read
and written within the send budget until the cursor has reached the room's last seq; in that same step,
without an await, ``synced`` is written and the connection joins. What cannot be bridged is ``reset``: the
chat is live from the head that it names, and what is before is read as history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway.audience import Audience
from tenfour.ids import ChatId, Seq, UserId
from tenfour.storage import reads
from tenfour.storage.reads import EventRun, Membership, ReplayPage
from tenfour.wire import frames
from tenfour.wire.codec import error_frame
from tenfour.wire.dialog import Place
from tenfour.wire.dialog import Replay as Wanted

if TYPE_CHECKING:
    from tenfour.gateway.connection import Connection

PAGE_EVENTS = 200
CHATS_PER_READ = 100


@dataclass(slots=True)
class _Course:
    """One chat on its way to live."""

    place: Place
    audience: Audience
    after: Seq | None
    seen: set[UserId]
    """Who this replay has said is online, in any of its chats."""
    told: int = 0
    """Events written so far."""


async def replay(connection: Connection, wanted: Wanted) -> None:
    """Replays the named chats (and the rest, if asked for), most recent first, then lets them be live."""
    courses: dict[ChatId, _Course] = {}
    seen: set[UserId] = set()
    connection.rests += wanted.rest
    try:
        for chat, after in await _positions(connection, wanted):
            courses[chat] = _set_out(connection, chat, wanted.id, after, seen)
        while courses and connection.open:
            batch = dict(list(courses.items())[:CHATS_PER_READ])
            async with connection.hub.replays:
                pages = await _read(connection, batch)
            for chat, course in batch.items():
                if not connection.dialog.is_current(chat, course.place) or await _advance(connection, course, pages[chat], wanted):
                    _arrive(connection, courses.pop(chat))
        if wanted.rest:
            connection.heads, connection.heads_whole = None, True
    except TenfourError as refusal:
        connection.say(error_frame(refusal.code, refusal.detail, id=wanted.id, retry_after_ms=refusal.retry_after_ms))
        _give_up(connection, courses)
    finally:
        for course in courses.values():
            _arrive(connection, course)


async def _positions(connection: Connection, wanted: Wanted) -> list[tuple[ChatId, Seq | None]]:
    """The chats and where each begins; an open position is the head that ``welcome`` named."""
    heads = connection.heads or {}
    named = {chat: heads.get(chat) if after is None else after for chat, after in wanted.positions.items()}
    unwanted = (connection.unsubscribed or set()) - named.keys()
    connection.unsubscribed = unwanted or None
    if not wanted.rest:
        return list(named.items())
    try:
        joined = await connection.hub.store.read(lambda database: reads.chats_of(database, connection.user))
    finally:
        connection.rests -= 1
    heads = connection.heads or {}  # with what was joined meanwhile
    # What welcome would have named was joined since, though the bell for it may still be on its way.
    beyond: dict[ChatId, Seq | None] = {chat: seq - 1 if connection.heads_whole and chat not in unwanted else None for chat, seq in joined.items()}
    others = {**dict.fromkeys(heads), **beyond, **heads}
    return [*named.items(), *((chat, head) for chat, head in others.items() if chat not in named and chat not in connection.dialog.places)]


def _set_out(connection: Connection, chat: ChatId, subscribe_id: str | None, after: Seq | None, seen: set[UserId]) -> _Course:
    """A second subscribe leaves the room first."""
    audience = connection.hub.audience(chat)
    audience.leave(connection)
    audience.arriving += 1
    return _Course(connection.dialog.replaying(chat, subscribe_id, after), audience, after, seen)


def _arrive(connection: Connection, course: _Course) -> None:
    """The chat's replay is over, whichever way."""
    course.audience.arriving -= 1
    connection.hub.close_if_empty(course.audience)


async def _read(connection: Connection, batch: dict[ChatId, _Course]) -> dict[ChatId, ReplayPage]:
    positions = {chat: course.after for chat, course in batch.items()}
    limits = connection.hub.limits
    return await connection.hub.store.read(
        lambda database: reads.replay(database, connection.user, positions, connection.hub.missed.after, limit=PAGE_EVENTS, gap_max=limits.replay_events_max, members_max=limits.receipts_live_max)
    )


async def _advance(connection: Connection, course: _Course, page: ReplayPage, wanted: Wanted) -> bool:
    """Writes a page; True where the chat's replay is over: live, reset or refused."""
    if page.chat is None or page.member is None:
        return _refuse(connection, course, page, wanted)
    hub = connection.hub
    hub.rights.put(Membership(page.chat, page.member, page.member_count))
    _open(connection, course.audience, page)
    head = page.chat.last_seq
    if course.after is None:
        course.after = head
    if _is_lost(connection, course, head, wanted):
        return _reset(connection, course, head, wanted)
    if not await _tell(connection, course, page.events):
        return True
    cursor = page.cursor
    # From here to the end without an await: what the room has not passed yet comes by the room.
    room_seq = course.audience.room.last_seq
    assert room_seq is not None
    course.after = course.place.cursor = cursor
    if cursor < head or cursor < room_seq:
        return False
    hub.counters.replays += 1
    connection.say(frames.Synced(wanted.id, page.chat.id, cursor, hub.store.epoch))
    _join(connection, course, cursor)
    return True


def _open(connection: Connection, audience: Audience, page: ReplayPage) -> None:
    """The room's head, read after it began to listen."""
    assert page.chat is not None
    if audience.room.last_seq is None:
        audience.member_count = page.member_count
        audience.members = set(page.members) if page.members is not None else None
        connection.hub.carry_out(audience, audience.room.opened(page.chat.last_seq))


def _is_lost(connection: Connection, course: _Course, head: Seq, wanted: Wanted) -> bool:
    """Whether the position belongs to another history, or is too far behind."""
    assert course.after is not None
    if wanted.epoch is not None and wanted.epoch != connection.hub.store.epoch:
        return True
    limit = connection.hub.limits.replay_events_max
    return course.after > head or head - course.after > limit or course.told > 2 * limit


def _reset(connection: Connection, course: _Course, head: Seq, wanted: Wanted) -> bool:
    """True, unless the members may have changed since the page was read: who was removed meanwhile does not come in by a reset."""
    room_seq = course.audience.room.last_seq
    assert room_seq is not None
    if course.audience.changed_seq > head:
        return False
    head = max(head, room_seq)
    connection.hub.counters.resets += 1
    connection.say(frames.Reset(wanted.id, course.audience.chat, head, connection.hub.store.epoch))
    _join(connection, course, head)
    return True


async def _tell(connection: Connection, course: _Course, events: EventRun) -> bool:
    """Writes a page's events within the send budget; False where the replay is not wanted any more before its end."""
    chat = course.audience.chat
    for data in events.pieces:
        await connection.drained()
        if not connection.dialog.is_current(chat, course.place):
            return False
        connection.write(data)
    course.told += events.count
    return True


def _join(connection: Connection, course: _Course, cursor: Seq) -> None:
    course.audience.join(connection, cursor)
    connection.dialog.went_live(course.place)
    connection.hub.presence.joined(connection, course.audience, course.seen)


def _refuse(connection: Connection, course: _Course, page: ReplayPage, wanted: Wanted) -> bool:
    """True, unless the room has moved on since the page was read: who left may have joined again meanwhile."""
    chat = course.audience.chat
    if page.chat is not None and (course.audience.room.last_seq or 0) > page.chat.last_seq:
        return False
    code = ErrorCode.CHAT_UNKNOWN if page.chat is None else ErrorCode.NOT_A_MEMBER
    connection.dialog.silence(chat)
    connection.say(error_frame(code, id=wanted.id, chat=chat))
    if connection.dialog.chat == chat:
        connection.end(ErrorCode.REMOVED_FROM_CHAT if code is ErrorCode.NOT_A_MEMBER else code)
    return True


def _give_up(connection: Connection, courses: Mapping[ChatId, _Course]) -> None:
    """The store cannot be read: what is not live becomes silent again, so that the client may ask again."""
    for chat, course in courses.items():
        if connection.dialog.is_current(chat, course.place):
            connection.silence(chat)
            if course.after is not None and course.place.subscribe_id == connection.dialog.rest_id is not None:
                connection.heads = {**(connection.heads or {}), chat: course.after}  # where it begins when the rest is asked for again
    if connection.dialog.chat is not None:
        connection.end(ErrorCode.STORE_DOWN)
