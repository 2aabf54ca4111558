"""What a client may do wrong at either door: each mistake has its own code, and costs only who made it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.gateway.raw import BINARY, CLOSE, CONTINUATION, PING, TEXT, Raw, door, knock
from tests.servers import Server, Wire, World, open_wire

STRANGE = "01890a5d-ac96-774b-bcce-b302099a8057"
FRAME_BYTES = 65_536


@dataclass
class Scene:
    """The one who errs, at one of the doors, and a bystander in the same chat."""

    world: World
    chat: str
    offender: Raw
    bystander: Wire
    is_own_door: bool

    async def error(self) -> dict[str, Any]:
        return await self.offender.next("error")

    async def all_goes_on(self) -> None:
        """A message of the bystander is acked and reaches them."""
        ack = await self.bystander.send(self.chat, "all is well")
        assert ack["type"] == "ack"

    async def offender_goes_on(self) -> None:
        self.offender.say(type="send", chat=self.chat, key="good", text="I can do better")
        assert (await self.offender.next("ack"))["key"] == "good"


@pytest.fixture(params=["all chats", "one chat"])
async def scene(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Scene]:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    is_own_door = request.param == "one chat"
    offender = await knock(server, door(chat if is_own_door else None), world.ann.headers)
    await offender.next("welcome")
    bystander = await world.bob.connect(chat)
    yield Scene(world, chat, offender, bystander, is_own_door)
    await bystander.close()


async def test_every_unreadable_frame_has_its_code_and_nobody_else_notices(scene: Scene) -> None:
    expected = {
        b"": "malformed",
        b"hello": "malformed",
        b'{"type":"send"': "malformed",
        b"[1, 2]": "malformed",
        b"[" * 60_000: "malformed",
        b'{"type":"send","key":"k","text":' + b"[" * 30_000 + b"]" * 30_000 + b"}": "malformed",
        b'{"kind":"send"}': "unknown_type",
        b'{"type":"shout"}': "unknown_type",
        b'{"type":7}': "unknown_type",
    }

    for payload in expected:
        scene.offender.write(TEXT, payload)
    codes = [(await scene.error())["code"] for _ in expected]

    assert codes == list(expected.values())
    await scene.all_goes_on()
    await scene.offender_goes_on()


async def test_ten_unreadable_frames_end_the_connection_after_ten_errors(scene: Scene) -> None:
    for place in range(12):
        scene.offender.say(type=f"unknown {place}")
    errors = [await scene.error() for _ in range(10)]
    end = await scene.offender.closed()

    assert {each["code"] for each in errors} == {"unknown_type"}
    assert end == (4400, "too_many_bad_frames: Ten frames in a minute could not be understood")
    await scene.all_goes_on()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"chat": "not-a-uuid"}, "chat_id_invalid"),
        ({"chat": ""}, "chat_id_invalid"),
        ({"chat": "../../etc/passwd"}, "chat_id_invalid"),
        ({"chat": "x" * 60_000}, "chat_id_invalid"),
        ({"key": None}, "key_missing"),
        ({"key": ""}, "key_missing"),
        ({"key": "k" * 65}, "key_invalid"),
        ({"key": "two words"}, "key_invalid"),
        ({"key": "kéy"}, "key_invalid"),
        ({"text": None}, "field_missing"),
        ({"text": ""}, "text_empty"),
        ({"text": " \n\t\u2003"}, "text_empty"),
        ({"text": "x" * 16_001}, "text_too_long"),
        ({"text": "a\x00b"}, "text_invalid"),
        ({"reply_to": STRANGE}, "reply_unknown"),
    ],
)
async def test_a_message_that_cannot_be_taken_says_why(scene: Scene, change: dict[str, Any], code: str) -> None:
    frame = {"type": "send", "chat": scene.chat, "key": "k", "text": "hello"} | change

    scene.offender.say(**frame)
    error = await scene.error()

    assert error["code"] == code
    assert error["advice"]
    assert error["retry_after_ms"] is None
    await scene.offender_goes_on()


async def test_a_message_to_a_chat_of_others_or_of_nobody_is_refused(scene: Scene) -> None:
    await scene.world.add_person("eve")
    hers = await scene.world.chat("eve")

    codes = []
    for chat in (hers, STRANGE):
        scene.offender.say(type="send", chat=chat, key="k", text="hello")
        codes.append((await scene.error())["code"])

    assert codes == (["not_subscribed"] * 2 if scene.is_own_door else ["not_a_member", "chat_unknown"])
    await scene.offender_goes_on()


async def test_a_chats_own_door_needs_no_chat_in_a_frame_and_the_other_one_does(scene: Scene) -> None:
    scene.offender.say(type="send", key="k", text="hello")

    answer = await scene.offender.next("ack", "error")

    assert answer.get("code") == (None if scene.is_own_door else "chat_missing")
    assert answer["key"] == "k"


async def test_lone_surrogates_in_a_text_are_refused(scene: Scene) -> None:
    scene.offender.write(TEXT, b'{"type":"send","chat":"%s","key":"k","text":"\\ud800"}' % scene.chat.encode())

    assert (await scene.error())["code"] in ("malformed", "text_invalid")
    await scene.offender_goes_on()


async def test_of_a_field_that_comes_twice_the_last_one_counts_and_the_key_protects_it(scene: Scene) -> None:
    scene.offender.write(TEXT, b'{"type":"send","chat":"%s","key":"k","text":"first","text":"second"}' % scene.chat.encode())

    ack = await scene.offender.next("ack")
    shown = await scene.bystander.next("message_sent")

    assert (shown["seq"], shown["text"]) == (ack["seq"], "second")


FIELDS = {
    "send": ("chat", "key", "text", "reply_to"),
    "typing": ("chat", "active"),
    "receipt": ("chat", "read", "delivered"),
    "subscribe": ("id", "chats", "epoch", "rest"),
    "unsubscribe": ("chats",),
    "authenticate": ("token",),
    "ping": ("id",),
}
WRONG = [{"a": {"b": []}}, [[]], [None], 1e308, 10**30, -(2**63) - 1, "é" * 100, 1.5]


@pytest.mark.parametrize("kind", FIELDS)
async def test_no_value_in_any_field_brings_the_server_down_or_another_answer_than_an_error(server: Server, kind: str) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    bystander = await world.bob.connect(chat)
    good = {"chat": chat, "key": "k", "text": "t", "active": True, "read": 1, "delivered": 1, "id": "s", "chats": {} if kind == "subscribe" else [], "token": "t"}

    for field in FIELDS[kind]:
        wire = await world.ann.connect()
        for value in WRONG:
            await wire.say(**{name: value_of for name, value_of in good.items() if name in FIELDS[kind]} | {"type": kind, field: value})
        await wire.say(type="ping", id="over")
        while True:
            frame = await wire.receive()
            assert frame["type"] in ("error", "pong", "goodbye", "ack"), frame
            assert frame.get("code") not in ("internal", 4500), frame
            if frame["type"] == "goodbye" or frame.get("id") == "over":
                break
        await wire.close()

    assert (await bystander.send(chat, "still here"))["type"] == "ack"
    assert "Traceback" not in server.log


@pytest.mark.parametrize("frame", [{"type": "edit", "text": "x"}, {"type": "delete"}, {"type": "react", "emoji": "👍"}, {"type": "unreact", "emoji": "👍"}])
async def test_what_comes_in_a_later_version_is_refused_by_name(scene: Scene, frame: dict[str, Any]) -> None:
    scene.offender.say(**frame, chat=scene.chat, id=STRANGE)

    error = await scene.error()

    assert (error["code"], error["id"], error["chat"]) == ("not_supported", STRANGE, scene.chat)


# What breaks the protocol below the frames ends the connection


async def test_a_binary_frame_ends_the_connection(scene: Scene) -> None:
    scene.offender.write(BINARY, b'{"type":"ping"}')

    assert await scene.offender.closed() == (1003, "binary_frame: Binary frames are not part of the protocol")
    await scene.all_goes_on()


async def test_invalid_utf8_ends_the_connection(scene: Scene) -> None:
    scene.offender.write(TEXT, b'{"type":"ping","id":"\xff"}')

    assert await scene.offender.closed() == (1007, "invalid_utf8: The text is not valid UTF-8")
    await scene.all_goes_on()


async def test_the_largest_frame_is_taken_and_one_byte_more_is_not(scene: Scene) -> None:
    frame = json.dumps({"type": "ping", "id": "p", "fill": ""}).encode()
    largest = frame[:-2] + b"x" * (FRAME_BYTES - len(frame)) + frame[-2:]

    scene.offender.write(TEXT, largest)
    answer = await scene.offender.next("pong")
    scene.offender.write(TEXT, largest + b" ")
    end = await scene.offender.closed()

    assert answer == {"type": "pong", "id": "p"}
    assert end == (1009, "frame_too_large: More than 65536 bytes in one message")
    await scene.all_goes_on()


async def test_a_frame_far_too_large_is_refused_before_it_has_arrived(scene: Scene) -> None:
    announced = (1 << 40).to_bytes(8, "big")
    scene.offender.writer.write(b"\x81\xff" + announced + b"\0\0\0\0" + b"x" * 1_000)

    code, reason = await scene.offender.closed()

    assert (code, reason.partition(":")[0]) == (1009, "frame_too_large")
    await scene.all_goes_on()


async def test_too_many_fragments_end_the_connection_however_small_they_are(scene: Scene) -> None:
    scene.offender.write(TEXT, b"x", fin=False)
    for _ in range(1_100):
        scene.offender.write(CONTINUATION, b"", fin=False)

    code, reason = await scene.offender.closed()

    assert (code, reason) == (1009, "frame_too_large: More than 1024 fragments in one message")
    await scene.all_goes_on()


async def test_a_message_in_fragments_with_a_ping_between_is_as_good_as_any(scene: Scene) -> None:
    frame = json.dumps({"type": "send", "chat": scene.chat, "key": "k", "text": "é" * 10}, ensure_ascii=False).encode()

    scene.offender.write(TEXT, frame[:-15], fin=False)
    scene.offender.write(PING, b"between")
    scene.offender.write(CONTINUATION, frame[-15:])

    assert (await scene.offender.next("ack"))["key"] == "k"
    assert (0xA, b"between") in scene.offender.controls


async def test_a_close_code_that_may_not_be_sent_is_a_violation(scene: Scene) -> None:
    scene.offender.write(CLOSE, (1005).to_bytes(2, "big"))

    code, reason = await scene.offender.closed()

    assert (code, reason.partition(":")[0]) == (1002, "protocol_error")
    await scene.all_goes_on()


# The address of a chat's own door


@pytest.mark.parametrize("text", ["not-a-uuid", "123", "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a8057x", "%00", "%F0%9F%92%A9", "a" * 2_000])
async def test_a_chat_id_in_the_address_that_is_no_uuid_is_refused_readably(server: Server, scene: Scene, text: str) -> None:
    raw = await knock(server, door(text), scene.world.ann.headers)

    assert await raw.closed() == (4404, "chat_id_invalid: The chat id is not a UUID")


async def test_an_unknown_chat_and_one_of_others_are_refused_readably(server: Server, scene: Scene) -> None:
    await scene.world.add_person("eve")
    hers = await scene.world.chat("eve")

    unknown = await (await open_wire(server, STRANGE, headers=scene.world.ann.headers)).closed()
    foreign = await (await open_wire(server, hers, headers=scene.world.ann.headers)).closed()

    assert unknown == (4404, "chat_unknown: No such chat")
    assert foreign == (4403, "not_a_member: Not a member of this chat")


async def test_an_id_in_capital_letters_is_the_same_chat(server: Server, scene: Scene) -> None:
    wire = await open_wire(server, scene.chat.upper(), headers=scene.world.ann.headers)

    assert (await wire.next("welcome"))["chats"][0]["chat"] == scene.chat
