"""Log-ins and the refresh tokens that keep them alive."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from tenfour.actions import accounts, sessions
from tenfour.actions.sessions import LoggedIn
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.tokens import AccessTokens
from tenfour.broker.broker import SessionEnded
from tenfour.errors import ErrorCode
from tenfour.ids import SessionId, UserId, new_id
from tenfour.storage import people, reads
from tenfour.storage.schema import retired_refresh_hashes
from tenfour.storage.schema import sessions as session_rows
from tests.actions.world import World, refusal

PASSWORD = "correct horse"


@pytest.fixture
async def ann(world: World, hasher: PasswordHasher) -> UserId:
    return await accounts.add_account(world.context, hasher, "ann", PASSWORD)


@pytest.fixture
async def logged_in(world: World, hasher: PasswordHasher, tokens: AccessTokens, ann: UserId) -> LoggedIn:
    return await sessions.log_in(world.context, hasher, tokens, "Ann", PASSWORD, user_agent="test", address="127.0.0.1")


async def standing(world: World, user: UserId) -> list[SessionId]:
    return [row.id for row in await world.read(people.sessions_of, user, world.clock.now_ms())]


async def test_a_log_in_opens_a_session_and_stores_no_secret(world: World, ann: UserId, logged_in: LoggedIn) -> None:
    assert (logged_in.user, logged_in.name, logged_in.expires_in_s) == (ann, "ann", world.context.policy.access_token_s)
    (row,) = await world.read(people.sessions_of, ann, world.clock.now_ms())
    assert (row.id, row.user_agent, row.address) == (logged_in.session, "test", "127.0.0.1")
    stored = str((await world.read(lambda connection: connection.execute(select(session_rows)).one()))._mapping)
    assert logged_in.refresh_token not in stored
    assert logged_in.access_token not in stored


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong horse"), ("eve", PASSWORD), ("", ""), ("ann", "x" * 10_000), ("ann\0", PASSWORD)])
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(world: World, hasher: PasswordHasher, tokens: AccessTokens, ann: UserId, name: str, password: str) -> None:
    assert await refusal(sessions.log_in(world.context, hasher, tokens, name, password, user_agent=None, address=None)) is ErrorCode.LOGIN_FAILED
    assert await standing(world, ann) == []


async def test_who_is_disabled_is_told_so_only_with_the_right_password(world: World, hasher: PasswordHasher, tokens: AccessTokens, ann: UserId) -> None:
    await accounts.set_disabled(world.context, ann, disabled=True)

    codes = [await refusal(sessions.log_in(world.context, hasher, tokens, "ann", password, user_agent=None, address=None)) for password in (PASSWORD, "wrong horse")]

    assert codes == [ErrorCode.USER_DISABLED, ErrorCode.LOGIN_FAILED]


async def test_a_refresh_gives_a_successor_and_keeps_the_session(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    world.clock.advance(60)

    first = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    world.clock.advance(60)
    second = await sessions.refresh_session(world.context, tokens, first.refresh_token)

    assert len({logged_in.refresh_token, first.refresh_token, second.refresh_token}) == 3
    assert len({logged_in.access_token, first.access_token, second.access_token}) == 3
    assert {first.session, second.session} == {logged_in.session}


async def test_a_reply_lost_within_ten_seconds_is_given_again(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    first = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    world.clock.advance(10)

    again = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)

    assert again.refresh_token == first.refresh_token
    assert await standing(world, logged_in.user) == [logged_in.session]
    assert world.broker.user_bells == []
    assert (await sessions.refresh_session(world.context, tokens, again.refresh_token)).session == logged_in.session


async def test_a_token_used_again_later_ends_the_session_and_its_connections(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    first = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    world.clock.advance(10.001)

    code = await refusal(sessions.refresh_session(world.context, tokens, logged_in.refresh_token))

    assert code is ErrorCode.REFRESH_REUSED
    assert world.broker.user_bells == [SessionEnded(logged_in.user, logged_in.session)]
    assert await standing(world, logged_in.user) == []
    assert await refusal(sessions.refresh_session(world.context, tokens, first.refresh_token)) is ErrorCode.REFRESH_INVALID


async def test_a_token_two_generations_old_ends_the_session_at_once(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    first = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    await sessions.refresh_session(world.context, tokens, first.refresh_token)

    assert await refusal(sessions.refresh_session(world.context, tokens, logged_in.refresh_token)) is ErrorCode.REFRESH_REUSED
    assert await standing(world, logged_in.user) == []


async def test_fifty_uses_at_once_rotate_once_and_all_get_the_one_successor(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    given = await asyncio.gather(*[sessions.refresh_session(world.context, tokens, logged_in.refresh_token) for _ in range(50)])

    (successor,) = {each.refresh_token for each in given}
    assert successor != logged_in.refresh_token
    assert await standing(world, logged_in.user) == [logged_in.session]
    await sessions.refresh_session(world.context, tokens, successor)


async def test_a_theft_ends_one_session_and_no_other(world: World, hasher: PasswordHasher, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    other = await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None)
    await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    world.clock.advance(11)
    await refusal(sessions.refresh_session(world.context, tokens, logged_in.refresh_token))

    assert await standing(world, logged_in.user) == [other.session]
    await sessions.refresh_session(world.context, tokens, other.refresh_token)


@pytest.mark.parametrize("token", ["", "tfr_nothing", "\ud800", "x" * 10_000])
async def test_an_unknown_token_ends_nothing(world: World, tokens: AccessTokens, logged_in: LoggedIn, token: str) -> None:
    assert await refusal(sessions.refresh_session(world.context, tokens, token)) is ErrorCode.REFRESH_INVALID
    assert await standing(world, logged_in.user) == [logged_in.session]


async def test_a_session_that_is_not_used_expires_and_one_that_is_used_does_not(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    life_s = world.context.policy.refresh_token_s
    world.clock.advance(life_s - 1)
    used = await sessions.refresh_session(world.context, tokens, logged_in.refresh_token)
    world.clock.advance(life_s - 1)
    used = await sessions.refresh_session(world.context, tokens, used.refresh_token)
    world.clock.advance(life_s)

    assert await refusal(sessions.refresh_session(world.context, tokens, used.refresh_token)) is ErrorCode.REFRESH_INVALID
    assert await standing(world, logged_in.user) == []


async def test_who_was_disabled_cannot_refresh(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    await accounts.set_disabled(world.context, logged_in.user, disabled=True)
    await accounts.set_disabled(world.context, logged_in.user, disabled=False)

    assert await refusal(sessions.refresh_session(world.context, tokens, logged_in.refresh_token)) is ErrorCode.REFRESH_INVALID


async def test_a_session_is_ended_once_and_by_its_user_only(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    eve = await world.person("eve")

    assert await refusal(sessions.end_session(world.context, eve, logged_in.session)) is ErrorCode.SESSION_UNKNOWN
    assert await refusal(sessions.end_session(world.context, logged_in.user, SessionId(new_id(1)))) is ErrorCode.SESSION_UNKNOWN
    assert world.broker.user_bells == []
    await sessions.end_session(world.context, logged_in.user, logged_in.session)

    assert world.broker.user_bells == [SessionEnded(logged_in.user, logged_in.session)]
    assert await refusal(sessions.end_session(world.context, logged_in.user, logged_in.session)) is ErrorCode.SESSION_UNKNOWN
    assert await refusal(sessions.refresh_session(world.context, tokens, logged_in.refresh_token)) is ErrorCode.REFRESH_INVALID


async def test_what_is_over_is_forgotten_and_what_stands_is_not(world: World, hasher: PasswordHasher, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    ended, standing_one = [await sessions.log_in(world.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None) for _ in range(2)]
    await sessions.refresh_session(world.context, tokens, ended.refresh_token)
    await sessions.end_session(world.context, ended.user, ended.session)
    world.clock.advance(world.context.policy.refresh_token_s - 1)
    first = await sessions.refresh_session(world.context, tokens, standing_one.refresh_token)
    world.clock.advance(world.context.policy.access_token_s + 2)

    forgotten = [await sessions.forget_ended(world.context) for _ in range(2)]

    assert forgotten == [3, 0], "two sessions, and the used token of one of them"
    assert await world.read(lambda connection: set(connection.execute(select(session_rows.c.id)).scalars())) == {standing_one.session}
    assert await world.read(lambda connection: len(connection.execute(select(retired_refresh_hashes)).all())) == 1
    for gone in (logged_in, ended):
        assert await refusal(sessions.refresh_session(world.context, tokens, gone.refresh_token)) is ErrorCode.REFRESH_INVALID
        admission = await world.read(reads.admission, gone.user, gone.session, limit=0)
        assert admission is not None
        assert admission.session_revoked
    assert await refusal(sessions.refresh_session(world.context, tokens, standing_one.refresh_token)) is ErrorCode.REFRESH_REUSED
    assert await refusal(sessions.refresh_session(world.context, tokens, first.refresh_token)) is ErrorCode.REFRESH_INVALID


async def test_used_refresh_tokens_of_a_session_that_goes_on_are_forgotten_when_they_would_have_expired(world: World, tokens: AccessTokens, logged_in: LoggedIn) -> None:
    refresh = logged_in.refresh_token
    for _ in range(3):
        world.clock.advance(world.context.policy.refresh_token_s // 2)
        refresh = (await sessions.refresh_session(world.context, tokens, refresh)).refresh_token

    forgotten = await sessions.forget_ended(world.context)

    assert forgotten == 0
    world.clock.advance(world.context.policy.refresh_token_s // 2)
    refresh = (await sessions.refresh_session(world.context, tokens, refresh)).refresh_token
    assert await sessions.forget_ended(world.context) == 1
    assert await standing(world, logged_in.user) == [logged_in.session]
    assert (await sessions.refresh_session(world.context, tokens, refresh)).session == logged_in.session


async def test_a_great_many_are_forgotten_in_several_changes(world: World, ann: UserId) -> None:
    count = sessions.FORGOTTEN_AT_ONCE + 1
    row = {"user": ann, "created_at": 0, "last_used_at": 0, "expires_at": 0, "revoked_at": 1}
    rows = [row | {"id": new_id(0), "refresh_hash": f"hash {n}"} for n in range(count)]
    await world.store.change(lambda tx: tx.connection.execute(insert(session_rows), rows) and None)
    commits = world.store.figures.commits

    forgotten = await sessions.forget_ended(world.context)

    assert forgotten == count
    assert world.store.figures.commits == commits + 2
