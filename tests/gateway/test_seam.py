"""The seam between uvicorn and picows: both are pinned, because it rests on what is no public name of theirs."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from picows.picows import WSProtocol, _validate_upgrade_request  # type: ignore[attr-defined]

from tests.gateway.raw import TEXT, Raw, dial, read_answer
from tests.servers import Person, Server

ROOT = Path(__file__).parents[2]
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"


@pytest.fixture
async def ann(server: Server) -> Person:
    return (await server.world("ann")).ann


def upgrade(ann: Person, more: str = "") -> bytes:
    return f"GET /api/v1/ws HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {ann.token}\r\n{UPGRADE}{more}\r\n".encode()


async def talks(raw: Raw) -> bool:
    raw.write(TEXT, b'{"type":"ping","id":"p"}')
    return (await raw.next("welcome"))["type"] == "welcome" and (await raw.next("pong"))["id"] == "p"


def test_what_the_seam_was_tested_with_is_what_is_installed() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

    assert f"picows=={version('picows')}" in wanted
    assert any(each.startswith("uvicorn") and "<" in each for each in wanted)


def test_the_names_that_are_not_public_are_there() -> None:
    assert {"get_buffer", "buffer_updated", "connection_made", "connection_lost"} <= set(dir(WSProtocol))
    assert callable(_validate_upgrade_request)


async def test_a_request_that_comes_byte_by_byte_becomes_a_connection(server: Server, ann: Person) -> None:
    reader, writer = await dial(server)

    for byte in upgrade(ann):
        writer.write(bytes((byte,)))
        await writer.drain()
    answer = await read_answer(reader)

    assert answer.status == 101
    assert await talks(Raw(reader, writer, answer))
    writer.transport.abort()


async def test_a_request_longer_than_any_buffer_of_the_parser_becomes_a_connection(server: Server, ann: Person) -> None:
    reader, writer = await dial(server)

    writer.write(upgrade(ann, f"Cookie: {'c' * 12_000}\r\n"))
    answer = await read_answer(reader)

    assert answer.status == 101
    assert await talks(Raw(reader, writer, answer))
    writer.transport.abort()


async def test_a_line_that_was_used_for_http_can_be_upgraded(server: Server, ann: Person) -> None:
    reader, writer = await dial(server)

    writer.write(b"GET /api/v1/health/live HTTP/1.1\r\nHost: chat\r\n\r\n")
    first = await read_answer(reader)
    writer.write(upgrade(ann))
    answer = await read_answer(reader)

    assert first.status == 200
    assert answer.status == 101
    assert await talks(Raw(reader, writer, answer))
    writer.transport.abort()


async def test_after_a_refused_upgrade_the_line_is_closed(server: Server, ann: Person) -> None:
    reader, writer = await dial(server)

    writer.write(upgrade(ann, "Origin: https://evil.example\r\n"))
    answer = await read_answer(reader)

    assert answer.status == 403
    assert await reader.read() == b""
    writer.close()


async def test_headers_are_read_whatever_their_case(server: Server, ann: Person) -> None:
    reader, writer = await dial(server)

    writer.write(upgrade(ann).replace(b"Upgrade: websocket", b"UPGRADE: WebSocket").replace(b"Authorization", b"aUTHORIZATION").replace(b"Sec-WebSocket-Key", b"sec-websocket-key"))
    answer = await read_answer(reader)

    assert answer.status == 101
    assert await talks(Raw(reader, writer, answer))
    writer.transport.abort()
