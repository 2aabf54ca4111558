"""The client over real sockets against a real server process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenfour.client import Client, ClientClosed, Connected, ErrorCode, HistoryReplaced, MemberJoined, MemberLeft, MessageSent, Refused, Status, TenfourError, TypingShown, Waiting
from tenfour.client.outbox import MESSAGES_MAX
from tenfour.wire import frames
from tests.certificates import make_certificate, trusting
from tests.client.conftest import DEADLINE_S, take, take_until
from tests.client.relay import Relay
from tests.servers import Server, World

Make = Callable[..., Client]
NO_CHAT = "01890a5d-ac96-774b-bcce-b302099a8057"


async def within(work: Any) -> Any:
    return await asyncio.wait_for(work, DEADLINE_S)


async def told_of(statuses: asyncio.Queue[Status], kind: type[Any]) -> Any:
    """The next status of this kind."""
    while not isinstance(status := await statuses.get(), kind):
        pass
    return status


def seqs(events: list[Any]) -> list[int]:
    return [event.seq for event in events]


# Sending and hearing


async def test_a_message_is_acked_and_heard_by_every_member(world: World, chat: str, make_client: Make) -> None:
    ann, bob = (make_client(person.server.url, person.token) for person in (world.ann, world.bob))
    await within(asyncio.gather(ann.connected(), bob.connected()))
    heard = [client.chat(chat).events() for client in (ann, bob)]

    ack = await within(ann.chat(chat).send("Hello"))

    for events in heard:
        (event,) = await take(events, 1)
        assert isinstance(event, MessageSent)
        assert (event.seq, event.id, event.text, event.by) == (ack.seq, ack.id, "Hello", world.ann.id)


async def test_nobody_is_connected_before_the_server_has_said_welcome(world: World, make_client: Make) -> None:
    told: list[Status] = []
    client = make_client(world.ann.server.url, world.ann.token, on_status=told.append)

    assert not isinstance(client.status, Connected)
    await within(client.connected())

    assert client.welcome is not None
    assert client.welcome.user.id == world.ann.id
    assert isinstance(client.status, Connected)


async def test_messages_of_many_senders_are_stored_in_the_order_of_each(world: World, chat: str, make_client: Make) -> None:
    client = make_client(world.ann.server.url, world.ann.token)

    acks = await within(asyncio.gather(*(client.chat(chat).send(str(number)) for number in range(300))))

    assert seqs(acks) == list(range(acks[0].seq, acks[0].seq + 300))


async def test_a_key_that_is_used_again_gives_the_same_ack_and_one_message(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)

    first, beside = await within(asyncio.gather(room.send("Hello", key="k1"), room.send("Hello", key="k1")))
    later = await within(room.send("Hello", key="k1"))

    assert first == beside
    assert (later.seq, later.duplicate) == (first.seq, True)
    assert [message.text for message in (await room.history()).items] == ["Hello"]


async def test_a_key_on_its_way_with_another_text_is_refused_at_once(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)
    first = asyncio.create_task(room.send("one", key="k1"))
    await asyncio.sleep(0)

    with pytest.raises(TenfourError) as caught:
        await within(room.send("two", key="k1"))

    assert caught.value.code is ErrorCode.KEY_REUSED
    await within(first)


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("", {}, ErrorCode.TEXT_EMPTY),
        ("x" * 16_001, {}, ErrorCode.TEXT_TOO_LONG),
        ("é" * 40_000, {}, ErrorCode.TEXT_TOO_LONG),
        ("nul\0", {}, ErrorCode.TEXT_INVALID),
        ("Hello", {"key": "two words"}, ErrorCode.KEY_INVALID),
        ("Hello", {"reply_to": NO_CHAT}, ErrorCode.REPLY_UNKNOWN),
    ],
)
async def test_a_refused_message_raises_and_costs_nothing_else(world: World, chat: str, make_client: Make, text: str, more: dict[str, str], code: ErrorCode) -> None:
    client = make_client(world.ann.server.url, world.ann.token)
    await within(client.connected())
    connection = client.status

    with pytest.raises(TenfourError) as caught:
        await within(client.chat(chat).send(text, **more))

    assert caught.value.code is code
    await within(client.chat(chat).send("next"))
    assert client.status == connection
    assert client.waiting == 0


async def test_who_is_no_member_is_told_so_by_send_and_by_events(world: World, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(await world.chat("bob"))

    with pytest.raises(TenfourError) as sending:
        await within(room.send("Hello"))
    with pytest.raises(TenfourError) as hearing:
        await take(room.events(), 1)

    assert sending.value.code is hearing.value.code is ErrorCode.NOT_A_MEMBER


async def test_a_chat_that_is_not_there_is_named(world: World, make_client: Make) -> None:
    with pytest.raises(TenfourError) as caught:
        await within(make_client(world.ann.server.url, world.ann.token).chat(NO_CHAT).send("Hello"))

    assert caught.value.code is ErrorCode.CHAT_UNKNOWN


@pytest.mark.parametrize("chat_id", ["", "general", "01890a5dac96774bbcceb302099a8057", "../sessions"])
async def test_a_chat_id_that_is_none_is_refused_before_anything_is_sent(chat_id: str) -> None:
    client = Client("http://127.0.0.1:9", "token")

    with pytest.raises(TenfourError) as caught:
        client.chat(chat_id)

    assert caught.value.code is ErrorCode.CHAT_ID_INVALID
    await client.close()


@pytest.mark.parametrize("url", ["", "chat.example.org", "ws://chat.example.org", "https://", "https://chat.example.org/?x=1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        Client(url, "token")


async def test_history_comes_in_pages_both_ways_and_around_a_seq(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)
    acks = [await within(room.send(str(number))) for number in range(9)]

    newest = await room.history(limit=3)
    older = await room.history(before=newest.items[0].seq, limit=3)
    around = await room.history(around=acks[4].seq, limit=3)
    first = await room.history(after=0, limit=3)

    assert [[message.text for message in page.items] for page in (newest, older, around, first)] == [["6", "7", "8"], ["3", "4", "5"], ["3", "4", "5"], ["0", "1", "2"]]
    assert (newest.has_before, newest.has_after, first.has_before, first.has_after) == (True, False, False, True)


async def test_a_page_of_a_chat_that_one_may_not_see_is_refused_by_name(world: World, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(await world.chat("bob"))

    with pytest.raises(TenfourError) as caught:
        await within(room.history())

    assert caught.value.code is ErrorCode.NOT_A_MEMBER


async def test_typing_and_receipts_reach_the_other_members(world: World, chat: str, make_client: Make) -> None:
    heard: asyncio.Queue[frames.ServerFrame] = asyncio.Queue()
    ann = make_client(world.ann.server.url, world.ann.token)
    bob = make_client(world.bob.server.url, world.bob.token, on_frame=heard.put_nowait)
    of_ann, of_bob = ann.chat(chat).events(), bob.chat(chat).events()
    await within(asyncio.gather(ann.chat(chat).synced(), bob.chat(chat).synced()))
    seq = (await within(ann.chat(chat).send("Hello"))).seq

    await ann.chat(chat).typing()
    await ann.chat(chat).delivered(seq - 1)
    await ann.chat(chat).read(seq)

    found: dict[type[Any], Any] = {}
    async with asyncio.timeout(DEADLINE_S):
        while TypingShown not in found or found.get(frames.ReceiptShown) is None or found[frames.ReceiptShown].read < seq:
            frame = await heard.get()
            found[type(frame)] = frame
    assert (found[TypingShown].chat, found[TypingShown].by) == (chat, world.ann.id)
    assert (found[frames.ReceiptShown].by, found[frames.ReceiptShown].delivered) == (world.ann.id, seq)
    await asyncio.gather(of_ann.aclose(), of_bob.aclose())


# Several listeners


async def test_listeners_with_different_positions_each_get_their_events_once_and_in_order(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)
    head = (await within(room.send("first"))).seq
    live = room.events(after=head)
    await within(room.synced())
    from_start, from_before_head, from_now = room.events(after=0), room.events(after=head - 1), room.events()

    last = (await within(room.send("last"))).seq

    assert seqs(await take(live, last - head)) == list(range(head + 1, last + 1))
    assert seqs(await take(from_start, last)) == list(range(1, last + 1))
    assert seqs(await take(from_before_head, last - head + 1)) == list(range(head, last + 1))
    assert seqs(await take_until(from_now, "last")) == list(range(head + 1, last + 1))


async def test_a_position_that_never_was_is_told_to_its_listener_and_disturbs_no_other(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)
    other = room.events(after=0)
    await within(room.synced())

    astray = room.events(after=1_000_000)
    marker = (await take(astray, 1))[0]
    last = await within(room.send("last"))

    assert isinstance(marker, HistoryReplaced)
    assert seqs(await take_until(astray, "last")) == list(range(1, last.seq + 1))
    assert seqs(await take_until(other, "last")) == list(range(1, last.seq + 1))


async def test_a_listener_may_begin_at_an_ack_whose_event_has_not_come_yet(world: World, chat: str, make_client: Make) -> None:
    room = make_client(world.ann.server.url, world.ann.token).chat(chat)
    other = room.events(after=0)
    await within(room.synced())

    begins = []
    for number in range(20):
        ack = await within(room.send(str(number)))
        begins.append((ack.seq, room.events(after=ack.seq)))
    last = await within(room.send("last"))

    for seq, events in begins:
        assert seqs(await take_until(events, "last")) == list(range(seq + 1, last.seq + 1))
    assert seqs(await take_until(other, "last")) == list(range(1, last.seq + 1))


async def test_a_chat_that_nobody_listens_to_any_more_is_unsubscribed(world: World, chat: str, make_client: Make) -> None:
    client = make_client(world.ann.server.url, world.ann.token)
    first, second = client.chat(chat).events(), client.chat(chat).events()
    await within(client.chat(chat).synced())

    await first.aclose()
    still = client._connection.places
    assert chat in still
    del second
    gc.collect()

    assert chat not in client._connection.places
    # The server knows it too: typing is for those who follow.
    refused: asyncio.Future[frames.Error] = asyncio.get_running_loop().create_future()
    client._on_frame = lambda frame: refused.set_result(frame) if isinstance(frame, frames.Error) else None
    await client.chat(chat).typing()
    assert (await within(refused)).code == ErrorCode.NOT_SUBSCRIBED


async def test_following_all_hears_old_chats_and_those_joined_later(world: World, chat: str, make_client: Make) -> None:
    client = make_client(world.bob.server.url, world.bob.token)
    await within(client.connected())
    everything = client.follow_all()
    ann = make_client(world.ann.server.url, world.ann.token)

    await within(ann.chat(chat).send("old"))
    (old,) = await take(everything, 1)
    later = await world.chat("ann", "bob", title="Later")
    await within(ann.chat(later).send("new"))
    found = await take_until(everything, "new")

    assert isinstance(old, MessageSent)
    assert (old.chat, old.text) == (chat, "old")
    joined, *_, new = [event for event in found if event.chat == later]
    assert isinstance(joined, MemberJoined)
    assert joined.user == world.bob.id
    assert isinstance(new, MessageSent)


async def test_who_is_removed_gets_that_as_the_last_event_and_then_the_reason(world: World, chat: str, make_client: Make) -> None:
    client = make_client(world.bob.server.url, world.bob.token)
    events = client.chat(chat).events()
    await within(client.chat(chat).synced())

    removed = await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")
    assert removed.status_code == 204
    (last,) = await take(events, 1)
    with pytest.raises(TenfourError) as caught:
        await take(events, 1)

    assert isinstance(last, MemberLeft)
    assert last.user == world.bob.id
    assert caught.value.code is ErrorCode.REMOVED_FROM_CHAT


async def test_a_slow_listener_costs_bounded_memory_and_misses_nothing(world: World, chat: str, make_client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfour.client.client.FEED_ROOM", 10)
    client = make_client(world.ann.server.url, world.ann.token)
    slow = client.chat(chat).events(after=0)
    quick = client.chat(chat).events(after=0)
    acks = await within(asyncio.gather(*(client.chat(chat).send(str(number)) for number in range(150))))

    await take_until(quick, "149")
    kept = len(slow._feed)
    found = await take_until(slow, "149")

    assert kept <= 10
    assert seqs(found) == list(range(1, acks[-1].seq + 1))


async def test_who_follows_all_loses_nothing_of_the_others_where_one_chat_is_taken_away(world: World, chat: str, make_client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfour.client.client.FEED_ROOM", 5)
    taken = await world.chat("ann", "bob", title="Taken away")
    bob = make_client(world.bob.server.url, world.bob.token)
    await within(bob.connected())
    everything = bob.follow_all()
    ann = make_client(world.ann.server.url, world.ann.token)
    for number in range(10):
        await within(ann.chat(taken).send(str(number)))
    of_bob = bob.chat(taken).events()

    await world.ann.request("DELETE", f"/chats/{taken}/members/{world.bob.id}")
    while not isinstance(await within(anext(of_bob)), MemberLeft):
        pass
    await within(ann.chat(chat).send("still here"))

    found = await take_until(everything, "still here")
    assert [event.text for event in found if isinstance(event, MessageSent)] == [*map(str, range(5)), "still here"]


async def test_waiting_for_a_chat_that_nobody_follows_says_so(world: World, chat: str, make_client: Make) -> None:
    with pytest.raises(TenfourError) as caught:
        await within(make_client(world.ann.server.url, world.ann.token).chat(chat).synced())

    assert caught.value.code is ErrorCode.NOT_SUBSCRIBED


# Cuts


async def test_events_and_messages_survive_cuts_in_their_midst(world: World, chat: str, make_client: Make, relay: Relay) -> None:
    ann, bob = (make_client(relay.url, person.token) for person in (world.ann, world.bob))
    heard = bob.chat(chat).events(after=0)

    async def cut_often() -> None:
        for _ in range(6):
            await within(asyncio.gather(ann.connected(), bob.connected()))
            await within(ann.chat(chat).send("tick"))
            relay.cut()

    acks, _ = await within(asyncio.gather(asyncio.gather(*(ann.chat(chat).send(f"m{number}") for number in range(400))), cut_often()))
    last = await within(ann.chat(chat).send("last"))
    found = await take_until(heard, "last")

    assert seqs(found) == list(range(1, last.seq + 1))
    assert seqs(acks) == sorted(seqs(acks))
    assert [event.text for event in found if isinstance(event, MessageSent) and event.text != "tick"] == [*(f"m{number}" for number in range(400)), "last"]


async def test_a_gap_too_long_to_replay_is_read_from_the_history_and_told(world: World, chat: str, make_client: Make, relay: Relay) -> None:
    told: list[frames.ServerFrame] = []
    bob = make_client(relay.url, world.bob.token, on_frame=told.append)
    events = bob.chat(chat).events(after=0)
    await within(bob.chat(chat).synced())
    relay.freeze()
    ann = make_client(world.ann.server.url, world.ann.token)
    await within(asyncio.gather(*(ann.chat(chat).send(str(number)) for number in range(150))))

    relay.cut()
    last = await within(ann.chat(chat).send("last"))
    found = await take_until(events, "last")

    assert seqs(found) == list(range(1, last.seq + 1))
    assert [type(frame) for frame in told if isinstance(frame, frames.Reset)] == [frames.Reset]


async def test_a_cut_line_is_remembered_with_its_age(world: World, make_client: Make, relay: Relay) -> None:
    told: asyncio.Queue[Status] = asyncio.Queue()
    client = make_client(relay.url, world.ann.token, on_status=told.put_nowait)
    await within(client.connected())

    relay.cut()
    await within(told_of(told, Waiting))

    assert (client.cuts[0].code, client.time_limit) == (1006, None)


# Tokens


@pytest.mark.slow
async def test_an_expiring_token_is_renewed_on_the_open_connection(world: World, chat: str, make_client: Make) -> None:
    asked: list[bool] = []
    renewed: asyncio.Future[frames.ServerFrame] = asyncio.get_running_loop().create_future()

    async def token(renew: bool) -> str:  # noqa: FBT001
        asked.append(renew)
        return world.ann.server.token_of(world.ann.id, 3600 if renew else 2)

    client = make_client(world.ann.server.url, token, on_frame=lambda frame: renewed.set_result(frame) if isinstance(frame, frames.Authenticated) else None)
    await within(client.connected())
    connection = client.status
    await within(renewed)

    assert asked == [False, True]
    assert client.status == connection
    assert (await client.chat(chat).history()).items == []


async def test_a_refused_token_is_replaced_once_and_the_new_one_is_taken(world: World, make_client: Make) -> None:
    asked: list[bool] = []

    async def token(renew: bool) -> str:  # noqa: FBT001
        asked.append(renew)
        return world.ann.token if renew else "not.a.token"

    await within(make_client(world.ann.server.url, token).connected())

    assert asked == [False, True]


async def test_a_token_that_stays_bad_ends_every_wait_with_its_code(world: World, chat: str, make_client: Make) -> None:
    asked: list[bool] = []

    async def token(renew: bool) -> str:  # noqa: FBT001
        asked.append(renew)
        return "not.a.token"

    client = make_client(world.ann.server.url, token)
    waits = await within(asyncio.gather(client.connected(), client.chat(chat).send("Hello", key="k1"), anext(client.chat(chat).events()), client.chat(chat).synced(), return_exceptions=True))

    assert [each.code for each in waits if isinstance(each, TenfourError)] == [ErrorCode.TOKEN_MALFORMED] * 4
    assert isinstance(client.status, Refused)
    assert asked == [False, True]
    assert [entry.key for entry in client.unanswered] == ["k1"]
    with pytest.raises(TenfourError):
        await within(client.chat(chat).send("Hello"))


async def test_a_client_that_was_refused_can_start_again(world: World, make_client: Make) -> None:
    tokens = iter(["not.a.token", "not.a.token", world.ann.token])

    async def token(renew: bool) -> str:  # noqa: FBT001
        return next(tokens)

    client = make_client(world.ann.server.url, token)
    with pytest.raises(TenfourError):
        await within(client.connected())
    client.start()

    await within(client.connected())


async def test_a_failing_token_function_is_asked_again_after_a_while(world: World, make_client: Make) -> None:
    answers = iter([ConnectionError("the product's back end is away"), world.ann.token])

    async def token(renew: bool) -> str:  # noqa: FBT001
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    told: list[Status] = []
    client = make_client(world.ann.server.url, token, on_status=told.append)
    await within(client.connected())

    assert [status.why for status in told if hasattr(status, "why")] == ["token_not_given"]


# The end


async def test_the_newest_connections_win_and_the_oldest_does_not_come_back(world: World, make_client: Make) -> None:
    told: asyncio.Queue[Status] = asyncio.Queue()
    oldest = make_client(world.ann.server.url, world.ann.token, on_status=told.put_nowait)
    await within(oldest.connected())

    for _ in range(10):
        await within(make_client(world.ann.server.url, world.ann.token).connected())
    refused = await within(told_of(told, Refused))

    assert refused.code == ErrorCode.REPLACED
    assert oldest.status == refused
    assert oldest._connection.next_tick_at() is None


async def test_a_closed_client_names_what_had_no_answer(chat: str) -> None:
    client = Client("http://127.0.0.1:9", "token")
    client.start()
    sends = [asyncio.create_task(client.chat(chat).send(text, key=text)) for text in ("a", "b")]
    events = client.chat(chat).events()
    await asyncio.sleep(0)

    await client.close()

    assert [type(each) for each in await asyncio.gather(*sends, return_exceptions=True)] == [ClientClosed] * 2
    assert [(entry.key, entry.text) for entry in client.unanswered] == [("a", "a"), ("b", "b")]
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    with pytest.raises(ClientClosed):
        await client.chat(chat).send("c")


async def test_flush_waits_for_every_answer(world: World, chat: str, make_client: Make) -> None:
    client = make_client(world.ann.server.url, world.ann.token)
    sends = [asyncio.create_task(client.chat(chat).send(str(number))) for number in range(20)]
    await asyncio.sleep(0)

    await within(client.flush())

    assert client.waiting == 0
    assert len(await asyncio.gather(*sends)) == 20


async def test_a_cancelled_send_that_was_never_written_is_taken_back(world: World, chat: str, make_client: Make) -> None:
    away = Client("http://127.0.0.1:9", world.ann.token)
    away.start()
    sending = asyncio.create_task(away.chat(chat).send("Hello"))
    await asyncio.sleep(0)

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert away.waiting == 0
    await away.close()


async def test_a_cancelled_send_that_was_written_gets_its_answer_by_its_key(world: World, chat: str, make_client: Make, relay: Relay) -> None:
    client = make_client(relay.url, world.ann.token)
    await within(client.connected())
    relay.freeze()
    sending = asyncio.create_task(client.chat(chat).send("Hello", key="k1"))
    await asyncio.sleep(0)

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    again = asyncio.create_task(client.chat(chat).send("Hello", key="k1"))
    await asyncio.sleep(0)
    relay.cut()

    assert (await within(again)).key == "k1"
    assert [message.text for message in (await client.chat(chat).history()).items] == ["Hello"]


async def test_a_full_outbox_refuses_by_name(chat: str) -> None:
    client = Client("http://127.0.0.1:9", "token")
    sends = [asyncio.create_task(client.chat(chat).send("x")) for _ in range(MESSAGES_MAX)]
    await asyncio.sleep(0)

    with pytest.raises(TenfourError) as caught:
        await client.chat(chat).send("x")

    assert caught.value.code is ErrorCode.BUSY
    await client.close()
    await asyncio.gather(*sends, return_exceptions=True)


async def test_closing_leaves_no_task_no_timer_and_no_socket(world: World, chat: str, relay: Relay) -> None:
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()

    for number in range(20):
        client = Client(relay.url if number % 2 else world.ann.server.url, world.ann.token)
        async with client:
            if number % 5:
                events = client.chat(chat).events(after=0)
                await within(client.connected())
                await within(client.chat(chat).history())
                await within(client.chat(chat).send("Hello"))
                await take(events, 3)
        assert client._timer is None
        assert client._socket is None

    await within(relay.quiet())
    left = [task for task in asyncio.all_tasks() - before if "Relay" not in repr(task)]
    assert left == []
    timers = [each for each in getattr(loop, "_scheduled", []) if not each.cancelled() and "tenfour" in repr(each)]
    assert timers == []


async def test_a_client_closed_during_the_handshake_leaves_nothing_open(relay: Relay, world: World) -> None:
    relay.freeze()
    client = Client(relay.url, world.ann.token)
    client.start()
    await within(relay.somebody.wait())

    await within(client.close())

    relay.thaw()
    await within(relay.quiet())


async def test_callbacks_that_fail_do_not_harm_the_client(world: World, chat: str, make_client: Make) -> None:
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def fail(_: object) -> None:
        raise LookupError("a mistake of the application")

    client = make_client(world.ann.server.url, world.ann.token, on_status=fail, on_frame=fail)
    await within(client.chat(chat).send("Hello"))

    assert {type(failure) for failure in failures} == {LookupError}


@pytest.mark.slow
async def test_over_tls_a_client_talks_to_who_it_trusts_and_to_nobody_else(make_server: Callable[..., Server], make_client: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = make_certificate(tmp_path / "other")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # for the test's own requests
    server = make_server({"tls_certificate": str(certificate), "tls_key": str(key)})
    world = await server.world("ann")
    chat = await world.chat("ann")
    told: asyncio.Queue[Status] = asyncio.Queue()
    wary = make_client(server.url, world.ann.token, tls=trusting(other), on_status=told.put_nowait)
    trustful = make_client(server.url, world.ann.token, tls=trusting(certificate))

    await within(trustful.chat(chat).send("Hello"))
    waiting = await within(told_of(told, Waiting))

    assert server.url.startswith("https://")
    assert [message.text for message in (await trustful.chat(chat).history()).items] == ["Hello"]
    assert waiting.why == "tls_failed"
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        await within(wary.chat(chat).history())


@pytest.mark.slow
async def test_messages_that_are_refused_for_now_keep_their_order(make_server: Callable[..., Server], make_client: Make) -> None:
    server = make_server({"user_sends_per_s": "20", "sends_per_s": "5000", "frames_per_s": "10000"})
    world = await server.world("ann")
    chat = await world.chat("ann")
    refused: list[frames.Error] = []
    client = make_client(server.url, world.ann.token, on_frame=lambda frame: refused.append(frame) if isinstance(frame, frames.Error) else None)

    acks = await within(asyncio.gather(*(client.chat(chat).send(str(number)) for number in range(100))))

    assert {frame.code for frame in refused} == {ErrorCode.RATE_LIMITED}
    assert seqs(acks) == list(range(acks[0].seq, acks[0].seq + 100))
    assert [message.text for message in (await client.chat(chat).history(limit=100)).items] == [str(number) for number in range(100)]


@pytest.mark.slow
async def test_kill_9_of_the_server_loses_and_doubles_nothing(make_server: Callable[..., Server], make_client: Make) -> None:
    server = make_server({"sends_per_s": "5000", "user_sends_per_s": "5000", "frames_per_s": "10000"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = (make_client(server.url, person.token) for person in (world.ann, world.bob))
    heard = bob.chat(chat).events(after=0)
    sends = [asyncio.create_task(ann.chat(chat).send(f"m{number}")) for number in range(1000)]
    for _ in range(3):
        for send in [task for task in sends if not task.done()][:50]:
            await within(send)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        ann.online()
        bob.online()

    acks = await within(asyncio.gather(*sends))
    last = await within(ann.chat(chat).send("last"))
    found = await take_until(heard, "last")

    assert seqs(acks) == sorted(seqs(acks))
    assert seqs(found) == list(range(1, last.seq + 1))
    assert [event.text for event in found if isinstance(event, MessageSent)] == [*(f"m{number}" for number in range(1000)), "last"]


@pytest.mark.slow
async def test_after_a_restore_the_application_is_told_and_given_the_new_history(make_server: Callable[..., Server], make_client: Make, tmp_path: Path) -> None:
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    client = make_client(server.url, world.ann.token)
    events = client.chat(chat).events(after=0)
    await within(client.chat(chat).send("kept"))
    await take_until(events, "kept")
    await asyncio.to_thread(server.stop)
    backup = (server.data / "tenfour.db").read_bytes()
    await asyncio.to_thread(server.start)
    client.online()
    lost = await within(client.chat(chat).send("lost"))
    await take_until(events, "lost")
    old_epoch = client.epoch

    await asyncio.to_thread(server.stop)
    restore(server, backup)
    await asyncio.to_thread(server.start)
    client.online()
    await within(client.chat(chat).send("anew"))
    marker, *found = await take_until(events, "anew")

    assert isinstance(marker, HistoryReplaced)
    assert marker.epoch == client.epoch != old_epoch
    assert seqs(found) == [1, 2, 3, lost.seq]
    late = client.chat(chat).events(after=lost.seq, epoch=old_epoch)
    assert isinstance((await take(late, 1))[0], HistoryReplaced)
    assert seqs(await take_until(late, "anew")) == [1, 2, 3, lost.seq]


def restore(server: Server, backup: bytes) -> None:
    """What ``tenfour restore`` does: the file of the backup, and a new epoch."""
    for each in server.data.glob("tenfour.db-*"):
        each.unlink()
    (server.data / "tenfour.db").write_bytes(backup)
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db")) as database, database:
        database.execute("UPDATE store SET epoch = ?", (str(uuid.uuid4()),))
