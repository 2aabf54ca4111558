"""A server that is full, about to stop, stopped, without its data, or set up otherwise than its clients think."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.doctor.matrix import Staged
from tests.eventually import eventually
from tests.faults.conftest import shim
from tests.faults.faulty import Fault, FaultyServer
from tests.servers import SERVE, TLS, Person, Server, World
from tests.storage import foreign
from tests.tokens import EXTERNAL, product

__all__ = ["shim"]

pytestmark = pytest.mark.slow

PAGE = "http://127.0.0.1:3000"
"""A page that the strict server allows."""
PER_ADDRESS, CONNECTIONS = 12, 14


def ws(server: Server) -> str:
    return server.url.replace("http", "ws", 1)


# Settings that refuse


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets in few, from one page, and takes no token in the address."""
    settings = {
        "TENFOUR_ALLOWED_ORIGINS": PAGE,
        "TENFOUR_TOKEN_QUERY": "false",
        "TENFOUR_CONNECTIONS_PER_ADDRESS": str(PER_ADDRESS),
        "TENFOUR_CONNECTIONS": str(CONNECTIONS),
        "TENFOUR_CONNECTIONS_PER_USER": "1000",
    }
    server = Server(tmp_path_factory.mktemp("strict"), settings).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture
async def world(strict: Server) -> World:
    return await strict.world("ann")


@pytest.mark.cause(None, "The page that is in `allowed_origins`.")
async def test_the_page_that_is_allowed(staged: Staged, strict: Server, world: World) -> None:
    await staged.is_named_at(ws(strict), token=world.ann.token, origin=PAGE)


@pytest.mark.cause("origin_refused", "A page of another site.")
async def test_a_page_of_another_site(staged: Staged, strict: Server, world: World) -> None:
    await staged.is_named_at(ws(strict), token=world.ann.token, origin="https://stranger.example")


@pytest.mark.cause("origin_refused", "A page from a file, whose origin is `null`.")
async def test_a_page_from_a_file(staged: Staged, strict: Server, world: World) -> None:
    await staged.is_named_at(ws(strict), token=world.ann.token, origin="null")


@pytest.mark.cause("origin_refused", "The server's own page, where `allowed_origins` names another one only.")
async def test_the_servers_own_page(staged: Staged, strict: Server, world: World) -> None:
    await staged.is_named_at(ws(strict), token=world.ann.token)


@pytest.mark.cause("token_query_off", "The token stands in the address, and the settings say `token_query = false`.")
async def test_a_token_in_the_address(staged: Staged, strict: Server, world: World) -> None:
    await staged.is_named_at(f"{ws(strict)}/api/v1/ws?token={world.ann.token}", origin=PAGE)


# Limits


@contextlib.asynccontextmanager
async def held(person: Person, *addresses: str) -> AsyncIterator[None]:
    """Connections of somebody that stand, each from an address of this machine; afterwards the server knows that they are gone."""
    place = person.server.url.rpartition("//")[2]
    headers = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Authorization: Bearer {person.token}")
    request = "\r\n".join(("GET /api/v1/ws HTTP/1.1", f"Host: {place}", *headers, "", "")).encode()
    writers = []
    try:
        for address in addresses:
            reader, writer = await asyncio.open_connection(*place.split(":"), local_addr=(address, 0))
            writers.append(writer)
            writer.write(request)
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield
    finally:
        for writer in writers:
            writer.transport.abort()
        await eventually(lambda: nobody_is_there(person.server))


async def nobody_is_there(server: Server) -> bool:
    async with httpx.AsyncClient(timeout=30, verify=TLS) as http:
        seen = await http.get(f"{server.url}/api/v1/diagnostics/connections", headers=server.administration())
    return seen.json()["items"] == []


@pytest.mark.cause("too_many", "As many connections from one address as `connections_per_address` allows.")
async def test_an_address_that_is_full(staged: Staged, strict: Server, world: World) -> None:
    async with held(world.ann, *["127.0.0.1"] * PER_ADDRESS):
        await staged.is_named_at(ws(strict), token=world.ann.token, origin=PAGE)


@pytest.mark.cause("too_many", "As many connections as `connections` allows, from many addresses.")
async def test_a_node_that_is_full(staged: Staged, strict: Server, world: World) -> None:
    async with held(world.ann, *["127.0.0.2", "127.0.0.3"] * (CONNECTIONS // 2)):
        await staged.is_named_at(ws(strict), token=world.ann.token, origin=PAGE)


@pytest.mark.cause("rate_limited", "More requests from the address than `requests_per_address_s` allows.")
async def test_too_many_requests(staged: Staged, make_server: Callable[..., Server]) -> None:
    server = make_server({"requests_per_address_s": "1"})
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as http:
        while (await http.get("/api/v1/server")).status_code != 429:
            pass

        await staged.is_named_at(ws(server))


# File descriptors, and a process that stands still


RESERVED, ROOM = 64, 16


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the shell lets open few files: beside its own there is room for sixteen connections."""
    server = Server(tmp_path_factory.mktemp("poor"), {"TENFOUR_CONNECTIONS_PER_USER": "1000"})
    server.command = ["sh", "-c", f'ulimit -n {RESERVED + ROOM} && exec "$@"', "sh", *SERVE]
    yield server.start()
    assert server.stop() == 0, server.log


@pytest.mark.cause("fd_limit", "`ulimit -n 80` for the server, and as many connections as that leaves room for.")
async def test_a_server_that_may_open_few_files(staged: Staged, poor: Server) -> None:
    ann = (await poor.world("ann")).ann

    async with held(ann, *["127.0.0.1"] * ROOM):
        await staged.is_named_at(ws(poor), token=ann.token)

    assert "Server descriptors.few" in poor.log


@pytest.mark.cause("fd_limit", "`ulimit -n 80` for the server, and so many lines that say nothing that it can take in no other.")
async def test_a_server_that_has_no_descriptor_left(staged: Staged, poor: Server) -> None:
    host, port = poor.url.rpartition("//")[2].split(":")
    files = Path(f"/proc/{poor.pid}/fd")
    with contextlib.ExitStack() as lines:
        for _ in range(RESERVED + ROOM):
            lines.enter_context(socket.create_connection((host, int(port))))
        await eventually(lambda: len(list(files.iterdir())) >= RESERVED + ROOM)

        await staged.is_named_at(ws(poor))


@pytest.mark.cause("open_but_mute", "The server's process is stopped (`kill -STOP`).")
async def test_a_process_that_is_stopped(staged: Staged, poor: Server) -> None:
    os.kill(poor.pid, signal.SIGSTOP)
    try:
        await staged.is_named_at(ws(poor))
    finally:
        os.kill(poor.pid, signal.SIGCONT)


# Its data


@pytest.fixture(scope="module")
def faulty(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    server = FaultyServer(tmp_path_factory.mktemp("faulty"), shim)
    server.settings["TENFOUR_EXTERNAL"] = json.dumps(EXTERNAL)
    server.start()
    yield server
    server.kill()


async def is_ready(server: Server) -> bool:
    async with httpx.AsyncClient(timeout=30, verify=TLS) as http:
        return (await http.get(f"{server.url}/api/v1/health/ready")).status_code == 200


@pytest.mark.cause("store_down", "Another program holds the write lock of the SQLite file.")
async def test_a_locked_file(staged: Staged, faulty: FaultyServer) -> None:
    ann = (await faulty.world("ann")).ann

    with foreign.locked(faulty.data / "tenfour.db"):
        await staged.is_named_at(ws(faulty), token=ann.token)

    await eventually(lambda: is_ready(faulty))


@pytest.mark.cause("store_down", "Another program holds the write lock of the SQLite file, and a product's new user comes, who has to be written.")
async def test_a_locked_file_and_a_new_user(staged: Staged, faulty: FaultyServer) -> None:
    with foreign.locked(faulty.data / "tenfour.db"):
        await staged.is_named_at(ws(faulty), token=product(sub="who was never here"))

    await eventually(lambda: is_ready(faulty))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.FULL, id="full", marks=pytest.mark.cause("store_down", "The disk is full.")),
        pytest.param(Fault.READ_ONLY, id="read-only", marks=pytest.mark.cause("store_down", "The file system of the data has become read-only.")),
    ],
)
async def test_a_disk_that_cannot_be_written(staged: Staged, faulty: FaultyServer, fault: Fault) -> None:
    ann = (await faulty.world("ann")).ann

    with faulty.failing(fault):
        await staged.is_named_at(ws(faulty), token=ann.token)

    await eventually(lambda: is_ready(faulty))


@pytest.mark.cause("welcome_late", "The disk does not answer any more, as when a network file system is away.")
async def test_a_disk_that_hangs(staged: Staged, faulty: FaultyServer) -> None:
    world = await faulty.world("ann")
    with faulty.failing(Fault.STUCK):
        await staged.is_named_at(ws(faulty), token=world.ann.token)

    await eventually(lambda: is_ready(faulty))


# Its end


@pytest.mark.cause("draining", "The server is stopping, and a proxy still leads to it.")
async def test_a_server_that_is_about_to_stop(staged: Staged, make_server: Callable[..., Server]) -> None:
    server = make_server({"drain_s": "60"})
    ann = (await server.world("ann")).ann
    async with held(ann, "127.0.0.1"):
        os.kill(server.pid, signal.SIGTERM)
        await eventually(lambda: "Server stopping" in server.log)

        await staged.is_named_at(ws(server), token=ann.token)


@pytest.mark.cause("draining", "The server is stopped while the connection stands (`--watch`).")
async def test_a_server_that_stops(staged: Staged, make_server: Callable[..., Server]) -> None:
    server = make_server()
    ann = (await server.world("ann")).ann

    await staged.is_named_when_it_happens(ws(server), lambda: asyncio.to_thread(server.stop), token=ann.token)
