"""Local accounts: the first administrator, registration, names, passwords, disabling."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tenfour.actions import accounts, sessions
from tenfour.actions.accounts import INVITE_DAYS, Profile
from tenfour.actions.context import Context, Registration
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.secrets import INVITE_PREFIX, new_secret
from tenfour.auth.tokens import AccessTokens
from tenfour.broker.broker import SessionEnded, UserDisabled
from tenfour.errors import ErrorCode
from tenfour.ids import UserId, new_id
from tenfour.storage import people
from tests.actions.world import World, refusal

PASSWORD = "correct horse"


def under(world: World, registration: Registration) -> Context:
    return replace(world.context, policy=replace(world.context.policy, registration=registration))


async def invite(world: World, hasher: PasswordHasher, uses: int = 1) -> str:
    secret = new_secret(INVITE_PREFIX)
    await accounts.make_invite(world.context, await world.person("host"), secret, uses)
    return secret


async def test_the_set_up_link_makes_one_administrator_and_no_second(world: World, hasher: PasswordHasher) -> None:
    link = await accounts.make_setup_link(world.context)
    assert link is not None

    root = await accounts.set_up(world.context, hasher, link, "root", PASSWORD)

    assert (await world.read(people.person, root)).admin
    assert await refusal(accounts.set_up(world.context, hasher, link, "second", PASSWORD)) is ErrorCode.SETUP_DONE
    assert await accounts.make_setup_link(world.context) is None


async def test_only_the_newest_set_up_link_is_good(world: World, hasher: PasswordHasher) -> None:
    old, new = await accounts.make_setup_link(world.context), await accounts.make_setup_link(world.context)
    assert old is not None
    assert new is not None

    for wrong in (old, "", "tfs_guess"):
        assert await refusal(accounts.set_up(world.context, hasher, wrong, "root", PASSWORD)) is ErrorCode.SETUP_LINK_INVALID
    await accounts.set_up(world.context, hasher, new, "root", PASSWORD)


async def test_a_set_up_that_is_refused_leaves_the_link_good(world: World, hasher: PasswordHasher) -> None:
    link = await accounts.make_setup_link(world.context)
    assert link is not None

    assert await refusal(accounts.set_up(world.context, hasher, link, "no spaces", PASSWORD)) is ErrorCode.NAME_INVALID
    assert await refusal(accounts.set_up(world.context, hasher, link, "root", "short")) is ErrorCode.PASSWORD_WEAK

    assert await accounts.set_up(world.context, hasher, link, "root", PASSWORD)


async def test_ten_who_use_the_link_at_once_make_one_administrator(world: World, hasher: PasswordHasher) -> None:
    link = await accounts.make_setup_link(world.context)
    assert link is not None

    made = await asyncio.gather(*[accounts.set_up(world.context, hasher, link, f"root{number}", PASSWORD) for number in range(10)], return_exceptions=True)

    assert sum(isinstance(each, str) for each in made) == 1


async def test_registration_is_closed_open_or_by_invitation(world: World, hasher: PasswordHasher) -> None:
    secret = await invite(world, hasher)

    assert await refusal(accounts.register(under(world, Registration.CLOSED), hasher, "ann", PASSWORD, secret)) is ErrorCode.REGISTRATION_CLOSED
    assert await refusal(accounts.register(under(world, Registration.INVITE), hasher, "ann", PASSWORD, None)) is ErrorCode.INVITE_INVALID
    ann = await accounts.register(under(world, Registration.INVITE), hasher, "ann", PASSWORD, secret)
    ben = await accounts.register(under(world, Registration.OPEN), hasher, "ben", PASSWORD, None)

    assert [(await world.read(people.person, user)).admin for user in (ann, ben)] == [False, False]


async def test_an_invitation_is_good_for_its_uses_and_its_days(world: World, hasher: PasswordHasher) -> None:
    context = under(world, Registration.INVITE)
    once, twice, late = [await invite(world, hasher, uses) for uses in (1, 2, 1)]

    await accounts.register(context, hasher, "one", PASSWORD, once)
    assert await refusal(accounts.register(context, hasher, "two", PASSWORD, once)) is ErrorCode.INVITE_INVALID
    await accounts.register(context, hasher, "two", PASSWORD, twice)
    assert await refusal(accounts.register(context, hasher, "two", PASSWORD, twice)) is ErrorCode.NAME_TAKEN
    await accounts.register(context, hasher, "three", PASSWORD, twice)
    assert await refusal(accounts.register(context, hasher, "four", PASSWORD, "tfi_guess")) is ErrorCode.INVITE_INVALID
    world.clock.advance(INVITE_DAYS * 86_400)
    assert await refusal(accounts.register(context, hasher, "five", PASSWORD, late)) is ErrorCode.INVITE_INVALID


@pytest.mark.parametrize("other", ["ann", "ANN", "\uff21nn", " Ann "])
async def test_two_spellings_of_one_name_are_one_account(world: World, hasher: PasswordHasher, other: str) -> None:
    await accounts.add_account(world.context, hasher, "Ann", PASSWORD)

    assert await refusal(accounts.add_account(world.context, hasher, other, PASSWORD)) is ErrorCode.NAME_TAKEN


async def test_ten_who_want_one_name_at_once_get_one_account(world: World, hasher: PasswordHasher) -> None:
    made = await asyncio.gather(*[accounts.add_account(world.context, hasher, "ann", PASSWORD) for _ in range(10)], return_exceptions=True)

    assert sum(isinstance(each, str) for each in made) == 1


async def test_a_profile_changes_what_others_see(world: World, hasher: PasswordHasher) -> None:
    ann = await accounts.add_account(world.context, hasher, "ann", PASSWORD)
    guest = await world.person("guest")

    for user, wanted in ((ann, Profile("Anna", "teal")), (ann, Profile("ANNA")), (guest, Profile("Guest of Honour"))):
        await accounts.change_profile(world.context, hasher, user, wanted, keep=None)

    found = await world.read(people.person, ann)
    assert (found.name, found.avatar_colour) == ("ANNA", "teal")
    assert (await world.read(people.person, guest)).name == "Guest of Honour"


async def test_a_profile_that_is_refused_changes_nothing_of_it(world: World, hasher: PasswordHasher, tokens: AccessTokens) -> None:
    ann = await accounts.add_account(world.context, hasher, "ann", PASSWORD)
    await accounts.add_account(world.context, hasher, "ben", PASSWORD)
    guest = await world.person("guest")
    refused = [
        (ann, Profile("Ben", "teal", "battery staple"), ErrorCode.NAME_TAKEN),
        (ann, Profile("two words", "teal"), ErrorCode.NAME_INVALID),
        (ann, Profile("anna", "teal", "short"), ErrorCode.PASSWORD_WEAK),
        (guest, Profile("\u202e"), ErrorCode.NAME_INVALID),
        (guest, Profile("Guest of Honour", None, "battery staple"), ErrorCode.CONFLICT),
    ]

    codes = [await refusal(accounts.change_profile(world.context, hasher, user, wanted, keep=None)) for user, wanted, _ in refused]

    assert codes == [code for _, _, code in refused]
    assert [((await world.read(people.person, user)).name, (await world.read(people.person, user)).avatar_colour) for user in (ann, guest)] == [("ann", None), ("guest", None)]
    await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)


async def test_a_new_password_ends_every_session_but_the_one_that_is_kept(world: World, hasher: PasswordHasher, tokens: AccessTokens) -> None:
    ann = await accounts.add_account(world.context, hasher, "ann", PASSWORD)
    kept, one, two = [(await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)).session for _ in range(3)]

    await accounts.change_password(world.context, hasher, ann, "battery staple", keep=kept)

    assert [row.id for row in await world.read(people.sessions_of, ann, world.clock.now_ms())] == [kept]
    assert sorted(world.broker.user_bells, key=str) == sorted([SessionEnded(ann, one), SessionEnded(ann, two)], key=str)
    assert await refusal(sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)) is ErrorCode.LOGIN_FAILED
    await sessions.log_in(world.context, hasher, tokens, "ann", "battery staple", user_agent=None, address=None)
    assert await refusal(accounts.change_password(world.context, hasher, ann, "short", keep=None)) is ErrorCode.PASSWORD_WEAK


async def test_who_has_no_password_gets_none(world: World, hasher: PasswordHasher) -> None:
    assert await refusal(accounts.change_password(world.context, hasher, await world.person("guest"), PASSWORD, keep=None)) is ErrorCode.CONFLICT


async def test_who_is_disabled_has_no_session_and_no_connection_left(world: World, hasher: PasswordHasher, tokens: AccessTokens) -> None:
    ann = await accounts.add_account(world.context, hasher, "ann", PASSWORD)
    await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)

    await accounts.set_disabled(world.context, ann, disabled=True)

    assert world.broker.user_bells == [UserDisabled(ann)]
    assert await world.read(people.sessions_of, ann, world.clock.now_ms()) == []
    assert (await world.read(people.person, ann)).disabled
    await accounts.set_disabled(world.context, ann, disabled=False)
    await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)
    assert await refusal(accounts.set_disabled(world.context, UserId(new_id(1)), disabled=True)) is ErrorCode.USER_UNKNOWN
