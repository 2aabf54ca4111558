"""``/sessions`` and ``/ws-tickets``."""

from __future__ import annotations

import asyncio
import uuid
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from tests.api.asking import PASSWORD, account, ask, bearer, log_in, refused
from tests.servers import Server, open_wire


async def opened(server: Server, name: str, **more: Any) -> httpx.Response:
    return await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": PASSWORD} | more)


async def refresh(server: Server, token: str) -> httpx.Response:
    return await ask(server, "POST", "/api/v1/sessions/refresh", json={"refresh_token": token})


async def test_a_log_in_gives_an_access_token_that_works_and_a_refresh_token(server: Server) -> None:
    name = await account(server)

    answer = await opened(server, name.upper())

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    session = answer.json()
    assert set(session) == {"access_token", "expires_in", "refresh_token", "session", "token_type", "user"}
    assert (session["expires_in"], session["token_type"], session["user"]["name"]) == (900, "Bearer", name)
    assert (await ask(server, "GET", "/api/v1/me", headers=bearer(session["access_token"]))).json()["id"] == session["user"]["id"]
    assert "set-cookie" not in answer.headers


async def test_a_wrong_password_and_an_unknown_name_look_the_same(server: Server) -> None:
    name = await account(server)

    wrong = await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": "wrong"})
    unknown = await ask(server, "POST", "/api/v1/sessions", json={"name": f"no{name}", "password": "wrong"})

    seen = [refused(each, "login_failed") | {"request_id": ""} for each in (wrong, unknown)]
    assert seen[0] == seen[1]


async def test_ten_failed_log_ins_close_the_account_to_that_address_and_no_other_account(server: Server) -> None:
    name, other = await account(server), await account(server)

    for _ in range(10):
        refused(await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": "wrong"}), "login_failed")
    right = await opened(server, name)

    refused(right, "too_many_attempts")
    assert 800 < int(right.headers["retry-after"]) <= 900
    await log_in(server, other)


async def test_a_refresh_token_is_used_once_and_a_lost_reply_gets_the_same_successor(server: Server) -> None:
    first = (await opened(server, await account(server))).json()

    second, again = [(await refresh(server, first["refresh_token"])).json() for _ in range(2)]
    third = (await refresh(server, second["refresh_token"])).json()

    assert second["refresh_token"] == again["refresh_token"]
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert {each["session"] for each in (first, second, third)} == {first["session"]}
    assert (await ask(server, "GET", "/api/v1/me", headers=bearer(third["access_token"]))).status_code == 200


async def test_a_refresh_token_of_long_ago_ends_the_session(server: Server) -> None:
    first = (await opened(server, await account(server))).json()
    second = (await refresh(server, first["refresh_token"])).json()
    third = (await refresh(server, second["refresh_token"])).json()

    reused = await refresh(server, first["refresh_token"])

    refused(reused, "refresh_reused")
    for token in (first, second, third):
        refused(await refresh(server, token["refresh_token"]), "refresh_invalid")
    refused(await ask(server, "GET", "/api/v1/me", headers=bearer(third["access_token"])), "token_revoked")


async def test_of_fifty_parallel_refreshes_all_get_the_one_successor(server: Server) -> None:
    first = (await opened(server, await account(server))).json()

    answers = await asyncio.gather(*[refresh(server, first["refresh_token"]) for _ in range(50)])

    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["refresh_token"] for each in answers}) == 1


@pytest.mark.parametrize("body", [{"refresh_token": "tfr_unknown"}, {"refresh_token": ""}, {}, None])
async def test_a_refresh_without_a_good_token_is_refused(server: Server, body: dict[str, str] | None) -> None:
    refused(await ask(server, "POST", "/api/v1/sessions/refresh", json=body), "refresh_invalid")


async def test_sessions_are_listed_and_ended_one_by_one(server: Server) -> None:
    name = await account(server)
    tokens = [(await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": PASSWORD}, headers={"User-Agent": f"agent {n}"})).json() for n in range(3)]
    here, there, third = [bearer(each["access_token"]) for each in tokens]

    listed = (await ask(server, "GET", "/api/v1/sessions", headers=here)).json()["items"]
    ended = await ask(server, "DELETE", f"/api/v1/sessions/{tokens[1]['session']}", headers=here)

    assert [(each["user_agent"], each["address"], each["current"]) for each in listed] == [(f"agent {n}", "127.0.0.1", n == 0) for n in (2, 1, 0)]
    assert ended.status_code == 204
    refused(await ask(server, "GET", "/api/v1/me", headers=there), "token_revoked")
    assert [each["id"] for each in (await ask(server, "GET", "/api/v1/sessions", headers=here)).json()["items"]] == [tokens[2]["session"], tokens[0]["session"]]
    refused(await ask(server, "DELETE", f"/api/v1/sessions/{tokens[1]['session']}", headers=here), "session_unknown")
    assert (await ask(server, "DELETE", "/api/v1/sessions/current", headers=third)).status_code == 204
    refused(await refresh(server, tokens[2]["refresh_token"]), "refresh_invalid")


async def test_nobody_ends_the_session_of_somebody_else(server: Server) -> None:
    mine, theirs = (await opened(server, await account(server))).json(), (await opened(server, await account(server))).json()

    answer = await ask(server, "DELETE", f"/api/v1/sessions/{theirs['session']}", headers=bearer(mine["access_token"]))

    refused(answer, "session_unknown")
    assert (await ask(server, "GET", "/api/v1/me", headers=bearer(theirs["access_token"]))).status_code == 200


async def test_a_token_that_belongs_to_no_session_has_none_to_end(server: Server) -> None:
    world = await server.world("ann")

    refused(await world.ann.request("DELETE", "/sessions/current"), "session_unknown")
    assert (await world.ann.request("GET", "/sessions")).json() == {"items": [], "next": None}


async def test_ending_a_session_closes_its_connections_with_the_reason(server: Server) -> None:
    session = (await opened(server, await account(server))).json()
    wire = await open_wire(server, headers=bearer(session["access_token"]))
    await wire.next("welcome")

    await ask(server, "DELETE", "/api/v1/sessions/current", headers=bearer(session["access_token"]))

    code, reason = await wire.closed()
    assert (code, reason.partition(":")[0]) == (4401, "token_revoked")


async def test_with_a_cookie_the_refresh_token_stays_out_of_reach_of_scripts(server: Server) -> None:
    name = await account(server)

    answer = await opened(server, name, cookie=True)
    cookie = SimpleCookie(answer.headers["set-cookie"])["tenfour_refresh"]
    by_cookie = await ask(server, "POST", "/api/v1/sessions/refresh", headers={"Cookie": f"tenfour_refresh={cookie.value}"})
    ended = await ask(server, "DELETE", "/api/v1/sessions/current", headers=bearer(by_cookie.json()["access_token"]))

    assert "refresh_token" not in answer.json()
    assert (bool(cookie["httponly"]), cookie["samesite"].lower(), cookie["path"], bool(cookie["secure"]), int(cookie["max-age"])) == (True, "strict", "/", False, 30 * 86_400)
    assert "refresh_token" not in by_cookie.json()
    assert SimpleCookie(by_cookie.headers["set-cookie"])["tenfour_refresh"].value != cookie.value
    gone = SimpleCookie(ended.headers["set-cookie"])["tenfour_refresh"]
    assert (gone.value, gone["max-age"]) == ("", "0")


async def test_the_cookie_counts_for_the_servers_own_pages_only(server: Server) -> None:
    cookie = SimpleCookie((await opened(server, await account(server), cookie=True)).headers["set-cookie"])["tenfour_refresh"].value

    foreign = await ask(server, "POST", "/api/v1/sessions/refresh", headers={"Cookie": f"tenfour_refresh={cookie}", "Origin": "https://evil.example.org"})
    own = await ask(server, "POST", "/api/v1/sessions/refresh", headers={"Cookie": f"tenfour_refresh={cookie}", "Origin": server.url})

    assert "https://evil.example.org" in refused(foreign, "origin_refused")["detail"]
    assert own.status_code == 200


async def test_a_form_on_a_foreign_page_can_neither_refresh_nor_log_out_nor_log_in(server: Server) -> None:
    """What a browser would send if it did not keep the cookie to itself, as ``SameSite=Strict`` tells it to."""
    session = await opened(server, await account(server), cookie=True)
    cookie = SimpleCookie(session.headers["set-cookie"])["tenfour_refresh"].value
    form = {"Cookie": f"tenfour_refresh={cookie}", "Origin": "https://evil.example.org", "Content-Type": "application/x-www-form-urlencoded"}
    plain = form | {"Content-Type": "text/plain"}

    refused(await ask(server, "POST", "/api/v1/sessions/refresh", headers=form), "origin_refused")
    refused(await ask(server, "POST", "/api/v1/sessions/refresh", headers=form | {"Origin": "null"}), "origin_refused")
    refused(await ask(server, "POST", "/api/v1/sessions/refresh", headers=form, content="refresh_token="), "media_type")
    refused(await ask(server, "POST", "/api/v1/sessions/refresh", headers=plain, content="{}"), "media_type")
    refused(await ask(server, "POST", "/api/v1/sessions", headers=plain, content='{"name":"mallory","password":"x","cookie":true}'), "media_type")
    refused(await ask(server, "DELETE", "/api/v1/sessions/current", headers=form), "token_missing")
    asked = await ask(server, "OPTIONS", "/api/v1/sessions/current", headers={"Origin": "https://evil.example.org", "Access-Control-Request-Method": "DELETE"})

    assert "access-control-allow-origin" not in asked.headers
    assert (await ask(server, "GET", "/api/v1/me", headers=bearer(session.json()["access_token"]))).status_code == 200
    own = {"Cookie": f"tenfour_refresh={cookie}", "Origin": server.url}
    assert (await ask(server, "POST", "/api/v1/sessions/refresh", headers=own)).status_code == 200


async def test_two_tabs_that_refresh_by_one_cookie_at_once_both_go_on_with_one_successor(server: Server) -> None:
    cookie = SimpleCookie((await opened(server, await account(server), cookie=True)).headers["set-cookie"])["tenfour_refresh"].value
    sent = {"Cookie": f"tenfour_refresh={cookie}", "Origin": server.url}

    answers = await asyncio.gather(*[ask(server, "POST", "/api/v1/sessions/refresh", headers=sent) for _ in range(2)])

    assert [each.status_code for each in answers] == [200, 200]
    (successor,) = {SimpleCookie(each.headers["set-cookie"])["tenfour_refresh"].value for each in answers}
    after = await ask(server, "POST", "/api/v1/sessions/refresh", headers=sent | {"Cookie": f"tenfour_refresh={successor}"})
    assert after.status_code == 200


async def test_a_ticket_opens_one_connection_for_who_asked_for_it(server: Server) -> None:
    world = await server.world("ann")
    made = await world.ann.request("POST", "/ws-tickets")
    ticket = made.json()["ticket"]

    wire = await open_wire(server, query=f"ticket={ticket}")
    second = await open_wire(server, query=f"ticket={ticket}")

    assert (made.status_code, made.json()["expires_in"]) == (201, 30)
    assert (await wire.next("welcome"))["user"]["id"] == world.ann.id
    code, reason = await second.closed()
    assert (code, reason.partition(":")[0]) == (4401, "ticket_invalid")
    assert "welcome" not in [frame["type"] for frame in second.seen]
    assert ticket not in server.log


async def test_an_unknown_session_id_of_any_shape_is_unknown(server: Server) -> None:
    world = await server.world("ann")

    for named in (str(uuid.uuid4()), "x", "%00"):
        refused(await world.ann.request("DELETE", f"/sessions/{named}"), "session_unknown")
