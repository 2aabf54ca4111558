"""From an address to an open connection; where that fails, why, by the doctor's own judgement as far as the line goes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from importlib.metadata import version

from tenfour.causes import Layer
from tenfour.doctor.diagnosis import diagnose
from tenfour.doctor.evidence import Address, Carrier, Evidence, Names, Reply, Tls, kept, shown
from tenfour.doctor.finding import by_code, problem_of
from tenfour.doctor.steps.forward import Proxied, ask_for_tunnel, dial_proxy, lets_through
from tenfour.doctor.steps.names import resolve
from tenfour.doctor.steps.tcp import dial_all
from tenfour.doctor.steps.tls import shake_hands
from tenfour.doctor.steps.way import Line, Way, connect, hang_up, now_s, since_ms
from tenfour.doctor.steps.websocket import Answered, Asked, ask_on
from tenfour.doctor.steps.welcome import carrying
from tenfour.doctor.talk.events import Connected, NotConnected
from tenfour.errors import FAILURES, ErrorCode

USER_AGENT = f"tenfour-probe/{version('tenfour')}"
BROWSERS_REFUSE = "a browser would refuse this"
_OTHER_ADDRESSES_S = 2.0
_EXPLAIN_S = 4.0
_SHOWN_CHARS = 200
_LINE_LAYERS = frozenset({Layer.DNS, Layer.TCP, Layer.TLS})

TokenSource = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and with what.

    ``token``, or in its place ``ticket``, is asked at each attempt and may raise ``OSError``; ``renews`` says that it may give another one.
    """

    address: Address
    query: str = ""
    token: TokenSource | None = None
    ticket: TokenSource | None = None
    renews: bool = False
    carrier: Carrier = "authorization"
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None
    tls: ssl.SSLContext | None = None
    dial: str | None = None
    """The address that is dialled in place of the name's own."""
    patience_s: float = 10.0
    proxy: Proxied | None = None
    """What stands between, and is asked for a tunnel by CONNECT."""
    path_is_ours: bool = False
    """Whether the address had no path, so that it leads to Tenfour's door."""

    @property
    def url(self) -> str:
        """The whole address, without a secret."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        query = f"?{self.query}" if self.query else ""
        return shown(f"{self.address.scheme}://{host}:{self.address.port}{self.address.path}{query}")


@dataclass(frozen=True, slots=True)
class Opened:
    """The line, upgraded, and what is told of it; with the token to be sent first, where that is how it is brought."""

    line: Line
    told: Connected
    first_token: str | None = None


@dataclass(slots=True)
class _Attempt:
    """One attempt, and what of it is known so far."""

    target: Target
    started_s: float = field(default_factory=now_s)
    names: Names | None = None

    async def open(self) -> Opened | NotConnected:
        if self.target.proxy is not None:
            return await self._through(self.target.proxy)
        address = self.target.address
        self.names = await resolve(self.target.dial or address.host, self.target.patience_s)
        addresses = (*self.names.ipv6, *self.names.ipv4)
        failed: OSError | None = None
        for place, each in enumerate(addresses, 1):
            way = Way(address.host, address.port, each, self.target.tls)
            patience_s = self.target.patience_s if place == len(addresses) else min(_OTHER_ADDRESSES_S, self.target.patience_s)
            try:
                async with asyncio.timeout(patience_s):
                    line = await connect(way)
            except OSError as cause:  # a deadline that passed among them: the next address
                failed = cause
                continue
            return await self._ask(way, line)
        return await self._explain(addresses, failed)

    async def _through(self, proxy: Proxied) -> Opened | NotConnected:
        """By a tunnel through the proxy, which looks the name up."""
        way = Way(self.target.address.host, self.target.address.port, shown(proxy.url), self.target.tls)
        writer: asyncio.StreamWriter | None = None
        tunnelled = False
        try:
            async with asyncio.timeout(self.target.patience_s):
                reader, writer = await dial_proxy(proxy)
                connect = await ask_for_tunnel((reader, writer), proxy, way)
                if not lets_through(connect):
                    return self._not(f"The proxy {shown(proxy.url)} refused a tunnel with {connect.status} {_phrase(connect.status)}{_hints(connect)}.", reply=connect)
                if way.tls is not None:
                    await writer.start_tls(way.tls, server_hostname=way.host)
            tunnelled = True
        except OSError as cause:  # a deadline that passed among them
            return self._not(f"Through the proxy {shown(proxy.url)} nobody was reached: {_words(cause)}.")
        finally:
            if writer is not None and not tunnelled:
                hang_up(writer)
        return await self._ask(way, (reader, writer))

    async def _ask(self, way: Way, line: Line) -> Opened | NotConnected:
        source = self.target.ticket or self.target.token
        opened = False
        try:
            token = await source() if source is not None else None
            asked = self._asked(token)
            async with asyncio.timeout(self.target.patience_s):
                answered = await ask_on(line, way, asked)
            opened = answered.is_open and answered.accept_is_right
        except TimeoutError:
            return self._not(f"The line stands, but nobody answered the upgrade within {self.target.patience_s:g} s.")
        except OSError as cause:
            return self._not(f"The line broke before the upgrade was answered: {_words(cause)}.")
        finally:
            if not opened:
                hang_up(line[1])
        if not opened:
            return self._refused(answered)
        return Opened(line, self._connected(way, line, asked, answered), token if self.target.carrier == "first_frame" else None)

    def _asked(self, token: str | None) -> Asked:
        target = self.target
        asked = Asked(target.address.path, target.query, target.origin, target.subprotocols)
        if token is not None:
            asked = carrying(asked, target.carrier, token)
        named = () if any(name.lower() == "user-agent" for name, _ in target.headers) else (("User-Agent", USER_AGENT),)
        return replace(asked, secrets=(*named, *target.headers, *asked.secrets))

    def _connected(self, way: Way, line: Line, asked: Asked, answered: Answered) -> Connected:
        secured = line[1].get_extra_info("ssl_object")
        chosen = answered.reply.header("sec-websocket-protocol")
        oddities = []
        if chosen is None and asked.subprotocols:
            oddities.append(f"none of the subprotocols was taken: {BROWSERS_REFUSE}")
        if chosen is not None and chosen not in asked.subprotocols:
            oddities.append(f"a subprotocol was chosen that was not offered: {BROWSERS_REFUSE}")
        if answered.reply.header("sec-websocket-extensions") is not None:
            oddities.append(f"an extension was chosen, and none was offered: {BROWSERS_REFUSE}")
        return Connected(answered.reply, way.address, since_ms(self.started_s), now_s(), (secured.version() or "") if secured is not None else "", chosen, _lines_of(answered.request), tuple(oddities))

    def _not(self, says: str, **more: str | int | Reply | tuple[str, ...] | None) -> NotConnected:
        return NotConnected(says, now_s(), **more)  # type: ignore[arg-type]

    # Why not

    def _refused(self, answered: Answered) -> NotConnected:
        reply, sent = answered.reply, _lines_of(answered.request)
        match reply.outcome:
            case "closed":
                return self._not("The other side hung up without an answer.", request=sent)
            case "not_http":
                return self._not(f"What answered does not speak HTTP; it began with {bytes.fromhex(reply.head)!r}.", request=sent)
        if answered.is_open:
            return self._not("It was answered with 101, but the Sec-WebSocket-Accept is wrong: what answered does not speak WebSocket.", status=reply.status, reply=reply, request=sent)
        problem = problem_of(reply)
        if problem is None:
            advice = "The address has no path, so Tenfour's door was asked for; with a / at its end it leads to the root." if self.target.path_is_ours else ""
            return self._not(f"The upgrade was refused with {reply.status} {_phrase(reply.status)}{_hints(reply)}.", status=reply.status, advice=advice, reply=reply, request=sent)
        found = by_code(problem.code, problem.detail)
        says = f"The upgrade was refused with {reply.status}: {problem.detail.removesuffix('.')}."
        return self._not(says, status=reply.status, cause=found.cause if found is not None else None, advice=_advice(problem.code), reply=reply, request=sent)

    async def _explain(self, addresses: Sequence[str], failed: OSError | None) -> NotConnected:
        """Name, line and TLS once more, by the doctor's steps, for the cause."""
        address = self.target.address
        evidence = Evidence(address, names=self.names)
        if addresses:
            tcp = await dial_all(addresses, address.port, min(_EXPLAIN_S, self.target.patience_s))
            open_at = [each.address for each in tcp.dials if each.outcome == "open"]
            evidence = replace(evidence, tcp=tcp, tls=await self._shake_hands(open_at[-1]) if open_at and address.is_secure else None)
        found = diagnose(evidence)
        if found.cause is None or (found.cause.layer not in _LINE_LAYERS and found.cause.id != "tls_to_plain_port"):
            return self._not(f"{address.host}, port {address.port} was not reached: {_words(failed) if failed is not None else 'it has no address'}.")
        return self._not(found.says, cause=found.cause.id, advice=found.fix.text if found.fix is not None else "")

    async def _shake_hands(self, address: str) -> Tls:
        return await shake_hands(Way(self.target.address.host, self.target.address.port, address, self.target.tls), _EXPLAIN_S)


async def open_line(target: Target) -> Opened | NotConnected:
    """Dials, secures and upgrades. Whoever gets a line ends it."""
    return await _Attempt(target).open()


def _lines_of(request: bytes) -> tuple[str, ...]:
    """The request as it may be shown: the query is left to who prints, who knows the secrets."""
    first, *rest = request.decode("latin-1").rstrip().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (each.partition(":") for each in rest)]
    return (first, *(f"{name}: {value}" for name, value in kept(headers)))


def _words(cause: OSError) -> str:
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    return (cause.reason or str(cause)) if isinstance(cause, ssl.SSLError) else cause.strerror or str(cause) or type(cause).__name__


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(not a registered status)"


def _hints(reply: Reply) -> str:
    """What the answer says of itself, in one line."""
    said = [f"{name} says {value}" for name in ("location", "www-authenticate", "retry-after", "sec-websocket-version") if (value := reply.header(name)) is not None]
    server = reply.header("server")
    body = " ".join(reply.body.split())
    if body and "html" not in (reply.header("content-type") or "").lower():
        said.append(f"the body says “{body[:_SHOWN_CHARS]}{'…' if len(body) > _SHOWN_CHARS else ''}”")
    elif body:
        said.append("the body is a page of HTML")
    return (f" by {server}" if server else "") + (f" ({'; '.join(said)})" if said else "")


def _advice(code: str) -> str:
    try:
        return FAILURES[ErrorCode(code)].advice
    except (ValueError, KeyError):
        return ""
