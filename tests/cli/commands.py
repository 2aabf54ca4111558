"""The command line as its users have it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from click.testing import CliRunner

from tenfour.cli.main import main

DEADLINE_S = 60


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
    """``tenfour tail`` in a process of its own, line by line as it prints them."""

    def __init__(self, *arguments: str, data: Path | None = None, **more: str) -> None:
        command = [sys.executable, "-m", "tenfour", "tail", *arguments]
        self._process = subprocess.Popen(command, env=environment(data, more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        """What it has said of the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def lines(self, count: int) -> list[str]:
        """The next lines that it prints; waits for them as long as the test may last."""
        assert self._process.stdout is not None
        return [self._process.stdout.readline().rstrip("\n") for _ in range(count)]

    def told(self, what: str) -> None:
        """Returns once it has said this of the connection."""
        assert self._process.stderr is not None
        while True:
            line = self._process.stderr.readline()
            assert line, f"it ended, and never said {what!r} but {self.said}"
            self.said.append(line.rstrip("\n"))
            if what in line:
                return

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        """The exit code of one that ends by itself; the rest of what it said is in ``said``."""
        _, err = self._process.communicate(timeout=DEADLINE_S)
        self.said += err.splitlines()
        return self._process.returncode
