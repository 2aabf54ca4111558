"""Who lives and who does not: silence in either direction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.gateway.raw import PING, PONG, knock
from tests.servers import Server, Wire, World

HEARTBEAT_S, GRACE_S = 0.6, 0.6
UNLIMITED = dict.fromkeys(("TENFOUR_FRAMES_PER_S", "TENFOUR_SENDS_PER_S", "TENFOUR_USER_SENDS_PER_S"), "1000000")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"TENFOUR_HEARTBEAT_S": str(HEARTBEAT_S), "TENFOUR_HEARTBEAT_GRACE_S": str(GRACE_S)}
    server = Server(tmp_path_factory.mktemp("heartbeat"), settings).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture(scope="module")
def patient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Beats as often, and lets a loaded machine take its time to answer."""
    settings = {"TENFOUR_HEARTBEAT_S": str(HEARTBEAT_S), "TENFOUR_HEARTBEAT_GRACE_S": "20"} | UNLIMITED
    server = Server(tmp_path_factory.mktemp("patient"), settings).start()
    yield server
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


@pytest.fixture
async def patient(patient_server: Server) -> World:
    return await patient_server.world("ann", "bob")


async def test_who_sends_nothing_at_all_is_pinged_once_and_then_closed_by_name(server: Server, world: World) -> None:
    raw = await knock(server, headers=world.ann.headers)
    await raw.next("welcome")

    code, reason = await raw.closed()

    assert code == 4410
    assert reason.startswith("heartbeat_missed: Nothing came for ")
    assert [opcode for opcode, _ in raw.controls] == [PING]


async def test_a_script_sees_a_ping_that_it_need_not_answer(patient_server: Server, patient: World) -> None:
    """The library answers the control frames by itself; the client has no code for pongs, and says nothing for three heartbeats."""
    ann = await patient.ann.connect()

    pings = [await ann.next("ping") for _ in range(4)]
    await ann.say(type="ping", id="still here")

    assert pings[0]["id"] is None
    assert (await ann.next("pong"))["id"] == "still here"


async def test_a_pong_frame_in_answer_to_a_ping_is_taken_without_answer(patient: World) -> None:
    ann = await patient.ann.connect()

    await ann.next("ping")
    await ann.say(type="pong")
    await ann.say(type="ping", id="p")

    assert (await ann.next("pong", "error"))["type"] == "pong"


async def test_a_mute_reader_in_a_busy_chat_lives_for_three_heartbeats(patient_server: Server, patient: World) -> None:
    """It answers control frames, as every client does, and never sends anything of its own."""
    chat = await patient.chat("ann", "bob")
    mute = await knock(patient_server, f"/api/v1/chats/{chat}/ws", patient.ann.headers)
    await mute.next("synced")
    bob = await patient.bob.connect(chat)

    answered = 0
    while answered < 4:
        await bob.send(chat, "busy")
        await mute.next("message_sent")
        for _ in range(len(mute.controls) - answered):
            mute.write(PONG)
            answered += 1
    last = await bob.send(chat, "last")

    seen = await mute.next("message_sent")
    assert seen["seq"] == last["seq"]
    assert {opcode for opcode, _ in mute.controls} == {PING}


@pytest.mark.slow
async def test_in_a_busy_chat_no_data_ping_is_sent(patient: World) -> None:
    chat = await patient.chat("ann", "bob")
    reader, idle, bob = await patient.ann.connect(chat), await patient.ann.connect(), await patient.bob.connect(chat)

    beats = asyncio.create_task(three_pings(idle))
    while not beats.done():
        await bob.send(chat, "busy")
        await reader.next("message_sent")

    assert "ping" not in [each["type"] for each in reader.seen]


async def three_pings(wire: Wire) -> None:
    for _ in range(3):
        await wire.next("ping")
