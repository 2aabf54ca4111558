"""What stands between and is no proxy that anybody knows: scripted relays before a real server, each with one fault."""

from __future__ import annotations

import pytest

from tenfour.doctor.probe import Options
from tests.doctor.listeners import Talk, listening, relaying
from tests.doctor.relays import aging, cutting, limiting, losing, marking, relaying_frames, waiting_for

pytestmark = pytest.mark.slow


@pytest.fixture
async def world(server):
    return await server.world("ann")


async def _is_named(staged, talk: Talk, options: Options | None = None, **target):
    async with listening(talk) as port:
        return await staged.is_named_at(f"ws://127.0.0.1:{port}", options, **target)


@pytest.mark.cause("upgrade_stripped", "A relay that takes the header Upgrade out of requests.")
async def test_no_upgrade(staged, server):
    await _is_named(staged, relaying(server.url, without="upgrade"))


@pytest.mark.cause("connection_closed", "A relay that takes the header Connection out of requests.")
async def test_no_connection(staged, server):
    await _is_named(staged, relaying(server.url, without="connection"))


@pytest.mark.cause("token_lost", "A relay that takes the header Authorization out of requests.")
async def test_no_authorization(staged, server, world):
    await _is_named(staged, relaying(server.url, without="authorization"), token=world.ann.token)


@pytest.mark.cause("tcp_reset", "A relay that passes on 40 bytes of each answer and hangs up.")
async def test_heads_that_break_off(staged, server):
    await _is_named(staged, cutting(server.url, 40))


@pytest.mark.cause("tcp_reset", "A relay that passes on 800 bytes of each answer, which is its head and a part of its body, and hangs up.")
async def test_bodies_that_break_off(staged, server):
    await _is_named(staged, cutting(server.url, 800))


@pytest.mark.cause("frames_clumped", "A relay that holds back what the server sends, and passes it on every 600 ms.")
async def test_clumps(staged, server):
    await _is_named(staged, relaying(server.url, hold_s=0.6))


@pytest.mark.cause("frame_too_big", "A relay that closes with 1009 at frames of more than 20,000 bytes, where the server takes more.")
async def test_a_limit_below_that_of_the_server(staged, server):
    await _is_named(staged, limiting(server.url, 20_000, b"\x88\x02" + (1009).to_bytes(2, "big")))


@pytest.mark.cause("deflate_broken", "A relay that marks the server's frames as compressed, and does not compress them.")
async def test_frames_that_are_not_what_they_say(staged, server):
    await _is_named(staged, relaying_frames(server.url, marking))


@pytest.mark.cause("frames_clumped", "A relay that holds the server's frames until it has 2,000 bytes of them.")
async def test_a_buffer_that_has_to_be_full(staged, server):
    await _is_named(staged, relaying_frames(server.url, waiting_for(2_000)))


@pytest.mark.cause("mtu_blackhole", "A relay in which what is larger than 2,000 bytes gets lost.")
async def test_large_packets_get_lost(staged, server):
    await _is_named(staged, relaying(server.url, largest=2_000))


@pytest.mark.cause("not_delivered", "A relay that loses the server's `message_sent` frames.")
async def test_an_ack_without_delivery(staged, server, world):
    await _is_named(staged, relaying_frames(server.url, losing(b'"type":"message_sent"')), token=world.ann.token)


@pytest.mark.cause("ack_missing", "A relay that loses the server's `ack` frames.")
async def test_a_delivery_without_ack(staged, server, world):
    await _is_named(staged, relaying_frames(server.url, losing(b'"type":"ack"')), token=world.ann.token)


@pytest.mark.cause("welcome_late", "A relay that loses the server's `welcome` frame.")
async def test_no_welcome(staged, server, world):
    await _is_named(staged, relaying_frames(server.url, losing(b'"type":"welcome"')), token=world.ann.token)


@pytest.mark.cause("idle_cut", "A relay that cuts a connection after 1.2 s in which the client says nothing.")
async def test_silence_that_is_cut(staged, server):
    await _is_named(staged, relaying(server.url, silence_s=1.2), Options(idle_s=2))


@pytest.mark.cause("nat_forgot", "A relay that forgets a connection after a second in which the client says nothing, and tells nobody.")
async def test_silence_that_is_forgotten(staged, server):
    await _is_named(staged, relaying(server.url, silence_s=1.0, forget=True), Options(idle_s=2))


@pytest.mark.cause("lifetime_cut", "A relay that ends each connection when it is 2 s old.")
async def test_age(staged, server):
    await _is_named(staged, aging(server.url, 2.0), Options(idle_s=3))
