"""The load generator against a small server that can lie: a lie must void the run, the truth must not."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.needs import need

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
CHAT = "0198c0de-0000-7000-8000-000000000001"
EPOCH = "e1"


@dataclass
class Room:
    """One chat with a history; `lie` names what it does wrong."""

    lie: str = ""
    events: list[dict[str, object]] = field(default_factory=list)
    members: list[ServerConnection] = field(default_factory=list)

    async def serve_member(self, member: ServerConnection) -> None:
        assert member.request is not None
        query = parse_qs(urlsplit(member.request.path).query)
        after = int(query["after"][0]) if "after" in query else len(self.events)
        await say(member, {"type": "welcome", "connection": "c", "epoch": EPOCH, "chats": [{"chat": CHAT, "head": len(self.events), "read": 0}]})
        await self._replay(member, after)
        self.members.append(member)
        try:
            async for text in member:
                frame = json.loads(text)
                if frame["type"] == "send":
                    await self._take(member, frame)
        except ConnectionClosed:
            pass  # the generator cuts without a word, in a storm and at its end
        finally:
            self.members.remove(member)

    async def _replay(self, member: ServerConnection, after: int) -> None:
        missed = self.events[after:]
        if self.lie == "replay without the last" and missed:
            missed = missed[:-1]
        for event in missed:
            await say(member, event)
        await say(member, {"type": "synced", "id": None, "chat": CHAT, "seq": len(self.events), "epoch": EPOCH})

    async def _take(self, sender: ServerConnection, frame: dict[str, str]) -> None:
        seq = len(self.events) + 1
        event: dict[str, object] = {"type": "message_sent", "chat": CHAT, "seq": seq, "by": 'a "}{" name', "key": frame["key"], "text": frame["text"]}
        self.events.append(event)
        ack = {"type": "ack", "chat": CHAT, "key": frame["key"], "seq": seq, "duplicate": False}
        await say(sender, ack)
        if self.lie == "ack twice":
            await say(sender, ack)
        for place, member in enumerate(tuple(self.members)):
            try:
                await self._deliver(member, event, lies=place == 1)
            except ConnectionClosed:
                continue  # its own handler takes it out

    async def _deliver(self, member: ServerConnection, event: dict[str, object], *, lies: bool) -> None:
        seq = int(str(event["seq"]))
        if lies and self.lie == "leave one out" and seq == 20:
            return
        if lies and self.lie == "swap two" and seq in (20, 21):
            event = self.events[19] if seq == 21 else event | {"text": "0" * 60}
        await say(member, event)
        if lies and self.lie == "send one twice" and seq == 20:
            await say(member, event)


async def say(member: ServerConnection, frame: dict[str, object]) -> None:
    await member.send(json.dumps(frame, separators=(",", ":"), ensure_ascii=False))


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generator, built from its sources."""
    build = tmp_path_factory.mktemp("build")
    subprocess.run(["make", "-C", str(BENCHMARKS), f"CC={need('cc')}", f"BUILD={build}", "--silent"], check=True)
    return build / "load"


def run_load(load: Path, room: Room, tmp_path: Path, *options: str) -> tuple[int, dict[str, object]]:
    async def conversation() -> tuple[int, dict[str, object]]:
        tokens = tmp_path / "tokens"
        tokens.write_text(f"token {CHAT}\n" * 5)
        async with serve(room.serve_member, "127.0.0.1", 0, subprotocols=["tenfour.v1"], compression=None) as server:  # type: ignore[list-item]
            port = next(iter(server.sockets)).getsockname()[1]
            process = await asyncio.create_subprocess_exec(str(load), *options, "--port", str(port), "--tokens", str(tokens), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, json.loads(said)

    return asyncio.run(conversation())


TALK = ("durable", "--messages", "50", "--warmup", "0", "--seconds", "30")


@pytest.mark.slow
def test_an_honest_server_gives_a_valid_run(load: Path, tmp_path: Path) -> None:
    code, result = run_load(load, Room(), tmp_path, *TALK)

    assert (code, result["messages"], result["valid"]) == (0, 50, True)


def test_texts_with_escapes_and_text_that_looks_like_fields_are_read_right(load: Path, tmp_path: Path) -> None:
    code, result = run_load(load, Room(), tmp_path, *TALK, "--escapes", "--size", "400")

    assert (code, result["valid"]) == (0, True)


@pytest.mark.parametrize("lie", ["leave one out", "send one twice", "swap two", "ack twice"])
def test_a_gap_a_double_a_swap_and_a_second_ack_void_the_run(load: Path, tmp_path: Path, lie: str) -> None:
    code, result = run_load(load, Room(lie), tmp_path, *TALK)

    assert (code, result["valid"]) == (1, False)
    assert result["why"]


def test_a_storm_ends_with_everybody_back_and_nothing_lost(load: Path, tmp_path: Path) -> None:
    code, result = run_load(load, Room(), tmp_path, "storm", "--between", "30", "--during", "100")

    assert (code, result["came_back"]) == (0, 4)


def test_a_storm_after_which_a_message_is_missing_is_void(load: Path, tmp_path: Path) -> None:
    code, result = run_load(load, Room("replay without the last"), tmp_path, "storm", "--between", "30", "--during", "0")

    assert code == 1
    assert "synced" in str(result["why"])
