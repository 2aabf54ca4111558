"""One-time tickets."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from tenfour.actions import tickets
from tenfour.actions.context import Caller
from tenfour.actions.tickets import Ticket
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId
from tenfour.storage.schema import tickets as rows
from tests.actions.world import World, refusal


async def caller(world: World) -> Caller:
    return Caller(await world.person("ann"), SessionId("session"), admin=False, token_expires_ms=world.clock.now_ms() + 900_000)


async def test_a_ticket_stands_for_its_token_once(world: World) -> None:
    ann = await caller(world)
    ticket = await tickets.make_ticket(world.context, ann)

    assert await tickets.redeem_ticket(world.context, ticket) == Ticket(ann.user, ann.session, ann.token_expires_ms)
    assert await refusal(tickets.redeem_ticket(world.context, ticket)) is ErrorCode.TICKET_INVALID


async def test_fifty_who_come_with_one_ticket_at_once_let_one_in(world: World) -> None:
    ticket = await tickets.make_ticket(world.context, await caller(world))

    let_in = await asyncio.gather(*[tickets.redeem_ticket(world.context, ticket) for _ in range(50)], return_exceptions=True)

    assert sum(isinstance(each, Ticket) for each in let_in) == 1
    assert sum(isinstance(each, TenfourError) for each in let_in) == 49


async def test_a_ticket_is_good_for_thirty_seconds(world: World) -> None:
    first, second = [await tickets.make_ticket(world.context, await caller(world)) for _ in range(2)]
    world.clock.advance(30)
    assert await tickets.redeem_ticket(world.context, first)
    world.clock.advance(0.001)

    assert await refusal(tickets.redeem_ticket(world.context, second)) is ErrorCode.TICKET_INVALID
    assert await refusal(tickets.redeem_ticket(world.context, "tft_guess")) is ErrorCode.TICKET_INVALID


async def test_tickets_that_nobody_used_do_not_pile_up_and_none_is_stored_in_clear(world: World) -> None:
    for _ in range(5):
        await tickets.make_ticket(world.context, await caller(world))
    world.clock.advance(31)

    ticket = await tickets.make_ticket(world.context, await caller(world))

    assert await world.read(lambda connection: connection.execute(select(func.count()).select_from(rows)).scalar_one()) == 1
    assert ticket not in str(await world.read(lambda connection: connection.execute(select(rows)).all()))
