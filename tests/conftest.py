from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.servers import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running server for all tests that need no settings of their own."""
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers that live as long as the test, each on its own data, with the settings given (without their prefix)."""
    made: list[Server] = []

    def make(settings: Mapping[str, str] | None = None) -> Server:
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(Server(directory, {f"TENFOUR_{name.upper()}": value for name, value in (settings or {}).items()}))
        return made[-1].start()

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.stop()
