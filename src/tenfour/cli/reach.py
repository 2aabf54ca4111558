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
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import httpx

from tenfour.cli.bearers import GivenToken, IssuedTokens, SessionTokens, Tokens
from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.passwords import read_password
from tenfour.cli.rest import TIMEOUT_S, Json, Rest, find_user
from tenfour.cli.running import RunningServer, no_server, running_server
from tenfour.clock import SystemClock
from tenfour.settings import load_settings
from tenfour.storage.lock import StoreLocked

if TYPE_CHECKING:
    from tenfour.app import Parts
    from tenfour.settings import Settings

PATIENCE_S = 10.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Reach:
    """What the options said."""

    data: str | None = None
    url: str | None = None
    token: str | None = None

    def settings(self) -> Settings:
        return load_settings(os.environ, {"data": self.data} if self.data is not None else {})


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
        async with _elsewhere(reach.url) as http:
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
            yield Speaker(Rest(administering.http, tokens.current), user, tokens, server.url if server else None, server.trust() if server else None)


@contextlib.asynccontextmanager
async def _speaking_by_token(reach: Reach, token: str) -> AsyncIterator[Speaker]:
    tokens = GivenToken(token)
    if reach.url is not None:
        http, tls = _elsewhere(reach.url), None
    else:
        server = _require_server(reach.settings())
        http, tls = server.http(), server.trust()
    async with http:
        rest = Rest(http, tokens.current)
        yield Speaker(rest, await rest.call("GET", "/me"), tokens, str(http.base_url), tls)


@contextlib.asynccontextmanager
async def _speaking_by_password(url: str, name: str) -> AsyncIterator[Speaker]:
    password = read_password(f"Password of {name}")
    async with _elsewhere(url) as http:
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
            yield _administering(await stack.enter_async_context(owner.http()), settings), owner
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


def _require_server(settings: Settings) -> RunningServer:
    server = running_server(settings)
    if server is None:
        raise no_server(settings)
    return server


def _require_database(settings: Settings) -> None:
    """In a wrong folder nothing is made."""
    if not settings.uses_postgresql and not settings.database_path.exists():
        raise CommandFailed(f"there is neither a server nor a database in {settings.data}", "Name the server's folder by --data or TENFOUR_DATA; `tenfour migrate` makes a new one.", Exit.UNREACHABLE)


def _elsewhere(url: str) -> httpx.AsyncClient:
    if not url.startswith(("http://", "https://")):
        raise CommandFailed(f"a server's address looks like https://chat.example.org, not like {url!r}", "Correct --url or TENFOUR_URL.", Exit.WRONG_USE)
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S)
