from __future__ import annotations

import httpx

from tests.cli.commands import run


def test_a_key_is_printed_once_works_within_its_scopes_and_ends_when_it_is_revoked(server, fresh):
    made = run("key", "create", fresh("shop"), "--scope", "users", data=server.data)
    key = made.out.strip()
    headers = {"Authorization": f"Bearer {key}"}

    used = httpx.put(f"{server.url}/api/v1/users/{fresh('ann')}", json={"name": "ann"}, headers=headers)
    beyond = httpx.put(f"{server.url}/api/v1/chats/{fresh('chat')}", json={"title": "x"}, headers=headers)
    listed = next(each for each in run("key", "list", "--json", data=server.data).json if each["name"] == fresh("shop"))
    revoked = run("key", "revoke", listed["id"], data=server.data)
    after = httpx.put(f"{server.url}/api/v1/users/{fresh('ann')}", json={"name": "ann"}, headers=headers)

    assert (made.code, key.startswith("tfk_"), "not shown again" in made.err) == (0, True, True)
    assert (used.status_code, beyond.json()["code"]) == (201, "server_key_scope")
    assert listed["hint"] == key[-4:]
    assert key not in str(listed)
    assert revoked.code == 0
    assert after.json()["code"] == "token_key_unknown"
    assert key not in server.log


def test_keys_are_listed_in_columns(server, fresh):
    run("key", "create", fresh("shop"), "--json", data=server.data)

    listed = run("key", "list", data=server.data)

    assert any(line.startswith(fresh("shop")) and "chats messages tokens users" in line for line in listed.out.splitlines())


def test_a_key_that_is_not_there_cannot_be_revoked(server):
    refused = run("key", "revoke", "01890a5d-ac96-774b-bcce-b302099a8057", data=server.data)

    assert (refused.code, refused.err) == (1, "tenfour: No such server key.\nList the keys that stand to see their ids. [server_key_unknown]\n")
