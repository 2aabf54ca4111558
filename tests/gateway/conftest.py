from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.servers import Server, make_servers


@pytest.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    """Cuts what a test left open: a server that stops would wait for answers to its goodbye."""
    yield
    servers.hang_up()


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which one person may say as much as a test likes."""
    unlimited = dict.fromkeys(("TENFOUR_FRAMES_PER_S", "TENFOUR_SENDS_PER_S", "TENFOUR_USER_SENDS_PER_S"), "1000000")
    server = Server(tmp_path_factory.mktemp("swift"), unlimited).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """As for all tests, but killed at the end, which is quicker than a stop."""
    yield from make_servers(tmp_path, Server.kill)
