from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import Server, make_servers

# Ctrl-C is part of what is tested; of a shell in the background all would have inherited to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no fault of what is tested.
settings.register_profile("tenfour", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tenfour")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that starts servers of its own is slow: each start costs a second."""
    for item in items:
        if "make_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


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
    yield from make_servers(tmp_path, Server.stop)
