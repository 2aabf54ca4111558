"""Each golden conversation that a server takes part in, over real sockets against a real server process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.raw import CLOSE, TEXT, Closed, Raw, knock
from tests.protocol.transcripts import (
    AppCalls,
    AppHears,
    Bindings,
    ClientCloses,
    ClientSays,
    ClientSaysRaw,
    Cut,
    Http,
    Mismatch,
    Open,
    Opened,
    Passes,
    Refused,
    Restart,
    ServerCloses,
    ServerSays,
    Step,
    Transcript,
    transcripts_for,
)
from tests.servers import Server, World

DEADLINE_S = 30
COMES_WHEN_IT_LIKES = ("presence", "ping")
"""Types of frames that are passed over where the transcript has something else."""


class Replay:
    """The test's side of one conversation: everybody but the server."""

    def __init__(self, server: Server, world: World, transcript: Transcript) -> None:
        self._server = server
        self._world = world
        self._transcript = transcript
        self._bindings = Bindings()
        self._connections: dict[str, Raw] = {}
        self._stopping: asyncio.Task[int] | None = None

    async def prepare(self) -> None:
        """The people, their tokens and the chats that the head of the transcript names."""
        transcript, values = self._transcript, self._bindings.values
        for name in transcript.people:
            person = await self._world.add_person(name)
            values |= {name: person.id, f"{name}.token": person.token}
        for name, members in transcript.chats.items():
            values[name] = await self._world.chat(*members)
        for name, wanted in transcript.tokens.items():
            values[name] = self._server.token_of(values[wanted["of"]], wanted["life_s"])

    async def run(self) -> None:
        for step in self._transcript.steps:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self._take(step)
            except Mismatch as cause:
                raise Mismatch(f"{step.place}: {cause}") from None
            except (TimeoutError, Closed, asyncio.IncompleteReadError) as cause:
                raise AssertionError(f"{step.place}: instead of {step.act}: {cause!r}") from cause
        if self._stopping is not None:
            assert await self._stopping == 0

    def hang_up(self) -> None:
        for connection in self._connections.values():
            connection.abort()

    async def _take(self, step: Step) -> None:  # noqa: PLR0912 - one case an act
        match step.act:
            case Open(path, headers, subprotocols):
                filled = self._bindings.fill({"path": path, "headers": dict(headers), "subprotocols": list(subprotocols)})
                self._connections[step.connection] = await knock(self._server, filled["path"], filled["headers"], protocol=", ".join(filled["subprotocols"]))
            case Opened(subprotocol):
                answer = self._connections[step.connection].answer
                assert (answer.status, answer.headers.get("sec-websocket-protocol")) == (101, subprotocol), step.place
            case Refused(status, code):
                answer = self._connections[step.connection].answer
                assert (answer.status, answer.problem()["code"]) == (status, code), step.place
            case ClientSays(frame):
                text = frame if isinstance(frame, str) else json.dumps(self._bindings.fill(frame))
                self._connections[step.connection].write(TEXT, text.encode())
            case ClientSaysRaw(opcode, payload):
                self._connections[step.connection].write(opcode, payload)
            case ServerSays(frames):
                await self._hear(self._connections[step.connection], frames)
            case ServerCloses(code, reason):
                await self._see_close(self._connections[step.connection], code, reason)
            case ClientCloses(code, reason):
                self._connections[step.connection].write(CLOSE, code.to_bytes(2, "big") + reason.encode())
            case Cut():
                self._connections[step.connection].abort()
            case Http():
                await self._request(step.act)
            case Restart():
                self._stopping = asyncio.create_task(asyncio.to_thread(self._server.stop))
            case Passes(seconds):
                await asyncio.sleep(seconds)  # what the conversation says that a client waits
            case AppCalls() | AppHears():
                pass

    async def _hear(self, connection: Raw, frames: Sequence[Mapping[str, Any]]) -> None:
        """Every one of the frames, in whatever order but the events', and nothing else in between."""
        left = list(frames)
        while left:
            frame = await self._next(connection, {each["type"] for each in left})
            events = [each for each in left if _is_event(each)]
            candidates = events[:1] if _is_event(frame) else [each for each in left if each not in events]
            expected = next((each for each in candidates if self._bindings.matches(each, frame)), (candidates or left)[0])
            self._bindings.match(expected, frame)
            left.remove(expected)

    async def _see_close(self, connection: Raw, code: int, reason: str) -> None:
        try:
            frame = await self._next(connection, set())
        except Closed as ended:
            heard = ended.reason if ":" in reason else ended.reason.partition(":")[0]
            self._bindings.match({"code": code, "reason": reason}, {"code": ended.code, "reason": heard}, "close")
        else:
            raise Mismatch(f"still open, and heard {frame!r}")

    @staticmethod
    async def _next(connection: Raw, wanted: set[str]) -> dict[str, Any]:
        while True:
            frame = await connection.receive()
            if frame["type"] in wanted or frame["type"] not in COMES_WHEN_IT_LIKES:
                return frame

    async def _request(self, wanted: Http) -> None:
        key = self._world.key if wanted.by == "backend" else self._bindings.values[f"{wanted.by}.token"]
        headers = {"Authorization": f"Bearer {key}"} | self._bindings.fill(dict(wanted.headers))
        async with httpx.AsyncClient(base_url=self._server.url, timeout=DEADLINE_S) as http:
            answer = await http.request(wanted.method, self._bindings.fill(wanted.path), headers=headers, json=self._bindings.fill(wanted.body))
        assert answer.status_code == wanted.status, answer.text
        for name, value in wanted.answer.items():
            self._bindings.match(value, answer.json()[name], f"answer.{name}")


def _is_event(frame: Mapping[str, Any]) -> bool:
    return "seq" in frame and "by" in frame


class Servers:
    """The server that all tests share, one for each further set of settings, and one for each transcript that stops it."""

    def __init__(self, shared: Server, directory: Path) -> None:
        self._directory = directory
        self._running = {_settings_of({}): shared}
        self._made: list[Server] = []

    def of(self, transcript: Transcript) -> Server:
        if _stops_its_server(transcript):
            return self._make(transcript.settings)
        settings = _settings_of(transcript.settings)
        if settings not in self._running:
            self._running[settings] = self._make(transcript.settings)
        return self._running[settings]

    def _make(self, settings: Mapping[str, str]) -> Server:
        directory = self._directory / str(len(self._made))
        directory.mkdir()
        self._made.append(Server(directory, {f"TENFOUR_{name.upper()}": value for name, value in settings.items()}))
        return self._made[-1].start()

    def stop(self) -> None:
        for server in self._made:
            if server.process is not None and server.process.poll() is None:
                server.kill()


def _settings_of(settings: Mapping[str, str]) -> str:
    return json.dumps(dict(settings), sort_keys=True)


def _stops_its_server(transcript: Transcript) -> bool:
    return any(isinstance(step.act, Restart) for step in transcript.steps)


def _case(transcript: Transcript) -> Any:
    """Slow where another server has to start, or time to pass."""
    is_slow = bool(transcript.settings) or _stops_its_server(transcript)
    return pytest.param(transcript, id=transcript.name, marks=[pytest.mark.slow] if is_slow else [])


@pytest.fixture(scope="module")
def servers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    made = Servers(server, tmp_path_factory.mktemp("servers"))
    yield made
    made.stop()


@pytest.fixture
async def start_replay(servers: Servers) -> AsyncIterator[Callable[..., Any]]:
    """Prepares the replay of a transcript; what it opened is cut at the end."""
    started: list[Replay] = []

    async def start(transcript: Transcript) -> Replay:
        server = servers.of(transcript)
        replay = Replay(server, await server.world(), transcript)
        started.append(replay)
        await replay.prepare()
        return replay

    yield start
    for replay in started:
        replay.hang_up()


@pytest.mark.parametrize("transcript", [_case(each) for each in transcripts_for("server")])
async def test_a_server_plays_its_part_of_the_conversation(transcript: Transcript, start_replay: Callable[..., Any]) -> None:
    replay = await start_replay(transcript)

    await replay.run()
