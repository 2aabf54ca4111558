"""Nodes of the gateway's own code, and the lines between them and their clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any, Protocol

from tenfour.actions.access import RightsCache
from tenfour.actions.context import Context, Policy
from tenfour.actions.publish import publish_commit
from tenfour.actions.receipts import ReceiptBook
from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import AccessTokens, TokenVerifier
from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway.admission import Request
from tenfour.gateway.connection import Connection
from tenfour.gateway.hub import Hub
from tenfour.gateway.limits import GatewayLimits
from tenfour.gateway.poll import StorePoll
from tenfour.observe.endings import Endings
from tenfour.observe.metrics import Counters
from tenfour.observe.traces import Traces
from tenfour.wire import frames
from tests.simulation.broker import ModelBroker, Wires
from tests.simulation.store import Database, ModelStore
from tests.simulation.time import SimulatedClock, SimulatedLoop

LIMITS = GatewayLimits(frames_per_s=10_000, sends_per_s=10_000, user_sends_per_s=10_000)
NETWORK_S = (0.0005, 0.015)
TICK_S = 1e-6
"""Two things of one moment have no order in a loop: on a line they do."""


class Peer(Protocol):
    """A client's end of a line."""

    def heard(self, line: Line, payload: bytes) -> None: ...

    def over(self, line: Line, code: int, reason: str) -> None: ...


class Crew:
    """The tasks of a node: what a task group is, but that it dies with the node. A mistake in one is kept."""

    def __init__(self, mistakes: list[BaseException]) -> None:
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._mistakes = mistakes

    def create_task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._done)
        return task

    async def end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (cause := task.exception()) is not None:
            self._mistakes.append(cause)


class _Log:
    """Keeps the lines of mistakes alone."""

    def __init__(self, mistakes: list[BaseException]) -> None:
        self._mistakes = mistakes

    def info(self, event: str, **facts: object) -> None:
        """Nobody reads it."""

    warning = info

    def error(self, event: str, **facts: object) -> None:
        cause = facts.get("exc_info")
        self._mistakes.append(cause if isinstance(cause, BaseException) else AssertionError(f"{event} {facts}"))


class Cluster:
    """All nodes of a run. What they share lives on when one dies."""

    def __init__(self, loop: SimulatedLoop, database: Database, keys: SigningKeys, random: Random, size: int) -> None:
        self.loop = loop
        self.database = database
        self.keys = keys
        self.random = random
        self.wires = Wires(random)
        self.clock = SimulatedClock(loop)
        self.tokens = AccessTokens(keys, self.clock)
        self.mistakes: list[BaseException] = []
        self.starts = 0
        self.nodes: list[Node | None] = [None] * size
        for place in range(size):
            self.start(place)

    def start(self, place: int) -> Node:
        self.starts += 1
        node = self.nodes[place] = Node(self, f"node {place}, start {self.starts}")
        return node

    async def kill(self, place: int) -> None:
        """``kill -9``: what its store's line carried may have arrived; nobody is told."""
        node, self.nodes[place] = self.nodes[place], None
        if node is not None:
            await node.die()

    @property
    def alive(self) -> list[Node]:
        return [each for each in self.nodes if each is not None]


class Node:
    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.is_dead = False
        self.paused_until = 0.0
        self.lines: dict[Line, None] = {}
        self.clock = SimulatedClock(cluster.loop)
        self.broker = ModelBroker(cluster.wires)
        self.store = ModelStore(cluster.database, self.clock, cluster.random, self._committed)
        self.context = Context(self.store, self.broker, self.clock, Policy())  # type: ignore[arg-type]
        self.crew = Crew(cluster.mistakes)
        self.hub = Hub(
            self.context,
            LIMITS,
            rights=RightsCache(),
            receipts=ReceiptBook(self.context),
            counters=Counters(),
            endings=Endings(),
            traces=Traces(),
            log=_Log(cluster.mistakes),  # type: ignore[arg-type]
            node=name,
            tasks=self.crew,  # type: ignore[arg-type]
            verifier=TokenVerifier(cluster.keys, self.clock),
            leeway_ms=30_000,
        )
        for work in (self.store.write_forever(), self.hub.tick_forever(), StorePoll(self.hub).run(), self._flush_receipts()):
            self.crew.create_task(work)

    def _committed(self, commit: Any) -> None:
        publish_commit(self.broker, commit)

    async def _flush_receipts(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            await self.hub.receipts.flush()

    def go_at(self, delay_s: float) -> float:
        """When something that takes so long gets there: a node that is stopped hears it later."""
        return max(self.cluster.loop.time() + delay_s, self.paused_until)

    async def die(self) -> None:
        self.is_dead = True
        await self.broker.close()
        for line in list(self.lines):
            line.cut()
        await self.crew.end()

    async def drain(self) -> None:
        """SIGTERM: as ``gateway/drain`` does it, without the echo door."""
        hub = self.hub
        hub.draining = True
        connections = list(hub.connections.values())
        for connection in connections:
            connection.say(frames.Goodbye(1012, ErrorCode.RESTART.value, reconnect=True, after_ms=500))
        await hub.receipts.flush()
        for connection in connections:
            connection.leave_for_restart()
        with suppress(TenfourError):
            await self.store.change(lambda _: None)  # the batch of all that was submitted before


class Line:
    """A WebSocket between a client and a node: in order both ways, until it is cut."""

    def __init__(self, node: Node, peer: Peer, token: str) -> None:
        self.node = node
        self._peer = peer
        self._loop = node.cluster.loop
        self._random = Random(node.cluster.random.random())
        self._up_at = 0.0
        self._down_at = 0.0
        self._is_open = True
        self._is_closing = False
        node.lines[self] = None
        self._connection: Connection | None = None
        self._later_up(lambda: self._begin(token))

    # The client's end

    def send(self, payload: bytes) -> None:
        self._later_up(lambda: self._arrived(payload))

    def shut(self) -> None:
        """The client goes."""
        if self._is_open:
            self._is_open = False
            self._loop.call_at(self.node.go_at(self._delay()), self._gone, 1000, True)

    def cut(self) -> None:
        """The network is gone between them: each end notices in its own time."""
        if self._is_open:
            self._is_open = False
            self._loop.call_later(self._delay(), self._peer.over, self, 1006, "")
            self._loop.call_at(self.node.go_at(self._delay() + self._random.random()), self._gone, 1006, False)

    # The server's end: what ``protocol.Channel`` is to a connection

    def write(self, data: bytes) -> None:
        if not self._is_closing:
            self._later_down(lambda: self._tell(data))

    def flush(self) -> None:
        """Nothing waits."""

    def buffered(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """The held frames are few here."""

    def resume_reading(self) -> None:
        """As above."""

    def close(self, code: int, reason: str) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._later_down(lambda: self._end(code, reason))

    # Between

    def _begin(self, token: str) -> None:
        self._connection = Connection(self.node.hub, Request("192.0.2.1", "simulated", token=token))
        self._connection.opened(self)  # type: ignore[arg-type]

    def _arrived(self, payload: bytes) -> None:
        if self._connection is not None and not self._is_closing:
            self._connection.text(payload)

    def _tell(self, data: bytes) -> None:
        while data and self._is_open:
            length, start = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4) if data[1] == 126 else (int.from_bytes(data[2:10], "big"), 10)
            if data[0] == 0x81:  # pings need no answer here: a client that is there is heard
                self._peer.heard(self, data[start : start + length])
            elif data[0] == 0x89 and self._connection is not None:
                self._later_up(lambda: self._connection is not None and self._connection.pong(b""))
            data = data[start + length :]

    def _end(self, code: int, reason: str) -> None:
        if self._is_open:
            self._is_open = False
            self._peer.over(self, code, reason)
            self._loop.call_at(self.node.go_at(self._delay()), self._gone, code, True)

    def _gone(self, code: int, clean: bool) -> None:  # noqa: FBT001 - a callback
        self.node.lines.pop(self, None)
        if self._connection is not None and not self.node.is_dead:
            self._connection.closed(code, "", clean=clean)
        self._connection = None

    def _delay(self) -> float:
        return self._random.uniform(*NETWORK_S)

    def _later_up(self, arrive: Callable[[], object]) -> None:
        self._up_at = max(self._up_at + TICK_S, self.node.go_at(self._delay()))
        self._loop.call_at(self._up_at, self._if_up, arrive)

    def _if_up(self, arrive: Callable[[], object]) -> None:
        """What was on its way when the line was cut may be lost or not: here it is lost."""
        if self._is_open and not self.node.is_dead:
            arrive()

    def _later_down(self, arrive: Callable[[], object]) -> None:
        self._down_at = max(self._down_at + TICK_S, self._loop.time() + self._delay())
        self._loop.call_at(self._down_at, self._if_down, arrive)

    def _if_down(self, arrive: Callable[[], object]) -> None:
        if self._is_open:
            arrive()
