"""The command line as its users have it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from click.testing import CliRunner

from tenfour.cli.main import main

DEADLINE_S = 120


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(data: Path | None, more: dict[str, str] | None = None) -> dict[str, str]:
    """This process's, without the settings that it may have, and with a data folder."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TENFOUR_") and name not in ("FORCE_COLOR", "NO_COLOR")}
    return plain | ({"TENFOUR_DATA": str(data)} if data is not None else {}) | (more or {})


def run(*arguments: str, data: Path | None = None, stdin: str = "", **more: str) -> Ran:
    """The same within this process, which is quicker; for commands that open no store of their own."""
    variables = {name: None for name in os.environ if name.startswith("TENFOUR_")} | ({"TENFOUR_DATA": str(data)} if data is not None else {}) | more
    done = CliRunner().invoke(main, list(arguments), input=stdin, env=variables, prog_name="tenfour")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


def tenfour(*arguments: str, data: Path | None = None, stdin: str = "", **more: str) -> Ran:
    """Runs ``tenfour`` to its end; ``more`` are variables of the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "tenfour", *arguments], env=environment(data, more), input=stdin, capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd=data.parent if data else None
    )
    return Ran(done.returncode, done.stdout, done.stderr)


class Following:
    """``tenfour tail`` (or another endless command) in a process of its own, line by line as it prints them."""

    command = "tail"

    def __init__(self, *arguments: str, data: Path | None = None, **more: str) -> None:
        command = [sys.executable, "-X", "faulthandler", "-m", "tenfour", self.command, *arguments]
        self._process = subprocess.Popen(command, env=environment(data, more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._printed: Lines = Lines(self._process.stdout)
        self._told: Lines = Lines(self._process.stderr)
        self.said: list[str] = []
        """What it has said of the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def lines(self, count: int) -> list[str]:
        """The next lines that it prints."""
        return [self._next(self._printed) for _ in range(count)]

    def told(self, what: str) -> None:
        """Returns once it has said this of the connection."""
        while True:
            self.said.append(self._next(self._told))
            if what in self.said[-1]:
                return

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """The exit code of one that ends by itself; the rest of what it said is in ``said``."""
        try:
            code = self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end: {self._where_it_is()}") from None
        self.said += self._told.rest()
        return code

    def _next(self, lines: Lines) -> str:
        try:
            line = lines.next()
        except queue.Empty:
            raise AssertionError(f"it said nothing more: {self._where_it_is()}") from None
        assert line is not None, f"it ended after {self.said}, {self._told.rest()}"
        return line

    def _where_it_is(self) -> str:
        """Ends it with the stack of what it was at."""
        self._process.send_signal(signal.SIGABRT)
        self._process.wait(DEADLINE_S)
        return "\n".join([*self.said, *self._told.rest()])


class Lines:
    """What a process writes, read as it comes: nothing is left in a buffer when it ends."""

    def __init__(self, stream: IO[str] | None) -> None:
        assert stream is not None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=[stream], daemon=True).start()

    def next(self) -> str | None:
        """The next line, or None where none will come any more."""
        return self._lines.get(timeout=DEADLINE_S)

    def rest(self) -> list[str]:
        """All lines up to the end, which has to be near."""
        return list(iter(self.next, None))

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)
