"""Lines that are typed or piped, one at a time and only when somebody asks for the next.

They are read by a thread, because a terminal, a pipe and a file have no other way in common; it dies with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

import click

from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.cli.output import colour
from tenfour.doctor.talk.pattern import WrongPattern
from tenfour.doctor.talk.script import Send, Step, WrongStep, parse_step

T = TypeVar("T")

PROMPT = "> "
COMMANDS_HELP = "A line is sent as it is. /ping [TEXT], /pong [TEXT], /binary HEX, /expect PATTERN, /wait SECONDS and /close [CODE [REASON]] do that; //TEXT sends /TEXT. Ctrl-D ends."
_CHUNK = 65_536


class _Asked(Generic[T]):
    """What a blocking function gives, each time one asks; it is called by one thread."""

    def __init__(self, read: Callable[[], T | Exception | None]) -> None:
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._wanted = threading.Semaphore(0)
        self._waiting: asyncio.Future[T | Exception | None] | None = None
        threading.Thread(target=self._run, name="lines", daemon=True).start()

    async def next(self) -> T | None:
        """The next; None where there are no more."""
        if self._waiting is None:
            self._waiting = self._loop.create_future()
            self._wanted.release()
        given = await asyncio.shield(self._waiting)  # who gives up waiting leaves it to the next who asks
        self._waiting = None
        if isinstance(given, Exception):
            raise given
        return given

    def _run(self) -> None:
        is_over = False
        while not is_over:
            self._wanted.acquire()
            given = self._read()
            is_over = given is None or isinstance(given, Exception)
            with contextlib.suppress(RuntimeError):  # the loop may be gone by the time that a line comes
                self._loop.call_soon_threadsafe(self._give, given)

    def _give(self, given: T | Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(given)


async def piped(descriptor: int, name: str) -> AsyncIterator[Step]:
    """Each line of a pipe, a file or a terminal that shows no prompt, as a text frame."""
    chunks = _Asked(lambda: _chunk(descriptor, name))
    rest, number = b"", 0
    while (chunk := await chunks.next()) is not None:
        *whole, rest = (rest + chunk).split(b"\n")
        for each in whole:
            number += 1
            yield _line(each, name, number)
    if rest:
        yield _line(rest, name, number + 1)


def _chunk(descriptor: int, name: str) -> bytes | Exception | None:
    """What is there, once something is."""
    try:
        return os.read(descriptor, _CHUNK) or None
    except OSError as cause:
        return CommandFailed(f"{name} cannot be read: {words(cause)}", "", Exit.WRONG_USE)


def _line(line: bytes, name: str, number: int) -> Send:
    text = text_of(line, name, number)
    if isinstance(text, CommandFailed):
        raise text
    return Send(text)


def text_of(line: bytes, name: str, number: int) -> str | CommandFailed:
    """The line without its end, or why it is no text."""
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return CommandFailed(f"line {number} of {name} is not UTF-8, so that it is no text frame", "Send bytes by --binary @FILE.", Exit.WRONG_USE)


class Terminal:
    """A prompt at which lines are typed; what is printed meanwhile goes above it."""

    def __init__(self) -> None:
        self._prompting = False
        self._edited = _Edited(self._shown)

    async def steps(self) -> AsyncIterator[Step]:
        """What is typed: text, or with a slash before it a step as scripts have them."""
        asked = _Asked(self._type)
        while (line := await asked.next()) is not None:
            if not line:
                continue
            if not line.startswith("/") or line.startswith("//"):
                yield Send(line.removeprefix("/") if line.startswith("//") else line)
                continue
            try:
                yield parse_step(line[1:])
            except (WrongStep, WrongPattern) as cause:
                self.write(f"{cause}.\n{COMMANDS_HELP}", True)

    def write(self, line: str, about: bool) -> None:
        """A line above the one that is being typed."""
        if not self._prompting:
            click.echo(line, color=colour())
            return
        typed = PROMPT + self._edited.text
        click.echo(f"{_over(typed)}{line}\n{typed}", nl=False, color=colour())

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Leaves the terminal as it was, whoever is still waiting for a key."""
        import termios

        before = termios.tcgetattr(sys.stdin.fileno())
        try:
            yield
        finally:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
            if self._prompting:
                click.echo(_over(PROMPT + self._edited.text), nl=False)

    def _shown(self) -> None:
        self._prompting = True

    def _type(self) -> str | None:
        try:
            line = input(PROMPT)
        except (EOFError, OSError, ValueError):  # Ctrl-D, or a terminal that is gone
            click.echo(_over(PROMPT), nl=False)
            return None
        finally:
            self._prompting = False
        click.echo("\x1b[1A" + _over(PROMPT + line), nl=False)  # it comes again with its time
        return line


class _Edited:
    """The line that is being typed, where the platform has an editor that tells."""

    def __init__(self, on_prompt: Callable[[], None]) -> None:
        try:
            import readline
        except ImportError:
            self._readline = None
            return
        self._readline = readline
        readline.parse_and_bind("set enable-bracketed-paste off")
        readline.set_auto_history(True)
        readline.set_pre_input_hook(on_prompt)

    @property
    def text(self) -> str:
        return self._readline.get_line_buffer() if self._readline is not None else ""


def _over(typed: str) -> str:
    """Back to the beginning of what is typed, however many rows it has, and all of it gone."""
    rows = max(0, len(typed) - 1) // max(1, shutil.get_terminal_size().columns)
    return "\r" + (f"\x1b[{rows}A" if rows else "") + "\x1b[J"
