"""``/setup``, ``/accounts``, ``/me``, ``/users``, ``/invites``."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable

import pytest

from tests.api.asking import PASSWORD, account, ask, log_in, pages, refused
from tests.servers import Server


def setup_secret(server: Server) -> str:
    said = "\n".join(server.said)
    found = re.search(r"/setup#(\S+)", said)
    assert found is not None, said
    return found.group(1)


@pytest.mark.slow
async def test_the_set_up_link_makes_one_administrator_and_is_printed_until_it_is_used(make_server: Callable[..., Server]) -> None:
    server = make_server()
    first = setup_secret(server)
    server.stop()
    server.start()
    second = setup_secret(server)
    body = {"name": "root", "password": PASSWORD}

    old = await ask(server, "POST", "/api/v1/setup", json=body | {"secret": first})
    made = await asyncio.gather(*[ask(server, "POST", "/api/v1/setup", json=body | {"secret": second, "name": f"root{n}"}) for n in range(5)])

    refused(old, "setup_link_invalid")
    assert sorted(each.status_code for each in made) == [201, 409, 409, 409, 409]
    refused(next(each for each in made if each.status_code == 409), "setup_done")
    [root] = [each.json() for each in made if each.status_code == 201]
    assert (root["admin"], root["disabled"], root["external_id"]) == (True, False, None)
    assert (await ask(server, "GET", "/api/v1/me", headers=await log_in(server, root["name"]))).json() == root
    assert (await ask(server, "GET", "/api/v1/server")).json()["set_up"] is True
    server.stop()
    server.start()
    assert "/setup#" not in "\n".join(server.said)
    assert first not in server.log
    assert second not in server.log


async def test_guesses_at_the_set_up_link_are_slowed_down(make_server: Callable[..., Server]) -> None:
    server = make_server({"failed_logins": "3"})
    guess = {"secret": "tfs_wrong", "name": "root", "password": PASSWORD}

    answers = [await ask(server, "POST", "/api/v1/setup", json=guess) for _ in range(4)]

    for answer in answers[:3]:
        refused(answer, "setup_link_invalid")
    refused(answers[3], "too_many_attempts")
    assert 0 < int(answers[3].headers["retry-after"]) <= 900


async def test_registration_is_closed_as_it_comes(server: Server) -> None:
    answer = await ask(server, "POST", "/api/v1/accounts", json={"name": "eve", "password": PASSWORD})

    refused(answer, "registration_closed")
    assert (await ask(server, "GET", "/api/v1/server")).json()["registration"] == "closed"


async def test_where_registration_is_open_everybody_makes_an_account_but_no_administrator(make_server: Callable[..., Server]) -> None:
    server = make_server({"registration": "open"})

    made = await ask(server, "POST", "/api/v1/accounts", json={"name": "Ann", "password": PASSWORD, "admin": True})
    again = await ask(server, "POST", "/api/v1/accounts", json={"name": "aNN", "password": PASSWORD})

    assert made.status_code == 201
    assert (made.json()["name"], made.json()["admin"]) == ("Ann", False)
    refused(again, "name_taken")
    await log_in(server, "ANN")


async def test_an_invitation_makes_one_account(strict: Server) -> None:
    root = await log_in(strict, await account(strict, "root", admin=True))
    made = await ask(strict, "POST", "/api/v1/invites", headers=root)
    assert made.status_code == 201
    invite = made.json()["invite"]

    without = await ask(strict, "POST", "/api/v1/accounts", json={"name": "ann", "password": PASSWORD})
    wrong = await ask(strict, "POST", "/api/v1/accounts", json={"name": "ann", "password": PASSWORD, "invite": "tfi_wrong"})
    taken = await ask(strict, "POST", "/api/v1/accounts", json={"name": "root", "password": PASSWORD, "invite": invite})
    used = await asyncio.gather(*[ask(strict, "POST", "/api/v1/accounts", json={"name": f"ann{n}", "password": PASSWORD, "invite": invite}) for n in range(4)])

    for answer in (without, wrong):
        refused(answer, "invite_invalid")
    refused(taken, "name_taken")
    assert sorted(each.status_code for each in used) == [201, 403, 403, 403]
    ann = next(each.json()["name"] for each in used if each.status_code == 201)
    refused(await ask(strict, "POST", "/api/v1/invites", headers=await log_in(strict, ann)), "forbidden")


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("two words", PASSWORD, "name_invalid"),
        ("a\u202eb", PASSWORD, "name_invalid"),
        ("\u0430nn", PASSWORD, "name_invalid"),
        ("", PASSWORD, "field_invalid"),
        ("x" * 65, PASSWORD, "field_invalid"),
        ("fine", "short", "password_weak"),
        ("fine", "x" * 257, "password_weak"),
    ],
)
async def test_a_name_or_password_that_cannot_be_used_is_refused_by_name(server: Server, name: str, password: str, code: str) -> None:
    answer = await ask(server, "POST", "/api/v1/users", json={"name": name, "password": password}, headers=server.administration())

    refused(answer, code)


async def test_one_changes_ones_own_name_and_colour(server: Server) -> None:
    name = await account(server)
    me = await log_in(server, name)
    other = await account(server)

    changed = await ask(server, "PATCH", "/api/v1/me", json={"name": name + "x", "avatar_colour": "#12AB9f"}, headers=me)
    taken = await ask(server, "PATCH", "/api/v1/me", json={"name": other.upper()}, headers=me)
    wrong = await ask(server, "PATCH", "/api/v1/me", json={"avatar_colour": "red"}, headers=me)

    assert (changed.status_code, changed.json()["name"], changed.json()["avatar_colour"]) == (200, name + "x", "#12AB9f")
    refused(taken, "name_taken")
    assert "avatar_colour" in refused(wrong, "field_invalid")["detail"]
    assert (await ask(server, "GET", "/api/v1/me", headers=me)).json() == changed.json()


async def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(server: Server) -> None:
    name = await account(server)
    here, elsewhere = await log_in(server, name), await log_in(server, name)

    wrong = await ask(server, "PATCH", "/api/v1/me", json={"password": "another one of mine", "old_password": "not it"}, headers=here)
    changed = await ask(server, "PATCH", "/api/v1/me", json={"password": "another one of mine", "old_password": PASSWORD}, headers=here)

    refused(wrong, "login_failed")
    assert changed.status_code == 200
    assert (await ask(server, "GET", "/api/v1/me", headers=here)).status_code == 200
    refused(await ask(server, "GET", "/api/v1/me", headers=elsewhere), "token_revoked")
    refused(await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": PASSWORD}), "login_failed")
    await log_in(server, name, "another one of mine")


async def test_a_change_that_is_refused_changes_nothing(server: Server) -> None:
    name = await account(server)
    me = await log_in(server, name)

    refused(await ask(server, "PATCH", "/api/v1/me", json={"name": name + "x", "password": "another one of mine", "old_password": "not it"}, headers=me), "login_failed")

    assert (await ask(server, "GET", "/api/v1/me", headers=me)).json()["name"] == name


async def test_people_are_found_by_the_beginning_of_their_name_page_by_page(server: Server) -> None:
    mark = f"q{uuid.uuid4().hex[:8]}"
    names = {await account(server, f"{mark}_{n}") for n in range(5)}
    world = await server.world("ann")
    await world.backend("PUT", f"/users/{mark}-gone", json={"name": f"{mark}_gone"})
    gone = (await world.backend("PATCH", f"/users/ext:{mark}-gone", json={"disabled": True})).json()

    found = await pages(world.ann, f"/users?query={mark.upper()}_", 2)

    assert [len(page) for page in found] == [2, 2, 1]
    assert {each["name"] for page in found for each in page} == names
    assert (await pages(world.ann, "/users?query=%25", 2)) == [[]]
    as_admin = await ask(server, "GET", f"/api/v1/users?query={mark}_gone", headers=server.administration())
    assert as_admin.json()["items"] == [gone]


async def test_people_are_found_by_the_beginning_of_any_word_of_their_name_in_any_case_and_come_by_name(server: Server) -> None:
    world = await server.world("ann")
    mark = uuid.uuid4().hex[:8]
    for n, name in enumerate([f"Zoë {mark}o'Brien", f"émile-{mark}Obst", f"x{mark}o", f"ÉMILE_{mark}oak", f"Straße {mark.upper()}OAK"]):
        await world.backend("PUT", f"/users/{mark}-{n}", json={"name": name})

    found = [each["name"] for page in await pages(world.ann, f"/users?query={mark.upper()}O", 2) for each in page]
    by_two_words = [each["name"] for page in await pages(world.ann, f"/users?query=STRASSE {mark}", 2) for each in page]

    assert found == [f"Straße {mark.upper()}OAK", f"Zoë {mark}o'Brien", f"ÉMILE_{mark}oak", f"émile-{mark}Obst"]
    assert by_two_words == [f"Straße {mark.upper()}OAK"]


async def test_people_are_looked_up_by_their_ids_at_once_and_keep_their_name_when_they_are_disabled(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    (await world.backend("PATCH", f"/users/{world.cid.id}", json={"disabled": True})).raise_for_status()
    nobody = str(uuid.uuid4())

    found = await world.ann.request("GET", f"/users?ids={world.bob.id.upper()},{nobody},{world.cid.id},{world.bob.id}")

    assert found.status_code == 200, found.text
    assert {each["id"]: each["name"] for each in found.json()["items"]} == {world.bob.id: "bob", world.cid.id: "cid"}
    assert found.json()["next"] is None
    assert len((await world.ann.request("GET", "/users?ids=" + ",".join([world.bob.id] * 100))).json()["items"]) == 1
    for wrong in ("", "bob", f"{nobody},", ",".join([nobody] * 101)):
        assert "ids" in refused(await world.ann.request("GET", f"/users?ids={wrong}"), "field_invalid")["detail"]


async def test_only_administrators_and_oneself_see_more_of_a_person_than_the_face(server: Server) -> None:
    world = await server.world("ann", "bob")
    face = {"id": world.bob.id, "name": "bob", "avatar_colour": None, "avatar": None}
    whole = face | {"external_id": world.bob.external_id, "admin": False, "disabled": False}
    paths = [f"/api/v1/users/{world.bob.id}", f"/api/v1/users?ids={world.bob.id}"]

    to_ann, to_bob, to_admin = [[(await ask(server, "GET", path, headers=who)).json() for path in paths] for who in (world.ann.headers, world.bob.headers, server.administration())]

    assert (to_ann[0], to_ann[1]["items"]) == (face, [face])
    assert to_bob[0] == (await world.bob.request("GET", "/me")).json() == whole
    assert (to_admin[0], to_admin[1]["items"]) == (whole, [whole])
    searched = (await world.ann.request("GET", "/users?query=bo")).json()["items"]
    assert searched
    assert {name for each in searched for name in each} == set(face)


async def test_a_person_is_named_by_the_uuid_or_the_products_own_id(server: Server) -> None:
    world = await server.world("ann", "bob")

    by_id, by_own_id = [await world.ann.request("GET", f"/users/{named}") for named in (world.bob.id, f"ext:{world.bob.external_id}")]

    assert by_id.json() == by_own_id.json()
    assert by_id.json() == {"id": world.bob.id, "name": "bob", "avatar_colour": None, "avatar": None}
    for nobody in (str(uuid.uuid4()), "ext:nobody", "bob"):
        refused(await world.ann.request("GET", f"/users/{nobody}"), "user_unknown")


async def test_only_an_administrator_makes_and_changes_accounts(server: Server) -> None:
    name = await account(server)
    me = await log_in(server, name)
    user = (await ask(server, "GET", "/api/v1/me", headers=me)).json()["id"]

    made = await ask(server, "POST", "/api/v1/users", json={"name": "eve", "password": PASSWORD}, headers=me)
    changed = await ask(server, "PATCH", f"/api/v1/users/{user}", json={"password": "x" * 20}, headers=me)

    refused(made, "forbidden")
    refused(changed, "forbidden")


async def test_an_administrator_sets_a_password_and_every_session_of_the_account_ends(server: Server) -> None:
    name = await account(server)
    me = await log_in(server, name)
    user = (await ask(server, "GET", "/api/v1/me", headers=me)).json()["id"]

    changed = await ask(server, "PATCH", f"/api/v1/users/{user}", json={"password": "given by the admin"}, headers=server.administration())

    assert changed.status_code == 200
    refused(await ask(server, "GET", "/api/v1/me", headers=me), "token_revoked")
    await log_in(server, name, "given by the admin")


async def test_a_disabled_account_can_do_nothing_until_it_is_enabled_again(server: Server) -> None:
    name = await account(server)
    me = await log_in(server, name)
    user = (await ask(server, "GET", "/api/v1/me", headers=me)).json()["id"]

    disabled = await ask(server, "PATCH", f"/api/v1/users/{user}", json={"disabled": True}, headers=server.administration())

    assert disabled.json()["disabled"] is True
    refused(await ask(server, "GET", "/api/v1/me", headers=me), "user_disabled")
    refused(await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": PASSWORD}), "user_disabled")
    refused(await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": "a wrong one"}), "login_failed")
    await ask(server, "PATCH", f"/api/v1/users/{user}", json={"disabled": False}, headers=server.administration())
    refused(await ask(server, "GET", "/api/v1/me", headers=me), "token_revoked")
    await log_in(server, name)


async def test_a_user_of_a_product_has_no_password_to_change(server: Server) -> None:
    world = await server.world("ann")

    by_admin = await ask(server, "PATCH", f"/api/v1/users/{world.ann.id}", json={"password": "x" * 20}, headers=server.administration())
    by_herself = await world.ann.request("PATCH", "/me", json={"password": "x" * 20, "old_password": ""})

    refused(by_admin, "conflict")
    refused(by_herself, "login_failed")
