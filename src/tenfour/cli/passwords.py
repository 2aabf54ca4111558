"""Passwords come from a prompt, from TENFOUR_PASSWORD or from standard input; never as an argument, which others can read."""

from __future__ import annotations

import os
import sys

import click

from tenfour.cli.failures import CommandFailed, Exit

VARIABLE = "TENFOUR_PASSWORD"


def read_password(prompt: str, *, confirm: bool = False) -> str:
    """The password; asked for twice where a new one is chosen on a terminal."""
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if sys.stdin.isatty():
        asked: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
        return asked
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandFailed("a password is missing", f"Give it on a terminal, as a line of standard input or in {VARIABLE}.", Exit.WRONG_USE)
    return line
