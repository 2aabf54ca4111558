"""``tenfour serve``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tenfour.cli.failures import CommandFailed

if TYPE_CHECKING:
    from tenfour.app import Parts
    from tenfour.cli.demo import Demo
    from tenfour.settings import Settings

OPEN_WARNING = """\
Warning: {listen} is reached over a network and speaks plain http: passwords, tokens and messages can be read on the way.
  Either Tenfour speaks TLS:  TENFOUR_TLS_CERTIFICATE=chain.pem TENFOUR_TLS_KEY=key.pem
  or a reverse proxy does:    TENFOUR_PUBLIC_URL=https://chat.example.org TENFOUR_TRUSTED_PROXIES=<the proxy's address>
  or listen here only:        TENFOUR_LISTEN=127.0.0.1:{port}, reached by ssh -L {port}:127.0.0.1:{port}"""


@click.command()
@click.option("--demo", is_flag=True, help="Makes two people, ann and bob, and a chat, and says how to try them.")
@click.option("--data", metavar="FOLDER", help="Folder of the database, the keys and the lock [./data].")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where to listen [127.0.0.1:8410].")
@click.option("--public-url", metavar="URL", help="The address under which clients reach the server.")
@click.option("--tls-certificate", metavar="FILE", help="PEM file with the certificate and its chain.")
@click.option("--tls-key", metavar="FILE", help="PEM file with the certificate's private key.")
@click.option("--registration", metavar="WHO", help="Who may make an account: closed, invite or open [closed].")
@click.option("--log-level", metavar="LEVEL", help="The least that is logged: debug, info, warning or error [info].")
def serve(*, demo: bool, **options: str | None) -> None:
    """Runs the server until Ctrl-C or SIGTERM.

    Each option is a setting; so are many more, in the environment (TENFOUR_LISTEN …) or in tenfour.toml:
    docs/reference/settings.md has them all. A second server on the same data is refused.

    \b
    Examples:
      tenfour serve
      tenfour serve --demo
      tenfour serve --listen 0.0.0.0:443 --tls-certificate chain.pem --tls-key key.pem
    """
    from tenfour.settings import load_settings

    settings = load_settings(os.environ, {name: value for name, value in options.items() if value is not None})
    _run(settings, demo=demo)


def _run(settings: Settings, *, demo: bool) -> None:
    import uvloop

    from tenfour import app
    from tenfour.cli.demo import describe_demo, make_demo
    from tenfour.observe.log import make_log

    app.external_issuers(settings)
    log = make_log(settings.log_level, settings.log_format)
    made: list[Demo] = []

    async def prepare(parts: Parts) -> None:
        if demo:
            made.append(await make_demo(parts))

    def started(settings: Settings, secret: str | None) -> None:
        _greet(settings, secret)
        for each in made:
            click.echo(describe_demo(each, settings))
        click.echo("Ready. Ctrl-C stops it.")

    try:
        code = uvloop.run(app.serve(settings, log, started, prepare=prepare))
    except app.CannotStart as cause:
        raise CommandFailed(str(cause), "") from cause
    raise SystemExit(code)


def _greet(settings: Settings, secret: str | None) -> None:
    if settings.speaks_in_the_open:
        click.echo(OPEN_WARNING.format(listen=settings.listen, port=settings.port), err=True)
    click.echo(f"Tenfour is at {settings.url}")
    if secret is not None:
        click.echo(f"Make the first administrator: {settings.url}/setup#{secret}")
