"""Settings → store, broker, actions, edges. The only place that names a concrete store or broker.

``serve`` runs the server until it is told to stop; ``open_parts`` opens the same parts without the edges,
for command-line administration while no server runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import uvicorn
from litestar.types import ASGIApp

from tenfour.actions.access import RightsCache
from tenfour.actions.accounts import make_setup_link
from tenfour.actions.admission import Crowd, Origins
from tenfour.actions.context import Context, Policy, Registration
from tenfour.actions.diagnostics import forget_delivery_chats
from tenfour.actions.publish import publish_commit
from tenfour.actions.receipts import TURNS, ReceiptBook
from tenfour.actions.sessions import forget_ended
from tenfour.api.application import make_http_app
from tenfour.api.services import Services
from tenfour.api.site import Site, built_site
from tenfour.auth.keys import KeyFileExposed, KeyFileUnreadable, SigningKeys
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.tokens import AccessTokens, Algorithm, ExternalIssuer, TokenVerifier
from tenfour.broker.local import LocalBroker
from tenfour.clock import SystemClock
from tenfour.errors import ErrorCode, TenfourError
from tenfour.gateway.address import client_address, is_forwarded_secure, is_from_here
from tenfour.gateway.descriptors import left_for_connections, raise_limit
from tenfour.gateway.drain import drain
from tenfour.gateway.echo import EchoDoor, EchoRules
from tenfour.gateway.gate import Gate, carried_token
from tenfour.gateway.http import HttpProtocol
from tenfour.gateway.hub import Hub
from tenfour.gateway.limits import GatewayLimits
from tenfour.gateway.protocol import UpgradeRequest, websocket_protocol
from tenfour.ids import new_id
from tenfour.observe.endings import Endings
from tenfour.observe.live import Live
from tenfour.observe.log import Log
from tenfour.observe.metrics import Counters, Gauges, exposition, idle
from tenfour.observe.process import cpu_seconds, memory_bytes
from tenfour.observe.progress import Progress, Sources
from tenfour.observe.refusals import Refusals
from tenfour.observe.traces import Traces
from tenfour.settings import Settings, WrongSetting
from tenfour.storage.lock import LOCK_FILE, FileLock
from tenfour.storage.people import SERVER_KEY_ISSUER
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import StoreUnusable
from tenfour.storage.threaded import ThreadedStore

RECEIPTS_EVERY_S = 1.0
PROGRESS_EVERY_S = 1.0
FORGET_EVERY_S = 86_400
FORGET_TESTS_EVERY_S = 300
KEEP_ALIVE_S = 75
EXIT_FATAL = 70
BACKLOG = 4096


class CannotStart(Exception):
    """What keeps the server from starting; the message names it, and what would help, in one line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An opened server without its edges."""

    settings: Settings
    context: Context
    store: ThreadedStore
    keys: SigningKeys
    verifier: TokenVerifier
    tokens: AccessTokens
    hasher: PasswordHasher
    receipts: ReceiptBook
    log: Log


@contextlib.asynccontextmanager
async def open_parts(settings: Settings, log: Log, fatal: Callable[[str], None]) -> AsyncIterator[Parts]:
    """Opens store, broker, keys and actions, and closes them.

    Raises ``StoreLocked`` where another process has the file, and ``CannotStart``.
    """
    clock = SystemClock()
    keys = _open_data(settings.data, clock.now_ms())
    store = make_store(settings, clock)
    broker = LocalBroker()
    context = Context(store, broker, clock, _policy(settings))
    verifier = TokenVerifier(keys, clock, externals=external_issuers(settings), leeway_s=settings.leeway_s, log=partial(_log_key_set, log))
    hasher = PasswordHasher()
    with _own_data(settings):
        try:
            await store.open(partial(publish_commit, broker), fatal)
        except StoreUnusable as cause:
            raise CannotStart(str(cause)) from cause
        await broker.open()
        try:
            yield Parts(settings, context, store, keys, verifier, AccessTokens(keys, clock), hasher, ReceiptBook(context), log)
        finally:
            await broker.close()
            await store.close()
            hasher.close()


def make_store(settings: Settings, clock: SystemClock) -> ThreadedStore:
    """The store that the settings name, not opened yet; raises ``CannotStart`` where its driver is missing."""
    if not settings.uses_postgresql:
        return SqliteStore(settings.database_path, clock, readers=settings.readers)
    try:
        from tenfour.storage.postgres import PostgresStore, Use
    except ImportError as cause:
        raise CannotStart(f"the database is a PostgreSQL one, and its driver is missing ({cause}): pip install 'tenfour[postgresql]'") from cause
    # Nothing carries events to another node yet, so that there is none.
    try:
        return PostgresStore(settings.database, clock, readers=settings.readers, use=Use.ALONE)
    except StoreUnusable as cause:
        raise CannotStart(str(cause)) from cause


@contextlib.contextmanager
def _own_data(settings: Settings) -> Iterator[None]:
    """One process owns a data folder. A SQLite store locks it by itself, because its file is there."""
    if not settings.uses_postgresql:
        yield
        return
    lock = FileLock(settings.lock_folder / LOCK_FILE)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _open_data(data: Path, now_ms: int) -> SigningKeys:
    """Makes the data folder, which nobody else may read, and its first key."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return SigningKeys.load_or_create(data / "keys", now_ms)
    except (KeyFileExposed, KeyFileUnreadable) as cause:
        raise CannotStart(str(cause)) from cause
    except OSError as cause:
        raise CannotStart(f"the data folder {data} cannot be used: {cause.strerror}: {cause.filename}; TENFOUR_DATA names another") from cause


def external_issuers(settings: Settings) -> list[ExternalIssuer]:
    """The issuers of ``external``; raises ``WrongSetting`` with what is wrong."""
    found = []
    for table in settings.external:
        try:
            pem = Path(table["key"]).read_text() if "key" in table else None
            found.append(
                ExternalIssuer(
                    table["issuer"],
                    Algorithm(table["algorithm"]),
                    secret=table.get("secret"),
                    pem=pem,
                    jwks_url=table.get("jwks_url"),
                    audience=table.get("audience"),
                    id_claim=table.get("id_claim", "sub"),
                    name_claim=table.get("name_claim", "name"),
                )
            )
        except (KeyError, ValueError, OSError) as cause:
            raise WrongSetting(f"external: {cause if not isinstance(cause, KeyError) else f'{cause} is missing'}") from cause
    return found


async def _prepare_nothing(_parts: Parts) -> None:
    pass


async def serve(settings: Settings, log: Log, started: Callable[[Settings, str | None], None], *, prepare: Callable[[Parts], Awaitable[None]] = _prepare_nothing) -> int:
    """Runs the server until SIGTERM or SIGINT; the exit code.

    ``prepare`` is given the store before anybody else; ``started`` is told the set-up secret, if one is needed.
    """
    stopping = asyncio.Event()
    broken: list[str] = []

    def fatal(why: str) -> None:
        log.error("Error store.broken", why=why, advice="The process ends, so that the next start recovers from the file.")
        broken.append(why)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopping)
    async with open_parts(settings, log, fatal) as parts:
        sockets = listening_sockets(settings.host, settings.port)
        await prepare(parts)
        secret = await make_setup_link(parts.context)
        async with asyncio.TaskGroup() as tasks:
            edges = Edges(parts, tasks, left_for_connections(raise_limit()))
            background = [tasks.create_task(each) for each in (edges.hub.tick_forever(), edges.flush_receipts(), edges.report_progress(), edges.forget_daily(), edges.forget_delivery_tests())]
            serving = tasks.create_task(edges.server.serve(sockets))
            await _either(edges.server.ready.wait(), serving)
            if serving.done():
                _cancel(background)
                return 1
            settings = _with_port(settings, edges.server)
            _calm_the_collector()
            _write_server_file(settings)
            log.info("Server started", url=settings.url, version=version("tenfour"), node=edges.hub.node)
            started(settings, secret)
            await _either(stopping.wait(), serving)
            log.info("Server stopping", connections=len(edges.hub.connections))
            await drain(edges.hub, edges.echo, settings.drain_s)
            edges.server.should_exit = True
            await serving
            _cancel(background)
        settings.server_file.unlink(missing_ok=True)
    log.info("Server stopped")
    return EXIT_FATAL if broken else 0


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """A bound socket for each address of the host; raises ``CannotStart``, which uvicorn would make two lines of a library of."""
    made: list[socket.socket] = []
    try:
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            one_port = made[0].getsockname()[1] if made else port
            made.append(socket.create_server((str(address[0]), one_port), family=family, backlog=BACKLOG))
    except OSError as cause:
        for each in made:
            each.close()
        why = str(cause.strerror).partition(" (")[0]
        raise CannotStart(f"cannot listen on {host}, port {port}: {why}; TENFOUR_LISTEN names another address and port") from cause
    return made


def make_services(  # noqa: PLR0913 - each service by name
    parts: Parts,
    *,
    rights: RightsCache,
    counters: Counters,
    gauges: Gauges,
    endings: Endings,
    live: Live,
    traces: Traces,
    site: Site,
    node: str,
    metrics: Callable[[], bytes],
    is_draining: Callable[[], bool],
    crowd_at: Callable[[str], Crowd | None],
    descriptors: int,
) -> Services:
    """What the HTTP handlers work with."""
    settings = parts.settings
    trusted = trusted_networks(settings)
    return Services(
        context=parts.context,
        keys=parts.keys,
        verifier=parts.verifier,
        tokens=parts.tokens,
        hasher=parts.hasher,
        rights=rights,
        receipts=parts.receipts,
        counters=counters,
        gauges=gauges,
        endings=endings,
        refusals=Refusals(endings, counters, parts.log, parts.context.clock),
        live=live,
        traces=traces,
        log=parts.log,
        site=site,
        metrics=metrics,
        is_draining=is_draining,
        node=node,
        version=version("tenfour"),
        own_origin=settings.origin,
        origins=origins(settings),
        secure_cookies=settings.url.startswith("https://"),
        metrics_token=settings.metrics_token,
        connections_max=settings.connections,
        descriptors=descriptors,
        connections_per_user=settings.connections_per_user,
        failed_logins=settings.failed_logins,
        failed_logins_per_address=settings.failed_logins_per_address,
        requests_per_address_s=settings.requests_per_address_s,
        crowd_at=crowd_at,
        client_address=lambda peer, forwarded: client_address(peer, forwarded, trusted),
        is_forwarded_secure=lambda headers: is_forwarded_secure(headers, trusted),
        is_from_here=lambda peer, headers: is_from_here(peer, headers, trusted),
    )


def offline_http_app(parts: Parts) -> ASGIApp:
    """The HTTP application for the command line of a stopped server: no socket, no WebSocket."""
    services = make_services(
        parts,
        rights=RightsCache(),
        counters=Counters(),
        gauges=idle(),
        endings=Endings(),
        live=Live({}),
        traces=Traces(),
        site=Site({}),
        node="offline",
        metrics=lambda: b"",
        is_draining=lambda: False,
        crowd_at=lambda _: None,
        descriptors=parts.settings.connections,
    )
    return make_http_app(services)


def trusted_networks(settings: Settings) -> list[IPv4Network | IPv6Network]:
    return [ip_network(each) for each in settings.trusted_proxies]


class Edges:
    """HTTP and WebSocket, on one port."""

    def __init__(self, parts: Parts, tasks: asyncio.TaskGroup, descriptors: int) -> None:
        settings = parts.settings
        if descriptors < settings.connections:
            parts.log.info("Server descriptors.few", connections=descriptors, wanted=settings.connections, advice="LimitNOFILE in its systemd unit raises the limit.")
        self._parts = parts
        node = new_id(parts.context.clock.now_ms())[-12:]
        limits = gateway_limits(settings, descriptors)
        counters, endings = Counters(), Endings()
        self.hub = Hub(
            parts.context,
            limits,
            rights=RightsCache(),
            receipts=parts.receipts,
            counters=counters,
            endings=endings,
            traces=Traces(),
            log=parts.log,
            node=node,
            tasks=tasks,
            verifier=parts.verifier,
            leeway_ms=round(settings.leeway_s * 1000),
        )
        trusted = trusted_networks(settings)
        gauges = self._gauges()
        services = make_services(
            parts,
            rights=self.hub.rights,
            counters=counters,
            gauges=gauges,
            endings=endings,
            live=Live(self.hub.connections),
            traces=self.hub.traces,
            site=built_site(),
            node=node,
            metrics=exposition(counters, gauges),
            is_draining=lambda: self.hub.draining,
            crowd_at=lambda address: self.hub.addresses.look(address, parts.context.clock.monotonic()),
            descriptors=descriptors,
        )
        self.echo = EchoDoor(EchoRules(settings.echo_bytes, settings.echo_connections, settings.heartbeat_s, settings.echo_s), self._check_echo_token, self._echo_failed)
        gate = Gate(self.hub, origins(settings), self.echo, services.refusals, token_query=settings.token_query)
        largest = max(settings.frame_bytes, settings.echo_bytes)
        self.server = _Server(
            uvicorn.Config(
                make_http_app(services),
                host=settings.host,
                port=settings.port,
                http=HttpProtocol,
                ws=websocket_protocol(gate, trusted_proxies=trusted, send_budget_bytes=settings.send_budget_bytes, max_frame_bytes=largest),
                loop="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=3,
                ssl_certfile=settings.tls_certificate or None,
                ssl_keyfile=settings.tls_key or None,
            )
        )

    async def flush_receipts(self) -> None:
        """Each chat's receipts once a second."""
        while True:
            for turn in range(TURNS):
                await asyncio.sleep(RECEIPTS_EVERY_S / TURNS)
                await self._parts.receipts.flush(turn)

    async def report_progress(self) -> None:
        store, broker = self._parts.store, self._parts.context.broker
        sources = Sources(lambda: store.figures.appended, lambda: store.waiting, {"store": lambda: store.trouble, "broker": lambda: broker.trouble})
        progress = Progress(self._parts.log, self.hub.counters, sources)
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            progress.look(self._parts.context.clock.monotonic())

    async def forget_daily(self) -> None:
        """At the start and once a day: what log-ins leave behind."""
        while True:
            try:
                forgotten = await forget_ended(self._parts.context)
            except TenfourError as cause:
                self._parts.log.warning("Error sessions.kept", code=cause.code)
            else:
                self._parts.log.info("Processing sessions.forgotten", rows=forgotten)
            await asyncio.sleep(FORGET_EVERY_S)

    async def forget_delivery_tests(self) -> None:
        """Chats of tests that nobody ended."""
        while True:
            await asyncio.sleep(FORGET_TESTS_EVERY_S)
            try:
                await forget_delivery_chats(self._parts.context)
            except TenfourError as cause:
                self._parts.log.warning("Error delivery_tests.kept", code=cause.code)

    def _check_echo_token(self, request: UpgradeRequest) -> None:
        token = carried_token(request)
        if token is None:
            raise TenfourError(ErrorCode.TOKEN_MISSING, "From beyond loopback the echo door needs a token.")
        self._parts.verifier.verify(token)

    def _echo_failed(self, reference: str, cause: Exception) -> None:
        self._parts.log.error("Error echo.failed", reference=reference, exc_info=cause)

    def _gauges(self) -> Gauges:
        store, hub, context = self._parts.store, self.hub, self._parts.context
        started_s = context.clock.monotonic()
        return Gauges(
            up_s=lambda: context.clock.monotonic() - started_s,
            cpu_s=cpu_seconds,
            memory_bytes=memory_bytes,
            connections=lambda: len(hub.connections),
            users=lambda: len(hub.users),
            rooms=lambda: len(hub.audiences),
            waiting=lambda: store.waiting,
            store_up=lambda: store.trouble is None,
            broker_up=lambda: context.broker.trouble is None,
            loop_lag_s=lambda: hub.loop_lag_s,
            batch_sizes=lambda: store.figures.batch_sizes,
            commit_times=lambda: store.figures.commit_times,
            appended=lambda: store.figures.appended,
            commit_seconds=lambda: store.figures.seconds,
        )


class _Server(uvicorn.Server):
    """uvicorn's server, with the signals left to us: a drain comes before its shutdown."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def gateway_limits(settings: Settings, descriptors: int) -> GatewayLimits:
    return GatewayLimits(
        frame_bytes=settings.frame_bytes,
        text_chars=settings.text_chars,
        frames_per_s=settings.frames_per_s,
        sends_per_s=settings.sends_per_s,
        user_sends_per_s=settings.user_sends_per_s,
        connections_per_user=settings.connections_per_user,
        connections_per_address=settings.connections_per_address,
        handshakes_per_address_s=settings.handshakes_per_address_s,
        connections_max=settings.connections,
        descriptors=descriptors,
        send_budget_bytes=settings.send_budget_bytes,
        receipts_live_max=settings.receipts_live_max,
        replays_at_once=settings.replays_at_once,
        replay_events_max=settings.replay_events,
        chats_in_welcome=settings.chats_in_welcome,
        admission_s=settings.admission_s,
        heartbeat_s=settings.heartbeat_s,
        heartbeat_grace_s=settings.heartbeat_grace_s,
        authenticate_s=settings.authenticate_s,
        offline_after_s=settings.offline_after_s,
        echo_bytes=settings.echo_bytes,
        echo_connections=settings.echo_connections,
    )


def origins(settings: Settings) -> Origins:
    """The listed origins; on loopback ``null`` too, so that a page from a file can debug."""
    allowed = frozenset(settings.allowed_origins)
    own = {settings.origin} | ({"null"} if settings.is_loopback and not allowed else set())
    return Origins(allowed, frozenset(own))


def _policy(settings: Settings) -> Policy:
    return Policy(
        registration=Registration(settings.registration),
        text_chars_max=settings.text_chars,
        chat_members_max=settings.chat_members,
        receipts_live_max=settings.receipts_live_max,
        access_token_s=settings.access_token_s,
        refresh_token_s=settings.refresh_token_s,
        sends_per_user_s=settings.user_sends_per_s,
        product_issuer=settings.external[0]["issuer"] if len(settings.external) == 1 else SERVER_KEY_ISSUER,
    )


def _stop(stopping: asyncio.Event) -> None:
    """The first signal drains; the second one ends it now."""
    if stopping.is_set():
        os._exit(1)
    stopping.set()


def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for each in tasks:
        each.cancel()


async def _either(one: Awaitable[object], task: asyncio.Task[None]) -> None:
    waiting = asyncio.ensure_future(one)
    await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _calm_the_collector() -> None:
    """Few and short garbage collections: almost nothing here is a cycle, and one over all connections is a pause for everybody."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _with_port(settings: Settings, server: uvicorn.Server) -> Settings:
    """The settings with the port that the system chose for port 0."""
    port = server.servers[0].sockets[0].getsockname()[1]
    return replace(settings, listen=f"{settings.listen.rpartition(':')[0]}:{port}")


def _write_server_file(settings: Settings) -> None:
    """Where the command line finds the running server; whole at any moment."""
    writing = settings.server_file.with_suffix(".new")
    certificate = str(Path(settings.tls_certificate).resolve()) if settings.uses_tls else None
    writing.write_text(json.dumps({"url": settings.own_url, "pid": os.getpid(), "certificate": certificate}))
    writing.replace(settings.server_file)


def _log_key_set(log: Log, issuer: str, why: str) -> None:
    log.warning("Error keys.unreachable", issuer=issuer, why=why)
