from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.servers import Server

SECRET = "a secret of the product, 32 bytes"
ISSUER = "https://product.example"
STRICT = {
    "allowed_origins": "https://app.example.org",
    "chat_members": "3",
    "external": json.dumps([{"issuer": ISSUER, "algorithm": "HS256", "secret": SECRET, "audience": "tenfour"}]),
    "metrics_token": "m" * 20,
    "registration": "invite",
    "user_sends_per_s": "1",
}


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of settings that do not get in each other's way: starting one takes a second."""
    server = Server(tmp_path_factory.mktemp("strict"), {f"TENFOUR_{name.upper()}": value for name, value in STRICT.items()}).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log
