"""Answers that real proxies give for each of the classic mistakes lead to their cause, and right ones to none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping

import httptools
import pytest

from tenfour.doctor.diagnosis import diagnose, proxy_of
from tenfour.doctor.evidence import Address, Evidence, Http, Reply, Server, Upgrade, kept
from tests.doctor.staging.mistakes import MISTAKES, Mistake
from tests.doctor.staging.proxies import staged
from tests.servers import Server as RunningServer

PATH, KEY, ACCEPT = "/api/v1/ws", "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Protocol": "tenfour.v1"}
DEADLINE_S = 60


@pytest.fixture(scope="module")
def ports(request: pytest.FixtureRequest, server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Mistake, int]]:
    """One proxy before the server, with a port for each mistake."""
    own = [mistake for mistake in MISTAKES if mistake.proxy is request.param]
    with staged(request.param, own, server.url.partition("://")[2], tmp_path_factory.mktemp(request.param.name)) as found:
        yield found


@pytest.mark.parametrize(("ports", "mistake"), [pytest.param(mistake.proxy, mistake, id=str(mistake)) for mistake in MISTAKES], indirect=["ports"])
async def test_the_mistake_is_named(ports: Mapping[Mistake, int], mistake: Mistake):
    evidence = await _seen(ports[mistake])

    diagnosis = diagnose(evidence)

    assert (diagnosis.cause.id if diagnosis.cause is not None else None) == mistake.cause, diagnosis.says
    assert diagnosis.certain
    if mistake.proxy_is_told:
        assert proxy_of(evidence) is mistake.proxy


async def _seen(port: int) -> Evidence:
    """What a plain GET and an upgrade see, as from a page of the same address."""
    host = f"127.0.0.1:{port}"
    plain = await _ask(port, "/api/v1/server", {"Host": host, "Connection": "close"})
    reply = await _ask(port, PATH, {"Host": host, "Origin": f"http://{host}"} | UPGRADE)
    found = Server("", "", "") if '"name":"tenfour"' in plain.body else None
    upgrade = Upgrade(reply.took_ms, PATH, reply, ("tenfour.v1",), reply.header("sec-websocket-protocol"), reply.header("sec-websocket-accept") == ACCEPT, host=host)
    return Evidence(Address(0.0, f"ws://{host}{PATH}", "ws", "127.0.0.1", port, PATH), http=Http(plain.took_ms, "/api/v1/server", plain, found), upgrade=upgrade)


class _Answer:
    """Takes a response apart."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode(), value.decode()))

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.is_whole = True


async def _ask(port: int, path: str, headers: Mapping[str, str]) -> Reply:
    begun = time.perf_counter()
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join([f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode())
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        try:
            while not answer.is_whole and (data := await reader.read(65_536)):
                parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # a 101, whose bytes from here on are frames
        writer.close()
    took_ms = (time.perf_counter() - begun) * 1000
    return Reply(took_ms, "answered", parser.get_status_code(), parser.get_http_version(), kept(answer.headers), answer.body.decode())
