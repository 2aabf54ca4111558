from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.faulty import FaultyServer
from tests.gateway.conftest import hang_up
from tests.needs import need

__all__ = ["hang_up"]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that fails a server's calls."""
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).parent / "shim.c"
    subprocess.run([need("cc"), "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


@pytest.fixture
def faulty(shim: Path, tmp_path: Path) -> Iterator[Callable[..., FaultyServer]]:
    """Starts servers on a disk that can fail."""
    made: list[FaultyServer] = []

    def make(data: Path | None = None) -> FaultyServer:
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(FaultyServer(directory, shim, data))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.kill()
