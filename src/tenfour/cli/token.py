"""``tenfour token``: access tokens, and what is wrong with one."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.output import print_json
from tenfour.cli.terminal import escape_controls

if TYPE_CHECKING:
    from tenfour.auth.tokens import Claims, TokenVerifier
    from tenfour.cli.reach import Reach

TIMES = {"exp": "expires", "nbf": "valid from", "iat": "made"}


@click.group()
def token() -> None:
    """Makes access tokens for users, and says what is wrong with one.

    \b
    Examples:
      tenfour token issue ann --life 3600
      tenfour token check < token.txt
      TENFOUR_TOKEN=eyJ… tenfour token check --json
    """


@token.command()
@click.argument("user")
@click.option("--life", "life_s", type=click.IntRange(1, 86_400), metavar="SECONDS", help="How long it is good [the setting access_token_s].")
@options.as_json
@options.reaching
def issue(user: str, life_s: int | None, *, as_json: bool, **reach: str | None) -> None:
    """Prints an access token for a user. Whoever has it is that user until it expires."""
    made = asyncio.run(_issue(reach, user, life_s))
    if as_json:
        print_json(made)
    else:
        click.echo(made["access_token"])


@token.command()
@click.argument("text", metavar="[TOKEN]", required=False)
@options.data
@options.as_json
@click.pass_context
def check(ctx: click.Context, text: str | None, data: str | None, *, as_json: bool) -> None:
    """Takes a token apart, verifies it, and says exactly what is wrong. Exit code 1 for a bad one.

    The token is best given in TENFOUR_TOKEN or on standard input: arguments can be read by others. It is
    checked against the keys of the data folder and the issuers of the settings, without a server; whether
    its session stands and its user may still come in is asked of the server, where one runs.
    """
    from tenfour.cli.reach import Reach

    verdict = asyncio.run(_check(Reach(data), _given(text)))
    if as_json:
        print_json(asdict(verdict))
    else:
        _show(verdict)
    ctx.exit(0 if verdict.good else Exit.REFUSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a token is found to be."""

    good: bool
    header: dict[str, Any] | None
    claims: dict[str, Any] | None
    code: str | None = None
    detail: str | None = None
    advice: str | None = None
    account_checked: bool = False
    """Whether a running server was asked about session and user."""


async def _issue(reach: dict[str, str | None], user: str, life_s: int | None) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, administration
    from tenfour.cli.rest import find_user

    async with administration(Reach(**reach)) as rest:
        found = await find_user(rest, user)
        made: dict[str, Any] = await rest.call("POST", f"/users/{found['id']}/tokens", {"expires_in": life_s})
        return made


def _given(text: str | None) -> str:
    if text is not None and text != "-":
        return text
    given = os.environ.get("TENFOUR_TOKEN") if text is None else None
    given = (given or sys.stdin.read()).strip().removeprefix("Bearer ").strip()
    if not given:
        raise CommandFailed("a token is missing", "Give it on standard input, in TENFOUR_TOKEN or as an argument.", Exit.WRONG_USE)
    return given


async def _check(reach: Reach, text: str) -> Verdict:
    from tenfour.auth.secrets import kind_of_secret
    from tenfour.auth.tokens import inspect_token
    from tenfour.errors import FAILURES, ErrorCode, TenfourError

    kind = kind_of_secret(text)
    if kind is not None:
        return Verdict(good=False, header=None, claims=None, code=ErrorCode.TOKEN_MALFORMED, detail=f"This is {kind}, not an access token.", advice=FAILURES[ErrorCode.TOKEN_MALFORMED].advice)
    read = inspect_token(text)
    header = dict(read.header) if read.header is not None else None
    body = dict(read.claims) if read.claims is not None else None
    try:
        claims = await _verifier(reach).verify_fetching(text)
        return Verdict(good=True, header=header, claims=body, account_checked=await _ask_server(reach, claims, text))
    except TenfourError as refusal:
        return Verdict(good=False, header=header, claims=body, code=refusal.code, detail=refusal.detail, advice=refusal.failure.advice)


def _verifier(reach: Reach) -> TokenVerifier:
    """With the keys that are there: checking a token makes none."""
    from tenfour.app import external_issuers
    from tenfour.auth.keys import SigningKeys
    from tenfour.auth.tokens import TokenVerifier
    from tenfour.clock import SystemClock

    settings, clock = reach.settings(), SystemClock()
    folder = settings.data / "keys"
    keys = SigningKeys.load_or_create(folder, clock.now_ms()) if any(folder.glob("*.pem")) else SigningKeys({})
    return TokenVerifier(
        keys, clock, externals=external_issuers(settings), leeway_s=settings.leeway_s, log=lambda issuer, why: click.echo(f"The keys of {issuer} could not be fetched: {why}", err=True)
    )


async def _ask_server(reach: Reach, claims: Claims, text: str) -> bool:
    """Whether a server was asked; raises what it refuses. Tokens of others are not shown to it: that would make their users."""
    from tenfour.auth.tokens import ADMIN_SCOPE
    from tenfour.cli.reach import speaking
    from tenfour.cli.running import running_server

    if claims.user is None or ADMIN_SCOPE in claims.scope or running_server(reach.settings()) is None:
        return False
    async with speaking(type(reach)(data=reach.data, token=text), None):
        return True


def _show(verdict: Verdict) -> None:
    for name, part in (("Header", verdict.header), ("Claims", verdict.claims)):
        if part is not None:
            click.echo(f"{name}:")
            for key, value in part.items():
                click.echo(f"  {escape_controls(key)}  {escape_controls(str(value))}{_when(key, value)}")
    if verdict.good:
        by_leeway = ", though only by the leeway for clocks (leeway_s): it has expired" if _has_expired(verdict.claims or {}) else ""
        click.echo(f"Good: the signature fits, and it is valid now{by_leeway}." + ("" if verdict.account_checked else " Its session and user were not looked at: no server was asked."))
    else:
        click.echo(f"Bad: {escape_controls(verdict.detail or '')}\n{verdict.advice} [{verdict.code}]")


def _has_expired(claims: dict[str, Any]) -> bool:
    from tenfour.clock import SystemClock

    return bool(claims.get("exp", 0) < SystemClock().now_ms() / 1000)


def _when(key: str, value: object) -> str:
    """A time in seconds as people read it, and how far away it is."""
    from tenfour.clock import SystemClock
    from tenfour.wire.times import rfc3339

    if key not in TIMES or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:  # noqa: PLR2004 - what a calendar holds
        return ""
    away_s = round(value - SystemClock().now_ms() / 1000)
    return f"  ({TIMES[key]} {rfc3339(round(value * 1000))}, {f'in {away_s} s' if away_s >= 0 else f'{-away_s} s ago'})"
