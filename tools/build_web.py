"""Builds the web client into ``src/tenfour/web``, where its sources changed since the last time.

``make`` runs it, and the build hook of the wheel (``hatch_build.py``).
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from node import ROOT, BuildError, need_node, need_packages

BUILT = ROOT / "src" / "tenfour" / "web"
STAMP = BUILT / ".sources"
"""The hash of the sources of what stands there. Written last: a build that failed leaves none."""
SOURCES = ["package.json", "package-lock.json", "web", "clients/typescript/src", "clients/typescript/tsconfig.json"]
NO_SOURCES = {"node_modules", "tests", "dist"}


def build() -> bool:
    """Whether it had to be built."""
    sources = hash_of_sources()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == sources:
        return False
    began = time.monotonic()
    node = need_node()
    need_packages(node, tools=False)
    node.run_npm(["run", "build", "--workspace", "web"], quiet=True)
    STAMP.write_text(sources, encoding="ascii")
    size = sum(each.stat().st_size for each in BUILT.rglob("*") if each.is_file())
    print(f"Built the web client in {time.monotonic() - began:.0f} s: {size / 1e6:.1f} MB in {BUILT.relative_to(ROOT)}", flush=True)
    return True


def hash_of_sources() -> str:
    found = hashlib.sha256()
    for path in sorted(path for name in SOURCES for path in _files(ROOT / name)):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name not in NO_SOURCES]
        yield from (Path(folder) / name for name in names)


def main() -> int:
    try:
        build()
    except BuildError as error:
        print(f"{error}\nThe web client could not be built.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
