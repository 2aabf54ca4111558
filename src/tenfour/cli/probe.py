"""``tenfour probe``."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import ssl
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.doctor.talk.pattern import WrongPattern
from tenfour.doctor.talk.script import TOKEN, Expect, Keep, Lines, Send, SendBinary, Step, Wait, WrongStep, check, control, expectation, goodbye, parse_hex, parse_script, parse_setting

if TYPE_CHECKING:
    from tenfour.cli.transcript import Secrets, Transcript, Write
    from tenfour.doctor.evidence import Address
    from tenfour.doctor.talk.opening import Target, TokenSource
    from tenfour.doctor.talk.player import Plan

_CARRIERS = ("authorization", "subprotocol", "query", "first_frame")
_SECRET_KEYS = frozenset({"token", "ticket", "access_token"})
_STDIN = 0
LINGER_S = 1.0
STANDARD_INPUT = "standard input"

EXIT_DONE, EXIT_UNMET, EXIT_NOT_CONNECTED, EXIT_ENDED = 0, 1, 3, 4
_EXITS = {"done": EXIT_DONE, "unmet": EXIT_UNMET, "not_connected": EXIT_NOT_CONNECTED, "ended": EXIT_ENDED}
_EPILOG = f"""\b
Exit codes:
    {EXIT_DONE}  done: all was sent, and came as expected
    {EXIT_UNMET}  an expectation was not met, or the log-in was refused
    {int(Exit.WRONG_USE)}  wrong use
    {EXIT_NOT_CONNECTED}  not connected: nobody was reached, or the upgrade was refused
    {EXIT_ENDED}  the other side ended it with a code other than 1000, or before everything was sent
  130  interrupted; it said goodbye with 1000"""

_STEPS = ("send", "binary", "file", "ping", "expect", "wait", "close", "script")


class _InOrder(click.Command):
    """Remembers the order of the options that are steps, which click by itself groups by their names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[__name__] = [each.name for each in order if each.name in _STEPS]
        return super().parse_args(ctx, args)


@click.command(cls=_InOrder, epilog=_EPILOG)
@click.argument("url", required=False)
@click.option("--token", envvar="TENFOUR_TOKEN", metavar="TOKEN", help="An access token. Others can read it in the list of processes: better by TENFOUR_TOKEN or --token-file.")
@click.option("--token-file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="A file with the token; - is standard input.")
@click.option("--login", metavar="NAME", help="Logs in as this account, by its password (asked for, or TENFOUR_PASSWORD).")
@click.option("--as", "speaker", metavar="NAME", help="As this account of this machine's server, without a password.")
@click.option("--carrier", type=click.Choice(_CARRIERS), default="authorization", help="How the token is brought [authorization]; browsers use subprotocol.")
@click.option("--chat", metavar="ID", help="Tenfour's door of this chat, in place of the one for all.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the upgrade request; replaces our own of that name.")
@click.option("-s", "--subprotocol", "subprotocols", multiple=True, metavar="NAME", help="A subprotocol to offer.")
@click.option("-o", "--origin", metavar="ORIGIN", help="The page that connects, like https://app.example.org [no Origin].")
@click.option("--ca", type=click.Path(dir_okay=False), metavar="FILE", help="Certificates to trust in place of the machine's.")
@click.option("-k", "--insecure", is_flag=True, help="Does not check the certificate.")
@click.option("--cert", type=click.Path(dir_okay=False), metavar="FILE", help="Our own certificate, for servers that ask for one.")
@click.option("--key", type=click.Path(dir_okay=False), metavar="FILE", help="Its key, if it is not in the same file.")
@click.option("--dial", metavar="ADDRESS", help="Dials this address in place of the host's own; Host and TLS stay.")
@click.option("-x", "--send", multiple=True, metavar="TEXT", help="Sends a text frame.")
@click.option("--binary", multiple=True, metavar="HEX|@FILE", help="Sends a binary frame: bytes in hex, or a file's (@- is standard input).")
@click.option("--file", multiple=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="Sends a text frame for each line; - is standard input.")
@click.option("--ping", multiple=True, metavar="TEXT", help="Sends a ping.")
@click.option("--expect", multiple=True, metavar="PATTERN", help="Waits for what fits: 'type=ack', a regular expression, 'close 4401' … (docs/probe.md).")
@click.option("--wait", multiple=True, type=click.FloatRange(min=0), metavar="SECONDS", help="Waits.")
@click.option("--close", multiple=True, metavar="'CODE REASON'", help="Says goodbye.")
@click.option("--script", multiple=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="Does what a script says: a line a step (docs/probe.md).")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="What ${NAME} stands for in steps.")
@click.option("-i", "--interactive", is_flag=True, help="After the steps reads lines from standard input, as it does where there are no steps.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0), default=10.0, metavar="SECONDS", help="How long to wait for the connection, and for what each --expect names [10].")
@click.option("--count", type=click.IntRange(min=1), metavar="COUNT", help="Ends when so many messages came in all.")
@click.option("--quit-after", "quit_after_s", type=click.FloatRange(min=0), metavar="SECONDS", help=f"How long to listen when all is said [{LINGER_S:g}; 0 after a last --expect].")
@click.option("--listen", is_flag=True, help="Listens until the other side ends it, or Ctrl-C.")
@click.option("--reconnect", is_flag=True, help="Comes back whenever the connection is lost, after a pause that grows.")
@click.option("--ping-every", "ping_every_s", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Sends a ping every so often.")
@click.option("--no-pong", is_flag=True, help="Answers no ping.")
@click.option("--pace", "pace_s", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Waits between the lines of --file and standard input.")
@click.option("--times", type=click.Choice(["elapsed", "clock", "none"]), default="elapsed", help="The time of each line: since the start, or UTC [elapsed].")
@click.option("--raw", is_flag=True, help="Prints the received messages alone, as they came.")
@click.option("--json", "as_json", is_flag=True, help="Prints JSON, one object a line.")
@click.option("--pretty", is_flag=True, help="Prints JSON messages over several lines.")
@click.option("-v", "--verbose", is_flag=True, help="Prints the headers of the upgrade, too.")
@options.data
def probe(url: str | None, **asked: Any) -> None:
    """A WebSocket client to try a server by hand, or from a script.

    URL is any ws:// or wss:// address. Without a path it leads to Tenfour's door, with / as its path to the root;
    without URL it is this machine's server. What is typed or piped is sent, a line a frame. Steps (--send,
    --expect …) are done in the order in which they stand, and it ends when they are done.

    \b
    Examples:
      tenfour probe ws://127.0.0.1:8410 --as ann
      tenfour probe wss://echo.example.org/ -x hello --expect hello
      tenfour probe wss://chat.example.org --token-file t --expect type=welcome -x '{"type":"ping"}' --expect type=pong
      tenfour probe wss://chat.example.org --login ann --script scenario.txt --json
      tail -f log | tenfour probe wss://log.example.org/in --reconnect
    """
    settings = _Asked(url, asked, click.get_current_context().meta[__name__])
    try:
        code = asyncio.run(_run(settings))
    except BaseExceptionGroup as group:
        if group.subgroup(BrokenPipeError) is None:
            raise
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - who read the output left; there is nobody to tell
        code = EXIT_DONE
    click.get_current_context().exit(code)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The command line."""

    url: str | None
    options: dict[str, Any]
    order: Sequence[str]

    def __getattr__(self, name: str) -> Any:
        return self.options[name]


async def _run(asked: _Asked) -> int:
    from tenfour.cli.transcript import Secrets
    from tenfour.doctor.talk.player import converse

    secrets = Secrets()
    _check_use(asked)
    steps = _steps(asked)
    async with contextlib.AsyncExitStack() as stack:
        target = await _target(asked, secrets, stack)
        transcript, plan = _prepared(asked, steps, secrets, stack)
        if target.token is not None:
            plan = replace(plan, known={**plan.known, TOKEN: await target.token()})
        outcome = await converse(target, plan, transcript.tell)
    code = _EXITS[outcome.verdict]
    transcript.conclude(outcome, code)
    return code


def _check_use(asked: _Asked) -> None:
    who = [name for name, given in (("--token (TENFOUR_TOKEN)", asked.token), ("--token-file", asked.token_file), ("--login", asked.login), ("--as", asked.speaker)) if given is not None]
    if len(who) > 1:
        raise CommandFailed("it is said twice who connects", f"Give only one of {' and '.join(who)}.", Exit.WRONG_USE)
    shapes = [name for name, given in (("--raw", asked.raw), ("--json", asked.as_json), ("--pretty", asked.pretty)) if given]
    if len(shapes) > 1:
        raise CommandFailed(f"{' and '.join(shapes)} do not go together", "Give only one of them.", Exit.WRONG_USE)
    if asked.insecure and asked.ca is not None:
        raise CommandFailed("--ca says whom to trust and --insecure not to look", "Give only one of them.", Exit.WRONG_USE)
    if asked.key is not None and asked.cert is None:
        raise CommandFailed("--key is of no use without --cert", "Name the certificate by --cert.", Exit.WRONG_USE)
    if asked.listen and asked.quit_after_s is not None:
        raise CommandFailed("--listen says to stay and --quit-after to go", "Give only one of them.", Exit.WRONG_USE)
    readers = [
        name for name, given in (("--token-file -", _token_is_piped(asked)), ("--file -", "-" in asked.file), ("--script -", "-" in asked.script), ("--binary @-", "@-" in asked.binary)) if given
    ]
    if _reads_lines(asked):
        readers.append("what is typed or piped")
    if len(readers) > 1:
        raise CommandFailed(f"{' and '.join(readers)} want the same standard input", "Give one of them in another way.", Exit.WRONG_USE)


def _reads_lines(asked: _Asked) -> bool:
    """Whether standard input is for lines: where nothing else is to be done."""
    return bool(asked.interactive) or (not asked.order and not _token_is_piped(asked))


def _token_is_piped(asked: _Asked) -> bool:
    file: str | None = asked.token_file
    return file == "-"


# What is to be done


def _steps(asked: _Asked) -> list[Step]:
    """The steps of the command line, in its order."""
    given = {name: iter(asked.options[name]) for name in _STEPS}
    steps: list[Step] = []
    for name in asked.order:
        try:
            steps += _steps_of(name, next(given[name]), asked.pace_s)
        except (WrongStep, WrongPattern) as cause:
            raise CommandFailed(f"--{name}: {cause}", "How steps are written stands in docs/probe.md.", Exit.WRONG_USE) from cause
    if _reads_lines(asked):
        steps.append(Lines(STANDARD_INPUT))
    try:
        known = dict(parse_setting(each) for each in asked.settings)
        return check(steps, {*known, *([TOKEN] if _has_token(asked) else [])})
    except WrongStep as cause:
        raise CommandFailed(str(cause), "", Exit.WRONG_USE) from cause


def _steps_of(name: str, value: Any, pace_s: float) -> Iterable[Step]:  # noqa: PLR0911 - one line a step
    match name:
        case "send":
            return [Send(value)]
        case "binary":
            return [SendBinary(_bytes_of(value))]
        case "file":
            return [Lines(STANDARD_INPUT)] if value == "-" else _lines_of(value, pace_s)
        case "ping":
            return [control("ping", value)]
        case "expect":
            return [expectation(value)]
        case "wait":
            return [Wait(value)]
        case "close":
            return [goodbye(value.strip())]
    try:
        return parse_script(_read(value).decode())
    except (WrongStep, UnicodeDecodeError) as cause:
        raise WrongStep(f"{value}: {cause}") from cause


def _bytes_of(value: str) -> bytes:
    return _read(value[1:]) if value.startswith("@") else parse_hex(value)


def _lines_of(file: str, pace_s: float) -> Iterable[Step]:
    from tenfour.cli.typed import text_of

    for number, line in enumerate(_read(file).removesuffix(b"\n").split(b"\n"), 1):
        text = text_of(line, file, number)
        if isinstance(text, CommandFailed):
            raise text
        yield Send(text)
        if pace_s:
            yield Wait(pace_s)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as cause:
        raise CommandFailed(words(cause), "Name a file that can be read, or - for standard input.", Exit.WRONG_USE) from cause


def _has_token(asked: _Asked) -> bool:
    return any(each is not None for each in (asked.token, asked.token_file, asked.login, asked.speaker))


def _prepared(asked: _Asked, steps: Sequence[Step], secrets: Secrets, stack: contextlib.AsyncExitStack) -> tuple[Transcript, Plan]:
    """Who prints, and the plan with the streams that it reads."""
    from tenfour.cli.transcript import AsJson, ForPeople, Raw, to_streams
    from tenfour.cli.typed import COMMANDS_HELP, Terminal, piped
    from tenfour.doctor.talk.player import Plan

    write: Write = to_streams
    streams = {}
    if any(isinstance(step, Lines) for step in steps):
        if _has_prompt(asked):
            terminal = Terminal()
            stack.enter_context(terminal.restored())
            write, streams[STANDARD_INPUT] = terminal.write, terminal.steps()
            click.echo(COMMANDS_HELP, err=True)
        else:
            streams[STANDARD_INPUT] = piped(_STDIN, STANDARD_INPUT)
    transcript: Transcript
    if asked.as_json:
        transcript = AsJson(secrets)
    elif asked.raw:
        transcript = Raw(secrets)
    else:
        transcript = ForPeople(secrets, write, asked.times, pretty=asked.pretty, verbose=asked.verbose)
    plan = Plan(
        steps,
        dict(parse_setting(each) for each in asked.settings),
        streams,
        asked.timeout_s,
        _linger_s(asked, steps),
        asked.count,
        asked.reconnect,
        asked.ping_every_s,
        asked.pace_s,
        not asked.no_pong,
    )
    return transcript, plan


def _has_prompt(asked: _Asked) -> bool:
    return _reads_lines(asked) and not (asked.as_json or asked.raw) and sys.stdin.isatty() and sys.stdout.isatty()


def _linger_s(asked: _Asked, steps: Sequence[Step]) -> float | None:
    """How long to listen when all is said: for an answer, unless what came last was one, or somebody typed."""
    if asked.quit_after_s is not None:
        return float(asked.quit_after_s)
    if asked.listen or asked.count is not None:
        return None
    return 0.0 if steps and (isinstance(steps[-1], Expect | Keep) or _has_prompt(asked)) else LINGER_S


# Where to, and as whom


async def _target(asked: _Asked, secrets: Secrets, stack: contextlib.AsyncExitStack) -> Target:
    from tenfour.doctor.talk.opening import Target
    from tenfour.wire.frames import PROTOCOL

    url, tls = asked.url, None
    if url is None:
        url, tls = _this_machine(asked)
    address, query, userinfo = _address(url, asked.chat)
    headers = tuple(_header(each, secrets) for each in (*asked.headers, *userinfo))
    for key, value in parse_qsl(query):
        if key in _SECRET_KEYS:
            secrets.add(value)
    tls = _trust(asked, tls) if address.is_secure else None
    token = await _token(asked, address, tls, stack)
    if token is not None and asked.carrier == "authorization" and any(name.lower() == "authorization" for name, _ in headers):
        raise CommandFailed("there are two Authorization headers: the token's, and your own", "Leave one out, or bring the token by another --carrier.", Exit.WRONG_USE)
    offered = asked.subprotocols
    if token is not None and asked.carrier == "subprotocol" and PROTOCOL not in offered:
        offered = (PROTOCOL, *offered)  # without it no server could choose one
    renews = asked.login is not None or asked.speaker is not None
    return Target(address, query, _hidden(token, secrets), renews, asked.carrier, headers, offered, asked.origin, tls, asked.dial, asked.timeout_s, path_is_ours=urlsplit(url).path == "")


def _this_machine(asked: _Asked) -> tuple[str, ssl.SSLContext | None]:
    from tenfour.cli.reach import Reach
    from tenfour.cli.running import no_server, running_server

    settings = Reach(data=asked.data).settings()
    server = running_server(settings)
    if server is None:
        raise no_server(settings)
    return server.url, server.trust() if server.certificate is not None else None


def _address(url: str, chat: str | None) -> tuple[Address, str, tuple[str, ...]]:
    """The address as the doctor reads it, its query, and the header that a name and password in it mean."""
    from tenfour.doctor.steps.address import ALL_CHATS, read_address

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
    from tenfour.doctor.evidence import SECRET_HEADERS

    name, colon, value = given.partition(":")
    if not colon or not name.strip() or any(each.isspace() for each in name.strip()):
        raise CommandFailed(f"--header {given.partition(':')[0]!r} is not NAME: VALUE", "Write it like -H 'X-Tenant: blue'.", Exit.WRONG_USE)
    if name.strip().lower() in SECRET_HEADERS:
        secrets.add(value.strip())
        secrets.add(value.strip().partition(" ")[2])
    return name.strip(), value.strip()


def _trust(asked: _Asked, own: ssl.SSLContext | None) -> ssl.SSLContext:
    from tenfour.doctor.steps.tls import unverifying, verifying

    try:
        context = unverifying() if asked.insecure else own if own is not None and asked.ca is None else verifying(asked.ca)
        if asked.cert is not None:
            context.load_cert_chain(asked.cert, asked.key)
    except (ssl.SSLError, OSError) as cause:
        raise CommandFailed(f"the certificates cannot be used: {words(cause)}", "They have to be PEM, and the key without a password.", Exit.WRONG_USE) from cause
    return context


async def _token(asked: _Asked, address: Address, tls: ssl.SSLContext | None, stack: contextlib.AsyncExitStack) -> Callable[[], Any] | None:
    from tenfour.cli.bearers import GivenToken, SessionTokens, read_token

    if asked.login is not None:
        import httpx

        from tenfour.cli.passwords import read_password
        from tenfour.doctor.steps.http import server_of

        password = read_password(f"Password of {asked.login}")
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server_of(address), timeout=asked.timeout_s, verify=tls or True))
        return SessionTokens(http, asked.login, password).current
    if asked.speaker is not None:
        from tenfour.cli.reach import Reach, speaking

        return (await stack.enter_async_context(speaking(Reach(data=asked.data), asked.speaker))).tokens.current
    token = read_token(asked.token_file) if asked.token_file is not None else asked.token
    return GivenToken(token).current if token is not None else None


def _hidden(token: Callable[[], Any] | None, secrets: Secrets) -> TokenSource | None:
    """The same, and whatever it gives is never printed."""
    if token is None:
        return None

    async def remembered() -> str:
        value: str = await token()
        secrets.add(value)
        return value

    return remembered
