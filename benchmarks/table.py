"""Makes the report: the machine, then one Markdown table a scenario with medians and ratios."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median

from generator import Result
from scenarios import Column, Scenario
from servers import HERE, RAISED_FOR_SET_UP

Results = dict[str, list[Result]]  # subject → its valid runs


def describe_machine() -> str:
    """Gives the machine and the versions as a Markdown list."""
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _output("git", "-C", str(HERE), "describe", "--always", "--dirty"),
        "processor": f"{_cpu_model()}, {_output('nproc', '--all')} cores (server on core 0, load on core 1)",
        "memory": f"{_memory_gib():.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "packages": ", ".join(
            _version(name)
            for name in (
                "uvicorn",
                "picows",
                "uvloop",
                "litestar",
                "msgspec",
                "SQLAlchemy",
            )
        ),
        "Node": f"{_output('node', '--version')}, Socket.IO {_socketio_version()}",
        "browser": _output("chromium", "--version"),
        "compiler": _output("cc", "--version").splitlines()[0],
    }
    return "\n".join(f"* {name}: {value}" for name, value in facts.items())


def section(scenario: Scenario, results: Results, failures: dict[str, list[str]]) -> str:
    """Gives one scenario's heading, table, ratios and what went wrong."""
    lines = [f"## {scenario.name}", "", scenario.about]
    if "Tenfour" in results:
        lines += [
            "",
            "Limits raised: " + ", ".join(f"`{name}={value}`" for name, value in (RAISED_FOR_SET_UP | scenario.settings).items()) + ".",
        ]
    lines += [
        "",
        _row(["", "runs", *(column.title for column in scenario.columns)]),
        _row(["---"] + ["---:"] * (len(scenario.columns) + 1)),
    ]
    lines += [
        _row(
            [
                subject,
                str(len(runs)),
                *(_cell(column, runs) for column in scenario.columns),
            ]
        )
        for subject, runs in results.items()
        if runs
    ]
    lines += ["", *_ratios(scenario, results)]
    lines += [f"* **void**, {subject}: {why}" for subject, whys in failures.items() for why in whys]
    return "\n".join(lines) + "\n"


def _ratios(scenario: Scenario, results: Results) -> list[str]:
    column = next(column for column in scenario.columns if column.key == scenario.ratio_of)
    ours = _values(column, results.get("Tenfour", []))
    others = {subject: _values(column, runs) for subject, runs in results.items() if subject != "Tenfour"}
    return [f"* {column.title}: Tenfour is {median(ours) / median(theirs):.2f} × {subject}" for subject, theirs in others.items() if ours and theirs and median(theirs)]


def _cell(column: Column, runs: list[Result]) -> str:
    values = _values(column, runs)
    if not values:
        return "-"
    shown = f"{median(values):,.{column.digits}f}"
    return shown if len(values) == 1 else f"{shown} ({min(values):,.{column.digits}f} … {max(values):,.{column.digits}f})"


def _values(column: Column, runs: list[Result]) -> list[float]:
    return [float(run[column.key]) for run in runs if column.key in run]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _memory_gib() -> float:
    return int(Path("/proc/meminfo").read_text().split()[1]) / 2**20


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} missing"


def _socketio_version() -> str:
    package = HERE / "peers" / "socketio" / "node_modules" / "socket.io" / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.exists() else "not installed"
