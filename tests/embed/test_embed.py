"""The programs of ``docs/embed.md``, as they stand there, against a real server."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.needs import need
from tests.servers import TLS, Server, Wire, open_wire

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "embed.md"
PROGRAMS: dict[str, str] = dict(re.findall(r"^```\w+ (\S+\.\w+)\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE))
ORIGINS = {"shop.py": "http://127.0.0.1:5000", "shop.mjs": "http://127.0.0.1:3000"}
LINES_MAX = 30


class Shop:
    """A back end of the document in a process of its own."""

    def __init__(self, name: str, command: list[str], directory: Path, environment: Mapping[str, str]) -> None:
        for program in (name, "page.html"):
            (directory / program).write_text(PROGRAMS[program])
        self.name = name
        self.log_path = directory / "shop.log"
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen([*command, name], cwd=directory, env={"PATH": os.environ["PATH"], "PORT": "0", **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert self.process.stdout is not None
            for line in self.process.stdout:
                log.write(line)
                found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
                if found is not None:
                    break
            else:
                raise AssertionError(f"{name} did not start: {self.log_path.read_text()}")
        self.url = found.group(1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)

    def logged_in(self, user: str) -> httpx.Client:
        """A browser after its log-in there."""
        browser = httpx.Client(base_url=self.url, verify=TLS, timeout=30)
        assert browser.get(f"/login/{user}").status_code == 200
        return browser


@pytest.fixture
def chat_server(make_server: Callable[..., Server], tmp_path: Path) -> Server:
    """A server with the document's settings."""
    (tmp_path / "tenfour.toml").write_text(PROGRAMS["tenfour.toml"])
    return make_server({"config": str(tmp_path / "tenfour.toml")})


@pytest.fixture
async def environment(chat_server: Server) -> dict[str, str]:
    secret = re.search(r'^secret = "(.*)"$', PROGRAMS["tenfour.toml"], re.MULTILINE)
    assert secret is not None
    return {"CHAT_URL": chat_server.url, "CHAT_KEY": await chat_server.server_key(), "CHAT_SECRET": secret.group(1), "SESSION_SECRET": "s" * 32}


@pytest.fixture(params=["shop.py", "shop.mjs"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[Shop]:
    directory = tmp_path / "shop"
    directory.mkdir()
    if request.param == "shop.py":
        command = [sys.executable]
    else:
        command = [need("node")]
        (directory / "node_modules").symlink_to(express())
    shop = Shop(request.param, command, directory, environment)
    yield shop
    shop.stop()


def express() -> Path:
    """The folder of Express and what it needs, installed once as the lock file says."""
    installed, lock = HERE / "node_modules", HERE / "package-lock.json"
    mark = installed / ".package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another worker may be at it
        if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run([need("npm"), "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, capture_output=True)
            mark.touch()
    return installed


async def open_page(server: Server, shop: Shop, given: dict[str, Any]) -> Wire:
    """The connection that the page opens, with what its back end gave it."""
    assert (set(given), given["server"]) == ({"server", "chat", "token"}, server.url)
    wire = await open_wire(server, given["chat"], query="after=0", subprotocols=["tenfour.v1", f"tenfour.bearer.{given['token']}"], origin=ORIGINS[shop.name])
    wire.welcome = await wire.next("welcome")
    assert wire.socket.subprotocol == "tenfour.v1"
    return wire


def members(shop: Shop, given: dict[str, Any]) -> dict[str, str]:
    """The page's REST call from its own origin: names by user."""
    headers = {"Authorization": f"Bearer {given['token']}", "Origin": ORIGINS[shop.name]}
    answer = httpx.get(f"{given['server']}/api/v1/chats/{given['chat']}/members", headers=headers, verify=TLS)
    assert answer.headers["access-control-allow-origin"] == ORIGINS[shop.name]
    return {each["user"]: each["name"] for each in answer.json()["items"]}


@pytest.mark.slow
async def test_two_users_of_a_product_talk_through_its_back_end_and_page(chat_server: Server, shop: Shop) -> None:
    ann, bob = shop.logged_in("ann"), shop.logged_in("bob")
    anns, bobs = ann.get("/chat").json(), bob.get("/chat").json()

    first, second = await open_page(chat_server, shop, anns), await open_page(chat_server, shop, bobs)
    await first.next("synced")
    await second.next("synced")
    ack = await first.send(anns["chat"], "Where is my order?")

    assert anns["chat"] == bobs["chat"]
    assert ack["type"] == "ack"
    heard = await second.next("message_sent")
    assert (heard["by"], heard["text"]) == (first.welcome["user"]["id"], "Where is my order?")
    names = members(shop, bobs)
    assert sorted(name.lower() for name in names.values()) == ["ann", "bob"]
    assert heard["by"] in names
    again = ann.get("/chat").json()
    later = await open_page(chat_server, shop, again)
    replayed = await later.next("message_sent", "synced")
    assert (again["chat"], later.welcome["user"], replayed["id"]) == (anns["chat"], first.welcome["user"], heard["id"])


@pytest.mark.slow
async def test_who_is_not_logged_in_gets_no_token_and_everybody_the_page(shop: Shop) -> None:
    stranger = httpx.Client(base_url=shop.url, verify=TLS, timeout=30)

    assert stranger.get("/chat").status_code == 401
    assert stranger.get("/").text == PROGRAMS["page.html"]


@pytest.mark.parametrize("name", ["shop.py", "shop.mjs", "page.html"])
def test_a_program_of_the_document_has_at_most_thirty_lines(name: str) -> None:
    assert len(PROGRAMS[name].splitlines()) <= LINES_MAX
