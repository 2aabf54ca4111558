"""What pages of any origin may ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.api.asking import ask
from tests.gateway.raw import knock
from tests.servers import Server

UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
MARK = "a-mark-that-nobody-guesses"


async def greeting(server: Server, query: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    answer = await ask(server, "GET", f"/api/v1/diagnostics/page{query}", headers=headers or {})
    assert answer.status_code == 200, answer.text
    assert answer.headers.get_list("access-control-allow-origin") in (["*"], [(headers or {}).get("Origin")])
    told: dict[str, Any] = answer.json()
    return told


async def test_a_page_of_a_foreign_origin_can_read_that_it_may_not_connect_and_the_line_to_paste(server: Server) -> None:
    told = await greeting(server, headers={"Origin": "https://app.example.org"})

    assert told["name"] == "tenfour"
    assert told["origin"] == "https://app.example.org"
    assert told["host"] in server.url
    assert told["refusal"]["code"] == "origin_refused"
    assert 'allowed_origins = ["https://app.example.org"]' in told["refusal"]["detail"]


async def test_a_page_can_name_the_origin_that_it_asks_for_since_browsers_send_none_to_their_own_server(server: Server) -> None:
    own, from_file, foreign = [await greeting(server, f"?origin={origin}") for origin in (server.url, "null", "https://app.example.org")]

    assert own["refusal"] is None
    assert from_file["refusal"] is None
    assert foreign["refusal"]["code"] == "origin_refused"


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/api/v1/ws", {"Origin": "https://evil.example"}, "origin_refused"),
        ("/api/v2/ws", {}, "not_found"),
        ("/api/v1/ws", {"Upgrade": "", "Connection": "close"}, "upgrade_required"),
        ("/api/v1/ws", {"Sec-WebSocket-Protocol": "tenfour.bearer.x"}, "subprotocol_missing"),
    ],
)
async def test_a_page_learns_why_its_upgrade_was_refused_by_the_mark_in_its_address(server: Server, path: str, headers: dict[str, str], code: str) -> None:
    mark = f"{MARK}-{code}"
    sent = {name: value for name, value in (UPGRADE | headers).items() if value}
    await knock(server, f"{path}?mark={mark}", sent)

    told = await greeting(server, f"?mark={mark}")

    assert told["refused"]["code"] == code
    assert told["refused"]["detail"]


async def test_a_mark_that_was_never_seen_or_could_be_guessed_tells_nothing(server: Server) -> None:
    await knock(server, "/api/v2/ws?mark=short", UPGRADE)

    found = [(await greeting(server, f"?mark={mark}"))["refused"] for mark in ("short", f"{MARK}-unseen", "")]

    assert found == [None, None, None]


async def test_a_proxy_that_is_trusted_says_that_the_page_came_by_tls(make_server: Callable[..., Server]) -> None:
    server = make_server({"trusted_proxies": "127.0.0.1", "public_url": "https://chat.example.org"})

    told = await greeting(server, "?origin=https://other.example.org", {"X-Forwarded-Proto": "https", "Host": "other.example.org"})

    assert told["secure"] is True
    assert told["refusal"] is None
