"""Before the handshake: what becomes a connection, what is refused by an HTTP status, and how long a request may take."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api import asking
from tests.eventually import eventually
from tests.gateway.raw import Answer, dial, door, knock, read_answer
from tests.servers import Person, Server, World, open_wire

KEY = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"} | KEY
DOORS = ["all chats", "one chat"]


@pytest.fixture(scope="module")
def listing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with origins of its own choice."""
    server = Server(tmp_path_factory.mktemp("origins"), {"TENFOUR_ALLOWED_ORIGINS": "https://app.example.org", "TENFOUR_PUBLIC_URL": "https://chat.example.org"}).start()
    yield server
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


@pytest.fixture
async def ann(world: World) -> Person:
    return world.ann


@pytest.fixture
async def place(request: pytest.FixtureRequest, world: World) -> str | None:
    return await world.chat("ann", "bob") if request.param == "one chat" else None


async def ask(server: Server, data: bytes) -> Answer | None:
    """The answer to raw bytes of HTTP; None where the line is closed without one."""
    reader, writer = await dial(server)
    try:
        writer.write(data)
        return await read_answer(reader)
    except asyncio.IncompleteReadError as cause:
        if cause.partial:
            raise
        return None
    finally:
        writer.transport.abort()


def request(path: str, headers: Mapping[str, str], method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in ({"Host": "chat.example"} | dict(headers)).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


# Origins


async def explain(person: Person, **question: str) -> dict[str, Any]:
    answer = await person.request("POST", "/diagnostics/explain", json=question)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_a_foreign_origin_is_refused_before_the_handshake_with_the_line_to_paste(server: Server, ann: Person, place: str | None) -> None:
    raw = await knock(server, door(place), ann.headers | {"Origin": "https://evil.example"})

    problem = raw.answer.problem()
    assert (raw.answer.status, problem["code"]) == (403, "origin_refused")
    assert "'https://evil.example'" in problem["detail"]
    assert 'allowed_origins = ["https://evil.example"]' in problem["detail"]


@pytest.mark.parametrize("origin", ["own", "null", None])
async def test_the_servers_own_origin_a_page_from_a_file_and_no_browser_at_all_are_let_in(server: Server, ann: Person, origin: str | None) -> None:
    raw = await knock(server, headers=ann.headers | ({"Origin": server.url if origin == "own" else origin} if origin else {}))

    assert raw.answer.status == 101


async def test_the_host_that_was_asked_for_is_an_own_origin_with_its_own_scheme_alone(server: Server, ann: Person) -> None:
    named = ann.headers | {"Host": "chat.example:8410"}

    same = await knock(server, headers=named | {"Origin": "http://chat.example:8410"})
    other_scheme = await knock(server, headers=named | {"Origin": "https://chat.example:8410"})
    other_port = await knock(server, headers=named | {"Origin": "http://chat.example"})

    assert [each.answer.status for each in (same, other_scheme, other_port)] == [101, 403, 403]


async def test_listed_origins_are_exact_and_the_only_ones_beside_the_servers_own_address(listing_server: Server) -> None:
    ann = (await listing_server.world("ann")).ann
    expected = {
        "https://app.example.org": 101,
        "https://chat.example.org": 101,
        listing_server.url: 403,
        "https://app.example.org.evil.example": 403,
        "https://APP.example.org:444": 403,
        "http://app.example.org": 403,
        "https://sub.app.example.org": 403,
        "null": 403,
    }

    found = {origin: (await knock(listing_server, headers=ann.headers | {"Origin": origin})).answer.status for origin in expected}
    explained = {origin: (await explain(ann, origin=origin))["status"] or 101 for origin in expected}

    assert found == explained == expected


async def test_the_explanation_of_an_origin_goes_by_the_address_that_the_page_has(server: Server, ann: Person) -> None:
    own, told = [await explain(ann, origin="https://chat.example", url=url) for url in ("wss://chat.example/api/v1/ws", "ws://chat.example")]
    unreadable = await ann.request("POST", "/diagnostics/explain", json={"origin": "https://chat.example", "url": "http://[::1"})

    assert (own["allowed"], told["allowed"]) == (True, False)
    assert (told["status"], told["close"], told["code"], told["cause"]["id"]) == (403, None, "origin_refused", "origin_refused")
    assert {each["name"]: each["outcome"] for each in told["checks"]}["origin"] == "failed"
    asking.refused(unreadable, "field_invalid")


# Paths and handshakes


@pytest.mark.parametrize("path", ["/", "/ws", "/api/v1/wss", "/api/v1/chats//ws", "/api/v1/chats/a/b/ws", "/api/v1/chats/x/ws/", "/api/v2/ws", "/api/v1/ws/"])
async def test_an_upgrade_anywhere_else_is_404_and_names_the_doors(server: Server, ann: Person, path: str) -> None:
    raw = await knock(server, path, ann.headers)

    assert (raw.answer.status, raw.answer.problem()["code"]) == (404, "not_found")
    assert "/api/v1/chats/<id>/ws" in raw.answer.problem()["detail"]


@pytest.mark.parametrize("connection", ["keep-alive, Upgrade", "Upgrade, keep-alive", "keep-alive,upgrade", "UPGRADE"])
async def test_a_connection_header_with_more_than_the_upgrade_is_one(server: Server, ann: Person, connection: str) -> None:
    raw = await knock(server, headers=ann.headers | {"Connection": connection})

    assert raw.answer.status == 101
    assert (await raw.receive())["type"] == "welcome"


@pytest.mark.parametrize("path", ["/api/v1/ws", "/api/v1/chats/01890a5d-ac96-774b-bcce-b302099a8057/ws", "/api/v1/diagnostics/echo"])
async def test_a_get_without_upgrade_is_426_and_says_what_arrived(server: Server, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        plain = await http.get(path)
        stripped = await http.get(path, headers=KEY)

    assert plain.status_code == stripped.status_code == 426
    assert plain.json()["code"] == "upgrade_required"
    assert "Over HTTP/1.1 came connection: keep-alive" in plain.json()["detail"]
    assert "a proxy on the way has removed it" in stripped.json()["detail"]


FAULTY = {
    "no key": ({name: value for name, value in UPGRADE.items() if name != "Sec-WebSocket-Key"}, 400, "protocol_error"),
    "a key that is none": (UPGRADE | {"Sec-WebSocket-Key": "c2hvcnQ="}, 400, "protocol_error"),
    "no version": ({name: value for name, value in UPGRADE.items() if name != "Sec-WebSocket-Version"}, 426, "upgrade_required"),
    "an old version": (UPGRADE | {"Sec-WebSocket-Version": "8"}, 426, "upgrade_required"),
    "another protocol": (UPGRADE | {"Upgrade": "h2c"}, 426, "upgrade_required"),
}


@pytest.mark.parametrize("kind", FAULTY)
async def test_a_faulty_handshake_is_refused_by_name_and_leaves_nothing_behind(server: Server, kind: str) -> None:
    headers, status, code = FAULTY[kind]
    before = await open_connections(server)

    answer = await ask(server, request("/api/v1/ws", headers))

    assert answer is not None
    assert (answer.status, answer.problem()["code"]) == (status, code)
    assert await open_connections(server) <= before


async def test_the_version_that_the_server_speaks_is_named(server: Server) -> None:
    answer = await ask(server, request("/api/v1/ws", UPGRADE | {"Sec-WebSocket-Version": "8"}))

    assert answer is not None
    assert answer.headers["sec-websocket-version"] == "13"


async def test_odd_bytes_in_headers_are_nobodys_business(server: Server, ann: Person) -> None:
    answer = await ask(server, request("/api/v1/ws", UPGRADE | ann.headers | {"X-Odd": "\xff\xfe", "User-Agent": "\x80"}))

    assert answer is not None
    assert answer.status == 101


@pytest.mark.parametrize(
    ("header", "status"), [("User-Agent", 101), ("Authorization", 101), ("Sec-WebSocket-Protocol", 101), ("X-Forwarded-For", 101), ("Origin", 403), ("Host", 101), ("Sec-WebSocket-Version", 426)]
)
async def test_bytes_that_are_no_text_spoil_neither_the_answer_nor_the_list_of_endings(server: Server, header: str, status: int) -> None:
    mark = uuid4().hex
    named = {"User-Agent": f"{mark}\x80"} | {header: f"{mark}\xff\xed\xa0\x80"}
    answer = await ask(server, request(f"/api/v1/ws?mark={mark}", UPGRADE | named))

    async def kept() -> list[str]:
        listed = await asking.ask(server, "GET", "/api/v1/diagnostics/endings?limit=1000", headers=server.administration())
        assert listed.status_code == 200, listed.text
        return [each["client"] for each in listed.json()["items"] if each["client"].startswith(mark)]

    assert answer is not None
    assert answer.status == status
    await eventually(kept)


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
async def test_only_a_get_becomes_a_connection(server: Server, method: str) -> None:
    answer = await ask(server, request("/api/v1/ws", UPGRADE, method=method))

    assert answer is None or 400 <= answer.status < 500


async def test_who_hangs_up_in_the_middle_of_coming_in_leaves_nothing_behind(server: Server, ann: Person) -> None:
    before = await open_connections(server)

    for headers in (ann.headers, {}, {"Authorization": "Bearer x"}):
        for _ in range(20):
            _, writer = await dial(server)
            writer.write(request("/api/v1/ws", UPGRADE | headers))
            await writer.drain()
            writer.transport.abort()

    while await open_connections(server) > before:
        pass
    assert "Traceback" not in server.log


async def open_connections(server: Server) -> int:
    async with httpx.AsyncClient(base_url=server.url) as http:
        found = re.search(r"^tenfour_connections (\d+)", (await http.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return int(found[1])


# What a request may cost


async def test_a_head_of_more_than_16_kib_is_refused_by_name(server: Server, ann: Person) -> None:
    for size, status in ((15_000, 101), (17_000, 431)):
        answer = await ask(server, request("/api/v1/ws", UPGRADE | ann.headers | {"Cookie": "c" * (size - 1_000)}))
        assert answer is not None
        assert answer.status == status
    assert answer.problem()["code"] == "headers_too_large"


async def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(server: Server) -> None:
    answer = await ask(server, b"GET /api/v1/ws HTTP/1.1\r\n" + b"X-More: more\r\n" * 2_000)

    assert answer is not None
    assert (answer.status, answer.problem()["code"]) == (431, "headers_too_large")


@pytest.mark.slow
async def test_half_a_head_is_given_up_after_ten_seconds_and_silence_is_closed(server: Server) -> None:
    half, silence, bystander = await asyncio.gather(
        ask(server, b"GET /api/v1/ws HTTP/1.1\r\nHost: chat"),
        ask(server, b""),
        ask(server, request("/api/v1/health/live", {})),
    )

    assert half is not None
    assert (half.status, half.problem()["code"]) == (408, "request_timeout")
    assert silence is None
    assert bystander is not None
    assert bystander.status == 200


async def test_every_close_frame_reads_code_and_sentence_in_123_bytes(server: Server, ann: Person) -> None:
    ends = [
        await (await open_wire(server, "é" * 10 if place else None, headers=headers, query=query)).closed()
        for place, headers, query in ((True, ann.headers, ""), (False, {"Authorization": "Bearer é"}, ""), (False, {}, "ticket=x"), (False, {}, "token=" + "x" * 12_500))
    ]

    for code, reason in ends:
        assert 4400 <= code < 4600
        assert re.fullmatch(r"[a-z_]+: [A-Z].+", reason)
        assert len(reason.encode()) <= 123
