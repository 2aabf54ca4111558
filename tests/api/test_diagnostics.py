"""``/diagnostics``: connections, endings, delivery tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tenfour.causes import CAUSES
from tests import servers
from tests.api.asking import ask, bearer, refused
from tests.servers import Person, Server, World, open_wire


@pytest.fixture(autouse=True)
async def hang_up() -> AsyncIterator[None]:
    """Cuts what a test left open."""
    yield
    servers.hang_up()


async def connections(person: Person, query: str = "") -> dict[str, Any]:
    answer = await person.request("GET", f"/diagnostics/connections{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def endings(person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = await person.request("GET", f"/diagnostics/endings{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def administration(server: Server, path: str) -> dict[str, Any]:
    answer = await ask(server, "GET", f"/api/v1/diagnostics/{path}", headers=server.administration())
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ended(world: World, person: Person, query: str) -> list[dict[str, Any]]:
    """The endings once there are any: the server notes them when it sees the end, a moment after the client."""
    async with asyncio.timeout(10):
        while not (found := await endings(person, query)):
            await world.backend("GET", "/health/live")
    return found


async def test_a_user_sees_the_own_connections_with_all_that_is_known_of_them(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    await world.bob.connect()
    one, every = await world.ann.connect(chat), await world.ann.connect()
    await one.next("synced")

    page = await connections(world.ann)

    newest, oldest = page["items"]
    assert (page["total"], page["next"], page["node"]) == (2, None, one.welcome["node"])
    assert [newest["id"], oldest["id"]] == [every.welcome["connection"], one.welcome["connection"]]
    assert (newest["door"], newest["chat_count"], newest["chats"]) == ("all", 0, [])
    assert (oldest["door"], oldest["chat_count"], oldest["chats"], oldest["state"]) == (chat, 1, [chat], "open")
    assert oldest["user"] == {"id": world.ann.id, "name": "ann"}
    assert (oldest["address"], oldest["queue_bytes"]) == ("127.0.0.1", 0)
    assert "websockets" in oldest["client"]
    assert 0 <= oldest["sent_s"] <= 10


async def test_an_administrator_sees_everybodys_connections_page_by_page_and_one_users(server: Server) -> None:
    world = await server.world("ann", "bob")
    wires = [await world.ann.connect(), await world.bob.connect(), await world.ann.connect()]

    first = await administration(server, "connections?limit=2")
    rest = await administration(server, f"connections?cursor={first['next']}")
    anns = await administration(server, f"connections?user=ext:{world.ann.external_id}")

    assert [each["id"] for each in first["items"]] == [wires[2].welcome["connection"], wires[1].welcome["connection"]]
    assert wires[0].welcome["connection"] in [each["id"] for each in rest["items"]]
    assert [each["id"] for each in anns["items"]] == [wires[2].welcome["connection"], wires[0].welcome["connection"]]


@pytest.mark.parametrize("path", ["connections", "endings"])
async def test_nobody_sees_what_is_another_users(server: Server, path: str) -> None:
    world = await server.world("ann", "bob")

    refused(await world.ann.request("GET", f"/diagnostics/{path}?user={world.bob.id}"), "forbidden")
    refused(await ask(server, "GET", f"/api/v1/diagnostics/{path}"), "token_missing")


async def test_the_round_trip_of_a_heartbeat_is_measured(make_server: Callable[..., Server]) -> None:
    world = await make_server({"heartbeat_s": "0.5"}).world("ann")
    wire = await world.ann.connect()
    before = (await connections(world.ann))["items"][0]["round_trip_ms"]

    await wire.next("ping")
    async with asyncio.timeout(20):
        while (after := (await connections(world.ann))["items"][0]["round_trip_ms"]) is None:
            await wire.next("ping")

    assert before is None
    assert 0 < after < 5_000


async def test_an_ending_is_kept_with_its_codes_and_its_cause(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("bob")
    wire = await open_wire(server, chat, headers=world.ann.headers)
    await wire.closed()

    [ending] = await ended(world, world.ann, "?code=not_a_member")
    by_cause = await endings(world.ann, "?cause=not_member")
    others = await endings(world.bob)

    assert (ending["close"], ending["code"], ending["door"]) == (4403, "not_a_member", chat)
    assert ending["user"] == {"id": world.ann.id, "name": "ann"}
    assert (ending["cause"]["id"], ending["cause"]["page"]) == ("not_member", "docs/troubleshooting.md#not_member")
    assert by_cause == [ending]
    assert others == []


async def test_what_the_client_or_the_line_ended_has_no_cause_that_the_server_knows(server: Server) -> None:
    world = await server.world("ann")
    wire = await world.ann.connect()
    wire.abort()

    [ending] = await ended(world, world.ann, "?code=closed_1006")

    assert (ending["connection"], ending["close"], ending["cause"]) == (wire.welcome["connection"], 1006, None)


async def test_who_has_no_user_yet_is_in_the_administrators_list_only(server: Server) -> None:
    world = await server.world("ann")
    mark = f"mark-{world.ann.id}"
    stripped = await ask(server, "GET", "/api/v1/ws", headers={"Sec-WebSocket-Key": "x", "User-Agent": mark})
    wire = await open_wire(server, headers=bearer("no.jwt") | {"User-Agent": mark})
    await wire.closed()

    found = [each for each in (await administration(server, "endings"))["items"] if each["client"].endswith(mark)]
    own = await endings(world.ann)

    assert stripped.status_code == 426
    by_code = {each["code"]: each for each in found}
    assert by_code["token_malformed"]["cause"]["id"] == "token_malformed"
    assert (by_code["upgrade_required"]["connection"], by_code["upgrade_required"]["close"]) == (None, 426)
    assert "a proxy on the way has removed it" in by_code["upgrade_required"]["detail"]
    assert own == []


async def test_a_cause_that_is_not_in_the_catalogue_is_refused(server: Server) -> None:
    world = await server.world("ann")

    problem = refused(await world.ann.request("GET", "/diagnostics/endings?cause=weather"), "field_invalid")

    assert "cause" in problem["detail"]


# Delivery tests


async def delivery_chat(person: Person) -> str:
    made = await person.request("POST", "/diagnostics/delivery")
    assert made.status_code in (200, 201), made.text
    return made.json()["chat"]


async def test_a_delivery_test_sends_on_one_connection_and_receives_on_another(server: Server) -> None:
    world = await server.world("ann")
    chat = await delivery_chat(world.ann)
    sender, receiver = await world.ann.connect(), await world.ann.connect()
    await receiver.subscribe(chat, 0)

    ack = await sender.send(chat, "ten-four")
    heard = await receiver.next("message_sent")
    traced = (await world.ann.request("GET", f"/diagnostics/delivery?chat={chat}&seq={ack['seq']}")).json()

    assert (heard["seq"], heard["text"]) == (ack["seq"], "ten-four")
    assert (traced["kind"], traced["by"]["name"], traced["committed_at"], traced["node"]) == ("message_sent", "ann", ack["at"], sender.welcome["node"])
    assert traced["recipients"] == [{"connection": receiver.welcome["connection"], "user": {"id": world.ann.id, "name": "ann"}, "queue_bytes": 0}]
    assert (traced["arrival"]["events"], traced["arrival"]["deliveries"]) == (1, 1)
    assert 0 <= traced["arrival"]["after_ms"] < 10_000
    assert [(each["user"]["id"], each["read"]) for each in traced["readers"]] == [(world.ann.id, False)]


async def test_the_chat_of_a_test_stands_in_no_list_and_nobody_else_hears_of_it(server: Server) -> None:
    world = await server.world("ann", "bob")
    listed = await world.chat("ann")
    following = await world.ann.connect()
    await following.say(type="subscribe", id="all", chats={}, rest=True)
    await following.next("synced")

    chat = await delivery_chat(world.ann)
    sender = await world.ann.connect()
    await sender.send(chat, "unseen")
    resuming = await world.ann.connect()
    await resuming.say(type="subscribe", id="all", chats={}, rest=True)
    await resuming.next("synced")
    for wire in (following, resuming):
        await wire.say(type="ping")
        await wire.next("pong")
    own = (await world.ann.request("GET", "/chats")).json()["items"]
    channels = (await world.bob.request("GET", "/chats?view=channels")).json()["items"]

    assert [each["id"] for each in own] == [listed]
    assert chat not in [each["id"] for each in channels]
    assert [each["chat"] for each in sender.welcome["chats"]] == [listed]
    assert chat not in {frame.get("chat") for wire in (following, resuming) for frame in wire.seen}


async def test_a_user_has_one_test_at_most_and_nobody_else_comes_into_it(server: Server) -> None:
    world = await server.world("ann", "bob")
    first = await world.ann.request("POST", "/diagnostics/delivery")
    chat = first.json()["chat"]

    again = await world.ann.request("POST", "/diagnostics/delivery")

    assert (first.status_code, again.status_code, again.json()["chat"]) == (201, 200, chat)
    refused(await world.ann.request("PUT", f"/chats/{chat}/members/{world.bob.id}"), "forbidden")
    refused(await world.ann.request("PATCH", f"/chats/{chat}", json={"title": "mine"}), "forbidden")
    refused(await world.ann.request("POST", f"/chats/{chat}/leave"), "forbidden")
    refused(await world.bob.request("POST", f"/chats/{chat}/join"), "not_a_member")
    refused(await world.bob.request("DELETE", f"/diagnostics/delivery/{chat}"), "not_a_member")
    refused(await world.bob.request("GET", f"/diagnostics/delivery?chat={chat}&seq=1"), "not_a_member")


async def test_the_end_of_a_test_leaves_nothing_of_it(server: Server) -> None:
    world = await server.world("ann")
    chat = await delivery_chat(world.ann)
    wire, sender = await world.ann.connect(chat), await world.ann.connect()
    await wire.next("synced")
    ack = await sender.send(chat, "gone")

    ended = await world.ann.request("DELETE", f"/diagnostics/delivery/{chat}")
    close = await wire.closed()
    again = await sender.send(chat, "too late")

    assert ended.status_code == 204
    assert close[0] == 4403
    assert again["code"] in ("chat_unknown", "not_a_member")
    refused(await world.ann.request("GET", f"/diagnostics/delivery?chat={chat}&seq={ack['seq']}"), "chat_unknown")
    assert await delivery_chat(world.ann) != chat


async def test_only_the_chat_of_a_test_is_deleted_as_one(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")

    refused(await world.ann.request("DELETE", f"/diagnostics/delivery/{chat}"), "forbidden")

    assert (await world.ann.request("GET", f"/chats/{chat}")).status_code == 200


async def test_an_events_way_is_told_to_members_and_administrators(server: Server) -> None:
    world = await server.world("ann", "bob", "cat")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    await bob.next("synced")
    ack = await ann.send(chat, "hello")
    await bob.next("message_sent")
    await world.bob.request("POST", f"/chats/{chat}/receipts", json={"read": ack["seq"]})
    path = f"delivery?chat={chat}&seq={ack['seq']}"

    anns = (await world.ann.request("GET", f"/diagnostics/{path}")).json()
    everybodys = await administration(server, path)
    async with asyncio.timeout(10):
        while not {each["user"]["name"]: each["read"] for each in anns["readers"]}["bob"]:
            anns = (await world.ann.request("GET", f"/diagnostics/{path}")).json()

    assert [each["user"]["name"] for each in anns["recipients"]] == ["ann"]
    assert sorted(each["user"]["name"] for each in everybodys["recipients"]) == ["ann", "bob"]
    refused(await world.cat.request("GET", f"/diagnostics/{path}"), "not_a_member")
    refused(await world.ann.request("GET", f"/diagnostics/delivery?chat={chat}&seq=999"), "message_unknown")


# Searches and counts


async def test_a_search_finds_connections_by_name_address_client_and_id(server: Server) -> None:
    world = await server.world("Grace Hopper", "Ada Lovelace")
    grace, ada = world.people["Grace Hopper"], world.people["Ada Lovelace"]
    mark = f"mark{ada.id[-12:]}"
    hers = await grace.connect()
    marked = await open_wire(server, headers=ada.headers | {"User-Agent": mark})
    its_id = (await marked.next("welcome"))["connection"]

    by_name = await administration(server, f"connections?search=hop&user={grace.id}")
    by_client = await administration(server, f"connections?search={mark[:-2].upper()}")
    by_id = await administration(server, f"connections?search={its_id[:-1]}")
    by_nothing = await administration(server, f"connections?search=x{mark}")
    own = await connections(ada, "?search=127.0.0")
    of_others = await connections(ada, "?search=Hopper")

    assert [each["id"] for each in by_name["items"]] == [hers.welcome["connection"]]
    assert ([each["id"] for each in by_client["items"]], by_client["total"]) == ([its_id], 1)
    assert [each["id"] for each in by_id["items"]] == [its_id]
    assert (by_nothing["items"], by_nothing["total"]) == ([], 0)
    assert [each["id"] for each in own["items"]] == [its_id]
    assert of_others["items"] == []


async def test_endings_are_counted_by_code_whatever_code_is_asked_for(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("bob")
    for token in ("no.jwt", "no.jwt", None):
        headers = {"User-Agent": f"mark-{world.ann.id}"} | (bearer(token) if token else world.ann.headers)
        await (await open_wire(server, chat, headers=headers)).closed()
    await ended(world, world.ann, "?code=not_a_member")

    told = await administration(server, f"endings?search=mark-{world.ann.id}&code=not_a_member&limit=1")

    assert [each["code"] for each in told["items"]] == ["not_a_member"]
    assert [(each["code"], each["count"], each["cause"]["id"]) for each in told["counts"]] == [("token_malformed", 2, "token_malformed"), ("not_a_member", 1, "not_member")]
    assert told["kept_max"] == 1_000


# Figures and causes


async def test_the_figures_say_how_the_node_is_and_what_it_has_done(make_server: Callable[..., Server]) -> None:
    server = make_server({"connections": "500", "heartbeat_s": "0.5"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    before = await administration(server, "figures")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)

    await ann.send_all(chat, ["one", "two", "three"])
    await bob.next("message_sent")
    await ann.send(chat, " ")
    await (await open_wire(server, headers=bearer("no.jwt"))).closed()
    await ann.next("ping")
    async with asyncio.timeout(20):
        while sum((after := await administration(server, "figures"))["round_trip_ms"]["counts"]) == 0:
            await ann.next("ping")

    assert (after["node"], after["version"]) == (ann.welcome["node"], before["version"])
    assert after["health"] == {"store": None, "broker": None, "draining": False}
    assert (after["connections"], after["connections_max"], after["users"], after["rooms"]) == (2, 500, 2, 1)
    assert after["up_s"] > before["up_s"] > 0
    assert after["cpu_s"] > before["cpu_s"] > 0
    assert after["memory_bytes"] > 10_000_000
    grown = {name: after["counts"][name] - before["counts"][name] for name in ("messages", "acks", "handshakes")}
    assert grown == {"messages": 3, "acks": 3, "handshakes": 3}
    assert (after["counts"]["refused"], after["counts"]["ended"]) == ({"text_empty": 1}, {"token_malformed": 1})
    assert sum(after["ack_ms"]["counts"]) == 3
    assert len(after["batch_messages"]["counts"]) == len(after["batch_messages"]["bounds"]) + 1 == 12
    assert sum(after["commit_ms"]["counts"]) > sum(before["commit_ms"]["counts"])


async def test_the_figures_are_for_administrators(server: Server) -> None:
    world = await server.world("ann")

    refused(await world.ann.request("GET", "/diagnostics/figures"), "forbidden")
    refused(await ask(server, "GET", "/api/v1/diagnostics/figures"), "token_missing")


async def test_a_root_cause_is_told_to_anybody_as_the_catalogue_has_it(server: Server) -> None:
    told = await ask(server, "GET", "/api/v1/diagnostics/causes/token_expired")
    unknown = await ask(server, "GET", "/api/v1/diagnostics/causes/weather")

    entry = told.json()
    assert (entry["id"], entry["layer"], entry["codes"]) == ("token_expired", "token", ["token_expired"])
    assert (entry["sentence"], entry["fix"]) == (CAUSES["token_expired"].sentence, CAUSES["token_expired"].fix)
    refused(unknown, "not_found")
