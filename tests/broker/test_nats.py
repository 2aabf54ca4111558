"""NATS keeps what every broker promises; and what a node hears and says while it is away, stalled or back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from tenfour.broker import nats
from tenfour.broker.broker import Broker, HeadMoved, TypingNotice, UserDisabled
from tenfour.broker.nats import NatsBroker
from tenfour.ids import ChatId, new_id
from tenfour.wire.batch import ChatEvents
from tests.broker.contract import ANN, CHAT, OTHER_CHAT, BrokerContract, OpenNodes
from tests.broker.nats_server import NatsServer
from tests.eventually import eventually

OpenNode = Callable[..., Awaitable[NatsBroker]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """One for all that do it no harm."""
    server = NatsServer(tmp_path_factory.mktemp("nats")).start()
    yield server
    server.kill()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[NatsServer]:
    """One of the test's own."""
    server = NatsServer(tmp_path).start()
    yield server
    server.kill()


@pytest.fixture
async def open_node() -> AsyncIterator[OpenNode]:
    opened: list[NatsBroker] = []

    async def open_node(url: str, **options: Any) -> NatsBroker:
        broker = NatsBroker(url, f"node {len(opened)}", **options)
        opened.append(broker)
        await broker.open()
        return broker

    yield open_node
    for broker in opened:
        await broker.close()


async def known(*brokers: Broker) -> None:
    """Returns once NATS knows what they listen to: a bell of each to itself has to come round by the others."""
    chat = ChatId(new_id(0))
    for listener in brokers:
        for ringer in brokers:
            if ringer is listener:
                continue
            heard: list[Any] = []
            subscription = listener.listen_chat(chat, heard.append)
            while not heard:
                ringer.ring_chat(HeadMoved(chat, 1))
                await asyncio.sleep(0.005)
            subscription.cancel()


class TestNatsBroker(BrokerContract):
    @pytest.fixture
    def open_nodes(self, shared: NatsServer, open_node: OpenNode) -> OpenNodes:
        async def open_nodes() -> list[Broker]:
            prefix = f"test{new_id(0)}"
            return [await open_node(shared.url, prefix=prefix) for _ in range(2)]

        return open_nodes

    @pytest.fixture
    def settled(self) -> Callable[..., Awaitable[None]]:
        return known


# Between nodes


async def test_bells_of_a_node_come_to_another_in_their_order(shared: NatsServer, open_node: OpenNode) -> None:
    one, two = [await open_node(shared.url, prefix="order") for _ in range(2)]
    heard: list[Any] = []
    two.listen_chat(CHAT, heard.append)
    await known(one, two)
    bells = [HeadMoved(CHAT, seq) for seq in range(1, 5_001)]

    for each in bells:
        one.ring_chat(each)

    await eventually(lambda: len(heard) == len(bells))
    assert heard == bells


async def test_of_a_batch_that_is_too_large_to_be_carried_other_nodes_hear_the_head(shared: NatsServer, open_node: OpenNode) -> None:
    one, two = [await open_node(shared.url, prefix="large") for _ in range(2)]
    here: list[Any] = []
    there: list[Any] = []
    one.listen_chat(CHAT, here.append)
    two.listen_chat(CHAT, there.append)
    await known(one, two)
    batch = ChatEvents(CHAT, 8, [b"x" * 60_000] * 10, ())

    one.ring_chat(batch)

    await eventually(lambda: there)
    assert here == [batch]
    assert there == [HeadMoved(CHAT, 17)]


async def test_installations_with_other_prefixes_do_not_hear_each_other(shared: NatsServer, open_node: OpenNode) -> None:
    one, two, stranger = [await open_node(shared.url, prefix=prefix) for prefix in ("mine", "mine", "theirs")]
    heard: list[Any] = []
    two.listen_chat(CHAT, heard.append)
    stranger.listen_chat(CHAT, lambda _: heard.append("stranger"))
    await known(one, two)

    one.ring_chat(HeadMoved(CHAT, 1))

    await eventually(lambda: heard)
    stranger.ring_chat(HeadMoved(CHAT, 2))  # comes after the bell that must not have come
    assert heard == [HeadMoved(CHAT, 1), "stranger"]


async def test_a_chat_that_nobody_listens_to_any_more_costs_the_node_nothing(shared: NatsServer, open_node: OpenNode) -> None:
    one, two = [await open_node(shared.url, prefix="left") for _ in range(2)]
    heard: list[Any] = []
    first, second = two.listen_chat(CHAT, heard.append), two.listen_chat(CHAT, heard.append)
    two.listen_chat(OTHER_CHAT, heard.append)
    first.cancel()
    second.cancel()
    again = two.listen_chat(CHAT, heard.append)
    again.cancel()
    await known(one, two)

    one.ring_chat(HeadMoved(CHAT, 1))
    one.ring_chat(HeadMoved(OTHER_CHAT, 2))

    await eventually(lambda: heard)
    assert heard == [HeadMoved(OTHER_CHAT, 2)]
    assert len(two._subjects) == len(two._by_number) == 1


async def test_what_is_no_bell_of_this_version_is_counted_and_passed_over(shared: NatsServer, open_node: OpenNode) -> None:
    one, two = [await open_node(shared.url, prefix="odd") for _ in range(2)]
    heard: list[Any] = []
    two.listen_chat(CHAT, heard.append)
    await known(one, two)
    stranger = Client()
    await stranger.connect(shared.url)

    await stranger.publish(f"odd.chat.{CHAT}", b"9z of the future")
    await stranger.flush()
    one.ring_chat(HeadMoved(CHAT, 1))

    await eventually(lambda: heard)
    await stranger.close()
    assert heard == [HeadMoved(CHAT, 1)]
    assert two.unreadable == 1


# Away and back


async def test_without_nats_a_node_starts_hears_itself_and_is_told_when_nats_comes(own: NatsServer, open_node: OpenNode) -> None:
    own.kill()
    told: list[str | None] = []
    one = await open_node(own.url, changed=told.append)
    two = await open_node(own.url)
    here: list[Any] = []
    there: list[Any] = []
    one.listen_user(ANN, here.append)
    two.listen_user(ANN, there.append)

    one.ring_user(UserDisabled(ANN))
    alone, trouble, dropped = list(here), one.trouble, one.dropped
    own.start()
    await eventually(lambda: one.trouble is None and two.trouble is None)
    two.ring_user(UserDisabled(ANN))
    await eventually(lambda: len(here) == 2)

    assert alone == [UserDisabled(ANN)]
    assert trouble is not None
    assert "NATS is away" in trouble
    assert dropped == 1
    assert there == [UserDisabled(ANN)]
    assert told[-1] is None
    assert one.returns == 1


async def test_after_a_restart_of_nats_bells_come_through_again_without_anybody_listening_anew(own: NatsServer, open_node: OpenNode) -> None:
    one, two = [await open_node(own.url) for _ in range(2)]
    heard: list[Any] = []
    two.listen_chat(CHAT, heard.append)
    left = two.listen_chat(OTHER_CHAT, heard.append)
    own.kill()
    await eventually(lambda: one.trouble and two.trouble)

    left.cancel()
    two.listen_user(ANN, heard.append)
    one.ring_chat(HeadMoved(CHAT, 1))
    own.start()
    await eventually(lambda: one.trouble is None and two.trouble is None)
    one.ring_chat(HeadMoved(OTHER_CHAT, 2))
    one.ring_chat(HeadMoved(CHAT, 3))
    one.ring_user(UserDisabled(ANN))

    await eventually(lambda: len(heard) >= 2)
    assert heard == [HeadMoved(CHAT, 3), UserDisabled(ANN)]
    assert (one.returns, two.returns, one.dropped) == (2, 2, 1)


@pytest.mark.slow
async def test_a_nats_that_stalls_is_found_by_its_silence(own: NatsServer, open_node: OpenNode) -> None:
    one = await open_node(own.url)
    own.stall()

    await eventually(lambda: one.trouble)
    own.go_on()
    await eventually(lambda: one.trouble is None)

    assert one.returns == 2


async def test_what_waits_for_a_line_that_does_not_take_it_is_bounded(own: NatsServer, open_node: OpenNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats, "WAITING_MAX", 100_000)
    one = await open_node(own.url)

    for _ in range(20):
        one.ring_chat(ChatEvents(CHAT, 1, [b"x" * 10_000], ()))

    assert one.dropped > 10
    assert one._waiting_bytes <= 100_000


async def test_a_wrong_password_is_the_trouble_and_does_not_stand_in_it(tmp_path: Path, open_node: OpenNode) -> None:
    server = NatsServer(tmp_path, "--user", "tenfour", "--pass", "right").start()
    address = server.url.removeprefix("nats://")

    good, bad = await open_node(f"nats://tenfour:right@{address}"), await open_node(f"nats://tenfour:wrong@{address}")
    trouble = bad.trouble
    server.kill()

    assert good.returns == 1
    assert trouble is not None
    assert "Authorization" in trouble
    assert "wrong" not in trouble


async def test_closing_ends_a_node_that_still_looks_for_nats(own: NatsServer) -> None:
    own.kill()
    one = NatsBroker(own.url, "node")
    await one.open()

    await one.close()

    one.ring_chat(TypingNotice(CHAT, ANN, active=True))
    assert [each for each in asyncio.all_tasks() if each is not asyncio.current_task()] == []


def test_the_library_is_the_one_whose_inner_names_we_use() -> None:
    assert version("nats-py") == "2.16.0"
    assert all(callable(getattr(Client, name)) for name in ("_process_msg", "_send_command", "_flush_pending"))
