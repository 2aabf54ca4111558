"""A real nats-server of a test, that is stopped, stalled and started again at the same address."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from tests.eventually import hold_until
from tests.needs import need

STOP_S = 20


class NatsServer:
    """On loopback; ``directory`` takes its log and the file that names its port, which stays its own over restarts."""

    def __init__(self, directory: Path, *options: str) -> None:
        self._command = [need("nats-server"), "-a", "127.0.0.1", "--ports_file_dir", str(directory), "-l", str(directory / "nats.log"), *options]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._port = "-1"

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> NatsServer:
        """Returns once it listens: it tells its port then."""
        self._process = subprocess.Popen([*self._command, "-p", self._port])
        told = self._directory / f"nats-server_{self._process.pid}.ports"
        hold_until(lambda: self._process.poll() is not None or (told.is_file() and told.read_text().endswith("}")))
        assert self._process.poll() is None, (self._directory / "nats.log").read_text()
        self._port = json.loads(told.read_text())["nats"][0].rpartition(":")[2]
        return self

    def stall(self) -> None:
        """It stays connected and does nothing."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """``kill -9``; nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
