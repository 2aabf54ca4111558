from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import sqlite3
import stat
import subprocess
import sys

import pytest

from tenfour.storage.migrate import NEWEST
from tests.cli.commands import environment, run, tenfour


def texts(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [text for (text,) in database.execute("SELECT text FROM messages ORDER BY chat, seq")]


@pytest.mark.slow
async def test_a_backup_of_a_running_server_is_whole_consistent_and_private(server, tmp_path):
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    wire = await world.ann.connect()
    acked = await wire.send(chat, "before the backup")

    sending = asyncio.create_task(wire.send_all(chat, [f"while it is made {number}" for number in range(20)]))
    made = await asyncio.to_thread(run, "backup", str(tmp_path / "copy.db"), data=server.data)
    await sending
    await wire.close()

    assert made.code == 0
    assert made.out.startswith(f"{tmp_path / 'copy.db'} is a backup of {server.data / 'tenfour.db'}, ")
    assert (acked["type"], "before the backup" in texts(tmp_path / "copy.db")) == ("ack", True)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["copy.db"]


def test_a_backup_overwrites_nothing(server, tmp_path):
    (tmp_path / "copy.db").write_text("something else")

    refused = run("backup", str(tmp_path / "copy.db"), data=server.data)

    assert (refused.code, refused.err) == (1, f"tenfour: no backup was made: {tmp_path / 'copy.db'} is there already\n")
    assert (tmp_path / "copy.db").read_text() == "something else"


def test_a_folder_that_is_not_there_is_named(server, tmp_path):
    refused = run("backup", str(tmp_path / "gone" / "copy.db"), data=server.data)

    assert (refused.code, refused.err) == (1, f"tenfour: no backup was made: No such file or directory: {tmp_path / 'gone' / 'copy.db.part'}\n")


def test_a_folder_without_a_database_is_said(tmp_path):
    refused = run("backup", str(tmp_path / "copy.db"), data=tmp_path / "data")

    assert (refused.code, refused.err.splitlines()[0]) == (1, f"tenfour: there is no database {tmp_path / 'data' / 'tenfour.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_restore_and_a_migration_are_refused_while_a_server_runs(server, tmp_path):
    run("backup", str(tmp_path / "copy.db"), data=server.data)

    restored = run("restore", str(tmp_path / "copy.db"), data=server.data)
    migrated = run("migrate", data=server.data)

    said = f"tenfour: {server.data / 'lock'} belongs to another tenfour process (pid {server.pid})\nStop that one first, or name another data folder by --data or TENFOUR_DATA.\n"
    assert [(each.code, each.err) for each in (restored, migrated)] == [(1, said)] * 2


def test_what_is_no_backup_is_not_restored(tmp_path):
    (tmp_path / "other.db").write_text("no database")

    refused = run("restore", str(tmp_path / "other.db"), data=tmp_path / "data")

    assert refused.code == 1
    assert refused.err.startswith("tenfour: nothing was restored: ")
    assert not (tmp_path / "data" / "tenfour.db").exists()


@pytest.mark.slow
async def test_a_restore_brings_the_history_back_under_a_new_epoch_and_keeps_what_was_there(make_server, tmp_path):
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    wire = await world.ann.connect()
    first = await wire.send(chat, "before the backup")
    tenfour("backup", str(tmp_path / "copy.db"), data=server.data)
    last = await wire.send(chat, "after the backup")
    server.kill()

    restored = tenfour("restore", str(tmp_path / "copy.db"), "--json", data=server.data)
    server.start()
    again = await world.ann.connect()
    told = await again.subscribe(chat, last["seq"], epoch=wire.welcome["epoch"])
    await again.close()

    assert restored.code == 0
    assert texts(server.data / "tenfour.db") == ["before the backup"]
    assert texts(restored.json["kept"]) == ["before the backup", "after the backup"]
    assert again.welcome["epoch"] != wire.welcome["epoch"]
    assert [(each["type"], each["head"]) for each in told] == [("reset", first["seq"])]


def test_a_migration_makes_the_database_and_a_second_one_changes_nothing(tmp_path):
    first, second = [run("migrate", data=tmp_path / "data") for _ in range(2)]

    assert (first.out, second.out) == (f"{tmp_path / 'data' / 'tenfour.db'} was brought to schema {NEWEST}.\n", f"{tmp_path / 'data' / 'tenfour.db'} has schema {NEWEST} already.\n")
    assert run("migrate", "--json", data=tmp_path / "data").json["changed"] is False


@pytest.mark.slow
def test_on_a_terminal_a_bar_shows_how_far_it_is(server, tmp_path):
    """What is long is said on standard error, which is a terminal here; standard output stays clean."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tenfour", "backup", str(tmp_path / "copy.db"), "--json"]

    with subprocess.Popen(command, env=environment(server.data, {"TERM": "xterm"}), stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other side was closed
            while chunk := os.read(ours, 4096):
                shown += chunk
        out = process.stdout.read()
    os.close(ours)

    assert re.search(rb"Copying .*100%", shown)
    assert out.startswith('{"file": ')
