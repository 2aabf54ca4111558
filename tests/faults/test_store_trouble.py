"""A store in trouble: nobody is told that something is stored which is not, nobody is cut off, and it heals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tenfour.storage.backlog import WAITING_PER_SENDER_MAX
from tests.eventually import eventually
from tests.faults.faulty import Fault, FaultyServer
from tests.servers import TLS, Person, Server, Wire
from tests.storage import foreign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EXIT_FATAL = 70


async def readiness(server: Server) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url + "/api/v1", verify=TLS, timeout=30) as http:
        return await http.get("/health/ready")


async def history(person: Person, chat: str) -> list[tuple[int, str, str]]:
    """Seq, key and text of everything."""
    found: list[tuple[int, str, str]] = []
    while True:
        page = (await person.request("GET", f"/chats/{chat}/messages", params={"after": found[-1][0] if found else 0, "limit": 100})).raise_for_status().json()
        found += [(item["seq"], item["key"], item["text"]) for item in page["items"]]
        if not page["has_after"]:
            return found


async def answers(wire: Wire, count: int) -> list[dict[str, Any]]:
    return [await wire.next("ack", "error") for _ in range(count)]


# Ways in which nothing can be written


@contextlib.contextmanager
def full_by_the_shim(server: FaultyServer) -> Iterator[None]:
    with server.failing(Fault.FULL):
        yield


@contextlib.contextmanager
def read_only(server: FaultyServer) -> Iterator[None]:
    with server.failing(Fault.READ_ONLY):
        yield


def locked(server: FaultyServer) -> contextlib.AbstractContextManager[None]:
    return foreign.locked(server.data / "tenfour.db")


@contextlib.contextmanager
def really_full(server: FaultyServer) -> Iterator[None]:
    """A file takes all that is left of the disk."""
    ballast = server.data / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """16 MiB of their own."""
    mount = shutil.which("mount")
    place = tmp_path / "disk"
    place.mkdir()
    if mount is None or os.geteuid() != 0 or subprocess.run([mount, "-t", "tmpfs", "-o", "size=16m", "tenfour", place], check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk; the shim's full disk is tested everywhere")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture(params=[full_by_the_shim, read_only, locked, really_full], ids=lambda way: way.__name__)
def trouble(request: pytest.FixtureRequest) -> Callable[[FaultyServer], contextlib.AbstractContextManager[None]]:
    return request.param


@pytest.fixture
def server(request: pytest.FixtureRequest, faulty: Callable[..., FaultyServer]) -> FaultyServer:
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("trouble") is really_full:
        return faulty(request.getfixturevalue("small_disk") / "data")
    return faulty()


async def test_while_nothing_can_be_written_nothing_is_acked_connections_and_reads_live_on_and_it_heals_by_itself(
    server: FaultyServer, trouble: Callable[[FaultyServer], contextlib.AbstractContextManager[None]]
) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    acked: list[tuple[int, str]] = []
    with trouble(server):
        # What the log had room for already may still be stored; then it ends.
        while (answer := await ann.send(chat, "x" * 4_000))["type"] == "ack":
            acked.append((answer["seq"], answer["key"]))
        more = await asyncio.gather(*[world.ann.request("POST", f"/chats/{chat}/messages", json={"text": "by REST"}, headers={"Idempotency-Key": uuid.uuid4().hex}) for _ in range(3)])
        ready = await readiness(server)
        seen = await history(world.bob, chat)
        newcomer = await world.cid.connect(chat)
        await bob.say(type="ping")
        pong = await bob.next("pong", "error")
        refused_again = await ann.send(chat, answer["detail"], answer["key"])

    assert answer["code"] == "store_down"
    assert answer["retry_after_ms"] > 0
    assert {(each.status_code, each.json()["code"]) for each in more} == {(503, "store_down")}
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert any(reason.startswith("store: ") for reason in ready.json()["reasons"])
    assert [(seq, key) for seq, key, _ in seen] == acked
    assert newcomer.welcome["type"] == "welcome"
    assert pong["type"] == "pong"
    assert refused_again["code"] == "store_down"

    async def is_ready() -> bool:
        return (await readiness(server)).status_code == 200

    await eventually(is_ready)
    sent = await ann.send(chat, "x" * 4_000, answer["key"])
    assert (sent["type"], sent["duplicate"]) == ("ack", False)
    assert [(seq, key) for seq, key, _ in await history(world.bob, chat)] == [*acked, (sent["seq"], sent["key"])]
    for wire in (bob, newcomer):
        while (event := await wire.next("message_sent"))["seq"] != sent["seq"]:
            assert (event["seq"], event["key"]) in acked
    assert server.process is not None
    assert server.process.poll() is None
    assert "Traceback" not in server.log


async def test_after_a_sync_that_failed_nothing_of_the_batch_is_acked_the_process_ends_and_the_next_one_recovers(server: FaultyServer) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann = await world.ann.connect(chat)
    before = [await ann.send(chat, f"before {number}", f"before-{number}") for number in range(5)]
    wanted = [(f"k-{number}", f"text {number}") for number in range(40)]
    # The checkpoint of an idle writer syncs too: only once it is done is the next sync that of a message.
    await eventually(lambda: (server.data / "tenfour.db-wal").stat().st_size == 0)
    server.fault = Fault.SYNC_FAILS
    with contextlib.suppress(ConnectionClosed):
        for key, text in wanted:
            await ann.say(type="send", chat=chat, key=key, text=text)
    code, reason = await ann.closed()
    told = [each for each in ann.seen if each["type"] in ("ack", "error") and each["key"].startswith("k-")]
    assert server.process is not None
    exit_code = await asyncio.to_thread(server.process.wait, 60)

    assert {each["type"] for each in before} == {"ack"}
    assert {each["type"] for each in told} == {"error"}
    # The first is in the batch that failed; what comes after it may be refused before the loop has heard of the failure, or find the connection closed.
    assert {each["key"]: each["code"] for each in told}["k-0"] == "outcome_unknown"
    assert {each["code"] for each in told} <= {"outcome_unknown", "store_down"}
    assert (code, reason.partition(":")[0]) == (1012, "restart")
    assert exit_code == EXIT_FATAL
    assert "store.broken" in server.log

    server.fault = Fault.WELL
    server.start()
    ann = await world.ann.connect(chat)
    again = [await ann.send(chat, text, key) for key, text in wanted]

    assert {each["type"] for each in again} == {"ack"}
    found = await history(world.bob, chat)
    assert [seq for seq, _, _ in found] == list(range(found[0][0], found[0][0] + 45))
    assert sorted((key, text) for _, key, text in found) == sorted([*[(f"before-{number}", f"before {number}") for number in range(5)], *wanted])
    assert {each["key"]: each["seq"] for each in again}.items() <= {key: seq for seq, key, _ in found}.items()


async def test_while_the_disk_is_slow_the_queue_is_bounded_what_is_too_much_is_busy_and_pings_are_answered(server: FaultyServer) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    wanted = {f"k-{number:04}": f"text {number}" for number in range(WAITING_PER_SENDER_MAX + 600)}
    with server.failing(Fault.SLOW):
        for key, text in wanted.items():
            await ann.say(type="send", chat=chat, key=key, text=text)
        await bob.say(type="ping")
        pong = await bob.next("pong", "ack")
        seen = await history(world.bob, chat)
        told = await answers(ann, len(wanted))

    refused = [each for each in told if each["type"] == "error"]
    assert pong["type"] == "pong"
    assert [(key, text) for _, key, text in seen] == list(wanted.items())[: len(seen)]
    assert refused
    assert {each["code"] for each in refused} == {"busy"}
    assert all(each["retry_after_ms"] > 0 for each in refused)
    left = sorted(each["key"] for each in refused)
    assert left == list(wanted)[-len(left) :], "nothing overtakes a refused message"
    for key in left:
        await ann.say(type="send", chat=chat, key=key, text=wanted[key])
    assert {each["type"] for each in await answers(ann, len(left))} == {"ack"}
    assert [(key, text) for _, key, text in await history(world.bob, chat)] == list(wanted.items())


@pytest.mark.parametrize("trouble", [full_by_the_shim, read_only, locked, really_full], ids=lambda way: way.__name__)
async def test_a_server_that_cannot_write_from_the_start_says_why_in_one_line(server: FaultyServer, trouble: Callable[[FaultyServer], contextlib.AbstractContextManager[None]]) -> None:
    assert server.stop() == 0

    with trouble(server):
        refused = server.refuse_to_start()

    assert refused.returncode == 1
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"tenfour: the database {server.data / 'tenfour.db'} cannot be opened: ")
    server.start()
