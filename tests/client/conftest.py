from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tenfour.client import AnyEvent, Client, Events, HistoryReplaced, MessageSent
from tests.client.relay import Relay
from tests.servers import Server, World

DEADLINE_S = 60
# A client of the SDK keeps to the limits that it is told; these tests are about more than twenty messages a second.
FAST = {"TENFOUR_SENDS_PER_S": "5000", "TENFOUR_USER_SENDS_PER_S": "5000", "TENFOUR_FRAMES_PER_S": "10000", "TENFOUR_REPLAY_EVENTS": "100"}


@pytest.fixture(scope="session")
def fast_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("fast"), FAST).start()
    yield server
    assert server.stop() == 0, server.log


@pytest.fixture
async def world(fast_server: Server) -> World:
    return await fast_server.world("ann", "bob")


@pytest.fixture
async def chat(world: World) -> str:
    return await world.chat("ann", "bob")


@pytest.fixture
async def make_client() -> AsyncIterator[Callable[..., Client]]:
    """Makes clients that are started, and closed at the end."""
    made: list[Client] = []

    def make(url: str, token: object, **more: object) -> Client:
        made.append(Client(url, token, **more))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    await asyncio.gather(*(client.close() for client in made))


@pytest.fixture
async def relay(fast_server: Server) -> AsyncIterator[Relay]:
    async with Relay(fast_server.url) as relay:
        yield relay


async def take(events: Events, count: int) -> list[AnyEvent | HistoryReplaced]:
    """The next events, as many as named."""
    async with asyncio.timeout(DEADLINE_S):
        return [await anext(events) for _ in range(count)]


async def take_until(events: Events, text: str) -> list[AnyEvent | HistoryReplaced]:
    """The next events up to the message with this text."""
    found: list[AnyEvent | HistoryReplaced] = []
    async with asyncio.timeout(DEADLINE_S):
        async for event in events:
            found.append(event)
            if isinstance(event, MessageSent) and event.text == text:
                break
    return found
