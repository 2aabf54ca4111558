"""The conversation itself: says what the steps say, waits for what they expect, and keeps the connection while it does.

Two things run side by side. One keeps the connection: opens it, reads it to its end, and where that was asked
for comes back. The other goes through the steps. Only received frames, refusals and ends are arrivals, which
the next expectation looks at in their order.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NoReturn

import msgspec

from tenfour.doctor.finding import by_close
from tenfour.doctor.steps.way import now_s
from tenfour.doctor.talk.events import Arrival, Connecting, Ended, Event, Met, NotConnected, Pause, Said, error_of
from tenfour.doctor.talk.opening import Target, open_line
from tenfour.doctor.talk.pattern import Pattern, WrongPattern, field_of, fill, parse_pattern, written
from tenfour.doctor.talk.script import Expect, Goodbye, Keep, Lines, Send, SendBinary, SendControl, Step, Wait
from tenfour.doctor.talk.socket import Socket
from tenfour.errors import FAILURES, Retry
from tenfour.wire import frames
from tenfour.wire.rfc6455 import NORMAL

ARRIVALS_KEPT = 10_000
"""How much may come between two expectations; beyond it the oldest counts as passed over."""
GOODBYE_S = 2.0
STEADY_S = 10.0
"""Who lived so long may come back at once."""
_SHOWN = 3
_CLIENTS_FAULT = range(400, 500)
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})

Verdict = Literal["done", "unmet", "not_connected", "ended"]
Stream = AsyncIterator[Step]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. ``linger_s``: how long to listen when all is said; None, until the other side ends it."""

    steps: Sequence[Step]
    known: Mapping[str, str] = field(default_factory=dict)
    streams: Mapping[str, Stream] = field(default_factory=dict)
    timeout_s: float = 10.0
    linger_s: float | None = 0.0
    count: int | None = None
    reconnect: bool = False
    ping_every_s: float | None = None
    pace_s: float = 0.0
    answers_pings: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went; ``says`` is a sentence, empty where all was done."""

    verdict: Verdict
    says: str = ""


class _Stop(Exception):
    """Going on makes no sense."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.says)


class NobodyReads(Exception):
    """Who was to hear what happens has left."""


async def converse(target: Target, plan: Plan, tell: Callable[[Event], None]) -> Outcome:
    """Goes through the plan; ``tell`` hears all that happens. Cancelled, it says goodbye before it ends; so it does before it raises ``NobodyReads``."""
    return await _Conversation(target, plan, tell).hold()


class _Conversation:
    """One run of a plan."""

    def __init__(self, target: Target, plan: Plan, tell: Callable[[Event], None]) -> None:
        self._target = target
        self._plan = plan
        self._teller: Callable[[Event], None] | None = tell
        self._holding: asyncio.Task[object]
        self._known = dict(plan.known)
        self._socket: Socket | None = None
        self._over: Ended | NotConnected | None = None
        self._has_stood = False
        self._leaving = False
        self._end_was_expected = False
        self._arrivals: deque[Arrival] = deque(maxlen=ARRIVALS_KEPT)
        self._news = asyncio.Event()
        self._messages = 0
        self._last: Said | None = None

    async def hold(self) -> Outcome:
        holding = asyncio.current_task()
        assert holding is not None, "it runs in one"
        self._holding = holding
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(self._keep_connected())]
            if self._plan.ping_every_s is not None:
                others.append(group.create_task(self._keep_pinging(self._plan.ping_every_s)))
            try:
                outcome = await self._go_through()
            except asyncio.CancelledError:
                if self._teller is not None:
                    raise
                self._holding.uncancel()
                raise NobodyReads from None
            finally:
                await self._leave(NORMAL, "")
                for each in others:
                    each.cancel()
        return outcome

    async def _go_through(self) -> Outcome:
        try:
            await self._begin()
            for step in self._plan.steps:
                await self._do(step)
            return await self._listen()
        except _Stop as stop:
            return stop.outcome

    def _tell(self, event: Event) -> None:
        """A pipe that broke on our side must not pass for the line to the server, which breaks in the same way."""
        if self._teller is None:
            return
        try:
            self._teller(event)
        except BrokenPipeError:
            self._teller = None
            self._holding.cancel()

    # The connection

    async def _keep_connected(self) -> None:
        attempt = 0
        while True:
            self._tell(Connecting(self._target.url, now_s(), attempt + 1))
            end = await self._connect_once()
            self._tell(end)
            if not self._plan.reconnect or self._leaving or _says_no(end, renews=self._target.renews):
                self._over = end
                self._arrive(end)
                return
            self._arrive(end)
            attempt = 0 if isinstance(end, Ended) and end.lived_s >= STEADY_S else attempt + 1
            pause_s = max(_pause_s(attempt), _asked_pause_s(end))
            self._tell(Pause(pause_s, now_s()))
            await asyncio.sleep(pause_s)

    async def _connect_once(self) -> Ended | NotConnected:
        opened = await open_line(self._target)
        if isinstance(opened, NotConnected):
            return opened
        self._tell(opened.told)
        socket = Socket(opened.line, self._hear, answers_pings=self._plan.answers_pings)
        try:
            if opened.first_token is not None:
                await socket.send("text", msgspec.json.encode(frames.Authenticate(opened.first_token)))
            self._socket = socket
            self._has_stood = True
            self._news.set()
            return _judged(await socket.read())
        finally:
            self._socket = None
            socket.hang_up()

    async def _keep_pinging(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            if self._socket is not None:
                await self._socket.send("ping", b"")

    def _hear(self, said: Said) -> None:
        self._tell(said)
        if said.by_us or said.kind == "close":
            return
        self._messages += said.kind in ("text", "binary")
        self._arrive(said)

    def _arrive(self, came: Arrival) -> None:
        self._arrivals.append(came)
        self._news.set()

    async def _leave(self, code: int, reason: str) -> None:
        """Says goodbye, and gives the other side a moment for its own."""
        self._leaving = True
        socket = self._socket
        if socket is None:
            return
        await socket.say_goodbye(code, reason)
        if not await self._has_ended(socket):
            socket.hang_up()
            await self._has_ended(socket)

    async def _has_ended(self, socket: Socket) -> bool:
        """Whether it ends in time."""
        until_s = now_s() + GOODBYE_S
        while self._socket is socket:
            if not await self._something_new(until_s):
                return False
        return True

    # The steps

    async def _begin(self) -> None:
        """Until it is connected for the first time, or that failed: no step's time passes before."""
        while not (self._has_stood or self._arrivals):
            await self._something_new(None)

    async def _do(self, step: Step) -> None:
        match step:
            case Send(text):
                await (await self._connection()).send("text", self._filled(text).encode())
            case SendBinary(payload):
                await (await self._connection()).send("binary", payload)
            case SendControl(kind, text):
                await (await self._connection()).send("ping" if kind == "ping" else "pong", self._filled(text).encode())
            case Goodbye(code, reason):
                await self._connection()
                await self._leave(code, self._filled(reason))
            case Lines(name):
                await self._do_lines(self._plan.streams[name])
            case Expect():
                await self._expect(step)
            case Keep(name, path):
                self._keep(name, path)
            case Wait(seconds):
                await self._pass_time(seconds)

    async def _do_lines(self, stream: Stream) -> None:
        """Each line as it comes, until there are no more, or the connection is gone for good, or all that is waited for came."""
        while not (self._leaving or self._over or self._has_enough):
            coming = asyncio.ensure_future(anext(stream, None))
            try:
                await asyncio.sleep(0)  # a line that is there already costs no waiting
                while not (coming.done() or self._over or self._has_enough):
                    news = asyncio.ensure_future(self._news.wait())
                    await asyncio.wait([coming, news], return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
                    self._news.clear()
                step = coming.result() if coming.done() else None
            finally:
                coming.cancel()
            if step is None:
                return
            await self._do(step)
            if self._plan.pace_s:
                await self._pass_time(self._plan.pace_s)

    async def _connection(self) -> Socket:
        """The one that stands, or comes; stops where none will."""
        while self._socket is None:
            if self._over is not None or self._leaving:
                self._stop_at_the_end("before everything was sent")
            await self._something_new(None)
        return self._socket

    async def _expect(self, step: Expect) -> None:
        pattern = self._pattern(step)
        timeout_s = step.timeout_s if step.timeout_s is not None else self._plan.timeout_s
        until_s = now_s() + timeout_s
        passed: deque[Arrival] = deque(maxlen=_SHOWN)
        count = 0
        while True:
            while self._arrivals:
                came = self._arrivals.popleft()
                if pattern.fits(came):
                    self._meet(pattern.source, came)
                    return
                passed.append(came)
                count += 1
            if self._over is not None or self._leaving:
                raise _Stop(_unmet(step, pattern.source, "", passed, count))
            if not await self._something_new(until_s):
                raise _Stop(_unmet(step, pattern.source, f" within {timeout_s:g} s", passed, count))

    def _pattern(self, step: Expect) -> Pattern:
        try:
            return parse_pattern(step.pattern, self._known)
        except WrongPattern as cause:
            raise _Stop(Outcome("unmet", f"Expectation {step.number} cannot be understood with what was filled in: {cause}.")) from cause

    def _meet(self, pattern: str, came: Arrival) -> None:
        self._tell(Met(pattern, now_s()))
        if isinstance(came, Said):
            self._last = came
        else:
            self._end_was_expected = True

    def _keep(self, name: str, path: str) -> None:
        value = self._last.json if self._last is not None else None
        try:
            self._known[name] = written(field_of(value, path))
        except KeyError:
            raise _Stop(Outcome("unmet", f"The message that was expected last has no {path} to keep as {name}: {_shown(self._last) if self._last is not None else 'there is none'}.")) from None

    def _filled(self, text: str) -> str:
        return fill(text, self._known)

    async def _pass_time(self, seconds: float) -> None:
        """So long, or until nothing can happen any more."""
        until_s = now_s() + seconds
        while self._over is None and await self._something_new(until_s):
            pass

    async def _listen(self) -> Outcome:
        """When all is said: for the rest of the time, or of the messages."""
        count, linger_s = self._plan.count, self._plan.linger_s
        until_s = now_s() + linger_s if linger_s is not None else None
        while not (self._over or self._leaving or self._has_enough):
            self._arrivals.clear()
            if not await self._something_new(until_s):
                break
        if count is not None:
            return Outcome("done") if self._has_enough else self._too_few(count)
        if self._over is not None and not self._leaving and not self._end_was_expected:
            return _ending(self._over)
        return Outcome("done")

    @property
    def _has_enough(self) -> bool:
        return self._plan.count is not None and self._messages >= self._plan.count

    def _too_few(self, count: int) -> Outcome:
        if self._over is not None:
            when = f"before the end ({_shown(self._over)})"
        else:
            when = "before it was closed by a step" if self._leaving else f"within {self._plan.linger_s:g} s"
        return Outcome("unmet", f"Only {self._messages} of {count} messages came {when}.")

    async def _something_new(self, until_s: float | None) -> bool:
        """Whether something happened before that moment."""
        try:
            async with asyncio.timeout(None if until_s is None else max(0.0, until_s - now_s())):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True

    def _stop_at_the_end(self, when: str) -> NoReturn:
        if self._over is None:
            raise _Stop(Outcome("ended", f"The connection was closed by a step {when}."))
        found = _ending(self._over)
        raise _Stop(found if found.verdict == "not_connected" else Outcome("ended", f"The connection ended {when}: {_shown(self._over)}."))


# What is made of an end


def _judged(end: Ended) -> Ended:
    """With the cause in the catalogue, if the close frame names an error of Tenfour's."""
    code = error_of(end.close.reason)
    found = by_close(end.close) if code is not None else None
    return end if code is None or found is None else replace(end, cause=found.cause, advice=FAILURES[code].advice)


def _says_no(end: Ended | NotConnected, *, renews: bool) -> bool:
    """Whether coming back would be answered in the same way."""
    if isinstance(end, NotConnected):
        return end.status in _CLIENTS_FAULT and end.status not in _WORTH_ANOTHER_TRY
    code = error_of(end.close.reason)
    if code is None:
        return False
    retry = FAILURES[code].retry
    return retry is Retry.NEVER or (retry is Retry.WITH_NEW_TOKEN and not renews)


def _pause_s(attempt: int) -> float:
    """As the SDK waits; the import brings the whole of it, which only who comes back has to wait for."""
    from tenfour.client.backoff import delay_s

    return delay_s(attempt, random.random())  # noqa: S311 - it spreads clients, and hides nothing


def _asked_pause_s(end: Ended | NotConnected) -> float:
    """What the refusal asks for."""
    asked = end.reply.header("retry-after") if isinstance(end, NotConnected) and end.reply is not None else None
    return float(asked) if asked is not None and asked.isdigit() else 0.0


def _ending(end: Ended | NotConnected) -> Outcome:
    if isinstance(end, NotConnected):
        return Outcome("not_connected", end.says)
    if end.close.how == "frame" and end.code == NORMAL:
        return Outcome("done")
    return Outcome("ended", end.sentence)


# What came instead


def _unmet(step: Expect, pattern: str, within: str, passed: Sequence[Arrival], count: int) -> Outcome:
    name = f"Expectation {step.number} (“{pattern}”)" if step.number else f"What was expected (“{pattern}”)"
    if not passed:
        return Outcome("unmet", f"{name} was not met: nothing {'came' if within else 'more came'}{within}.")
    instead = f"of {count} things that came instead the last were" if count > len(passed) else "instead came"
    return Outcome("unmet", f"{name} was not met{within}; {instead}: {'; '.join(_shown(each) for each in passed)}.")


def _shown(came: Arrival) -> str:
    match came:
        case NotConnected():
            return came.says.removesuffix(".")
        case Ended():
            return came.says
    text = came.payload[:32].hex(" ") if came.kind == "binary" else came.text
    return f"{came.kind} {text[:160]}{'…' if len(text) > 160 else ''}".rstrip()  # noqa: PLR2004 - a line
