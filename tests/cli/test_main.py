from __future__ import annotations

import contextlib
import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tenfour.cli.main import COMMANDS, main
from tests.cli.commands import environment, run

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = {"alembic", "litestar", "sqlalchemy", "uvicorn"}


def commands(command: click.Command = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command by the words that call it."""
    found = [path]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            found += commands(below, (*path, name))
    return found


def written_commands() -> set[str]:
    """Every call of ``tenfour`` that the documents and the help show."""
    documents = [path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]]
    texts = documents + [run(*path, "--help").out for path in commands()]
    in_blocks = [line for text in texts for line in re.findall(r"^ {2,}(?:.*\| |.*&& |TENFOUR_\S+ )*tenfour (\w.*)$", text, re.MULTILINE)]
    in_lines = [found for text in documents for found in re.findall(r"`tenfour (\w[^`\n]*)`", text) if not found.startswith("COMMAND")]
    return {re.split(r" +# | [<>|] | {3,}", each)[0].strip() for each in in_blocks + in_lines}


def loaded(data, *arguments: str) -> set[str]:
    """What a command has imported when it is through."""
    program = f"import sys; from tenfour.cli.main import main; main({list(arguments)!r}, standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], env=environment(data), capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("written", sorted(written_commands()))
def test_every_command_that_is_written_down_is_one_that_can_be_called(written):
    command, arguments = main, shlex.split(re.sub(r"\$\([^)]*\)", "x", written).replace(" SEQ", " 42"))
    while isinstance(command, click.Group) and arguments:
        below = command.get_command(click.Context(command), arguments.pop(0))
        assert below is not None
        command = below

    with contextlib.suppress(click.exceptions.Exit):  # it printed what it was asked for, and was through
        assert command.make_context(command.name, arguments)


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_says_what_it_does(path):
    helped = run(*path, "--help")

    usage, _, text = helped.out.partition("\n\n")
    assert helped.code == 0
    assert usage.startswith(f"Usage: {' '.join(['tenfour', *path])} ")
    assert text.lstrip()[0].isupper()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_help_of_a_command_has_examples(name):
    if name != "migrate":
        assert f"  tenfour {name} " in run(name, "--help").out.partition("Example")[2]


def test_the_help_lists_the_exit_codes_and_help_needs_nothing_heavy(tmp_path):
    assert "Exit codes:\n      0  done\n" in run("--help").out
    assert not (HEAVY | {"httpx", "rich"}) & loaded(tmp_path, "--help")


def test_the_version_is_the_packages_own():
    assert run("--version").out == f"tenfour {version('tenfour')}\n"


def test_administering_a_running_server_loads_neither_the_database_nor_the_server(server):
    assert not HEAVY & loaded(server.data, "user", "list")


def test_a_probe_without_a_token_loads_neither_the_server_nor_the_sdk(tmp_path):
    assert not (HEAVY | {"httpx", "picows", "rich"}) & loaded(tmp_path, "probe", "ws://127.0.0.1:1/", "-x", "a")


def test_a_command_that_is_none_is_wrong_use():
    refused = run("nope")

    assert (refused.code, "No such command 'nope'" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code", "error"),
    [
        (["user", "list"], None, 3, "there is neither a server nor a database in"),
        (["connections"], None, 3, "no server runs on the data in"),
        (["connections", "--code", "busy"], None, 2, "--code goes with --ended."),
        (["connections", "--ended", "--code", "token_expird"], None, 2, "no error has the code 'token_expird'"),
        (["explain"], None, 2, "it is not said whose connection"),
        (["trace", "--nonsense"], None, 2, "No such option"),
        (["trace"], None, 2, "Missing argument 'CHAT'."),
        (["tail", "General", "--url", "nowhere", "--token", "t"], None, 2, "a server's address looks like https://chat.example.org, not like 'nowhere'"),
        (["tail", "General", "--url", "http://127.0.0.1:1", "--token", "\n"], "token_malformed", 1, "The token is not a JWT."),
        (["probe", "ftp://example.org", "-x", "a"], None, 2, "'ftp://example.org' is not the address of a WebSocket"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_where_json_was_asked_for_a_failure_is_json_on_standard_error(tmp_path, arguments, code, exit_code, error):
    failed = run(*arguments, "--json", data=tmp_path / "data")

    said = json.loads(failed.err)
    assert (failed.code, failed.out) == (exit_code, "")
    assert (said["code"], said["exit"]) == (code, exit_code)
    assert said["error"].startswith(error)
    assert set(said) == {"error", "code", "advice", "exit"}


def test_a_value_that_looks_like_the_option_does_not_ask_for_json(tmp_path):
    assert run("user", "list", "--", "--json", data=tmp_path / "data").err.startswith("tenfour: there is neither")


def test_a_wrong_setting_is_named_by_every_command(tmp_path):
    refused = run("backup", "x.db", data=tmp_path / "data", TENFOUR_READERS="none")

    assert (refused.code, refused.err.startswith("tenfour: TENFOUR_READERS = 'none' cannot be used")) == (2, True)
