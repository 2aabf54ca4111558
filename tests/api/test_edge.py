"""What holds for every request: ids, problems, rates, sizes, media types, origins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.asking import ask, refused
from tests.servers import Server


async def test_an_answer_carries_the_callers_request_id_or_a_new_one(server: Server) -> None:
    given = await ask(server, "GET", "/api/v1/health/live", headers={"X-Request-Id": "mine-1.2_3"})
    new = [(await ask(server, "GET", "/api/v1/health/live", headers=headers)).headers["x-request-id"] for headers in ({}, {"X-Request-Id": "two words"}, {"X-Request-Id": "x" * 65})]

    assert given.headers["x-request-id"] == "mine-1.2_3"
    assert len({*new, "two words", "x" * 65}) == 5
    assert refused(await ask(server, "GET", "/api/v1/me", headers={"X-Request-Id": "mine"}), "token_missing")["request_id"] == "mine"


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/nothing", "/api/v1/chats/x/y/z", "/api/v2/me", "/api/v1/me/nothing"])
async def test_an_unknown_path_is_a_problem_and_no_page(server: Server, path: str) -> None:
    refused(await ask(server, "GET", path), "not_found")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/me", "GET PATCH"),
        ("/api/v1/sessions", "GET POST"),
        ("/api/v1/me/avatar", "DELETE PUT"),
        ("/api/v1/users/x", "GET PATCH PUT"),
        ("/api/v1/chats/x/members/y", "DELETE PATCH PUT"),
        ("/metrics", "GET"),
    ],
)
async def test_an_unknown_method_is_told_which_ones_there_are(server: Server, path: str, methods: str) -> None:
    refusal, options = [await ask(server, method, path) for method in ("TRACE", "OPTIONS")]

    refused(refusal, "method_not_allowed")
    assert options.status_code == 204
    for answer in (refusal, options):
        assert set(answer.headers["allow"].split(", ")) == {*methods.split(), "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


@pytest.mark.parametrize(("path", "status"), [("/api/v1/health/live", 200), ("/api/v1/openapi.json", 200), ("/api/v1/me", 401), ("/nothing.txt", 404)])
async def test_head_answers_like_get_without_the_body(server: Server, path: str, status: int) -> None:
    whole, head = [await ask(server, method, path, headers={"X-Request-Id": "mine"}) for method in ("GET", "HEAD")]

    assert (head.status_code, head.content) == (status, b"")
    for name in ("content-type", "content-length", "x-request-id"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(("method", "path"), [("GET", "/chats/x"), ("GET", "/chats?limit=x"), ("POST", "/chats"), ("PUT", "/chats/x/members/y"), ("GET", "/users/x")])
async def test_who_asks_is_looked_at_before_what_is_asked(server: Server, method: str, path: str) -> None:
    refused(await ask(server, method, f"/api/v1{path}", json={} if method != "GET" else None), "token_missing")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_a_body_that_is_not_json_by_its_type_is_refused(server: Server, kind: str) -> None:
    answer = await ask(server, "POST", "/api/v1/sessions", content=b'{"name":"a","password":"b"}', headers={"Content-Type": kind} if kind else {})

    refused(answer, "media_type")


@pytest.mark.parametrize(
    ("body", "code", "names"),
    [
        (b"", "field_missing", "body"),
        (b"{", "malformed", "JSON"),
        (b'{"name":"\xff","password":"x"}', "malformed", "UTF-8"),
        (b'{"name":"\\ud800","password":"x"}', "malformed", "JSON"),
        (b"[" * 100_000, "malformed", "deep"),
        (b"[]", "field_invalid", "body"),
        (b"null", "field_invalid", "body"),
        (b'{"name":"ann"}', "field_missing", "password"),
        (b'{"name":7,"password":"x"}', "field_invalid", "name"),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused_by_what_is_wrong_with_it(server: Server, body: bytes, code: str, names: str) -> None:
    answer = await ask(server, "POST", "/api/v1/sessions", content=body, headers={"Content-Type": "application/json"})

    assert names in refused(answer, code)["detail"]


async def test_a_field_more_is_no_error(server: Server) -> None:
    answer = await ask(server, "POST", "/api/v1/sessions", json={"name": "nobody", "password": "nothing", "later": 1})

    refused(answer, "login_failed")


async def test_a_body_over_the_limit_is_refused_with_and_without_its_length(server: Server) -> None:
    async def in_parts() -> Any:
        for _ in range(20):
            yield b"x" * 65_536

    for content in (b"x" * 1_100_000, in_parts()):
        answer = await ask(server, "POST", "/api/v1/sessions", content=content, headers={"Content-Type": "application/json"})

        refused(answer, "body_too_large")


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(make_server: Callable[..., Server]) -> None:
    server = make_server({"requests_per_address_s": "1", "allowed_origins": "https://app.example.org"})

    answers = await asyncio.gather(*[ask(server, "GET", "/api/v1/health/live", headers={"Origin": "https://app.example.org"}) for _ in range(60)])

    over = [each for each in answers if each.status_code == 429]
    assert over
    for each in over:
        assert refused(each, "rate_limited")["retry_after_ms"] > 0
        assert int(each.headers["retry-after"]) >= 1
        assert each.headers["ratelimit"] == '"address";r=0;t=1'
        assert each.headers["access-control-allow-origin"] == "https://app.example.org"  # or a page could not read it
        assert "retry-after" in each.headers["access-control-expose-headers"]
    for each in answers:
        assert each.headers["ratelimit-policy"] == '"address";q=2;w=2'
    assert max(int(each.headers["ratelimit"].split("r=")[1].split(";")[0]) for each in answers if each.status_code == 200) == 1


async def test_pages_of_a_listed_origin_may_call_without_cookies_and_others_may_not(strict: Server) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type, idempotency-key"}

    allowed = await ask(strict, "OPTIONS", "/api/v1/chats", headers={"Origin": "https://app.example.org"} | asked)
    foreign = await ask(strict, "OPTIONS", "/api/v1/chats", headers={"Origin": "https://evil.example.org"} | asked)
    answer = await ask(strict, "GET", "/api/v1/health/live", headers={"Origin": "https://app.example.org"})
    problem = await ask(strict, "GET", "/api/v1/me", headers={"Origin": "https://app.example.org"})
    wrong_type = await ask(strict, "POST", "/api/v1/sessions", content=b"x", headers={"Origin": "https://app.example.org"})
    to_foreign = await ask(strict, "GET", "/api/v1/health/live", headers={"Origin": "https://evil.example.org"})

    assert allowed.status_code in (200, 204)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    assert {"authorization", "content-type", "idempotency-key"} <= {each.strip() for each in allowed.headers["access-control-allow-headers"].lower().split(",")}
    assert "DELETE" in allowed.headers["access-control-allow-methods"]
    for each in (answer, problem, wrong_type):
        assert each.headers["access-control-allow-origin"] == "https://app.example.org"
        assert {"x-request-id", "retry-after", "ratelimit"} <= {name.strip() for name in each.headers["access-control-expose-headers"].lower().split(",")}
    for each in (foreign, to_foreign):
        assert "access-control-allow-origin" not in each.headers
    for each in (allowed, answer, problem):
        assert "access-control-allow-credentials" not in each.headers


async def test_as_it_comes_only_a_page_from_a_file_counts_beside_the_servers_own(server: Server, strict: Server) -> None:
    from_file, foreign = [await ask(server, "GET", "/api/v1/health/live", headers={"Origin": origin}) for origin in ("null", "https://app.example.org")]
    not_listed = await ask(strict, "GET", "/api/v1/health/live", headers={"Origin": "null"})

    assert from_file.headers["access-control-allow-origin"] == "null"
    for each in (foreign, not_listed):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "token_missing"), ("Bearer", "token_missing"), ("Basic YTpi", "token_missing"), ("Bearer x", "token_malformed"), ("Bearer tfk_unknown", "forbidden")],
)
async def test_who_shows_no_good_token_is_told_which_kind_of_wrong_it_is(server: Server, header: str, code: str) -> None:
    answer = await ask(server, "GET", "/api/v1/me", headers={"Authorization": header} if header else {})

    refused(answer, code)
    assert ("www-authenticate" in answer.headers) == (answer.status_code == httpx.codes.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"NONSENSE\r\n\r\n", "request_malformed"),
        (b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "request_malformed"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "request_malformed"),
        (b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Large: " + b"x" * 20_000 + b"\r\n\r\n", "headers_too_large"),
    ],
)
async def test_what_is_no_request_at_all_is_a_problem_too(server: Server, sent: bytes, code: str) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()

    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    refused(httpx.Response(int(status.split()[1]), headers=headers, content=body), code)
