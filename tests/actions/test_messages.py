"""Saying something and reading it, without an edge."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from tenfour.actions import messages
from tenfour.actions.chats import leave_chat
from tenfour.actions.members import add_member
from tenfour.actions.messages import Position
from tenfour.domain.chat import HistoryRule
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, MessageId, UserId, new_id
from tenfour.storage.schema import members
from tests.actions.world import World, refusal


async def texts(world: World, chat: ChatId, user: UserId) -> list[str | None]:
    page = await world.read(messages.get_history, chat, user, Position(), 100)
    return [item.text for item in page.items]


async def mute(world: World, user: UserId, until_ms: int) -> None:
    await world.store.change(lambda tx: tx.connection.execute(update(members).where(members.c.user == user).values(muted_until=until_ms)).rowcount)


async def test_a_message_is_in_the_history_once_its_place_is_known(world: World) -> None:
    chat = await world.chat("ann")
    ann = world.people["ann"]

    sent = await messages.send_message(world.context, Draft(chat, ann, "k", "hi"))

    (item,) = (await world.read(messages.get_history, chat, ann, Position(), 10)).items
    assert (item.id, item.seq, item.sender, item.key, item.text, item.at) == (sent.id, sent.seq, ann, "k", "hi", sent.at)
    assert await world.read(messages.get_message, chat, ann, sent.id) == item
    assert (sent.seq, sent.duplicate) == (2, False)


async def test_a_message_sent_twice_with_one_key_appears_once(world: World) -> None:
    chat = await world.chat("ann")
    draft = Draft(chat, world.people["ann"], "k", "hi")

    places = await asyncio.gather(*[messages.send_message(world.context, draft) for _ in range(20)])

    assert {(place.seq, place.id) for place in places} == {(2, places[0].id)}
    assert sorted(place.duplicate for place in places) == [False] + [True] * 19
    assert await texts(world, chat, world.people["ann"]) == ["hi"]


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("", "hi", ErrorCode.KEY_MISSING),
        ("a b", "hi", ErrorCode.KEY_INVALID),
        ("k" * 65, "hi", ErrorCode.KEY_INVALID),
        ("k", "", ErrorCode.TEXT_EMPTY),
        ("k", " \n", ErrorCode.TEXT_EMPTY),
        ("k", "x" * 16_001, ErrorCode.TEXT_TOO_LONG),
        ("k", "a\0b", ErrorCode.TEXT_INVALID),
        ("k", "a\ud800b", ErrorCode.TEXT_INVALID),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name_and_not_stored(world: World, key: str, text: str, code: ErrorCode) -> None:
    chat = await world.chat("ann")

    assert await refusal(messages.send_message(world.context, Draft(chat, world.people["ann"], key, text))) is code
    assert await texts(world, chat, world.people["ann"]) == []


async def test_strangers_say_nothing_and_read_nothing(world: World) -> None:
    chat = await world.chat("ann")
    sent = await world.say(chat, world.people["ann"])
    eve = await world.person("eve")

    codes = [
        await refusal(messages.send_message(world.context, Draft(chat, eve, "k", "hi"))),
        await refusal(world.read(messages.get_history, chat, eve, Position(), 10)),
        await refusal(world.read(messages.get_message, chat, eve, sent.id)),
        await refusal(world.read(messages.get_events, chat, eve, after=0, limit=10)),
        await refusal(messages.look_up_rights(world.context, world.rights, chat, eve)),
    ]

    assert codes == [ErrorCode.NOT_A_MEMBER] * 5
    assert await refusal(messages.send_message(world.context, Draft(ChatId(new_id(1)), eve, "k", "hi"))) is ErrorCode.CHAT_UNKNOWN


async def test_a_known_key_is_answered_first_whatever_its_sender_or_its_text_would_be_told_now(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ben = world.people["ben"]
    sent = await messages.send_message(world.context, Draft(chat, ben, "k", "hi"))
    await leave_chat(world.context, ben, chat)

    again = await messages.send_message(world.context, Draft(chat, ben, "k", "hi"))

    assert (again.seq, again.id, again.duplicate) == (sent.seq, sent.id, True)
    assert await refusal(messages.send_message(world.context, Draft(chat, ben, "k", "other"))) is ErrorCode.KEY_REUSED
    assert await refusal(messages.send_message(world.context, Draft(chat, ben, "k", ""))) is ErrorCode.KEY_REUSED
    assert await refusal(messages.send_message(world.context, Draft(chat, ben, "new", "hi"))) is ErrorCode.NOT_A_MEMBER


async def test_who_is_muted_is_told_for_how_long(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ben = world.people["ben"]
    await mute(world, ben, world.clock.now_ms() + 3_000)

    with pytest.raises(TenfourError) as caught:
        await world.say(chat, ben, key="k")
    world.clock.advance(3)
    sent = await world.say(chat, ben, key="k")

    assert (caught.value.code, caught.value.retry_after_ms) == (ErrorCode.MUTED, 3_000)
    assert not sent.duplicate


async def test_a_request_that_is_given_up_leaves_its_message_where_it_is(world: World) -> None:
    chat = await world.chat("ann")
    draft = Draft(chat, world.people["ann"], "k", "hi")
    sending = asyncio.ensure_future(messages.finish_send(world.context, draft, 1))
    entered = asyncio.ensure_future(world.store.settle())
    await asyncio.wait([entered])

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert (await messages.send_message(world.context, draft)).duplicate
    assert await texts(world, chat, world.people["ann"]) == ["hi"]


async def test_find_known_key_tells_the_old_the_other_and_the_new(world: World) -> None:
    chat = await world.chat("ann")
    ann = world.people["ann"]
    sent = await world.say(chat, ann, "hi", "k")

    found = [await messages.find_known_key(world.context, Draft(chat, ann, key, text)) for key, text in (("k", "hi"), ("k", "ho"), ("new", "hi"), ("no key", "hi"))]

    assert (found[0].seq, found[0].duplicate) == (sent.seq, True)
    assert found[1].code is ErrorCode.KEY_REUSED
    assert found[2:] == [None, None]


async def test_rights_that_were_looked_up_are_remembered(world: World) -> None:
    chat = await world.chat("ann")

    membership = await messages.look_up_rights(world.context, world.rights, chat, world.people["ann"])

    assert world.rights.peek(chat, world.people["ann"]) == membership


async def test_what_was_said_before_joining_is_unknown_where_the_chat_says_so(world: World) -> None:
    chat = await world.chat("ann", history=HistoryRule.FROM_JOINING)
    early = await world.say(chat, world.people["ann"], "early")
    ben = await world.person("ben")
    await add_member(world.context, world.people["ann"], chat, ben)
    late = await world.say(chat, world.people["ann"], "late")

    assert await texts(world, chat, ben) == ["late"]
    assert await refusal(world.read(messages.get_message, chat, ben, early.id)) is ErrorCode.MESSAGE_UNKNOWN
    assert (await world.read(messages.get_message, chat, ben, late.id)).text == "late"
    assert [event.seq for event in await world.read(messages.get_events, chat, ben, after=0, limit=10)] == [3, 4]
    assert await refusal(world.read(messages.get_message, chat, ben, MessageId(new_id(1)))) is ErrorCode.MESSAGE_UNKNOWN
