"""``tenfour user``: accounts."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tenfour.cli import options
from tenfour.cli.output import print_json, print_table
from tenfour.cli.passwords import read_password
from tenfour.cli.terminal import escape_controls


@click.group()
def user() -> None:
    """Makes, lists and changes accounts.

    A running server is asked; where none runs, the data folder is opened. A password is asked for on a
    terminal, else it is a line of standard input, or TENFOUR_PASSWORD.

    \b
    Examples:
      tenfour user add ann
      openssl rand -base64 15 | tee /dev/stderr | tenfour user add bob
      tenfour user list --json
      tenfour user disable bob
    """


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="An account that may administer.")
@options.as_json
@options.reaching
def add(name: str, *, admin: bool, as_json: bool, **reach: str | None) -> None:
    """Makes an account."""
    password = read_password(f"Password for {name}", confirm=True)
    made = _ask(reach, "POST", "/users", {"name": name, "password": password, "admin": admin})
    _tell(made, "was added", as_json=as_json)


@user.command(name="list")
@click.argument("beginning", default="")
@options.as_json
@options.reaching
def list_users(beginning: str, *, as_json: bool, **reach: str | None) -> None:
    """Lists users, all of them or those whose name begins so."""
    found = asyncio.run(_list(reach, beginning))
    if as_json:
        print_json(found)
        return
    marks = [" ".join(word for word in ("admin", "disabled") if each[word]) for each in found]
    print_table(["NAME", "ID", "EXTERNAL ID", ""], [[each["name"], each["id"], each["external_id"] or "-", mark] for each, mark in zip(found, marks, strict=True)])


@user.command()
@click.argument("name")
@options.as_json
@options.reaching
def password(name: str, *, as_json: bool, **reach: str | None) -> None:
    """Sets a new password, which ends all sessions of the account."""
    new = read_password(f"New password for {name}", confirm=True)
    _tell(asyncio.run(_change(reach, name, {"password": new})), "has a new password", as_json=as_json)


@user.command()
@click.argument("name")
@options.as_json
@options.reaching
def disable(name: str, *, as_json: bool, **reach: str | None) -> None:
    """Ends a user's sessions and connections at once, and lets them in no more."""
    _tell(asyncio.run(_change(reach, name, {"disabled": True})), "is disabled", as_json=as_json)


@user.command()
@click.argument("name")
@options.as_json
@options.reaching
def enable(name: str, *, as_json: bool, **reach: str | None) -> None:
    """Lets a disabled user in again."""
    _tell(asyncio.run(_change(reach, name, {"disabled": False})), "is enabled", as_json=as_json)


def _ask(reach: dict[str, str | None], method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, administration

    async def ask() -> dict[str, Any]:
        async with administration(Reach(**reach)) as rest:
            answer: dict[str, Any] = await rest.call(method, path, body)
            return answer

    return asyncio.run(ask())


async def _list(reach: dict[str, str | None], beginning: str) -> list[dict[str, Any]]:
    from tenfour.cli.reach import Reach, administration

    async with administration(Reach(**reach)) as rest:
        return [each async for each in rest.all("/users", query=beginning)]


async def _change(reach: dict[str, str | None], name: str, change: dict[str, Any]) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, administration
    from tenfour.cli.rest import find_user

    async with administration(Reach(**reach)) as rest:
        found = await find_user(rest, name)
        changed: dict[str, Any] = await rest.call("PATCH", f"/users/{found['id']}", change)
        return changed


def _tell(who: dict[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(who)
    else:
        click.echo(f"{escape_controls(who['name'])} {what} ({who['id']}).")
