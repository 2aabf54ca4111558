"""A program whose wall clock is wrong, by as much as a test says at the moment."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from tests.needs import need

SOURCE = Path(__file__).parent / "clock.c"


def compiled(directory: Path) -> Path:
    """The library that sets a program's clock off."""
    library = directory / "clock.so"
    subprocess.run([need("cc"), "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class WrongClock:
    """The clock of a program that is started with ``environment``; right until ``ahead_s`` is set."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.ahead_s = 0
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}

    @property
    def ahead_s(self) -> int:
        seconds: int = struct.unpack("=q", self._file.read_bytes())[0]
        return seconds

    @ahead_s.setter
    def ahead_s(self, seconds: int) -> None:
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))
