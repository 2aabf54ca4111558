"""``tenfour``: the command line. A command is imported when it is called, so that every start is quick."""

from __future__ import annotations

import importlib
from typing import Any

import click

from tenfour.cli.failures import EXIT_CODES, report

COMMANDS = {
    name: f"tenfour.cli.{name}:{name}" for name in ("serve", "user", "token", "key", "chat", "send", "tail", "doctor", "probe", "connections", "explain", "trace", "backup", "restore", "migrate")
}


class Commands(click.Group):
    """The commands, and what becomes of the failures that they raise."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        ctx.meta[__name__] = "--json" in args[: args.index("--") if "--" in args else None]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except (Exception, KeyboardInterrupt) as cause:
            as_json = ctx.meta.get(__name__, False)
            if isinstance(cause, click.ClickException) and not as_json:
                raise
            code = report(cause, as_json=as_json)
            if code is None:
                raise
            ctx.exit(code)


@click.command(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tenfour", message="%(prog)s %(version)s")
def main() -> None:
    """Self-hosted real-time chat: a server, and what is needed around it.

    \b
      tenfour serve --demo                            a server with two people and a chat to try
      tenfour tail General --as ann                   follows the chat
      tenfour send General "Hello, ann" --as bob      says something in it
      tenfour user add ann                            makes an account

    Commands find a server of this machine by its data folder (--data, TENFOUR_DATA, default ./data), one
    elsewhere by --url and --token (TENFOUR_URL, TENFOUR_TOKEN). `tenfour COMMAND --help` says more.
    """
