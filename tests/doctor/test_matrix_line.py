"""The line below HTTP: names, addresses, ports."""

from __future__ import annotations

import pytest

from tests.doctor.listeners import closed_port, listening, resetting


@pytest.mark.cause("url_invalid", "The address begins with `ftp://`.")
def test_a_scheme_that_is_none_of_a_websocket(staged):
    staged.is_named_by_command("ftp://chat.example")


@pytest.mark.cause("tcp_refused", "Nobody listens at the port.")
def test_a_closed_port(staged):
    staged.is_named_by_command(f"ws://127.0.0.1:{closed_port()}")


@pytest.mark.cause("tcp_reset", "A listener that takes the first byte of the request and answers by RST.")
async def test_a_port_that_resets(staged):
    async with listening(resetting) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}")
