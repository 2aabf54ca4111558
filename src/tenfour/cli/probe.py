"""``tenfour probe``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from tenfour.cli import options
from tenfour.cli.destination import Destination
from tenfour.cli.failures import CommandFailed, Exit

if TYPE_CHECKING:
    from tenfour.cli.transcript import Secrets, Times, Transcript, Write
    from tenfour.cli.typed import Terminal

_CARRIERS = ("authorization", "subprotocol", "ticket", "query", "first_frame")
_STDIN = 0
LINGER_S = 1.0

EXIT_DONE, EXIT_UNMET, EXIT_NOT_CONNECTED, EXIT_ENDED = 0, 1, 3, 4
EXIT_TERMINATED = 128 + signal.SIGTERM
_EXITS = {"done": EXIT_DONE, "unmet": EXIT_UNMET, "not_connected": EXIT_NOT_CONNECTED, "ended": EXIT_ENDED}
_EPILOG = f"""\b
Exit codes:
    {EXIT_DONE}  done: all was sent, and came as expected
    {EXIT_UNMET}  an expectation was not met, or the log-in was refused
    {int(Exit.WRONG_USE)}  wrong use
    {EXIT_NOT_CONNECTED}  not connected: nobody was reached, or the upgrade was refused
    {EXIT_ENDED}  the other side ended it with a code other than 1000, or before everything was sent
  130  interrupted by Ctrl-C; it said goodbye with 1000
  {EXIT_TERMINATED}  the same by SIGTERM"""

STEPS = ("send", "binary", "file", "ping", "expect", "wait", "close", "script")


class _InOrder(click.Command):
    """Remembers the order of the options that are steps, which click by itself groups by their names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[__name__] = [each.name for each in order if each.name in STEPS]
        return super().parse_args(ctx, args)


@click.command(cls=_InOrder, epilog=_EPILOG)
@click.argument("url", required=False)
@click.option("--token", envvar="TENFOUR_TOKEN", metavar="TOKEN", help="An access token. Others can read it in the list of processes: better by TENFOUR_TOKEN or --token-file.")
@click.option("--token-file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="A file with the token; - is standard input.")
@click.option("--login", metavar="NAME", help="Logs in as this account, by its password (asked for, or TENFOUR_PASSWORD).")
@click.option("--as", "speaker", metavar="NAME", help="As this account of this machine's server, without a password; also where URL leads to it by another way.")
@click.option(
    "--carrier", type=click.Choice(_CARRIERS), default="authorization", help="How the token is brought [authorization]; browsers use subprotocol. For ticket it is traded for a one-time ticket."
)
@click.option("--chat", metavar="ID", help="Tenfour's door of this chat, in place of the one for all.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the upgrade request; replaces our own of that name.")
@click.option("-s", "--subprotocol", "subprotocols", multiple=True, metavar="NAME", help="A subprotocol to offer.")
@click.option("-o", "--origin", metavar="ORIGIN", help="The page that connects, like https://app.example.org [no Origin].")
@click.option("--ca", type=click.Path(dir_okay=False), metavar="FILE", help="Certificates to trust in place of the machine's.")
@click.option("-k", "--insecure", is_flag=True, help="Does not check the certificate.")
@click.option("--cert", type=click.Path(dir_okay=False), metavar="FILE", help="Our own certificate, for servers that ask for one.")
@click.option("--key", type=click.Path(dir_okay=False), metavar="FILE", help="Its key, if it is not in the same file.")
@click.option("--dial", metavar="ADDRESS", help="Dials this address in place of the host's own; Host and TLS stay.")
@click.option("--proxy", metavar="URL", help="Goes through this proxy: http://HOST:PORT, with NAME:PASSWORD@ before it if it asks.")
@click.option("-x", "--send", multiple=True, metavar="TEXT", help="Sends a text frame.")
@click.option("--binary", multiple=True, metavar="HEX|@FILE", help="Sends a binary frame: bytes in hex, or a file's (@- is standard input).")
@click.option("--file", multiple=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="Sends a text frame for each line; - is standard input.")
@click.option("--ping", multiple=True, metavar="TEXT", help="Sends a ping.")
@click.option("--expect", multiple=True, metavar="PATTERN", help="Waits for what fits, for --timeout.")
@click.option("--wait", multiple=True, type=click.FloatRange(min=0), metavar="SECONDS", help="Waits.")
@click.option("--close", multiple=True, metavar="'CODE REASON'", help="Says goodbye.")
@click.option("--script", multiple=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="Does what a script says: a line a step.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="What ${NAME} stands for in steps.")
@click.option("-i", "--interactive", is_flag=True, help="After the steps reads lines from standard input, as it does where there are no steps.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0, min_open=True), default=10.0, metavar="SECONDS", help="How long to wait for the connection, and for what each --expect names [10]."
)
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
    PATTERN is one of these; docs/probe.md says more, and how scripts are written:
      type=ack code!=busy text~^Hi    a JSON message with these fields; inner ones like chats.0.head=57
      /regex/ or any other text       a text in which the regular expression is found
      binary 00ff, ping, pong         a binary message that begins so, a control frame
      close 4401, cut, refused 403    a close frame, an end without one, a refused upgrade

    \b
    Examples:
      tenfour probe --as ann
      tenfour probe wss://echo.example.org/ -x hello --expect hello
      tenfour probe wss://chat.example.org --token-file t --expect type=welcome -x '{"type":"ping"}' --expect type=pong
      tenfour probe wss://chat.example.org --login ann --script scenario.txt --json
      tail -f log | tenfour probe wss://log.example.org/in --reconnect
    """
    order = click.get_current_context().meta[__name__]
    destination = Destination(url, **{each.name: asked.pop(each.name) for each in fields(Destination) if each.name != "url"})
    wanted = _Wanted(order, **asked)
    try:
        code = asyncio.run(_until_terminated(destination, wanted))
    except asyncio.CancelledError:
        code = EXIT_TERMINATED
    except BaseExceptionGroup as group:
        from tenfour.doctor.talk.player import NobodyReads

        if group.split(NobodyReads)[1] is not None:
            raise
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - who read the output left; there is nobody to tell
        code = EXIT_DONE
    click.get_current_context().exit(code)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the command line says of the conversation, and of how it is printed. ``order`` names the steps as they stand there."""

    order: Sequence[str]
    send: Sequence[str]
    binary: Sequence[str]
    file: Sequence[str]
    ping: Sequence[str]
    expect: Sequence[str]
    wait: Sequence[float]
    close: Sequence[str]
    script: Sequence[str]
    settings: Sequence[str]
    interactive: bool
    count: int | None
    quit_after_s: float | None
    listen: bool
    reconnect: bool
    ping_every_s: float | None
    no_pong: bool
    pace_s: float
    times: Times
    raw: bool
    as_json: bool
    pretty: bool
    verbose: bool


async def _until_terminated(destination: Destination, wanted: _Wanted) -> int:
    """SIGTERM ends it as Ctrl-C does, with a goodbye: `timeout 5 tenfour probe …` cuts nobody off."""
    this = asyncio.current_task()
    assert this is not None, "it runs in one"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    return await _run(destination, wanted)


async def _run(destination: Destination, wanted: _Wanted) -> int:
    from tenfour.cli.probe_steps import STANDARD_INPUT, ends_with_an_answer, settings_of, steps_of
    from tenfour.cli.probe_target import target_of
    from tenfour.cli.transcript import Secrets, to_streams
    from tenfour.cli.typed import piped
    from tenfour.doctor.talk.player import Plan, converse
    from tenfour.doctor.talk.script import TOKEN

    _check(destination, wanted)
    known = settings_of(wanted.settings)
    reads_lines = wanted.interactive or (sys.stdin is not None and not wanted.order and not destination.token_is_piped)
    options = {name: getattr(wanted, name) for name in STEPS}
    steps = steps_of(wanted.order, options, wanted.pace_s, {*known, *([TOKEN] if destination.has_token else [])}, reads_lines=reads_lines)
    has_prompt = reads_lines and not (wanted.as_json or wanted.raw) and sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    secrets = Secrets()
    async with contextlib.AsyncExitStack() as stack:
        target = await target_of(destination, secrets, stack)
        terminal = _terminal(stack) if has_prompt else None
        lines = terminal.steps() if terminal is not None else piped(_STDIN, STANDARD_INPUT.name)
        plan = Plan(
            steps,
            known=known if target.token is None else known | {TOKEN: await target.token()},
            streams={STANDARD_INPUT.name: lines} if STANDARD_INPUT in steps else {},
            timeout_s=destination.timeout_s,
            linger_s=_linger_s(wanted, is_answered=has_prompt or ends_with_an_answer(steps)),
            count=wanted.count,
            reconnect=wanted.reconnect,
            ping_every_s=wanted.ping_every_s,
            pace_s=wanted.pace_s,
            answers_pings=not wanted.no_pong,
        )
        transcript = _transcript(wanted, secrets, terminal.write if terminal is not None else to_streams)
        outcome = await converse(target, plan, transcript.tell)
    code = _EXITS[outcome.verdict]
    transcript.conclude(outcome, code)
    return code


def _check(destination: Destination, wanted: _Wanted) -> None:
    destination.check()
    shapes = [name for name, given in (("--raw", wanted.raw), ("--json", wanted.as_json), ("--pretty", wanted.pretty)) if given]
    if len(shapes) > 1:
        raise CommandFailed(f"{' and '.join(shapes)} do not go together", "Give only one of them.", Exit.WRONG_USE)
    if wanted.listen and wanted.quit_after_s is not None:
        raise CommandFailed("--listen says to stay and --quit-after to go", "Give only one of them.", Exit.WRONG_USE)
    readers = [("--token-file -", destination.token_is_piped), ("--file -", "-" in wanted.file), ("--script -", "-" in wanted.script), ("--binary @-", "@-" in wanted.binary)]
    asking = [name for name, asks in (*readers, ("--interactive", wanted.interactive)) if asks]
    if asking and sys.stdin is None:
        raise CommandFailed(f"{asking[0]} wants standard input, which is closed", "Give it in another way.", Exit.WRONG_USE)
    if len(asking) > 1:
        raise CommandFailed(f"{' and '.join(asking)} want the same standard input", "Give one of them in another way.", Exit.WRONG_USE)


def _linger_s(wanted: _Wanted, *, is_answered: bool) -> float | None:
    """How long to listen when all is said: for an answer, unless that was waited for, or somebody typed."""
    if wanted.quit_after_s is not None:
        return wanted.quit_after_s
    if wanted.listen or wanted.count is not None:
        return None
    return 0.0 if is_answered else LINGER_S


def _terminal(stack: contextlib.AsyncExitStack) -> Terminal:
    """A prompt; the terminal is left as it was."""
    from tenfour.cli.typed import COMMANDS_HELP, Terminal

    terminal = Terminal()
    stack.enter_context(terminal.restored())
    click.echo(COMMANDS_HELP, err=True)
    return terminal


def _transcript(wanted: _Wanted, secrets: Secrets, write: Write) -> Transcript:
    from tenfour.cli.transcript import AsJson, ForPeople, Raw

    if wanted.as_json:
        return AsJson(secrets)
    if wanted.raw:
        return Raw(secrets)
    return ForPeople(secrets, write, wanted.times, pretty=wanted.pretty, verbose=wanted.verbose)
