"""A real server process, and the people and chats of a test on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import AccessTokens
from tenfour.clock import SystemClock

START_DEADLINE_S = 120
STOP_DEADLINE_S = 120
# What one machine with all the clients of a suite meets, and one user of a product does not.
RAISED = {
    "TENFOUR_HANDSHAKES_PER_ADDRESS_S": "100000",
    "TENFOUR_CONNECTIONS_PER_ADDRESS": "100000",
    "TENFOUR_REQUESTS_PER_ADDRESS_S": "100000",
    "TENFOUR_FAILED_LOGINS_PER_ADDRESS": "100000",
    "TENFOUR_ECHO_CONNECTIONS": "1000",
}
PROTOCOL = "tenfour.v1"
SERVE = [sys.executable, "-m", "tenfour", "serve"]
TLS = ssl.create_default_context()
"""For all clients that do not use it: making one costs more than a request."""
_OPENED: list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]] = []


class Server:
    """``tenfour serve`` in a process of its own, on a port that the system chooses."""

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data = directory / "data"
        self.log_path = directory / "server.log"
        self.settings = RAISED | dict(settings or {})
        self.command = SERVE
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.said: list[str] = []
        self._listen = "127.0.0.1:0"
        self._key: str | None = None

    def start(self, *arguments: str, **more: str) -> Server:
        """Runs until it says where it is. A second start comes back on the same address."""
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen([*self.command, *arguments], env=self.environment(**more), stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        self.said = []
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("Ready"):
                break
        else:
            raise AssertionError(f"the server did not start: {self.log}")
        self.url = json.loads((self.data / "server.json").read_text())["url"]
        self._listen = self.url.partition("://")[2]
        return self

    def environment(self, **more: str) -> dict[str, str]:
        """What the process sees: this process's own variables, without its settings."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TENFOUR_")}
        return inherited | {"TENFOUR_DATA": str(self.data), "TENFOUR_LISTEN": self._listen, "PYTHONUNBUFFERED": "1"} | self.settings | more

    def refuse_to_start(self, **more: str) -> subprocess.CompletedProcess[str]:
        """A start that has to fail: its exit code and what it said."""
        return subprocess.run(SERVE, env=self.environment(**more), capture_output=True, text=True, timeout=START_DEADLINE_S, check=False)

    @property
    def trusted(self) -> ssl.SSLContext | bool:
        """What a client of this server trusts: over TLS whatever the environment says then."""
        return self.url.startswith("https") or TLS

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """A clean stop; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        assert self.process is not None
        code = self.process.wait(STOP_DEADLINE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def administration(self) -> dict[str, str]:
        """Headers of the command line of this machine."""
        clock = SystemClock()
        tokens = AccessTokens(SigningKeys.load_or_create(self.data / "keys", clock.now_ms()), clock)
        return {"Authorization": f"Bearer {tokens.issue_for_administration()}"}

    def token_of(self, user: str, life_s: int = 3600) -> str:
        """An access token of this server for a user, as its own signing key makes them."""
        clock = SystemClock()
        return AccessTokens(SigningKeys.load_or_create(self.data / "keys", clock.now_ms()), clock).issue(user, None, life_s)[0]

    async def server_key(self) -> str:
        if self._key is None:
            async with httpx.AsyncClient(base_url=self.url + "/api/v1", verify=self.trusted) as http:
                answer = await http.post("/server-keys", json={"name": "tests"}, headers=self.administration())
                answer.raise_for_status()
                self._key = answer.json()["key"]
        return self._key

    async def world(self, *names: str) -> World:
        """New people of these names; nobody else's test knows them."""
        key = await self.server_key()
        world = World(self, key)
        for name in names:
            await world.add_person(name)
        return world


def make_servers(tmp_path: Path, end: Callable[[Server], object]) -> Iterator[Callable[..., Server]]:
    """For a fixture: makes servers with settings (named without their prefix), each on its own data, and ends those that still run."""
    made: list[Server] = []

    def make(settings: Mapping[str, str] | None = None) -> Server:
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(Server(directory, {f"TENFOUR_{name.upper()}": value for name, value in (settings or {}).items()}))
        return made[-1].start()

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            end(server)


class Person:
    """Somebody with a token."""

    def __init__(self, server: Server, name: str, external_id: str, user: str, token: str) -> None:
        self.server = server
        self.name = name
        self.external_id = external_id
        self.id = user
        self.token = token

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One REST request below ``/api/v1``."""
        headers = self.headers | more.pop("headers", {})
        async with httpx.AsyncClient(base_url=self.server.url + "/api/v1", verify=self.server.trusted, timeout=30) as http:
            return await http.request(method, path, headers=headers, **more)

    async def connect(self, chat: str | None = None, *, query: str = "", token: str | None = None) -> Wire:
        """A raw connection at one of the two doors, past its welcome."""
        wire = await open_wire(self.server, chat, query=query, headers={"Authorization": f"Bearer {token or self.token}"})
        wire.welcome = await wire.next("welcome")
        return wire


class World:
    """People and chats that no other test knows."""

    def __init__(self, server: Server, key: str) -> None:
        self.server = server
        self.key = key
        self.people: dict[str, Person] = {}
        self._mark = uuid.uuid4().hex[:10]

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def backend(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of the product's back end, with its server key."""
        async with httpx.AsyncClient(base_url=self.server.url + "/api/v1", verify=self.server.trusted, timeout=60) as http:
            return await http.request(method, path, headers={"Authorization": f"Bearer {self.key}"} | more.pop("headers", {}), **more)

    async def add_person(self, name: str) -> Person:
        external_id = f"{name}-{self._mark}"
        made = await self.backend("PUT", f"/users/{external_id}", json={"name": name})
        made.raise_for_status()
        user = made.json()["id"]
        self.people[name] = Person(self.server, name, external_id, user, self.server.token_of(user))
        return self.people[name]

    async def chat(self, *names: str, kind: str = "group", title: str = "Chat", **more: Any) -> str:
        """A chat of the first as owner with the others; its id."""
        maker, *others = [self.people[name] for name in names]
        wanted = {"kind": kind, "members": [each.id for each in others]} | ({} if kind == "direct" else {"title": title}) | more
        made = await maker.request("POST", "/chats", json=wanted)
        assert made.status_code in (200, 201), made.text
        return made.json()["id"]


class Wire:
    """A WebSocket connection as any client sees it: frames in, frames out."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}
        self.seen: list[dict[str, Any]] = []

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def receive(self) -> dict[str, Any]:
        """The next frame, whatever it is. Raises ``ConnectionClosed``."""
        frame = json.loads(await self.socket.recv())
        self.seen.append(frame)
        return frame

    async def next(self, *types: str) -> dict[str, Any]:
        """The next frame of one of these types; others are passed over."""
        while True:
            frame = await self.receive()
            if frame["type"] in types:
                return frame

    async def send(self, chat: str, text: str, key: str | None = None) -> dict[str, Any]:
        """Sends and gives the ack, or the error."""
        key = key or uuid.uuid4().hex
        await self.say(type="send", chat=chat, key=key, text=text)
        while True:
            frame = await self.next("ack", "error")
            if frame.get("key") == key:
                return frame

    async def send_all(self, chat: str, texts: Sequence[str]) -> list[int]:
        """Sends all at once and gives their seqs, in order, when all are acked."""
        keys = [uuid.uuid4().hex for _ in texts]
        for key, text in zip(keys, texts, strict=True):
            await self.say(type="send", chat=chat, key=key, text=text)
        seqs: dict[str, int] = {}
        while len(seqs) < len(keys):
            frame = await self.next("ack", "error")
            assert frame["type"] == "ack", frame
            seqs[frame["key"]] = frame["seq"]
        return [seqs[key] for key in keys]

    async def subscribe(self, chat: str, after: int | None, subscribe_id: str = "s", epoch: str | None = None) -> list[dict[str, Any]]:
        """Subscribes and gives every frame of the chat up to ``synced``, ``reset`` or ``error``."""
        await self.say(type="subscribe", id=subscribe_id, epoch=epoch or self.welcome["epoch"], chats={chat: after})
        found = []
        while True:
            frame = await self.receive()
            if frame.get("chat") == chat or frame["type"] == "error":
                found.append(frame)
                if frame["type"] in ("synced", "reset", "error"):
                    return found

    async def closed(self) -> tuple[int | None, str]:
        """Code and reason of the close; frames before it are passed over."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.receive()
        return self.socket.close_code, self.socket.close_reason or ""

    async def close(self) -> None:
        await self.socket.close()

    def abort(self) -> None:
        """Cut, as by a pulled cable."""
        self.socket.transport.abort()


def remember(abort: Callable[[], None]) -> None:
    """Notes how a connection that was opened on this event loop is cut."""
    _OPENED.append((asyncio.get_running_loop(), abort))


def hang_up() -> None:
    """Cuts what a test has left open; what was opened on a loop that is closed by now went with it."""
    here = asyncio.get_running_loop()
    opened = list(_OPENED)
    _OPENED.clear()
    for loop, abort in opened:
        if loop is here:
            abort()


async def open_wire(server: Server, chat: str | None = None, *, query: str = "", headers: Mapping[str, str] | None = None, subprotocols: list[str] | None = None, origin: str | None = None) -> Wire:
    """A raw connection at one of the two doors; nothing was read of it yet."""
    path = "/api/v1/ws" if chat is None else f"/api/v1/chats/{chat}/ws"
    url = server.url.replace("http", "ws", 1) + path + (f"?{query}" if query else "")
    opened = await connect(url, additional_headers=dict(headers or {}), subprotocols=subprotocols or [PROTOCOL], origin=origin, compression=None, proxy=None, max_size=None, ping_interval=None)
    wire = Wire(opened)
    remember(wire.abort)
    return wire
