"""What commands print: JSON for programs, columns for people; colour on a terminal only."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import click

from tenfour.cli.terminal import escape_controls


def print_json(value: Any) -> None:
    """One line of ASCII, which no terminal takes for a command."""
    click.echo(json.dumps(value))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as they need to be, under a dim header; nothing is cut off."""
    texts = [[escape_controls(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *texts, strict=True)]
    click.echo(dim(_line(header, widths)), color=colour())
    for row in texts:
        click.echo(_line(row, widths))


def dim(text: str) -> str:
    return click.style(text, dim=True)


def colour() -> bool | None:
    """False where NO_COLOR says so; None leaves it to click, which asks whether this is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
