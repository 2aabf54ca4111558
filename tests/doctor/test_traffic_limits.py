"""How many connections stand at once, at real servers with limits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Patience, Target, examine

SHORT = Patience(upgrade=2.0, welcome=2.0)


async def look(url: str, connections: int, patience: Patience | None = None, **target) -> Evidence:
    return await examine(Target(url.replace("http", "ws", 1), **target), Options(connections=connections, patience=patience or Patience()), lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


@contextlib.asynccontextmanager
async def full_of_connections(url: str) -> AsyncIterator[None]:
    """As many lines to the server as it takes, on which nothing is said; the last has been hung up on."""
    host, _, port = url.rpartition("//")[2].rpartition(":")
    async with contextlib.AsyncExitStack() as lines:
        while True:
            reader, writer = await asyncio.open_connection(host, int(port))
            lines.callback(writer.close)
            try:
                async with asyncio.timeout(0.2):
                    await reader.read(1)
            except TimeoutError:
                continue
            break
        yield


@pytest.mark.slow
@pytest.mark.parametrize("is_logged_in", [True, False])
async def test_connections_that_stand_are_counted(server, is_logged_in):
    world = await server.world("ann")

    evidence = await look(server.url, 9, token=world.ann.token if is_logged_in else None)

    assert named(evidence) is None
    assert next(check.line for check in checks(evidence) if check.name == "number") == "9 connections stood at once"


async def test_more_than_a_user_may_have_replace_the_oldest(server):
    world = await server.world("ann")

    evidence = await look(server.url, 12, token=world.ann.token)

    assert named(evidence) == "replaced"
    assert evidence.many.stood == 10
    assert "A user may have 10 (connections_per_user)." in diagnose(evidence).says


@pytest.mark.slow
async def test_none_of_the_users_others_is_replaced_for_the_test(server):
    world = await server.world("ann")
    wires = [await world.ann.connect() for _ in range(3)]

    evidence = await look(server.url, 9, token=world.ann.token)

    assert named(evidence) == "replaced"
    assert "has 3 open elsewhere and may have 10" in diagnose(evidence).says
    assert evidence.many.stood == 7
    while (left := (await world.ann.request("GET", "/diagnostics/connections")).json()["items"])[len(wires) :]:
        pass  # the doctor's own are on their way out
    assert {each["id"] for each in left} == {wire.welcome["connection"] for wire in wires}


@pytest.mark.parametrize(("limit", "says"), [("connections_per_address", "127.0.0.1 has 6 connections open"), ("connections", "The node has as many connections as it takes")])
async def test_the_limits_of_an_address_and_of_a_node_are_told_apart(make_server, limit, says):
    server = make_server({limit: "6"})

    evidence = await look(server.url, 9)

    assert named(evidence) == "too_many"
    assert says in diagnose(evidence).says
    assert evidence.many.stood == 6


async def test_haste_is_not_taken_for_a_limit(make_server):
    server = make_server({"handshakes_per_address_s": "5"})

    evidence = await look(server.url, 12)

    assert named(evidence) is None
    assert evidence.many.stood == 12


async def test_a_server_without_file_descriptors_is_seen_to_have_none(make_server):
    server = make_server()
    _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{server.pid}/fd").iterdir())) + 20, most))

    beyond = await look(server.url, 40, SHORT)
    async with full_of_connections(server.url):
        before = await look(server.url, 2, SHORT)

    for evidence in (beyond, before):
        assert named(evidence) == "fd_limit"
        assert f"process {server.pid}, may have" in diagnose(evidence).says
        assert diagnose(evidence).certain
    assert 0 < beyond.many.stood < 40


async def test_a_program_that_is_stopped_is_told_from_one_that_hangs(make_server):
    server = make_server()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        evidence = await look(server.url, 2, Patience(http=0.5))
    finally:
        os.kill(server.pid, signal.SIGCONT)

    assert named(evidence) == "open_but_mute"
    assert diagnose(evidence).says.endswith(f"process {server.pid}, is stopped.")
