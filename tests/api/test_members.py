"""``/chats/{chat}/members``."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.api.asking import pages, refused
from tests.servers import Server, World


async def roles(world: World, chat: str) -> dict[str, str]:
    return {each["name"]: each["role"] for page in await pages(world.ann, f"/chats/{chat}/members", 100) for each in page}


async def test_members_are_listed_page_by_page(server: Server) -> None:
    world = await server.world("ann", "bob", "cid", "dan", "eve")
    chat = await world.chat("ann", "bob", "cid", "dan", "eve")

    found = await pages(world.bob, f"/chats/{chat}/members", 2)

    assert [len(page) for page in found] == [2, 2, 1]
    listed = {each["name"]: each for page in found for each in page}
    assert {name: (each["role"], each["joined_seq"]) for name, each in listed.items()} == {"ann": ("owner", 1), "bob": ("member", 2), "cid": ("member", 3), "dan": ("member", 4), "eve": ("member", 5)}
    assert listed["bob"]["muted_until"] is None


async def test_a_member_adds_somebody_to_a_group_once(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob")

    added, again = [await world.bob.request("PUT", f"/chats/{chat}/members/ext:{world.cid.external_id}") for _ in range(2)]

    assert (added.status_code, again.status_code) == (201, 200)
    assert added.json() == again.json()
    assert (added.json()["user"], added.json()["role"], added.json()["joined_seq"]) == (world.cid.id, "member", 3)
    assert (await world.cid.request("GET", f"/chats/{chat}")).json()["head"] == 3


@pytest.mark.parametrize(
    ("kind", "by", "wanted", "code"),
    [("channel", "bob", {}, "forbidden"), ("group", "bob", {"role": "admin"}, "forbidden"), ("group", "ann", {"role": "king"}, "field_invalid")],
)
async def test_who_may_not_add_is_refused(server: Server, kind: str, by: str, wanted: dict[str, str], code: str) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", kind=kind)

    refused(await world.people[by].request("PUT", f"/chats/{chat}/members/{world.cid.id}", json=wanted), code)

    assert "cid" not in await roles(world, chat)


async def test_nobody_comes_into_a_direct_chat_and_nobody_is_taken_out(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", kind="direct")

    for method, user in (("PUT", world.cid), ("DELETE", world.bob), ("DELETE", world.ann)):
        refused(await world.ann.request(method, f"/chats/{chat}/members/{user.id}"), "direct_chat_fixed")
    refused(await world.ann.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "admin"}), "direct_chat_fixed")
    refused(await world.backend("DELETE", f"/chats/{chat}/members/{world.bob.id}"), "direct_chat_fixed")


async def test_who_is_not_there_cannot_be_added_changed_or_taken_out(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann")

    for nobody in (str(uuid.uuid4()), "ext:nobody", "nobody"):
        refused(await world.ann.request("PUT", f"/chats/{chat}/members/{nobody}"), "user_unknown")
        refused(await world.ann.request("DELETE", f"/chats/{chat}/members/{nobody}"), "user_unknown")
    refused(await world.ann.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "admin"}), "user_unknown")


async def test_roles_are_given_by_owners_and_the_last_owner_stays_one(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")

    made_admin = await world.ann.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "admin"})
    by_admin = await world.bob.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "owner"})
    by_member = await world.cid.request("PATCH", f"/chats/{chat}/members/{world.cid.id}", json={"role": "admin"})
    last_owner = await world.ann.request("PATCH", f"/chats/{chat}/members/{world.ann.id}", json={"role": "member"})

    assert (made_admin.status_code, made_admin.json()["role"]) == (200, "admin")
    refused(by_admin, "forbidden")
    refused(by_member, "forbidden")
    refused(last_owner, "last_owner")
    assert await roles(world, chat) == {"ann": "owner", "bob": "admin", "cid": "member"}


async def test_an_owner_hands_the_chat_over_and_goes(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")

    await world.ann.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "owner"})
    left = await world.ann.request("DELETE", f"/chats/{chat}/members/{world.ann.id}")

    assert left.status_code == 204
    events = (await world.bob.request("GET", f"/chats/{chat}/events?after=2")).json()["items"]
    assert [(each["type"], each["seq"], each["user"], each["by"]) for each in events] == [("member_changed", 3, world.bob.id, world.ann.id), ("member_left", 4, world.ann.id, world.ann.id)]


async def test_of_two_owners_who_leave_at_once_one_stays(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")
    await world.ann.request("PATCH", f"/chats/{chat}/members/{world.bob.id}", json={"role": "owner"})

    answers = await asyncio.gather(*[person.request("POST", f"/chats/{chat}/leave") for person in (world.ann, world.bob)])

    assert sorted(each.status_code for each in answers) == [204, 409]
    refused(next(each for each in answers if each.status_code == 409), "last_owner")


async def test_admins_take_members_out_and_not_each_other_or_the_owner(server: Server) -> None:
    world = await server.world("ann", "bob", "cid", "dan")
    chat = await world.chat("ann", "bob", "cid", "dan")
    for admin in (world.bob, world.cid):
        await world.ann.request("PATCH", f"/chats/{chat}/members/{admin.id}", json={"role": "admin"})

    taken_out = await world.bob.request("DELETE", f"/chats/{chat}/members/{world.dan.id}")

    assert taken_out.status_code == 204
    for other in (world.cid, world.ann):
        refused(await world.bob.request("DELETE", f"/chats/{chat}/members/{other.id}"), "forbidden")
    refused(await world.dan.request("GET", f"/chats/{chat}/members"), "not_a_member")
    assert await roles(world, chat) == {"ann": "owner", "bob": "admin", "cid": "admin"}


async def test_a_disabled_user_can_still_be_taken_out_and_not_be_added(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob")
    for gone in (world.bob, world.cid):
        await world.backend("PATCH", f"/users/ext:{gone.external_id}", json={"disabled": True})

    assert (await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")).status_code == 204
    refused(await world.ann.request("PUT", f"/chats/{chat}/members/{world.cid.id}"), "user_unknown")
