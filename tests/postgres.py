"""A real PostgreSQL server of a test's own: made, stopped, killed and started as the test likes."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg

from tenfour.storage.postgres import migrate_postgres
from tenfour.storage.postgres_connection import Database
from tests.needs import need_postgresql

ROLE = "tenfour"
TEMPLATE = "template_tenfour"
DEADLINE_S = 120
LOOK_EVERY_S = 0.02
_NUMBERS = itertools.count(1)


class Cluster:
    """One data folder and, while it runs, its server, on a port of loopback."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._programs = need_postgresql()
        # Not below pytest's folder: the server's user may not look into that.
        self._directory = Path(tempfile.mkdtemp(prefix="tenfour-postgresql-"))
        self._data = self._directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._is_plain = False
        """Whether it was started without further settings."""
        self.port = _free_port()
        self.settings = dict(settings or {})
        if owner := _owner():
            os.chown(self._directory, owner["user"], owner["group"])
        self._run("initdb", "-D", str(self._data), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def start(self, **settings: str) -> Cluster:
        """Runs until it takes connections; ``settings`` hold for this start."""
        self._is_plain = not settings
        wanted = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": str(self._directory), "max_connections": "60", "autovacuum": "off"}
        options = [f"--{name}={value}" for name, value in (wanted | self.settings | settings).items()]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen([self._programs / "postgres", "-D", self._data, *options], stdout=log, stderr=log, **_owner())
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=10).close()
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, self.log
                assert time.monotonic() < deadline, self.log
                time.sleep(LOOK_EVERY_S)
            else:
                return

    def stop(self) -> None:
        """As a machine that is shut down stops it: connections are ended, everything is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut, but for what the system still has in memory: no process of it goes on."""
        self._end(signal.SIGQUIT)

    def set_right(self) -> None:
        """It runs again as it was made, if a test has stopped or changed it."""
        if self._process is None or not self._is_plain:
            self.stop()
            self.start()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE_S)
        self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._directory)

    def url(self, database: str) -> str:
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """What a statement of the administrator gives."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description is not None else []

    def new_database(self) -> str:
        """The address of a new store without users."""
        self._template()
        name = f"test_{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def empty_database(self) -> str:
        name = f"test_{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    @functools.cache  # noqa: B019 - clusters live as long as the run
    def _template(self) -> None:
        """Made once and copied: the migrations take longer than most tests."""
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate_postgres(Database(self.url(TEMPLATE)), 1_750_000_000_000)

    @property
    def log(self) -> str:
        return (self._directory / "log").read_text()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._programs / program, *arguments], check=True, capture_output=True, **_owner())


@contextlib.contextmanager
def running_cluster(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    cluster = Cluster(settings)
    try:
        yield cluster.start()
    finally:
        cluster.remove()


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package makes, or as nobody."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
