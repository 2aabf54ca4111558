"""Group commit: what waits together is written together, what cannot wait is refused by name, trouble loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage.backlog import WAITING_PER_SENDER_MAX
from tenfour.storage.schema import members
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import Appended, NotAppended
from tenfour.storage.writer import CHANGES_WAITING_MAX
from tests.eventually import eventually, hold_until
from tests.storage.foreign import locked
from tests.storage.node import Node, code, drafts


@contextlib.contextmanager
def held(node: Node) -> Iterator[None]:
    """The writer stands still in a change, so that everything else waits."""
    reached, gate = threading.Event(), threading.Event()

    def wait(tx: object) -> None:
        reached.set()
        gate.wait(60)

    standing = asyncio.ensure_future(node.store.change(wait))
    hold_until(reached.is_set)
    try:
        yield
    finally:
        gate.set()
    standing.add_done_callback(lambda done: done.exception())


@pytest.fixture
def store(node: Node) -> SqliteStore:
    assert isinstance(node.store, SqliteStore)
    return node.store


async def test_what_gathered_while_a_transaction_ran_is_one_commit(node: Node, store: SqliteStore) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    with held(node):
        commits = store.figures.commits
        waiting = [node.submit(draft, 1) for draft in drafts(chat, ann, 800)]

    outcomes = await asyncio.gather(*waiting)

    assert all(isinstance(each, Appended) for each in outcomes)
    assert store.figures.commits == commits + 2, "the one that was held, and one for all that waited"
    assert store.figures.last_batch == 800
    assert len({each.at for each in outcomes if isinstance(each, Appended)}) == 1


async def test_one_sender_cannot_fill_the_queue_and_what_is_refused_can_be_sent_again(node: Node, store: SqliteStore) -> None:
    ann, ben = await node.person(), await node.person()
    chat = await node.chat(ann, ben)
    wanted = drafts(chat, ann, WAITING_PER_SENDER_MAX + 1)
    with held(node):
        waiting = [node.submit(draft, 2) for draft in wanted]
        refused = waiting[-1].result()
        other = node.submit(Draft(chat, ben, "k", "not busy for me"), 2)
        assert store.waiting == WAITING_PER_SENDER_MAX + 1

    assert isinstance(refused, NotAppended)
    assert refused.code is ErrorCode.BUSY
    assert refused.retry_after_ms is not None
    assert refused.retry_after_ms > 0
    assert all(isinstance(each, Appended) for each in await asyncio.gather(*waiting[:-1], other))
    assert isinstance(await node.submit(wanted[-1], 2), Appended)
    assert await node.texts(chat) == [*[draft.text for draft in wanted[:-1]], "not busy for me", wanted[-1].text]
    assert store.waiting == 0


async def test_a_full_queue_of_changes_is_busy_and_loses_none(node: Node) -> None:
    done: list[int] = []
    with held(node):
        waiting = [node.store.change(lambda tx, number=number: done.append(number)) for number in range(CHANGES_WAITING_MAX)]
        with pytest.raises(TenfourError) as caught:
            await node.store.change(lambda tx: None)

    await asyncio.gather(*waiting)

    assert caught.value.code is ErrorCode.BUSY
    assert done == list(range(CHANGES_WAITING_MAX))


async def test_while_another_program_has_the_lock_nothing_is_acked_reads_go_on_and_it_heals_by_itself(node: Node, store: SqliteStore, path: Path) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    await node.say(chat, ann, "before")
    with locked(path):
        refused = await asyncio.gather(*[node.submit(draft, 1) for draft in drafts(chat, ann, 50)])
        with pytest.raises(TenfourError) as caught:
            await node.store.change(lambda tx: None)
        trouble, seen = store.trouble, await node.texts(chat)

    assert {code(each) for each in refused} == {caught.value.code} == {ErrorCode.STORE_DOWN}
    assert all(each.retry_after_ms for each in refused if isinstance(each, NotAppended))
    assert trouble is not None
    assert "locked" in trouble
    assert seen == ["before"]
    await eventually(lambda: store.trouble is None)
    assert all(isinstance(each, Appended) for each in await node.say_all(drafts(chat, ann, 50), 1))
    assert await node.texts(chat) == ["before", *[f"text {number}" for number in range(50)]]


async def test_no_later_message_is_taken_until_the_senders_of_a_failed_batch_are_told(node: Node, store: SqliteStore, path: Path) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    first, second = drafts(chat, ann, 2)
    with locked(path):
        failing = node.submit(first, 1)
        hold_until(lambda: store.trouble is not None)

    # The lock is gone, but the loop was held, so that the sender of the first one does not know yet.
    assert not failing.done()
    assert code(node.submit(second, 1).result()) is ErrorCode.STORE_DOWN

    assert code(await failing) is ErrorCode.STORE_DOWN
    await node.store.settle()
    assert [each.seq for each in await node.say_all([first, second], 1) if isinstance(each, Appended)] == [2, 3]


async def test_what_waits_behind_a_batch_that_fails_is_refused_with_it(node: Node, path: Path) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    with locked(path):
        first = node.submit(Draft(chat, ann, "first", "first"), 1)
        hold_until(lambda: not node.store._opened._backlog)
        behind = [node.submit(draft, 1) for draft in drafts(chat, ann, 20)]
        changing = node.store.change(lambda tx: None)
        outcomes = await asyncio.gather(first, *behind)

    assert {code(each) for each in outcomes} == {ErrorCode.STORE_DOWN}
    with pytest.raises(TenfourError):
        await changing
    assert await node.texts(chat) == []


async def test_a_mistake_in_the_writer_costs_its_batch_and_not_the_thread(node: Node, store: SqliteStore) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    mistakes: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
    await store.change(lambda tx: tx.connection.execute(update(members).values(role="emperor")) and None)

    refused = await node.say(chat, ann, rights_seq=0)
    accepted = await node.say(chat, ann, "the role is not looked at", rights_seq=1)

    assert code(refused) is ErrorCode.STORE_DOWN
    assert isinstance(accepted, Appended)
    assert [type(each) for each in mistakes] == [ValueError]
    assert store.trouble is None


async def test_the_figures_count_every_commit_once(node: Node, store: SqliteStore) -> None:
    ann = await node.person()
    chat = await node.chat(ann)
    commits, appended = store.figures.commits, store.figures.appended

    for draft in drafts(chat, ann, 5):
        await node.submit(draft, 1)
    await node.say_all(drafts(chat, ann, 100, "more"), 1)
    await store.settle()

    assert store.figures.appended == appended + 105
    assert store.figures.commits > commits
    assert sum(store.figures.batch_sizes) == sum(store.figures.commit_times) == store.figures.commits
