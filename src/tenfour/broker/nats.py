"""The broker between nodes: NATS (core, at most once).

One subject for each chat and each user that a node has somebody of, and one for all signs. What is rung here is
heard here at once, without the network: a node that has lost NATS goes on serving its own. What the network loses,
the store has.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import uniform
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from tenfour.broker.broker import ChatBell, HeadMoved, Sign, Subscription, UserBell
from tenfour.broker.local import LocalBroker
from tenfour.broker.packing import Unreadable, pack, unpack
from tenfour.ids import ChatId, UserId
from tenfour.wire.batch import ChatEvents

CARRIED_MAX = 512 * 1024
"""Bytes of one bell. Of a larger batch only the head is told, and nodes read it from the store."""
WAITING_MAX = 16 * 1024 * 1024
"""Bytes that wait for the line; what comes above it is dropped."""
CONNECT_S = 5.0
PING_EVERY_S = 5.0
PING_S = 5
CLOSE_S = 1.0
RETRY_S = (0.2, 2.0)
"""Between two tries, drawn anew each time, so that nodes do not come back together."""


class _Line(Client):
    """One connection to NATS, which does not come back by itself: what it still held would be old by then.

    Messages are handed over as they are read, by the number of their subject. The library's own way is an object, a
    queue and a task for each subject; a node has one for each chat of its users.
    """

    def __init__(self, heard: Callable[[int, bytes], None]) -> None:
        super().__init__()
        self._heard = heard
        self._why: Exception | None = None
        self.over = asyncio.Event()

    async def open(self, url: str, node: str) -> None:
        """Raises ``OSError``, ``TimeoutError`` or ``NatsError``, after ``CONNECT_S`` at the latest."""
        async with asyncio.timeout(CONNECT_S):
            await self.connect(
                url.split(","),
                name=f"tenfour {node}",
                no_echo=True,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                ping_interval=3600,
                skip_subject_validation=True,
                error_cb=self._remember,
                closed_cb=self._end,
            )

    @property
    def why(self) -> str:
        """Why it is over, as far as the library knows."""
        return str(self._why or self.last_error or "the connection was closed").removeprefix("nats: ")

    async def tell(self, command: str) -> None:
        """``SUB`` or ``UNSUB``, in its order with what is published."""
        await self._send_command(f"{command}\r\n".encode())
        await self._flush_pending()

    async def end(self) -> None:
        """Ends it at once: a line that stalls would not take what it was given before either."""
        stream = getattr(self._transport, "_io_writer", None)
        if stream is not None:
            stream.transport.abort()
        with suppress(OSError, NatsError):  # of a line that is over already
            async with asyncio.timeout(CLOSE_S):
                await self.close()

    async def _remember(self, cause: Exception) -> None:
        self._why = cause

    async def _end(self) -> None:
        self.over.set()

    async def _process_msg(self, sid: int, _subject: bytes, _reply: bytes, data: bytes, _headers: bytes) -> None:
        self._heard(sid, data)


@dataclass(slots=True)
class _Subject:
    """A subject that this node listens to."""

    number: int
    listeners: int
    ring: Callable[[Any], None]


class _Listening:
    """A listener here, and its share in the subject."""

    def __init__(self, here: Subscription, leave: Callable[[], None]) -> None:
        self._here = here
        self._leave: Callable[[], None] | None = leave

    def cancel(self) -> None:
        self._here.cancel()
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


class NatsBroker:
    """Bells for all nodes that are on the same NATS.

    Args:
        url: ``nats://`` or ``tls://``, with user and password where NATS wants them; of a cluster several, with commas.
        node: this node's name, for NATS's own lists.
        prefix: what all subjects begin with; two installations on one NATS need two.
        changed: told with each change of ``trouble``.
    """

    def __init__(self, url: str, node: str, *, prefix: str = "tenfour", changed: Callable[[str | None], None] = lambda _: None) -> None:
        self._url = url
        self._node = node
        self._prefix = prefix
        self._changed = changed
        self._here = LocalBroker()
        self._subjects: dict[str, _Subject] = {}
        self._by_number: dict[int, _Subject] = {}
        self._numbers = count(1)
        self._line: _Line | None = None
        self._waiting: deque[tuple[str, bytes | None]] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._trouble: str | None = "NATS was not reached yet"
        self._returns = 0
        self.dropped = 0
        """Bells that found no line, or too much waiting for it."""
        self.unreadable = 0
        """Bells of another version."""

    async def open(self) -> None:
        """Waits for NATS as long as one try takes. Without it the node starts all the same, alone, and tries on."""
        first = asyncio.Event()
        self._running = asyncio.create_task(self._run(first))
        await first.wait()

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    @property
    def returns(self) -> int:
        return self._returns

    @property
    def trouble(self) -> str | None:
        return self._trouble

    def ring_chat(self, bell: ChatBell) -> None:
        self._here.ring_chat(bell)
        packed = pack(bell)
        if len(packed) > CARRIED_MAX and isinstance(bell, ChatEvents):
            packed = pack(HeadMoved(bell.chat, bell.last_seq))
        self._publish(self._chat(bell.chat), packed)

    def ring_user(self, bell: UserBell) -> None:
        self._here.ring_user(bell)
        self._publish(self._user(bell.user), pack(bell))

    def ring_sign(self, bell: Sign) -> None:
        self._here.ring_sign(bell)
        self._publish(self._signs, pack(bell))

    def listen_chat(self, chat: ChatId, heard: Callable[[ChatBell], None]) -> Subscription:
        return self._listen(self._chat(chat), self._here.listen_chat(chat, heard), self._here.ring_chat)

    def listen_user(self, user: UserId, heard: Callable[[UserBell], None]) -> Subscription:
        return self._listen(self._user(user), self._here.listen_user(user, heard), self._here.ring_user)

    def listen_signs(self, heard: Callable[[Sign], None]) -> Subscription:
        return self._listen(self._signs, self._here.listen_signs(heard), self._here.ring_sign)

    # Subjects

    def _chat(self, chat: ChatId) -> str:
        return f"{self._prefix}.chat.{chat}"

    def _user(self, user: UserId) -> str:
        return f"{self._prefix}.user.{user}"

    @property
    def _signs(self) -> str:
        return f"{self._prefix}.signs"

    def _listen(self, name: str, here: Subscription, ring: Callable[[Any], None]) -> Subscription:
        subject = self._subjects.get(name)
        if subject is None:
            subject = self._subjects[name] = _Subject(next(self._numbers), 0, ring)
            self._by_number[subject.number] = subject
            self._tell(_sub(name, subject))
        subject.listeners += 1
        return _Listening(here, lambda: self._leave(name, subject))

    def _leave(self, name: str, subject: _Subject) -> None:
        subject.listeners -= 1
        if not subject.listeners:
            del self._subjects[name], self._by_number[subject.number]
            self._tell(f"UNSUB {subject.number}")

    def _heard(self, number: int, data: bytes) -> None:
        subject = self._by_number.get(number)
        if subject is None:  # left in the meantime
            return
        try:
            bell = unpack(data)
        except Unreadable:
            self.unreadable += 1
            return
        subject.ring(bell)

    # The line

    def _tell(self, command: str) -> None:
        """Without a line there is nobody to tell: a new one is told all subjects."""
        if self._line is not None:
            self._waiting.append((command, None))
            self._wake.set()

    def _publish(self, subject: str, data: bytes) -> None:
        if self._line is None or self._waiting_bytes + len(data) > WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append((subject, data))
        self._waiting_bytes += len(data)
        self._wake.set()

    async def _run(self, first: asyncio.Event) -> None:
        while True:
            line = _Line(self._heard)
            try:
                await line.open(self._url, self._node)
                await self._keep(line, first)
            except (OSError, NatsError, TimeoutError) as cause:
                self._see(f"NATS is away: {line.why if isinstance(cause, NatsError) else str(cause) or 'no answer'}")
            finally:
                self._line = None
                self.dropped += sum(data is not None for _, data in self._waiting)
                self._waiting.clear()
                self._waiting_bytes = 0
                await line.end()
            first.set()
            await asyncio.sleep(uniform(*RETRY_S))  # noqa: S311 - no secret

    async def _keep(self, line: _Line, first: asyncio.Event) -> None:
        """Serves the line until it is over; raises why."""
        subjects = [_sub(name, subject) for name, subject in self._subjects.items()]
        self._line = line
        await _first_to_end(self._send(line, subjects, first), self._ping(line), line.over.wait())
        raise ConnectionError(line.why)

    async def _send(self, line: _Line, subjects: Sequence[str], first: asyncio.Event) -> None:
        for each in subjects:
            await line.tell(each)
        await line.flush(timeout=PING_S)  # the pong says that NATS knows them
        self._returns += 1
        self._see(None)
        first.set()
        while True:
            while self._waiting:
                what, data = self._waiting.popleft()
                if data is None:
                    await line.tell(what)
                else:
                    self._waiting_bytes -= len(data)
                    await line.publish(what, data)
            self._wake.clear()
            await self._wake.wait()

    async def _ping(self, line: _Line) -> None:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await line.flush(timeout=PING_S)

    def _see(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._changed(trouble)


def _sub(name: str, subject: _Subject) -> str:
    return f"SUB {name} {subject.number}"


async def _first_to_end(*jobs: Coroutine[Any, Any, Any]) -> None:
    """Runs them until one ends, ends the others, and raises what it has raised."""
    tasks = [asyncio.ensure_future(each) for each in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for each in done:
        each.result()
