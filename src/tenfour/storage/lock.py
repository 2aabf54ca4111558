"""The lock that makes one process the owner of a SQLite file."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK_FILE = "lock"


class StoreLocked(Exception):
    """Another process owns the file."""

    def __init__(self, path: Path, pid: int | None) -> None:
        self.pid = pid
        super().__init__(f"{path} belongs to another tenfour process" + (f" (pid {pid})" if pid else ""))


class FileLock:
    """The exclusive lock beside the file; it holds the owner's pid and ends with the owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises ``StoreLocked`` if another process has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as cause:
            os.close(descriptor)
            raise StoreLocked(self._path, lock_pid(self._path)) from cause
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def lock_pid(path: Path) -> int | None:
    """The pid of the last process that had the lock; it may be gone by now."""
    try:
        text = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() else None
