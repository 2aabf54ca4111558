"""Floods and drips: huge, tiny, slow and endless input costs whom it comes from, and bounded memory."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.raw import CONTINUATION, PING, PONG, TEXT, door, knock
from tests.servers import Person, Server, open_wire

MIB = 1_048_576
GROWTH_MAX = 4 * MIB
"""What a process may grow by beside the attack: caches, and pages that the allocator keeps."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("floods")).start()
    yield server
    server.kill()
    assert "Traceback" not in server.log


@pytest.fixture
async def ann(server: Server) -> Person:
    return (await server.world("ann")).ann


def resident(server: Server) -> int:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * resource.getpagesize()


async def serves(server: Server) -> bool:
    """Whether somebody else is served as ever."""
    bob = (await server.world("bob")).bob
    wire = await bob.connect()
    await wire.close()
    return (await bob.request("GET", "/me")).status_code == 200


@pytest.mark.slow
async def test_a_million_fragments_are_cut_off_and_cost_no_memory(server: Server, ann: Person) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")
    before = resident(server)

    raw.write(TEXT, b"{", fin=False)
    one = bytes((CONTINUATION, 0x81)) + b"\0\0\0\0" + b"x"
    end = asyncio.ensure_future(raw.closed())
    with contextlib.suppress(ConnectionError):  # the server hangs up long before the end
        for _ in range(1_000):
            raw.writer.write(one * 1_000)
            await raw.writer.drain()
    code, reason = await end
    grown = resident(server) - before

    assert (code, reason.partition(":")[0]) == (1009, "frame_too_large")
    assert grown < GROWTH_MAX
    assert await serves(server)


@pytest.mark.parametrize(("length", "code"), [(2**63, 1002), (2**63 - 1, 1009), (2**40, 1009), (2**32 - 1, 1009)])
async def test_a_frame_of_an_impossible_length_is_refused_before_a_byte_of_it_is_kept(server: Server, ann: Person, length: int, code: int) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")
    before = resident(server)

    raw.writer.write(b"\x81\xff" + length.to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 60_000)
    closed, _ = await raw.closed()

    assert closed in (code, 1002, 1009)
    assert resident(server) - before < GROWTH_MAX


async def test_compression_that_is_offered_is_not_agreed_and_a_compressed_frame_is_refused(server: Server, ann: Person) -> None:
    raw = await knock(server, headers=ann.headers | {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"})
    await raw.next("welcome")
    before = resident(server)
    bomb = zlib.compress(b" " * 50 * MIB)[:60_000]

    raw.writer.write(bytes((0xC1, 0xFE)) + len(bomb).to_bytes(2, "big") + b"\0\0\0\0" + bomb)
    code, reason = await raw.closed()

    assert "sec-websocket-extensions" not in raw.answer.headers
    assert (code, reason.partition(":")[0]) == (1002, "protocol_error")
    assert resident(server) - before < GROWTH_MAX


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_a_flood_of_control_frames_is_cut_off_by_its_rate(server: Server, ann: Person, opcode: int) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")

    for _ in range(300):
        raw.write(opcode, b"x")
    code, reason = await raw.closed()

    assert (code, reason.partition(":")[0]) == (4429, "rate_limited")


async def test_a_flood_of_frames_is_cut_off_by_its_rate_and_told_when_to_come_back(server: Server, ann: Person) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")

    for _ in range(300):
        raw.say(type="ping")
    goodbye = await raw.next("goodbye")
    code, _ = await raw.closed()

    assert code == 4429
    assert goodbye["reconnect"] is True
    assert goodbye["after_ms"] >= 1000


@pytest.mark.parametrize("place", [None, "01890a5d-ac96-774b-bcce-b302099a8057"])
@pytest.mark.parametrize("headers", [{f"X-{number}": "1" for number in range(2_000)}, {"X-Large": "x" * 17_000}], ids=["2,000 headers", "a header of 17,000 bytes"])
async def test_a_head_of_more_than_16_kib_is_refused_at_the_doors(server: Server, headers: dict[str, str], place: str | None) -> None:
    raw = await knock(server, door(place), headers)

    assert raw.answer.status == 431
    assert raw.answer.problem()["code"] == "headers_too_large"


@pytest.mark.parametrize("headers", [{f"X-{number}": "1" for number in range(2_000)}, {"X-Large": "x" * 17_000}], ids=["2,000 headers", "a header of 17,000 bytes"])
async def test_a_head_of_more_than_16_kib_is_refused_at_rest(server: Server, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        by_headers = await http.get("/api/v1/health/live", headers=headers)
        by_address = await http.get("/api/v1/health/live?" + "x" * 17_000)

    assert [(each.status_code, each.json()["code"]) for each in (by_headers, by_address)] == [(431, "headers_too_large")] * 2


async def test_headers_without_end_are_cut_off_and_cost_no_memory(server: Server) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    before = resident(server)

    writer.write(b"GET / HTTP/1.1\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):  # cut off, as it should be
        while sent < 40 * MIB:
            writer.write(b"X-More: " + b"y" * 65_000 + b"\r\n")
            await writer.drain()
            sent += 65_010
    grown = resident(server) - before
    writer.transport.abort()

    assert sent < 20 * MIB
    assert grown < GROWTH_MAX
    assert await serves(server)


async def drip(host: str, port: int, text: bytes, answers: list[bytes]) -> None:
    """Sends one byte a second until the server has had enough."""
    reader, writer = await asyncio.open_connection(host, port)
    reading = asyncio.ensure_future(reader.read())
    try:
        for byte in text:
            writer.write(bytes((byte,)))
            done, _ = await asyncio.wait([reading], timeout=1)
            if done:
                break
        answers.append(await reading)
    except ConnectionError:
        answers.append(b"")
    finally:
        reading.cancel()
        writer.transport.abort()


@pytest.mark.slow
async def test_two_thousand_slow_senders_lock_nobody_out_and_are_cut_off(server: Server) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    body = b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n"
    heads: list[bytes] = []
    bodies: list[bytes] = []

    slow = [asyncio.ensure_future(drip(host, int(port), b"GET /api/v1/health/live HTTP/1.1\r\nX-Slow: " + b"y" * 60, heads)) for _ in range(1_900)]
    slow += [asyncio.ensure_future(slow_body(host, int(port), body, bodies)) for _ in range(100)]
    while len(os.listdir(f"/proc/{server.pid}/fd")) < 2_000:  # noqa: PTH208 - a count is enough
        await asyncio.wait(slow, timeout=0.05)
    meanwhile = await serves(server)
    still_slow = sum(not each.done() for each in slow)
    await asyncio.gather(*slow)

    assert meanwhile
    assert still_slow == 2_000
    late = b"HTTP/1.1 408 request_timeout"
    assert (len(heads), len(bodies)) == (1_900, 100)
    # A byte that crosses the answer on its way resets the connection, and the answer is lost.
    assert late in {each.partition(b"\r\n")[0] for each in heads} <= {late, b""}
    assert {each.partition(b"\r\n")[0] for each in bodies} == {late}


async def slow_body(host: str, port: int, head: bytes, answers: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(head + b'{"name": ')
    answers.append(await reader.read())
    writer.transport.abort()


@pytest.mark.slow
async def test_a_connection_without_a_token_is_cut_off_and_one_with_half_a_frame_by_its_heartbeat(make_server: Callable[..., Server]) -> None:
    server = make_server({"authenticate_s": "0.5", "heartbeat_s": "0.5", "heartbeat_grace_s": "0.5"})
    ann = (await server.world("ann")).ann

    silent = await knock(server)
    half = await knock(server, headers=ann.headers)
    await half.next("welcome")
    half.writer.write(b"\x81\xfe\x10\x00")

    assert (await silent.closed())[0] == 4401
    assert (await half.closed())[0] == 4410


DEEP = b"[" * 60_000
HARD_TO_PARSE = {
    "60,000 brackets": DEEP,
    "nested objects": b'{"a":' * 10_000,
    "a number of 60,000 digits": b'{"type":"receipt","read":' + b"9" * 60_000 + b"}",
    "a small number of many digits": b'{"type":"receipt","read":1e-' + b"9" * 1_000 + b"}",
    "a lone surrogate": b'{"type":"send","key":"k","text":"\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff": 1}',
    "NaN": b'{"type":"receipt","read":NaN}',
    "a text of escapes": b'{"type":"nothing","a":"' + b"\\u0041" * 10_000 + b'"}',
    "nothing": b"",
    "a list": b"[1,2,3]",
    "two objects": b'{"type":"ping"}{"type":"ping"}',
    "a byte order mark": b'\xef\xbb\xbf{"type":"ping"}',
}


@pytest.mark.parametrize("payload", HARD_TO_PARSE.values(), ids=HARD_TO_PARSE)
async def test_what_is_hard_to_parse_is_answered_by_an_error_and_the_connection_goes_on(server: Server, ann: Person, payload: bytes) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")

    raw.write(TEXT, payload)
    raw.say(type="ping", id="behind")
    frames = [await raw.receive(), await raw.receive()]

    assert [each["type"] for each in frames] == ["error", "pong"]
    assert frames[0]["code"] in ("malformed", "field_invalid", "unknown_type", "text_invalid", "chat_missing")


async def test_the_last_of_two_equal_fields_counts_and_nobody_sees_both(server: Server) -> None:
    """As every JSON parser of a browser has it: who checks the first and uses the last is fooled, who parses once is not."""
    world = await server.world("ann", "bob")
    chat, other = await world.chat("ann"), await world.chat("bob")
    raw = await knock(server, headers=world.ann.headers)
    await raw.next("welcome")

    raw.write(TEXT, f'{{"type":"send","key":"k1","text":"hello","chat":"{chat}","chat":"{other}"}}'.encode())
    refused = await raw.next("ack", "error")
    raw.write(TEXT, f'{{"type":"send","key":"k2","text":"hello","chat":"{other}","chat":"{chat}"}}'.encode())
    taken = await raw.next("ack", "error")

    assert (refused["code"], refused["chat"]) == ("not_a_member", other)
    assert (taken["type"], taken["chat"]) == ("ack", chat)


@pytest.mark.parametrize("payload", [DEEP, b'{"name":' * 10_000, b'{"name":"\\ud800","password":"correct horse"}', b'{"name":NaN}', b"\xff\xfe", b'{"name":"a"'], ids=range(6))
async def test_what_is_hard_to_parse_is_a_problem_at_rest(server: Server, payload: bytes) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        answer = await http.post("/sessions", content=payload, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["code"] in ("malformed", "field_invalid")


FIELDS = {"key": "k", "text": "hello", "chat": None, "reply_to": None, "type": "send"}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [{}, [], {"a": [1]}, 10**30, -1, 1.5, True, [None] * 1_000, "x" * 50_000], ids=str)
async def test_a_field_of_another_type_or_size_than_expected_costs_one_error(server: Server, ann: Person, name: str, value: object) -> None:
    raw = await knock(server, headers=ann.headers)
    await raw.next("welcome")

    raw.say(**FIELDS | {"chat": "01890a5d-ac96-774b-bcce-b302099a8057"} | {name: value})
    raw.say(type="ping", id="behind")
    found = [await raw.next("error", "pong"), await raw.next("error", "pong")]

    assert sorted(each["type"] for each in found) == ["error", "pong"]


async def test_a_body_of_fields_of_other_types_is_a_problem_that_names_the_field(server: Server) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        for name in ("name", "password", "cookie"):
            for value in ({}, [], 10**30, [[]], {"a": 1}):
                answer = await http.post("/sessions", json={"name": "ann", "password": "correct horse"} | {name: value})
                assert (answer.status_code, answer.json()["code"]) == (400, "field_invalid"), (name, value)
                assert name in answer.json()["detail"]


async def test_ten_unreadable_frames_end_the_connection_of_whom_they_come_from_only(server: Server, ann: Person) -> None:
    raw, other = await knock(server, headers=ann.headers), await open_wire(server, headers=ann.headers)
    await raw.next("welcome")
    await other.next("welcome")

    for _ in range(10):
        raw.write(TEXT, DEEP)
    code, reason = await raw.closed()
    await other.say(type="ping", id="here")

    assert (code, reason.partition(":")[0]) == (4400, "too_many_bad_frames")
    assert (await other.next("pong"))["id"] == "here"
