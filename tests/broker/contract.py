"""What every broker promises (``tenfour.broker.broker``).

A broker takes part by a class that inherits ``BrokerContract`` and gives the fixture ``open_nodes``: how
many nodes there can be, all on one broker. It may lose, double and reorder bells where the port says so;
here nothing is in trouble, so that each bell comes, and comes to whom it is for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tenfour.broker.broker import (
    Broker,
    ConnectionOpened,
    HeadMoved,
    MembershipChanged,
    NodeAlive,
    OwnReceipt,
    PresenceNotice,
    ProfileNotice,
    ReceiptNotice,
    ReceiptNotices,
    RosterPart,
    RosterWanted,
    SessionEnded,
    Sign,
    TypingNotice,
    UserDisabled,
)
from tenfour.domain.event import Event, EventKind
from tenfour.ids import ChatId, ConnectionId, SessionId, UserId
from tenfour.wire.batch import ChatEvents
from tests.eventually import eventually

CHAT, OTHER_CHAT = ChatId("01890a5d-ac96-774b-bcce-b302099a8057"), ChatId("01890a5d-ac96-774b-bcce-b302099a8058")
ANN, BEN = UserId("01890a5d-ac96-774b-bcce-b302099a8059"), UserId("01890a5d-ac96-774b-bcce-b302099a805a")
JOINED = Event(CHAT, 3, EventKind.MEMBER_JOINED, ANN, 1_750_000_000_123, data={"user": BEN, "role": "member", "rights_before": 2})

OpenNodes = Callable[[], Awaitable[list[Broker]]]
Settled = Callable[..., Awaitable[None]]

CHAT_BELLS: list[Any] = [
    ChatEvents(CHAT, 7, [b'{"type":"message_sent","text":"gr\xc3\xbc\xc3\x9f"}', b'{"type":"message_sent"}'], ()),
    ChatEvents(CHAT, 3, [b'{"type":"member_joined"}'], [JOINED]),
    HeadMoved(CHAT, 7),
    TypingNotice(CHAT, ANN, active=True),
    TypingNotice(CHAT, ANN, active=False),
    ReceiptNotices(CHAT, [ReceiptNotice(CHAT, ANN, 5, 4), ReceiptNotice(CHAT, BEN, 3, 3)]),
]
USER_BELLS: list[Any] = [
    SessionEnded(ANN, SessionId("s")),
    SessionEnded(ANN, None),
    UserDisabled(ANN),
    MembershipChanged(ANN, JOINED),
    ConnectionOpened(ANN, ConnectionId("c")),
    OwnReceipt(ANN, ReceiptNotice(CHAT, ANN, 9, 9)),
]
SIGNS: list[Any] = [
    PresenceNotice(ANN, online=True, since=5, node="n"),
    ProfileNotice(ANN, "Ann", None, "a picture"),
    NodeAlive("n", 2, 0xFFFFFFFF),
    RosterWanted("n"),
    RosterPart("n", 7, 0, 2, {ANN: 5, BEN: 2**40}),
]


def plain(bell: Any) -> Any:
    """A bell in lists and dictionaries: what carries it may turn one sequence into another."""
    if isinstance(bell, ChatEvents):
        return (bell.chat, bell.first_seq, [bytes(each) for each in bell.payloads], list(bell.changes))
    if isinstance(bell, ReceiptNotices):
        return (bell.chat, list(bell.receipts))
    return bell


class BrokerContract:
    @pytest.fixture
    def open_nodes(self) -> OpenNodes:
        """Opens brokers of several nodes, or of one where a process is alone."""
        raise NotImplementedError

    @pytest.fixture
    def settled(self) -> Settled:
        """Returns once every node's bells come to whoever listens by now: at once where they are plain calls."""

        async def settled(*_nodes: Broker) -> None:
            pass

        return settled

    @pytest.fixture
    async def nodes(self, open_nodes: OpenNodes) -> AsyncIterator[list[Broker]]:
        nodes = await open_nodes()
        yield nodes
        for node in nodes:
            await node.close()

    @pytest.mark.parametrize("bell", CHAT_BELLS, ids=lambda bell: type(bell).__name__)
    async def test_a_bell_of_a_chat_is_heard_whole_on_every_node_that_listens_to_it(self, nodes: list[Broker], settled: Settled, bell: Any) -> None:
        heard: list[list[Any]] = [[] for _ in nodes]
        elsewhere: list[Any] = []
        for node, ears in zip(nodes, heard, strict=True):
            node.listen_chat(CHAT, ears.append)
            node.listen_chat(OTHER_CHAT, elsewhere.append)
            node.listen_user(ANN, elsewhere.append)
        await settled(*nodes)

        nodes[0].ring_chat(bell)

        await eventually(lambda: all(heard))
        assert [[plain(each) for each in ears] for ears in heard] == [[plain(bell)] for _ in nodes]
        assert elsewhere == []

    @pytest.mark.parametrize("bell", USER_BELLS, ids=lambda bell: type(bell).__name__)
    async def test_a_bell_of_a_user_is_heard_whole_on_every_node_that_listens_to_that_user(self, nodes: list[Broker], settled: Settled, bell: Any) -> None:
        heard: list[list[Any]] = [[] for _ in nodes]
        elsewhere: list[Any] = []
        for node, ears in zip(nodes, heard, strict=True):
            node.listen_user(ANN, ears.append)
            node.listen_user(BEN, elsewhere.append)
        await settled(*nodes)

        nodes[-1].ring_user(bell)

        await eventually(lambda: all(heard))
        assert heard == [[bell] for _ in nodes]
        assert elsewhere == []

    @pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: type(sign).__name__)
    async def test_signs_are_heard_everywhere(self, nodes: list[Broker], settled: Settled, sign: Sign) -> None:
        heard: list[list[Sign]] = [[] for _ in nodes]
        for node, ears in zip(nodes, heard, strict=True):
            node.listen_signs(ears.append)
        await settled(*nodes)

        nodes[0].ring_sign(sign)

        await eventually(lambda: all(heard))
        assert heard == [[sign] for _ in nodes]

    async def test_several_listeners_of_one_node_all_hear_and_who_cancelled_does_not(self, nodes: list[Broker], settled: Settled) -> None:
        one: list[Any] = []
        two: list[Any] = []
        cancelled: list[Any] = []
        nodes[0].listen_chat(CHAT, one.append)
        subscription = nodes[0].listen_chat(CHAT, cancelled.append)
        nodes[0].listen_chat(CHAT, two.append)
        subscription.cancel()
        await settled(*nodes)

        nodes[-1].ring_chat(CHAT_BELLS[0])

        await eventually(lambda: one and two)
        assert cancelled == []

    async def test_who_is_cancelled_by_another_listener_does_not_hear_even_the_bell_that_rings(self, nodes: list[Broker]) -> None:
        heard: list[str] = []

        def hear(_: object) -> None:
            heard.append("first")
            first.cancel()
            second.cancel()

        first = nodes[0].listen_chat(CHAT, hear)
        second = nodes[0].listen_chat(CHAT, lambda _: heard.append("second"))
        nodes[0].listen_chat(CHAT, lambda _: heard.append("third"))
        for _ in range(2):
            nodes[0].ring_chat(CHAT_BELLS[0])

        await eventually(lambda: heard.count("third") == 2)
        assert heard == ["first", "third", "third"]

    async def test_cancelling_twice_is_nothing(self, nodes: list[Broker]) -> None:
        heard: list[Any] = []
        first = nodes[0].listen_user(ANN, heard.append)
        nodes[0].listen_user(ANN, heard.append)

        first.cancel()
        first.cancel()
        nodes[0].ring_user(UserDisabled(ANN))

        await eventually(lambda: heard)
        assert heard == [UserDisabled(ANN)]

    async def test_a_listener_that_fails_costs_the_others_no_bell(self, nodes: list[Broker]) -> None:
        mistakes: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
        heard: list[Any] = []

        def fail(_: object) -> None:
            raise ZeroDivisionError

        nodes[0].listen_chat(CHAT, fail)
        nodes[0].listen_chat(CHAT, heard.append)
        nodes[0].ring_chat(CHAT_BELLS[0])
        nodes[0].ring_chat(CHAT_BELLS[1])

        await eventually(lambda: len(heard) == 2)
        assert [type(each) for each in mistakes] == [ZeroDivisionError] * 2

    async def test_a_bell_that_nobody_listens_to_is_nothing(self, nodes: list[Broker]) -> None:
        nodes[0].ring_chat(CHAT_BELLS[0])
        nodes[0].ring_user(USER_BELLS[0])

        assert nodes[0].trouble is None
