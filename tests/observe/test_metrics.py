"""The metrics: Prometheus can read them, they are all described, and they count what happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tenfour.observe.metrics import described
from tests.eventually import eventually
from tests.servers import Server, open_wire

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def scrape(server: Server) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = httpx.get(f"{server.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {each.name + "".join(f" {name}={value}" for name, value in each.labels.items()): each.value for family in text_string_to_metric_families(answer.text) for each in family.samples}


def test_every_metric_is_in_the_reference_and_every_one_in_the_reference_is_scraped(server: Server) -> None:
    exposed = set(re.findall(r"^# TYPE (\S+) (\S+)$", httpx.get(f"{server.url}/metrics").text, re.MULTILINE))
    listed = set(re.findall(r"^\| `(\S+)` \| (\S+) \| .+\. \|$", REFERENCE.read_text(), re.MULTILINE))

    assert exposed == listed == {(name, kind) for name, kind, _ in described()}


async def test_what_happens_is_counted(make_server: Callable[..., Server]) -> None:
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    before = scrape(server)

    ann, bob = await world.ann.connect(chat), await world.bob.connect()
    await bob.subscribe(chat, None)
    await ann.send(chat, "one")
    await ann.send(chat, "two")
    await bob.next("message_sent")
    await bob.next("message_sent")
    refused = await ann.send(chat, " ")
    await (await open_wire(server, headers={"Authorization": "Bearer x"})).closed()
    httpx.get(
        f"{server.url}/api/v1/ws",
        headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13", "Origin": "https://evil.example"},
    )
    during = scrape(server)
    await ann.close()
    await bob.close()
    await eventually(lambda: scrape(server)["tenfour_connections"] == 0)

    assert refused["code"] == "text_empty"
    grown = {name: value - before.get(name, 0) for name, value in during.items()}
    assert grown["tenfour_acks_total"] == 2
    assert grown["tenfour_messages_appended_total"] == 2
    assert grown["tenfour_messages_refused_total code=text_empty"] == 1
    assert grown["tenfour_deliveries_total"] >= 4
    assert grown["tenfour_handshakes_total"] == 3
    assert grown["tenfour_replays_total"] == 2
    assert grown["tenfour_connections_ended_total code=token_malformed"] == 1
    assert grown["tenfour_upgrades_refused_total code=origin_refused"] == 1
    assert grown["tenfour_frames_received_total"] == 4
    assert (during["tenfour_connections"], during["tenfour_users_connected"], during["tenfour_rooms"]) == (2, 2, 1)
    assert (during["tenfour_store_up"], during["tenfour_broker_up"], during["tenfour_writer_waiting"]) == (1, 1, 0)
    assert during["tenfour_commit_seconds_bucket le=+Inf"] == during["tenfour_commit_seconds_count"] > 0
    assert during["tenfour_commit_seconds_sum"] > 0


def test_the_buckets_of_a_histogram_never_fall(server: Server) -> None:
    samples = scrape(server)

    for name in ("tenfour_commit_seconds", "tenfour_batch_messages"):
        values = [value for sample, value in samples.items() if sample.startswith(f"{name}_bucket")]
        assert values == sorted(values)
        assert len(values) == 12
