"""WebSocket servers that are not Tenfour, in a thread: real sockets on loopback, for commands that run in this one."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from websockets.asyncio.server import ServerConnection, serve

from tests.doctor.listeners import Talk, listening

T = TypeVar("T")


class Peers:
    """Starts servers; each lives as long as the test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stack = contextlib.AsyncExitStack()

    def speaking(self, handler: Callable[[ServerConnection], Awaitable[None]], tls: ssl.SSLContext | None = None, **options: Any) -> str:
        """The address of a server of the ``websockets`` library."""

        async def start() -> int:
            server = await self._stack.enter_async_context(serve(handler, "127.0.0.1", 0, ssl=tls, **options))
            return next(iter(server.sockets)).getsockname()[1]

        return f"{'ws' if tls is None else 'wss'}://127.0.0.1:{self._do(start())}/"

    def listening(self, talk: Talk) -> str:
        """The address of a server that is scripted byte by byte."""
        return f"ws://127.0.0.1:{self.standing(listening(talk))}/"

    def standing(self, server: contextlib.AbstractAsyncContextManager[T]) -> T:
        """What a server gives that is a context."""
        return self._do(self._stack.enter_async_context(server))

    def stop(self) -> None:
        self._do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)


@contextlib.contextmanager
def peers() -> Iterator[Peers]:
    """The servers of one test."""
    made = Peers()
    try:
        yield made
    finally:
        made.stop()


async def echo(peer: ServerConnection) -> None:
    """Says everything back."""
    async for message in peer:
        await peer.send(message)


def saying(*messages: str | bytes, close: tuple[int, str] | None = None) -> Callable[[ServerConnection], Awaitable[None]]:
    """Says this by itself, then nothing, or goodbye."""

    async def handle(peer: ServerConnection) -> None:
        for message in messages:
            await peer.send(message)
        if close is not None:
            await peer.close(*close)
        else:
            await peer.wait_closed()

    return handle


class Heard:
    """Keeps what came, and how each connection ended."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []
        self.closes: list[tuple[int | None, str | None]] = []
        self.headers: list[dict[str, str]] = []
        self.ended = threading.Semaphore(0)

    async def __call__(self, peer: ServerConnection) -> None:
        assert peer.request is not None
        self.headers.append(dict(peer.request.headers.raw_items()) | {"path": peer.request.path})
        await peer.send("hello")
        async for message in peer:
            self.messages.append(message)
            if message == "again":
                await peer.send("heard")
        self.closes.append((peer.close_code, peer.close_reason))
        self.ended.release()
