from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tenfour.errors import CLOSE_CODES, FAILURES, Retry
from tenfour.wire import codec, frames
from tenfour.wire.codec import Unreadable
from tests.servers import Server

DEADLINE_S = 30
README = (Path(__file__).resolve().parent.parent.parent / "protocol" / "README.md").read_text(encoding="utf-8")
SAID = re.findall(r"^(→|←) (.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("text", [text for side, text in SAID if side == "→"])
def test_what_an_example_client_says_the_server_can_read(text: str) -> None:
    assert not isinstance(codec.decode(text.encode()), Unreadable)


@pytest.mark.parametrize("text", [text for side, text in SAID if side == "←"])
def test_an_example_of_the_server_is_a_frame_as_it_writes_it(text: str) -> None:
    frame = codec.decode_server(text.encode())

    assert frame is not None
    assert codec.encode(frame).decode() == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def test_every_close_code_has_its_advice() -> None:
    told = set(re.findall(r"\b(1\d{3}|4\d{3})\b", README.partition("| close | in short |")[2].partition("\n\n")[0]))

    assert {str(code) for code in CLOSE_CODES} <= told


def test_every_name_in_the_prose_is_one_of_the_protocol() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    kinds = (*frames.ClientFrame.__args__, *frames.ServerFrame.__args__, frames.Limits)
    known = set(FAILURES) | set(Retry) | {each.__struct_config__.tag for each in kinds} | {name for each in kinds for name in each.__struct_fields__}

    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", prose))

    assert named - known == {"from_joining"}


async def test_the_smallest_client_works(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert program is not None

    client = await asyncio.create_subprocess_exec(sys.executable, "-c", program[1], server.url.replace("http", "ws", 1), world.ann.token, chat, stdout=asyncio.subprocess.PIPE)
    try:
        assert client.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            first = await client.stdout.readline()
            await world.bob.request("POST", f"/chats/{chat}/messages", json={"text": "Hello, ann"})
            second = await client.stdout.readline()
    finally:
        client.kill()
        await client.wait()

    assert [first, second] == [b"3 Hello\n", b"4 Hello, ann\n"]
