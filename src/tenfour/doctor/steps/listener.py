"""The program that listens at the port, where it is one of this machine: Linux tells how many files it has open, and whether it is stopped."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from tenfour.doctor.evidence import Listener

PROC = Path("/proc")
_LISTENS = "0A"


def look_at_listener(address: str, port: int) -> Listener | None:
    """None where the address is not of this machine, or the program is not for this user to look at."""
    if not _is_here(address):
        return None
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    return next((_described(process) for process in _processes() if _holds(process, inodes)), None)


def _is_here(address: str) -> bool:
    """What can be bound is of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _listening(port: int) -> list[str]:
    """The inodes of the sockets that listen at the port."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in _text(PROC / "net" / name).splitlines()[1:]]
    return [row[9] for row in rows if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port]


def _processes() -> list[Path]:
    return [each for each in PROC.glob("[0-9]*") if each.name.isdigit()]


def _files(process: Path) -> list[Path]:
    """Its open files; none where they are not shown, or the process is over."""
    try:
        return list((process / "fd").iterdir())
    except OSError:
        return []


def _holds(process: Path, inodes: set[str]) -> bool:
    return bool(inodes) and any(_target(file) in inodes for file in _files(process))


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:  # closed meanwhile
        return ""


def _described(process: Path) -> Listener:
    limit = re.search(r"^Max open files +(\d+)", _text(process / "limits"), re.MULTILINE)
    state = re.search(r"^State:\s+(\w)", _text(process / "status"), re.MULTILINE)
    return Listener(int(process.name), _text(process / "comm").strip(), len(_files(process)), int(limit[1]) if limit is not None else None, state is not None and state[1] == "T")


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
