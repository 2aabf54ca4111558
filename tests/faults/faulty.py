"""A server on a disk that fails when it is told to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from tests.servers import Server

UNLIMITED = {"TENFOUR_SENDS_PER_S": "100000", "TENFOUR_USER_SENDS_PER_S": "100000", "TENFOUR_FRAMES_PER_S": "100000"}


class Fault(IntEnum):
    """What the disk does; the numbers of ``shim.c``."""

    WELL = 0
    FULL = 1
    SYNC_FAILS = 2
    READ_ONLY = 3
    SLOW = 4
    STUCK = 5
    """Reads wait until it is well again, as on a network file system whose server is away."""


class FaultyServer(Server):
    """A server whose calls to its data folder are written down, and fail as ``fault`` says."""

    def __init__(self, directory: Path, shim: Path, data: Path | None = None) -> None:
        self._switch = directory / "switch"
        self.calls = directory / "calls"
        data = data or directory / "data"
        super().__init__(directory, UNLIMITED | {"LD_PRELOAD": str(shim), "FAULTS_DIRECTORY": f"{data}", "FAULTS_SWITCH": str(self._switch), "FAULTS_LOG": str(self.calls)})
        self.data = data
        self.fault = Fault.WELL

    @property
    def fault(self) -> Fault:
        return Fault(self._switch.read_bytes()[0])

    @fault.setter
    def fault(self, fault: Fault) -> None:
        with self._switch.open("r+b" if self._switch.exists() else "wb") as switch:
            switch.write(bytes([fault]))

    @contextlib.contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        self.fault = fault
        try:
            yield
        finally:
            self.fault = Fault.WELL
