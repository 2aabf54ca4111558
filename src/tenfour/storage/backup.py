"""Copies of an embedded store: made while it is in use, and put back while it is not."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tenfour.ids import new_id
from tenfour.storage.lock import FileLock
from tenfour.storage.migrate import PRIVATE_FILE, migrate, schema_version

PAGES_A_STEP = 1_000

Told = Callable[[int, int], None]
"""Hears of the progress: pages done, pages in all."""


class NotABackup(Exception):
    """The file cannot be restored; the message says why."""


def _tell_nobody(_done: int, _all: int) -> None:
    pass


def back_up(source: Path, target: Path, told: Told = _tell_nobody) -> None:
    """Copies the store as it is at one moment, while others write; ``told`` gets pages done and pages in all.

    The target appears only once it is whole and synced, readable by its owner alone. Raises ``FileExistsError`` where something has its name.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    making = target.with_name(target.name + ".part")
    making.unlink(missing_ok=True)
    try:
        making.touch(mode=PRIVATE_FILE)
        with _open(source, "ro") as reading, _open(making, "rw") as copy:
            # The transaction keeps the moment: without it each write of the server would start the copy anew.
            reading.execute("BEGIN")
            reading.execute("SELECT 1 FROM store").fetchone()
            reading.backup(copy, pages=PAGES_A_STEP, progress=lambda _status, left, pages: told(pages - left, pages))
            copy.execute("PRAGMA journal_mode=DELETE").fetchone()
        _sync(making)
        os.link(making, target)  # unlike a rename, it never takes the place of something else
    finally:
        making.unlink(missing_ok=True)
    _sync(target.parent)


def restore(source: Path, path: Path, now_ms: int, told: Told = _tell_nobody) -> Path | None:
    """Puts a backup in the place of the store at ``path``; where the store that was there is kept, if one was.

    The store gets a new epoch: positions in what came after the backup mean another history now. Raises
    ``StoreLocked`` while a server runs, ``NotABackup`` and ``SchemaUnknown`` for what cannot be used. Whoever is
    interrupted has either the old store or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(path.parent / "lock")
    lock.acquire()
    try:
        making = path.with_name(path.name + ".restoring")
        making.unlink(missing_ok=True)
        try:
            _make_store(source, making, now_ms, told)
            kept = _keep_old(path, now_ms)
            making.replace(path)
        finally:
            making.unlink(missing_ok=True)
        _sync(path.parent)
        return kept
    finally:
        lock.release()


def _make_store(source: Path, making: Path, now_ms: int, told: Told) -> None:
    """A checked copy of the backup at this program's schema, with an epoch of its own."""
    _check(source)
    making.touch(mode=PRIVATE_FILE)
    with _open(source, "ro") as backup, _open(making, "rw") as copy:
        backup.backup(copy, pages=PAGES_A_STEP, progress=lambda _status, left, pages: told(pages - left, pages))
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()
    migrate(f"sqlite:///{making}", now_ms)
    with _open(making, "rw") as made:
        made.execute("UPDATE store SET epoch = ?", (new_id(now_ms),))
    _sync(making)


def _check(source: Path) -> None:
    if not source.is_file():
        raise NotABackup(f"{source} is no file")
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(_uri(source, "ro"), uri=True), poolclass=NullPool)
    try:
        if schema_version(engine) is None:
            raise NotABackup(f"{source} is no Tenfour database")
        with _open(source, "ro") as backup:
            ((found,),) = backup.execute("PRAGMA quick_check(1)").fetchall()
    except (sqlite3.DatabaseError, DBAPIError) as cause:
        raise NotABackup(f"{source} cannot be read: {cause}") from cause
    if found != "ok":
        raise NotABackup(f"{source} is damaged: {found}")


def _keep_old(path: Path, now_ms: int) -> Path | None:
    """Gives the old store a second name and leaves no log at the first: it would be taken for the new store's."""
    kept = path.with_name(f"{path.name}.before-restore-{now_ms}")
    log, kept_log = path.with_name(path.name + "-wal"), kept.with_name(kept.name + "-wal")
    if log.exists():
        shutil.copyfile(log, kept_log)
    if not path.exists() or _fold_log(path):
        kept_log.unlink(missing_ok=True)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if not path.exists():
        return None
    os.link(path, kept)
    return kept


def _fold_log(path: Path) -> bool:
    """Brings the log into the file; False for a file too damaged for it."""
    try:
        with _open(path, "rw") as old:
            old.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError:  # something else uses it
        raise
    except sqlite3.DatabaseError:
        return False
    return True


@contextlib.contextmanager
def _open(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None)
    try:
        yield database
    finally:
        database.close()


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
