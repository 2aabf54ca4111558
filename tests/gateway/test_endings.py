"""What ends an open connection, or its part in a chat, from outside: renewal, expiry, revocation, removal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.servers import Person, Server, Wire, World, open_wire

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Looks after tokens twice a second and gives them three seconds of leeway."""
    settings = {"TENFOUR_LEEWAY_S": "3", "TENFOUR_HEARTBEAT_S": "2", "TENFOUR_HEARTBEAT_GRACE_S": "30", "TENFOUR_REGISTRATION": "open", "TENFOUR_CONNECTIONS_PER_USER": "50"}
    server = Server(tmp_path_factory.mktemp("endings"), settings).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob", "cat")


@pytest.fixture
async def chat(world: World) -> str:
    return await world.chat("ann", "bob", "cat")


class Login:
    """Somebody with a password, and sessions."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    async def request(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.server.url + "/api/v1", timeout=30) as http:
            answer = await http.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {}, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def token(self) -> str:
        """The access token of a new session."""
        return (await self.request("POST", "/sessions", json={"name": self.name, "password": PASSWORD}))["access_token"]

    async def connect(self, token: str) -> Wire:
        wire = await open_wire(self.server, headers={"Authorization": f"Bearer {token}"})
        wire.welcome = await wire.next("welcome")
        return wire


@pytest.fixture
async def login(server: Server, world: World) -> Login:
    login = Login(server, world.ann.external_id)
    await login.request("POST", "/accounts", json={"name": login.name, "password": PASSWORD})
    return login


# Renewal and expiry


@pytest.mark.slow
async def test_a_token_is_renewed_on_the_open_connection_and_one_that_is_not_ends_after_its_leeway(server: Server, world: World) -> None:
    short = server.token_of(world.ann.id, life_s=3)
    renewing, waiting = await world.ann.connect(token=short), await world.ann.connect(token=short)

    expiring = await renewing.next("token_expiring")
    await renewing.say(type="authenticate", token=world.ann.token)
    renewed = await renewing.next("authenticated")
    end = await waiting.closed()
    await renewing.say(type="ping")
    alive = await renewing.next("pong", "goodbye")

    assert expiring["expires_at"] == renewing.welcome["expires_at"] < renewed["expires_at"]
    assert renewed["user"] == world.ann.id
    assert end == (4401, "token_expired: The token has expired")
    assert [each["type"] for each in waiting.seen if each["type"] != "ping"] == ["welcome", "token_expiring", "goodbye"]
    assert waiting.seen[-1]["reconnect"] is True
    assert alive["type"] == "pong", "the renewed connection outlives the token that it came with"


@pytest.mark.parametrize("place", ["all chats", "one chat"])
async def test_another_users_token_at_renewal_ends_the_connection(world: World, chat: str, place: str) -> None:
    wire = await world.ann.connect(chat if place == "one chat" else None)
    bystander = await world.bob.connect(chat)

    await wire.say(type="authenticate", token=world.bob.token)
    end = await wire.closed()

    assert end == (4401, "token_other_user: The new token belongs to another user than the connection")
    assert (await bystander.send(chat, "still here"))["type"] == "ack"


async def test_a_bad_token_at_renewal_ends_the_connection_by_its_name(world: World) -> None:
    wire = await world.ann.connect()

    await wire.say(type="authenticate", token="no.jwt")
    code, reason = await wire.closed()

    assert (code, reason.partition(":")[0]) == (4401, "token_malformed")


# Revocation


async def test_ending_a_session_closes_its_connections_and_no_others(login: Login) -> None:
    first, second = await login.token(), await login.token()
    ended, others = await login.connect(first), await login.connect(second)

    await login.request("DELETE", "/sessions/current", first)
    end = await asyncio.wait_for(ended.closed(), 10)
    await others.say(type="ping")

    assert end == (4401, "token_revoked: The session of this token was ended")
    assert ended.seen[-1] == {"type": "goodbye", "code": 4401, "reason": "token_revoked", "reconnect": False, "after_ms": None}
    assert (await others.receive())["type"] == "pong"
    assert (await (await open_wire(login.server, headers={"Authorization": f"Bearer {first}"})).closed())[1].startswith("token_revoked")


async def test_a_connection_belongs_to_the_session_of_the_token_that_renewed_it(login: Login) -> None:
    first, second = await login.token(), await login.token()
    wire = await login.connect(first)

    await wire.say(type="authenticate", token=second)
    await wire.next("authenticated")
    await login.request("DELETE", "/sessions/current", first)
    await wire.say(type="ping")
    alive = await wire.receive()
    await login.request("DELETE", "/sessions/current", second)

    assert alive["type"] == "pong"
    assert (await wire.closed())[1].startswith("token_revoked")


async def test_a_changed_password_closes_the_connections_of_all_other_sessions(login: Login) -> None:
    here, elsewhere = await login.token(), await login.token()
    this, other = await login.connect(here), await login.connect(elsewhere)

    await login.request("PATCH", "/me", here, json={"password": PASSWORD + "!", "old_password": PASSWORD})
    end = await other.closed()
    await this.say(type="ping")

    assert end[1].startswith("token_revoked")
    assert (await this.receive())["type"] == "pong"


async def test_a_disabled_user_is_closed_everywhere_and_not_let_in_again(server: Server, world: World, chat: str) -> None:
    wires = [await world.ann.connect(), await world.ann.connect(chat)]
    bystander = await world.bob.connect(chat)

    await disable(world, world.ann)
    ends = [await wire.closed() for wire in wires]
    again = [await (await open_wire(server, place, headers=world.ann.headers)).closed() for place in (None, chat)]

    assert [(code, reason.partition(":")[0]) for code, reason in ends + again] == [(4401, "user_disabled")] * 4
    assert (await bystander.send(chat, "still here"))["type"] == "ack"


@pytest.mark.slow
async def test_who_is_disabled_in_the_middle_of_coming_in_does_not_stay(server: Server, world: World) -> None:
    for turn in range(8):
        person = await world.add_person(f"guest{turn}")
        coming = [asyncio.create_task(open_wire(server, headers=person.headers)) for _ in range(40)]
        await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
        await disable(world, person)
        wires = await asyncio.gather(*coming)
        ends = await asyncio.wait_for(asyncio.gather(*(wire.closed() for wire in wires)), 20)
        assert {(code, reason.partition(":")[0]) for code, reason in ends} == {(4401, "user_disabled")}


async def disable(world: World, person: Person) -> None:
    answer = await world.backend("PATCH", f"/users/{person.id}", json={"disabled": True})
    assert answer.is_success, answer.text


# Removal


async def test_who_is_removed_gets_member_left_last_and_a_chats_own_door_closes(world: World, chat: str) -> None:
    wire, ann = await world.bob.connect(chat), await world.ann.connect(chat)
    await wire.next("synced")

    await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")
    await ann.next("member_left")
    await ann.send(chat, "bob is gone")
    end = await wire.closed()

    assert end == (4403, "removed_from_chat: You left or were removed from this chat")
    events = [each for each in wire.seen if "seq" in each and each["type"] != "synced"]
    assert [(each["type"], each["user"]) for each in events] == [("member_left", world.bob.id)]


async def test_at_the_door_of_all_a_chat_that_one_was_removed_from_is_silent_and_refuses_everything(world: World, chat: str) -> None:
    other = await world.chat("ann", "bob")
    wire, ann = await world.bob.connect(), await world.ann.connect(chat)
    await wire.subscribe(chat, None)
    await wire.subscribe(other, None)

    await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")
    await wire.next("member_left")
    await ann.send(chat, "bob is gone")
    await wire.say(type="send", chat=chat, key="k", text="let me")
    await wire.say(type="typing", chat=chat, active=True)
    await wire.say(type="receipt", chat=chat, read=1)
    await wire.say(type="subscribe", id="s", chats={chat: 0})
    refusals = [await wire.next("error") for _ in range(4)]
    acked = await wire.send(other, "here I stay")

    assert [(each["code"], each["chat"]) for each in refusals] == [("not_a_member", chat)] * 4
    assert acked["type"] == "ack"
    assert [each["type"] for each in wire.seen if each.get("chat") == chat and "seq" in each] == ["synced", "member_left"]


async def test_who_leaves_is_told_on_every_connection(world: World, chat: str) -> None:
    own, all_chats = await world.bob.connect(chat), await world.bob.connect()
    await own.next("synced")
    await all_chats.subscribe(chat, None)

    left = await world.bob.request("POST", f"/chats/{chat}/leave")
    told = await all_chats.next("member_left")

    assert left.status_code == 204
    assert told["user"] == told["by"] == world.bob.id
    assert (await own.closed())[0] == 4403


async def test_who_comes_back_into_a_chat_sees_it_go_on_from_there(world: World, chat: str) -> None:
    wire = await world.bob.connect()
    await wire.say(type="subscribe", id="r", chats={}, rest=True)
    await wire.next("synced")

    await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")
    await wire.next("member_left")
    await world.ann.request("PUT", f"/chats/{chat}/members/{world.bob.id}")
    synced = await wire.next("synced")
    ack = await wire.send(chat, "back again")

    assert [each["seq"] for each in wire.seen if each.get("chat") == chat and each["type"] in ("member_left", "member_joined")] == [4, 5]
    assert (synced["seq"], ack["seq"]) == (5, 6)
