"""What holds for every request: ids, problems, rates, sizes, media types, origins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.asking import ask, bearer, refused
from tests.servers import Server


async def test_an_answer_carries_the_callers_request_id_or_a_new_one(server: Server) -> None:
    given = await ask(server, "GET", "/api/v1/health/live", headers={"X-Request-Id": "mine-1.2_3"})
    new = [(await ask(server, "GET", "/api/v1/health/live", headers=headers)).headers["x-request-id"] for headers in ({}, {"X-Request-Id": "two words"}, {"X-Request-Id": "x" * 65})]

    assert given.headers["x-request-id"] == "mine-1.2_3"
    assert len({*new, "two words", "x" * 65}) == 5
    assert refused(await ask(server, "GET", "/api/v1/me", headers={"X-Request-Id": "mine"}), "token_missing")["request_id"] == "mine"


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/nothing", "/api/v1/chats/x/y/z", "/api/v2/me", "/api/v1/me/nothing"])
async def test_an_unknown_path_is_a_problem_and_no_page(server: Server, path: str) -> None:
    refused(await ask(server, "GET", path), "not_found")


@pytest.mark.parametrize(
    ("path", "methods"), [("/api/v1/me", "GET PATCH"), ("/api/v1/sessions", "GET POST"), ("/api/v1/users/x", "GET PATCH PUT"), ("/api/v1/chats/x/members/y", "DELETE PATCH PUT"), ("/metrics", "GET")]
)
async def test_an_unknown_method_is_told_which_ones_there_are(server: Server, path: str, methods: str) -> None:
    refusal, options = [await ask(server, method, path) for method in ("TRACE", "OPTIONS")]

    refused(refusal, "method_not_allowed")
    assert options.status_code == 204
    for answer in (refusal, options):
        assert set(answer.headers["allow"].split(", ")) == {*methods.split(), "OPTIONS"}


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
    server = make_server({"requests_per_address_s": "5"})

    answers = await asyncio.gather(*[ask(server, "GET", "/api/v1/health/live") for _ in range(40)])

    over = [each for each in answers if each.status_code == 429]
    assert over
    for each in over:
        assert refused(each, "rate_limited")["retry_after_ms"] > 0
        assert int(each.headers["retry-after"]) >= 1
        assert each.headers["ratelimit"] == '"address";r=0;t=1'
    for each in answers:
        assert each.headers["ratelimit-policy"] == '"address";q=5;w=1'
    assert max(int(each.headers["ratelimit"].split("r=")[1].split(";")[0]) for each in answers if each.status_code == 200) == 9


async def test_pages_of_a_listed_origin_may_call_without_cookies_and_others_may_not(make_server: Callable[..., Server]) -> None:
    server = make_server({"allowed_origins": "https://app.example.org"})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type, idempotency-key"}

    allowed = await ask(server, "OPTIONS", "/api/v1/chats", headers={"Origin": "https://app.example.org"} | asked)
    foreign = await ask(server, "OPTIONS", "/api/v1/chats", headers={"Origin": "https://evil.example.org"} | asked)
    answer = await ask(server, "GET", "/api/v1/health/live", headers={"Origin": "https://app.example.org"})
    problem = await ask(server, "GET", "/api/v1/me", headers={"Origin": "https://app.example.org"})
    to_foreign = await ask(server, "GET", "/api/v1/health/live", headers={"Origin": "https://evil.example.org"})

    assert allowed.status_code in (200, 204)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    assert {"authorization", "content-type", "idempotency-key"} <= {each.strip() for each in allowed.headers["access-control-allow-headers"].lower().split(",")}
    assert "DELETE" in allowed.headers["access-control-allow-methods"]
    for each in (answer, problem):
        assert each.headers["access-control-allow-origin"] == "https://app.example.org"
        assert {"x-request-id", "retry-after", "ratelimit"} <= {name.strip() for name in each.headers["access-control-expose-headers"].lower().split(",")}
    for each in (foreign, to_foreign):
        assert "access-control-allow-origin" not in each.headers
    for each in (allowed, answer, problem):
        assert "access-control-allow-credentials" not in each.headers


async def test_no_origin_is_listed_as_it_comes(server: Server) -> None:
    answer = await ask(server, "GET", "/api/v1/health/live", headers={"Origin": "https://app.example.org"})

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("door", ["/api/v1/ws", "/api/v1/chats/01890a5d-ac96-774b-bcce-b302099a8057/ws", "/api/v1/diagnostics/echo"])
async def test_a_websocket_door_tells_who_comes_without_an_upgrade_what_arrived(server: Server, door: str) -> None:
    bare = await ask(server, "GET", door)
    stripped = await ask(server, "GET", door, headers={"Sec-WebSocket-Key": "c2VjcmV0IHNlY3JldCBzZQ==", "Via": "1.1 proxy.example.org"})

    assert "connection: keep-alive" in refused(bare, "upgrade_required")["detail"]
    detail = refused(stripped, "upgrade_required")["detail"]
    assert "via: 1.1 proxy.example.org" in detail
    assert "proxy on the way has removed it" in detail
    assert "c2VjcmV0" not in detail


async def test_health_says_that_the_process_lives_and_takes_users(server: Server) -> None:
    live, ready = [await ask(server, "GET", f"/api/v1/health/{kind}") for kind in ("live", "ready")]

    assert (live.status_code, live.json()["status"]) == (200, "live")
    assert (ready.status_code, ready.json()["ready"], ready.json()["reasons"]) == (200, True, [])
    assert live.json()["node"] == ready.json()["node"]
    assert ready.headers["cache-control"] == "no-store"


async def test_the_server_says_what_it_is(server: Server) -> None:
    shown = (await ask(server, "GET", "/api/v1/server")).json()

    assert (shown["name"], shown["protocol"], shown["registration"]) == ("tenfour", "tenfour.v1", "closed")
    assert shown["server_time"].endswith("Z")


async def test_metrics_are_for_this_machine_or_the_metrics_token(make_server: Callable[..., Server]) -> None:
    server = make_server({"metrics_token": "m" * 20})
    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}

    here = await ask(server, "GET", "/metrics")
    beyond = await ask(server, "GET", "/metrics", headers=through_a_proxy)
    with_token = await ask(server, "GET", "/metrics", headers=through_a_proxy | bearer("m" * 20))
    with_wrong_token = await ask(server, "GET", "/metrics", headers=through_a_proxy | bearer("n" * 20))

    for each in (here, with_token):
        assert each.status_code == 200
        assert each.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "# TYPE tenfour_" in each.text
    for each in (beyond, with_wrong_token):
        refused(each, "forbidden")


async def test_the_servers_keys_are_published(server: Server) -> None:
    answer = await ask(server, "GET", "/.well-known/jwks.json")

    assert answer.headers["content-type"] == "application/jwk-set+json"
    [key, *_] = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "token_missing"), ("Bearer", "token_missing"), ("Basic YTpi", "token_missing"), ("Bearer x", "token_malformed"), ("Bearer tfk_unknown", "forbidden")],
)
async def test_who_shows_no_good_token_is_told_which_kind_of_wrong_it_is(server: Server, header: str, code: str) -> None:
    answer = await ask(server, "GET", "/api/v1/me", headers={"Authorization": header} if header else {})

    refused(answer, code)
    assert ("www-authenticate" in answer.headers) == (answer.status_code == httpx.codes.UNAUTHORIZED)
