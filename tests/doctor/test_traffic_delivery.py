"""The test of delivery, at a real server and behind relays that lose something."""

from __future__ import annotations

import pytest

from tenfour.doctor.diagnosis import diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Target, examine
from tests.doctor.listeners import listening
from tests.doctor.relays import losing, relaying_frames, with_a_deaf_second_node, without_door
from tests.servers import Server


@pytest.fixture
async def world(server: Server):
    return await server.world("ann")


async def look(url: str, **target) -> Evidence:
    return await examine(Target(url.replace("http", "ws", 1), **target), Options(), lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


async def test_a_token_is_enough_to_send_on_one_connection_and_receive_on_another(server, world):
    evidence = await look(server.url, token=world.ann.token)

    seen = evidence.delivery
    assert named(evidence) is None
    assert seen.ack_ms is not None
    assert seen.received_ms is not None
    assert [(each.node, each.after_ms is not None) for each in seen.heard] == [(evidence.welcome.node, True)]


@pytest.mark.slow
async def test_the_chat_of_the_test_is_gone_when_it_is_over(server, world):
    await look(server.url, token=world.ann.token)

    assert (await world.ann.request("POST", "/diagnostics/delivery")).status_code == 201


@pytest.mark.slow
async def test_a_chat_that_another_test_has_open_is_left_to_it(server, world):
    chat = (await world.ann.request("POST", "/diagnostics/delivery")).json()["chat"]

    evidence = await look(server.url, token=world.ann.token)

    assert evidence.delivery.received_ms is not None
    assert (await world.ann.request("POST", "/diagnostics/delivery")).json()["chat"] == chat


@pytest.mark.slow
async def test_nobody_is_disconnected_for_a_test(server, world):
    wires = [await world.ann.connect() for _ in range(9)]

    evidence = await look(server.url, token=world.ann.token)

    assert evidence.delivery is None
    assert "one more would replace the oldest" in " ".join(evidence.notes)
    assert named(evidence) is None
    assert (await world.ann.request("GET", "/diagnostics/connections")).json()["total"] == len(wires)


async def test_a_server_without_the_door_is_told_so_and_is_not_at_fault(server, world):
    async with listening(without_door(server.url, "/api/v1/diagnostics/")) as port:
        evidence = await look(f"http://127.0.0.1:{port}", token=world.ann.token)

    assert named(evidence) is None
    assert evidence.delivery is None
    assert "older than the test of it" in " ".join(evidence.notes)


@pytest.mark.slow
async def test_a_node_that_hears_nothing_from_the_broker_is_named(server, world):
    async with listening(with_a_deaf_second_node(server.url)) as port:
        evidence = await look(f"http://127.0.0.1:{port}", token=world.ann.token)

    assert named(evidence) == "broker_down"
    assert "second heard nothing of it" in diagnose(evidence).says
    assert {each.node for each in evidence.delivery.heard if each.after_ms is not None} == {evidence.welcome.node}


@pytest.mark.slow
async def test_an_ack_without_delivery_is_told_from_a_delivery_without_ack(server, world):
    causes = []
    for lost in (b'"type":"message_sent"', b'"type":"ack"'):
        async with listening(relaying_frames(server.url, losing(lost))) as port:
            causes.append(named(await look(f"http://127.0.0.1:{port}", token=world.ann.token)))

    assert causes == ["not_delivered", "ack_missing"]
