"""Who may do what, cell by cell: every route and every frame, for everybody who should not be able to and some who should.

The routes come from the API's own description and the frames from the protocol: one without a row fails.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import httpx
import pytest

from tenfour.wire import frames
from tests.pictures import PNG
from tests.servers import Person, Server, Wire, World, open_wire

ROLES = ("nobody", "stranger", "removed", "member", "admin", "key")
PEOPLE = ("owner", "admin", "member", "other", "removed", "stranger")
SCOPES = {"users", "chats", "messages", "tokens"}
NO_TOKEN = "401 token_missing"
NO_MEMBER = "403 not_a_member"
FORBIDDEN = "403 forbidden"
NO_SCOPE = "403 server_key_scope"


@dataclass(frozen=True)
class Row:
    """What each role gets for a request; the key has every scope but the row's."""

    outcomes: tuple[str, str, str, str, str, str]
    body: Any = None
    content: bytes | None = None
    """A picture, where the body is no JSON."""
    scope: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    """Which person, or what, stands for a name in the path."""
    query: str = ""


def chat_row(member: str, admin: str, *, key: str = FORBIDDEN, **more: Any) -> Row:
    """A route within a chat: strangers and former members have no part in it."""
    return Row((NO_TOKEN, NO_MEMBER, NO_MEMBER, member, admin, key), **more)


def open_row(outcome: str, **more: Any) -> Row:
    """A route that needs no account: what it takes is a secret, or nothing."""
    return Row((outcome,) * 6, **more)


def own_row(outcome: str, key: str = FORBIDDEN, **more: Any) -> Row:
    """A route about the caller alone."""
    return Row((NO_TOKEN, outcome, outcome, outcome, outcome, key), **more)


def administration_row(key: str = FORBIDDEN, **more: Any) -> Row:
    """A route for the server's administrators: an admin of a chat is none."""
    return Row((NO_TOKEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, key), **more)


CHAT, MEMBER = "/chats/{chat}", "/chats/{chat}/members/{user}"
ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/health/live"): open_row("200"),
    ("GET", "/health/ready"): open_row("200"),
    ("GET", "/server"): open_row("200"),
    ("GET", "/ws"): open_row("426 upgrade_required"),
    ("GET", "/chats/{chat}/ws"): open_row("426 upgrade_required"),
    ("GET", "/diagnostics/echo"): open_row("426 upgrade_required"),
    ("GET", "/diagnostics/causes/{cause}"): open_row("200"),
    ("GET", "/diagnostics/figures"): administration_row(),
    ("GET", "/diagnostics/page"): open_row("200"),
    ("GET", "/diagnostics/connections"): own_row("200"),
    ("GET", "/diagnostics/endings"): own_row("200"),
    ("POST", "/diagnostics/explain"): own_row("200", body={}),
    ("POST", "/diagnostics/delivery"): own_row("201"),
    ("GET", "/diagnostics/delivery"): chat_row("200", "200", query="?chat={chat}&seq=1"),
    ("DELETE", "/diagnostics/delivery/{chat}"): chat_row(FORBIDDEN, FORBIDDEN),
    ("POST", "/setup"): open_row("403 setup_link_invalid", body={"secret": "tfs_guessed", "name": "mallory", "password": "correct horse"}),
    ("POST", "/accounts"): open_row("403 registration_closed", body={"name": "mallory", "password": "correct horse"}),
    ("POST", "/sessions"): open_row("401 login_failed", body={"name": "nobody.of.that.name", "password": "correct horse"}),
    ("POST", "/sessions/refresh"): open_row("401 refresh_invalid", body={"refresh_token": "tfr_guessed"}),
    ("GET", "/sessions"): own_row("200"),
    ("DELETE", "/sessions/{session}"): own_row("404 session_unknown", paths={"session": "somebody else's"}),
    ("GET", "/me"): own_row("200"),
    ("PATCH", "/me"): own_row("200", body={"avatar_colour": "#102030"}),
    ("PUT", "/me/avatar"): own_row("200", content=PNG),
    ("DELETE", "/me/avatar"): own_row("204"),
    ("GET", "/avatars/{picture}"): open_row("404 not_found"),
    ("GET", "/users"): own_row("200"),
    ("GET", "/users/{user}"): own_row("200"),
    ("POST", "/ws-tickets"): own_row("201"),
    ("GET", "/chats"): own_row("200"),
    ("POST", "/chats"): own_row("201", body={"kind": "group", "title": "Mine"}),
    ("POST", "/users"): administration_row(body={"name": "mallory", "password": "correct horse", "admin": True}),
    ("PATCH", "/users/{user}"): administration_row(NO_SCOPE, body={"disabled": True}, scope="users"),
    ("PUT", "/users/{user}"): administration_row(NO_SCOPE, body={"name": "Renamed"}, scope="users"),
    ("POST", "/users/{user}/tokens"): administration_row(NO_SCOPE, body={}, scope="tokens"),
    ("POST", "/invites"): administration_row(),
    ("GET", "/server-keys"): administration_row(),
    ("POST", "/server-keys"): administration_row(body={"name": "mine"}),
    ("DELETE", "/server-keys/{key}"): administration_row(),
    ("PUT", CHAT): administration_row(NO_SCOPE, body={"title": "Taken over"}, scope="chats"),
    ("GET", CHAT): chat_row("200", "200"),
    ("PATCH", CHAT): chat_row(FORBIDDEN, "200", body={"title": "Renamed"}),
    ("POST", f"{CHAT}/join"): chat_row("200", "200"),
    ("POST", f"{CHAT}/leave"): chat_row("204", "204"),
    ("GET", f"{CHAT}/members"): chat_row("200", "200"),
    ("PUT", MEMBER): chat_row("201", "201", key=NO_SCOPE, body={}, scope="chats", paths={"user": "stranger"}),
    ("PATCH", MEMBER): chat_row(FORBIDDEN, FORBIDDEN, body={"role": "owner"}, paths={"user": "other"}),
    ("DELETE", MEMBER): chat_row(FORBIDDEN, "204", key=NO_SCOPE, scope="chats", paths={"user": "other"}),
    ("GET", f"{CHAT}/messages"): chat_row("200", "200"),
    ("POST", f"{CHAT}/messages"): chat_row("201", "201", key=NO_SCOPE, body={"text": "hello", "on_behalf_of": None}, scope="messages"),
    ("GET", f"{CHAT}/messages/{{message}}"): chat_row("200", "200"),
    ("GET", f"{CHAT}/events"): chat_row("200", "200"),
    ("GET", f"{CHAT}/receipts"): chat_row("200", "200"),
    ("POST", f"{CHAT}/receipts"): chat_row("200", "200", body={"read": 1}),
}


@dataclass
class Cast:
    """People, and server keys that lack one scope each."""

    world: World
    keys: dict[str | None, str]
    key_id: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: other tests make administrators, and from then on a set-up is refused otherwise."""
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def cast(server: Server) -> Cast:
    return asyncio.run(assemble(server))


async def assemble(server: Server) -> Cast:
    world = await server.world(*PEOPLE)
    keys: dict[str | None, str] = {}
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=server.administration()) as http:
        for scope in (None, *SCOPES):
            made = await http.post("/server-keys", json={"name": "cell", "scopes": sorted(SCOPES - {scope})})
            keys[scope] = made.json()["key"]
    return Cast(world, keys, made.json()["id"])


class Stage:
    """The cast, and a new chat of these people for each cell."""

    def __init__(self, server: Server, cast: Cast, http: httpx.AsyncClient) -> None:
        self.server = server
        self.world = cast.world
        self.keys = cast.keys
        self.key_id = cast.key_id
        self.http = http

    async def chat(self) -> tuple[str, str]:
        """A group with one message, from which ``removed`` was removed; ids of both."""
        headers = {"Authorization": f"Bearer {self.world.key}"}
        members = [{"user": self.person(name).id, "role": name if name in ("owner", "admin") else "member"} for name in PEOPLE if name != "stranger"]
        chat = (await self.http.put(f"/chats/{uuid.uuid4()}", json={"title": "Secret plans", "members": members}, headers=headers)).json()["id"]
        (await self.http.delete(f"/chats/{chat}/members/{self.person('removed').id}", headers=headers)).raise_for_status()
        said = await self.http.post(f"/chats/{chat}/messages", json={"text": "a secret", "on_behalf_of": self.person("owner").id}, headers=headers)
        return chat, said.json()["id"]

    def person(self, name: str) -> Person:
        return self.world.people[name]

    def headers(self, role: str, scope: str | None) -> dict[str, str]:
        if role == "nobody":
            return {}
        return {"Authorization": f"Bearer {self.keys[scope]}"} if role == "key" else self.person(role).headers

    async def ask(self, method: str, route: str, row: Row, role: str) -> tuple[str, str]:
        """Status and code in one text, and the body."""
        address = route + row.query
        chat, message = await self.chat() if "{chat}" in address else ("", "")
        user = self.person(row.paths.get("user", "owner")).id
        path = address.format(chat=chat, message=message, user=user, key=self.key_id, session=uuid.uuid4(), picture="guessed", cause="token_expired")
        sent = {"json": row.body} if row.content is None else {"content": row.content, "headers": {"Content-Type": "image/png"}}
        answer = await self.http.request(method, path, **sent | {"headers": sent.get("headers", {}) | self.headers(role, row.scope)})
        problem = answer.headers.get("content-type") == "application/problem+json"
        return f"{answer.status_code} {answer.json()['code']}" if problem else str(answer.status_code), answer.text


@pytest.fixture
async def stage(server: Server, cast: Cast) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30) as http:
        yield Stage(server, cast, http)


def test_every_route_of_the_description_has_a_row(server: Server) -> None:
    description = httpx.get(f"{server.url}/api/v1/openapi.json").json()

    routes = {(method.upper(), path.removeprefix("/api/v1")) for path, methods in description["paths"].items() for method in methods}

    assert routes == set(ROWS)


@pytest.mark.parametrize("route", ROWS, ids=" ".join)
async def test_everybody_gets_from_a_route_what_the_row_says_and_who_is_refused_learns_nothing(stage: Stage, route: tuple[str, str]) -> None:
    row = ROWS[route]

    found = {role: await stage.ask(*route, row, role) for role in ROLES}

    assert {role: outcome for role, (outcome, _) in found.items()} == dict(zip(ROLES, row.outcomes, strict=True))
    for outcome, body in found.values():
        if outcome[0] == "4":
            assert "secret" not in body.lower().replace("setup_link", "")
            assert "plans" not in body.lower()


# Frames

AT_ALL_CHATS: dict[str, tuple[dict[str, Any], str | None]] = {
    "send": ({"key": "k", "text": "hello"}, "not_a_member"),
    "edit": ({"id": "m", "text": "changed"}, "not_supported"),
    "delete": ({"id": "m"}, "not_supported"),
    "react": ({"id": "m", "emoji": "👍"}, "not_supported"),
    "unreact": ({"id": "m", "emoji": "👍"}, "not_supported"),
    "typing": ({"active": True}, "not_a_member"),
    "receipt": ({"read": 1}, "not_a_member"),
    "subscribe": ({"id": "s"}, "not_a_member"),
    "unsubscribe": ({}, None),
    "authenticate": ({"token": "x"}, "token_malformed"),
    "ping": ({}, None),
    "pong": ({}, None),
}
"""Each frame about a chat, and the error for who has no part in it; None where there is nothing to tell."""


def test_every_frame_of_the_protocol_has_a_row() -> None:
    assert {frame.__struct_config__.tag for frame in get_args(frames.ClientFrame)} == set(AT_ALL_CHATS)


def about(kind: str, chat: str) -> dict[str, Any]:
    """The frame, saying that it is about this chat."""
    names_chats = {"subscribe": {"chats": {chat: 0}}, "unsubscribe": {"chats": [chat]}, "authenticate": {}, "ping": {}, "pong": {}}
    return {"type": kind} | AT_ALL_CHATS[kind][0] | names_chats.get(kind, {"chat": chat})


async def answers(wire: Wire, frame: dict[str, Any], *, refused: bool) -> list[dict[str, Any]]:
    """All that comes for a frame: up to its refusal, and to the answer of a ping behind it where the connection stays."""
    begin = len(wire.seen)
    await wire.say(**frame)
    if refused and (await wire.next("error", "goodbye"))["type"] == "goodbye":
        return wire.seen[begin:]
    await wire.say(type="ping", id="behind")
    while wire.seen[-1].get("id") != "behind":
        await wire.receive()
    return wire.seen[begin:-1]


@pytest.mark.parametrize("kind", AT_ALL_CHATS)
@pytest.mark.parametrize("role", ["stranger", "removed"])
async def test_no_frame_gets_anything_out_of_a_chat_that_is_not_ones_own(stage: Stage, role: str, kind: str) -> None:
    chat, _ = await stage.chat()
    member = await stage.person("member").connect(chat)
    wire = await stage.person(role).connect()

    code = AT_ALL_CHATS[kind][1]
    found = await answers(wire, about(kind, chat), refused=code is not None)
    after = await member.send(chat, "was there anything before me?")

    assert [each.get("code") for each in found if each["type"] in ("error", "goodbye")][:1] == ([4401] if kind == "authenticate" else [code] if code else [])
    assert not [each for each in found if each["type"] not in ("error", "goodbye", "pong", "presence")]
    assert after["type"] == "ack"
    assert not [each for each in member.seen if each["type"] in ("typing", "receipt") or each.get("text") == "hello"]


@pytest.mark.parametrize("role", ["nobody", "stranger", "removed", "member", "admin", "key"])
async def test_a_chats_own_door_is_for_its_members(stage: Stage, role: str) -> None:
    chat, _ = await stage.chat()

    wire = await open_wire(stage.server, chat, query="after=0", headers=stage.headers(role, None))
    if role == "nobody":
        await wire.say(type="send", key="k", text="hello")
    code, reason = (None, "") if role in ("member", "admin") else await wire.closed()
    first = await wire.receive() if code is None else {}

    expected = {"nobody": (4401, "token_missing"), "stranger": (4403, "not_a_member"), "removed": (4403, "not_a_member"), "key": (4401, "token_malformed")}
    assert (code, reason.partition(":")[0]) == expected.get(role, (None, ""))
    assert first.get("type") == (None if role in expected else "welcome")
    assert {each["type"] for each in wire.seen} <= ({"goodbye", "error"} if role in expected else {"welcome"})


async def test_a_frame_at_one_chats_door_reaches_no_other_chat(stage: Stage) -> None:
    """Not even one of the sender's own: the door is for one."""
    chat, _ = await stage.chat()
    another, _ = await stage.chat()
    wire = await stage.person("member").connect(chat)
    await wire.next("synced")

    codes = {kind: [each["code"] for each in await answers(wire, about(kind, another), refused=True) if each["type"] == "error"] for kind in ("send", "typing", "receipt", "subscribe", "unsubscribe")}

    assert {tuple(each) for each in codes.values()} == {("not_subscribed",)}


async def test_a_stranger_hears_nothing_of_a_chat_whatever_happens_in_it(stage: Stage) -> None:
    chat, _ = await stage.chat()
    own, _ = await stage.chat()
    stranger = await stage.person("stranger").connect()
    await stranger.say(type="subscribe", id="s", epoch=stranger.welcome["epoch"], chats={}, rest=True)
    member = await stage.person("member").connect(chat)

    await member.send(chat, "psst")
    await member.say(type="typing", active=True)
    await member.say(type="receipt", read=1)
    await stage.http.patch(f"/chats/{chat}", json={"title": "Renamed"}, headers=stage.person("admin").headers)
    headers = {"Authorization": f"Bearer {stage.world.key}"}
    (await stage.http.put(f"/chats/{own}/members/{stage.person('stranger').id}", json={}, headers=headers)).raise_for_status()
    joined = await stranger.next("member_joined")

    assert joined["chat"] == own
    assert chat not in str(stranger.seen)
    assert chat not in str(stranger.welcome)


# Mass assignment

INTRUSIVE = {
    "admin": True,
    "id": "01890a5d-ac96-774b-bcce-b302099a8057",
    "role": "owner",
    "by": "01890a5d-ac96-774b-bcce-b302099a8057",
    "sender": "01890a5d-ac96-774b-bcce-b302099a8057",
    "user": "01890a5d-ac96-774b-bcce-b302099a8057",
    "seq": 7,
    "at": "2001-01-01T00:00:00.000Z",
    "deleted": True,
    "disabled": False,
    "issuer": "local",
    "external_id": "taken",
    "owner": True,
    "key": "theirs",
    "is_admin": True,
    "scopes": ["users", "chats", "messages", "tokens"],
}
"""Fields that mean something elsewhere and nothing where they are sent here."""


async def test_fields_that_a_body_does_not_have_set_nothing(stage: Stage) -> None:
    member = stage.person("member")
    before = (await member.request("GET", "/me")).json()
    chat, _ = await stage.chat()

    changed = (await member.request("PATCH", "/me", json=INTRUSIVE | {"avatar_colour": "#102030"})).json()
    said = (await member.request("POST", f"/chats/{chat}/messages", json=INTRUSIVE | {"text": "hello"})).json()
    stored = (await member.request("GET", f"/chats/{chat}/messages/{said['id']}")).json()
    made = (await member.request("POST", "/chats", json=INTRUSIVE | {"kind": "group", "title": "T", "head": 9, "created_by": before["id"]})).json()

    assert changed == before | {"avatar_colour": "#102030"}
    assert (stored["by"], stored.get("deleted", False), stored["text"]) == (member.id, False, "hello")
    assert stored["id"] != INTRUSIVE["id"]
    assert stored["key"] != "theirs"
    assert made["external_id"] is None
    assert made["id"] != INTRUSIVE["id"]


async def test_a_member_cannot_make_itself_more_by_a_field_of_the_right_name(stage: Stage) -> None:
    """``role`` is a field of this body, and a plain member may not use it."""
    chat, _ = await stage.chat()
    member = stage.person("member")

    raised = await member.request("PUT", f"/chats/{chat}/members/{member.id}", json={"role": "owner"})
    accomplice = await member.request("PUT", f"/chats/{chat}/members/{stage.person('stranger').id}", json={"role": "admin"})
    members = (await stage.person("owner").request("GET", f"/chats/{chat}/members")).json()["items"]

    assert (raised.status_code, accomplice.status_code) == (403, 403)
    assert {each["user"]: each["role"] for each in members}[member.id] == "member"
    assert stage.person("stranger").id not in {each["user"] for each in members}


@pytest.mark.slow
async def test_a_registered_account_is_no_administrator_whatever_it_asks_for(make_server: Any) -> None:
    server = make_server({"registration": "open"})
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        made = await http.post("/accounts", json=INTRUSIVE | {"name": "mallory", "password": "correct horse"})
        opened = await http.post("/sessions", json=INTRUSIVE | {"name": "mallory", "password": "correct horse"})
        keys = await http.get("/server-keys", headers={"Authorization": f"Bearer {opened.json()['access_token']}"})

    assert (made.status_code, made.json()["admin"]) == (201, False)
    assert made.json()["id"] != INTRUSIVE["id"]
    assert keys.status_code == 403


async def test_a_frame_says_nothing_of_who_sends_it(stage: Stage) -> None:
    chat, _ = await stage.chat()
    wire = await stage.person("member").connect(chat)
    await wire.next("synced")

    await wire.say(**INTRUSIVE | {"type": "send", "key": "k", "text": "hello", "on_behalf_of": stage.person("owner").id})
    event = await wire.next("message_sent")

    assert event["by"] == stage.person("member").id
    assert event["id"] != INTRUSIVE["id"]
    assert event["at"] > "2020"


# Server keys and administrators


async def test_a_server_key_can_do_nothing_to_an_administrator(make_server: Any) -> None:
    server = make_server()
    secret = next(line.partition("#")[2] for line in server.said if "/setup#" in line)
    key = {"Authorization": f"Bearer {await server.server_key()}"}
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        root = (await http.post("/setup", json={"secret": secret, "name": "root", "password": "correct horse"})).json()["id"]

        disabled = await http.patch(f"/users/{root}", json={"disabled": True}, headers=key)
        password = await http.patch(f"/users/{root}", json={"password": "battery staple"}, headers=key)
        token = await http.post(f"/users/{root}/tokens", json={}, headers=key)
        opened = await http.post("/sessions", json={"name": "root", "password": "correct horse"})

    assert (disabled.status_code, password.status_code) == (403, 403)
    assert token.status_code in (403, 404)
    assert opened.status_code == 201
