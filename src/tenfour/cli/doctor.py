"""``tenfour doctor``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenfour.causes import EXIT_CODES, EXIT_HEALTHY, EXIT_NOT_TENFOUR, EXIT_USAGE, LAYER_TITLES
from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.cli.output import colour
from tenfour.cli.terminal import escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenfour.doctor.evidence import Evidence
    from tenfour.doctor.probe import Options, Target
    from tenfour.doctor.report import Report
    from tenfour.doctor.secrets import Secrets
    from tenfour.doctor.steps.past import Past
    from tenfour.doctor.watch import Change, Watch

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skipped": "bright_black"}
_CARRIERS = ("authorization", "subprotocol", "query", "first_frame")

_LAYERS = "\n".join(f"   {code}  {LAYER_TITLES[layer]}" for layer, code in EXIT_CODES.items())
_EPILOG = f"""\b
Exit codes:
    {EXIT_HEALTHY}  Healthy, as far as it was measured
    {EXIT_NOT_TENFOUR}  The line is good, but the server is not Tenfour
    {EXIT_USAGE}  Wrong use
{_LAYERS}
  130  Interrupted"""


@dataclass(frozen=True, slots=True)
class _Printing:
    """What is printed, and where the report goes."""

    as_json: bool
    quiet: bool
    file: Path | None
    secrets: Secrets

    def hide(self, text: str) -> str:
        return escape_controls(self.secrets.hide(text))


def _print_page(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """The debugger for browsers, as the build left it in the package."""
    if not wanted:
        return
    page = files("tenfour") / "web" / "debug" / "websocket-debug.html"
    if not page.is_file():
        raise CommandFailed("the browser debugger is not built", "In a checkout of the sources: make web")
    click.echo(page.read_text(encoding="utf-8"), nl=False)
    ctx.exit()


@click.command(epilog=_EPILOG)
@click.argument("url", required=False)
@click.option("--token", envvar="TENFOUR_TOKEN", metavar="TOKEN", help="The access token that is not let in. Others can read it in the list of processes: better by TENFOUR_TOKEN or --token-file.")
@click.option("--token-file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE", help="A file with the token; - is standard input.")
@click.option("--login", metavar="NAME", help="Logs in as this account, by its password, in place of a token.")
@click.option("--carrier", type=click.Choice(_CARRIERS), default="authorization", help="How the token is brought [authorization]; browsers use subprotocol.")
@click.option("--chat", metavar="ID", help="The chat that is to be connected to.")
@click.option("--send", is_flag=True, help="Allows a test message in that chat, where its members see it.")
@click.option("--origin", metavar="ORIGIN", help="The page that connects, like https://app.example.org; none for no Origin [the server's own].")
@click.option("--direct", metavar="HOST:PORT", help="Where the server itself listens: asked after a failure, to tell it from the proxy before it. wss://HOST:PORT where it has TLS.")
@click.option("--fingerprint", metavar="SHA256", help="The fingerprint of the certificate that has to come, as `openssl x509 -noout -fingerprint -sha256` prints it.")
@click.option("--idle", "idle_s", type=click.FloatRange(min=1, max=590), metavar="SECONDS", help="Tests in addition how long a silent connection lives, up to this time.")
@click.option("--connections", type=click.IntRange(2, 100), metavar="N", help="Tests in addition whether so many connections stand at once; none of the user's others is replaced for it.")
@click.option("--watch", is_flag=True, help="Goes on, holds connections open meanwhile, and tells what changes and how one ended, until Ctrl-C.")
@click.option("--every", "every_s", type=click.FloatRange(min=1), default=10.0, metavar="SECONDS", help="How often --watch looks [10].")
@options.as_json
@click.option("--quiet", is_flag=True, help="Says nothing when all is well.")
@click.option("--report", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Writes all that was seen into a file to attach to a ticket; no secret is in it.")
@click.option("--page", is_flag=True, is_eager=True, expose_value=False, callback=_print_page, help="Prints the debugger for browsers, one file that works from a disk: --page > websocket-debug.html")
@options.data
def doctor(url: str | None, *, token: str | None, token_file: str | None, watch: bool, every_s: float, as_json: bool, quiet: bool, file: Path | None, data: str | None, **asked: Any) -> None:
    """Says why a connection does not work, and what to do.

    URL is the address that fails, as the client has it: wss://chat.example.org/api/v1/ws, or the server's alone.
    Without it the server of this machine is examined. Any other WebSocket server is as far as the layers allow.

    \b
    Examples:
      tenfour doctor wss://chat.example.org
      TENFOUR_TOKEN=… tenfour doctor wss://chat.example.org --chat ID
      tenfour doctor wss://chat.example.org --token-file token.txt --idle 120 --report doctor.json
    """
    if sum(each is not None for each in (token, token_file, asked["login"])) > 1:
        raise CommandFailed("it is said twice who connects", "Give one of --token (TENFOUR_TOKEN), --token-file and --login.", Exit.WRONG_USE)
    token = _token_of(token_file) if token_file is not None else token
    if asked["send"] and asked["chat"] is None:
        raise CommandFailed("it is not said in which chat the test message may stand", "Name it by --chat.", Exit.WRONG_USE)
    code = asyncio.run(_run(url, data, token, asked, partial(_Printing, as_json, quiet, file), every_s if watch else None))
    click.get_current_context().exit(code)


def _token_of(file: str) -> str:
    from tenfour.cli.bearers import read_token

    return read_token(file)


async def _run(url: str | None, data: str | None, token: str | None, asked: dict[str, Any], printing_without: Callable[[Secrets], _Printing], every_s: float | None) -> int:
    from tenfour.doctor.probe import Options
    from tenfour.doctor.secrets import secrets_of

    target = await _target(url, data, token, asked)
    printing = printing_without(secrets_of(target.url, target.token, target.environment))
    how = Options(idle_s=asked["idle_s"], connections=asked["connections"], send_in_chat=asked["send"])
    if every_s is None:
        return await _examine(target, how, printing)
    return await _watch(target, how, printing, every_s)


async def _examine(target: Target, how: Options, printing: _Printing) -> int:
    from tenfour.doctor.probe import examine
    from tenfour.doctor.report import report_of

    with _progress(how.idle_s) as on_step:
        evidence = await examine(target, how, on_step)
    report = report_of(evidence)
    _write(report, printing)
    _print(report, printing)
    return report.diagnosis.exit_code


async def _watch(target: Target, how: Options, printing: _Printing, every_s: float) -> int:
    """Until Ctrl-C, which ends it with a summary and the exit code of the last look."""
    from tenfour.clock import SystemClock
    from tenfour.doctor.watch import Watch, summary

    over = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, over.set)
    watch = Watch(target, how, every_s)
    printed, interrupted = asyncio.create_task(_print_changes(watch, printing)), asyncio.create_task(over.wait())
    await asyncio.wait([printed, interrupted], return_when=asyncio.FIRST_COMPLETED)
    for task in (printed, interrupted):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await printed
    click.echo("\n" + "\n".join(summary(watch.tally, SystemClock().now_ms())), err=True)
    return watch.tally.last.diagnosis.exit_code if watch.tally.last is not None else Exit.INTERRUPTED


async def _print_changes(watch: Watch, printing: _Printing) -> None:
    """The first look as a whole, of the others what has changed."""
    async with contextlib.aclosing(watch.changes()) as changes:
        async for change in changes:
            _write(change, printing)
            if printing.as_json:
                from tenfour.doctor.report import as_line

                click.echo(as_line(change, printing.secrets))
            else:
                _print_change(change, printing)


def _print_change(change: Change, printing: _Printing) -> None:
    from tenfour.doctor.report import Report
    from tenfour.doctor.watch import headline
    from tenfour.wire.times import rfc3339

    report = Report(change.diagnosis, change.checks, change.evidence)
    if change.kind == "first":
        _print(report, printing)
        return
    click.echo(f"\n{rfc3339(change.evidence.ended.at_ms if change.evidence.ended is not None else change.at_ms)}  {printing.hide(headline(change))}")
    if change.diagnosis.cause is not None:
        _print_conclusion(report, replace(printing, quiet=True))


# The target


async def _target(url: str | None, data: str | None, token: str | None, asked: dict[str, Any]) -> Target:
    from tenfour.doctor.probe import Target

    tls, environment = None, dict(os.environ)
    if url is None:
        from tenfour.cli.reach import Reach
        from tenfour.cli.running import no_server, running_server

        settings = Reach(data=data).settings()
        server = running_server(settings)
        if server is None:
            raise no_server(settings)
        environment = {}  # no proxy stands between two programs of one machine
        url, tls = server.url.replace("http", "ws", 1), server.trust() if server.certificate is not None else None
    origin = "" if asked["origin"] == "none" else asked["origin"]
    target = Target(url, token, asked["chat"], origin, asked["carrier"], tls, past=_past(asked["direct"]), fingerprint=_fingerprint(asked["fingerprint"]), environment=environment)
    return target if asked["login"] is None else await _log_in(target, asked["login"])


def _past(given: str | None) -> Past | None:
    from tenfour.doctor.steps.past import read_past

    try:
        return None if given is None else read_past(given)
    except ValueError as cause:
        raise CommandFailed(f"--direct is no address: {cause}", "Write it like 127.0.0.1:8410.", Exit.WRONG_USE) from cause


def _fingerprint(given: str | None) -> str | None:
    """As hex without colons, however it was printed."""
    if given is None:
        return None
    found = given.rpartition("=")[2].rpartition(" ")[2].removeprefix("sha256:").replace(":", "").lower()
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise CommandFailed("--fingerprint is no SHA-256", "Take what `openssl x509 -noout -fingerprint -sha256 -in FILE` prints.", Exit.WRONG_USE)
    return found


async def _log_in(target: Target, name: str) -> Target:
    """A token by name and password. Where the server cannot be reached for it, the examination itself says why."""
    import httpx

    from tenfour.cli.bearers import SessionTokens
    from tenfour.cli.passwords import read_password
    from tenfour.doctor.steps.address import read_address
    from tenfour.doctor.steps.http import server_of
    from tenfour.errors import TenfourError

    password = read_password(f"Password of {name}")
    address = read_address(target.url, None, None).address
    if address.fault is not None:
        return target
    async with httpx.AsyncClient(base_url=server_of(address), timeout=5.0, verify=target.tls or True) as http:
        try:
            return replace(target, token=await SessionTokens(http, name, password).current())
        except TenfourError as refused:
            return replace(target, token_is_needed=refused.code.value)
        except (httpx.TransportError, ValueError, KeyError):
            return target


# Printing


@contextlib.contextmanager
def _progress(idle_s: float | None) -> Any:
    """On a terminal the step that is at work, on a line that vanishes."""
    shown = sys.stderr.isatty()

    def on_step(evidence: Evidence) -> None:
        if shown:
            done = [name for name in type(evidence).__dataclass_fields__ if name not in ("version", "machine", "at_ms", "notes") and getattr(evidence, name) is not None]
            long = f"; silence takes {idle_s:g} s, or twice that" if idle_s is not None and "steady" in done and "idle" not in done else ""
            click.echo(f"\r\x1b[Kexamined: {', '.join(done)}{long} …", nl=False, err=True)

    try:
        yield on_step
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _write(report: Report | Change, printing: _Printing) -> None:
    from tenfour.doctor.report import as_json

    if printing.file is None:
        return
    try:
        printing.file.write_text(as_json(report, printing.secrets) + "\n")
    except OSError as cause:
        raise CommandFailed(f"the report cannot be written: {words(cause)}", "Name another file by --report.", Exit.WRONG_USE) from cause


def _print(report: Report, printing: _Printing) -> None:
    from tenfour.doctor.report import as_json

    if printing.as_json:
        click.echo(as_json(report, printing.secrets))
        return
    if printing.quiet and report.diagnosis.cause is None:
        return
    if not printing.quiet:
        _print_checks(report, printing)
        click.echo()
    _print_conclusion(report, printing)


def _print_checks(report: Report, printing: _Printing) -> None:
    from tenfour.doctor.report import MARKS, WORDS, check_lines, not_tried

    marks = MARKS if (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" and os.environ.get("TERM") != "dumb" else WORDS
    shown = [check for check in report.checks if check.verdict != "skipped"]
    for check, text in zip(shown, check_lines(shown, marks), strict=True):
        click.echo(click.style(printing.hide(text), fg=_COLOURS[check.verdict]), color=colour())
    for text in not_tried(report.checks, report.diagnosis):
        click.echo(click.style(printing.hide(text), dim=True), color=colour())


def _print_conclusion(report: Report, printing: _Printing) -> None:
    from tenfour.doctor.report import conclusion, to_paste

    for text in conclusion(report.diagnosis):
        click.echo(click.style(printing.hide(text), bold=True), color=colour())
    paste = to_paste(report.diagnosis)
    if paste:
        click.echo("\n".join(printing.hide(line) for line in paste))
