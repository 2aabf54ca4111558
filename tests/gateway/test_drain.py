"""A stop on SIGTERM: everybody is told when to come back, every ack is out, nothing acked is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.gateway.raw import TEXT, knock
from tests.servers import Server, Wire, World

DRAIN_S = 4.0
MERCY_S = 10.0
"""What a loaded machine may take besides."""
MakeServer = Callable[..., Server]


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server({"drain_s": str(DRAIN_S), "frames_per_s": "1000000", "sends_per_s": "1000000", "user_sends_per_s": "1000000"})


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


async def exit_code(server: Server) -> int:
    assert server.process is not None
    return await asyncio.to_thread(server.process.wait, 30)


async def test_everybody_is_told_another_time_to_come_back_and_closed_with_1012(server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")
    wires = [await world.ann.connect() for _ in range(4)] + [await world.bob.connect(chat) for _ in range(4)]

    os.kill(server.pid, signal.SIGTERM)
    ends = await asyncio.gather(*(wire.closed() for wire in wires))
    code = await exit_code(server)

    assert set(ends) == {(1012, "restart: The server restarts")}
    goodbyes = [wire.seen[-1] for wire in wires]
    assert {(each["type"], each["code"], each["reason"], each["reconnect"]) for each in goodbyes} == {("goodbye", 1012, "restart", True)}
    after = sorted(each["after_ms"] for each in goodbyes)
    assert len(set(after)) == len(after), "spread, so that they do not come back in one moment"
    assert after[-1] >= 500
    assert code == 0
    assert "Traceback" not in server.log


@pytest.mark.slow
async def test_no_acked_message_is_lost_and_every_send_before_the_end_has_its_answer(server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")
    wires = [await (world.ann if place % 2 else world.bob).connect(chat) for place in range(8)]

    async def send_until_the_end(wire: Wire) -> list[int]:
        acked = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await wire.send(chat, "once more")
                acked.append(frame["seq"])
        return acked

    sending = [asyncio.create_task(send_until_the_end(wire)) for wire in wires]
    while sum(len(wire.seen) for wire in wires) < 2_000:
        await asyncio.wait(sending, timeout=0.01)
    os.kill(server.pid, signal.SIGTERM)
    acked = [seq for seqs in await asyncio.gather(*sending) for seq in seqs]
    code = await exit_code(server)
    server.start()
    ann = await world.ann.connect()
    head = ann.welcome["chats"][0]["head"]
    stored: set[int] = set()
    while len(stored) < head - 2:
        page = (await world.ann.request("GET", f"/chats/{chat}/messages?after={max(stored, default=0)}&limit=100")).json()
        stored |= {each["seq"] for each in page["items"]}

    assert code == 0
    assert len(acked) == len(set(acked)) > 100
    assert set(acked) <= stored
    assert len(stored) - len(acked) <= len(wires), "what was stored without an ack was in flight"


@pytest.mark.slow
async def test_a_stop_is_prompt_when_clients_answer_and_keeps_its_time_when_they_do_not(server: Server, world: World) -> None:
    answering = [await world.ann.connect() for _ in range(3)]
    code, prompt_s = await stop_while(server, *(wire.closed() for wire in answering))
    server.start()
    mute = [await knock(server, headers=world.bob.headers) for _ in range(3)]
    for raw in mute:
        await raw.next("welcome")
    silent_code, silent_s = await stop_while(server)

    assert (code, silent_code) == (0, 0)
    assert prompt_s < MERCY_S
    assert silent_s < DRAIN_S + MERCY_S


async def stop_while(server: Server, *doing: Awaitable[object]) -> tuple[int, float]:
    """Exit code and duration of a stop during which something is done."""
    began = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    await asyncio.gather(*doing)
    return await exit_code(server), time.monotonic() - began


@pytest.mark.slow
async def test_who_reads_nothing_does_not_hold_up_a_stop_beyond_its_time(make_server: MakeServer) -> None:
    server = make_server({"drain_s": "0.5"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    bob = await world.bob.connect(chat)
    await bob.send_all(chat, ["x" * 16_000] * 40)
    stuck = [await knock(server, f"/api/v1/chats/{chat}/ws?after=0", world.ann.headers, receive_buffer=4_096) for _ in range(3)]
    for raw in stuck:
        await raw.next("message_sent")

    code, took_s = await stop_while(server)

    assert code == 0
    assert took_s < 0.5 + MERCY_S


async def test_whoever_comes_while_the_server_drains_is_sent_away_before_the_handshake(server: Server, world: World) -> None:
    mute = await knock(server, headers=world.ann.headers)
    await mute.next("welcome")
    async with httpx.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/api/v1/health/ready")).status_code == 200

        os.kill(server.pid, signal.SIGTERM)
        await mute.next("goodbye")
        ready = await http.get("/api/v1/health/ready")
        live = await http.get("/api/v1/health/live")
    late = await knock(server, headers=world.bob.headers)
    late_echo = await knock(server, "/api/v1/diagnostics/echo")
    mute.abort()
    code = await exit_code(server)

    assert (ready.status_code, ready.json()["reasons"]) == (503, ["node: the server is about to stop"])
    assert live.status_code == 200
    assert late.answer.status == late_echo.answer.status == 503
    assert late.answer.problem()["code"] == "draining"
    assert int(late.answer.headers["retry-after"]) > 0
    assert code == 0


@pytest.mark.slow
async def test_a_second_signal_ends_it_at_once(server: Server, world: World) -> None:
    mute = await knock(server, headers=world.ann.headers)
    await mute.next("welcome")

    os.kill(server.pid, signal.SIGTERM)
    await mute.next("goodbye")
    os.kill(server.pid, signal.SIGTERM)

    assert await exit_code(server) == 1


@pytest.mark.slow
async def test_the_echo_door_and_who_has_not_logged_in_are_closed_as_well(server: Server, world: World) -> None:
    echo = await knock(server, "/api/v1/diagnostics/echo")
    nobody = await knock(server)
    echo.write(TEXT, b"{}")
    await echo.receive()

    os.kill(server.pid, signal.SIGTERM)
    ends = await asyncio.gather(echo.closed(), nobody.closed())
    code = await exit_code(server)

    assert ends == [(1012, "restart: The server restarts")] * 2
    assert code == 0
