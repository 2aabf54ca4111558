"""A new store's file, made once and copied: the migrations take longer than most tests."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tenfour.storage.migrate import migrate


def put_new_store(path: Path) -> Path:
    """Puts the file of a store without users at the path, unless something is there."""
    if not path.exists():
        shutil.copyfile(_template(), path)
    return path


@functools.cache
def _template() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="tenfour-template-"))
    atexit.register(shutil.rmtree, directory)
    path = directory / "tenfour.db"
    migrate(f"sqlite:///{path}", 1_750_000_000_000)
    return path
