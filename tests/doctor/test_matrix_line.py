"""The line below HTTP: addresses, ports, TLS without a proxy, and listeners that go wrong in one way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.listeners import accepting, answering, closed_port, listening, mute, resetting
from tests.doctor.staging.certificates import make_certificates, server_context, trusting

pytestmark = pytest.mark.slow
OLD_ACCEPT = accepting(right=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


# The address


@pytest.mark.cause("url_invalid", "The address begins with `ftp://`.")
def test_a_scheme_that_is_none_of_a_websocket(staged):
    staged.is_named_by_command("ftp://chat.example")


@pytest.mark.cause("url_invalid", "The address has no scheme.")
def test_no_scheme(staged):
    staged.is_named_by_command("chat.example")


@pytest.mark.cause("url_invalid", "The address has a `#`.")
def test_a_fragment(staged):
    staged.is_named_by_command("wss://chat.example/api/v1/ws#here")


@pytest.mark.cause("path_wrong", "The address of the server with the path `/socket`.")
def test_another_path(staged, server):
    staged.is_named_by_command(f"{server.url}/socket")


@pytest.mark.cause("loopback_elsewhere", "A page of `https://shop.example` whose address says localhost, where nobody listens.")
def test_the_readers_own_machine(staged):
    staged.is_named_by_command(f"ws://localhost:{closed_port()}", "--origin", "https://shop.example")


# TCP


@pytest.mark.cause("tcp_refused", "Nobody listens at the port.")
def test_a_closed_port(staged):
    staged.is_named_by_command(f"ws://127.0.0.1:{closed_port()}")


@pytest.mark.cause("tcp_reset", "A listener that takes the first byte of the request and answers by RST.")
async def test_a_port_that_resets(staged):
    async with listening(resetting) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}")


@pytest.mark.cause("tcp_reset", "A listener that takes the first byte of the TLS handshake and answers by RST.")
async def test_a_port_that_resets_tls(staged):
    async with listening(resetting) as port:
        await staged.is_named_at(f"wss://127.0.0.1:{port}")


@pytest.mark.cause("open_but_mute", "A listener that takes every byte and says nothing.")
async def test_a_mute_port(staged):
    async with listening(mute) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}")


@pytest.mark.cause("open_but_mute", "A listener that takes every byte of the TLS handshake and says nothing.")
async def test_a_mute_port_of_tls(staged):
    async with listening(mute) as port:
        await staged.is_named_at(f"wss://127.0.0.1:{port}")


# TLS


@pytest.mark.cause("cert_wrong_host", "A server with a certificate for another host.")
async def test_a_certificate_for_another_host(staged, certificates):
    async with listening(answering("404 Not Found"), server_context(certificates, "other_host")) as port:
        await staged.is_named_at(f"wss://localhost:{port}", tls=trusting(certificates))


@pytest.mark.cause("tls_inspected", "A certificate that is in order, but is not the one whose fingerprint was given.")
async def test_another_certificate_than_the_expected(staged, certificates):
    async with listening(answering("404 Not Found"), server_context(certificates, "good")) as port:
        await staged.is_named_at(f"wss://localhost:{port}", tls=trusting(certificates), fingerprint="ab" * 32)


# Answers that are none


@pytest.mark.cause("accept_wrong", "A server that answers every handshake with the same `Sec-WebSocket-Accept`.")
async def test_the_accept_of_another_handshake(staged):
    async with listening(OLD_ACCEPT) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}/api/v1/ws")


@pytest.mark.cause("version_refused", "A server that takes version 8 of the protocol only.")
async def test_another_version(staged):
    async with listening(answering("400 Bad Request", "", "Sec-WebSocket-Version: 8")) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}/feed")


@pytest.mark.cause("cdn_caches", "A content delivery network that answers with the 101 that it has kept of another handshake.")
async def test_a_cached_answer(staged):
    async with listening(answering("101 Switching Protocols", "", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmUhIQ==", "X-Cache: HIT")) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}/api/v1/ws")
