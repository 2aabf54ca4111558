"""How far everybody has got: gathered, stored together, told to those who may see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenfour.actions import receipts
from tenfour.actions.receipts import TURNS, ReceiptBook
from tenfour.broker.broker import OwnReceipt, ReceiptNotice, ReceiptNotices
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, Seq, UserId
from tests.actions.world import World, refusal
from tests.eventually import eventually
from tests.storage.foreign import locked


@pytest.fixture
async def chat(world: World) -> ChatId:
    """Ann, Ben and Cid, and five messages."""
    chat = await world.chat("ann", "ben", "cid")
    for _ in range(5):
        await world.say(chat, world.people["ann"])
    return chat


async def progress(world: World, chat: ChatId) -> dict[UserId, tuple[Seq, Seq]]:
    listed = await world.read(receipts.list_receipts, chat, world.people["ann"], after=None, limit=100)
    return {each.user: (each.delivered, each.read) for each in listed}


async def test_many_receipts_of_one_second_are_stored_and_told_as_the_farthest(world: World, chat: ChatId) -> None:
    ben, cid = world.people["ben"], world.people["cid"]
    book = ReceiptBook(world.context)
    for delivered, read in ((4, 0), (8, 0), (0, 5), (6, 3)):
        book.note(chat, ben, delivered=delivered, read=read)
    book.note(chat, cid, read=7)

    await book.flush()

    stored = await progress(world, chat)
    assert (stored[ben], stored[cid]) == ((8, 5), (7, 7))
    (bell,) = world.broker.chat_bells
    assert isinstance(bell, ReceiptNotices)
    assert {(each.by, each.delivered, each.read) for each in bell.receipts} == {(ben, 8, 5), (cid, 7, 7)}


async def test_a_flush_without_news_stores_and_tells_nothing(world: World, chat: ChatId) -> None:
    book = ReceiptBook(world.context)
    book.note(chat, world.people["ben"], read=6)
    await book.flush()
    world.broker.chat_bells.clear()
    commits = world.store.figures.commits

    await book.flush()
    assert world.store.figures.commits == commits
    book.note(chat, world.people["ben"], read=4)
    await book.flush()

    assert world.broker.chat_bells == []


async def test_nothing_is_read_beyond_the_head_or_by_strangers(world: World, chat: ChatId) -> None:
    ben, eve = world.people["ben"], await world.person("eve")
    book = ReceiptBook(world.context)
    book.note(chat, ben, read=2**53)
    book.note(chat, eve, read=4)

    await book.flush()

    stored = await progress(world, chat)
    assert stored[ben] == (8, 8)
    assert eve not in stored
    assert [each.by for bell in world.broker.chat_bells if isinstance(bell, ReceiptNotices) for each in bell.receipts] == [ben]


async def test_in_a_large_chat_only_the_users_own_connections_are_told(world: World, chat: ChatId) -> None:
    ben = world.people["ben"]
    context = replace(world.context, policy=replace(world.context.policy, receipts_live_max=2))
    book = ReceiptBook(context)
    book.note(chat, ben, read=6)

    await book.flush()

    assert world.broker.chat_bells == []
    assert world.broker.user_bells == [OwnReceipt(ben, ReceiptNotice(chat, ben, 6, 6, world.clock.now_ms()))]


async def test_the_turns_of_a_second_reach_every_chat_once(world: World) -> None:
    chats = [await world.chat("ann") for _ in range(12)]
    for each in chats:
        await world.say(each, world.people["ann"])
    book = ReceiptBook(world.context)
    for each in chats:
        book.note(each, world.people["ann"], read=2)

    for turn in range(TURNS):
        await book.flush(turn)

    assert sorted(bell.chat for bell in world.broker.chat_bells if isinstance(bell, ReceiptNotices)) == sorted(chats)


async def test_receipts_wait_for_a_store_that_cannot_write_and_what_comes_meanwhile_counts(world: World, chat: ChatId) -> None:
    ben = world.people["ben"]
    book = ReceiptBook(world.context)
    book.note(chat, ben, read=5)
    with locked(world.path):
        await book.flush()
        assert world.store.trouble is not None
        book.note(chat, ben, delivered=7)
    assert world.broker.chat_bells == []

    await eventually(lambda: world.store.trouble is None)
    await book.flush()

    assert (await progress(world, chat))[ben] == (7, 5)


async def test_a_receipt_by_itself_is_stored_at_once_and_answered_with_the_position(world: World, chat: ChatId) -> None:
    ben, eve = world.people["ben"], await world.person("eve")

    first = await receipts.store_receipt(world.context, chat, ben, delivered=0, read=6)
    second = await receipts.store_receipt(world.context, chat, ben, delivered=7, read=3)

    assert [(each.delivered, each.read) for each in (first, second)] == [(6, 6), (7, 6)]
    assert len(world.broker.chat_bells) == 2
    assert await refusal(receipts.store_receipt(world.context, chat, eve, delivered=1, read=1)) is ErrorCode.NOT_A_MEMBER
    assert await refusal(receipts.store_receipt(world.context, ChatId("none"), ben, delivered=1, read=1)) is ErrorCode.CHAT_UNKNOWN
    assert await refusal(world.read(receipts.list_receipts, chat, eve, after=None, limit=10)) is ErrorCode.NOT_A_MEMBER


async def test_positions_are_listed_page_by_page(world: World, chat: ChatId) -> None:
    ann = world.people["ann"]

    first = await world.read(receipts.list_receipts, chat, ann, after=None, limit=2)
    rest = await world.read(receipts.list_receipts, chat, ann, after=first[-1].user, limit=2)

    assert [each.user for each in (*first, *rest)] == sorted(world.people.values())
