"""What every store promises (``tenfour.storage.store``).

A database takes part by a class that inherits ``StoreContract`` and gives the fixture ``open_node``; one
whose database several nodes may write inherits ``SharedStoreContract`` too.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import insert, update

from tenfour.domain.chat import HistoryRule
from tenfour.domain.event import EventKind
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, MessageId, UserId, new_id
from tenfour.storage import directory, reads
from tenfour.storage.directory import Progress
from tenfour.storage.reads import NO_EVENTS
from tenfour.storage.schema import messages, users
from tenfour.storage.store import Appended, NotAppended, Transaction
from tests.storage.node import Node, Said, code, drafts, expected_page, replayed

OpenNode = Callable[[], Awaitable[Node]]


class _Nodes:
    @pytest.fixture
    def open_node(self) -> OpenNode:
        """Opens a node on the test's database; whoever gives it closes what is left open."""
        raise NotImplementedError

    @pytest.fixture
    async def node(self, open_node: OpenNode) -> AsyncIterator[Node]:
        node = await open_node()
        yield node
        assert node.fatal == []


class StoreContract(_Nodes):
    # Order

    async def test_messages_of_a_chat_get_seqs_without_a_gap_in_the_order_of_arrival(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        wanted = [draft for pair in zip(drafts(chat, ann, 300, "a"), drafts(chat, ben, 300, "b"), strict=True) for draft in pair]

        outcomes = await node.say_all(wanted, await node.rights_seq(chat))

        assert [each.seq for each in outcomes if isinstance(each, Appended)] == list(range(3, 603))
        assert await node.texts(chat) == [draft.text for draft in wanted]

    async def test_the_order_of_arrival_holds_from_batch_to_batch(self, node: Node) -> None:
        ann, *others = [await node.person() for _ in range(4)]
        chat = await node.chat(ann, *others)
        rights_seq = await node.rights_seq(chat)
        wanted = [draft for number in range(900) for sender in others for draft in [Draft(chat, sender, str(number), f"{number} {sender}")]]

        outcomes = await node.say_all(wanted, rights_seq)

        assert len(node.commits) > 1, "more than one batch"
        assert [each.seq for each in outcomes if isinstance(each, Appended)] == list(range(5, 5 + len(wanted)))
        assert await node.texts(chat) == [draft.text for draft in wanted]

    async def test_seqs_of_different_chats_have_nothing_to_do_with_each_other(self, node: Node) -> None:
        ann = await node.person()
        one, other = await node.chat(ann), await node.chat(ann)

        outcomes = await node.say_all([Draft(chat, ann, f"{number}", "x") for number in range(3) for chat in (one, other)], 1)

        assert [each.seq for each in outcomes if isinstance(each, Appended)] == [2, 2, 3, 3, 4, 4]

    async def test_a_flood_in_one_chat_does_not_keep_another_waiting_until_its_end(self, node: Node) -> None:
        ann, *flooders = [await node.person() for _ in range(8)]
        busy, quiet = await node.chat(*flooders), await node.chat(ann)
        rights_seq = await node.rights_seq(busy)
        flood = [node.submit(draft, rights_seq) for flooder in flooders for draft in drafts(busy, flooder, 900)]

        answer = await node.submit(Draft(quiet, ann, "k", "only one"), 1)

        outcomes = await asyncio.gather(*flood)
        assert isinstance(answer, Appended)
        assert all(isinstance(each, Appended) for each in outcomes)
        assert node.told.index(answer) < node.told.index(outcomes[-1])

    async def test_time_in_a_chat_never_goes_back(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann)
        node.clock.advance(-3600)

        await node.say(chat, ann)

        times = [event.at for event in await node.events(chat)]
        assert times == sorted(times)

    # What is told

    async def test_acks_come_before_their_commit_is_told_and_the_commit_holds_what_is_stored(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        node.told.clear()

        acks = await node.say_all(drafts(chat, ann, 3), 1)
        await node.store.settle()

        seqs = {each.seq: node.told.index(each) for each in acks if isinstance(each, Appended)}
        assert sorted(seqs) == [2, 3, 4]
        payloads = []
        for commit in node.commits:
            (events,) = commit
            assert events.chat == chat
            assert all(seqs[seq] < node.told.index(commit) for seq in range(events.first_seq, events.last_seq + 1))
            payloads += events.payloads
        told = [json.loads(payload) for payload in payloads]
        assert [(each["seq"], each["text"], each["key"], each["by"]) for each in told] == [(number + 2, f"text {number}", f"text-{number}", ann) for number in range(3)]
        assert [each["id"] for each in told] == [event.message_id for event in (await node.events(chat))[1:]]

    async def test_what_was_acked_is_read_by_the_next_read(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)

        for number in range(20):
            await node.say(chat, ann, f"{number}")
            page = await node.history(chat, ann)
            assert page.items[-1].text == f"{number}"

    async def test_a_commit_tells_of_each_chat_once_with_its_messages_and_its_changes_in_order(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann)
        node.told.clear()

        said = [node.submit(draft, 1) for draft in drafts(chat, ann, 3)]
        await asyncio.gather(*said, node.join(chat, ben))
        await node.store.settle()

        told = [of_chat for commit in node.commits for of_chat in commit]
        assert [(json.loads(payload)["seq"], json.loads(payload)["type"]) for of_chat in told for payload in of_chat.payloads] == [
            (event.seq, event.kind.value) for event in (await node.events(chat))[1:]
        ]
        assert [change.kind for of_chat in told for change in of_chat.changes] == [EventKind.MEMBER_JOINED]
        assert all(len({of_chat.chat for of_chat in commit}) == len(commit) for commit in node.commits)

    # Keys

    async def test_a_key_twice_in_one_batch_appears_once(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)

        first, again = await node.say_all([Draft(chat, ann, "k", "hi"), Draft(chat, ann, "k", "hi")], 1)

        assert isinstance(first, Appended)
        assert again == Appended(first.seq, first.id, first.at, duplicate=True)
        assert await node.texts(chat) == ["hi"]

    async def test_a_key_sent_again_later_is_answered_with_its_first_place(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        first = await node.say(chat, ann, "hi", key="k")
        node.clock.advance(60)

        again = await node.say(chat, ann, "hi", key="k")

        assert isinstance(first, Appended)
        assert again == Appended(first.seq, first.id, first.at, duplicate=True)
        assert await node.texts(chat) == ["hi"]

    async def test_old_and_new_keys_in_one_batch_leave_no_gap(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say_all(drafts(chat, ann, 20), 1)

        outcomes = await node.say_all([draft for pair in zip(drafts(chat, ann, 20), drafts(chat, ann, 20, "new"), strict=True) for draft in pair], 1)

        assert [each.duplicate for each in outcomes if isinstance(each, Appended)] == [True, False] * 20
        assert await node.texts(chat) == [f"text {number}" for number in range(20)] + [f"new {number}" for number in range(20)]

    async def test_a_duplicate_is_told_to_nobody_but_its_sender(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann, "hi", key="k")
        await node.store.settle()
        node.told.clear()

        await node.say(chat, ann, "hi", key="k")
        await node.store.settle()

        assert node.commits == []

    async def test_a_key_belongs_to_its_sender_and_its_chat(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        one, other = await node.chat(ann, ben), await node.chat(ann, ben)

        outcomes = await node.say_all([Draft(one, ann, "k", "1"), Draft(one, ben, "k", "2"), Draft(other, ann, "k", "3")], 2)

        assert [each.duplicate for each in outcomes if isinstance(each, Appended)] == [False] * 3
        assert (await node.texts(one), await node.texts(other)) == (["1", "2"], ["3"])

    @pytest.mark.parametrize("when", ["in one batch", "later"])
    async def test_a_key_with_another_content_is_refused_and_the_first_content_stays(self, node: Node, when: str) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        base = await node.say(chat, ann, "base")
        assert isinstance(base, Appended)
        first = Draft(chat, ann, "k", "hi")
        if when == "later":
            await node.say_all([first], 1)

        outcomes = await node.say_all([first, Draft(chat, ann, "k", "ho"), Draft(chat, ann, "k", "hi", base.id), Draft(chat, ann, "k2", "new")], 1)

        assert [isinstance(each, Appended) for each in outcomes] == [True, False, False, True]
        assert [code(each) for each in outcomes[1:3]] == [ErrorCode.KEY_REUSED] * 2
        assert await node.texts(chat) == ["base", "hi", "new"]

    # Rights

    async def test_a_draft_decided_at_older_rights_is_decided_again(self, node: Node) -> None:
        ann, ben, cid = [await node.person() for _ in range(3)]
        chat = await node.chat(ann, ben, cid)
        decided_at = await node.rights_seq(chat)
        await node.leave(chat, ben)
        await node.change_member(chat, cid, muted_until=node.clock.now_ms() + 5_000)

        outcomes = await node.say_all([Draft(chat, user, "k", "hi") for user in (ann, ben, cid)], decided_at)

        assert isinstance(outcomes[0], Appended)
        assert [code(each) for each in outcomes[1:]] == [ErrorCode.NOT_A_MEMBER, ErrorCode.MUTED]
        assert isinstance(outcomes[2], NotAppended)
        assert outcomes[2].retry_after_ms == 5_000
        assert await node.texts(chat) == ["hi"]

    async def test_somebody_removed_while_the_message_waits_in_the_queue_is_refused(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        decided_at = await node.rights_seq(chat)
        left = node.leave(chat, ben)

        outcomes = [await node.submit(draft, decided_at) for draft in drafts(chat, ben, 5)]
        await left

        last = (await node.events(chat))[-1]
        stored = [each for each in outcomes if isinstance(each, Appended)]
        assert last.kind is EventKind.MEMBER_LEFT or not stored
        assert {code(each) for each in outcomes if isinstance(each, NotAppended)} <= {ErrorCode.NOT_A_MEMBER}
        assert isinstance(outcomes[-1], NotAppended)

    async def test_what_was_stored_keeps_its_ack_whatever_its_sender_may_now(self, node: Node) -> None:
        ann, ben, cid = [await node.person() for _ in range(3)]
        chat = await node.chat(ann, ben, cid)
        decided_at = await node.rights_seq(chat)
        firsts = await node.say_all([Draft(chat, ben, "k", "hi"), Draft(chat, cid, "k", "ho")], decided_at)
        await node.leave(chat, ben)
        await node.disable(cid)

        again = await node.say_all([Draft(chat, ben, "k", "hi"), Draft(chat, cid, "k", "ho"), Draft(chat, ben, "k", "other"), Draft(chat, cid, "k2", "new")], decided_at)

        assert again[:2] == [Appended(each.seq, each.id, each.at, duplicate=True) for each in firsts if isinstance(each, Appended)]
        assert [code(each) for each in again[2:]] == [ErrorCode.KEY_REUSED, ErrorCode.USER_DISABLED]

    async def test_a_disabled_sender_is_refused_and_nobody_else(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        await node.disable(ben)

        outcomes = await node.say_all([Draft(chat, ben, "k", "hi"), Draft(chat, ann, "k", "ho")], 2)

        assert code(outcomes[0]) is ErrorCode.USER_DISABLED
        assert await node.texts(chat) == ["ho"]

    async def test_a_reply_has_to_be_to_a_message_of_the_same_chat(self, node: Node) -> None:
        ann = await node.person()
        chat, other = await node.chat(ann), await node.chat(ann)
        here, there = await node.say(chat, ann), await node.say(other, ann)
        assert isinstance(here, Appended)
        assert isinstance(there, Appended)

        answers = [await node.say(chat, ann, "re", reply_to=to) for to in (here.id, there.id, MessageId(new_id(0)))]

        assert isinstance(answers[0], Appended)
        assert [code(each) for each in answers[1:]] == [ErrorCode.REPLY_UNKNOWN] * 2
        assert (await node.history(chat, ann)).items[-1].reply_to == here.id

    async def test_a_message_to_a_chat_that_is_not_there_costs_only_itself(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)

        outcomes = await node.say_all([Draft(ChatId(new_id(0)), ann, "k", "hi"), Draft(chat, ann, "k", "ho")], 1)

        assert code(outcomes[0]) is ErrorCode.CHAT_UNKNOWN
        assert isinstance(outcomes[1], Appended)

    # Changes

    async def test_a_change_that_raises_undoes_itself_alone(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann)

        def fail(tx: Transaction) -> None:
            tx.append(chat, EventKind.CHAT_CHANGED, ann, data={"title": "never"})
            raise TenfourError(ErrorCode.CONFLICT)

        results = await asyncio.gather(node.store.change(fail), node.submit(Draft(chat, ann, "k", "hi"), 1), node.join(chat, ben), return_exceptions=True)

        assert isinstance(results[0], TenfourError)
        assert results[0].code is ErrorCode.CONFLICT
        assert [event.kind for event in await node.events(chat)] == [EventKind.MEMBER_JOINED, EventKind.MESSAGE_SENT, EventKind.MEMBER_JOINED]

    async def test_a_change_whose_sql_is_refused_undoes_itself_alone_and_the_store_is_not_in_trouble(self, node: Node) -> None:
        ann = await node.person()
        row = {"id": ann, "name": "again", "issuer": "local", "created_at": 0}

        results = await asyncio.gather(node.store.change(lambda tx: tx.connection.execute(insert(users).values(row))), node.chat(ann), return_exceptions=True)

        assert type(results[0]).__name__ == "IntegrityError"
        assert isinstance(results[1], str)
        assert node.store.trouble is None

    async def test_changes_of_rights_move_rights_seq_and_other_events_do_not(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann)
        before = await node.rights_seq(chat)

        await node.join(chat, ben)

        assert (before, await node.rights_seq(chat)) == (1, 3)

    async def test_what_happens_to_a_member_counts_in_the_members_own_row(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann)

        async def membership_seq(user: UserId) -> int:
            return await node.store.read(lambda connection: connection.execute(users.select().where(users.c.id == user)).one().membership_seq)

        seqs = [await membership_seq(ben)]
        for act in (node.join, node.leave, node.join):
            await act(chat, ben)
            seqs.append(await membership_seq(ben))

        assert seqs == [0, 1, 2, 3]
        assert await membership_seq(ann) == 1

    async def test_an_event_for_a_chat_that_is_not_there_is_refused(self, node: Node) -> None:
        with pytest.raises(TenfourError) as caught:
            await node.store.change(lambda tx: tx.append(ChatId("none"), EventKind.CHAT_CHANGED, UserId("x"), data={}))

        assert caught.value.code is ErrorCode.CHAT_UNKNOWN

    # Reads

    async def test_a_read_cannot_write(self, node: Node) -> None:
        ann = await node.person("ann")

        with pytest.raises(TenfourError):
            await node.store.read(lambda connection: connection.execute(update(users).values(name="ben")))

        assert (await node.store.read(lambda connection: reads.admission(connection, ann, None, limit=0))).user.name == "ann"

    async def test_a_read_sees_one_moment(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        loop = asyncio.get_running_loop()

        def twice(connection) -> tuple[int, int]:
            before = reads.heads(connection, [chat])[chat]
            asyncio.run_coroutine_threadsafe(node.say(chat, ann, rights_seq=1), loop).result(30)
            return before, reads.heads(connection, [chat])[chat]

        before, after = await node.store.read(twice)

        assert before == after
        assert len(await node.events(chat)) == before + 1

    async def test_membership_is_read_with_the_page_and_never_remembered(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        await node.history(chat, ben)
        await node.remove_row(chat, ben)

        for query in (reads.history, lambda *at: reads.events_after(*at, 0, 10), reads.require_membership):
            with pytest.raises(TenfourError) as caught:
                await node.store.read(lambda connection, query=query: query(connection, chat, ben))
            assert caught.value.code is ErrorCode.NOT_A_MEMBER
        page = (await node.replay(ben, {chat: 0}))[chat]
        assert (page.member, page.events) == (None, NO_EVENTS)

    async def test_who_joins_a_chat_with_history_from_joining_sees_nothing_from_before(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, history=HistoryRule.FROM_JOINING)
        early = await node.say(chat, ann, "early")
        await node.join(chat, ben)
        await node.say(chat, ann, "late")
        assert isinstance(early, Appended)

        pages = [await node.history(chat, ben, **position) for position in ({}, {"after": 0}, {"before": 100}, {"around": early.seq})]
        events = await node.store.read(lambda connection: reads.events_after(connection, chat, ben, 0, 100))
        page_of_events = (await node.replay(ben, {chat: 0}))[chat]

        assert [([each.text for each in page.items], page.has_before) for page in pages] == [(["late"], False)] * 4
        assert [event.seq for event in events] == [seq for seq, _ in replayed(page_of_events)] == [3, 4]
        with pytest.raises(TenfourError):
            await node.store.read(lambda connection: reads.message(connection, chat, ben, early.id))
        assert [each.text for each in (await node.history(chat, ann)).items] == ["early", "late"]

    @pytest.mark.parametrize("way", ["newest", "before", "after", "around"])
    async def test_a_page_lies_where_it_was_asked_for_and_knows_what_is_on_either_side(self, node: Node, way: str) -> None:
        ann, ben, cid = [await node.person() for _ in range(3)]
        chat = await node.chat(ann, history=HistoryRule.FROM_JOINING)
        said: list[Said] = []
        for step in range(6):
            outcome = await node.say(chat, ann, f"{step}")
            assert isinstance(outcome, Appended)
            said.append((outcome.seq, f"{step}"))
            if step in (1, 5):
                await node.join(chat, ben if step == 1 else cid)
        visible = {ann: said, ben: said[2:], cid: []}

        for user, seq, limit in itertools.product(visible, range(11), range(1, 8)):
            page = await node.history(chat, user, limit=limit, **({} if way == "newest" else {way: seq}))
            found = ([(each.seq, each.text) for each in page.items], page.has_before, page.has_after)
            assert found == expected_page(visible[user], way, seq, limit), f"{way} {seq}, limit {limit}"

    async def test_replay_pages_share_one_limit_and_say_how_far_they_got(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        one, other, third = [await node.chat(ann, ben) for _ in range(3)]
        for chat in (one, other, third):
            await node.say_all(drafts(chat, ann, 3), 2)
        strange, unknown = await node.chat(ann), ChatId(new_id(0))
        positions = {one: 2, other: 2, third: 0, strange: 0, unknown: 0}

        pages = await node.replay(ben, positions, limit=5, members_max=2)

        assert [([seq for seq, _ in replayed(pages[chat])], pages[chat].cursor) for chat in (one, other, third)] == [([3, 4, 5], 5), ([3, 4], 4), ([], 0)]
        assert set(pages[one].members or ()) == {ann, ben}
        assert pages[strange].chat is not None
        assert (pages[strange].member, pages[unknown].chat) == (None, None)

    @pytest.mark.parametrize(("after", "gap_max"), [(None, 100), (5, 100), (6, 100), (0, 4)])
    async def test_a_position_at_or_beyond_the_head_or_too_far_behind_replays_nothing(self, node: Node, after: int | None, gap_max: int) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say_all(drafts(chat, ann, 4), 1)

        page = (await node.replay(ann, {chat: after}, gap_max=gap_max, members_max=0))[chat]

        assert (page.events, page.cursor, page.members) == (NO_EVENTS, 5, None)

    async def test_a_replayed_event_carries_the_present_state_of_its_message(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        kept, gone = await node.say(chat, ann, "kept"), await node.say(chat, ann, "gone")
        assert isinstance(kept, Appended)
        assert isinstance(gone, Appended)
        await node.store.change(lambda tx: tx.connection.execute(update(messages).where(messages.c.id == gone.id).values(text=None, deleted_at=tx.now_ms)) and None)

        said = [event.message for event in await node.events(chat) if event.message is not None]

        assert [(each.text, each.deleted) for each in said] == [("kept", False), (None, True)]

    # Receipts

    async def test_receipts_only_move_forward_and_never_past_the_head(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        await node.say_all(drafts(chat, ann, 8), 2)
        steps = [(5, 0), (3, 4), (4, 2), (0, 7), (10_000, 9_999), (1, 1)]

        moved = [await node.store.change(lambda tx, step=step: directory.store_receipts(tx.connection, [(chat, Progress(ben, *step))], tx.now_ms)) for step in steps]

        assert [[(each.delivered, each.read) for each in some] for some in moved] == [[(5, 2)], [(5, 4)], [], [(7, 7)], [(10, 10)], []]

    async def test_a_position_says_when_it_was_read_and_a_delivery_does_not_change_that(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        await node.say_all(drafts(chat, ann, 8), 2)
        steps = [(5, 0), (0, 4), (9, 0), (0, 4), (0, 9)]

        moved = [await node.store.change(lambda tx, step=step, at=at: directory.store_receipts(tx.connection, [(chat, Progress(ben, *step))], at)) for at, step in enumerate(steps)]

        assert [[(each.read, each.read_at) for each in some] for some in moved] == [[(2, None)], [(4, 1)], [(4, 1)], [], [(9, 4)]]
        assert await node.store.read(lambda connection: directory.find_progress(connection, chat, ben)) == Progress(ben, 9, 9, 4)
        listed = await node.store.read(lambda connection: directory.list_progress(connection, chat, after=None, limit=10))
        assert {each.user: each.read_at for each in listed} == {ann: None, ben: 4}

    async def test_a_receipt_of_a_stranger_is_nothing(self, node: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann)

        moved = await node.store.change(
            lambda tx: directory.store_receipts(tx.connection, [(chat, Progress(ben, 1, 1)), (ChatId("none"), Progress(ann, 1, 1)), (chat, Progress(ann, 2, 2))], tx.now_ms)
        )

        assert [(each.user, each.read) for each in moved] == [(ann, 2)]

    # The store as a whole

    async def test_what_is_stored_and_the_epoch_are_there_after_a_restart(self, node: Node, open_node: OpenNode) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann, "hi", key="k")
        epoch = node.store.epoch
        await node.close()

        again = await open_node()

        assert again.store.epoch == epoch
        assert await again.texts(chat) == ["hi"]
        known = await again.say(chat, ann, "hi", key="k")
        assert isinstance(known, Appended)
        assert known.duplicate

    async def test_a_close_answers_all_that_waits_and_refuses_what_comes_after(self, node: Node, open_node: OpenNode) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        waiting = [node.submit(draft, 1) for draft in drafts(chat, ann, 500)]

        await node.close()

        assert all(isinstance(each.result(), Appended) for each in waiting)
        assert code(await node.submit(Draft(chat, ann, "k", "late"), 1)) is ErrorCode.DRAINING
        for late in (node.store.change(lambda tx: None), node.store.read(lambda connection: None)):
            with pytest.raises(TenfourError) as caught:
                await late
            assert caught.value.code is ErrorCode.DRAINING
        assert len(await (await open_node()).texts(chat)) == 500

    async def test_settle_returns_once_everything_before_it_is_answered(self, node: Node) -> None:
        ann, *others = [await node.person() for _ in range(6)]
        chat = await node.chat(ann, *others)
        waiting = [node.submit(draft, 6) for sender in others for draft in drafts(chat, sender, 900)]
        changed = asyncio.ensure_future(node.store.change(lambda tx: "changed"))

        await node.store.settle()

        assert all(each.done() for each in waiting)
        assert await changed == "changed"

    async def test_a_callback_that_fails_costs_nobody_else_an_answer(self, node: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        mistakes: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
        broken = node.submit(Draft(chat, ann, "k1", "one"), 1)
        broken.cancel()  # its callback will find a future that takes no result

        answer = await node.submit(Draft(chat, ann, "k2", "two"), 1)
        await node.store.settle()

        assert isinstance(answer, Appended)
        assert [type(each) for each in mistakes] == [asyncio.InvalidStateError]
        assert sum(len(events.payloads) for commit in node.commits for events in commit if events.chat == chat) == 3


class SharedStoreContract(_Nodes):
    """Several nodes on one database."""

    @pytest.fixture
    async def other(self, open_node: OpenNode, node: Node) -> Node:
        return await open_node()

    async def test_two_nodes_that_append_to_one_chat_leave_no_gap_and_lose_nothing(self, node: Node, other: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)

        async def talk(at: Node, user: UserId) -> None:
            for number in range(40):
                assert isinstance(await at.say(chat, user, f"{number}", rights_seq=2), Appended)

        await asyncio.gather(talk(node, ann), talk(other, ben))

        events = (await node.events(chat))[2:]
        assert [[event.message.text for event in events if event.by == user and event.message] for user in (ann, ben)] == [[f"{number}" for number in range(40)]] * 2
        told = sorted(json.loads(payload)["seq"] for at in (node, other) for commit in at.commits for of_chat in commit if of_chat.chat == chat for payload in of_chat.payloads)
        assert told == list(range(1, 83))

    async def test_a_key_sent_to_two_nodes_at_once_appears_once(self, node: Node, other: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        same = drafts(chat, ann, 30)

        here, there = await asyncio.gather(node.say_all(same, 1), other.say_all(same, 1))

        assert [one.seq for one in here if isinstance(one, Appended)] == [one.seq for one in there if isinstance(one, Appended)] == list(range(2, 32))
        assert [one.duplicate ^ two.duplicate for one, two in zip(here, there, strict=True) if isinstance(one, Appended) and isinstance(two, Appended)] == [True] * 30
        assert len(await node.texts(chat)) == 30

    async def test_who_was_removed_on_one_node_is_refused_on_the_other(self, node: Node, other: Node) -> None:
        ann, ben = await node.person(), await node.person()
        chat = await node.chat(ann, ben)
        decided_at = await other.rights_seq(chat)
        await node.leave(chat, ben)

        outcome = await other.say(chat, ben, rights_seq=decided_at)

        assert code(outcome) is ErrorCode.NOT_A_MEMBER

    async def test_what_one_node_stored_the_other_reads_and_both_have_one_epoch(self, node: Node, other: Node) -> None:
        ann = await node.person()
        chat = await node.chat(ann)
        await node.say(chat, ann, "hi")

        assert [each.text for each in (await other.history(chat, ann)).items] == ["hi"]
        assert node.store.epoch == other.store.epoch
