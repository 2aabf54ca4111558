"""Secrets and texts go in by every carrier and through every failure, and come out nowhere but where they are asked for."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import uuid
from collections.abc import Callable

import httpx
import pytest

from tests.gateway.raw import knock
from tests.servers import PROTOCOL, Server, open_wire

PASSWORD = "canary-of-a-password"
TEXT = "canary of a text"
METRICS = "canary-of-a-metrics-token-0123456789"
SHARED = "canary of a secret that is shared with a shop"


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    external = json.dumps([{"issuer": "shop", "algorithm": "HS256", "secret": SHARED}])
    return make_server({"registration": "open", "log_level": "debug", "metrics_token": METRICS, "external": external})


def mutations(token: str) -> list[str]:
    """The token, and how it looks when something went wrong on its way."""
    return [token, token + "x", token[:-6] + "AAAAAA", token[1:], f"{token} ", f'"{token}"', f"{token}.{token}", f"Bearer {token}"]


@pytest.mark.slow
async def test_no_secret_and_no_text_stands_in_log_metrics_refusals_or_the_database(server: Server) -> None:
    world = await server.world("ann", "bob")
    ann, chat = world.ann, await world.chat("ann", "bob")
    said: list[str] = []
    """Everything that the server answered without being asked for the secret."""
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        (await http.post("/accounts", json={"name": "carol", "password": PASSWORD})).raise_for_status()
        opened = (await http.post("/sessions", json={"name": "carol", "password": PASSWORD})).json()
        access, refresh = opened["access_token"], opened["refresh_token"]
        ticket = (await http.post("/ws-tickets", headers={"Authorization": f"Bearer {access}"})).json()["ticket"]
        setup = next(line.partition("#")[2] for line in server.said if "/setup#" in line)
        secrets = [access, refresh, ticket, setup, world.key, PASSWORD, METRICS]

        for secret in secrets:
            for shown in mutations(secret):
                header = {"Authorization": f"Bearer {shown.strip()}"}
                attempts = [
                    http.get("/nowhere", headers=header),
                    http.post("/me", headers=header),
                    http.get("/sessions", headers={"Authorization": f"Basic {shown.strip()}"}),
                    http.post("/sessions/refresh", json={"refresh_token": shown + "!"}),
                    http.post("/sessions", json={"name": "nobody", "password": shown + "!"}),
                    http.post("/setup", json={"secret": shown + "!", "name": "mallory", "password": PASSWORD + "!"}),
                    http.post("/accounts", json={"name": "carol", "password": shown + "!"}),
                    http.get(f"/users?limit={shown[:20]}!", headers=header),
                    http.get("/server?token=" + shown, headers={"Referer": f"http://x/?token={shown.strip()}", "User-Agent": shown.strip()}),
                ]
                for attempt in attempts:
                    answer = await attempt
                    said += [answer.text] if answer.status_code >= 400 else []
    for secret in (access, refresh, ticket[:-1], world.key):
        for shown in mutations(secret):
            quoted = re.sub(r"[^\w.~-]", "", shown)
            ends = [
                await open_wire(server, headers={"Authorization": f"Bearer {shown.strip()}x"}),
                await open_wire(server, chat, subprotocols=[PROTOCOL, f"tenfour.bearer.{quoted}x"]),
                await open_wire(server, query=f"token={quoted}x"),
                await open_wire(server, chat, query=f"ticket={quoted}x"),
            ]
            late = await open_wire(server)
            await late.say(type="authenticate", token=shown + "x")
            said += [reason for _, reason in [await each.closed() for each in (*ends, late)]]
            refused = await knock(server, f"/api/v1/nowhere?token={quoted}", {"Origin": "https://evil.example", "Authorization": f"Bearer {quoted}"}, protocol=f"tenfour.bearer.{quoted}x")
            said.append(refused.answer.body.decode())
    wire = await ann.connect(chat)
    await wire.send(chat, TEXT)
    for frame in ({"type": "send", "chat": chat, "key": "k" * 65, "text": TEXT}, {"type": "nothing", "text": TEXT}, {"type": "send", "chat": str(uuid.uuid4()), "key": "k", "text": TEXT}):
        await wire.say(**frame)
        said.append(json.dumps(await wire.next("error")))
    await wire.socket.send('{"type": "send", "text": "' + TEXT)
    said.append(json.dumps(await wire.next("error")))
    metrics = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {METRICS}"}).text
    server.stop()

    for secret in (*secrets, SHARED, TEXT):
        signature = secret.rpartition(".")[2]
        for place, found in {"log": server.log, "metrics": metrics, "refusals": "\n".join(said)}.items():
            assert signature not in found, (place, signature)
    stored = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    for secret in (access.rpartition(".")[2], refresh, ticket, setup, world.key, PASSWORD, METRICS, SHARED):
        assert secret.encode() not in stored


async def test_a_mistake_of_the_server_shows_a_reference_and_nothing_of_its_inside(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("UPDATE members SET role = 'emperor'")

    answer = await world.ann.request("GET", f"/chats/{chat}")
    again = await world.ann.request("GET", f"/chats/{chat}/members")

    problem = answer.json()
    reference = re.fullmatch(r"The server made a mistake, reference ([0-9a-f]{12})\.", problem["detail"])
    assert (answer.status_code, problem["code"], answer.headers["content-type"]) == (500, "internal", "application/problem+json")
    assert reference is not None
    assert set(problem) <= {"type", "title", "status", "code", "detail", "advice", "request_id", "retry_after_ms"}
    for word in ("emperor", "Traceback", "sqlite", "tenfour/", ".py", "ValueError"):
        assert word not in answer.text
        assert word not in str(dict(answer.headers))
    (line,) = [json.loads(line) for line in server.log.splitlines() if reference[1] in line]
    assert "emperor" in line["exception"]
    assert again.json()["detail"] != problem["detail"]


async def test_a_database_that_is_taken_apart_shows_none_of_its_sql(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("ALTER TABLE messages RENAME TO mislaid")

    answers = [await world.ann.request("GET", f"/chats/{chat}/messages"), await world.ann.request("POST", f"/chats/{chat}/messages", json={"text": "hello"}), await world.ann.request("GET", "/chats")]

    for answer in answers:
        assert answer.status_code in (500, 503)
        assert answer.headers["content-type"] == "application/problem+json"
        for word in ("SELECT", "messages.", "sqlite", "no such table", "Traceback"):
            assert word not in answer.text


# What others have written, in logs, on terminals and in lists

INJECTIONS = {
    "a second line": 'x\n{"event": "Error forged"}',
    "a carriage return": "x\rServer stopped",
    "an escape sequence": "x\x1b[2J\x1b]0;owned\x07",
    "an 8-bit escape": "x\x9b31m",
    "a line separator": "x\u2028Error forged",
    "a paragraph separator": "x\u2029Error forged",
    "writing turned round": "x\u202egnp.exe",
    "isolated writing": "x\u2066y\u2069",
    "NUL": "x\0y",
    "a backspace": "x\b\b\by",
    "nothing visible": "\u200b\u200c\u200d",
    "marks on end": "a" + "\u0301" * 10_000,
    "only spaces": "   ",
    "a tab": "a\tb",
}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    server = Server(tmp_path_factory.mktemp("names"), {"TENFOUR_REGISTRATION": "open"}).start()
    yield server
    server.kill()


@pytest.mark.parametrize("name", INJECTIONS.values(), ids=INJECTIONS)
async def test_no_name_carries_what_steers_a_terminal_forges_a_line_or_cannot_be_seen(open_server: Server, name: str) -> None:
    world = await open_server.world("ann")
    async with httpx.AsyncClient(base_url=f"{open_server.url}/api/v1") as http:
        account = await http.post("/accounts", json={"name": name, "password": PASSWORD})
    renamed = await world.ann.request("PATCH", "/me", json={"name": name})
    ensured = await world.backend("PUT", f"/users/{uuid.uuid4().hex}", json={"name": name})

    assert [each.status_code for each in (account, renamed, ensured)] in ([422] * 3, [400] * 3)
    assert {each.json()["code"] for each in (account, renamed, ensured)} <= {"name_invalid", "field_invalid"}


ALIKE = {
    "a Cyrillic letter": "аdmin",  # noqa: RUF001
    "a Greek letter": "αdmin",  # noqa: RUF001
    "full width": "ａｄｍｉｎ",  # noqa: RUF001
    "capital letters": "ADMIN",
    "a long s": "roоt",  # noqa: RUF001
    "a zero width joiner": "ad\u200dmin",
    "a soft hyphen": "ad\u00admin",
    "a space at the end": "admin ",
    "a combining dot": "admi\u0307n",
    "mathematical letters": "𝐚𝐝𝐦𝐢𝐧",  # noqa: RUF001
}


@pytest.mark.parametrize("name", ALIKE.values(), ids=ALIKE)
async def test_no_name_passes_for_one_that_is_there(open_server: Server, name: str) -> None:
    async with httpx.AsyncClient(base_url=f"{open_server.url}/api/v1") as http:
        await http.post("/accounts", json={"name": "admin", "password": PASSWORD})
        answer = await http.post("/accounts", json={"name": name, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) in ((409, "name_taken"), (422, "name_invalid"))


@pytest.mark.parametrize("name", ["Zoë", "Łukasz", "محمد", "Дмитрий", "田中", "김철수", "o.connor-smith_2"])
async def test_names_of_the_world_are_names(open_server: Server, name: str) -> None:
    async with httpx.AsyncClient(base_url=f"{open_server.url}/api/v1") as http:
        answer = await http.post("/accounts", json={"name": name, "password": PASSWORD})

    assert (answer.status_code, answer.json()["name"]) == (201, name)


@pytest.mark.parametrize("title", [each for name, each in INJECTIONS.items() if name not in ("marks on end", "nothing visible")])
async def test_no_title_carries_them_either(open_server: Server, title: str) -> None:
    world = await open_server.world("ann")

    made = await world.ann.request("POST", "/chats", json={"kind": "group", "title": title})

    assert made.status_code in (400, 422)


async def test_headers_and_paths_forge_no_line_of_the_log(make_server: Callable[..., Server]) -> None:
    server = make_server()
    host, _, port = server.url.partition("://")[2].partition(":")
    for text in (each for each in INJECTIONS.values() if "\n" not in each and "\r" not in each):
        with contextlib.suppress(ValueError, UnicodeEncodeError, EOFError):
            await knock(server, "/api/v1/nowhere", {"Origin": text.encode()[:60].decode("latin-1"), "User-Agent": text.encode()[:60].decode("latin-1")})
    with contextlib.closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("ALTER TABLE users RENAME TO mislaid")
    for path in ("%0a%7b%22event%22:%22Error%20forged%22%7d", "%1b%5b2J", "%e2%80%a8Error%20forged", "%00"):
        httpx.get(f"http://{host}:{port}/api/v1/users/{path}", headers={"Authorization": f"Bearer {server.token_of('x')}"})
        httpx.get(f"http://{host}:{port}/{path}")

    for line in server.log.split("\n")[:-1]:
        assert not json.loads(line)["event"].startswith("Error forged")
        assert not {each for each in line if ord(each) < 32 or 127 <= ord(each) < 160 or each in "\u2028\u2029\u202e"}
