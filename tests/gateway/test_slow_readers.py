"""A reader that is slower than its chat is cut off by name, and nobody else waits for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tenfour.gateway.limits import SLOW_AFTER_MS, SLOW_AGAIN_AFTER_MS, SLOW_AGAIN_S, SlowReaders
from tenfour.ids import UserId
from tests.gateway.raw import Raw, door, knock
from tests.servers import Person, Server, Wire, World

BUDGET_BYTES = 65_536


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    unlimited = dict.fromkeys(("TENFOUR_FRAMES_PER_S", "TENFOUR_SENDS_PER_S", "TENFOUR_USER_SENDS_PER_S"), "1000000")
    server = Server(tmp_path_factory.mktemp("slow"), unlimited | {"TENFOUR_SEND_BUDGET_BYTES": str(BUDGET_BYTES)}).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob", "cat")


@pytest.fixture
async def chat(world: World) -> str:
    return await world.chat("ann", "bob", "cat")


async def slow_readers(server: Server) -> int:
    async with httpx.AsyncClient(base_url=server.url) as http:
        found = re.search(r"^tenfour_slow_readers_total (\d+)", (await http.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return int(found[1])


async def follow_without_reading(server: Server, person: Person, chat: str, after: int) -> Raw:
    raw = await knock(server, f"{door(chat)}?after={after}", person.headers, receive_buffer=4_096)
    await raw.next("synced")
    return raw


async def speak_until_somebody_is_cut_off(server: Server, wire: Wire, chat: str) -> None:
    before = await slow_readers(server)
    while await slow_readers(server) == before:
        await wire.send_all(chat, ["x" * 16_000] * 50)


async def read_to_the_end(raw: Raw) -> tuple[list[int], dict[str, Any], tuple[int, str]]:
    """The seqs that still came, the goodbye and the close."""
    seqs: list[int] = []
    while (frame := await raw.receive())["type"] != "goodbye":
        seqs += [frame["seq"]] if frame["type"] == "message_sent" else []
    return seqs, frame, await raw.closed()


async def test_a_reader_that_takes_nothing_is_cut_off_by_name_and_the_others_notice_nothing(server: Server, world: World, chat: str) -> None:
    bob, cat = await world.bob.connect(chat), await world.cat.connect(chat)
    slow = await follow_without_reading(server, world.ann, chat, 3)

    await speak_until_somebody_is_cut_off(server, bob, chat)
    seqs, goodbye, end = await read_to_the_end(slow)
    last = await bob.send(chat, "the last")
    while (await cat.next("message_sent"))["seq"] < last["seq"]:
        pass

    assert end == (4408, "slow_reader: The client reads more slowly than the chat speaks")
    assert goodbye == {"type": "goodbye", "code": 4408, "reason": "slow_reader", "reconnect": True, "after_ms": SLOW_AFTER_MS}
    assert seqs == list(range(4, 4 + len(seqs)))
    assert [each["seq"] for each in cat.seen if each["type"] == "message_sent"] == list(range(4, last["seq"] + 1))


@pytest.mark.slow
async def test_who_was_cut_off_resumes_without_loss_and_the_second_time_is_told_to_come_back_later(server: Server, world: World, chat: str) -> None:
    bob = await world.bob.connect(chat)
    first = await follow_without_reading(server, world.ann, chat, 3)
    await speak_until_somebody_is_cut_off(server, bob, chat)
    seqs, _, _ = await read_to_the_end(first)

    again = await knock(server, f"{door(chat)}?after={seqs[-1]}", world.ann.headers, receive_buffer=4_096)
    while (frame := await again.receive())["type"] != "synced":
        assert frame["type"] in ("welcome", "message_sent"), frame
        seqs += [frame["seq"]] if frame["type"] == "message_sent" else []
    await speak_until_somebody_is_cut_off(server, bob, chat)
    more, goodbye, _ = await read_to_the_end(again)

    assert seqs == list(range(4, frame["seq"] + 1))
    assert more[0] == frame["seq"] + 1
    assert goodbye["after_ms"] == SLOW_AGAIN_AFTER_MS


def test_only_who_was_slow_within_the_last_minute_waits_longer() -> None:
    readers, ann, bob = SlowReaders(), UserId("ann"), UserId("bob")

    waits = [readers.cut_off(user, at) for user, at in ((ann, 0.0), (bob, 1.0), (ann, 59.0), (ann, 59.0 + SLOW_AGAIN_S), (bob, 62.0 + SLOW_AGAIN_S))]

    assert waits == [SLOW_AFTER_MS, SLOW_AFTER_MS, SLOW_AGAIN_AFTER_MS, SLOW_AFTER_MS, SLOW_AFTER_MS]
