"""The debugger in Chromium names each cause that a browser can tell apart, staged for real, and no other; the test page and its script."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tenfour.doctor.proxies import Proxy
from tests.api.asking import PASSWORD, account, ask, log_in
from tests.doctor.listeners import accepting, answering, closed_port, listening, mute, relaying
from tests.doctor.relays import losing, marking, relaying_frames
from tests.doctor.staging.mistakes import Mistake
from tests.doctor.staging.proxies import staged
from tests.needs import WEB, need, need_axe, need_web
from tests.servers import Server, World
from tests.web.browser import PHONE, PLAIN_HOST, people
from tests.web.residents import is_there_offline, residents
from tests.web.test_access import TOO_WIDE, VIOLATIONS

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]

TOOLS = WEB / "debug"
FILE = (TOOLS / "websocket-debug.html").as_uri()
UNKNOWN_CHAT = "01890a5d-ac96-774b-bcce-b302099a8057"
DEADLINE_MS = 60_000
LOG_IN = """([name, password]) => fetch('/api/v1/sessions', {
  method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({name, password, cookie: true}),
})"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_web()


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody fills in, and on which page."""

    address: str
    token: str = ""
    chat: str = ""
    page: str = FILE
    carrier: str = "subprotocol"


class Debugger:
    """The page in a tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[str] = []
        page.on("websocket", lambda socket: self.sockets.append(socket.url))

    async def fill(self, case: Case) -> None:
        await self.page.goto(case.page)
        for label, text in (("Address", case.address), ("Chat", case.chat), ("Token", case.token)):
            await self.page.get_by_label(label, exact=True).fill(text)
        await self.page.get_by_label("How the token goes").select_option(case.carrier)

    async def test(self, case: Case) -> str:
        """The cause that it names after the test; empty where all is well."""
        await self.fill(case)
        await self.page.get_by_role("button", name="Test connection").click()
        return await self.verdict()

    async def verdict(self) -> str:
        await expect(self.page.get_by_role("button", name="Copy report")).to_be_visible(timeout=DEADLINE_MS)
        named = self.page.locator("[data-cause]")
        return (await named.get_attribute("data-cause") or "") if await named.count() else ""

    async def ended_as(self, cause: str) -> None:
        """Waits until the connection that was open has ended for this cause."""
        await expect(self.page.locator("[data-cause]")).to_have_attribute("data-cause", cause, timeout=DEADLINE_MS)

    def check(self, name: str) -> Any:
        return self.page.get_by_role("listitem").filter(has=self.page.get_by_text(name, exact=True))


@pytest_asyncio.fixture(loop_scope="package")
async def debugger(browser: Browser) -> AsyncIterator[Debugger]:
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(DEADLINE_MS)
    yield Debugger(await context.new_page())
    await context.close()


@dataclass(frozen=True, slots=True)
class Town:
    """A server with ann, who has a chat, and bob, who has one without her."""

    server: Server
    world: World
    chat: str
    foreign: str

    @property
    def url(self) -> str:
        return ws(self.server.url)

    @property
    def token(self) -> str:
        return self.world.ann.token

    @property
    def well(self) -> Case:
        return Case(self.url, self.token, self.chat)


def ws(url: str) -> str:
    return url.replace("http", "ws", 1)


@pytest_asyncio.fixture(loop_scope="package")
async def town(server: Server) -> Town:
    world = await server.world("ann", "bob")
    return Town(server, world, await world.chat("ann", "bob"), await world.chat("bob"))


# One after the other in a browser: what is staged, and the cause.


@contextlib.asynccontextmanager
async def at(talk: Any, town: Town, **more: Any) -> AsyncIterator[Case]:
    async with listening(talk) as port:
        yield replace(town.well, address=f"ws://127.0.0.1:{port}", **more)


def forged(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{signature[::-1]}"


async def ended_session(server: Server) -> str:
    """The token of a log-in that was ended."""
    headers = await log_in(server, await account(server))
    assert (await ask(server, "DELETE", "/api/v1/sessions/current", headers=headers)).status_code == 204
    return headers["Authorization"].removeprefix("Bearer ")


async def disabled(server: Server) -> str:
    name = await account(server)
    headers = await log_in(server, name)
    me = (await ask(server, "GET", "/api/v1/me", headers=headers)).json()["id"]
    changed = await ask(server, "PATCH", f"/api/v1/users/{me}", json={"disabled": True}, headers=server.administration())
    assert changed.status_code == 200, changed.text
    return headers["Authorization"].removeprefix("Bearer ")


FILLED_IN: Mapping[str, Callable[[Town], Case]] = {
    "url_invalid": lambda town: replace(town.well, address=town.url.removeprefix("ws://")),
    "blocked_port": lambda town: replace(town.well, address="ws://127.0.0.1:6000"),
    "tcp_refused": lambda town: replace(town.well, address=f"ws://127.0.0.1:{closed_port()}"),
    "tls_to_plain_port": lambda town: replace(town.well, address=town.url.replace("ws:", "wss:")),
    "path_wrong": lambda town: Case(f"{town.url}/api/v2/ws", town.token),
    "token_malformed": lambda town: replace(town.well, token="not-a-token"),
    "token_signature": lambda town: replace(town.well, token=forged(town.token)),
    "token_expired": lambda town: replace(town.well, token=town.server.token_of(town.world.ann.id, -3_600)),
    "token_bad_chars": lambda town: replace(town.well, token=f'"{town.token}"'),
    "chat_id_not_uuid": lambda town: replace(town.well, chat="general"),
    "chat_unknown": lambda town: replace(town.well, chat=UNKNOWN_CHAT),
    "not_member": lambda town: replace(town.well, chat=town.foreign),
}
LISTENERS: Mapping[str, Callable[[Town], Any]] = {
    "open_but_mute": lambda _: mute,
    "wrong_upstream": lambda _: answering("404 Not Found", "Not here"),
    "other_ws_server": lambda _: accepting(),
    "subprotocol_dropped": lambda town: relaying(town.server.url, without="sec-websocket-protocol"),
    "upgrade_stripped": lambda town: relaying(town.server.url, without="upgrade"),
    "welcome_late": lambda town: relaying_frames(town.server.url, losing(b"")),
    "deflate_broken": lambda town: relaying_frames(town.server.url, marking),
    "not_delivered": lambda town: relaying_frames(town.server.url, losing(b'"message_sent"')),
    "ack_missing": lambda town: relaying_frames(town.server.url, losing(b'"ack"')),
}


@pytest.mark.parametrize("cause", FILLED_IN)
async def test_what_is_filled_in_wrongly_is_named(debugger: Debugger, town: Town, cause: str) -> None:
    assert await debugger.test(FILLED_IN[cause](town)) == cause


@pytest.mark.parametrize("cause", LISTENERS)
async def test_what_listens_wrongly_is_named(debugger: Debugger, town: Town, cause: str) -> None:
    async with at(LISTENERS[cause](town), town) as case:
        assert await debugger.test(case) == cause


@pytest.mark.parametrize(("cause", "made"), [("token_revoked", ended_session), ("user_disabled", disabled)])
async def test_a_token_that_was_good_is_named(debugger: Debugger, town: Town, cause: str, made: Callable[[Server], Any]) -> None:
    assert await debugger.test(Case(town.url, await made(town.server))) == cause


async def test_a_missing_token_is_named(debugger: Debugger, make_server: Callable[..., Server]) -> None:
    server = make_server({"authenticate_s": "1"})

    assert await debugger.test(Case(ws(server.url))) == "token_missing"


async def test_a_cut_between_the_handshake_and_the_welcome_is_named(debugger: Debugger, town: Town) -> None:
    async def cutting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = relaying_frames(town.server.url, lambda: cut)
        with contextlib.suppress(ConnectionError):
            await relay(reader, writer)

    def cut(_frame: bytes) -> bytes:
        raise ConnectionError

    async with at(cutting, town) as case:
        assert await debugger.test(case) == "tcp_reset"


# The page's origin


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lists the pages of one application, and so none from a file."""
    server = Server(tmp_path_factory.mktemp("strict"), {"TENFOUR_ALLOWED_ORIGINS": "https://app.example.org"}).start()
    yield server
    server.stop()


async def test_a_page_from_a_file_is_told_before_it_tries_that_the_server_does_not_list_null(debugger: Debugger, strict: Server) -> None:
    await debugger.fill(Case(ws(strict.url)))
    await expect(debugger.page.get_by_role("alert")).to_contain_text('allowed_origins = ["null"]')

    await debugger.page.get_by_role("button", name="Test connection").click()

    assert await debugger.verdict() == "origin_refused"
    assert debugger.sockets == []


async def test_a_page_of_another_site_is_named_as_such(debugger: Debugger, town: Town) -> None:
    body = (TOOLS / "websocket-debug.html").read_text()
    async with listening(answering("200 OK", body, "Content-Type: text/html")) as port:
        cause = await debugger.test(replace(town.well, page=f"http://127.0.0.1:{port}/"))

    assert cause == "origin_refused"
    await expect(debugger.page.get_by_role("alert").last).to_contain_text(f'allowed_origins = ["http://127.0.0.1:{port}"]')


async def shown_at(url: str, page: Page, **headers: str) -> str:
    """The debugger under another address, as a product would serve it."""
    body = (TOOLS / "websocket-debug.html").read_text()
    await page.route(url, lambda route: route.fulfill(body=body, content_type="text/html", headers={name.replace("_", "-"): value for name, value in headers.items()}))
    return url


async def test_a_plain_address_in_a_page_of_https_is_named(debugger: Debugger, town: Town) -> None:
    page = await shown_at("https://app.example.org/", debugger.page)

    cause = await debugger.test(replace(town.well, address=f"ws://{PLAIN_HOST}:{town.url.rpartition(':')[2]}", page=page))

    assert cause == "mixed_content"


async def test_a_policy_of_the_page_is_named(debugger: Debugger, town: Town) -> None:
    page = await shown_at("http://app.example.org/", debugger.page, Content_Security_Policy="connect-src 'self'")

    assert await debugger.test(replace(town.well, page=page)) == "csp_blocked"


async def test_a_loopback_address_in_a_page_elsewhere_is_named(debugger: Debugger, town: Town) -> None:
    page = await shown_at("http://app.example.org/", debugger.page)

    assert await debugger.test(replace(town.well, address=f"ws://127.0.0.1:{closed_port()}", page=page)) == "loopback_elsewhere"


# Limits


async def test_too_many_connections_of_an_address_are_named(debugger: Debugger, make_server: Callable[..., Server]) -> None:
    server = make_server({"connections_per_address": "1"})
    world = await server.world("ann")
    await world.ann.connect()

    assert await debugger.test(Case(ws(server.url), world.ann.token)) == "too_many"


async def test_a_newer_connection_is_named_as_what_ended_this_one(debugger: Debugger, make_server: Callable[..., Server]) -> None:
    server = make_server({"connections_per_user": "1"})
    world = await server.world("ann")
    assert await debugger.test(Case(ws(server.url), world.ann.token)) == ""

    await world.ann.connect()

    await debugger.ended_as("replaced")


async def test_a_server_that_goes_away_is_named(debugger: Debugger, make_server: Callable[..., Server]) -> None:
    server = make_server()
    world = await server.world("ann")
    assert await debugger.test(Case(ws(server.url), world.ann.token)) == ""

    server.kill()

    await debugger.ended_as("tcp_refused")


# Behind a real proxy, on the server's own page


_HOST = "proxy_set_header Host $http_host;"
_UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"
_RIGHT = f"proxy_pass http://UPSTREAM; {_UPGRADE} {_HOST}"
_PAGE = f"location / {{ {_RIGHT} }}"


def _nginx(cause: str | None, staged_how: str, config: str, **more: Any) -> Mistake:
    return Mistake(Proxy.NGINX, cause, staged_how, config, **more)


MISTAKES = [
    _nginx(None, "as it should be", _PAGE),
    _nginx("upgrade_stripped", "no Upgrade", f"location /api/ {{ proxy_pass http://UPSTREAM; proxy_http_version 1.1; {_HOST} }} {_PAGE}"),
    _nginx("connection_closed", "no Connection", f"location /api/ {{ proxy_pass http://UPSTREAM; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; {_HOST} }} {_PAGE}"),
    _nginx("http10_upstream", "HTTP/1.0", f"location /api/ {{ proxy_pass http://UPSTREAM; proxy_set_header Upgrade $http_upgrade; {_HOST} }} {_PAGE}"),
    _nginx("host_rewritten", "another Host", f"location / {{ proxy_pass http://UPSTREAM; {_UPGRADE} }}"),
    _nginx("base_path_lost", "cuts /api off", f"location /api/ {{ proxy_pass http://UPSTREAM/; {_UPGRADE} {_HOST} }} {_PAGE}"),
    _nginx("upstream_down", "nobody behind", f"location /api/ {{ proxy_pass http://DEAD; }} {_PAGE}"),
    _nginx("upstream_mute", "nobody speaks behind", f"location /api/ {{ proxy_pass http://MUTE; proxy_read_timeout 1s; }} {_PAGE}"),
    _nginx("http_auth", "a password", f'location /api/ {{ auth_basic "staff"; auth_basic_user_file FOLDER/users; }} {_PAGE}'),
    _nginx("redirected", "a redirect", f"location /api/ {{ return 302 /sign-in; }} {_PAGE}"),
    _nginx("spa_fallback", "its own page", f"location /api/ {{ root FOLDER; try_files /index.html =404; }} {_PAGE}"),
    _nginx("waf_block", "forbids upgrades", f"location / {{ if ($http_upgrade) {{ return 403; }} {_RIGHT} }}"),
    _nginx("token_lost", "cuts the query off", f'location ~ /ws$ {{ set $args ""; {_RIGHT} }} {_PAGE}'),
    _nginx("idle_cut", "cuts silence", f"location / {{ {_RIGHT} proxy_read_timeout 6s; }}"),
    _nginx("plain_to_tls_port", "TLS", _PAGE, certificate="good"),
    _nginx("cert_unknown_issuer", "TLS that nobody knows", _PAGE, certificate="unknown_issuer"),
]
ON_FILES = ("plain_to_tls_port", "cert_unknown_issuer")


@pytest.fixture(scope="module")
def nginx(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Mistake, int]]:
    need("nginx")
    with staged(Proxy.NGINX, MISTAKES, {"UPSTREAM": server.url.partition("//")[2]}, tmp_path_factory.mktemp("nginx")) as ports:
        yield ports


def behind(nginx: Mapping[Mistake, int], cause: str | None) -> int:
    return next(port for mistake, port in nginx.items() if mistake.cause == cause)


@pytest.mark.parametrize("cause", [mistake.cause for mistake in MISTAKES if mistake.cause not in (*ON_FILES, "idle_cut", "token_lost", None)])
async def test_a_mistake_of_the_proxy_is_named(debugger: Debugger, town: Town, nginx: Mapping[Mistake, int], cause: str) -> None:
    place = f"127.0.0.1:{behind(nginx, cause)}"

    assert await debugger.test(replace(town.well, address=f"ws://{place}", page=f"http://{place}/debug")) == cause


async def test_a_proxy_that_takes_the_token_away_is_named(debugger: Debugger, town: Town, nginx: Mapping[Mistake, int]) -> None:
    place = f"127.0.0.1:{behind(nginx, 'token_lost')}"

    assert await debugger.test(replace(town.well, address=f"ws://{place}", page=f"http://{place}/debug", carrier="query")) == "token_lost"


async def test_a_proxy_that_cuts_silence_is_named_once_it_has_done_so(debugger: Debugger, town: Town, nginx: Mapping[Mistake, int]) -> None:
    place = f"127.0.0.1:{behind(nginx, 'idle_cut')}"
    assert await debugger.test(replace(town.well, address=f"ws://{place}", page=f"http://{place}/debug")) == ""

    await debugger.ended_as("idle_cut")
    await debugger.page.get_by_text("nginx", exact=True).click()
    await expect(debugger.page.locator("pre").first).to_contain_text("proxy_read_timeout 1h;")


async def test_a_plain_address_at_a_port_of_tls_is_named(browser: Browser, town: Town, nginx: Mapping[Mistake, int]) -> None:
    context = await browser.new_context(ignore_https_errors=True)
    try:
        debugger = Debugger(await context.new_page())
        cause = await debugger.test(replace(town.well, address=f"ws://localhost:{behind(nginx, 'plain_to_tls_port')}"))
    finally:
        await context.close()

    assert cause == "plain_to_tls_port"


async def test_a_certificate_that_this_browser_does_not_trust_is_named_with_what_looks_like_it(debugger: Debugger, town: Town, nginx: Mapping[Mistake, int]) -> None:
    cause = await debugger.test(replace(town.well, address=f"wss://localhost:{behind(nginx, 'cert_unknown_issuer')}"))

    assert cause == "cert_unknown_issuer"
    await debugger.page.get_by_text("What looks the same in a browser").click()
    await expect(debugger.page.get_by_text("cert_expired", exact=True)).to_be_visible()


# All is well


@pytest.mark.parametrize("page", [FILE, "own"])
async def test_nothing_is_wrong_where_nothing_is(debugger: Debugger, town: Town, page: str) -> None:
    case = replace(town.well, page=f"{town.server.url}/debug" if page == "own" else page)

    assert await debugger.test(case) == ""
    await expect(debugger.page.get_by_role("status")).to_contain_text("connected, let in, and a message arrived")
    for name in ("Address", "Page", "HTTP", "Upgrade", "Token", "Welcome", "Round trip", "Delivery"):
        await expect(debugger.check(name).get_by_label("passed")).to_be_visible()


async def test_nothing_is_wrong_behind_a_proxy_as_it_should_be(debugger: Debugger, town: Town, nginx: Mapping[Mistake, int]) -> None:
    place = f"127.0.0.1:{behind(nginx, None)}"

    assert await debugger.test(replace(town.well, address=f"ws://{place}", page=f"http://{place}/debug")) == ""


async def test_anything_can_be_sent_and_every_frame_is_shown(debugger: Debugger, town: Town) -> None:
    await debugger.test(town.well)
    say = debugger.page.get_by_label("Send a text frame")

    await say.fill('{"type":"send","key":"mine-1","text":"by hand"}')
    await debugger.page.get_by_role("button", name="Send", exact=True).click()

    log = debugger.page.get_by_role("log")
    await expect(log).to_contain_text('"type":"ack"')
    await expect(log).to_contain_text('"text":"by hand"')


async def test_token_and_chat_of_who_is_logged_in_come_with_one_click_each(debugger: Debugger, server: Server) -> None:
    (ann,) = await residents(server, f"ann-{uuid.uuid4().hex[:8]}")
    await ann.chat(title="Harbour")
    page = debugger.page
    await page.goto(f"{server.url}/debug")
    await page.evaluate(LOG_IN, [ann.name, PASSWORD])

    await page.get_by_role("button", name="Use my log-in").click()
    await page.get_by_role("button", name="Harbour").click()
    await page.get_by_role("button", name="Test connection").click()

    assert await debugger.verdict() == ""
    await expect(debugger.check("Welcome")).to_contain_text(f"{ann.name}, connection")
    assert re.search(r"/chats/[0-9a-f-]{36}/ws", debugger.sockets[0])


async def test_a_token_that_the_site_has_kept_comes_with_one_click(debugger: Debugger, town: Town) -> None:
    page = await shown_at("http://app.example.org/", debugger.page)
    await debugger.page.goto(page)
    await debugger.page.evaluate("(token) => localStorage.setItem('auth', JSON.stringify({user: {token}}))", town.token)
    await debugger.page.reload()

    await debugger.page.get_by_role("button", name="localStorage auth.user.token").click()

    await expect(debugger.page.get_by_label("Token", exact=True)).to_have_value(town.token)
    await expect(debugger.page.get_by_text(town.world.ann.id)).to_be_visible()


async def test_the_report_and_the_page_show_no_secret(debugger: Debugger, town: Town) -> None:
    await debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await debugger.test(replace(town.well, page=f"{town.server.url}/debug", carrier="query"))

    await debugger.page.get_by_role("button", name="Copy report").click()
    await expect(debugger.page.get_by_role("button", name="Copied")).to_be_visible()

    report = await debugger.page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"^✓ Delivery", report, re.MULTILINE)
    assert f"--chat {town.chat}" in report or town.chat in report
    for text in (report, await debugger.page.locator("body").inner_text()):
        assert town.token not in text
        assert town.token.rpartition(".")[2] not in text


async def test_the_command_line_prints_the_same_page() -> None:
    printed = await asyncio.create_subprocess_exec(sys.executable, "-m", "tenfour", "doctor", "--page", stdout=asyncio.subprocess.PIPE)

    out, _ = await printed.communicate()

    assert printed.returncode == 0
    assert out == (TOOLS / "websocket-debug.html").read_bytes()


async def test_the_client_leads_to_it_also_with_its_service_worker(browser: Browser, server: Server) -> None:
    (ann,) = await residents(server, f"ann-{uuid.uuid4().hex[:8]}")
    async with people(browser, lambda: server.url) as person:
        tab = await person()
        page = await ann.enter(tab)
        await is_there_offline(page)
        await page.get_by_role("button", name="Account and settings").click()
        await page.get_by_role("menuitem", name="Connection").click()

        async with tab.context.expect_page() as opened:
            await page.get_by_role("link", name="Open the connection debugger").click()

        await expect((await opened.value).get_by_role("heading", name="Connection debugger")).to_be_visible()


# The test page, and the script


async def test_every_scenario_of_the_test_page_passes_against_a_live_server(debugger: Debugger, town: Town) -> None:
    for title in ("One", "Two", "Three"):
        await town.world.chat("ann", title=title)
    page = debugger.page
    await page.goto(f"{town.server.url}/debug/test")
    expired = town.server.token_of(town.world.ann.id, -3_600)
    for label, text in (
        ("Token", town.token),
        ("Chat (optional)", town.chat),
        ("Token of a second account (optional)", town.world.bob.token),
        ("A token that has expired (optional)", expired),
    ):
        await page.get_by_label(label, exact=True).fill(text)

    await page.get_by_role("button", name="Run all").click()
    await expect(page.get_by_role("button", name="Copy report")).to_be_visible(timeout=2 * DEADLINE_MS)

    assert await page.get_by_role("status").inner_text() == "13 passed", [await each.inner_text() for each in await page.locator("details:not(.passed)").all()]
    first = page.locator("details").nth(1)
    await first.locator("summary").click()
    await expect(first.get_by_role("log", name="Frames of B")).to_contain_text('"type":"message_sent"')


async def test_a_scenario_that_fails_says_at_which_step_and_shows_the_frames(debugger: Debugger, town: Town) -> None:
    page = debugger.page
    await page.goto((TOOLS / "websocket-test.html").as_uri())
    for label, text in (("Address", town.url), ("Token", town.token), ("Chat (optional)", town.foreign)):
        await page.get_by_label(label, exact=True).fill(text)
    row = page.locator("details").first
    await row.locator("summary").click()

    await row.get_by_role("button", name="Run this one").click()

    await expect(row.get_by_role("listitem").filter(has_text="welcome")).to_contain_text("no welcome came: closed with 4403 not_a_member")
    await expect(row.get_by_role("listitem").get_by_label("failed")).to_have_count(1)
    await expect(row.get_by_role("log", name="Frames of A")).to_contain_text('"type":"goodbye"')


async def run_script(*words: str, **more: str) -> tuple[int | None, str]:
    node = need("node")
    process = await asyncio.create_subprocess_exec(
        node, str(TOOLS / "websocket-test.js"), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={"PATH": str(Path(node).parent), **more}
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_the_script_passes_against_a_live_server(town: Town) -> None:
    code, said = await run_script("--url", town.url, "--chat", town.chat, TENFOUR_TOKEN=town.token)

    assert (code, said.splitlines()[-1]) == (0, "All steps passed.")
    assert [line.split()[2] for line in said.splitlines()[:-1]] == ["connect", "welcome", "send", "own", "typing", "receipt", "resume"]


async def test_the_script_exits_with_the_number_of_the_step_that_failed(town: Town) -> None:
    foreign = await run_script("--url", town.url, "--chat", town.foreign, "--token", town.token, "--frames")
    refused = await run_script("--url", f"ws://127.0.0.1:{closed_port()}", "--chat", town.chat, "--token", town.token)
    wrong = await run_script("--url", town.url)

    assert foreign[0] == 2
    assert "closed with 4403 not_a_member" in foreign[1]
    assert town.token not in foreign[1]
    assert (refused[0], refused[1].splitlines()[-1]) == (1, "Failed at step 1, connect.")
    assert wrong[0] == 64


# What everybody can use


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing_serious_and_nothing_is_too_wide(browser: Browser, town: Town, scheme: str, device: dict[str, Any]) -> None:
    axe = need_axe()
    context = await browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True, **device)
    try:
        debugger = Debugger(await context.new_page())
        await debugger.test(replace(town.well, page=f"{town.server.url}/debug", chat="general"))
        await debugger.page.evaluate(axe)
        found = [await debugger.page.evaluate(VIOLATIONS), await debugger.page.evaluate(TOO_WIDE)]
        await debugger.page.goto(f"{town.server.url}/debug/test")
        await debugger.page.locator("summary").first.click()
        await debugger.page.evaluate(axe)
        found += [await debugger.page.evaluate(VIOLATIONS), await debugger.page.evaluate(TOO_WIDE)]
    finally:
        await context.close()

    assert (found[0], found[2]) == ([], [])
    assert max(found[1], found[3]) <= 0
