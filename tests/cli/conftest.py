from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.servers import Server

PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for the command line alone: it makes administrators, and other tests need a server that has none."""
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Names that no other test uses."""
    mark = uuid.uuid4().hex[:8]
    return lambda name: f"{name}-{mark}"


@pytest.fixture
def account(server: Server, fresh: Callable[[str], str]) -> Callable[[str], str]:
    """Makes accounts with the password ``PASSWORD``; gives their names."""

    def make(name: str, *, admin: bool = False) -> str:
        body = {"name": fresh(name), "password": PASSWORD, "admin": admin}
        httpx.post(f"{server.url}/api/v1/users", json=body, headers=server.administration()).raise_for_status()
        return fresh(name)

    return make
