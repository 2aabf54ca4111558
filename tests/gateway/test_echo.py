"""The diagnostic echo door: for whom, how much, how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.gateway.raw import BINARY, TEXT, Raw, knock
from tests.servers import Server

ECHO = "/api/v1/diagnostics/echo"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Stands behind a proxy on this machine; its door takes two for a second and a half."""
    settings = {"TENFOUR_ECHO_CONNECTIONS": "2", "TENFOUR_ECHO_BYTES": "2048", "TENFOUR_ECHO_S": "1.5", "TENFOUR_HEARTBEAT_S": "0.3", "TENFOUR_TRUSTED_PROXIES": "127.0.0.1"}
    server = Server(tmp_path_factory.mktemp("echo"), settings).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


async def enter(server: Server, path: str = ECHO, **more: Any) -> Raw:
    """A place at the door, as soon as those of an earlier test are free."""
    while (raw := await knock(server, path, **more)).answer.status == 429:
        pass
    return raw


async def echoes(raw: Raw, opcode: int, payload: bytes) -> bool:
    raw.write(opcode, payload)
    while (frame := await raw.frame())[0] not in (TEXT, BINARY):
        pass
    return frame == (opcode, payload)


async def test_from_this_machine_it_needs_no_token_and_sends_back_what_it_gets(server: Server) -> None:
    raw = await enter(server)

    assert await echoes(raw, TEXT, b"any text at all, and no JSON")
    assert await echoes(raw, BINARY, b"\x00\xff" * 1_024)


async def test_from_elsewhere_it_needs_a_token_that_is_good(server: Server) -> None:
    ann = (await server.world("ann")).ann
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}

    refused = await enter(server, headers=elsewhere)
    bad = await enter(server, headers=elsewhere | {"Authorization": "Bearer no.good.token"})
    good = await enter(server, headers=elsewhere | ann.headers)

    assert (refused.answer.status, refused.answer.problem()["code"]) == (401, "token_missing")
    assert (bad.answer.status, bad.answer.problem()["code"]) == (401, "token_malformed")
    assert await echoes(good, TEXT, b"hello")


@pytest.mark.slow
async def test_a_proxy_that_nobody_listed_does_not_open_the_door_for_others(make_server: Callable[..., Server]) -> None:
    server = make_server()

    answers = [await knock(server, ECHO, {name: value}) for name, value in (("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("X-Real-IP", "203.0.113.9"), ("Via", "1.1 proxy"))]

    assert [each.answer.status for each in answers] == [401] * 4


async def test_it_takes_only_so_many_at_once_and_the_next_when_one_has_gone(server: Server) -> None:
    first, second = await enter(server), await enter(server)

    third = await knock(server, ECHO)
    first.abort()
    again = await enter(server)

    assert (third.answer.status, third.answer.problem()["code"]) == (429, "too_many_connections")
    assert int(third.answer.headers["retry-after"]) > 0
    assert await echoes(second, TEXT, b"still here")
    assert await echoes(again, TEXT, b"here now")


async def test_it_has_its_own_limit_on_sizes(server: Server) -> None:
    raw = await enter(server)

    raw.write(TEXT, b"x" * 2_049)
    code, reason = await raw.closed()

    assert (code, reason) == (1009, "frame_too_large: More than 2048 bytes in one message")


async def test_it_lets_nobody_stay_for_longer_than_the_setting_says(server: Server) -> None:
    raw = await enter(server)

    code, reason = await raw.closed()

    assert (code, reason) == (4408, "echo_time_over: The echo door lets nobody stay for longer")
    assert len(raw.controls) >= 2, "its heartbeat pings meanwhile"


async def test_without_heartbeat_the_server_itself_keeps_silent(server: Server) -> None:
    raw = await enter(server, f"{ECHO}?heartbeat=off")

    code, _ = await raw.closed()

    assert code == 4408
    assert raw.controls == []


async def test_a_page_of_another_origin_may_not_use_it(server: Server) -> None:
    raw = await knock(server, ECHO, {"Origin": "https://evil.example"})

    assert (raw.answer.status, raw.answer.problem()["code"]) == (403, "origin_refused")


@pytest.mark.slow
async def test_who_does_not_read_its_echo_is_not_read_either(make_server: Callable[..., Server]) -> None:
    server = make_server({"send_budget_bytes": "65536"})
    raw = await knock(server, ECHO, receive_buffer=4_096)

    for _ in range(300):
        raw.write(BINARY, b"x" * 60_000)
    came = 0
    while came < 300:
        opcode, payload = await raw.frame()
        came += opcode == BINARY and len(payload) == 60_000

    assert came == 300
