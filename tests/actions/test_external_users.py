"""Users of a product: made at first sight, once."""

from __future__ import annotations

import asyncio

import pytest

from tenfour.actions import external_users
from tenfour.auth.tokens import Claims
from tenfour.errors import ErrorCode
from tenfour.storage import people
from tests.actions.world import World, refusal


def claims(external_id: str, name: str | None = None, issuer: str = "https://shop.example") -> Claims:
    return Claims(None, external_id, issuer, None, name, 0, None, frozenset())


async def test_who_comes_fifty_times_at_once_is_one_user(world: World) -> None:
    seen = await asyncio.gather(*[external_users.provision(world.context, claims("42", "Ann")) for _ in range(50)])

    (user,) = set(seen)
    found = await world.read(people.person, user)
    assert (found.name, found.external_id, found.admin, found.disabled) == ("Ann", "42", False, False)


async def test_one_id_at_two_issuers_is_two_people(world: World) -> None:
    one = await external_users.provision(world.context, claims("42"))
    other = await external_users.provision(world.context, claims("42", issuer="https://other.example"))

    assert one != other


async def test_a_token_without_a_name_shows_the_id_and_a_later_one_does_not_rename(world: World) -> None:
    user = await external_users.provision(world.context, claims("42"))

    await external_users.provision(world.context, claims("42", "Ann"))

    assert (await world.read(people.person, user)).name == "42"


async def test_the_back_end_makes_and_renames_and_says_which(world: World) -> None:
    user, is_new = await external_users.ensure_user(world.context, "key", "42", "Ann")
    again = await external_users.ensure_user(world.context, "key", "42", None)
    named = (await world.read(people.person, user)).name
    renamed = await external_users.ensure_user(world.context, "key", "42", "Anna")

    assert (is_new, again, renamed, named) == (True, (user, False), (user, False), "Ann")
    assert (await world.read(people.person, user)).name == "Anna"


async def test_two_people_of_a_product_may_have_one_name(world: World) -> None:
    one, _ = await external_users.ensure_user(world.context, "key", "1", "Ann")
    other, _ = await external_users.ensure_user(world.context, "key", "2", "Ann")

    assert one != other


async def test_a_token_whose_name_cannot_be_shown_is_refused_as_a_token(world: World) -> None:
    assert await refusal(external_users.provision(world.context, claims("42", "a\nb"))) is ErrorCode.TOKEN_CLAIMS


@pytest.mark.parametrize("name", ["\u202e", "a\nb", "\0", " "])
async def test_a_name_that_deceives_the_eye_is_refused(world: World, name: str) -> None:
    assert await refusal(external_users.ensure_user(world.context, "key", "42", name)) is ErrorCode.NAME_INVALID
