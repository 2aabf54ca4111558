"""Pages of other origins: refused at the doors before the handshake, and without cookies at REST."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.gateway.raw import door, knock
from tests.servers import Server

APP = "https://app.example.org"
DOORS = {"all chats": door(None), "one chat": door("01890a5d-ac96-774b-bcce-b302099a8057"), "echo": "/api/v1/diagnostics/echo"}
FOREIGN = {
    "another host": "https://evil.example",
    "a longer host": "https://app.example.org.evil.example",
    "a host that ends alike": "https://evilapp.example.org",
    "a host with a letter for the dot": "https://appXexample.org",
    "another scheme": "http://app.example.org",
    "another port": "https://app.example.org:8443",
    "another case and a path": "https://app.example.org/",
    "a host below": "https://sub.app.example.org",
    "somebody at the host": "https://app.example.org@evil.example",
    "two origins": "https://app.example.org, https://evil.example",
    "null": "null",
    "nothing": "",
    "controls": "https://app.example.org\x1b[2J",
}


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lists one origin."""
    server = Server(tmp_path_factory.mktemp("listing"), {"TENFOUR_ALLOWED_ORIGINS": APP}).start()
    yield server
    server.kill()


@pytest.mark.parametrize("path", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("origin", FOREIGN.values(), ids=FOREIGN)
async def test_a_page_of_an_origin_that_is_not_listed_gets_no_handshake(listing: Server, path: str, origin: str) -> None:
    raw = await knock(listing, path, {"Origin": origin})

    assert raw.answer.status in (400, 403)
    if raw.answer.status == 403:
        assert raw.answer.problem()["code"] == "origin_refused"


@pytest.mark.parametrize("path", DOORS.values(), ids=DOORS)
async def test_a_page_of_the_listed_origin_and_what_is_no_page_get_one(listing: Server, path: str) -> None:
    assert (await knock(listing, path, {"Origin": APP})).answer.status == 101
    assert (await knock(listing, path)).answer.status == 101


async def test_the_refusal_names_the_origin_and_the_line_to_paste(listing: Server) -> None:
    problem = (await knock(listing, headers={"Origin": "https://evil.example"})).answer.problem()

    assert "'https://evil.example'" in problem["detail"]
    assert 'allowed_origins = ["https://evil.example"]' in problem["detail"]


@pytest.mark.parametrize("origin", [each for name, each in FOREIGN.items() if name not in ("null", "nothing", "controls")])
async def test_without_a_list_only_the_servers_own_pages_get_one(server: Server, origin: str) -> None:
    own = await knock(server, headers={"Origin": server.url})
    foreign = await knock(server, headers={"Origin": origin})

    assert own.answer.status == 101
    assert foreign.answer.status == 403


@pytest.mark.slow
async def test_a_page_from_a_file_may_debug_a_server_that_only_this_machine_reaches(server: Server, make_server: Callable[..., Server]) -> None:
    wide = make_server({"listen": "0.0.0.0:0"})

    assert (await knock(server, headers={"Origin": "null"})).answer.status == 101
    assert (await knock(wide, headers={"Origin": "null"})).answer.status == 403


async def test_the_host_that_a_page_was_loaded_from_has_to_be_the_one_that_it_calls(server: Server) -> None:
    """Behind a name the server knows nothing of, its own pages still work; those of other names do not."""
    own = await knock(server, headers={"Host": "chat.internal:8410", "Origin": "http://chat.internal:8410"})
    other = await knock(server, headers={"Host": "chat.internal:8410", "Origin": "http://evil.internal:8410"})

    assert (own.answer.status, other.answer.status) == (101, 403)


# REST


async def test_a_form_of_another_page_reaches_nothing(server: Server) -> None:
    """The three content types that a page can send across origins without asking first."""
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
            for path in ("/sessions", "/sessions/refresh", "/accounts", "/setup", "/chats"):
                answer = await http.post(path, content=b'{"name": "ann", "password": "correct horse"}', headers={"Content-Type": kind, "Origin": "https://evil.example"})
                assert (answer.status_code, answer.json()["code"]) == (415, "media_type"), (kind, path)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.org.evil.example"])
async def test_the_refresh_cookie_of_a_browser_is_of_no_use_to_another_page(listing: Server, origin: str) -> None:
    name, secret = f"ann{uuid.uuid4().hex}", "correct horse"
    async with httpx.AsyncClient(base_url=f"{listing.url}/api/v1") as http:
        (await http.post("/users", json={"name": name, "password": secret}, headers=listing.administration())).raise_for_status()
        (await http.post("/sessions", json={"name": name, "password": secret, "cookie": True})).raise_for_status()
        foreign = await http.post("/sessions/refresh", headers={"Origin": origin})
        listed = await http.post("/sessions/refresh", headers={"Origin": APP})
        own = await http.post("/sessions/refresh", headers={"Origin": listing.url})

    assert [(each.status_code, each.json()["code"]) for each in (foreign, listed)] == [(403, "origin_refused")] * 2
    assert own.status_code == 200


async def test_a_cookie_is_no_token_at_rest_nor_at_the_doors(server: Server) -> None:
    ann = (await server.world("ann")).ann
    cookie = {"Cookie": f"tenfour_refresh={ann.token}; token={ann.token}; authorization=Bearer {ann.token}"}

    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        me = await http.get("/me", headers=cookie)
    raw = await knock(server, headers=cookie)
    raw.say(type="ping")

    assert me.json()["code"] == "token_missing"
    assert (await raw.closed())[0] == 4401


@pytest.mark.parametrize("origin", [each for each in FOREIGN.values() if each.isprintable()])
async def test_a_script_of_another_origin_may_not_read_an_answer(listing: Server, origin: str) -> None:
    async with httpx.AsyncClient(base_url=f"{listing.url}/api/v1") as http:
        answer = await http.get("/server", headers={"Origin": origin})
        preflight = await http.options("/me", headers={"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"})
        allowed = await http.get("/server", headers={"Origin": APP})

    for each in (answer, preflight):
        assert each.headers.get("access-control-allow-origin") in (None, APP)
        assert "access-control-allow-credentials" not in each.headers
    assert allowed.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in allowed.headers


async def test_answers_tell_a_browser_to_do_no_more_than_it_has_to(server: Server) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        headers = (await http.get("/server")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "server" not in headers
