"""Starts the servers that are compared, each by itself on core 0, and makes what the load needs to know of them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVER_CORE = "0"
LOAD_CORE = "1"
START_DEADLINE_S = 20
STOP_DEADLINE_S = 20
# The loop has no use for receipts; reading them would only slow it down.
LOOP_OPTIONS = ("--no-receipts",)
# One back end makes all users and chats from one address.
RAISED_FOR_SET_UP = {"TENFOUR_REQUESTS_PER_ADDRESS_S": "1000000"}
LOOP_CHAT = "0198c0de-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Shape:
    """How many chats, and how many members (one connection each) a chat has."""

    chats: int
    members: int

    @property
    def connections(self) -> int:
        return self.chats * self.members


@dataclass(frozen=True, slots=True)
class Ready:
    """A server that runs and has the users and chats of a shape."""

    process: subprocess.Popen[str]
    port: int
    tokens: Path  # one line `token chat_id` a connection
    load_options: tuple[str, ...]  # how the load must speak to it
    accepting_after_s: float  # from the start of the process to its first answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run may write, and the settings it raises."""

    directory: Path
    settings: dict[str, str]


Prepare = Callable[[Shape, Place], Ready]


@contextmanager
def server(subject: str, shape: Shape, settings: dict[str, str]) -> Iterator[Ready]:
    """Gives a fresh server of that name; stops it and removes its files afterwards."""
    with tempfile.TemporaryDirectory(prefix="tenfour-bench-") as directory:
        ready = SUBJECTS[subject](shape, Place(Path(directory), settings))
        try:
            yield ready
        finally:
            _stop(ready.process)


def prepare_tenfour(shape: Shape, place: Place) -> Ready:
    """Starts `tenfour serve` with an empty store and makes users, chats and tokens through a server key."""
    port = _free_port()
    program = str(Path(sys.executable).with_name("tenfour"))
    environment = (
        os.environ
        | {
            "TENFOUR_DATA": str(place.directory / "data"),
            "TENFOUR_LISTEN": f"127.0.0.1:{port}",
        }
        | RAISED_FOR_SET_UP
        | place.settings
    )
    process, accepting_after_s = _start_http([program, "serve"], environment, port, place.directory / "server.log")
    try:
        created = subprocess.run(
            [program, "key", "create", "benchmark", "--json"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        backend = Backend(port, json.loads(created.stdout)["key"])
        tokens = _make_chats(backend, shape, place.directory / "tokens")
    except BaseException:
        _stop(process)
        raise
    return Ready(process, port, tokens, (), accepting_after_s)


def prepare_loop(shape: Shape, place: Place) -> Ready:
    """Starts the bare send() loop."""
    return _prepare_printing([str(HERE / "build" / "baseline")], shape, place, LOOP_OPTIONS)


def prepare_joining_loop(shape: Shape, place: Place) -> Ready:
    """Starts the loop that joins messages: so cheap that the generator is what is measured."""
    return _prepare_printing([str(HERE / "build" / "baseline"), "--join"], shape, place, LOOP_OPTIONS)


def prepare_socketio(shape: Shape, place: Place) -> Ready:
    """Starts Socket.IO's room in one node process."""
    return _prepare_printing(
        ["node", str(HERE / "peers" / "socketio" / "server.js")],
        shape,
        place,
        ("--dialect", "socketio"),
    )


SUBJECTS: dict[str, Prepare] = {
    "Tenfour": prepare_tenfour,
    "C loop": prepare_loop,
    "Socket.IO": prepare_socketio,
    "generator's ceiling": prepare_joining_loop,
}


class Backend:
    """Calls the API over one kept connection, with a server key as a product's back end does, or with somebody's token."""

    def __init__(self, port: int, bearer: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {
            "Authorization": f"Bearer {bearer}",
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: object) -> dict[str, Any]:
        self._connection.request(method, "/api/v1" + path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        made: dict[str, Any] = json.loads(text)
        return made


def _make_chats(backend: Backend, shape: Shape, path: Path) -> Path:
    with path.open("w") as file:
        for chat in range(shape.chats):
            people = [f"u{chat}-{member}" for member in range(shape.members)]
            for name in people:
                backend.call("PUT", f"/users/{name}", {"name": name})
            made = backend.call(
                "PUT",
                f"/chats/c{chat}",
                {
                    "kind": "group",
                    "title": f"Chat {chat}",
                    "members": [f"ext:{name}" for name in people],
                },
            )
            for name in people:
                token = backend.call("POST", f"/users/{name}/tokens", {})
                file.write(f"{token['access_token']} {made['id']}\n")
    return path


def _prepare_printing(command: list[str], shape: Shape, place: Place, load_options: tuple[str, ...]) -> Ready:
    """For servers that print `listening on PORT` and know neither users nor tokens."""
    began = time.monotonic()
    process = subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, *command],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PORT": "0"},
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.fullmatch(r"listening on (\d+)\n", said)
    if not found:
        _stop(process)
        raise RuntimeError(f"{command[0]} did not start: {said!r}")
    tokens = place.directory / "tokens"
    # Line after line another chat, as in a crowd: no server gets the members of a chat as neighbours.
    chats = [LOOP_CHAT if shape.chats == 1 else f"chat-{line % shape.chats}" for line in range(shape.connections)]
    tokens.write_text("".join(f"- {chat}\n" for chat in chats))
    return Ready(process, int(found[1]), tokens, load_options, time.monotonic() - began)


def _start_http(command: list[str], environment: dict[str, str], port: int, log: Path) -> tuple[subprocess.Popen[str], float]:
    """Starts an HTTP server; returns when it answers, with the time that took."""
    began = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command],
            env=environment,
            stdout=output,
            stderr=output,
            text=True,
        )
    while not _answers(port):
        if process.poll() is not None or time.monotonic() - began > START_DEADLINE_S:
            _stop(process)
            raise RuntimeError(f"{' '.join(command)} does not answer: {log.read_text()[-2000:]}")
        time.sleep(0.005)
    return process, time.monotonic() - began


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/api/v1/health/live")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
