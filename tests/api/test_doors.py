"""The WebSocket doors, for who comes without an upgrade."""

from __future__ import annotations

import pytest

from tests.api.asking import ask, refused
from tests.servers import Server


@pytest.mark.parametrize("door", ["/api/v1/ws", "/api/v1/chats/01890a5d-ac96-774b-bcce-b302099a8057/ws", "/api/v1/diagnostics/echo"])
async def test_a_websocket_door_tells_who_comes_without_an_upgrade_what_arrived(server: Server, door: str) -> None:
    bare = await ask(server, "GET", door)
    stripped = await ask(server, "GET", door, headers={"Sec-WebSocket-Key": "c2VjcmV0IHNlY3JldCBzZQ==", "Via": "1.1 proxy.example.org"})

    assert "connection: keep-alive" in refused(bare, "upgrade_required")["detail"]
    detail = refused(stripped, "upgrade_required")["detail"]
    assert "via: 1.1 proxy.example.org" in detail
    assert "proxy on the way has removed it" in detail
    assert "c2VjcmV0" not in detail
