"""The fixtures of the suites that run here once more, with their servers on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.api.conftest import STRICT
from tests.postgres import Cluster, running_cluster
from tests.servers import Server, make_servers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    yield
    servers.hang_up()


def _serving(cluster: Cluster, directory: Path, settings: dict[str, str]) -> Iterator[Server]:
    server = Server(directory, {"TENFOUR_DATABASE": cluster.new_database(), **settings}).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture(scope="package")
def server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _serving(cluster, tmp_path_factory.mktemp("server"), {})


@pytest.fixture(scope="package")
def strict(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _serving(cluster, tmp_path_factory.mktemp("strict"), {f"TENFOUR_{name.upper()}": value for name, value in STRICT.items()})


@pytest.fixture(scope="package")
def swift_server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    unlimited = dict.fromkeys(("TENFOUR_FRAMES_PER_S", "TENFOUR_SENDS_PER_S", "TENFOUR_USER_SENDS_PER_S"), "1000000")
    yield from _serving(cluster, tmp_path_factory.mktemp("swift"), unlimited)


@pytest.fixture
def make_server(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    for make in make_servers(tmp_path, Server.kill):
        yield lambda settings=None, make=make: make({"database": cluster.new_database(), **(settings or {})})
