"""What a command that failed prints, and the code with which it exits."""

from __future__ import annotations

import json
from enum import IntEnum

import click

EXIT_CODES = """\b
Exit codes:
    0  done
    1  refused, or the answer is no; the reason is printed
    2  wrong use, or a wrong setting
    3  no server could be reached
   70  the server stopped because its database broke
  130  interrupted"""


class Exit(IntEnum):
    """The codes of ``EXIT_CODES``."""

    REFUSED = 1
    WRONG_USE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


class CommandFailed(Exception):
    """A failure that is not one of the catalogue: one sentence, what to do about it, the exit code."""

    def __init__(self, sentence: str, advice: str, code: Exit = Exit.REFUSED) -> None:
        self.sentence = sentence
        self.advice = advice
        self.code = code
        super().__init__(sentence)


def words(cause: Exception) -> str:
    """What the system or the database says, with the file that it is about."""
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}" if cause.filename else cause.strerror
    return str(cause)


def report(cause: BaseException, *, as_json: bool) -> int | None:
    """Prints what went wrong and gives the exit code; None for what nobody expects, which is a bug and shows its traceback."""
    if isinstance(cause, BaseExceptionGroup) and len(cause.exceptions) == 1:
        return report(cause.exceptions[0], as_json=as_json)
    failure = cause if isinstance(cause, CommandFailed) else _translate(cause)
    if failure is None:
        return None
    if as_json:
        _print_json(failure, cause)
    else:
        _print(failure)
    return int(failure.code)


def _print(failure: CommandFailed) -> None:
    if failure.sentence:
        click.echo(f"tenfour: {failure.sentence}", err=True)
    if failure.advice:
        click.echo(failure.advice, err=True)


def _print_json(failure: CommandFailed, cause: BaseException) -> None:
    """On standard error: standard output has what was asked for, or nothing."""
    from tenfour.errors import TenfourError

    if failure.sentence:
        code, advice = (cause.code.value, cause.failure.advice) if isinstance(cause, TenfourError) else (None, failure.advice)
        click.echo(json.dumps({"error": failure.sentence, "code": code, "advice": advice or None, "exit": int(failure.code)}), err=True)


def _translate(cause: BaseException) -> CommandFailed | None:  # noqa: PLR0911 - one line a kind
    """The failures that other modules raise; they are imported here, where there is time."""
    import httpx

    from tenfour.auth.keys import KeyFileExposed, KeyFileUnreadable
    from tenfour.cli.terminal import escape_controls
    from tenfour.errors import TenfourError
    from tenfour.settings import WrongSetting
    from tenfour.storage.lock import StoreLocked

    match cause:
        case KeyboardInterrupt() | click.Abort():
            return CommandFailed("", "", Exit.INTERRUPTED)
        case click.UsageError():
            return CommandFailed(cause.format_message(), f"`{cause.ctx.command_path} --help` says what there is." if cause.ctx is not None else "", Exit.WRONG_USE)
        case TenfourError():
            return CommandFailed(escape_controls(cause.detail.removesuffix(".")) + ".", f"{cause.failure.advice} [{cause.code}]")
        case WrongSetting():
            return CommandFailed(str(cause), "", Exit.WRONG_USE)
        case StoreLocked():
            return CommandFailed(str(cause), "Stop that one first, or name another data folder by --data or TENFOUR_DATA.")
        case KeyFileExposed() | KeyFileUnreadable():
            return CommandFailed(str(cause), "")
        case httpx.InvalidURL():
            return CommandFailed(f"the address cannot be used: {cause}", "Write it like https://chat.example.org.", Exit.WRONG_USE)
        case httpx.TransportError():
            return CommandFailed(f"the server cannot be reached: {cause or type(cause).__name__}", "Start it by `tenfour serve`, or name another by --url.", Exit.UNREACHABLE)
    return None
