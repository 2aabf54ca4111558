"""``/chats/{chat}/messages`` and ``/events``."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.api.asking import refused
from tests.servers import Person, Server


async def send(person: Person, chat: str, text: str = "hello", key: str | None = None, **more: Any) -> httpx.Response:
    return await person.request("POST", f"/chats/{chat}/messages", json={"text": text} | more, headers={"Idempotency-Key": key} if key is not None else {})


async def history(person: Person, chat: str, query: str = "") -> dict[str, Any]:
    answer = await person.request("GET", f"/chats/{chat}/messages?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_message_is_durable_in_order_and_heard_by_everybody(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    wire = await world.bob.connect(chat)

    stored = await send(world.ann, chat, "hello", "k1")

    assert stored.status_code == 201
    message = stored.json()
    assert {name: message[name] for name in ("chat", "key", "seq", "duplicate")} == {"chat": chat, "key": "k1", "seq": 3, "duplicate": False}
    heard = await wire.next("message_sent")
    shown = {"type": "message_sent", "chat": chat, "seq": 3, "at": message["at"], "by": world.ann.id, "id": message["id"], "key": "k1", "text": "hello"}
    assert heard == shown
    assert await history(world.bob, chat) == {"items": [shown], "has_before": False, "has_after": False}
    assert (await world.bob.request("GET", f"/chats/{chat}/messages/{message['id']}")).json() == shown


async def test_the_same_key_gets_the_same_answer_and_one_message(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")

    answers = await asyncio.gather(*[send(world.ann, chat, "once", "k1") for _ in range(10)])
    quoted = await send(world.ann, chat, "once", '"k1"')

    assert sorted(each.status_code for each in answers) == [200] * 9 + [201]
    assert quoted.status_code == 200
    seen = {tuple(sorted({name: value for name, value in each.json().items() if name != "duplicate"}.items())) for each in (*answers, quoted)}
    assert len(seen) == 1
    assert [each.json()["duplicate"] for each in answers].count(False) == 1
    assert [each["text"] for each in (await history(world.bob, chat))["items"]] == ["once"]


async def test_a_key_belongs_to_its_sender_chat_and_content(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat, other = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    first = (await send(world.ann, chat, "one", "k1")).json()

    other_text = await send(world.ann, chat, "two", "k1")
    other_reply = await send(world.ann, chat, "one", "k1", reply_to=first["id"])
    other_sender = await send(world.bob, chat, "one", "k1")
    other_chat = await send(world.ann, other, "one", "k1")

    refused(other_text, "key_reused")
    refused(other_reply, "key_reused")
    assert (other_sender.status_code, other_chat.status_code) == (201, 201)
    assert [each["text"] for each in (await history(world.bob, chat))["items"]] == ["one", "one"]


async def test_a_known_key_keeps_its_answer_whatever_its_senders_rights_are_now(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    first = (await send(world.bob, chat, "mine", "k1")).json()
    await world.bob.request("POST", f"/chats/{chat}/leave")

    again = await send(world.bob, chat, "mine", "k1")

    assert again.json() == first | {"duplicate": True}
    refused(await send(world.bob, chat, "other", "k1"), "key_reused")
    refused(await send(world.bob, chat, "mine", "k2"), "not_a_member")


async def test_without_a_key_sending_again_doubles_the_message(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")

    keys = {(await send(world.ann, chat)).json()["key"] for _ in range(2)}

    assert len(keys) == 2
    assert {each["key"] for each in (await history(world.ann, chat))["items"]} == keys


@pytest.mark.parametrize(
    ("body", "key", "code"),
    [
        ({"text": ""}, "k", "text_empty"),
        ({"text": " \n\t\u2003"}, "k", "text_empty"),
        ({"text": "a\0b"}, "k", "text_invalid"),
        ({"text": "x" * 16_001}, "k", "text_too_long"),
        ({"text": 7}, "k", "field_invalid"),
        ({}, "k", "field_missing"),
        ({"text": "x"}, "", "key_missing"),
        ({"text": "x"}, "a b", "key_invalid"),
        ({"text": "x"}, "k" * 65, "key_invalid"),
        ({"text": "x", "reply_to": "first"}, "k", "reply_unknown"),
        ({"text": "x", "reply_to": "01890a5d-ac96-774b-bcce-b302099a8057"}, "k", "reply_unknown"),
        ({"text": "x", "on_behalf_of": "ext:ann"}, "k", "forbidden"),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name_and_stored_nowhere(server: Server, body: dict[str, Any], key: str, code: str) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    wire = await world.bob.connect(chat)

    refused(await world.ann.request("POST", f"/chats/{chat}/messages", json=body, headers={"Idempotency-Key": key}), code)

    await send(world.ann, chat, "after")
    assert (await wire.next("message_sent"))["text"] == "after"
    assert [each["text"] for each in (await history(world.bob, chat))["items"]] == ["after"]


async def test_the_longest_text_and_every_script_come_back_as_they_were(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")
    texts = ["x" * 16_000, "日本 🙂 عربى e\u0301 \u202e!\r\n", "<script>alert(1)</script>", '{"type":"ack"}', "\U0010ffff" * 16_000]

    for text in texts:
        assert (await send(world.ann, chat, text)).status_code == 201

    assert [each["text"] for each in (await history(world.ann, chat))["items"]] == texts


async def test_a_reply_names_a_message_of_the_same_chat(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat, other = await world.chat("ann", "bob"), await world.chat("ann", "bob")
    first, foreign = (await send(world.ann, chat)).json(), (await send(world.ann, other)).json()

    reply = await send(world.bob, chat, "yes", reply_to=first["id"])

    assert reply.status_code == 201
    assert (await history(world.ann, chat))["items"][1]["reply_to"] == first["id"]
    refused(await send(world.bob, chat, "no", reply_to=foreign["id"]), "reply_unknown")


async def test_a_user_who_says_too_much_in_too_short_a_time_is_told_when_to_go_on(strict: Server) -> None:
    world = await strict.world("ann", "bob")
    chat = await world.chat("ann", "bob")

    answers = await asyncio.gather(*[send(world.ann, chat, str(n), f"k{n}") for n in range(40)])

    over = [each for each in answers if each.status_code != 201]
    assert len(answers) - len(over) >= 2
    assert over
    for each in over:
        assert 0 < refused(each, "rate_limited")["retry_after_ms"] <= 1001
        assert each.headers["retry-after"] in ("1", "2")
    stored = [(await send(world.ann, chat, str(n), f"k{n}")).json() for n, each in enumerate(answers) if each.status_code == 201]
    assert [each["duplicate"] for each in stored] == [True] * (len(answers) - len(over))
    assert (await send(world.bob, chat)).status_code == 201
    assert len((await history(world.bob, chat))["items"]) == len(answers) - len(over) + 1


async def test_history_is_read_in_both_directions_and_around_a_place(server: Server) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")
    for n in range(2, 12):
        await send(world.ann, chat, str(n))

    read = {
        query: await history(world.ann, chat, query) for query in ("limit=3", "before=5&limit=2", "after=5&limit=2", "around=6&limit=4", "after=11", "before=1", "after=9&limit=2", "before=4&limit=2")
    }

    shown = {query: ([each["seq"] for each in page["items"]], page["has_before"], page["has_after"]) for query, page in read.items()}
    assert shown == {
        "limit=3": ([9, 10, 11], True, False),
        "before=5&limit=2": ([3, 4], True, True),
        "after=5&limit=2": ([6, 7], True, True),
        "around=6&limit=4": ([4, 5, 6, 7], True, True),
        "after=11": ([], True, False),
        "before=1": ([], False, True),
        "after=9&limit=2": ([10, 11], True, False),
        "before=4&limit=2": ([2, 3], False, True),
    }
    assert [(each["text"], each["seq"]) for each in read["limit=3"]["items"]] == [("9", 9), ("10", 10), ("11", 11)]


@pytest.mark.parametrize("query", ["before=1&after=1", "before=-1", "after=-1", "after=x", "around=9007199254740992", "before=99999999999999999999", "limit=0", "limit=201", "before=1.5"])
async def test_a_page_that_cannot_be_is_refused(server: Server, query: str) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")

    refused(await world.ann.request("GET", f"/chats/{chat}/messages?{query}"), "field_invalid")


@pytest.mark.parametrize("query", ["after=-1", "after=9007199254740992", "limit=0"])
async def test_events_after_what_is_no_seq_are_refused(server: Server, query: str) -> None:
    world = await server.world("ann")
    chat = await world.chat("ann")

    refused(await world.ann.request("GET", f"/chats/{chat}/events?{query}"), "field_invalid")


async def test_who_joins_sees_the_past_only_where_the_chat_says_so(server: Server) -> None:
    world = await server.world("ann", "bob")
    for rule, visible in (("all", ["before", "after"]), ("from_joining", ["after"])):
        chat = await world.chat("ann", history=rule)
        before = (await send(world.ann, chat, "before")).json()
        await world.ann.request("PUT", f"/chats/{chat}/members/{world.bob.id}")
        await send(world.ann, chat, "after")

        assert [each["text"] for each in (await history(world.bob, chat))["items"]] == visible
        assert [each["text"] for each in (await history(world.bob, chat, "after=0"))["items"]] == visible
        events = (await world.bob.request("GET", f"/chats/{chat}/events")).json()["items"]
        assert [each["seq"] for each in events] == ([1, 2, 3, 4] if rule == "all" else [3, 4])
        one = await world.bob.request("GET", f"/chats/{chat}/messages/{before['id']}")
        if rule == "all":
            assert one.status_code == 200
        else:
            refused(one, "message_unknown")


async def test_a_message_that_is_not_there_is_unknown(server: Server) -> None:
    world = await server.world("ann")
    chat, other = await world.chat("ann"), await world.chat("ann")
    foreign = (await send(world.ann, other)).json()["id"]

    for named in (foreign, str(uuid.uuid4()), "first"):
        refused(await world.ann.request("GET", f"/chats/{chat}/messages/{named}"), "message_unknown")


async def test_events_after_a_seq_come_in_pages_without_gaps(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    for n in range(5):
        await send(world.ann, chat, str(n))
    await world.ann.request("PATCH", f"/chats/{chat}", json={"title": "New"})
    wire = await world.ann.connect()

    found: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        page = (await world.bob.request("GET", f"/chats/{chat}/events?after={after}&limit=3")).json()
        found += page["items"]
        after = page["next"]
        assert page["epoch"] == wire.welcome["epoch"]

    assert [each["seq"] for each in found] == list(range(1, 9))
    assert [each["type"] for each in found] == ["member_joined"] * 2 + ["message_sent"] * 5 + ["chat_changed"]
    assert found == [frame for frame in await wire.subscribe(chat, 0) if frame["type"] != "synced"]
    assert (await world.bob.request("GET", f"/chats/{chat}/events?after=99")).json()["items"] == []
