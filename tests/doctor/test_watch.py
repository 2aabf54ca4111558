"""``tenfour doctor --watch``: what changes is told when it changes, with how a held connection ended, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec
import pytest

from tenfour.doctor.evidence import Close
from tenfour.doctor.finding import ending
from tenfour.doctor.held import Held
from tenfour.doctor.probe import Options, Patience, Target
from tenfour.doctor.steps.way import Way
from tenfour.doctor.steps.websocket import Asked, WebSocket, upgrade
from tenfour.doctor.watch import Change, Watch, headline, summary
from tenfour.wire import frames
from tests.cli.commands import Following
from tests.doctor.listeners import accepting, listening
from tests.servers import Server

DEADLINE_S = 120
OFTEN_S = 0.05


class Watching(Following):
    command = "doctor"


@contextlib.asynccontextmanager
async def watching(url: str, **target) -> AsyncGenerator[tuple[Watch, AsyncGenerator[Change]]]:
    watch = Watch(Target(url, **target), Options(patience=Patience(upgrade=1)), OFTEN_S)
    async with contextlib.aclosing(watch.changes()) as changes, asyncio.timeout(DEADLINE_S):
        yield watch, changes


def test_a_server_that_is_stopped_and_started_again_is_told_step_by_step(make_server: Callable[..., Server]):
    server = make_server()

    with Watching(server.url, "--watch", "--every", "1", "--json") as watch:
        first = json.loads(watch.lines(1)[0])
        server.stop()
        found = [json.loads(watch.lines(1)[0])]
        while (found[-1]["diagnosis"]["cause"] or {}).get("id") != "tcp_refused":
            found.append(json.loads(watch.lines(1)[0]))
        server.start()
        back = json.loads(watch.lines(1)[0])
        code = watch.interrupt()

    assert (first["kind"], first["diagnosis"]["cause"]) == ("first", None)
    ended = next(each["evidence"]["ended"] for each in found if each["kind"] == "ended")
    assert (ended["close"]["how"], ended["close"]["code"]) == ("frame", 1012)
    assert (back["kind"], back["was"], back["diagnosis"]["cause"]) == ("cause", "tcp_refused", None)
    assert code == 0
    assert any("ended after" in line and "closed with 1012" in line for line in watch.said)


@pytest.mark.slow
async def test_what_stays_as_it_is_is_told_once():
    async with listening(accepting()) as port, watching(f"ws://127.0.0.1:{port}/feed") as (watch, changes):
        first = await anext(changes)
        second = asyncio.ensure_future(anext(changes))
        while watch.tally.looks < 3 and not second.done():
            await asyncio.wait([second], timeout=OFTEN_S)
        was_told = second.done()
        second.cancel()
        await asyncio.wait([second])

    assert first.kind == "first"
    assert not was_told


async def test_the_end_of_a_held_connection_is_told_at_once_with_its_way():
    cut = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def close() -> bytes:
            await cut.wait()
            writer.write(bytes((0x88, 2, 0x03, 0xE9)))
            return await reader.read()

        await accepting()(_Then(reader, close), writer)

    async with listening(talk) as port:
        watch = Watch(Target(f"ws://127.0.0.1:{port}/feed"), Options(), every_s=DEADLINE_S)
        async with contextlib.aclosing(watch.changes()) as changes, asyncio.timeout(DEADLINE_S):
            await anext(changes)
            cut.set()
            change = await anext(changes)

    assert change.kind == "ended"
    assert change.evidence.ended.close == Close("frame", 1001)
    assert headline(change).endswith("ended: closed with 1001 and no reason.")
    assert change.diagnosis.cause.id == "proxy_reload"


class _Then(asyncio.StreamReader):
    """A reader that, once the head of the request was read, does something else with the rest."""

    def __init__(self, reader: asyncio.StreamReader, rest: Callable[[], Awaitable[bytes]]) -> None:
        super().__init__()
        self._reader = reader
        self._rest = rest

    async def readexactly(self, n: int) -> bytes:
        return await self._reader.readexactly(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        return await self._reader.readuntil(separator)

    async def read(self, _: int = -1) -> bytes:
        return await self._rest()


async def _open(port: int) -> WebSocket:
    got = await upgrade(Way("127.0.0.1", port, "127.0.0.1"), Asked("/"), DEADLINE_S)
    assert got.socket is not None
    return got.socket


async def test_a_held_connection_answers_the_servers_heartbeat_as_a_client_does():
    came: asyncio.Queue[bytes] = asyncio.Queue()
    ping = msgspec.json.encode(frames.Ping("7"))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def tell() -> bytes:
            came.put_nowait(await reader.read(65_536))
            return await reader.read()

        await accepting(first=bytes((0x81, len(ping))) + ping)(_Then(reader, tell), writer)

    async with listening(talk) as port:
        held = Held([await _open(port)])
        async with asyncio.timeout(DEADLINE_S):
            frame = await came.get()
        await held.close()

    mask, payload = frame[2:6], frame[6:]
    assert msgspec.json.decode(bytes(each ^ mask[place % 4] for place, each in enumerate(payload))) == {"type": "pong", "id": "7"}


async def test_connections_that_end_together_are_counted_together():
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await accepting()(reader, writer)

    async with listening(talk) as port:
        held = Held([await _open(port) for _ in range(3)])
        for writer in writers:
            writer.transport.abort()
        async with asyncio.timeout(DEADLINE_S):
            ended = await held.ended(DEADLINE_S)
        await held.close()

    assert ended.others == 2
    assert ended.close.how in ("fin", "rst")


@pytest.mark.parametrize(
    ("close", "says"),
    [
        (Close("frame", 1012, "restart: The server restarts"), "closed with 1012, “restart: The server restarts”"),
        (Close("frame"), "closed with no code and no reason"),
        (Close("fin"), "cut without a close frame"),
        (Close("rst"), "reset"),
        (Close("dead"), "lost without a word"),
    ],
)
def test_an_ending_has_words(close: Close, says: str):
    assert ending(close) == says


async def test_the_summary_counts_the_looks():
    async with listening(accepting()) as port, watching(f"ws://127.0.0.1:{port}/feed") as (watch, changes):
        await anext(changes)

    assert summary(watch.tally, watch.tally.began_ms + 61_000) == ["Watched for 61 s: 1 looks, 1 of them well."]
