"""The examination: the steps in the order of the way, as far as going on makes sense.

Who steps out first has the cause, so that nothing behind a failure is tried, but for the experiments that
tell two causes apart. Every step has its own time, all together end before fifteen seconds are over.
"""

from __future__ import annotations

import asyncio
import platform
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from urllib.parse import parse_qsl, urlencode

from tenfour.clock import SystemClock
from tenfour.doctor.diagnosis import diagnose, proxy_of
from tenfour.doctor.evidence import Carrier, Evidence, Reply, Steady, Token, Welcome
from tenfour.doctor.held import Held
from tenfour.doctor.judge_delivery import judge_echo
from tenfour.doctor.judge_line import judge_tls
from tenfour.doctor.steps.address import ALL_CHATS, origin_of, read_address
from tenfour.doctor.steps.delivery import Nodes, deliver, deliver_in_own_chat
from tenfour.doctor.steps.forward import ask_through, proxied
from tenfour.doctor.steps.http import API, ask_plainly, ask_whether_ready, base_of
from tenfour.doctor.steps.http2 import speaks_h2
from tenfour.doctor.steps.idle import Doors, be_silent
from tenfour.doctor.steps.limits import Opened, Room, stand_at_once
from tenfour.doctor.steps.listener import look_at_listener
from tenfour.doctor.steps.names import resolve
from tenfour.doctor.steps.past import Past, ask_malformed, ask_past, look_elsewhere
from tenfour.doctor.steps.rest import Rest, connections_of
from tenfour.doctor.steps.tcp import dial_all
from tenfour.doctor.steps.tls import late_alert, overhear, shake_hands, unverifying, verifying
from tenfour.doctor.steps.token import read_token
from tenfour.doctor.steps.traffic import EchoDoor, compress, evenly, growing, round_trips
from tenfour.doctor.steps.upgrade import ask_for_upgrade
from tenfour.doctor.steps.way import Way
from tenfour.doctor.steps.websocket import Asked, upgrade
from tenfour.doctor.steps.welcome import Entered, carrying, enter, enter_once
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.frames import Welcome as Welcomed

ECHO = API + "diagnostics/echo"
HELD_BACK_S = 1.5
_MACHINE = f"{platform.platform(terse=True)}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"
_DATES = frozenset({9, 10})
_TOKEN_KEYS: dict[str, Carrier] = {"token": "query", "access_token": "query", "ticket": "ticket"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step waits, in seconds."""

    names: float = 4.5
    tcp: float = 4.0
    tls: float = 3.5
    overhear: float = 1.0
    http: float = 5.0
    upgrade: float = 4.0
    welcome: float = 5.5
    further: float = 2.0
    all: float = 14.0


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be examined. ``origin``: the page that connects; None takes the server's own, "" sends none."""

    url: str
    token: str | None = None
    chat: str | None = None
    origin: str | None = None
    carrier: Carrier = "authorization"
    tls: ssl.SSLContext | None = None
    """What to trust in place of the machine's authorities."""
    token_is_needed: str | None = None
    """The code with which a log-in was refused, if that was how the token was to be had."""
    past: Past | None = None
    """Where the server listens behind its proxy, to tell the one from the other."""
    fingerprint: str | None = None
    """The SHA-256 of the certificate that is to be there, in hex."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Where the proxy stands that other programs use."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is tried beyond the usual."""

    idle_s: float | None = None
    connections: int | None = None
    """How many are to stand at once."""
    send_in_chat: bool = False
    """Whether the test of delivery may write in the chat of the target, where people read it."""
    patience: Patience = field(default_factory=Patience)


OnStep = Callable[[Evidence], None]


async def examine(target: Target, options: Options, on_step: OnStep) -> Evidence:
    """All that can be seen; ``on_step`` is told after each step."""
    examination = Examination(target, options, on_step)
    await examination.run()
    return examination.evidence


class Examination:
    """One run: the evidence as it grows, and the way that it found."""

    def __init__(self, target: Target, options: Options, on_step: OnStep) -> None:
        self._target = target
        self._options = options
        self._patience = options.patience
        self._on_step = on_step
        self._origin = target.origin and origin_of(target.origin)
        read = read_address(target.url, target.chat, self._origin or None)
        self._query, found, carrier = _without_token(read.query)
        self._token = target.token if target.token is not None else found
        self._carrier: Carrier = carrier if target.token is None and carrier is not None else target.carrier
        self._whole_query = read.query if target.token is not None and found not in (None, target.token) else self._query
        """With the other token of an address, where two are given: its client sends both."""
        address = read.address
        if target.chat is not None and address.path.endswith(ALL_CHATS):
            address = replace(address, path=f"{address.path.removesuffix(ALL_CHATS)}/api/v1/chats/{target.chat}/ws")
        self.evidence = Evidence(address, version=version("tenfour"), machine=_MACHINE, at_ms=SystemClock().now_ms())
        self._way: Way | None = None
        self._entered: Entered | None = None
        on_step(self.evidence)

    async def run(self) -> None:
        """The whole of it."""
        patience_s, go_on = self._patience.all, False
        try:
            async with asyncio.timeout(patience_s), asyncio.TaskGroup() as beside:
                beside.create_task(self._ask_through_own_proxy())
                go_on = await self._reach() and await self._get_in()
                if go_on:
                    await self._use()
                elif diagnose(self.evidence).cause is not None:
                    await self._try_further()
                await self._look_why_it_does_not_store()
        except TimeoutError:
            self._note(f"The examination was ended after {patience_s:g} s; what was at work then is not measured.")
        else:
            if go_on and self._options.connections is not None:
                await self._stand_at_once(self._options.connections)
            if go_on and self._options.idle_s is not None:
                await self._be_silent(self._options.idle_s)

    async def hold(self) -> Held | None:
        """Connections to keep: one let in where there is a token, and one at the echo door, or at the door of somebody else's server."""
        assert self._way is not None, "it was reached"
        is_ours = self.evidence.http is not None and self.evidence.http.server is not None
        found = [(await upgrade(self._way, self._echo() if is_ours else self._asked, self._patience.upgrade)).socket]
        if self._token is not None and self._carrier != "ticket":
            found.append((await self._enter(self._asked)).socket)
        sockets = [each for each in found if each is not None]
        return Held(sockets) if sockets else None

    def _note(self, sentence: str) -> None:
        self.evidence = replace(self.evidence, notes=(*self.evidence.notes, sentence))

    def _see(self, **seen: object) -> None:
        self.evidence = replace(self.evidence, **seen)  # type: ignore[arg-type]
        self._on_step(self.evidence)

    async def _ask_through_own_proxy(self) -> None:
        """The way that other programs of this machine take, where its environment names a proxy."""
        address = self.evidence.address
        proxy = proxied(address, self._target.environment)
        if proxy is None:
            return
        way = Way(address.host, address.port, "", unverifying() if address.is_secure else None)
        self._see(forward=await ask_through(proxy, way, self._asked_on(way), self._patience.upgrade))

    async def _try_further(self) -> None:
        """After a failure: who is first on the way, does the same work past it, does another port answer."""
        async with asyncio.TaskGroup() as tries:
            tries.create_task(self._look_past())
            tries.create_task(self._look_at_the_hop())
            tries.create_task(self._look_elsewhere())
            tries.create_task(self._look_at_the_listener())

    async def _look_why_it_does_not_store(self) -> None:
        """The server knows what is wrong with its data only after it could not write."""
        http, cause = self.evidence.http, diagnose(self.evidence).cause
        if cause is not None and cause.id == "store_down" and http is not None and self._way is not None:
            self._see(http=replace(http, ready=await ask_whether_ready(self._way, self.evidence.address.path, self._patience.http)))

    async def _look_past(self) -> None:
        past, address = self._target.past, self.evidence.address
        if past is None or address.fault is not None:
            return
        way = Way(address.host, address.port, "", unverifying() if address.is_secure else None)
        # Without Origin: what a proxy says of TLS is missing here, and the server would refuse its own page.
        self._see(direct=await ask_past(way, past, replace(self._asked_on(way), origin=None), self._patience.further))

    async def _look_at_the_hop(self) -> None:
        http = self.evidence.http
        if http is None or self._way is None:
            return
        if http.reply.outcome in ("closed", "reset", "not_http"):
            self._see(http=replace(http, speaks_h2=await speaks_h2(self._way, self._patience.further)))
        if proxy_of(self.evidence) is None:
            self._see(hop=await ask_malformed(self._way, self._patience.further))

    async def _look_at_the_listener(self) -> None:
        """Where the port is open and nobody speaks, and the program is one of this machine."""
        http, tls, way = self.evidence.http, self.evidence.tls, self._way
        mute = ("closed", "reset", "no_byte", "timed_out")
        if way is not None and ((http is not None and http.reply.outcome in mute) or (tls is not None and tls.outcome in mute)):
            self._see(listener=await asyncio.to_thread(look_at_listener, way.address, way.port))

    async def _look_elsewhere(self) -> None:
        tcp, address = self.evidence.tcp, self.evidence.address
        if tcp is None or tcp.is_open:
            return
        found = await look_elsewhere(address.host, [dial.address for dial in tcp.dials], address.port, self._patience.further)
        self._see(tcp=replace(tcp, elsewhere=found))

    async def _reach(self) -> bool:
        """Address, name, line, TLS, HTTP. Whether it makes sense to ask for an upgrade."""
        address = self.evidence.address
        if address.fault is not None:
            return False
        names = await resolve(address.host, self._patience.names)
        self._see(names=names)
        addresses = (*names.ipv6, *names.ipv4)
        if not addresses:
            return False
        tcp = await dial_all(addresses, address.port, self._patience.tcp)
        self._see(tcp=tcp)
        working = [dial.address for dial in tcp.dials if dial.outcome == "open"]
        if not working:
            return False
        self._way = Way(address.host, address.port, working[-1])
        return (not address.is_secure or await self._secure(self._way)) and await self._ask_plainly(self._way, working)

    async def _secure(self, way: Way) -> bool:
        self._way = replace(way, tls=self._target.tls or verifying())
        tls = await shake_hands(self._way, self._patience.tls)
        self._see(tls=replace(tls, expected_fingerprint=self._target.fingerprint))
        if tls.outcome == "verify_failed" and tls.verify_code in _DATES:  # whose clock is wrong? the server's own time tells
            await self._ask_plainly(replace(way, tls=unverifying()), [way.address])
        return tls.outcome == "open" and judge_tls(self.evidence) is None

    async def _ask_plainly(self, way: Way, addresses: list[str]) -> bool:
        late: ssl.SSLError | None = None
        try:
            http = await ask_plainly(way, self.evidence.address.path, addresses, self._patience.http)
        except ssl.SSLError as cause:
            late = cause
        else:
            if way.tls is not None and http.reply.outcome in ("closed", "reset"):
                late = await overhear(way, self._patience.overhear)
        if late is not None:
            assert self.evidence.tls is not None, "without TLS nothing raises its errors"
            self._see(tls=late_alert(self.evidence.tls, late))
            return False
        elsewhere = next((address for address, node in http.nodes if node), None)
        if http.server is None and elsewhere is not None:  # the rest is examined where Tenfour is
            self._way = replace(way, address=elsewhere)
            return await self._ask_plainly(self._way, [elsewhere, *(each for each in addresses if each != elsewhere)])
        self._see(http=http)
        return http.reply.outcome != "no_byte" and http.is_one

    @property
    def _asked(self) -> Asked:
        """The upgrade as the doctor asks for it, without a token."""
        assert self._way is not None, "there is a way before anything is asked"
        return self._asked_on(self._way)

    def _asked_on(self, way: Way) -> Asked:
        origin = way.own_origin if self._origin is None else self._origin or None
        return Asked(self.evidence.address.path, self._query, origin, (PROTOCOL,))

    async def _get_in(self) -> bool:
        """Upgrade, token, welcome. Whether a connection stands."""
        assert self._way is not None, "it was reached"
        seen = await ask_for_upgrade(self._way, self._asked, self._patience.upgrade)
        self._see(upgrade=seen)
        if not seen.is_open:
            return False
        token = self._read_token()
        self._see(token=token)
        server = self.evidence.http.server if self.evidence.http is not None else None
        speaks_ours = server is not None and server.protocol == PROTOCOL
        if not self._token or token.unsendable:
            return self._token is None and speaks_ours
        if not speaks_ours and seen.subprotocol != PROTOCOL:
            self._note(f"The token was not sent, because what answers does not speak {PROTOCOL}.")
            return False
        entered = await self._enter(replace(self._asked, query=self._whole_query))
        self._see(welcome=self._placed(entered.seen))
        if entered.socket is None:
            if entered.seen.outcome == "nothing" and speaks_ours:
                await self._look_whether_it_is_held_back()
            return False
        self._entered = entered
        return True

    async def _use(self) -> None:
        """Delivery and the echo door, beside each other: both wait for the line more than they load it."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._talk())
            if self._entered is not None:
                both.create_task(self._deliver(self._entered))

    def _read_token(self) -> Token:
        seen = read_token(self._token, self._carrier)
        return replace(seen, login=self._target.token_is_needed) if self._target.token_is_needed is not None else seen

    def _placed(self, seen: Welcome) -> Welcome:
        return replace(seen, subscribed=self._target.chat) if seen.outcome == "welcome" else seen

    async def _deliver(self, entered: Entered) -> None:
        """From one connection to another: in a chat made for it, or in the one that was named where that was allowed."""
        assert self._token is not None, "it was let in"
        assert entered.socket is not None, "it was let in"
        assert entered.said is not None, "it was let in"
        if self._target.chat is not None and self._options.send_in_chat:
            await self._deliver_in(self._target.chat, entered)
            return
        await entered.socket.close()
        if self._carrier == "ticket":
            self._note("Not measured: delivery, because a ticket opens one connection only.")
            return
        seen = await deliver_in_own_chat(self._rest, self._enter_chat, entered.said, self._nodes)
        if isinstance(seen, str):
            self._note(seen)
        else:
            self._see(delivery=seen)

    async def _deliver_in(self, chat: str, entered: Entered) -> None:
        """In a chat of people, on the connection that stands and a second one."""
        assert entered.socket is not None, "it was let in"
        async with entered.socket:
            second = await self._enter(self._asked)
            if second.socket is None:
                self._note("Not measured: delivery, because a second connection was not let in.")
                return
            async with second.socket:
                self._see(delivery=await deliver(entered.socket, second.socket, chat, (entered.seen.node, second.seen.node), self._nodes))

    async def _enter(self, asked: Asked) -> Entered:
        assert self._way is not None, "it was reached"
        assert self._token is not None, "it was let in"
        return await enter(self._way, asked, self._token, self._carrier, self._patience.welcome)

    async def _enter_chat(self, chat: str) -> Entered:
        """At the chat's own door, whatever the door that was examined."""
        return await self._enter(replace(self._asked, path=f"{base_of(self.evidence.address.path)}{API}chats/{chat}/ws"))

    @property
    def _rest(self) -> Rest:
        assert self._way is not None, "it was reached"
        assert self._token is not None, "it was let in"
        return Rest(self._way, base_of(self.evidence.address.path), self._token)

    @property
    def _nodes(self) -> Nodes:
        """Tenfour's servers among the addresses of the name, and behind one of them."""
        http = self.evidence.http
        assert http is not None, "it was asked before a token was sent"
        servers = [(self._rest.at(address), node) for address, node in http.nodes if node]
        return Nodes(servers, frozenset((*(node for _, node in servers), *(each.node for each in http.again if each.node))))

    def _echo(self, query: str = "") -> Asked:
        asked = replace(self._asked, path=base_of(self.evidence.address.path) + ECHO, query=query)
        return asked if self._token is None or self._carrier in ("ticket", "first_frame") else carrying(asked, self._carrier, self._token)

    @property
    def _welcomed(self) -> Welcomed | None:
        return self._entered.said if self._entered is not None else None

    async def _talk(self) -> None:
        """The echo door: round trips, large frames, compression, evenness. Only Tenfour has one."""
        assert self._way is not None, "it was reached"
        if self.evidence.http is None or self.evidence.http.server is None:
            return
        door = EchoDoor(self._way, self._echo(), self._patience.upgrade)
        socket = await door.open()
        if isinstance(socket, str):
            self._note(f"The echo door did not open ({socket}), so that round trip, large frames, compression and evenness are not measured.")
            return
        async with socket:
            # Small frames beside each other, large ones when those are through: on a thin line they would hold them up.
            echo, steady = await asyncio.gather(round_trips(socket), self._evenly(door))
            self._see(echo=echo, steady=steady)
            if judge_echo(self.evidence) is not None:
                return
            limit_bytes = self._welcomed.limits.frame_bytes if self._welcomed is not None else None
            frames, compression = await asyncio.gather(growing(door, socket, limit_bytes), compress(door))
            self._see(frames=frames, compression=compression)

    async def _look_whether_it_is_held_back(self) -> None:
        """Who keeps a ``welcome`` from coming because it is small does the same to an echo."""
        assert self._way is not None, "it was reached"
        socket = await EchoDoor(self._way, self._echo(), self._patience.upgrade).open()
        if not isinstance(socket, str):
            async with socket:
                self._see(echo=await round_trips(socket, HELD_BACK_S))

    async def _evenly(self, door: EchoDoor) -> Steady | None:
        socket = await door.open()
        if isinstance(socket, str):
            self._note(f"Not measured: whether frames come evenly, because the echo door took no second connection ({socket}).")
            return None
        async with socket:
            return await evenly(socket)

    async def _stand_at_once(self, number: int) -> None:
        """Connections as the client opens them, with the token where there is one."""
        if self._carrier == "ticket" and self._token is not None:
            self._note("Not measured: how many connections stand at once, because a ticket opens one only.")
            return
        way = self._way
        assert way is not None, "it was reached"
        if proxy_of(self.evidence) is None:
            self._see(hop=await ask_malformed(way, self._patience.further))
        room = Room()
        if self._welcomed is not None:
            room = Room(await connections_of(self._rest, self._welcomed) or 0, self._welcomed.limits.connections_per_user)
        self._see(many=await stand_at_once(self._open_one, number, room, lambda: look_at_listener(way.address, way.port)))

    async def _open_one(self) -> Opened:
        assert self._way is not None, "it was reached"
        if self._token is None:
            got = await upgrade(self._way, self._asked, self._patience.upgrade)
            return Opened(got.socket, got.reply if got.socket is None else None)
        entered = await enter_once(self._way, self._asked, self._token, self._carrier, self._patience.welcome)
        reply = Reply(entered.seen.took_ms, "no_byte") if entered.seen.outcome == "nothing" else entered.seen.reply
        return Opened(entered.socket, reply, entered.seen.close)

    async def _be_silent(self, longest_s: float) -> None:
        """The test of silence, which has its own time."""
        assert self._way is not None, "it was reached"
        if self.evidence.http is None or self.evidence.http.server is None:
            self._note("Not measured: silence, for which Tenfour's echo door is needed.")
            return
        idle = await be_silent(Doors(self._way, self._echo("heartbeat=off"), self._echo(), self._patience.upgrade), longest_s)
        if idle is None:
            self._note("Not measured: silence, because the echo door did not take enough connections.")
            return
        self._see(idle=idle if self._welcomed is None else replace(idle, heartbeat_s=self._welcomed.heartbeat_s))


def _without_token(query: str) -> tuple[str, str | None, Carrier | None]:
    """The query without a token or ticket, and what was there."""
    pairs = parse_qsl(query, keep_blank_values=True)
    found = next(((value, _TOKEN_KEYS[key]) for key, value in pairs if key in _TOKEN_KEYS), None)
    if found is None:
        return query, None, None
    return urlencode([(key, value) for key, value in pairs if key not in _TOKEN_KEYS]), *found
