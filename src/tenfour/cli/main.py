"""``tenfour``: the command line. Commands are imported when they are called, so that help is quick."""

from __future__ import annotations

import click

COMMANDS = {"serve": "tenfour.cli.serve:serve"}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        import importlib

        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=_Commands)
def main() -> None:
    """Self-hosted real-time chat."""
