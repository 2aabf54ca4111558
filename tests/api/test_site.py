"""The web client's files, given by an application over a folder as a build leaves it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenfour.api.site import Site, SiteServer
from tests.api.asking import ask, refused
from tests.needs import need_web
from tests.servers import Server

PAGE = b"<!doctype html><script type=module src=/assets/index-abc.js></script>"
SCRIPT = b"console.log('hello');" * 100
Get = Callable[..., Any]


async def routes(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind: says that it was asked."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"the routes"})


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_bytes(b"{}")
    (tmp_path / "index.html").write_bytes(PAGE)
    (tmp_path / "sw.js").write_bytes(b"self;")
    (tmp_path / "manifest.webmanifest").write_bytes(b"{}")
    (tmp_path / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets" / "index-abc.js.br").write_bytes(b"as brotli")
    return tmp_path


@pytest.fixture
def get(built: Path) -> Get:
    async def getting(path: str, method: str = "GET", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(SiteServer(routes, Site.load(built)))
        named = {"accept-encoding": "identity"} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://tenfour.test") as http:
            return await http.request(method, path, headers=named)

    return getting


@pytest.mark.parametrize("path", ["/", "/index.html", "/setup", "/login", "/settings/sessions", "/chats/0198d0a0-0000-7000-8000-000000000000", "/chats/not-a-uuid"])
async def test_a_path_of_the_client_is_answered_with_its_page(get: Get, path: str) -> None:
    answer = await get(path)

    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/api", "/api/v1/me", "/api/v9", "/elsewhere/api/v1/ws", "/metrics", "/.well-known/jwks.json", "/nothing.txt", "/assets/gone-123.js", "/assets/index-abc.js.br", "/.vite/manifest.json"]
)
async def test_what_is_not_the_clients_goes_on_to_the_routes(get: Get, path: str) -> None:
    answer = await get(path)

    assert answer.status_code == 418


@pytest.mark.parametrize("path", ["/apiary", "/no/such/page", "/v1/health/live"])
async def test_any_other_path_is_the_clients_for_a_browser_and_the_routes_for_a_program(get: Get, path: str) -> None:
    of_a_browser = await get(path, accept="text/html,application/xhtml+xml,*/*;q=0.8")
    of_a_program = await get(path, accept="*/*")

    assert (of_a_browser.status_code, of_a_browser.content) == (200, PAGE)
    assert of_a_program.status_code == 418


async def test_only_getting_is_answered(get: Get) -> None:
    assert (await get("/chats", "POST")).status_code == 418


async def test_a_file_named_by_its_hash_is_kept_for_a_year_and_others_are_asked_for_anew(get: Get) -> None:
    named, worker, manifest = [await get(path) for path in ("/assets/index-abc.js", "/sw.js", "/manifest.webmanifest")]

    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert named.headers["content-type"] == "text/javascript; charset=utf-8"
    assert worker.headers["cache-control"] == manifest.headers["cache-control"] == "no-cache"
    assert manifest.headers["content-type"] == "application/manifest+json"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("GZIP", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("br; q=0.000", None), ("deflate", None), ("", None)],
)
async def test_a_browser_gets_the_best_encoding_that_it_takes(get: Get, accepted: str, encoding: str | None) -> None:
    answer = await get("/assets/index-abc.js", accept_encoding=accepted)

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == {"br": 9, "gzip": len(gzip.compress(SCRIPT)), None: len(SCRIPT)}[encoding]


async def test_who_has_the_file_already_gets_no_body(get: Get) -> None:
    etag = (await get("/")).headers["etag"]

    same, other = await get("/chats", if_none_match=f'"x", {etag}'), await get("/", if_none_match='"x"')

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert "content-length" not in same.headers
    assert other.status_code == 200


async def test_the_debugger_and_the_test_page_bring_the_policy_that_they_have_in_themselves(built: Path) -> None:
    page = b'<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src \'sha256-abc=\'; connect-src *" /><p>debug</p>'
    (built / "debug").mkdir()
    (built / "debug" / "websocket-debug.html").write_bytes(page)
    (built / "debug" / "websocket-test.html").write_bytes(page)

    transport = httpx.ASGITransport(SiteServer(routes, Site.load(built)))
    async with httpx.AsyncClient(transport=transport, base_url="http://tenfour.test") as http:
        answers = [await http.get(path) for path in ("/debug", "/debug/", "/debug/test", "/debug/websocket-debug.html", "/debug/websocket-test.html")]

    assert {answer.content for answer in answers} == {page}
    assert {answer.headers["content-security-policy"] for answer in answers} == {"script-src 'sha256-abc='; connect-src *; frame-ancestors 'none'"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache"}


async def test_a_checkout_without_a_build_says_which_command_makes_one(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(SiteServer(routes, Site.load(tmp_path / "nothing")))

    async with httpx.AsyncClient(transport=transport, base_url="http://tenfour.test") as http:
        page, api = await http.get("/"), await http.get("/api/v1/me")

    assert page.status_code == 404
    assert "make web" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert api.status_code == 418


async def test_a_file_that_is_not_there_is_a_problem(server: Server) -> None:
    refused(await ask(server, "GET", "/assets/gone-123.js"), "not_found")


async def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_inline(server: Server) -> None:
    need_web()

    page, head, api = await ask(server, "GET", "/setup"), await ask(server, "HEAD", "/"), await ask(server, "GET", "/api/v1/health/live")

    policy = page.headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "unsafe" not in policy[0]
    assert {"default-src 'none'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy[0].split("; "))
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-request-id"]
    assert (head.status_code, head.content) == (200, b"")
    assert api.headers["content-security-policy"].startswith("default-src 'self'")
