"""The WebSocket doors, for who comes without an upgrade."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.api.asking import ask, refused
from tests.eventually import eventually
from tests.servers import Server, open_wire

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize("door", ["/api/v1/ws", "/api/v1/chats/01890a5d-ac96-774b-bcce-b302099a8057/ws", "/api/v1/diagnostics/echo"])
async def test_a_websocket_door_tells_who_comes_without_an_upgrade_what_arrived(server: Server, door: str) -> None:
    bare = await ask(server, "GET", door)
    stripped = await ask(server, "GET", door, headers={"Sec-WebSocket-Key": "c2VjcmV0IHNlY3JldCBzZQ==", "Via": "1.1 proxy.example.org"})

    assert "connection: keep-alive" in refused(bare, "upgrade_required")["detail"]
    detail = refused(stripped, "upgrade_required")["detail"]
    assert "via: 1.1 proxy.example.org" in detail
    assert "proxy on the way has removed it" in detail
    assert "c2VjcmV0" not in detail


async def test_an_upgrade_that_a_proxy_has_stripped_is_a_line_of_the_log_with_its_root_cause(server: Server) -> None:
    via = f"1.1 {uuid4().hex}"
    await ask(server, "GET", "/api/v1/ws", headers={"Sec-WebSocket-Key": "x", "Via": via, "Origin": "https://app.example.org"})

    [line] = [json.loads(each) for each in server.log.splitlines() if via in each]

    assert (line["event"], line["code"], line["cause"]) == ("WebSocket upgrade.refused", "upgrade_required", "upgrade_stripped")
    assert (line["path"], line["origin"]) == ("/api/v1/ws", "https://app.example.org")


async def test_a_close_is_a_line_of_the_log_with_its_connection_code_reason_and_root_cause(server: Server) -> None:
    world = await server.world("ann")
    wire = await open_wire(server, UNKNOWN, headers=world.ann.headers)
    close, _ = await wire.closed()
    [ending] = (await world.ann.request("GET", "/diagnostics/endings")).json()["items"]

    def lines() -> list[dict[str, Any]]:
        return [json.loads(each) for each in server.log.splitlines() if ending["connection"] in each and "connection.closed" in each]

    await eventually(lines)
    [line] = lines()
    assert (line["code"], line["cause"]) == (close, "chat_unknown") == (4404, ending["cause"]["id"])
    assert line["reason"].startswith("chat_unknown: ")
