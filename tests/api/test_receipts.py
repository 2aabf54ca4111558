"""``/chats/{chat}/receipts``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.asking import pages, refused
from tests.servers import Server


async def test_a_receipt_is_stored_at_once_and_shown_to_the_others(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    for text in ("one", "two"):
        await world.ann.request("POST", f"/chats/{chat}/messages", json={"text": text})
    wire = await world.ann.connect(chat)

    stored = await world.bob.request("POST", f"/chats/{chat}/receipts", json={"delivered": 4, "read": 3})

    read_at = stored.json()["read_at"]
    assert (stored.status_code, stored.json()) == (200, {"user": world.bob.id, "delivered": 4, "read": 3, "read_at": read_at})
    assert await wire.next("receipt") == {"type": "receipt", "chat": chat, "by": world.bob.id, "delivered": 4, "read": 3, "read_at": read_at}
    listed = {each["user"]: (each["delivered"], each["read"], each["read_at"]) for each in (await world.ann.request("GET", f"/chats/{chat}/receipts")).json()["items"]}
    assert listed == {world.ann.id: (1, 1, None), world.bob.id: (4, 3, read_at)}


@pytest.mark.parametrize(("noted", "stands"), [({"read": 4}, (4, 4)), ({"delivered": 3}, (3, 2)), ({"read": 99}, (4, 4)), ({"delivered": 99}, (4, 2)), ({"read": 0}, (2, 2)), ({}, (2, 2))])
async def test_a_position_never_goes_back_nor_past_the_head(server: Server, noted: dict[str, int], stands: tuple[int, int]) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    for text in ("one", "two"):
        await world.ann.request("POST", f"/chats/{chat}/messages", json={"text": text})

    await world.bob.request("POST", f"/chats/{chat}/receipts", json=noted)
    later = (await world.bob.request("POST", f"/chats/{chat}/receipts", json={"read": 1, "delivered": 1})).json()

    assert (later["delivered"], later["read"]) == stands


@pytest.mark.parametrize("noted", [{"read": -1}, {"read": 2**53}, {"delivered": "x"}, {"read": 1.5}, {"read": True}])
async def test_a_position_that_cannot_be_is_refused(server: Server, noted: dict[str, Any]) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")

    refused(await world.ann.request("POST", f"/chats/{chat}/receipts", json=noted), "field_invalid")


async def test_receipts_are_listed_page_by_page(server: Server) -> None:
    world = await server.world("ann", "bob", "cid")
    chat = await world.chat("ann", "bob", "cid")

    found = await pages(world.ann, f"/chats/{chat}/receipts", 2)

    assert [len(page) for page in found] == [2, 1]
    assert {each["user"] for page in found for each in page} == {world.ann.id, world.bob.id, world.cid.id}


async def test_who_is_no_member_leaves_no_receipt(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann")

    refused(await world.bob.request("POST", f"/chats/{chat}/receipts", json={"read": 1}), "not_a_member")
