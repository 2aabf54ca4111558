"""``/server-keys``, and what a product's back end does with one."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest

from tests.api.asking import account, ask, bearer, log_in, refused
from tests.api.conftest import ISSUER, SECRET
from tests.servers import Server, open_wire

ALL_SCOPES = ["chats", "messages", "tokens", "users"]


async def new_key(server: Server, *scopes: str) -> dict[str, Any]:
    made = await ask(server, "POST", "/api/v1/server-keys", json={"name": "backend"} | ({"scopes": list(scopes)} if scopes else {}), headers=server.administration())
    assert made.status_code == 201, made.text
    return made.json()


async def with_key(server: Server, key: str, method: str, path: str, **more: Any) -> httpx.Response:
    return await ask(server, method, f"/api/v1{path}", headers=bearer(key), **more)


async def test_a_key_is_shown_once_and_listed_by_its_end(server: Server) -> None:
    made = await new_key(server)

    listed = (await ask(server, "GET", "/api/v1/server-keys", headers=server.administration())).json()["items"]

    assert made["scopes"] == ALL_SCOPES
    [shown] = [each for each in listed if each["id"] == made["id"]]
    assert (shown["name"], shown["hint"], shown["scopes"]) == ("backend", made["key"][-4:], ALL_SCOPES)
    assert made["key"] not in json.dumps(listed)
    assert made["key"] not in server.log
    assert made["key"].encode() not in (server.data / "tenfour.db").read_bytes() + (server.data / "tenfour.db-wal").read_bytes()


async def test_a_revoked_key_opens_nothing_any_more(server: Server) -> None:
    made = await new_key(server)
    assert (await with_key(server, made["key"], "PUT", f"/users/{uuid.uuid4().hex}")).status_code == 201

    revoked = await ask(server, "DELETE", f"/api/v1/server-keys/{made['id']}", headers=server.administration())

    assert revoked.status_code == 204
    refused(await with_key(server, made["key"], "PUT", "/users/u1"), "token_key_unknown")
    refused(await ask(server, "DELETE", f"/api/v1/server-keys/{made['id']}", headers=server.administration()), "server_key_unknown")


async def test_only_administrators_make_keys(server: Server) -> None:
    nobody, root = await log_in(server, await account(server)), await log_in(server, await account(server, admin=True))
    key = (await new_key(server))["key"]

    for headers in (nobody, bearer(key)):
        refused(await ask(server, "POST", "/api/v1/server-keys", json={"name": "x"}, headers=headers), "forbidden")
        refused(await ask(server, "GET", "/api/v1/server-keys", headers=headers), "forbidden")
        refused(await ask(server, "DELETE", "/api/v1/server-keys/x", headers=headers), "forbidden")
    assert (await ask(server, "POST", "/api/v1/server-keys", json={"name": "x"}, headers=root)).status_code == 201


@pytest.mark.parametrize("wanted", [{"name": ""}, {"name": "x" * 65}, {"name": "a\nb"}, {"name": "x", "scopes": ["root"]}, {"name": "x", "scopes": []}])
async def test_a_key_that_cannot_be_is_refused(server: Server, wanted: dict[str, Any]) -> None:
    refused(await ask(server, "POST", "/api/v1/server-keys", json=wanted, headers=server.administration()), "field_invalid")


async def test_a_key_does_what_its_scope_says_and_no_more(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")
    requests: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "users": [("PUT", f"/users/{world.ann.external_id}", {}), ("PATCH", f"/users/ext:{world.ann.external_id}", {"disabled": False})],
        "chats": [("PUT", f"/chats/{uuid.uuid4().hex}", {"title": "x"}), ("PUT", f"/chats/{chat}/members/{world.ann.id}", {})],
        "messages": [("POST", f"/chats/{chat}/messages", {"text": "x", "on_behalf_of": world.ann.id})],
        "tokens": [("POST", f"/users/{world.ann.external_id}/tokens", {})],
    }

    for scope in requests:
        key = (await new_key(server, scope))["key"]
        for needed, wanted in requests.items():
            for method, path, body in wanted:
                answer = await with_key(server, key, method, path, json=body)
                if needed == scope:
                    assert answer.is_success, answer.text
                else:
                    assert needed in refused(answer, "server_key_scope")["detail"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/me"), ("GET", "/chats"), ("POST", "/ws-tickets"), ("POST", "/invites"), ("GET", "/sessions"), ("GET", "/users")])
async def test_what_is_for_users_is_not_for_keys(server: Server, method: str, path: str) -> None:
    refused(await with_key(server, await server.server_key(), method, path), "forbidden")


async def test_a_user_is_made_once_and_renamed_by_the_products_own_id(server: Server) -> None:
    world = await server.world()
    external = f"auth0|{uuid.uuid4().hex}+ü@example.org"
    path = f"/users/{quote(external, safe='')}"

    made = await asyncio.gather(*[world.backend("PUT", path, json={"name": "Ann Lee"}) for _ in range(5)])
    renamed = await world.backend("PUT", path, json={"name": "Ann Fox"})
    kept = await world.backend("PUT", f"/users/ext:{quote(external, safe='')}")

    assert sorted(each.status_code for each in made) == [200] * 4 + [201]
    user = made[0].json()
    assert (user["name"], user["external_id"], user["admin"]) == ("Ann Lee", external, False)
    assert (renamed.status_code, renamed.json()) == (200, user | {"name": "Ann Fox"})
    assert kept.json() == renamed.json()


async def test_a_user_without_a_name_is_shown_by_the_own_id(server: Server) -> None:
    world = await server.world()
    external = uuid.uuid4().hex * 4

    made = await world.backend("PUT", f"/users/{external}")

    assert (made.status_code, made.json()["name"]) == (201, external[:64])


@pytest.mark.parametrize(
    ("external", "body", "code"),
    [("x" * 256, {}, "field_invalid"), ("a%0Ab", {}, "field_invalid"), ("ext:", {}, "field_invalid"), ("u", {"name": "\u202e"}, "name_invalid"), ("u", {"name": 1}, "field_invalid")],
)
async def test_a_user_that_cannot_be_is_refused(server: Server, external: str, body: dict[str, Any], code: str) -> None:
    world = await server.world()

    refused(await world.backend("PUT", f"/users/{external}", json=body), code)


async def test_a_chat_by_the_products_own_id_is_brought_to_what_it_should_be(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    name = f"order-{uuid.uuid4().hex}"
    wanted = {"title": "Order 7", "members": [f"ext:{world.ann.external_id}", {"user": world.bob.id, "role": "owner"}]}

    made = await asyncio.gather(*[world.backend("PUT", f"/chats/{name}", json=wanted) for _ in range(5)])
    changed = await world.backend("PUT", f"/chats/{name}", json={"title": "Order 7, sent", "members": [f"ext:{world.cid.external_id}"]})

    assert sorted(each.status_code for each in made) == [200] * 4 + [201]
    chat = made[0].json()["id"]
    assert {(each.json()["id"], each.json()["external_id"]) for each in (*made, changed)} == {(chat, name)}
    shown = (await world.ann.request("GET", f"/chats/{chat}")).json()
    assert (shown["title"], shown["kind"], shown["external_id"], shown["member_count"]) == ("Order 7, sent", "group", name, 3)
    roles = {each["name"]: each["role"] for each in (await world.ann.request("GET", f"/chats/{chat}/members")).json()["items"]}
    assert roles == {"ann": "member", "bob": "owner", "cid": "member"}
    assert [each["seq"] for each in (await world.cid.request("GET", f"/chats/{chat}/events")).json()["items"]] == [1, 2, 3, 4]


async def test_a_chat_may_be_named_by_a_uuid_of_the_products_own(server: Server) -> None:
    world = await server.world("ann")
    name = str(uuid.uuid4())

    made = await world.backend("PUT", f"/chats/{name.upper()}", json={"title": "x", "members": [world.ann.id]})
    channel = await world.backend("PUT", f"/chats/{name}", json={"kind": "channel", "title": "x"})

    assert (made.status_code, made.json()) == (201, {"id": name, "external_id": None, "created": True})
    refused(channel, "conflict")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "direct"}, "field_invalid"),
        ({"title": "x", "members": ["ext:nobody"]}, "user_unknown"),
        ({"title": "x", "members": [{"user": "ext:nobody", "role": "king"}]}, "field_invalid"),
        ({"kind": "channel"}, "field_invalid"),
    ],
)
async def test_a_products_chat_that_cannot_be_is_refused_and_not_made(server: Server, body: dict[str, Any], code: str) -> None:
    world = await server.world("ann")
    name = uuid.uuid4().hex

    refused(await world.backend("PUT", f"/chats/{name}", json=body), code)

    assert (await world.backend("PUT", f"/chats/{name}", json={"title": "x"})).json()["created"] is True


async def test_more_members_than_one_transaction_takes_come_with_one_request_each_once(server: Server) -> None:
    world = await server.world("ann")
    people = [f"{world.ann.external_id}-{n}" for n in range(150)]
    for start in range(0, 150, 50):
        await asyncio.gather(*[world.backend("PUT", f"/users/{each}") for each in people[start : start + 50]])

    answers = [await world.backend("PUT", f"/chats/{world.ann.external_id}", json={"title": "All", "members": [f"ext:{each}" for each in people]}) for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 200]
    await world.backend("PUT", f"/chats/{answers[0].json()['id']}/members/{world.ann.id}")
    shown = (await world.ann.request("GET", f"/chats/{answers[0].json()['id']}")).json()
    assert (shown["member_count"], shown["head"]) == (151, 151)


async def test_a_key_takes_members_in_and_out_and_gives_roles(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann")

    added = await world.backend("PUT", f"/chats/{chat}/members/ext:{world.bob.external_id}", json={"role": "admin"})
    kept = await world.backend("PUT", f"/chats/{chat}/members/{world.bob.id}")
    lowered = await world.backend("PUT", f"/chats/{chat}/members/{world.bob.id}", json={"role": "member"})
    last_owner = await world.backend("DELETE", f"/chats/{chat}/members/{world.ann.id}")
    taken_out = await world.backend("DELETE", f"/chats/{chat}/members/ext:{world.bob.external_id}")

    assert [(each.status_code, each.json()["role"]) for each in (added, kept, lowered)] == [(201, "admin"), (200, "admin"), (200, "member")]
    refused(last_owner, "last_owner")
    assert taken_out.status_code == 204
    refused(await world.bob.request("GET", f"/chats/{chat}"), "not_a_member")


async def test_a_message_on_behalf_of_a_member_is_the_members_own(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob")
    wire = await world.bob.connect(chat)
    path, body = f"/chats/{chat}/messages", {"text": "hello", "on_behalf_of": f"ext:{world.ann.external_id}"}

    sent, again = [await world.backend("POST", path, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]

    assert (sent.status_code, again.status_code, again.json()) == (201, 200, sent.json() | {"duplicate": True})
    heard = await wire.next("message_sent")
    assert (heard["by"], heard["key"], heard["id"]) == (world.ann.id, "k1", sent.json()["id"])
    own = await world.ann.request("POST", path, json={"text": "hello"}, headers={"Idempotency-Key": "k1"})
    assert own.json() == again.json()
    refused(await world.backend("POST", path, json={"text": "x", "on_behalf_of": world.cid.id}), "not_a_member")
    refused(await world.backend("POST", path, json={"text": "x"}), "field_missing")
    refused(await world.backend("POST", path, json={"text": "x", "on_behalf_of": "ext:nobody"}), "user_unknown")
    refused(await world.ann.request("POST", path, json={"text": "x", "on_behalf_of": world.bob.id}), "forbidden")


async def test_a_token_for_a_user_of_the_product_opens_rest_and_websocket(server: Server) -> None:
    world = await server.world("ann")

    made = await world.backend("POST", f"/users/{world.ann.external_id}/tokens", json={"expires_in": 60})

    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token = made.json()
    assert (token["expires_in"], token["token_type"], token["user"]["id"]) == (60, "Bearer", world.ann.id)
    assert (await ask(server, "GET", "/api/v1/me", headers=bearer(token["access_token"]))).json()["id"] == world.ann.id
    wire = await open_wire(server, subprotocols=["tenfour.v1", f"tenfour.bearer.{token['access_token']}"])
    assert (await wire.next("welcome"))["user"]["id"] == world.ann.id
    refused(await world.backend("POST", "/users/nobody/tokens"), "user_unknown")
    for life in (0, 86_401):
        refused(await world.backend("POST", f"/users/{world.ann.external_id}/tokens", json={"expires_in": life}), "field_invalid")


async def test_a_key_makes_no_token_of_a_local_account(server: Server) -> None:
    world = await server.world()
    name = await account(server, admin=True)
    user = (await ask(server, "GET", "/api/v1/me", headers=await log_in(server, name))).json()["id"]

    for named in (user, name):
        refused(await world.backend("POST", f"/users/{named}/tokens"), "user_unknown")
    by_admin = await ask(server, "POST", f"/api/v1/users/{user}/tokens", headers=server.administration())
    assert by_admin.status_code == 201


async def test_a_key_disables_a_user_of_the_product_whose_connections_close(server: Server) -> None:
    world = await server.world("ann")
    wire = await world.ann.connect()

    disabled = await world.backend("PATCH", f"/users/ext:{world.ann.external_id}", json={"disabled": True})

    assert (disabled.status_code, disabled.json()["disabled"]) == (200, True)
    code, reason = await wire.closed()
    assert (code, reason.partition(":")[0]) == (4401, "user_disabled")
    refused(await world.backend("POST", f"/users/{world.ann.external_id}/tokens"), "user_disabled")
    refused(await world.ann.request("GET", "/me"), "user_disabled")


async def test_a_key_changes_no_administrator(server: Server) -> None:
    world = await server.world()
    user = (await ask(server, "GET", "/api/v1/me", headers=await log_in(server, await account(server, admin=True)))).json()["id"]

    refused(await world.backend("PATCH", f"/users/{user}", json={"disabled": True}), "forbidden")
    refused(await world.backend("PATCH", f"/users/{user}", json={"password": "x" * 20}), "forbidden")


async def test_a_products_own_token_and_its_key_name_the_same_people(strict: Server) -> None:
    world = await strict.world("ann")
    claims = {"iss": ISSUER, "aud": "tenfour", "exp": 4_000_000_000}

    known = await ask(strict, "GET", "/api/v1/me", headers=bearer(jwt.encode(claims | {"sub": world.ann.external_id, "name": "Another name"}, SECRET, "HS256")))
    new = await ask(strict, "GET", "/api/v1/me", headers=bearer(jwt.encode(claims | {"sub": "xu42", "name": "New one"}, SECRET, "HS256")))

    assert known.json()["id"] == world.ann.id
    assert (new.json()["name"], new.json()["external_id"]) == ("New one", "xu42")
    assert (await world.ann.request("GET", "/users/ext:xu42")).json()["id"] == new.json()["id"]
    for changed, code in (({"aud": "other"}, "token_audience"), ({"iss": "https://other.example"}, "token_issuer"), ({"exp": 1}, "token_expired")):
        refused(await ask(strict, "GET", "/api/v1/me", headers=bearer(jwt.encode(claims | {"sub": "xu42"} | changed, SECRET, "HS256"))), code)
