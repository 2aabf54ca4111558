from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.servers import Server


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """As for all tests, but stopped at once: the clients' event loop is gone by then, and nobody answers a goodbye."""
    made: list[Server] = []

    def make(settings: Mapping[str, str] | None = None) -> Server:
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(Server(directory, {f"TENFOUR_{name.upper()}": value for name, value in (settings or {}).items()}))
        return made[-1].start()

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.kill()
