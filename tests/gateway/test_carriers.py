"""Every way in which a token may come to a door, and what is answered."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest

from tests.gateway.raw import door, knock
from tests.servers import PROTOCOL, Person, Server, World, open_wire

DOORS = ["all chats", "one chat"]


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


@pytest.fixture
async def ann(world: World) -> Person:
    return world.ann


@pytest.fixture
async def chat(world: World) -> str:
    return await world.chat("ann", "bob")


@pytest.fixture
def place(request: pytest.FixtureRequest, chat: str) -> str | None:
    """The chat of a chat's own door; None at the door of all."""
    return chat if request.param == "one chat" else None


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("strict"), {"TENFOUR_TOKEN_QUERY": "false", "TENFOUR_AUTHENTICATE_S": "0.3"}).start()
    yield server
    server.kill()


def by_header(token: str) -> dict[str, object]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def by_header_in_small_letters(token: str) -> dict[str, object]:
    return {"headers": {"authorization": f"bearer {token}"}}


def by_subprotocol(token: str) -> dict[str, object]:
    return {"subprotocols": [PROTOCOL, f"tenfour.bearer.{token}"]}


def by_subprotocol_first(token: str) -> dict[str, object]:
    return {"subprotocols": [f"tenfour.bearer.{token}", PROTOCOL]}


def by_encoded_subprotocol(token: str) -> dict[str, object]:
    return {"subprotocols": [PROTOCOL, f"tenfour.bearer.{base64.urlsafe_b64encode(token.encode()).decode().rstrip('=')}"]}


def by_address(token: str) -> dict[str, object]:
    return {"query": f"token={token}"}


def by_two_carriers_alike(token: str) -> dict[str, object]:
    return by_header(token) | by_subprotocol(token)


@pytest.mark.parametrize("place", DOORS, indirect=True)
@pytest.mark.parametrize("carry", [by_header, by_header_in_small_letters, by_subprotocol, by_subprotocol_first, by_encoded_subprotocol, by_address, by_two_carriers_alike])
async def test_a_token_is_taken_however_it_comes(server: Server, ann: Person, place: str | None, carry: Callable[[str], dict[str, object]]) -> None:
    wire = await open_wire(server, place, **carry(ann.token))
    welcome = await wire.receive()
    await wire.close()

    assert welcome["type"] == "welcome"
    assert welcome["user"]["id"] == ann.id
    assert wire.socket.subprotocol == PROTOCOL


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_a_ticket_opens_one_connection_and_no_second(server: Server, ann: Person, place: str | None) -> None:
    ticket = (await ann.request("POST", "/ws-tickets")).json()["ticket"]

    first = await open_wire(server, place, query=f"ticket={ticket}")
    second = await open_wire(server, place, query=f"ticket={ticket}")

    assert (await first.receive())["user"]["id"] == ann.id
    assert await second.closed() == (4401, "ticket_invalid: The ticket is unknown, used or older than 30 seconds")
    await first.close()


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_the_first_frame_may_bring_the_token(server: Server, ann: Person, place: str | None) -> None:
    wire = await open_wire(server, place)

    await wire.say(type="authenticate", token=ann.token)
    welcome = await wire.receive()
    await wire.close()

    assert welcome["type"] == "welcome"
    assert welcome["user"]["id"] == ann.id


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_what_was_sent_behind_the_token_waits_for_the_welcome(server: Server, ann: Person, chat: str, place: str | None) -> None:
    wire = await open_wire(server, place)

    await wire.say(type="authenticate", token=ann.token)
    for key in ("a", "b", "c"):
        await wire.say(type="send", chat=chat, key=key, text=key)
    types = [(await wire.receive())["type"]]
    acks = [await wire.next("ack") for _ in range(3)]
    await wire.close()

    assert types == ["welcome"]
    assert [(each["key"], each["seq"]) for each in acks] == [(key, acks[0]["seq"] + place) for place, key in enumerate("abc")]


async def test_without_a_subprotocol_none_is_answered(server: Server, ann: Person) -> None:
    raw = await knock(server, headers=ann.headers, protocol="")
    welcome = await raw.receive()
    raw.abort()

    assert raw.answer.status == 101
    assert "sec-websocket-protocol" not in raw.answer.headers
    assert welcome["type"] == "welcome"


async def test_an_unknown_subprotocol_is_not_answered(server: Server, ann: Person) -> None:
    raw = await knock(server, headers=ann.headers, protocol="chat.v9")
    raw.abort()

    assert raw.answer.status == 101
    assert "sec-websocket-protocol" not in raw.answer.headers


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_a_bearer_subprotocol_alone_is_refused_before_the_handshake(server: Server, ann: Person, place: str | None) -> None:
    raw = await knock(server, door(place), protocol=f"tenfour.bearer.{ann.token}")

    assert raw.answer.status == 400
    assert raw.answer.problem()["code"] == "subprotocol_missing"


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_two_carriers_with_different_tokens_are_refused_before_the_handshake(server: Server, world: World, place: str | None) -> None:
    raw = await knock(server, door(place), world.ann.headers, protocol=f"{PROTOCOL}, tenfour.bearer.{world.bob.token}")

    assert raw.answer.status == 400
    assert raw.answer.problem()["code"] == "tokens_differ"


async def test_two_different_tokens_in_one_kind_of_carrier_are_refused_as_well(server: Server, world: World) -> None:
    subprotocols = await knock(server, protocol=f"{PROTOCOL}, tenfour.bearer.{world.ann.token}, tenfour.bearer.{world.bob.token}")
    addresses = await knock(server, f"{door(None)}?token={world.ann.token}&token={world.bob.token}")

    assert subprotocols.answer.problem()["code"] == "tokens_differ"
    assert addresses.answer.problem()["code"] == "tokens_differ"


async def test_tokens_in_the_address_can_be_switched_off(strict_server: Server) -> None:
    ann = (await strict_server.world("ann")).ann

    refused = await (await open_wire(strict_server, query=f"token={ann.token}")).closed()
    taken = await open_wire(strict_server, headers=ann.headers)

    assert refused == (4401, "token_query_off: Tokens in the address are switched off here")
    assert (await taken.receive())["type"] == "welcome"
    await taken.close()


async def test_who_brings_no_token_is_told_so_after_a_while(strict_server: Server) -> None:
    code, reason = await (await open_wire(strict_server)).closed()

    assert code == 4401
    assert reason.startswith("token_missing: No authenticate frame came within 0.3 s")


@pytest.mark.parametrize("place", DOORS, indirect=True)
async def test_another_first_frame_than_authenticate_is_no_token(server: Server, chat: str, place: str | None) -> None:
    wire = await open_wire(server, place)

    await wire.say(type="send", chat=chat, key="k", text="let me in")
    code, reason = await wire.closed()

    assert code == 4401
    assert reason.startswith("token_missing")
    assert "welcome" not in [each["type"] for each in wire.seen]


async def test_no_token_and_no_text_ever_stands_in_the_log(strict_server: Server) -> None:
    world = await strict_server.world("ann", "bob")
    ann = world.ann
    chat = await world.chat("ann", "bob")
    ticket = (await ann.request("POST", "/ws-tickets")).json()["ticket"]
    good = await open_wire(strict_server, chat, query=f"ticket={ticket}")
    await good.next("welcome")
    await good.send(chat, "a canary sings")
    await good.say(type="authenticate", token=ann.token)
    await good.next("authenticated")
    await good.say(type="authenticate", token=world.bob.token)

    ends = [await good.closed()]
    bad = (ann.token + "x", ann.token[:-8] + "AAAAAAAA", "canary.canary.canary")
    ends += [await (await open_wire(strict_server, **carry(token))).closed() for carry in (by_header, by_subprotocol, by_address) for token in bad]
    await knock(strict_server, f"/api/v1/nowhere?token={ann.token}", ann.headers)
    await knock(strict_server, headers=ann.headers | {"Origin": "https://evil.example"}, protocol=f"{PROTOCOL}, tenfour.bearer.{ann.token}")
    await knock(strict_server, headers=world.bob.headers, protocol=f"{PROTOCOL}, tenfour.bearer.{ann.token}")

    assert [code for code, _ in ends] == [4401] * 10
    told = strict_server.log + "\n".join(strict_server.said) + "\n".join(reason for _, reason in ends)
    signatures = [person.token.rpartition(".")[2] for person in (ann, world.bob)]
    for secret in (*signatures, ann.token.split(".")[1], ticket, "canary"):
        assert secret not in told
