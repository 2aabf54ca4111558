"""``/diagnostics``: what this node knows of its connections. Administrators see everybody's, a user their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec
from litestar import Response, delete, get, post
from litestar.params import Parameter
from sqlalchemy import Connection

from tenfour.actions import diagnostics as actions
from tenfour.actions.admission import Node, Question, explain
from tenfour.actions.context import Caller
from tenfour.api.chats import parse_chat
from tenfour.api.description import BODY, CHAT, TOKEN, ChatPath, answer, problems
from tenfour.api.identity import Asking
from tenfour.api.services import Services
from tenfour.causes import CAUSE_BY_CODE, CAUSE_OF, CAUSES, Cause
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import UserId
from tenfour.observe.endings import ENDINGS_KEPT, Ending
from tenfour.observe.live import LiveConnection, Search
from tenfour.storage import people
from tenfour.storage.directory import Progress
from tenfour.wire.times import rfc3339

CAUSE_PAGE = "docs/troubleshooting.md"
RECIPIENTS_MAX = 200
SEARCHED_PEOPLE_MAX = 1_000

Of = Annotated[str | None, Parameter(max_length=300, description="Whose: a user's UUID, or ext: and its id in your product.")]
ChatQuery = Annotated[str, Parameter(description="The chat's UUID.")]
Searched = Annotated[
    str | None,
    Parameter(min_length=1, max_length=80, description="Only those whose user's name has a word that begins so, whose address or client has it, or whose id begins so."),
]
Limit = Annotated[int, Parameter(ge=1, le=ENDINGS_KEPT)]


class Whose(msgspec.Struct):
    id: str
    name: str


class ConnectionShown(msgspec.Struct):
    """An open connection. Ages are in seconds, as of the answer."""

    id: str
    user: Whose | None
    """None until its token is known to be good."""
    state: str
    """``waiting`` for its token, ``open``, or ``over`` while the close is under way."""
    door: str
    """The chat of a chat's own door, or ``all``."""
    chat_count: int
    chats: list[str]
    """The first 20 of the chats that it follows."""
    address: str
    client: str
    since: str
    received_s: float
    """Since the last frame from the client."""
    sent_s: float
    """Since the last data frame to it."""
    queue_bytes: int
    """Written, and not taken by the system yet."""
    round_trip_ms: float | None
    """Of the last heartbeat; None where none was needed yet."""


class ConnectionPage(msgspec.Struct):
    items: list[ConnectionShown]
    next: str | None
    node: str
    total: int


class CauseShown(msgspec.Struct):
    """The root cause that an ending's code stands for."""

    id: str
    sentence: str
    fix: str
    page: str


class EndingShown(msgspec.Struct):
    """A connection that is over, or an upgrade that was refused."""

    at: str
    connection: str | None
    """None where the upgrade was refused."""
    user: Whose | None
    door: str
    address: str
    client: str
    close: int
    """The close code; of a refused upgrade the HTTP status."""
    code: str
    detail: str
    age_s: float | None
    silent_s: float | None
    times: int
    """Upgrades that were refused to one address for one reason are one entry, the last: how many they are."""
    cause: CauseShown | None


class Explaining(msgspec.Struct):
    """Whose connection is asked about, a token's or a user's (of neither: of who asks); and from where it would come."""

    user: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    chat: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    """For the chat's own door; none for all chats."""
    token: Annotated[str, msgspec.Meta(max_length=20_000)] | None = None
    origin: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    """Of the page that would connect, as browsers write it; none for a program."""
    url: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    """The server's address as the page has it; the public one without."""
    address: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    """The client's address, for the limits that count by it."""


class CheckShown(msgspec.Struct):
    name: str
    outcome: str
    """``passed``, ``failed``, or ``skipped``: nothing to check, or a check before it has failed."""
    detail: str | None


class ExplanationShown(msgspec.Struct):
    """Whether a connection would be let in, and if not, exactly why."""

    allowed: bool
    user: Whose | None
    code: str | None
    status: int | None
    """The HTTP status of the answer, where the handshake itself is refused."""
    close: int | None
    """The close code, where the connection is opened and closed."""
    detail: str | None
    advice: str | None
    cause: CauseShown | None
    checks: list[CheckShown]
    node: str
    server_time: str


class DeliveryTest(msgspec.Struct):
    """A chat of one's own for a delivery test: send there on one connection, receive on another."""

    chat: str
    expires_at: str
    node: str


class Arrival(msgspec.Struct):
    """How an event reached this node's connections."""

    after_ms: int
    """From the store's time of the commit to the broker's bell on this node."""
    events: int
    """In the same batch."""
    deliveries: int
    """Events times connections, of the whole batch."""


class Recipient(msgspec.Struct):
    """An open connection of this node that follows the chat, and so has had the event."""

    connection: str
    user: Whose | None
    queue_bytes: int


class Reader(msgspec.Struct):
    user: Whose
    delivered: bool
    read: bool
    read_at: str | None
    """When the member's read position last moved."""


class Delivery(msgspec.Struct):
    """What became of an event."""

    chat: str
    seq: int
    kind: str
    by: Whose
    committed_at: str
    node: str
    arrival: Arrival | None
    """None where it did not come to this node since its start, or so long ago that this is not known any more."""
    recipients: list[Recipient]
    """For administrators everybody's, at most 200; else one's own."""
    readers: list[Reader]
    """All members of small chats; in larger ones who asks."""


class EndingCount(msgspec.Struct):
    code: str
    count: int
    cause: CauseShown | None


class EndingList(msgspec.Struct):
    items: list[EndingShown]
    counts: list[EndingCount]
    """How many of each code are kept, most first, whatever code and cause were asked for."""
    kept_max: int
    node: str
    next: str | None = None


@get(
    "/diagnostics/connections",
    summary="The open connections of this node, newest first: all for administrators, else one's own",
    tags=["diagnostics"],
    responses=problems(*TOKEN, ErrorCode.USER_UNKNOWN),
)
async def list_connections(
    asking: Asking, services: Services, user: Of = None, search: Searched = None, cursor: Annotated[str | None, Parameter(max_length=80)] = None, limit: Limit = 200
) -> ConnectionPage:
    whose, wanted = await _whose(asking, user), await _search(services, search)
    found = services.live.look(whose, wanted, before=cursor, limit=limit + 1)
    names = await _names(services, [each.user for each in found])
    now_ms = services.context.clock.now_ms()
    following = found[limit - 1].id if len(found) > limit else None
    return ConnectionPage([_connection_shown(each, names, now_ms) for each in found[:limit]], following, services.node, services.live.count(whose, wanted))


@get(
    "/diagnostics/endings",
    summary="The last endings of connections on this node and why: all for administrators, else one's own",
    tags=["diagnostics"],
    responses=problems(*TOKEN, ErrorCode.USER_UNKNOWN),
)
async def list_endings(
    asking: Asking,
    services: Services,
    user: Of = None,
    code: Annotated[str | None, Parameter(max_length=80, description="Only those with this error code.")] = None,
    cause: Annotated[str | None, Parameter(max_length=80, description="Only those with this root cause.")] = None,
    search: Searched = None,
    limit: Limit = 100,
) -> EndingList:
    if cause is not None and cause not in CAUSES:
        raise TenfourError(ErrorCode.FIELD_INVALID, "cause: take the id of a root cause.")
    whose, searched = await _whose(asking, user), await _search(services, search)

    def of_whom(ending: Ending) -> bool:
        return (whose is None or ending.user == whose) and (searched is None or searched.finds(ending.connection, ending.user, ending.address, ending.client))

    def of_what(ending: Ending) -> bool:
        its_cause = _cause_of(ending)
        return (code is None or ending.code == code) and (cause is None or (its_cause is not None and its_cause.id == cause))

    kept = services.endings.latest(wanted=of_whom)
    found = list(islice(filter(of_what, kept), limit))
    counts: Counter[str] = Counter()
    for each in kept:
        counts[each.code] += each.times
    names = await _names(services, [each.user for each in found])
    return EndingList(
        [_ending_shown(each, names) for each in found],
        [EndingCount(code, count, _cause_shown(CAUSE_BY_CODE.get(code))) for code, count in counts.most_common()],
        ENDINGS_KEPT,
        services.node,
    )


@post(
    "/diagnostics/delivery",
    summary="A chat of one's own for a delivery test, in no list; it goes after an hour",
    tags=["diagnostics"],
    responses=answer(200, DeliveryTest, "The one that is there.") | problems(*TOKEN),
)
async def open_delivery_test(asking: Asking, services: Services) -> Response[DeliveryTest]:
    caller = await asking.caller()
    made = await actions.open_delivery_chat(services.context, caller.user)
    return Response(DeliveryTest(made.chat, rfc3339(made.expires_ms), services.node), status_code=201 if made.is_new else 200)


@delete("/diagnostics/delivery/{chat:str}", status_code=204, summary="Ends a delivery test and deletes its chat", tags=["diagnostics"], responses=problems(*CHAT))
async def end_delivery_test(chat: ChatPath, asking: Asking, services: Services) -> None:
    wanted = parse_chat(chat)
    caller = await asking.caller()
    await actions.delete_delivery_chat(services.context, caller.user, wanted)


@get("/diagnostics/delivery", summary="What became of an event: committed, heard, delivered, read", tags=["diagnostics"], responses=problems(*CHAT, ErrorCode.MESSAGE_UNKNOWN))
async def trace_delivery(chat: ChatQuery, seq: Annotated[int, Parameter(ge=1, le=2**53)], asking: Asking, services: Services) -> Delivery:
    wanted = parse_chat(chat)
    caller, found = await asking.read_as_anybody(lambda connection, caller: (caller, actions.trace(connection, caller, wanted, seq)))
    event = found.event
    heard = services.traces.find(wanted, seq)
    recipients = services.live.following(wanted, None if caller.admin else caller.user, limit=RECIPIENTS_MAX) if heard is not None else []
    names = await _names(services, [event.by, *(each.user for each in recipients), *(each.user for each in found.progress)])
    clock = services.context.clock
    arrival = None
    if heard is not None:
        heard_ms = clock.now_ms() - round((clock.monotonic() - heard.at_s) * 1000)
        arrival = Arrival(max(0, heard_ms - event.at), heard.events, heard.deliveries)
    return Delivery(
        wanted,
        seq,
        event.kind.value,
        Whose(event.by, names.get(event.by, "")),
        rfc3339(event.at),
        services.node,
        arrival,
        [Recipient(each.id, _face(each.user, names), each.queue_bytes) for each in recipients],
        [_reader(each, seq, names) for each in found.progress],
    )


def _reader(progress: Progress, seq: int, names: dict[str, str]) -> Reader:
    read_at = rfc3339(progress.read_at) if progress.read_at is not None and progress.read >= seq else None
    return Reader(Whose(progress.user, names.get(progress.user, "")), progress.delivered >= seq, progress.read >= seq, read_at)


@post("/diagnostics/explain", status_code=200, summary="Whether a connection would be let in; if not, exactly why", tags=["diagnostics"], responses=problems(*TOKEN, *BODY, ErrorCode.USER_UNKNOWN))
async def explain_connection(data: Explaining, asking: Asking, services: Services) -> ExplanationShown:
    caller, user = await asking.read_as_anybody(lambda connection, caller: (caller, people.find_person(connection, data.user).id if data.user is not None else None))
    if user is None and data.token is None:
        user = await _self(asking)
    node = Node(services.live, services.is_draining(), services.connections_max, services.descriptors, services.connections_per_user, services.origins, services.crowd_at)
    to = _url(data.url or services.own_origin)
    question = Question(user, data.chat, data.token, data.origin, to.netloc, to.scheme in {"https", "wss"}, services.client_address(data.address, None) if data.address else None)
    told = await explain(services.context, services.verifier, node, question)
    if not caller.admin and told.user not in (None, caller.user):
        raise TenfourError(ErrorCode.FORBIDDEN, "That is another user's connection.")
    names = await _names(services, [told.user])
    why = told.refusal
    return ExplanationShown(
        why is None,
        _face(told.user, names),
        why.code.value if why is not None else None,
        why.failure.status if why is not None and told.is_before_handshake else None,
        why.failure.close if why is not None and not told.is_before_handshake else None,
        why.detail if why is not None else None,
        why.failure.advice if why is not None else None,
        _cause_shown(CAUSE_OF.get(why.code)) if why is not None else None,
        [CheckShown(each.step.value, each.outcome.value, each.detail) for each in told.checks],
        services.node,
        rfc3339(services.context.clock.now_ms()),
    )


def _url(text: str) -> SplitResult:
    """Raises ``field_invalid``."""
    try:
        return urlsplit(text)
    except ValueError as cause:
        raise TenfourError(ErrorCode.FIELD_INVALID, f"url: {cause}.") from cause


async def _self(asking: Asking) -> UserId:
    """Who asks, where nobody was named; raises ``field_missing`` for the command line, which is nobody."""
    try:
        return (await asking.caller()).user
    except TenfourError as cause:
        if cause.code is not ErrorCode.TOKEN_REVOKED:
            raise
        raise TenfourError(ErrorCode.FIELD_MISSING, "Name a user or give a token: the command line is nobody.") from cause


async def _whose(asking: Asking, user: str | None) -> UserId | None:
    """Whose things are shown: None for everybody's. Raises ``forbidden`` for a user who asks for another's."""

    def find(connection: Connection, caller: Caller) -> UserId | None:
        wanted = people.find_person(connection, user).id if user is not None else None
        if caller.admin:
            return wanted
        if wanted not in (None, caller.user):
            raise TenfourError(ErrorCode.FORBIDDEN)
        return caller.user

    return await asking.read_as_anybody(find)


async def _search(services: Services, text: str | None) -> Search | None:
    """The first people that the text may mean are looked up: of a name that many begin with not everybody is found."""
    if text is None:
        return None
    found = await services.context.store.read(lambda connection: people.search_people(connection, text, None, SEARCHED_PEOPLE_MAX, with_disabled=True))
    return Search(text, frozenset(each.id for each in found))


async def _names(services: Services, users: Iterable[str | None]) -> dict[str, str]:
    wanted = list({UserId(each) for each in users if each is not None})
    return {each.id: each.name for each in await services.context.store.read(lambda connection: people.people(connection, wanted))} if wanted else {}


def _face(user: str | None, names: dict[str, str]) -> Whose | None:
    return Whose(user, names.get(user, "")) if user is not None else None


def _connection_shown(seen: LiveConnection, names: dict[str, str], now_ms: int) -> ConnectionShown:
    return ConnectionShown(
        seen.id,
        _face(seen.user, names),
        seen.state,
        seen.door,
        seen.chat_count,
        list(seen.chats),
        seen.address,
        seen.client,
        rfc3339(now_ms - round(seen.age_s * 1000)),
        round(seen.received_s, 1),
        round(seen.sent_s, 1),
        seen.queue_bytes,
        seen.round_trip_ms,
    )


def _cause_of(ending: Ending) -> Cause | None:
    """None where the client or the line ended it, and the server knows no more."""
    return CAUSE_BY_CODE.get(ending.code)


def _ending_shown(ending: Ending, names: dict[str, str]) -> EndingShown:
    cause = _cause_of(ending)
    return EndingShown(
        rfc3339(ending.at_ms),
        ending.connection,
        _face(ending.user, names),
        ending.door,
        ending.address,
        ending.client,
        ending.close,
        ending.code,
        ending.detail,
        round(ending.age_s, 1) if ending.age_s is not None else None,
        round(ending.silent_s, 1) if ending.silent_s is not None else None,
        ending.times,
        _cause_shown(cause),
    )


def _cause_shown(cause: Cause | None) -> CauseShown | None:
    return CauseShown(cause.id, cause.sentence, cause.fix, f"{CAUSE_PAGE}#{cause.id}") if cause is not None else None


HANDLERS = [list_connections, list_endings, explain_connection, open_delivery_test, end_delivery_test, trace_delivery]
