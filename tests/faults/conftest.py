from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.faulty import FaultyServer
from tests.servers import WIRES


@pytest.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    """Cuts what a test left open: a server that stops would wait for answers to its goodbye."""
    yield
    for opened in WIRES:
        opened.abort()
    WIRES.clear()


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that fails a server's calls."""
    compiler = shutil.which("cc")
    if compiler is None:
        missing = "a C compiler (cc) builds the shim of the disk's faults"
        if os.environ.get("TENFOUR_REQUIRE_ALL") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).parent / "shim.c"
    subprocess.run([compiler, "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
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
