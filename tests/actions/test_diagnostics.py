"""Chats of delivery tests: how long they last, and what is left of them."""

from __future__ import annotations

from sqlalchemy import func, select

from tenfour.actions import diagnostics
from tenfour.domain.event import EventKind
from tenfour.ids import ChatId
from tenfour.storage.schema import chats, events, members, messages
from tests.actions.world import World


async def rows_of(world: World, chat: ChatId) -> int:
    """How many rows of the database belong to the chat."""
    counts = [select(func.count()).where(chats.c.id == chat), *(select(func.count()).where(table.c.chat == chat) for table in (events, members, messages))]
    return await world.store.read(lambda connection: sum(connection.execute(each).scalar_one() for each in counts))


async def test_a_test_that_nobody_ended_goes_after_an_hour(world: World) -> None:
    opened = await diagnostics.open_delivery_chat(world.context, await world.person("ann"))
    world.clock.advance(3_599)
    early = await diagnostics.forget_delivery_chats(world.context)
    world.clock.advance(2)
    late = await diagnostics.forget_delivery_chats(world.context)

    assert (early, late) == (0, 1)
    assert await rows_of(world, opened.chat) == 0


async def test_an_old_test_is_not_taken_for_a_new_one(world: World) -> None:
    ann = await world.person("ann")
    old = await diagnostics.open_delivery_chat(world.context, ann)
    world.clock.advance(3_601)

    new = await diagnostics.open_delivery_chat(world.context, ann)

    assert (old.is_new, new.is_new) == (True, True)
    assert old.chat != new.chat


async def test_a_test_rings_for_nobody_until_it_ends_and_leaves_no_row(world: World) -> None:
    ann = await world.person("ann")
    opened = await diagnostics.open_delivery_chat(world.context, ann)
    bells = [*world.commits]

    await diagnostics.delete_delivery_chat(world.context, ann, opened.chat)

    assert bells == []
    [[last]] = world.commits
    assert [event.kind for event in last.changes] == [EventKind.MEMBER_LEFT]
    assert await rows_of(world, opened.chat) == 0
