"""``tenfour serve`` as somebody meets it who starts it for the first time, again, twice, or wrongly."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tenfour.storage.migrate import NEWEST
from tests.eventually import eventually
from tests.servers import STOP_DEADLINE_S, Server

Make = Callable[..., Server]


@pytest.fixture
def stopped(tmp_path: Path) -> Server:
    """A server that was never started."""
    return Server(tmp_path)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at its first start."""
    server = Server(tmp_path_factory.mktemp("started")).start()
    yield server
    server.kill()


def setup_secret(server: Server) -> str:
    """The secret of the set-up link that the last start has printed."""
    link = next(line for line in server.said if "/setup#" in line)
    assert link == f"Make the first administrator: {server.url}/setup#{link.partition('#')[2]}"
    return link.partition("#")[2]


def post(server: Server, path: str, body: dict[str, object]) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1{path}", json=body)


def set_up(server: Server, secret: str, name: str = "root") -> httpx.Response:
    return post(server, "/setup", {"secret": secret, "name": name, "password": "correct horse"})


def test_the_first_start_makes_a_folder_and_a_key_that_nobody_else_can_read(started: Server) -> None:
    (key,) = (started.data / "keys").glob("*.pem")

    assert stat.S_IMODE(started.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in key.read_bytes()


def test_a_start_prints_the_address_the_setup_link_and_that_it_is_ready(started: Server) -> None:
    assert started.said[0] == f"Tenfour is at {started.url}"
    assert setup_secret(started).startswith("tfs_")
    assert started.said[-1].startswith("Ready")
    assert httpx.get(f"{started.url}/api/v1/server").json()["set_up"] is False


@pytest.mark.slow
def test_the_setup_link_makes_one_administrator_and_then_nobody(make_server: Make) -> None:
    server = make_server()
    secret = setup_secret(server)

    wrong = set_up(server, secret[:-1] + ("A" if secret[-1] != "A" else "B"))
    first = set_up(server, secret)
    second = set_up(server, secret, "other")
    opened = post(server, "/sessions", {"name": "root", "password": "correct horse"})

    assert (wrong.status_code, wrong.json()["code"]) == (403, "setup_link_invalid")
    assert (first.status_code, first.json()["admin"]) == (201, True)
    assert (second.status_code, second.json()["code"]) == (409, "setup_done")
    assert opened.status_code == 201
    assert httpx.get(f"{server.url}/api/v1/server").json()["set_up"] is True


@pytest.mark.slow
def test_the_setup_link_is_printed_at_each_start_until_it_is_used_and_only_the_last_one_counts(make_server: Make) -> None:
    server = make_server()
    first = setup_secret(server)
    server.stop()
    second = setup_secret(server.start())

    refused = set_up(server, first)
    taken = set_up(server, second)
    server.stop()
    server.start()

    assert first != second
    assert refused.json()["code"] == "setup_link_invalid"
    assert taken.status_code == 201
    assert not [line for line in server.said if "setup" in line]


@pytest.mark.slow
def test_the_setup_secret_stands_nowhere_but_on_the_terminal(make_server: Make) -> None:
    server = make_server()
    secret = setup_secret(server)
    server.stop()

    written = {path.name: path.read_bytes() for path in server.data.rglob("*") if path.is_file()} | {"log": server.log.encode()}

    assert b"setup_links" in written["tenfour.db"]
    assert [name for name, content in written.items() if secret.encode() in content] == []


@pytest.mark.slow
async def test_a_second_start_finds_everything_again(make_server: Make) -> None:
    server = make_server()
    set_up(server, setup_secret(server))
    opened = post(server, "/sessions", {"name": "root", "password": "correct horse"}).json()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", title="Plans")
    sent = await world.ann.request("POST", f"/chats/{chat}/messages", json={"text": "before"}, headers={"Idempotency-Key": "k1"})
    server.stop()

    server.start()
    history = (await world.bob.request("GET", f"/chats/{chat}/messages")).json()
    again = await world.ann.request("POST", f"/chats/{chat}/messages", json={"text": "before"}, headers={"Idempotency-Key": "k1"})
    me = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {opened['access_token']}"})
    renewed = post(server, "/sessions/refresh", {"refresh_token": opened["refresh_token"]})
    key = await world.backend("PUT", "/users/carol", json={"name": "carol"})

    assert [each["text"] for each in history["items"]] == ["before"]
    assert (again.status_code, again.json()["seq"]) == (200, sent.json()["seq"])
    assert me.json()["name"] == "root"
    assert renewed.status_code == 200
    assert key.status_code == 201


@pytest.mark.slow
def test_the_first_start_brings_the_database_to_the_schema_of_this_version(make_server: Make) -> None:
    server = make_server()
    server.stop()

    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db")) as database:
        version = database.execute("SELECT version_num FROM alembic_version").fetchall()
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    assert version == [(NEWEST,)]
    assert {"users", "chats", "members", "events", "messages", "sessions"} <= tables


def test_a_second_server_on_the_same_data_is_refused_by_name_and_pid(started: Server) -> None:
    second = started.refuse_to_start(TENFOUR_LISTEN="127.0.0.1:0")

    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr == f"tenfour: {started.data / 'lock'} belongs to another tenfour process (pid {started.pid})\nStop that one first, or name another data folder by --data or TENFOUR_DATA.\n"
    assert httpx.get(f"{started.url}/api/v1/health/ready").status_code == 200


@pytest.mark.slow
def test_data_of_a_server_that_was_killed_can_be_used_at_once(make_server: Make) -> None:
    server = make_server()
    server.kill()

    server.start()

    assert httpx.get(f"{server.url}/api/v1/health/ready").json()["ready"] is True


def test_a_port_in_use_is_said_in_one_line(stopped: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = stopped.refuse_to_start(TENFOUR_LISTEN=f"127.0.0.1:{port}")

    assert refused.returncode == 1
    assert refused.stderr == f"tenfour: cannot listen on 127.0.0.1, port {port}: Address already in use; TENFOUR_LISTEN names another address and port\n"


@pytest.mark.slow
def test_an_address_that_is_none_is_said_in_one_line(stopped: Server) -> None:
    refused = stopped.refuse_to_start(TENFOUR_LISTEN="nowhere.invalid:0")

    assert refused.returncode == 1
    assert refused.stderr.startswith("tenfour: cannot listen on nowhere.invalid, port 0: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TENFOUR_LISTEN", "8410", "tenfour: listen = '8410' cannot be used"),
        ("TENFOUR_LISTN", "x", "tenfour: TENFOUR_LISTN is not a setting; did you mean TENFOUR_LISTEN?"),
        ("TENFOUR_EXTERNAL", '[{"issuer": "a", "algorithm": "HS256", "secret": "canary"}]', "tenfour: external: external issuer a: the secret has to be at least 32 random bytes"),
        ("TENFOUR_EXTERNAL", f'[{{"issuer": "a", "algorithm": "RS256", "key": "{__file__}"}}]', "tenfour: external: external issuer a: its key cannot be read as a PEM key for RS256"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_its_name(stopped: Server, variable: str, value: str, said: str) -> None:
    refused = stopped.refuse_to_start(**{variable: value})

    assert refused.returncode == 2
    assert refused.stderr.startswith(said)
    assert refused.stderr.count("\n") == 1
    assert "canary" not in refused.stderr
    assert not stopped.data.exists()


@contextlib.contextmanager
def taken_apart(server: Server) -> Iterator[None]:
    """Data of a server that has run, to be spoiled by a test."""
    server.start()
    server.stop()
    yield


@pytest.mark.slow
def test_a_signing_key_that_others_can_read_keeps_the_server_from_starting(stopped: Server) -> None:
    with taken_apart(stopped):
        (key,) = (stopped.data / "keys").glob("*.pem")
        key.chmod(0o644)

    refused = stopped.refuse_to_start()

    assert refused.returncode == 1
    assert refused.stderr == f"tenfour: others can read the signing key {key}: chmod 600 it, or delete it to make a new one\n"


@pytest.mark.slow
def test_a_signing_key_that_is_none_is_named(stopped: Server) -> None:
    with taken_apart(stopped):
        (key,) = (stopped.data / "keys").glob("*.pem")
        key.write_text("not a key")

    refused = stopped.refuse_to_start()

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"the signing key {key} is not a private key in PEM" in refused.stderr


@pytest.mark.slow
def test_a_data_folder_that_is_a_file_is_named(stopped: Server) -> None:
    stopped.data.write_text("a file")

    refused = stopped.refuse_to_start()

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"the data folder {stopped.data} cannot be used: File exists" in refused.stderr


@pytest.mark.slow
def test_a_file_that_is_no_database_is_named_and_left_as_it_is(stopped: Server) -> None:
    stopped.data.mkdir()
    (stopped.data / "tenfour.db").write_text("the shopping list, and certainly no database")

    refused = stopped.refuse_to_start()

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"the database {stopped.data / 'tenfour.db'} cannot be opened: file is not a database" in refused.stderr
    assert (stopped.data / "tenfour.db").read_text().startswith("the shopping list")


@pytest.mark.slow
def test_a_database_of_a_newer_version_is_refused_with_both_versions(stopped: Server) -> None:
    with taken_apart(stopped), contextlib.closing(sqlite3.connect(stopped.data / "tenfour.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    refused = stopped.refuse_to_start()

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"its schema is 9999, and this version of tenfour knows {NEWEST} at the most" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_leaves_with_0_and_takes_its_address_away(make_server: Make, number: int) -> None:
    server = make_server()
    assert server.process is not None

    server.process.send_signal(number)
    code = server.process.wait(STOP_DEADLINE_S)

    assert code == 0
    assert not (server.data / "server.json").exists()
    assert "Traceback" not in server.log


@pytest.mark.slow
def test_it_listens_on_ipv6_and_says_so_in_an_address_that_works(stopped: Server) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")

    stopped.start(TENFOUR_LISTEN="[::1]:0")
    answer = httpx.get(f"{stopped.url}/api/v1/health/live")
    metrics = httpx.get(f"{stopped.url}/metrics")
    stopped.stop()

    assert stopped.url.startswith("http://[::1]:")
    assert answer.json()["status"] == "live"
    assert metrics.status_code == 200


def test_ready_says_what_is_amiss_and_nothing_while_all_is_well(server: Server) -> None:
    ready = httpx.get(f"{server.url}/api/v1/health/ready")
    live = httpx.get(f"{server.url}/api/v1/health/live")

    assert (ready.status_code, ready.json()["ready"], ready.json()["reasons"]) == (200, True, [])
    assert ready.headers["cache-control"] == "no-store"
    assert live.json()["node"] == ready.json()["node"]


@pytest.mark.slow
def test_metrics_are_for_this_machine_or_for_who_has_the_token(make_server: Make) -> None:
    """Somebody from elsewhere is whom a trusted proxy speaks for."""
    server = make_server({"metrics_token": "let-prometheus-in", "trusted_proxies": "127.0.0.0/8"})
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}

    here = httpx.get(f"{server.url}/metrics")
    from_elsewhere = httpx.get(f"{server.url}/metrics", headers=elsewhere)
    with_token = httpx.get(f"{server.url}/metrics", headers=elsewhere | {"Authorization": "Bearer let-prometheus-in"})
    with_another = httpx.get(f"{server.url}/metrics", headers=elsewhere | {"Authorization": "Bearer let-prometheus-on"})
    with_nothing = httpx.get(f"{server.url}/metrics", headers=elsewhere | {"Authorization": "Bearer"})

    assert (here.status_code, with_token.status_code) == (200, 200)
    assert {each.status_code for each in (from_elsewhere, with_another, with_nothing)} == {403}
    assert from_elsewhere.json()["detail"] == "Metrics are for loopback, or for a request with the metrics token."


def test_a_proxy_on_this_machine_that_nobody_listed_opens_no_metrics(server: Server) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert httpx.get(f"{server.url}/metrics", headers={header: "127.0.0.1"}).status_code == 403


async def test_a_start_forgets_the_sessions_that_are_over(make_server: Make) -> None:
    server = make_server()
    set_up(server, setup_secret(server))
    ended, standing = [post(server, "/sessions", {"name": "root", "password": "correct horse"}).json() for _ in range(2)]
    httpx.delete(f"{server.url}/api/v1/sessions/current", headers={"Authorization": f"Bearer {ended['access_token']}"}).raise_for_status()
    server.stop()

    server.start()

    await eventually(lambda: "sessions.forgotten" in server.log)
    refused = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {ended['access_token']}"})
    server.stop()
    assert refused.json()["code"] == "token_revoked"
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db")) as database:
        assert database.execute("SELECT id FROM sessions").fetchall() == [(standing["session"],)]
