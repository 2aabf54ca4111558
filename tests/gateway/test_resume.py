"""Welcome, subscribe, and the way from a position to live: every later event once, in order, before ``synced``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.raw import door, knock
from tests.servers import Person, Server, Wire, World, open_wire

RECEIVE_BUFFER = 4_096


@pytest.fixture
async def world(swift_server: Server) -> World:
    return await swift_server.world("ann", "bob")


@pytest.fixture
async def chat(world: World) -> str:
    """A chat whose head is 2: both have joined."""
    return await world.chat("ann", "bob")


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Few chats in a welcome, short gaps, one page at a time."""
    settings = {"TENFOUR_CHATS_IN_WELCOME": "2", "TENFOUR_REPLAY_EVENTS": "20", "TENFOUR_REPLAYS_AT_ONCE": "1"}
    server = Server(tmp_path_factory.mktemp("small"), settings).start()
    yield server
    server.kill()


def seqs(frames: list[dict[str, Any]], chat: str) -> list[int]:
    """The seqs of a chat's durable events among the frames."""
    return [each["seq"] for each in frames if each.get("chat") == chat and "seq" in each and each["type"] not in ("ack", "synced")]


async def next_event(wire: Wire, chat: str) -> dict[str, Any]:
    while True:
        frame = await wire.receive()
        if seqs([frame], chat):
            return frame


async def next_of(wire: Wire, kind: str, chat: str) -> dict[str, Any]:
    while (frame := await wire.next(kind, "error"))["chat"] != chat:
        pass
    return frame


# Welcome


async def test_welcome_names_head_and_read_position_of_every_chat_most_recent_first(world: World) -> None:
    first, second = await world.chat("ann", "bob", title="first"), await world.chat("ann", "bob", title="second")
    await world.bob.request("POST", f"/chats/{first}/messages", json={"text": "hello"}, headers={"Idempotency-Key": "k"})
    await world.ann.request("POST", f"/chats/{first}/receipts", json={"read": 2})

    wire = await world.ann.connect()

    assert wire.welcome["chats"] == [{"chat": first, "head": 3, "read": 2}, {"chat": second, "head": 2, "read": 1}]
    assert wire.welcome["chats_more"] is False
    assert wire.welcome["user"] == {"id": world.ann.id, "name": "ann"}
    assert wire.welcome["protocol"] == "tenfour.v1"


async def test_welcome_at_a_chats_own_door_names_that_chat_alone(world: World, chat: str) -> None:
    await world.chat("ann", "bob", title="another")

    wire = await world.ann.connect(chat)

    assert [each["chat"] for each in wire.welcome["chats"]] == [chat]


async def test_welcome_tells_the_limits_in_force(small_server: Server) -> None:
    ann = (await small_server.world("ann")).ann

    wire = await ann.connect()

    assert wire.welcome["limits"] == {
        "frame_bytes": 65_536,
        "text_chars": 16_000,
        "frames_per_s": 50,
        "sends_per_s": 20,
        "user_sends_per_s": 30,
        "connections_per_user": 10,
        "send_budget_bytes": 1_048_576,
        "receipts_live_max": 50,
    }
    assert wire.welcome["heartbeat_s"] == 25


async def test_more_chats_than_a_welcome_holds_are_said_to_be_there_and_come_with_the_rest(small_server: Server) -> None:
    world = await small_server.world("ann", "bob")
    chats = [await world.chat("ann", "bob", title=str(place)) for place in range(3)]

    wire = await world.ann.connect()
    await wire.say(type="subscribe", id="all", chats={}, rest=True)
    synced = {(await wire.next("synced"))["chat"] for _ in chats}

    assert [each["chat"] for each in wire.welcome["chats"]] == [chats[2], chats[1]]
    assert wire.welcome["chats_more"] is True
    assert synced == set(chats)


# Subscribe


async def test_after_welcome_all_chats_are_silent_until_they_are_subscribed(world: World, chat: str) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect(chat)

    await bob.send(chat, "nobody listens")
    await ann.say(type="ping", id="p")
    before = await ann.receive()
    replayed = await ann.subscribe(chat, 2)

    assert before == {"type": "pong", "id": "p"}
    assert [each["type"] for each in replayed] == ["message_sent", "synced"]


async def test_a_position_of_null_is_the_head_that_welcome_named(world: World, chat: str) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect(chat)
    await bob.send_all(chat, ["after the welcome", "and this"])

    replayed = await ann.subscribe(chat, None)

    assert seqs(replayed, chat) == [3, 4]
    assert replayed[-1] == {"type": "synced", "id": "s", "chat": chat, "seq": 4, "epoch": ann.welcome["epoch"]}


async def test_the_rest_begins_at_the_heads_of_welcome_and_named_chats_at_their_positions(world: World) -> None:
    named, other = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(), await world.bob.connect()
    await bob.send(named, "n")
    await bob.send(other, "o")

    await ann.say(type="subscribe", id="r", chats={named: 0}, rest=True)
    synced = {frame["chat"]: frame["id"] for frame in [await ann.next("synced") for _ in range(2)]}

    assert synced == {named: "r", other: "r"}
    assert seqs(ann.seen, named) == [1, 2, 3]
    assert seqs(ann.seen, other) == [3]


async def test_with_the_rest_a_chat_that_is_joined_later_comes_from_its_member_joined(world: World) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect()
    await ann.say(type="subscribe", id="r", chats={}, rest=True)

    chat = await world.chat("bob", "ann")
    synced = await ann.next("synced")
    await bob.send(chat, "welcome")
    live = await next_event(ann, chat)

    assert (synced["chat"], synced["id"]) == (chat, "r")
    joined = next(each for each in ann.seen if each["type"] == "member_joined")
    assert (joined["chat"], joined["user"], joined["seq"]) == (chat, world.ann.id, 2)
    assert (live["type"], live["seq"]) == ("message_sent", 3)


async def test_a_chat_that_is_joined_between_welcome_and_subscribe_comes_from_its_member_joined(world: World) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect()
    chat = await world.chat("bob", "ann")
    await bob.send(chat, "before the subscribe")

    await ann.say(type="subscribe", id="r", chats={}, rest=True)
    await ann.next("synced")

    assert seqs(ann.seen, chat) == [2, 3]


async def test_without_the_rest_a_chat_that_is_joined_later_stays_silent(world: World) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect()

    chat = await world.chat("bob", "ann")
    await bob.send(chat, "hello")
    await ann.say(type="ping")

    assert (await ann.receive())["type"] == "pong"
    assert seqs(await ann.subscribe(chat, 0), chat) == [1, 2, 3]


async def test_a_second_subscribe_begins_again_and_its_id_is_on_the_end(world: World, chat: str) -> None:
    ann, bob = await world.ann.connect(), await world.bob.connect(chat)
    await ann.subscribe(chat, 2, "one")
    await bob.send(chat, "third")
    await next_event(ann, chat)

    again = await ann.subscribe(chat, 0, "two")
    await bob.send(chat, "fourth")
    live = await next_event(ann, chat)
    await ann.say(type="ping")

    assert seqs(again, chat) == [1, 2, 3]
    assert again[-1]["id"] == "two"
    assert live["seq"] == 4
    assert (await ann.receive())["type"] == "pong", "a chat that is subscribed twice is followed once"


async def test_an_unsubscribed_chat_is_silent_and_the_others_go_on(world: World) -> None:
    quiet, loud = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(), await world.bob.connect()
    await ann.subscribe(quiet, None)
    await ann.subscribe(loud, None)

    await ann.say(type="unsubscribe", chats=[quiet])
    await ann.say(type="ping")
    await ann.next("pong")
    await bob.send(quiet, "unheard")
    await bob.send(loud, "heard")
    event = await ann.next("message_sent")

    assert event["chat"] == loud


async def test_a_chat_of_others_is_refused_by_name_and_the_rest_of_the_frame_is_done(world: World, chat: str) -> None:
    await world.add_person("eve")
    hers = await world.chat("eve")
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    ann = await world.ann.connect()

    await ann.say(type="subscribe", id="s", chats={hers: 0, unknown: 0, chat: 0})
    await ann.next("synced")

    refused = {each["chat"]: (each["code"], each["id"]) for each in ann.seen if each["type"] == "error"}
    assert refused == {hers: ("not_a_member", "s"), unknown: ("chat_unknown", "s")}
    assert seqs(ann.seen, hers) == []


# Resume


async def resume_at_the_door_of_all(ann: Person, chat: str, after: int, epoch: str) -> Wire:
    wire = await ann.connect()
    await wire.say(type="subscribe", id="s", epoch=epoch, chats={chat: after})
    return wire


async def resume_at_the_chats_own_door(ann: Person, chat: str, after: int, epoch: str) -> Wire:
    return await ann.connect(chat, query=f"after={after}&epoch={epoch}")


resumes = pytest.mark.parametrize("resume", [resume_at_the_door_of_all, resume_at_the_chats_own_door])


@resumes
async def test_who_comes_back_with_a_position_gets_every_later_event_and_then_synced(world: World, chat: str, resume: Any) -> None:
    bob = await world.bob.connect(chat)
    await bob.send_all(chat, [f"message {place}" for place in range(450)])

    ann = await resume(world.ann, chat, 10, bob.welcome["epoch"])
    synced = await ann.next("synced")
    await bob.send(chat, "live")
    live = await next_event(ann, chat)

    assert seqs(ann.seen[:-1], chat) == list(range(11, 453))
    assert synced["seq"] == 452
    assert live["seq"] == 453


@resumes
async def test_a_position_of_another_epoch_is_reset_and_the_chat_is_live_from_the_head(world: World, chat: str, resume: Any) -> None:
    bob = await world.bob.connect(chat)

    ann = await resume(world.ann, chat, 1, "another-history")
    reset = await ann.next("reset", "synced")
    await bob.send(chat, "live")

    assert (reset["type"], reset["head"], reset["epoch"]) == ("reset", 2, bob.welcome["epoch"])
    assert (await next_event(ann, chat))["seq"] == 3


@resumes
async def test_a_position_beyond_the_head_is_reset_and_never_silence(world: World, chat: str, resume: Any) -> None:
    bob = await world.bob.connect(chat)

    ann = await resume(world.ann, chat, 3, bob.welcome["epoch"])
    reset = await ann.next("reset", "synced")
    await bob.send(chat, "live")

    assert (reset["type"], reset["head"]) == ("reset", 2)
    assert (await next_event(ann, chat))["seq"] == 3


@resumes
async def test_a_gap_longer_than_the_limit_is_reset_and_one_of_just_that_length_is_replayed(small_server: Server, resume: Any) -> None:
    world = await small_server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    bob = await world.bob.connect(chat)
    await bob.send_all(chat, ["m"] * 20)

    just = await resume(world.ann, chat, 2, bob.welcome["epoch"])
    over = await resume(world.ann, chat, 1, bob.welcome["epoch"])

    assert (await just.next("reset", "synced"))["type"] == "synced"
    assert seqs(just.seen, chat) == list(range(3, 23))
    assert (await over.next("reset", "synced"))["head"] == 22
    assert seqs(over.seen, chat) == []


async def test_many_chats_at_once_all_come_though_pages_are_read_one_at_a_time(small_server: Server) -> None:
    world = await small_server.world("ann", "bob")
    chats = [await world.chat("ann", "bob", title=str(place)) for place in range(12)]
    bob = await world.bob.connect()
    for place, chat in enumerate(chats):
        await bob.send(chat, str(place))

    wires = [await world.ann.connect() for _ in range(4)]
    for wire in wires:
        await wire.say(type="subscribe", id="s", chats=dict.fromkeys(chats, 0))
    for wire in wires:
        for _ in chats:
            await wire.next("synced")

    assert all(seqs(wire.seen, chat) == [1, 2, 3] for wire in wires for chat in chats)


async def test_who_reads_slowly_gets_pages_within_the_send_budget_and_is_not_cut_off(swift_server: Server, world: World) -> None:
    chats = [await world.chat("ann", "bob") for _ in range(2)]
    bob = await world.bob.connect()
    for chat in chats:
        await bob.send_all(chat, ["x" * 16_000] * 300)
    ann = await knock(swift_server, door(None), world.ann.headers, receive_buffer=RECEIVE_BUFFER)
    await ann.next("welcome")

    for chat in chats:
        ann.say(type="subscribe", id=chat, chats={chat: 0})
    found: dict[str, list[int]] = {chat: [] for chat in chats}
    left = set(chats)
    while left:
        frame = await ann.receive()
        assert frame["type"] not in ("reset", "error", "goodbye"), frame
        if frame["type"] == "synced":
            left.remove(frame["chat"])
        elif "seq" in frame:
            found[frame["chat"]].append(frame["seq"])

    assert found == {chat: list(range(1, 303)) for chat in chats}


async def test_a_replay_that_is_unsubscribed_ends_without_synced(swift_server: Server, world: World, chat: str) -> None:
    bob = await world.bob.connect(chat)
    await bob.send_all(chat, ["x" * 16_000] * 400)
    ann = await knock(swift_server, door(None), world.ann.headers, receive_buffer=RECEIVE_BUFFER)
    await ann.next("welcome")

    ann.say(type="subscribe", id="s", chats={chat: 0})
    await ann.next("message_sent")
    ann.say(type="unsubscribe", chats=[chat])
    ann.say(type="ping", id="after")
    seen = []
    while (frame := await ann.receive())["type"] != "pong":
        seen.append(frame)
    await bob.send(chat, "unheard")
    ann.say(type="ping", id="last")
    while (frame := await ann.receive()).get("id") != "last":
        seen.append(frame)

    assert "synced" not in [each["type"] for each in seen]
    assert seen[-1]["seq"] < 402


@pytest.mark.slow
async def test_between_replay_and_live_no_event_is_lost_or_doubled_however_many_subscribe_while_others_send(swift_server: Server, world: World) -> None:
    names = [f"p{place}" for place in range(20)]
    for name in names:
        await world.add_person(name)
    chat = await world.chat("ann", "bob", *names)
    senders = [await world.ann.connect(chat), await world.bob.connect(chat)]
    done = asyncio.Event()

    async def keep_sending(wire: Wire) -> None:
        while not done.is_set():
            await wire.send_all(chat, ["x"] * 20)

    async def come_and_go(person: Person) -> list[list[int]]:
        """Comes back from its last position again and again, at both doors in turn; the seqs of each time."""
        found, position = [], 0
        for turn in range(15):
            wire = await (person.connect() if turn % 2 else person.connect(chat, query=f"after={position}"))
            if turn % 2:
                await wire.say(type="subscribe", id="s", chats={chat: position})
            synced = await wire.next("synced", "reset", "error")
            assert synced["type"] == "synced", synced
            for _ in range(30):
                await next_event(wire, chat)
            found.append(seqs(wire.seen, chat))
            position = found[-1][-1]
            wire.abort()
        return found

    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(keep_sending(wire)) for wire in senders]
        coming = [group.create_task(come_and_go(world.people[name])) for name in names]
        await asyncio.wait(coming)
        done.set()

    assert all(task.done() for task in sending)
    for task in coming:
        told = [seq for turn in task.result() for seq in turn]
        assert told == list(range(1, told[-1] + 1))


async def test_bad_positions_in_the_address_are_refused_readably(world: World, swift_server: Server, chat: str) -> None:
    ends = [await (await open_wire(swift_server, chat, query=f"after={text}", headers=world.ann.headers)).closed() for text in ("x", "-1", "1.5", "9" * 30, "")]

    assert [code for code, _ in ends] == [4400] * 5
    assert {reason for _, reason in ends} == {"field_invalid: after is a seq: a number, 0 or more"}
