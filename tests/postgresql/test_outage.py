"""A server whose PostgreSQL goes away: connections stay, senders are told, readiness tells, and it heals by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.cli.commands import tenfour
from tests.eventually import eventually
from tests.postgres import Cluster, running_cluster
from tests.servers import Server, World


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Of its own: it is stopped."""
    with running_cluster() as cluster:
        yield cluster


async def ready(server: Server) -> tuple[int, list[str]]:
    async with httpx.AsyncClient(base_url=server.url + "/api/v1", verify=server.trusted) as http:
        answer = await http.get("/health/ready")
        return answer.status_code, answer.json()["reasons"]


async def is_ready(server: Server) -> bool:
    return (await ready(server))[0] == 200


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_connections_outlive_a_database_that_goes_away_and_nothing_acked_is_missing(make_server, cluster: Cluster, end: str) -> None:
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(), await world.bob.connect()
    await bob.subscribe(chat, None)
    before = await ann.send(chat, "before", "k1")
    await asyncio.to_thread(getattr(cluster, end))

    refused = await ann.send(chat, "while it is away", "k2")

    assert refused["code"] in ("store_down", "outcome_unknown")
    assert refused["retry_after_ms"] > 0
    assert not await is_ready(server)
    status, (reason,) = await ready(server)
    assert (status, reason.startswith("store: PostgreSQL: ")) == (503, True)
    page = await world.bob.request("GET", f"/chats/{chat}/messages")
    assert (page.status_code, page.json()["code"]) == (503, "store_down")

    await asyncio.to_thread(cluster.start)
    await eventually(lambda: is_ready(server))

    again = await ann.send(chat, "while it is away", "k2")
    after = await ann.send(chat, "after", "k3")
    assert [each["type"] for each in (before, again, after)] == ["ack"] * 3
    assert [(await bob.next("message_sent"))["text"] for _ in range(3)] == ["before", "while it is away", "after"]
    found = await world.bob.request("GET", f"/chats/{chat}/messages")
    assert [each["text"] for each in found.json()["items"]] == ["before", "while it is away", "after"]


async def test_a_server_killed_with_messages_on_their_way_has_every_acked_one_after_its_restart(make_server, cluster: Cluster) -> None:
    server = make_server({"sends_per_s": "100000", "user_sends_per_s": "100000", "frames_per_s": "100000"})
    world: World = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    wire = await world.ann.connect()
    acked: dict[str, int] = {}
    for number in range(400):
        await wire.say(type="send", chat=chat, key=f"k{number}", text=f"{number}")
    while len(acked) < 100:
        ack = await wire.next("ack")
        acked[ack["key"]] = ack["seq"]
    server.kill()
    server.start()

    events: list[dict] = []
    while page := (await world.bob.request("GET", f"/chats/{chat}/events?after={len(events)}")).json()["items"]:
        events += page

    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    stored = {each["key"]: each["seq"] for each in events if each["type"] == "message_sent"}
    assert acked.items() <= stored.items()


async def test_the_password_stands_in_no_line_and_a_second_server_is_refused(make_server, cluster: Cluster, tmp_path) -> None:
    url = cluster.new_database().replace("tenfour@", "tenfour:geheim@")
    server = make_server({"database": url})
    (tmp_path / "other").mkdir()
    other = Server(tmp_path / "other", {"TENFOUR_DATABASE": url})

    refused = await asyncio.to_thread(other.refuse_to_start)
    cluster.stop()
    missing = await asyncio.to_thread(other.refuse_to_start)
    await eventually(lambda: "store.unavailable" in server.log)

    assert (refused.returncode, "another tenfour process uses it" in refused.stderr) == (1, True)
    assert (missing.returncode, "Connection refused" in missing.stderr) == (1, True)
    assert f"postgresql://tenfour@127.0.0.1:{cluster.port}/" in missing.stderr
    assert all("Traceback" not in each and "geheim" not in each for each in (refused.stderr, missing.stderr, server.log, "\n".join(server.said)))


def test_the_command_line_makes_the_database_and_leaves_its_backup_to_postgresql(cluster: Cluster, tmp_path) -> None:
    settings = {"TENFOUR_DATABASE": cluster.empty_database().replace("tenfour@", "tenfour:geheim@")}

    first, second = (tenfour("migrate", data=tmp_path, **settings) for _ in range(2))
    added = tenfour("user", "add", "ann", data=tmp_path, TENFOUR_PASSWORD="a good long password", **settings)
    backup = tenfour("backup", str(tmp_path / "copy"), data=tmp_path, **settings)

    assert (first.code, "was brought to schema" in first.out, "geheim" in first.out) == (0, True, False)
    assert (second.code, "already" in second.out) == (0, True)
    assert added.code == 0, added.err
    assert (backup.code, "pg_dump" in backup.err) == (1, True)
