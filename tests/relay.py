"""A way to a server of another protocol that goes wrong as a test says. It runs on the test's event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

CHUNK = 65_536


@dataclass(slots=True)
class Relay:
    """Passes bytes on between its own port and the server's."""

    target: int
    port: int = 0
    is_open: bool = True
    """Whether new connections are taken; those that are not are cut."""
    swallows: bool = False
    """Nothing is passed on, and the server does not hear of it when somebody goes."""
    loses: bytes | None = None
    """Who sends this is cut off before the server has it, once."""
    loses_answer_to: bytes | None = None
    """Who sends this is cut off when the server has answered it, once."""
    opens_again: bool = True
    """Whether new connections are taken after that."""
    lost: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        pair = {writer, server_writer}
        self._writers |= pair
        answer_is_lost = asyncio.Event()
        with contextlib.suppress(OSError):
            await asyncio.gather(self._ask(reader, server_writer, pair, answer_is_lost), self._answer(server_reader, writer, pair, answer_is_lost))
        self._cut(pair)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: set[asyncio.StreamWriter], answer_is_lost: asyncio.Event) -> None:
        while data := await reader.read(CHUNK):
            if self.swallows:
                continue
            if self.loses is not None and self.loses in data:
                self.loses = None
                self._lose()
                break
            if self.loses_answer_to is not None and self.loses_answer_to in data:
                self.loses_answer_to = None
                answer_is_lost.set()
            writer.write(data)
        if not self.swallows:
            self._cut(pair)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: set[asyncio.StreamWriter], answer_is_lost: asyncio.Event) -> None:
        while data := await reader.read(CHUNK):
            if answer_is_lost.is_set():
                self._lose()
                break
            if not self.swallows:
                writer.write(data)
        self._cut(pair)

    def _lose(self) -> None:
        self.lost += 1
        self.is_open = self.opens_again

    def _cut(self, writers: set[asyncio.StreamWriter]) -> None:
        for each in list(writers):
            each.transport.abort()
        self._writers -= writers

    def cut(self) -> None:
        """Ends every connection that there is."""
        self._cut(set(self._writers))


@contextlib.asynccontextmanager
async def open_relay(target: int) -> AsyncIterator[Relay]:
    relay = Relay(target)
    server = await asyncio.start_server(relay.take, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
