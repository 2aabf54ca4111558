"""A network of its own for the doctor, in which packets vanish and names are as they are said to be.

``python -m tests.doctor.staging.cut_off`` is run by ``unshare --net --mount``. It reads ``Asked`` from standard
input and prints ``list[Seen]``. Of the world outside it has one thing: a server, behind a Unix socket.

192.0.2.10  the server, on several ports
192.0.2.11  another web server
192.0.2.66, 2001:db8::66  nobody: the packets leave, and nothing comes back
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenfour.doctor.probe import Options, Target, examine
from tenfour.doctor.report import Report, report_of
from tests.doctor.listeners import answering, pass_on
from tests.eventually import eventually

SERVER, STRANGER, NOBODY, NOBODY_6 = "192.0.2.10", "192.0.2.11", "192.0.2.66", "2001:db8::66"
PORT, BLOCKED_PORT, FULL_PORT = 8410, 6667, 8411
NAMES = {
    "chat.example": (SERVER,),
    "six.example": (SERVER, NOBODY_6),
    "two.example": (SERVER, NOBODY),
    "mixed.example": (SERVER, STRANGER),
}
"""Any other name does not exist, and of those that end in ``mute.example`` nobody says anything."""
MUTE = "mute.example"
_SETUP = f"""
ip link set lo up
ip link add near type veth peer name far
ip addr add 192.0.2.1/24 dev near
ip addr add {SERVER}/32 dev near
ip addr add {STRANGER}/32 dev near
ip addr add 2001:db8::1/64 dev near nodad
ip link set near up
ip link set far up
ip neigh add {NOBODY} lladdr 02:00:00:00:00:66 nud permanent dev near
ip neigh add {NOBODY_6} lladdr 02:00:00:00:00:66 nud permanent dev near
"""
_A, _AAAA, _NO_SUCH_NAME = 1, 28, 3


@dataclass(frozen=True, slots=True)
class Case:
    """An address to be examined, and the page that connects (None: the server's own)."""

    url: str
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    server: str
    """The Unix socket behind which the server is."""
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    report: Report
    took_s: float


async def _main(asked: Asked) -> list[Seen]:
    """All cases at once: most of their time is waiting."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(_NameServer, ("127.0.0.1", 53))
    relay = functools.partial(_relay, asked.server)
    servers = [await asyncio.start_server(relay, SERVER, port) for port in (PORT, BLOCKED_PORT)]
    servers.append(await asyncio.start_server(answering("404 Not Found", "<h1>Not Found</h1>", "Content-Type: text/html"), STRANGER, PORT))
    async with _full(relay):
        found = await asyncio.gather(*(_look(case) for case in asked.cases))
    for server in servers:
        server.close()
    return found


async def _look(case: Case) -> Seen:
    begun_s = time.monotonic()
    evidence = await examine(Target(case.url, origin=case.origin), Options(), lambda _: None)
    return Seen(report_of(evidence), time.monotonic() - begun_s)


async def _relay(server: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    behind_reader, behind = await asyncio.open_unix_connection(server)
    back = asyncio.create_task(pass_on(behind_reader, writer))
    with contextlib.suppress(OSError):  # the doctor hangs up when it has seen enough
        await pass_on(reader, behind)
    back.cancel()
    behind.transport.abort()
    writer.transport.abort()


@contextlib.asynccontextmanager
async def _full(relay: functools.partial) -> AsyncIterator[None]:
    """A port whose queue is full until the kernel has dropped somebody's SYN, and which then serves."""
    dropped = _listen_drops()
    with socket.socket() as listener, socket.socket() as first:
        listener.bind((SERVER, FULL_PORT))
        listener.listen(0)
        first.connect((SERVER, FULL_PORT))

        async def serve() -> None:
            await eventually(lambda: _listen_drops() > dropped)
            await asyncio.start_server(relay, sock=listener.dup(), backlog=100)

        serving = asyncio.create_task(serve())
        yield
        serving.cancel()
        await asyncio.wait([serving])


def _listen_drops() -> int:
    names, values = (line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2])
    return int(values[names.index("ListenDrops")])


class _NameServer(asyncio.DatagramProtocol):
    """Answers A and AAAA out of ``NAMES``."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels, place = [], 12
        while size := data[place]:
            labels.append(data[place + 1 : place + 1 + size].decode())
            place += 1 + size
        name, question = ".".join(labels), data[12 : place + 5]
        if name.endswith(MUTE):
            return
        kind = int.from_bytes(data[place + 1 : place + 3], "big")
        family = {_A: socket.AF_INET, _AAAA: socket.AF_INET6}.get(kind)
        found = [socket.inet_pton(family, each) for each in NAMES.get(name, ()) if family is not None and (":" in each) == (kind == _AAAA)]
        flags = 0x8180 | (0 if name in NAMES else _NO_SUCH_NAME)
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(each)) + each for each in found)
        self._transport.sendto(data[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0) + question + answers, addr)  # type: ignore[attr-defined]


def _set_up() -> None:
    for line in _SETUP.split("\n"):
        if line:
            subprocess.run(line.split(), check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver:
        resolver.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)


if __name__ == "__main__":
    _set_up()
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_main(msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)))))
