"""What some tests need beside Python: skipped by name where one is missing, failed where all are required."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "tenfour" / "web"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def need(tool: str) -> str:
    """Where the tool is. ``make test-tools`` installs them; ``TENFOUR_REQUIRE_ALL=1`` makes a missing one a failure."""
    found = shutil.which(tool) or shutil.which(tool, path=str(Path(sys.executable).parent))
    if found is None:
        lack(f"{tool} is not installed; 'make test-tools' installs it")
    return found


def need_postgresql() -> Path:
    """The folder of PostgreSQL's programs, which Debian keeps off the path."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    if not found or not (found[-1] / "postgres").is_file():
        lack("PostgreSQL is not installed; 'make test-tools' installs it")
    return found[-1]


def need_web() -> None:
    """The web client, built into the package."""
    if not (WEB / "index.html").is_file():
        lack("the web client is not built; 'make web' builds it")


def need_axe() -> str:
    """The program axe, which looks for what keeps people out of a page."""
    if not AXE.is_file():
        lack("axe-core is not installed; 'make test' installs it")
    return AXE.read_text()


def lack(reason: str) -> NoReturn:
    """Skips by name what this machine cannot do; where all is required that fails."""
    if os.environ.get("TENFOUR_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)
