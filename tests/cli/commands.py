"""The command line as its users have it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def tenfour(*arguments: str, data: Path | None = None, stdin: str = "", **more: str) -> Ran:
    """Runs ``tenfour`` to its end; ``more`` are variables of the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "tenfour", *arguments], env=environment(data, more), input=stdin, capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd=data.parent if data else None
    )
    return Ran(done.returncode, done.stdout, done.stderr)
