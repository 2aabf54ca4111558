"""Names and packets, in a network namespace: a name server that says what the test wants, addresses at which nothing comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from tests.doctor.listeners import pass_on
from tests.doctor.matrix import Staged
from tests.doctor.staging.cut_off import BLOCKED_PORT, FULL_PORT, MUTE, NOBODY, PORT, Asked, Case, Seen
from tests.needs import lack, need
from tests.servers import Server

pytestmark = pytest.mark.slow

CASES = [
    (None, "A name with one address, at which the server is.", Case(f"ws://chat.example:{PORT}")),
    ("dns_no_name", "A name of which the name server says that it does not exist.", Case(f"ws://nowhere.example:{PORT}")),
    ("dns_no_answer", "A name of which the name server says nothing.", Case(f"ws://chat.{MUTE}:{PORT}")),
    ("dns_wrong_host", "A name with two addresses: the server's, and one whose packets vanish.", Case(f"ws://two.example:{PORT}")),
    ("dns_wrong_host", "A name with two addresses: the server's, and another web server's.", Case(f"ws://mixed.example:{PORT}")),
    ("ipv6_dead", "A name with an IPv4 address, at which the server is, and an IPv6 address whose packets vanish.", Case(f"ws://six.example:{PORT}")),
    ("tcp_filtered", "An address whose packets vanish.", Case(f"ws://{NOBODY}:{PORT}")),
    ("tcp_filtered", "An address to which there is no route.", Case(f"ws://198.51.100.7:{PORT}")),
    ("backlog_full", "A server whose queue of connections is full when the first SYN comes.", Case(f"ws://chat.example:{FULL_PORT}")),
    ("blocked_port", f"The server at port {BLOCKED_PORT}.", Case(f"ws://chat.example:{BLOCKED_PORT}")),
    ("mixed_content", "A page of `https://app.example`, which may connect, and an address with `ws://`.", Case(f"ws://chat.example:{PORT}", "https://app.example")),
]

PAGES = ["https://app.example", *(case.url.replace("ws", "http", 1) for *_, case in CASES)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Case, Seen]]:
    """What the doctor says of each case, all examined by one process in a network of its own."""
    unshare = [need("unshare"), "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"], capture_output=True, check=False).returncode:
        lack("this machine does not let the test make a network of its own")
    server = Server(tmp_path_factory.mktemp("server"), {"TENFOUR_ALLOWED_ORIGINS": ",".join(PAGES)}).start()
    cases = [case for *_, case in CASES]
    found = asyncio.run(_examine(unshare, cases, server.url, tmp_path_factory.mktemp("socket") / "server"))
    yield dict(zip(cases, found, strict=True))
    server.stop()


async def _examine(unshare: list[str], cases: list[Case], url: str, place: Path) -> list[Seen]:
    """Starts the process, and gives it the server through a Unix socket, which does not care for networks."""
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        back = asyncio.create_task(pass_on(behind_reader, writer))
        with contextlib.suppress(OSError):
            await pass_on(reader, behind)
        back.cancel()
        behind.transport.abort()
        writer.transport.abort()

    async with await asyncio.start_unix_server(relay, place):
        command = [*unshare, sys.executable, "-m", "tests.doctor.staging.cut_off"]
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(msgspec.json.encode(Asked(str(place), tuple(cases))))
    assert process.returncode == 0
    return msgspec.json.decode(out, type=list[Seen])


@pytest.mark.parametrize("case", [pytest.param(case, id=staged, marks=pytest.mark.cause(cause, staged)) for cause, staged, case in CASES])
def test_a_network(staged: Staged, seen: Mapping[Case, Seen], case: Case):
    staged.is_named_in(seen[case].report, seen[case].took_s)
