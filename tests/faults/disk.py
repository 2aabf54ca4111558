"""What a disk holds after a power cut, told from what a server did to its files.

The model is the strictest that POSIX allows: bytes are there once the file was synced after they were
written, a name once its directory was. ``luck`` lets some of the rest through, whole or torn, as disks do.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

_HEAD = struct.Struct("=QQQIIc7x")
SECTOR_BYTES = 512


class Record(NamedTuple):
    """One call of the server; times are of the monotonic clock."""

    what: str
    path: str
    data: bytes
    offset: int
    begun_ns: int
    over_ns: int


def read_records(log: Path) -> Iterator[Record]:
    """The records of ``shim.c``, up to a last one that is not whole."""
    told = log.read_bytes()
    at = 0
    while at + _HEAD.size <= len(told):
        begun_ns, over_ns, offset, path_bytes, data_bytes, what = _HEAD.unpack_from(told, at)
        at += _HEAD.size
        path, data = told[at : at + path_bytes], told[at + path_bytes : at + path_bytes + data_bytes]
        at += path_bytes + data_bytes
        if at <= len(told):
            yield Record(what.decode(), path.decode(), data, offset, begun_ns, over_ns)


@dataclass
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)


class Disk:
    """Takes the server's calls in order."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, _File] = {}
        """The names as the running server sees them."""
        self._kept: dict[str, _File] = {}
        """The names that would outlive a power cut."""

    def take(self, record: Record) -> None:
        path = record.path
        match record.what:
            case "c":
                self._seen[path] = _File()
            case "w" | "t":
                if path in self._seen:  # else a file without a name, which nobody will ever open
                    self._seen[path].pending.append(record)
            case "r":
                self._seen[record.data.decode()] = self._seen.pop(path)
            case "u":
                self._seen.pop(path, None)
            case "s" if path in self._seen:
                file = self._seen[path]
                _apply(file.synced, file.pending)
                file.pending.clear()
            case "s":
                self._sync_names(path)

    def _sync_names(self, directory: str) -> None:
        inside = {path: file for path, file in self._seen.items() if path.rpartition("/")[0] == directory}
        outside = {path: file for path, file in self._kept.items() if path.rpartition("/")[0] != directory}
        self._kept = outside | inside

    def survivors(self, luck: Random | None = None) -> dict[Path, bytes]:
        """What is there after a power cut at this moment, by paths relative to the root."""
        found = {}
        for path, file in self._kept.items():
            content = bytearray(file.synced)
            if luck is not None:
                _apply(content, [_torn(record, luck) for record in file.pending if luck.random() < 0.5])
            found[Path(path).relative_to(self._root)] = bytes(content)
        return found


def _apply(content: bytearray, records: list[Record]) -> None:
    for record in records:
        if record.what == "t":
            del content[record.offset :]
            content.extend(bytes(record.offset - len(content)))
            continue
        end = record.offset + len(record.data)
        content.extend(bytes(max(0, end - len(content))))
        content[record.offset : end] = record.data


def _torn(record: Record, luck: Random) -> Record:
    """Whole, or only its first sectors."""
    return record._replace(data=record.data[: SECTOR_BYTES * luck.randrange(9)]) if luck.random() < 0.3 else record
