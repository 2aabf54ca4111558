"""How much one connection, user and address may do, and what happens over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway.raw import PING, PONG, Raw, knock
from tests.servers import Server, Wire, World

MakeServer = Callable[..., Server]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ten frames and four messages a second; three connections a user; addresses by a proxy on this machine."""
    settings = {
        "TENFOUR_FRAMES_PER_S": "10",
        "TENFOUR_SENDS_PER_S": "4",
        "TENFOUR_USER_SENDS_PER_S": "6",
        "TENFOUR_CONNECTIONS_PER_USER": "3",
        "TENFOUR_CONNECTIONS_PER_ADDRESS": "5",
        "TENFOUR_HANDSHAKES_PER_ADDRESS_S": "20",
        "TENFOUR_TRUSTED_PROXIES": "127.0.0.1",
    }
    server = Server(tmp_path_factory.mktemp("limits"), settings).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


class Addresses:
    """Each test has clients of its own addresses, in IPv6 networks that no other test uses."""

    made = 0

    @classmethod
    def new(cls) -> dict[str, str]:
        cls.made += 1
        return {"X-Forwarded-For": f"2001:db8:0:{cls.made:x}::1"}


async def enter(server: Server, headers: dict[str, str]) -> Raw:
    raw = await knock(server, headers=headers)
    await raw.next("welcome")
    return raw


# Frames and messages


@pytest.mark.parametrize("opcode", [None, PING, PONG], ids=["text", "ping", "pong"])
async def test_more_frames_a_second_than_allowed_end_the_connection(server: Server, world: World, opcode: int | None) -> None:
    raw = await enter(server, world.ann.headers | Addresses.new())

    for _ in range(60):
        if opcode is None:
            raw.say(type="pong")
        else:
            raw.write(opcode, b"flood")
    goodbye = await raw.next("goodbye")
    end = await raw.closed()

    assert end == (4429, "rate_limited: More than 10 frames a second")
    assert (goodbye["reconnect"], goodbye["after_ms"] >= 1000) == (True, True)


async def test_more_messages_a_second_than_allowed_are_refused_one_by_one_and_the_connection_stays(world: World) -> None:
    chat = await world.chat("ann", "bob")
    ann = await world.ann.connect(chat)

    for place in range(12):
        await ann.say(type="send", key=f"k{place}", text=str(place))
    answers = [await ann.next("ack", "error") for _ in range(12)]

    acked = [each["key"] for each in answers if each["type"] == "ack"]
    refused = [each for each in answers if each["type"] == "error"]
    assert acked == [f"k{place}" for place in range(len(acked))]
    assert 8 <= len(acked) < 12
    assert {each["code"] for each in refused} == {"rate_limited"}
    assert all(each["retry_after_ms"] > 0 for each in refused)


@pytest.mark.slow
async def test_after_a_retryable_refusal_later_messages_wait_for_the_refused_one(make_server: MakeServer) -> None:
    world = await make_server({"frames_per_s": "1000000", "sends_per_s": "4"}).world("ann", "bob")
    chat, other = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    ann = await world.ann.connect()
    for place in range(12):
        await ann.say(type="send", chat=chat, key=f"k{place}", text=str(place))
    answers = {each["key"]: each for each in [await ann.next("ack", "error") for _ in range(12)]}
    first = next(key for key, each in answers.items() if each["type"] == "error")

    later = await ann.send(chat, "a later one", key="later")
    elsewhere = await send_until_taken(ann, other, "elsewhere")
    again = await send_until_taken(ann, chat, first)
    now = await send_until_taken(ann, chat, "later")

    assert (later["type"], later["code"]) == ("error", "rate_limited")
    assert "An earlier message" in later["detail"]
    assert elsewhere["type"] == "ack"
    assert again["seq"] < now["seq"]


async def send_until_taken(wire: Wire, chat: str, key: str) -> dict[str, object]:
    while (answer := await wire.send(chat, key, key=key))["type"] == "error":
        assert answer["code"] == "rate_limited", answer
        assert "An earlier message" not in answer["detail"], answer
    return answer


async def test_a_users_connections_share_the_users_limit(server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")
    wires = [await world.ann.connect(chat) for _ in range(3)]

    for place in range(8):
        for wire in wires:
            await wire.say(type="send", key=f"{wires.index(wire)}-{place}", text="x")
    answers = [await wire.next("ack", "error") for wire in wires for _ in range(8)]

    acked = sum(each["type"] == "ack" for each in answers)
    assert 12 <= acked < 24, "each connection alone could have sent its eight"


# Connections


async def test_one_more_connection_replaces_the_users_oldest_and_no_other(server: Server, world: World) -> None:
    bob = await world.bob.connect()
    wires = [await world.ann.connect() for _ in range(4)]

    end = await wires[0].closed()
    for wire in (*wires[1:], bob):
        await wire.say(type="ping")

    assert end == (4409, "replaced: A newer connection of the same user took this one's place")
    assert wires[0].seen[-1] == {"type": "goodbye", "code": 4409, "reason": "replaced", "reconnect": False, "after_ms": None}
    assert [(await wire.receive())["type"] for wire in (*wires[1:], bob)] == ["pong"] * 4


@pytest.mark.slow
async def test_however_many_come_at_once_and_however_slowly_the_old_ones_go_no_more_stay_than_allowed(make_server: MakeServer) -> None:
    server = make_server({"connections_per_user": "3"})
    ann = (await server.world("ann")).ann

    mute = [await enter(server, ann.headers) for _ in range(12)]
    ends = [await raw.closed() for raw in mute[:9]]
    for raw in mute[9:]:
        raw.say(type="ping")

    assert {code for code, _ in ends} == {4409}
    assert [(await raw.receive())["type"] for raw in mute[9:]] == ["pong"] * 3


async def test_more_connections_from_one_address_are_refused_and_none_is_replaced(server: Server, world: World) -> None:
    address = Addresses.new()
    people = [world.ann, world.bob, await world.add_person("cat")]
    open_ones = [await enter(server, people[place // 2].headers | address) for place in range(5)]

    over = await knock(server, headers=world.people["cat"].headers | address)
    told = (await world.ann.request("POST", "/diagnostics/explain", json={"address": address["X-Forwarded-For"]})).json()
    elsewhere = await knock(server, headers=world.people["cat"].headers | Addresses.new())
    open_ones[0].abort()
    while (again := await knock(server, headers=world.people["cat"].headers | address)).answer.status == 429:
        pass
    for raw in open_ones[1:]:
        raw.say(type="ping")

    assert (over.answer.status, over.answer.problem()["code"]) == (429, "too_many_connections")
    assert int(over.answer.headers["retry-after"]) >= 10
    assert over.answer.problem()["detail"].endswith(" has 5 connections open, and connections_per_address is 5.")
    assert (told["allowed"], told["status"], told["code"]) == (False, 429, "too_many_connections")
    assert elsewhere.answer.status == again.answer.status == 101
    assert [(await raw.next("pong", "goodbye"))["type"] for raw in open_ones[1:]] == ["pong"] * 4


async def test_addresses_of_one_ipv6_network_count_together_and_a_client_cannot_forge_one(server: Server) -> None:
    network = Addresses.new()["X-Forwarded-For"]
    headers = [{"X-Forwarded-For": f"198.51.100.{place}, {network[:-1]}{place:x}"} for place in range(1, 7)]

    statuses = [(await knock(server, headers=each)).answer.status for each in headers]

    assert statuses == [101] * 5 + [429]


@pytest.mark.slow
async def test_more_handshakes_a_second_from_one_address_are_refused_for_a_moment(make_server: MakeServer) -> None:
    server = make_server({"handshakes_per_address_s": "2"})
    ann = (await server.world("ann")).ann

    answers = [(await knock(server, headers=ann.headers)).answer for _ in range(12)]

    statuses = [each.status for each in answers]
    assert statuses[:4] == [101] * 4
    assert 429 in statuses
    assert {each.headers["retry-after"] for each in answers if each.status == 429} == {"1"}
    assert {each.problem()["detail"] for each in answers if each.status == 429} == {"More new connections than 2 a second come from 127.0.0.1 (handshakes_per_address_s)."}


@pytest.mark.slow
async def test_a_full_node_refuses_whoever_comes(make_server: MakeServer) -> None:
    server = make_server({"connections": "2"})
    ann = (await server.world("ann")).ann
    for _ in range(2):
        await enter(server, ann.headers)

    over = await knock(server, headers=ann.headers)

    assert (over.answer.status, over.answer.problem()["code"]) == (429, "too_many_connections")
    assert "retry-after" in over.answer.headers


async def test_too_many_chats_in_one_subscribe_are_refused(world: World) -> None:
    ann = await world.ann.connect()

    await ann.say(type="subscribe", id="s", chats={f"01890a5d-ac96-774b-bcce-{place:012x}": 0 for place in range(1_001)})
    error = await ann.next("error")

    assert (error["code"], error["id"]) == ("too_many_subscriptions", "s")
