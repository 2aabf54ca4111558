"""Delivery: a message goes out on one connection and has to arrive on a second one, by the normal way.

It is said in a chat that the server makes for it (``POST diagnostics/delivery``): nobody else sees it, and it
is deleted when the test is done. In a chat of people only where that was allowed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from tenfour.clock import SystemClock
from tenfour.doctor.evidence import Delivery, Heard, Welcome
from tenfour.doctor.finding import problem_of
from tenfour.doctor.steps.http1 import Answer
from tenfour.doctor.steps.rest import Rest, connections_of, read
from tenfour.doctor.steps.way import now_s, since_ms
from tenfour.doctor.steps.websocket import WebSocket
from tenfour.doctor.steps.welcome import Entered
from tenfour.ids import new_id
from tenfour.wire import frames

PATIENCE_S = 4.0
LIVE_S = 1.5
HEARD_S, HEARD_AGAIN_S = 1.5, 0.1
"""How long a node may need to hear of a message, and how often it is asked."""
TEXT = "A test by tenfour doctor: this message went from one connection to another."
CONNECTIONS = 2
_DOOR = "diagnostics/delivery"
_NO_SUCH_DOOR = ("not_found", "method_not_allowed")
_GONE = ("chat_unknown", "not_a_member", "removed_from_chat")
_CREATED, _TOO_OFTEN, _FAULT = 201, 429, 500

Enter = Callable[[str], Awaitable[Entered]]
"""Connects at the door of a chat."""


class _Made(msgspec.Struct):
    """What is needed of the answer of the delivery door."""

    chat: str


class _Arrival(msgspec.Struct):
    after_ms: float


class _Traced(msgspec.Struct):
    """What a node says of an event; ``arrival`` is None where it did not hear of it."""

    node: str
    arrival: _Arrival | None


class _Chat(msgspec.Struct):
    head: int


@dataclass(frozen=True, slots=True)
class Nodes:
    """The servers that the name leads to, each with the id of its node, and the ids of all nodes that have answered."""

    servers: Sequence[tuple[Rest, str]]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Answered:
    """What the sender got for its message."""

    after_ms: float | None = None
    seq: int | None = None
    error: str | None = None
    detail: str = ""


async def deliver_in_own_chat(rest: Rest, enter: Enter, welcome: frames.Welcome, nodes: Nodes) -> Delivery | str:
    """The test in a chat made for it; or, as a sentence, why it cannot be made."""
    started_s = now_s()
    answer, others = await asyncio.gather(rest.ask("POST", _DOOR, PATIENCE_S), connections_of(rest, welcome))
    made = read(answer, _Made)
    if made is None:
        return _not_made(answer, welcome.node, since_ms(started_s))
    try:
        if others is not None and others + CONNECTIONS > welcome.limits.connections_per_user:
            return f"Not measured: delivery, because the user has as many connections as it may ({welcome.limits.connections_per_user}), and one more would replace the oldest."
        seen = await _in(made.chat, enter, nodes)
    finally:
        if answer.reply.status == _CREATED:  # else it is of another test, which deletes it
            await rest.ask("DELETE", f"{_DOOR}/{made.chat}", PATIENCE_S)
    if isinstance(seen, Delivery) and (seen.error in _GONE or (seen.close is not None and seen.close.error in _GONE)):
        return "Not measured: delivery, because another test by the same user ended meanwhile, and its chat with it."
    return seen


def _not_made(answer: Answer, node: str, took_ms: float) -> Delivery | str:
    """What a refusal of the delivery door means: a fault of the server, or only that there is none."""
    reply, problem = answer.reply, problem_of(answer.reply)
    if problem is not None and problem.code in _NO_SUCH_DOOR:
        return "Not measured: delivery, because this server is older than the test of it; --chat ID --send tries it in a chat of yours."
    if problem is not None and (reply.status >= _FAULT or reply.status == _TOO_OFTEN):
        return Delivery(took_ms, node, error=problem.code, detail=problem.detail)
    told = f"{problem.code}: {problem.detail}" if problem is not None else f"status {reply.status}" if reply.status else reply.outcome.replace("_", " ")
    return f"Not measured: delivery, because POST /api/v1/{_DOOR} was not let through ({told.strip().removesuffix('.')})."


async def _in(chat: str, enter: Enter, nodes: Nodes) -> Delivery | str:
    sender, receiver = await asyncio.gather(enter(chat), enter(chat))
    try:
        if sender.socket is not None and receiver.socket is not None:
            return await deliver(sender.socket, receiver.socket, chat, (sender.seen.node, receiver.seen.node), nodes)
        return _not_let_in((sender if sender.socket is None else receiver).seen)
    finally:
        await asyncio.gather(*(each.socket.close() for each in (sender, receiver) if each.socket is not None))


def _not_let_in(seen: Welcome) -> Delivery | str:
    """A connection more, where one of the same kind was let in before."""
    problem = problem_of(seen.reply) if seen.reply is not None else None
    if seen.close is None and problem is None:
        return "Not measured: delivery, because a further connection was not let in."
    if problem is not None:
        return Delivery(seen.took_ms, "", error=problem.code, detail=problem.detail)
    return Delivery(seen.took_ms, "", close=seen.close)


async def deliver(sender: WebSocket, receiver: WebSocket, chat: str, ends: tuple[str | None, str | None], nodes: Nodes) -> Delivery:
    """Says something in the chat: ack and arrival are waited for, each on its connection, then every node is asked what it heard."""
    started_s = now_s()
    await _is_live(receiver)
    key = new_id(SystemClock().now_ms())
    went_s = sender.send(msgspec.json.encode(frames.Send(key, TEXT, chat)))
    async with asyncio.TaskGroup() as both:
        arriving = both.create_task(_arrival(receiver, key, went_s))
        answered = await _ack(sender, key, went_s)
        if answered.error is not None:  # nothing will come
            arriving.cancel()
    received_ms, foreign = (None, 0) if arriving.cancelled() else arriving.result()
    close = sender.how_it_ended or receiver.how_it_ended
    seen = Delivery(0.0, *ends, answered.after_ms, received_ms, answered.error, answered.detail, foreign_errors=foreign, close=close)
    if answered.seq is not None:
        heard, heads = await asyncio.gather(_all_heard(nodes, ends, chat, answered.seq), _heads(nodes.servers, chat))
        seen = replace(seen, heard=heard, heads=heads)
    return replace(seen, took_ms=since_ms(started_s))


async def _is_live(receiver: WebSocket) -> None:
    """Returns once it follows the chat: what is sent before may come from the store, and would prove nothing of the broker."""
    until_s = now_s() + LIVE_S
    while (message := await receiver.next(max(0.0, until_s - now_s()))) is not None:
        if isinstance(_read(message.payload), frames.Synced | frames.Reset):
            return


async def _ack(sender: WebSocket, key: str, went_s: float) -> _Answered:
    while (left_s := went_s + PATIENCE_S - now_s()) > 0:
        message = await sender.next(left_s)
        if message is None:
            break
        said = _read(message.payload)
        if isinstance(said, frames.Ack) and said.key == key:
            return _Answered(round((message.at_s - went_s) * 1000, 3), said.seq)
        if isinstance(said, frames.Error) and said.key == key:
            return _Answered(error=said.code, detail=said.detail)
    return _Answered()


async def _arrival(receiver: WebSocket, key: str, went_s: float) -> tuple[float | None, int]:
    foreign = 0
    while (left_s := went_s + PATIENCE_S - now_s()) > 0:
        message = await receiver.next(left_s)
        if message is None:
            break
        said = _read(message.payload)
        if isinstance(said, frames.MessageSent) and said.key == key:
            return round((message.at_s - went_s) * 1000, 3), foreign
        foreign += isinstance(said, frames.Error)
    return None, foreign


_Counted = frames.Ack | frames.Error | frames.MessageSent | frames.Synced | frames.Reset


def _read(payload: bytes) -> _Counted | None:
    """The frames that count here; None for any other."""
    try:
        said: _Counted = msgspec.json.decode(payload, type=_Counted)
    except msgspec.DecodeError:
        return None
    return said


async def _all_heard(nodes: Nodes, ends: tuple[str | None, str | None], chat: str, seq: int) -> tuple[Heard, ...]:
    """What each node heard from the broker; empty where none can say it.

    Behind one address it is chance who answers: it is asked until every node that is known has, or it was often
    enough. The bell may be on its way to a node: one that has not heard it is asked until it should have.
    """
    wanted = {node for node in (*nodes.ids, *ends) if node}
    found: dict[str, float | None] = {}
    until_s = now_s() + HEARD_S
    for times in itertools.count(1):
        traced = [each for each in await asyncio.gather(*(_traced(rest, chat, seq) for rest, _ in nodes.servers)) if each is not None]
        for each in traced:
            if found.get(each.node) is None:
                found[each.node] = each.arrival.after_ms if each.arrival is not None else None
        is_enough = wanted <= found.keys() or times > 2 * len(wanted) + 1
        if not traced or now_s() >= until_s or (is_enough and None not in found.values()):
            break
        await asyncio.sleep(HEARD_AGAIN_S if is_enough else 0)
    return tuple(Heard(node, after_ms) for node, after_ms in found.items())


async def _traced(rest: Rest, chat: str, seq: int) -> _Traced | None:
    return read(await rest.ask("GET", f"{_DOOR}?chat={chat}&seq={seq}", PATIENCE_S), _Traced)


async def _heads(servers: Sequence[tuple[Rest, str]], chat: str) -> tuple[tuple[str, int], ...]:
    """Where the chat ends, address by address, if there is more than one; 0 where a node does not know it."""
    if len(servers) < 2:  # noqa: PLR2004 - to compare
        return ()
    answers = await asyncio.gather(*(rest.ask("GET", f"chats/{chat}", PATIENCE_S) for rest, _ in servers))
    found = [(node, _head(answer)) for (_, node), answer in zip(servers, answers, strict=True)]
    return tuple((node, head) for node, head in found if head is not None)


def _head(answer: Answer) -> int | None:
    chat, problem = read(answer, _Chat), problem_of(answer.reply)
    if chat is not None:
        return chat.head
    return 0 if problem is not None and problem.code == "chat_unknown" else None
