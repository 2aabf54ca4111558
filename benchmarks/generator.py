"""The load generator, and what a run that cannot count is called."""

from __future__ import annotations

import json
import subprocess

from servers import HERE, LOAD_CORE, Ready

Result = dict[str, float | str | bool]


class VoidRunError(RuntimeError):
    """A run whose deliveries were not complete and in order, or that could not be carried out."""


def load(ready: Ready, mode: str, *options: str) -> Result:
    """Runs the generator on its own core; raises if the run is void."""
    command = [
        "taskset",
        "-c",
        LOAD_CORE,
        str(HERE / "build" / "load"),
        mode,
        "--port",
        str(ready.port),
        "--server-pid",
        str(ready.process.pid),
        *options,
    ]
    if mode != "http":
        command += ["--tokens", str(ready.tokens), *ready.load_options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise VoidRunError((done.stdout + done.stderr).strip())
    result: Result = json.loads(done.stdout)
    return result
