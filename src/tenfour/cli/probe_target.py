"""Where ``tenfour probe`` connects to, and with what: from the command line to a target."""

from __future__ import annotations

import base64
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from tenfour.cli.destination import Destination
from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.cli.transcript import Secrets
from tenfour.doctor.evidence import SECRET_HEADERS, Address
from tenfour.doctor.steps.address import ALL_CHATS, read_address
from tenfour.doctor.steps.forward import Proxied
from tenfour.doctor.steps.http import server_of
from tenfour.doctor.steps.tls import unverifying, verifying
from tenfour.doctor.talk.opening import Target, TokenSource
from tenfour.wire.frames import PROTOCOL

if TYPE_CHECKING:
    import httpx

_SECRET_KEYS = frozenset({"token", "ticket", "access_token"})


async def target_of(wanted: Destination, secrets: Secrets, stack: contextlib.AsyncExitStack) -> Target:
    """The target; ``secrets`` learns what must not be printed, and ``stack`` holds what a token's renewal needs."""
    url, own = (wanted.url, None) if wanted.url is not None else _this_machine(wanted)
    address, query, userinfo = _address(url, wanted.chat)
    for key, value in parse_qsl(query):
        if key in _SECRET_KEYS:
            secrets.add(value)
    headers = tuple(_header(each, secrets) for each in (*wanted.headers, *userinfo))
    if wanted.has_token and wanted.carrier == "authorization" and any(name.lower() == "authorization" for name, _ in headers):
        raise CommandFailed("there are two Authorization headers: the token's, and your own", "Leave one out, or bring the token by another --carrier.", Exit.WRONG_USE)
    tls = _trust(wanted, own) if address.is_secure else None
    proxy = _proxy(wanted.proxy, secrets) if wanted.proxy is not None else None

    async def http() -> httpx.AsyncClient:
        import httpx

        return await stack.enter_async_context(httpx.AsyncClient(base_url=server_of(address), timeout=wanted.timeout_s, verify=tls or True))

    token = _remembered(await _source(wanted, http, stack), secrets) if wanted.has_token else None
    return Target(
        address,
        query,
        token=token,
        ticket=_remembered(await _tickets(token, http), secrets) if token is not None and wanted.carrier == "ticket" else None,
        renews=wanted.login is not None or wanted.speaker is not None,
        carrier=wanted.carrier,
        headers=headers,
        subprotocols=_offered(wanted),
        origin=wanted.origin,
        tls=tls,
        dial=wanted.dial,
        patience_s=wanted.timeout_s,
        proxy=proxy,
        path_is_ours=urlsplit(url).path == "",
    )


def _offered(wanted: Destination) -> tuple[str, ...]:
    """What was asked for; with the token as a subprotocol there has to be one that a server can choose."""
    needs_ours = wanted.has_token and wanted.carrier == "subprotocol" and PROTOCOL not in wanted.subprotocols
    return (PROTOCOL, *wanted.subprotocols) if needs_ours else wanted.subprotocols


def _proxy(url: str, secrets: Secrets) -> Proxied:
    proxy = Proxied("", url)
    try:
        is_right = proxy.parts.scheme == "http" and bool(proxy.parts.hostname) and proxy.parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise CommandFailed("--proxy is not http://HOST:PORT", "Only proxies of HTTP are gone through, by CONNECT.", Exit.WRONG_USE)
    secrets.add(unquote(proxy.parts.password or ""))
    return proxy


def _this_machine(wanted: Destination) -> tuple[str, ssl.SSLContext | None]:
    from tenfour.cli.reach import Reach
    from tenfour.cli.running import no_server, running_server

    settings = Reach(data=wanted.data).settings()
    server = running_server(settings)
    if server is None:
        raise no_server(settings)
    return server.url, server.trust() if server.certificate is not None else None


def _address(url: str, chat: str | None) -> tuple[Address, str, tuple[str, ...]]:
    """The address as the doctor reads it, its query, and the header that a name and password in it mean."""
    read = read_address(url, chat, None)
    address = read.address
    if address.fault is not None:
        raise CommandFailed(
            f"{address.given!r} is not the address of a WebSocket: {address.fault.removesuffix('.')}", "Write it like wss://chat.example.org or ws://127.0.0.1:8410/path.", Exit.WRONG_USE
        )
    parts = urlsplit(url.strip())
    if parts.path == "/" and chat is None:
        address = replace(address, path="/")
    elif chat is not None and parts.path not in ("", "/"):
        address = replace(address, path=f"{address.path.removesuffix(ALL_CHATS).rstrip('/')}/api/v1/chats/{chat}/ws")
    if parts.username is None:
        return address, read.query, ()
    basic = base64.b64encode(f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()).decode()
    return address, read.query, (f"Authorization: Basic {basic}",)


def _header(given: str, secrets: Secrets) -> tuple[str, str]:
    name, colon, value = given.partition(":")
    if not colon or not name.strip() or any(each.isspace() for each in name.strip()):
        raise CommandFailed(f"--header {given.partition(':')[0]!r} is not NAME: VALUE", "Write it like -H 'X-Tenant: blue'.", Exit.WRONG_USE)
    if name.strip().lower() in SECRET_HEADERS:
        secrets.add(value.strip())
        secrets.add(value.strip().partition(" ")[2])
    return name.strip(), value.strip()


def _trust(wanted: Destination, own: ssl.SSLContext | None) -> ssl.SSLContext:
    try:
        context = unverifying() if wanted.insecure else own if own is not None and wanted.ca is None else verifying(wanted.ca)
        if wanted.cert is not None:
            context.load_cert_chain(wanted.cert, wanted.key)
    except (ssl.SSLError, OSError) as cause:
        raise CommandFailed(f"the certificates cannot be used: {words(cause)}", "They have to be PEM, and the key without a password.", Exit.WRONG_USE) from cause
    return context


def _remembered(source: TokenSource, secrets: Secrets) -> TokenSource:
    """The same, but whatever it gives is never printed, and where the server is away for it that is a line that broke."""

    async def remembered() -> str:
        import httpx

        try:
            secret = await source()
        except httpx.TransportError as cause:
            raise ConnectionError(f"no token was to be had ({cause or type(cause).__name__})") from cause
        secrets.add(secret)
        return secret

    return remembered


async def _tickets(token: TokenSource, http: Callable[[], Awaitable[httpx.AsyncClient]]) -> TokenSource:
    """One-time tickets, each traded for the token."""
    from tenfour.cli.rest import Rest

    rest = Rest(await http(), token)

    async def ticket() -> str:
        return str((await rest.call("POST", "/ws-tickets"))["ticket"])

    return ticket


async def _source(wanted: Destination, http: Callable[[], Awaitable[httpx.AsyncClient]], stack: contextlib.AsyncExitStack) -> TokenSource:
    """Where the token comes from. The imports bring HTTP, for which only who needs a token has to wait."""
    from tenfour.cli.bearers import GivenToken, SessionTokens, read_token

    if wanted.login is not None:
        from tenfour.cli.passwords import read_password

        password = read_password(f"Password of {wanted.login}")
        return SessionTokens(await http(), wanted.login, password).current
    if wanted.speaker is not None:
        from tenfour.cli.reach import Reach, speaking

        return (await stack.enter_async_context(speaking(Reach(data=wanted.data), wanted.speaker))).tokens.current
    token = read_token(wanted.token_file) if wanted.token_file is not None else wanted.token
    assert token is not None, "there is one of the four"
    return GivenToken(token).current
