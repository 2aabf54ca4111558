"""What is no event: typing, receipts, presence, profiles. Who is told of them, and who is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pictures import PNG
from tests.servers import Person, Server, Wire, World

LIVE_MAX = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat of four is a large one here, and who is gone for half a second is offline."""
    settings = {"TENFOUR_RECEIPTS_LIVE_MAX": str(LIVE_MAX), "TENFOUR_OFFLINE_AFTER_S": "0.5", "TENFOUR_HEARTBEAT_S": "5"}
    server = Server(tmp_path_factory.mktemp("signs"), settings).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob", "cat", "dan")


@pytest.fixture
async def small(world: World) -> str:
    return await world.chat("ann", "bob", "cat")


@pytest.fixture
async def large(world: World) -> str:
    return await world.chat("ann", "bob", "cat", "dan")


async def follow(person: Person, *chats: str) -> Wire:
    """A connection that is live in the chats."""
    wire = await person.connect()
    for chat in chats:
        await wire.subscribe(chat, None)
    return wire


async def signs(wire: Wire, kind: str, chat: str) -> list[dict[str, Any]]:
    """The frames of a kind until a message that is sent now comes back: what was caused before has come by then."""
    await wire.send(chat, "a mark")
    while not any(each["type"] == "message_sent" and each["text"] == "a mark" for each in wire.seen):
        await wire.receive()
    return [each for each in wire.seen if each["type"] == kind]


# Typing


async def test_typing_is_shown_to_the_others_with_its_expiry_and_ends_at_once_when_it_is_said(world: World, small: str) -> None:
    ann, bob = await follow(world.ann, small), await follow(world.bob, small)

    await ann.say(type="typing", chat=small, active=True)
    begun = await bob.next("typing")
    await ann.say(type="typing", chat=small, active=False)
    ended = await bob.next("typing")

    assert begun == {"type": "typing", "chat": small, "by": world.ann.id, "expires_ms": 7000}
    assert ended == {"type": "typing", "chat": small, "by": world.ann.id, "expires_ms": 0}


async def test_typing_is_not_shown_to_the_one_who_types_on_any_connection(world: World, small: str) -> None:
    ann, tablet, bob = await follow(world.ann, small), await follow(world.ann, small), await follow(world.bob, small)

    await ann.say(type="typing", chat=small, active=True)
    await bob.next("typing")

    assert await signs(ann, "typing", small) == []
    assert await signs(tablet, "typing", small) == []


async def test_typing_in_a_large_chat_is_shown_to_nobody(world: World, large: str) -> None:
    ann, bob = await follow(world.ann, large), await follow(world.bob, large)

    await ann.say(type="typing", chat=large, active=True)
    await ann.say(type="ping")
    await ann.next("pong")

    assert await signs(bob, "typing", large) == []


async def test_a_chat_that_grows_beyond_the_limit_shows_no_typing_from_then_on(world: World, small: str) -> None:
    ann, bob = await follow(world.ann, small), await follow(world.bob, small)

    await world.ann.request("PUT", f"/chats/{small}/members/{world.dan.id}")
    await ann.next("member_joined")
    await ann.say(type="typing", chat=small, active=True)
    await ann.say(type="ping")
    await ann.next("pong")

    assert await signs(bob, "typing", small) == []


async def test_who_was_removed_sees_no_typing_any_more_and_shows_none(world: World, small: str) -> None:
    ann, bob, cat = await follow(world.ann, small), await follow(world.bob, small), await follow(world.cat, small)

    await world.ann.request("DELETE", f"/chats/{small}/members/{world.bob.id}")
    await bob.next("member_left")
    await ann.say(type="typing", chat=small, active=True)
    await cat.next("typing")
    await bob.say(type="typing", chat=small, active=True)
    refused = await bob.next("error")

    assert (refused["code"], refused["chat"]) == ("not_a_member", small)
    assert [each for each in bob.seen if each["type"] == "typing"] == []
    assert [each["by"] for each in await signs(cat, "typing", small)] == [world.ann.id]


async def test_typing_in_a_chat_that_is_not_followed_here_is_refused_by_its_own_name(world: World, small: str) -> None:
    ann = await world.ann.connect()
    later = await world.chat("bob", "ann")  # joined after the welcome, so that this connection has not heard of it

    for chat in (small, later, "01890a5d-ac96-774b-bcce-b302099a8057"):
        await ann.say(type="typing", chat=chat, active=True)
    refused = [await ann.next("error") for _ in range(3)]

    assert {each["chat"]: each["code"] for each in refused} == {small: "not_subscribed", later: "not_subscribed", "01890a5d-ac96-774b-bcce-b302099a8057": "chat_unknown"}


# Receipts


async def test_receipts_of_a_second_come_as_one_to_everybody_in_a_small_chat_and_are_stored(world: World, small: str) -> None:
    ann, bob, cat = await follow(world.ann, small), await follow(world.bob, small), await follow(world.cat, small)
    await ann.send_all(small, ["four", "five", "six"])

    for read in (4, 5, 6):
        await bob.say(type="receipt", chat=small, read=read)
    shown = [await wire.next("receipt") for wire in (ann, cat, bob)]
    stored = (await world.ann.request("GET", f"/chats/{small}/receipts")).json()["items"]

    assert shown[0] | {"read_at": ""} == {"type": "receipt", "chat": small, "by": world.bob.id, "delivered": 6, "read": 6, "read_at": ""}
    assert shown == [shown[0]] * 3
    assert {each["user"]: (each["read"], each["read_at"]) for each in stored}[world.bob.id] == (6, shown[0]["read_at"])


async def test_a_receipt_never_goes_back_and_never_beyond_the_head(world: World, small: str) -> None:
    ann, bob = await follow(world.ann, small), await follow(world.bob, small)
    await ann.send_all(small, ["four", "five"])

    await bob.say(type="receipt", chat=small, read=1_000_000)
    first = await ann.next("receipt")
    await bob.say(type="receipt", chat=small, read=2, delivered=3)
    await ann.send(small, "six")
    await bob.say(type="receipt", chat=small, delivered=6)
    second = await ann.next("receipt")

    assert (first["delivered"], first["read"]) == (5, 5)
    assert (second["delivered"], second["read"]) == (6, 5)


async def test_in_a_large_chat_a_receipt_goes_to_the_users_own_connections_alone(world: World, large: str) -> None:
    ann, bob, tablet = await follow(world.ann, large), await follow(world.bob, large), await follow(world.bob, large)

    await bob.say(type="receipt", chat=large, read=4)
    on_both = [await wire.next("receipt") for wire in (bob, tablet)]

    assert [(each["by"], each["read"]) for each in on_both] == [(world.bob.id, 4)] * 2
    assert await signs(ann, "receipt", large) == []


async def test_what_was_read_on_one_device_is_told_to_the_others_that_follow_all_chats(world: World) -> None:
    pair = await world.chat("ann", "bob", kind="direct")
    ann, tablet, phone = await follow(world.ann, pair), await world.ann.connect(), await follow(world.ann, pair)
    await tablet.say(type="subscribe", id="s", epoch=tablet.welcome["epoch"], chats={}, rest=True)
    await tablet.next("synced")
    bob = await follow(world.bob, pair)
    sent = await bob.send(pair, "read me")

    await phone.say(type="receipt", chat=pair, read=sent["seq"])
    heard = [await wire.next("receipt") for wire in (ann, tablet, phone, bob)]

    assert {(each["by"], each["read"]) for each in heard} == {(world.ann.id, sent["seq"])}


async def test_what_was_read_over_rest_is_told_to_the_users_connections(world: World, large: str) -> None:
    ann = await follow(world.ann, large)

    stored = await world.ann.request("POST", f"/chats/{large}/receipts", json={"read": 4})
    heard = await ann.next("receipt")

    assert stored.status_code == 200
    assert (heard["by"], heard["read"]) == (world.ann.id, 4)


async def test_a_receipt_of_a_stranger_is_refused_and_one_for_a_chat_that_was_joined_since_is_taken(world: World, small: str) -> None:
    ann, dan = await follow(world.ann, small), await world.dan.connect()

    await dan.say(type="receipt", chat=small, read=3)
    refused = await dan.next("error")
    await world.ann.request("DELETE", f"/chats/{small}/members/{world.cat.id}")
    await world.ann.request("PUT", f"/chats/{small}/members/{world.dan.id}")
    await ann.send(small, "six")
    await dan.say(type="receipt", chat=small, read=6)
    shown = await ann.next("receipt")

    assert (refused["code"], refused["chat"]) == ("not_a_member", small)
    assert (shown["by"], shown["read"]) == (world.dan.id, 6)


@pytest.mark.parametrize("fields", [{}, {"read": 0}, {"read": -1}, {"delivered": 0}, {"read": -5, "delivered": 3}])
async def test_a_receipt_that_says_nothing_is_refused(world: World, small: str, fields: dict[str, int]) -> None:
    ann = await follow(world.ann, small)

    await ann.say(type="receipt", chat=small, **fields)

    assert (await ann.next("error"))["code"] == "field_invalid"


# Presence


async def test_who_goes_live_learns_who_is_there_and_the_others_learn_of_them_once(world: World, small: str) -> None:
    ann = await follow(world.ann, small)

    bob = await follow(world.bob, small)
    seen_by_ann = await ann.next("presence")
    seen_by_bob = await bob.next("presence")
    await follow(world.cat, small)
    third = await ann.next("presence")

    assert (seen_by_ann["user"], seen_by_ann["state"]) == (world.bob.id, "online")
    assert (seen_by_bob["user"], seen_by_bob["state"]) == (world.ann.id, "online")
    assert third["user"] == world.cat.id


async def test_a_new_connection_is_told_at_once_who_is_online_once_for_all_its_chats_and_of_nobody_else(world: World, small: str) -> None:
    with_bob, with_dan = [await world.chat("ann", other, kind="direct") for other in ("bob", "dan")]
    await follow(world.bob, small)

    ann = await world.ann.connect()
    await ann.say(type="subscribe", id="s", epoch=ann.welcome["epoch"], chats={}, rest=True)
    for _ in range(3):
        await ann.next("synced")
    await signs(ann, "presence", small)

    live = {each["chat"] for each in ann.seen if each["type"] == "synced"}
    told = [(each["user"], each["state"]) for each in ann.seen if each["type"] == "presence"]
    assert live == {small, with_bob, with_dan}
    assert told == [(world.bob.id, "online")]


async def test_who_comes_back_is_told_anew_who_is_online(world: World, small: str) -> None:
    bob, cat = await follow(world.bob, small), await follow(world.cat, small)
    ann = await follow(world.ann, small)
    assert {(await ann.next("presence"))["user"] for _ in range(2)} == {world.bob.id, world.cat.id}
    await ann.close()

    await cat.close()
    gone = await bob.next("presence")
    while (gone["user"], gone["state"]) != (world.cat.id, "offline"):
        gone = await bob.next("presence")
    again = await follow(world.ann, small)

    assert [each["user"] for each in await signs(again, "presence", small)] == [world.bob.id]


async def test_who_is_gone_for_long_enough_is_offline(world: World, small: str) -> None:
    ann, bob = await follow(world.ann, small), await follow(world.bob, small)
    await ann.next("presence")

    await bob.close()
    gone = await ann.next("presence")

    assert (gone["user"], gone["state"]) == (world.bob.id, "offline")


async def test_who_has_another_connection_stays_online(world: World, small: str) -> None:
    ann, bob, _ = await follow(world.ann, small), await follow(world.bob, small), await follow(world.bob, small)
    await ann.next("presence")

    await bob.close()
    cat = await follow(world.cat, small)
    await ann.next("presence")
    await cat.close()
    last = await ann.next("presence")

    assert (last["user"], last["state"]) == (world.cat.id, "offline")


async def test_in_a_large_chat_nobodys_presence_is_told(world: World, large: str) -> None:
    ann = await follow(world.ann, large)
    pair = await world.chat("ann", "dan", kind="direct")
    await ann.subscribe(pair, None)

    await follow(world.bob, large)
    await world.dan.connect()
    told = await ann.next("presence")

    assert told["user"] == world.dan.id, "dan is seen in the direct chat; bob, who came before, only in the large one"


async def test_a_chat_that_grows_beyond_the_limit_tells_no_presence_from_then_on(world: World, small: str) -> None:
    pair = await world.chat("ann", "dan", kind="direct")
    ann = await follow(world.ann, small, pair)

    await world.ann.request("PUT", f"/chats/{small}/members/{world.dan.id}")
    await ann.next("member_joined")
    await world.bob.connect()
    await world.dan.connect()
    told = await ann.next("presence")

    assert told["user"] == world.dan.id


async def test_who_joins_a_chat_is_seen_there_by_its_members(world: World) -> None:
    chat = await world.chat("ann", "cat")
    ann = await follow(world.ann, chat)
    await world.bob.connect()
    await world.bob.connect()

    await world.ann.request("PUT", f"/chats/{chat}/members/{world.bob.id}")
    told = await ann.next("presence")

    assert (told["user"], told["state"]) == (world.bob.id, "online")


async def test_who_comes_back_soon_causes_no_presence_at_all(swift_server: Server) -> None:
    world = await swift_server.world("ann", "bob", "cat")
    chat = await world.chat("ann", "bob", "cat")
    ann, bob = await follow(world.ann, chat), await follow(world.bob, chat)
    await ann.next("presence")

    for _ in range(3):
        bob.abort()
        bob = await follow(world.bob, chat)
        await bob.next("presence")  # who is there is news to the new connection alone
    await world.cat.connect()
    await ann.next("presence")

    assert [each["user"] for each in ann.seen if each["type"] == "presence"] == [world.bob.id, world.cat.id]


# Profiles


async def test_another_name_and_another_picture_are_told_where_the_person_is_seen_and_to_all_their_own_connections(world: World, small: str) -> None:
    ann, bob, tablet = await follow(world.ann, small), await follow(world.bob, small), await world.bob.connect()

    renamed = (await world.bob.request("PATCH", "/me", json={"name": "Robert"})).json()
    told = [await wire.next("profile") for wire in (ann, bob, tablet)]
    shown = (await world.bob.request("PUT", "/me/avatar", content=PNG, headers={"Content-Type": "image/png"})).json()
    with_picture = await ann.next("profile")
    await world.bob.request("DELETE", "/me/avatar")
    without = await ann.next("profile")

    face = {"type": "profile", "user": world.bob.id, "name": "Robert", "avatar_colour": None, "avatar": None}
    assert renamed["name"] == "Robert"
    assert told == [face] * 3
    assert (with_picture, without) == (face | {"avatar": shown["avatar"]}, face)


async def test_a_profile_is_told_once_and_to_nobody_who_shares_only_a_large_chat(world: World, small: str, large: str) -> None:
    ann, dan = await follow(world.ann, small, large), await follow(world.dan, large)

    await world.backend("PUT", f"/users/{world.bob.external_id}", json={"name": "Bobby"})
    await world.dan.request("PATCH", "/me", json={"name": "Daniel"})
    told_to_ann = await ann.next("profile")
    told_to_dan = await dan.next("profile")

    assert (told_to_ann["name"], told_to_dan["name"]) == ("Bobby", "Daniel")
    assert [each["name"] for each in await signs(ann, "profile", small)] == ["Bobby"]
    assert [each["name"] for each in await signs(dan, "profile", large)] == ["Daniel"]


async def test_a_profile_that_stays_as_it_is_is_told_to_nobody(world: World, small: str) -> None:
    ann = await follow(world.ann, small)

    await world.backend("PUT", f"/users/{world.bob.external_id}", json={"name": "bob"})
    await world.bob.request("PATCH", "/me", json={})
    await world.cat.request("PATCH", "/me", json={"avatar_colour": "#102030"})
    told = await ann.next("profile")

    assert told["user"] == world.cat.id
