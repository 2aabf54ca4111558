"""With a certificate in the settings everything speaks TLS: REST, both doors and the cookie."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.certificates import make_certificate, trusting
from tests.servers import TLS, Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("tls"), {"TENFOUR_TLS_CERTIFICATE": str(certificate[0]), "TENFOUR_TLS_KEY": str(certificate[1])}).start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]) -> None:
    """What every client of these tests takes for its trusted certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    TLS.load_verify_locations(certificate[0])


async def test_messages_go_over_tls_through_both_doors_and_rest(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(), await world.bob.connect(chat)

    acked = await ann.send(chat, "over TLS")
    event = await bob.next("message_sent")
    history = (await world.bob.request("GET", f"/chats/{chat}/messages")).json()
    await ann.close()
    await bob.close()

    assert server.url.startswith("https://127.0.0.1:")
    assert server.said[0] == f"Tenfour is at {server.url}"
    assert (event["seq"], event["text"]) == (acked["seq"], "over TLS")
    assert [each["text"] for each in history["items"]] == ["over TLS"]


def test_the_refresh_cookie_is_one_that_only_https_of_this_host_can_set(server: Server) -> None:
    secret = next(line.partition("#")[2] for line in server.said if "/setup#" in line)
    httpx.post(f"{server.url}/api/v1/setup", json={"secret": secret, "name": "root", "password": "correct horse"}).raise_for_status()

    with httpx.Client(base_url=f"{server.url}/api/v1") as browser:
        opened = browser.post("/sessions", json={"name": "root", "password": "correct horse", "cookie": True})
        renewed = browser.post("/sessions/refresh")

    name, _, attributes = opened.headers["set-cookie"].partition("=")
    assert name == "__Host-tenfour_refresh"
    assert {each.strip().lower() for each in attributes.split(";")[1:]} >= {"httponly", "secure", "path=/", "samesite=strict"}
    assert "domain=" not in attributes.lower()
    assert opened.json().get("refresh_token") is None
    assert renewed.status_code == 200
    assert renewed.headers["set-cookie"] != opened.headers["set-cookie"]


def test_who_does_not_trust_the_certificate_gets_no_connection(server: Server, certificate: tuple[Path, Path]) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{server.url}/api/v1/health/live", verify=ssl.create_default_context(cafile=None, cadata=None, capath="/dev/null"))
    assert httpx.get(f"{server.url}/api/v1/health/live", verify=trusting(certificate[0])).status_code == 200


def test_plain_http_at_a_tls_port_gets_nothing_and_costs_nobody_anything(server: Server) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port))) as plain:
        plain.sendall(b"GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = plain.recv(1024)

    assert b"HTTP/1.1" not in answer
    assert httpx.get(f"{server.url}/api/v1/health/live").status_code == 200


@pytest.mark.parametrize("oldest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_tls_of_today(server: Server, certificate: tuple[Path, Path], oldest: ssl.TLSVersion) -> None:
    context = trusting(certificate[0])
    context.minimum_version = context.maximum_version = oldest

    assert httpx.get(f"{server.url}/api/v1/health/live", verify=context).status_code == 200


def test_a_page_of_the_servers_own_https_origin_may_connect_and_the_http_one_may_not(server: Server) -> None:
    own = server.url.partition("://")[2]
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}

    statuses = []
    for origin in (f"https://{own}", f"http://{own}"):
        with httpx.stream("GET", f"{server.url}/api/v1/ws", headers=upgrade | {"Origin": origin}) as answer:
            statuses.append(answer.status_code)

    assert statuses == [101, 403]
