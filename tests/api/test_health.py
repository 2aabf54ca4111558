"""``/health``, ``/metrics``, ``/.well-known/jwks.json``, ``/server``."""

from __future__ import annotations

from tests.api.asking import ask, bearer, refused
from tests.api.conftest import STRICT
from tests.servers import Server


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
    assert shown["limits"] == {
        "text_chars": 16_000,
        "title_chars": 200,
        "name_chars": 64,
        "password_chars_min": 8,
        "password_chars_max": 256,
        "picture_bytes": 262_144,
        "picture_side": 512,
        "chat_members": 10_000,
    }


async def test_metrics_are_for_this_machine_or_the_metrics_token(strict: Server) -> None:
    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}

    here = await ask(strict, "GET", "/metrics")
    beyond = await ask(strict, "GET", "/metrics", headers=through_a_proxy)
    with_token = await ask(strict, "GET", "/metrics", headers=through_a_proxy | bearer(STRICT["metrics_token"]))
    with_wrong_token = await ask(strict, "GET", "/metrics", headers=through_a_proxy | bearer("n" * 20))

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
