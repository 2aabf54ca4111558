"""The classic mistakes at real nginx, HAProxy, Caddy and Apache before a real server."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tenfour.doctor.diagnosis import proxy_of
from tenfour.doctor.probe import Options
from tests.doctor.matrix import Staged
from tests.doctor.staging.certificates import trusting
from tests.doctor.staging.mistakes import MISTAKES, Mistake
from tests.doctor.staging.proxies import staged as running
from tests.servers import Person, Server

pytestmark = pytest.mark.slow
RUNS = 20 if os.environ.get("TENFOUR_PROOF") == "1" else 2


@pytest.fixture(scope="module")
def trusting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes a proxy of this machine what it says of the client."""
    server = Server(tmp_path_factory.mktemp("trusting"), {"TENFOUR_TRUSTED_PROXIES": "127.0.0.1/32"}).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ports(request: pytest.FixtureRequest, server: Server, trusting_server: Server, folder: Path) -> Iterator[Mapping[Mistake, int]]:
    """One proxy before the servers, with a port for each mistake."""
    own = [mistake for mistake in MISTAKES if mistake.proxy is request.param]
    servers = {"UPSTREAM": server.url.partition("://")[2], "TRUSTING": trusting_server.url.partition("://")[2]}
    with running(request.param, own, servers, folder) as found:
        yield found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that Apache's workers, who are nobody, may read: pytest's own are for its user."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
async def person(mistake: Mistake, server: Server, trusting_server: Server) -> Person:
    """Somebody at the server behind."""
    return (await (trusting_server if "TRUSTING" in mistake.config else server).world("ann")).ann


@pytest.fixture
async def held(mistake: Mistake, ports: Mapping[Mistake, int]) -> AsyncIterator[None]:
    """A connection that stands before the doctor comes, where the mistake is about that."""
    async with contextlib.AsyncExitStack() as open_ones:
        if mistake.is_held:
            await open_ones.enter_async_context(connect(f"ws://127.0.0.1:{ports[mistake]}/api/v1/ws", proxy=None, subprotocols=["tenfour.v1"]))
        yield


def _rows() -> list:
    return [pytest.param(mistake.proxy, mistake, id=str(mistake), marks=pytest.mark.cause(mistake.cause, mistake.staged)) for mistake in MISTAKES]


@pytest.mark.parametrize(("ports", "mistake"), _rows(), indirect=["ports"])
async def test_a_proxy(staged, ports: Mapping[Mistake, int], mistake: Mistake, folder: Path, person: Person, held: None):
    scheme = mistake.scheme or ("wss" if mistake.certificate else "ws")

    evidence = await staged.is_named_at(
        f"{scheme}://localhost:{ports[mistake]}/api/v1/ws", Options(idle_s=mistake.idle_s), token=_token(mistake, person), tls=trusting(folder) if scheme == "wss" else None
    )

    if mistake.is_told and evidence.http is not None:
        assert proxy_of(evidence) is mistake.proxy


@pytest.mark.parametrize(("ports", "mistake"), [pytest.param(mistake.proxy, mistake, id=str(mistake)) for mistake in MISTAKES if mistake.cause is None], indirect=["ports"])
async def test_a_healthy_way_is_no_false_alarm(ports: Mapping[Mistake, int], mistake: Mistake, folder: Path, person: Person, record_property: Callable[[str, object], None]):
    well = Staged(None, mistake.staged)
    took_s = []

    for _ in range(RUNS):
        begun_s = time.monotonic()
        await well.is_named_at(f"{'wss' if mistake.certificate else 'ws'}://localhost:{ports[mistake]}/api/v1/ws", token=_token(mistake, person), tls=trusting(folder) if mistake.certificate else None)
        took_s.append(time.monotonic() - begun_s)

    record_property("worst_s", round(max(took_s), 2))


def _token(mistake: Mistake, person: Person) -> str | None:
    """Their own, or where only its length counts one with as many roles as some identity providers list in theirs."""
    if not mistake.token_bytes:
        return None if mistake.token_bytes is None else person.token
    claims = {"iss": "https://login.example", "sub": person.id, "roles": "r" * (mistake.token_bytes * 3 // 4)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2lnbmF0dXJl"])
