"""How a command reaches a server.

| what was given       | whom it is as                                          | how                                             |
|----------------------|--------------------------------------------------------|-------------------------------------------------|
| nothing, or --data   | this machine's administration, or --as anybody         | the running server's API with a short-lived token of the local signing key; where nobody runs, the same API without a socket |
| --url and --token    | the token's user                                       | that server's API                               |
| --url and --as       | that account, by its password                          | a session, which ends with the command          |
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.passwords import read_password
from tenfour.cli.rest import TIMEOUT_S, Json, Rest, find_user, refusal
from tenfour.clock import SystemClock
from tenfour.settings import load_settings
from tenfour.storage.lock import LOCK_FILE, StoreLocked, lock_pid

if TYPE_CHECKING:
    from tenfour.app import Parts
    from tenfour.settings import Settings

PATIENCE_S = 10.0
POLL_S = 0.1
RENEW_AT = 0.8
"""How much of a token's life passes before there is a new one."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the options said."""

    data: str | None = None
    url: str | None = None
    token: str | None = None

    def settings(self) -> Settings:
        return load_settings(os.environ, {"data": self.data} if self.data is not None else {})


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server of this machine."""

    url: str
    certificate: str | None


class Tokens:
    """A user's access token, renewed in time. Callable as the SDK's ``TokenSource``."""

    def __init__(self) -> None:
        self._token = ""
        self._good_until = float("-inf")

    async def __call__(self, refused: bool) -> str:
        now_s = SystemClock().monotonic()
        if refused or now_s >= self._good_until:
            made = await self._make()
            self._token = made["access_token"]
            self._good_until = now_s + RENEW_AT * made["expires_in"]
        return self._token

    async def current(self) -> str:
        return await self(False)

    async def _make(self) -> Json:
        raise NotImplementedError


class IssuedTokens(Tokens):
    """Tokens that this machine's administration makes for a user."""

    def __init__(self, administration: Rest, user: str) -> None:
        super().__init__()
        self._administration = administration
        self._user = user

    async def _make(self) -> Json:
        made: Json = await self._administration.call("POST", f"/users/{self._user}/tokens")
        return made


class SessionTokens(Tokens):
    """Tokens of a session that a password opened."""

    def __init__(self, http: httpx.AsyncClient, name: str, password: str) -> None:
        super().__init__()
        self._http = http
        self._log_in: Json = {"name": name, "password": password}
        self._refresh: str | None = None

    async def _make(self) -> Json:
        path, body = ("/sessions", self._log_in) if self._refresh is None else ("/sessions/refresh", {"refresh_token": self._refresh})
        answer = await self._http.post(f"/api/v1{path}", json=body)
        if answer.is_error:
            raise refusal(answer)
        made: Json = answer.json()
        self._refresh = made["refresh_token"]
        return made


class GivenToken(Tokens):
    """A token that cannot be renewed here."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token
        self._good_until = float("inf")

    async def __call__(self, refused: bool) -> str:
        return self._token


@dataclass(frozen=True, slots=True)
class Speaker:
    """A user as whom a command speaks."""

    rest: Rest
    user: Json
    tokens: Tokens
    url: str | None
    """None where no server runs."""
    tls: ssl.SSLContext | None


@contextlib.asynccontextmanager
async def administration(reach: Reach) -> AsyncIterator[Rest]:
    """The API for who may administer."""
    if reach.url is not None:
        if reach.token is None:
            raise CommandFailed("an administrator's token is missing", "Give it by TENFOUR_TOKEN, or leave --url out on the server's own machine.", Exit.WRONG_USE)
        async with _http(reach.url, None) as http:
            yield Rest(http, GivenToken(reach.token).current)
        return
    async with _local(reach) as (rest, _server):
        yield rest


@contextlib.asynccontextmanager
async def speaking(reach: Reach, name: str | None) -> AsyncIterator[Speaker]:
    """Somebody: the token's user, the account of that name by its password, or on this machine anybody."""
    if reach.token is not None and name is not None:
        raise CommandFailed("it is said twice who speaks", "Leave out --as, or the token (--token, TENFOUR_TOKEN).", Exit.WRONG_USE)
    if reach.token is not None:
        async with _speaking_by_token(reach, reach.token) as speaker:
            yield speaker
    elif name is None:
        raise CommandFailed("it is not said who speaks", "Name somebody by --as, or give a token by TENFOUR_TOKEN.", Exit.WRONG_USE)
    elif reach.url is not None:
        async with _speaking_by_password(reach.url, name) as speaker:
            yield speaker
    else:
        async with _local(reach) as (administering, server):
            user = await find_user(administering, name)
            tokens = IssuedTokens(administering, user["id"])
            yield Speaker(Rest(administering.http, tokens.current), user, tokens, server.url if server else None, trust(server) if server else None)


@contextlib.asynccontextmanager
async def _speaking_by_token(reach: Reach, token: str) -> AsyncIterator[Speaker]:
    server = RunningServer(reach.url, None) if reach.url is not None else _require_server(reach.settings())
    tokens = GivenToken(token)
    async with _http(server.url, server.certificate) as http:
        rest = Rest(http, tokens.current)
        yield Speaker(rest, await rest.call("GET", "/me"), tokens, server.url, trust(server))


@contextlib.asynccontextmanager
async def _speaking_by_password(url: str, name: str) -> AsyncIterator[Speaker]:
    password = read_password(f"Password of {name}")
    async with _http(url, None) as http:
        tokens = SessionTokens(http, name, password)
        rest = Rest(http, tokens.current)
        user = await rest.call("GET", "/me")
        try:
            yield Speaker(rest, user, tokens, url, None)
        finally:
            with contextlib.suppress(httpx.TransportError):  # a server that is away ends the session by its age
                await rest.call("DELETE", "/sessions/current")


@contextlib.asynccontextmanager
async def _local(reach: Reach) -> AsyncIterator[tuple[Rest, RunningServer | None]]:
    """This machine's administration, through the server where one runs, else without it."""
    settings = reach.settings()
    async with contextlib.AsyncExitStack() as stack:
        owner = await _owner(settings, stack)
        if isinstance(owner, RunningServer):
            yield _administering(await stack.enter_async_context(_http(owner.url, owner.certificate)), settings), owner
        else:
            from tenfour.app import offline_http_app

            http = httpx.AsyncClient(transport=httpx.ASGITransport(offline_http_app(owner)), base_url="http://offline")  # type: ignore[arg-type]
            yield _administering(await stack.enter_async_context(http), settings), None


async def _owner(settings: Settings, stack: contextlib.AsyncExitStack) -> RunningServer | Parts:
    """Who has the data: the running server, or we. Waits for one that starts, or another command; raises ``StoreLocked`` after that."""
    clock = SystemClock()
    until_s = clock.monotonic() + PATIENCE_S
    while True:
        server = running_server(settings)
        if server is not None:
            return server
        _require_database(settings)
        try:
            return await stack.enter_async_context(_open(settings))
        except StoreLocked:
            if clock.monotonic() >= until_s:
                raise
        await asyncio.sleep(POLL_S)


@contextlib.asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Parts]:
    from tenfour import app
    from tenfour.observe.log import make_log

    def fatal(why: str) -> None:
        click.echo(f"tenfour: the database is broken: {why}", err=True)

    try:
        opening = app.open_parts(settings, make_log("warning", settings.log_format), fatal)
        async with opening as parts:
            yield parts
    except app.CannotStart as cause:
        raise CommandFailed(str(cause), "") from cause


def _administering(http: httpx.AsyncClient, settings: Settings) -> Rest:
    from tenfour.auth.keys import SigningKeys
    from tenfour.auth.tokens import AccessTokens

    clock = SystemClock()
    tokens = AccessTokens(SigningKeys.load_or_create(settings.data / "keys", clock.now_ms()), clock)

    async def bearer() -> str:
        return tokens.issue_for_administration()

    return Rest(http, bearer)


def running_server(settings: Settings) -> RunningServer | None:
    """The server that owns the data; None where none does, or does not answer yet."""
    try:
        said = json.loads(settings.server_file.read_text())
    except FileNotFoundError:
        return None
    owner = lock_pid(settings.database_path.parent / LOCK_FILE)
    if owner is None or said["pid"] != owner or not _is_alive(owner):
        return None  # what a killed server left behind
    return RunningServer(said["url"], said.get("certificate"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _require_server(settings: Settings) -> RunningServer:
    server = running_server(settings)
    if server is None:
        raise no_server(settings)
    return server


def _require_database(settings: Settings) -> None:
    """In a wrong folder nothing is made."""
    if not settings.database_path.exists():
        raise CommandFailed(f"there is neither a server nor a database in {settings.data}", "Name the server's folder by --data or TENFOUR_DATA; `tenfour migrate` makes a new one.", Exit.UNREACHABLE)


def no_server(settings: Settings) -> CommandFailed:
    return CommandFailed(f"no server runs on the data in {settings.data}", "Start it by `tenfour serve`, or name its folder by --data, or another server by --url.", Exit.UNREACHABLE)


def _http(url: str, certificate: str | None) -> httpx.AsyncClient:
    context = trust(RunningServer(url, certificate))
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, verify=context if context is not None else True)


def trust(server: RunningServer) -> ssl.SSLContext | None:
    """For a server of this machine: its own certificate and no other, whatever name stands in it. None: whom this machine trusts."""
    if server.certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=_first_certificate(Path(server.certificate).read_text()))
        return context
    if server.url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used, and made in no time
    return None


def _first_certificate(chain: str) -> str:
    end = "-----END CERTIFICATE-----"
    return chain[: chain.index(end) + len(end)]
