"""G7: what an application is told by the SDK, while the answers of the server are held back on their way."""

from __future__ import annotations

import asyncio

import pytest

from tenfour.client import Client, Connected, Connecting
from tests.servers import Person, Server
from tests.system.history import History
from tests.system.tap import Tap


@pytest.fixture
async def tap(server: Server):
    """A tap for one client, with nothing flowing from the server yet."""
    tap = await Tap(History(), server, "ada", "").open()
    tap.hold()
    yield tap
    await tap.close()


async def _heard_of(person: Person, chat: str, seq: int) -> None:
    """Returns once another client of the chat has been told of the event."""
    wire = await person.connect()
    frames = await wire.subscribe(chat, 0)
    while frames[-1]["seq"] < seq:
        frames.append(await wire.next("message_sent"))
    await wire.close()


async def test_connected_is_said_after_welcome_and_not_before(server: Server, tap: Tap):
    world = await server.world("ada")
    connections = tap.connections
    async with Client(tap.url, world.ada.token) as client:
        connecting = asyncio.create_task(client.connected())
        await tap.upgraded()
        held = (client.status, connecting.done())
        tap.release()
        await connecting

        assert connections == 0
        assert isinstance(held[0], Connecting)
        assert not held[1]
        assert isinstance(client.status, Connected)


async def test_sent_is_said_after_the_ack_though_everybody_else_has_the_message(server: Server, tap: Tap):
    world = await server.world("ada", "bob")
    chat = await world.chat("ada", "bob")
    tap.release()
    async with Client(tap.url, world.ada.token) as client:
        await client.connected()
        tap.hold()

        sending = asyncio.create_task(client.chat(chat).send("hello"))
        await _heard_of(world.bob, chat, 3)
        told_early = sending.done()
        tap.release()
        ack = await sending

    assert not told_early
    assert ack.seq == 3


async def test_a_message_whose_ack_was_lost_is_sent_again_and_is_there_once(server: Server, tap: Tap):
    world = await server.world("ada", "bob")
    chat = await world.chat("ada", "bob")
    tap.release()
    async with Client(tap.url, world.ada.token) as client:
        await client.connected()
        tap.hold()

        sending = asyncio.create_task(client.chat(chat).send("hello"))
        await _heard_of(world.bob, chat, 3)
        tap.cut()
        tap.release()
        ack = await sending
        page = (await world.bob.request("GET", f"/chats/{chat}/messages")).json()["items"]

    assert (ack.seq, ack.duplicate) == (3, True)
    assert [message["text"] for message in page] == ["hello"]
