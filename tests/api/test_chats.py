"""``/chats`` and what belongs to a chat as a whole."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from tests.api.asking import pages, refused
from tests.servers import Person, Server


async def say(person: Person, chat: str, text: str) -> dict[str, Any]:
    answer = await person.request("POST", f"/chats/{chat}/messages", json={"text": text})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def card(person: Person, chat: str) -> dict[str, Any]:
    return (await person.request("GET", f"/chats/{chat}")).json()


async def test_a_pair_has_one_direct_chat_whoever_asks_and_however_often(server: Server) -> None:
    world = await server.world("ann", "bob")

    asked = [(world.ann, world.bob.id), (world.bob, f"ext:{world.ann.external_id}")] * 5
    answers = await asyncio.gather(*[person.request("POST", "/chats", json={"kind": "direct", "members": [other]}) for person, other in asked])

    assert sorted(each.status_code for each in answers) == [200] * 9 + [201]
    assert len({each.json()["id"] for each in answers}) == 1
    chat = answers[0].json()
    assert (chat["kind"], chat["title"], chat["member_count"], chat["role"], chat["other"]["name"]) == ("direct", None, 2, "member", "bob")
    assert (await card(world.bob, chat["id"]))["other"] == {"id": world.ann.id, "name": "ann", "avatar_colour": None, "avatar": None}


async def test_a_group_begins_with_its_maker_as_owner_and_the_others_as_members(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")

    made = await world.ann.request("POST", "/chats", json={"kind": "group", "title": "Three", "members": [world.bob.id, f"ext:{world.cid.external_id}", world.bob.id]})

    assert made.status_code == 201
    chat = made.json()
    assert (chat["title"], chat["history"], chat["member_count"], chat["role"], chat["head"], chat["unread"], chat["last_message"], chat["other"], chat["external_id"]) == (
        "Three",
        "all",
        3,
        "owner",
        3,
        0,
        None,
        None,
        None,
    )
    assert (await card(world.cid, chat["id"]))["role"] == "member"


@pytest.mark.parametrize(
    ("wanted", "code", "names"),
    [
        ({"kind": "direct", "members": []}, "field_invalid", "exactly one"),
        ({"kind": "direct", "members": ["bob"], "title": "x"}, "field_invalid", "title"),
        ({"kind": "channel", "members": ["bob"]}, "field_invalid", "title"),
        ({"kind": "group", "title": "a\nb"}, "field_invalid", "title"),
        ({"kind": "group", "title": "x" * 201}, "field_invalid", "title"),
        ({"kind": "party", "title": "x"}, "field_invalid", "kind"),
        ({"kind": "diagnostic", "title": "x"}, "field_invalid", "kind"),
        ({"title": "x"}, "field_missing", "kind"),
        ({"kind": "group", "title": "x", "history": "some"}, "field_invalid", "history"),
        ({"kind": "group", "title": "x", "members": ["nobody"]}, "user_unknown", "UUID"),
        ({"kind": "group", "title": "x", "members": ["ext:nobody"]}, "user_unknown", "nobody"),
        ({"kind": "group", "title": "x", "members": ["bob"] * 201}, "field_invalid", "members"),
    ],
)
async def test_a_chat_that_cannot_be_made_is_refused_by_what_is_wrong(server: Server, wanted: dict[str, Any], code: str, names: str) -> None:
    world = await server.world("ann", "bob")
    members = [world.bob.id if each == "bob" else each for each in wanted.get("members", [])]

    answer = await world.ann.request("POST", "/chats", json=wanted | {"members": members})

    assert names.lower() in refused(answer, code)["detail"].lower()
    assert (await world.ann.request("GET", "/chats")).json()["items"] == []


async def test_the_list_shows_each_chat_with_its_last_message_and_what_is_unread_the_most_active_first(server: Server) -> None:
    world = await server.world("ann", "bob")
    quiet, busy = await world.chat("ann", "bob", title="Quiet"), await world.chat("ann", "bob", title="Busy")
    await say(world.ann, quiet, "first")
    for text in ("one", "two", "three"):
        last = await say(world.ann, busy, text)
    await say(world.bob, quiet, "mine is not unread")

    listed = (await world.bob.request("GET", "/chats")).json()

    assert listed["next"] is None
    assert [(each["id"], each["unread"], each["last_message"]["text"]) for each in listed["items"]] == [(quiet, 1, "mine is not unread"), (busy, 3, "three")]
    shown = listed["items"][1]
    assert shown["last_message"] == {"type": "message_sent", "chat": busy, "seq": last["seq"], "at": last["at"], "by": world.ann.id, "id": last["id"], "key": last["key"], "text": "three"}
    assert (shown["head"], shown["changed_at"], shown["read"], shown["joined_seq"]) == (5, last["at"], 2, 2)


async def test_reading_moves_ones_own_position_and_nobody_elses(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")
    seqs = [(await say(world.ann, chat, str(n)))["seq"] for n in range(3)]

    await world.bob.request("POST", f"/chats/{chat}/receipts", json={"read": seqs[1]})

    bobs, cids = await card(world.bob, chat), await card(world.cid, chat)
    assert (bobs["read"], bobs["delivered"], bobs["unread"]) == (seqs[1], seqs[1], 1)
    assert (cids["read"], cids["unread"]) == (3, 3)


async def test_unread_messages_are_counted_to_a_hundred(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    await asyncio.gather(*[world.backend("POST", f"/chats/{chat}/messages", json={"text": str(text), "on_behalf_of": world.ann.id}) for text in range(101)])

    assert (await card(world.bob, chat))["unread"] == 100


async def test_the_list_comes_in_pages_that_miss_nothing(server: Server) -> None:
    world = await server.world("ann", "bob")
    made = [await world.chat("ann", title=str(n)) for n in range(7)]
    await say(world.ann, made[2], "up")

    found = await pages(world.ann, "/chats", 3)

    assert [len(page) for page in found] == [3, 3, 1]
    listed = [each["id"] for page in found for each in page]
    assert listed[0] == made[2]
    assert sorted(listed) == sorted(made)
    assert [each["changed_at"] for page in found for each in page] == sorted((each["changed_at"] for page in found for each in page), reverse=True)
    assert await pages(world.bob, "/chats", 3) == [[]]


@pytest.mark.parametrize("query", ["cursor=x", "cursor=1.x", "cursor=-1.01890a5d-ac96-774b-bcce-b302099a8057", "limit=0", "limit=201", "limit=x", "view=all", "view=channels&cursor=1.2"])
async def test_a_page_that_cannot_be_is_refused(server: Server, query: str) -> None:
    world = await server.world("ann")

    refused(await world.ann.request("GET", f"/chats?{query}"), "field_invalid")


async def test_a_stranger_sees_a_channels_sign_and_of_a_group_nothing(server: Server) -> None:
    world = await server.world("ann", "bob")
    channel, group = await world.chat("ann", kind="channel", title="News"), await world.chat("ann", title="Secret")
    await say(world.ann, channel, "not for strangers")

    sign = await world.bob.request("GET", f"/chats/{channel}")
    hidden = await world.bob.request("GET", f"/chats/{group}")

    assert {name: value for name, value in sign.json().items() if name != "created_at"} == {"id": channel, "kind": "channel", "title": "News", "member_count": 1}
    assert "Secret" not in str(refused(hidden, "not_a_member"))
    refused(await world.bob.request("GET", f"/chats/{uuid.uuid4()}"), "chat_unknown")


@pytest.mark.parametrize("path", ["", "/members", "/messages", "/events", "/receipts", "/messages/01890a5d-ac96-774b-bcce-b302099a8057"])
async def test_who_is_no_member_reads_nothing_of_a_chat(server: Server, path: str) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann")

    refused(await world.bob.request("GET", f"/chats/{chat}{path}"), "not_a_member")
    refused(await world.bob.request("GET", f"/chats/{uuid.uuid4()}{path}"), "chat_unknown")
    refused(await world.bob.request("GET", f"/chats/general{path}"), "chat_id_invalid")


async def test_channels_can_be_found_and_joined_once(server: Server) -> None:
    world = await server.world("ann", "bob")
    channels = [await world.chat("ann", kind="channel", title=f"News {n}") for n in range(3)]

    listed = [each["id"] for page in await pages(world.bob, "/chats?view=channels", 2) for each in page]
    joined, again = [await world.bob.request("POST", f"/chats/{channels[0]}/join") for _ in range(2)]

    assert [each for each in listed if each in channels] == channels[::-1]
    assert (joined.status_code, joined.json()["role"], joined.json()["member_count"]) == (200, "member", 2)
    assert again.json() == joined.json()
    refused(await world.bob.request("POST", f"/chats/{await world.chat('ann')}/join"), "not_a_member")


async def test_channels_are_found_by_the_beginning_of_any_word_of_the_title(server: Server) -> None:
    world = await server.world("ann")
    titles = ["Grüße aus Rom", "Rome (plans)", "Aroma", "News"]
    channels = dict(zip(titles, [await world.chat("ann", kind="channel", title=title) for title in titles], strict=True))

    found = {query: [each["id"] for page in await pages(world.ann, f"/chats?view=channels&query={query}", 1) for each in page] for query in ("ROM", "grÜ", "rom", "%25", "roma")}

    assert found["ROM"] == found["rom"] == [channels["Rome (plans)"], channels["Grüße aus Rom"]]
    assert found["grÜ"] == [channels["Grüße aus Rom"]]
    assert found["%25"] == found["roma"] == []


async def test_owners_and_admins_rename_a_chat_and_plain_members_do_not(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", kind="channel", title="Old")

    renamed = await world.ann.request("PATCH", f"/chats/{chat}", json={"title": "New"})
    by_member = await world.bob.request("PATCH", f"/chats/{chat}", json={"title": "Mine"})
    to_nothing = await world.ann.request("PATCH", f"/chats/{chat}", json={"title": None})
    of_a_pair = await world.ann.request("PATCH", f"/chats/{await world.chat('ann', 'bob', kind='direct')}", json={"title": "Us"})

    assert (renamed.status_code, renamed.json()["title"], renamed.json()["head"]) == (200, "New", 3)
    refused(by_member, "forbidden")
    refused(to_nothing, "field_invalid")
    refused(of_a_pair, "direct_chat_fixed")
    event = (await world.bob.request("GET", f"/chats/{chat}/events?after=2")).json()["items"]
    assert [(each["type"], each["title"], each["by"], each["seq"]) for each in event] == [("chat_changed", "New", world.ann.id, 3)]


async def test_a_rename_to_the_same_title_is_no_event(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann", title="Same")

    assert (await world.ann.request("PATCH", f"/chats/{chat}", json={"title": "Same"})).json()["head"] == 1


async def test_who_leaves_is_out_and_sees_nothing_more(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")

    left = await world.bob.request("POST", f"/chats/{chat}/leave")

    assert (left.status_code, left.content) == (204, b"")
    refused(await world.bob.request("GET", f"/chats/{chat}/messages"), "not_a_member")
    refused(await world.bob.request("POST", f"/chats/{chat}/leave"), "not_a_member")
    assert (await card(world.ann, chat))["member_count"] == 1


async def test_the_last_owner_leaves_only_as_the_last_one_at_all(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat, pair = await world.chat("ann", "bob"), await world.chat("ann", "bob", kind="direct")

    with_others = await world.ann.request("POST", f"/chats/{chat}/leave")
    await world.bob.request("POST", f"/chats/{chat}/leave")
    alone = await world.ann.request("POST", f"/chats/{chat}/leave")

    refused(with_others, "last_owner")
    assert alone.status_code == 204
    refused(await world.ann.request("POST", f"/chats/{pair}/leave"), "direct_chat_fixed")


async def test_a_chat_takes_no_more_members_than_the_setting_says(strict: Server) -> None:
    world = await strict.world("ann", "bob", "cid", "dan")

    full = await world.ann.request("POST", "/chats", json={"kind": "group", "title": "x", "members": [world.bob.id, world.cid.id, world.dan.id]})
    chat = await world.chat("ann", "bob", "cid", kind="channel")

    refused(full, "chat_full")
    refused(await world.dan.request("POST", f"/chats/{chat}/join"), "chat_full")
    refused(await world.ann.request("PUT", f"/chats/{chat}/members/{world.dan.id}"), "chat_full")
    refused(await world.backend("PUT", f"/chats/{chat}/members/{world.dan.id}"), "chat_full")
