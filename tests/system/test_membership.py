"""G5 where it is hardest: somebody is removed while a connection of theirs comes up to date."""

from __future__ import annotations

import pytest

from tests.gateway.raw import knock
from tests.servers import Wire

LONG_TEXT = "x" * 60_000
"""So long that what is replayed of them fits into no buffer on the way."""


async def _say_all(wire: Wire, chat: str, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        await wire.say(type="send", chat=chat, key=f"k{number}", text=text)
    for _ in texts:
        assert (await wire.next("ack", "error"))["type"] == "ack"


@pytest.mark.slow
async def test_who_is_removed_while_another_chat_is_replayed_is_not_reset_into_the_chat(unlimited_server):
    server = unlimited_server(replay_events="200", text_chars="60000", frame_bytes="70000")
    world = await server.world("ada", "cyd")
    long, far = await world.chat("ada", "cyd"), await world.chat("ada", "cyd")
    ada = await world.ada.connect()
    await _say_all(ada, long, [LONG_TEXT] * 190)
    await _say_all(ada, far, ["hello"] * 210)
    cyd = await knock(server, headers=world.cyd.headers, receive_buffer=4_096)
    await cyd.next("welcome")
    cyd.say(type="subscribe", id="s", chats={long: 0, far: 0})
    first = await cyd.next("member_joined")

    removed = await world.ada.request("DELETE", f"/chats/{far}/members/{world.cyd.id}")
    end = await cyd.next("reset", "error")
    await ada.send(far, "not for cyd")
    cyd.say(type="ping", id="p")
    after = [frame["type"] for frame in [await cyd.next("message_sent", "pong")]]

    assert first["chat"] == long
    assert removed.status_code == 204
    assert (end["type"], end.get("code"), end["chat"]) == ("error", "not_a_member", far)
    assert after == ["pong"]
