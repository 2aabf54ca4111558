"""The admin page, in Chromium, of a server with people on it and others who were not let in; and what is everybody's of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.api.asking import PASSWORD, bearer
from tests.needs import need_axe
from tests.servers import Server, open_wire
from tests.web.browser import people
from tests.web.residents import NETWORK_IS_GONE, Resident, administrator, residents
from tests.web.test_access import TOO_WIDE, VIOLATIONS

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]

NOT_A_JWT = "What was sent as token is not a JWT."


@dataclass(frozen=True, slots=True)
class Town:
    root: Resident
    ann: Resident
    chat: str
    seq: int
    """Of a message that ann has sent and bob has."""


async def town(server: Server) -> Town:
    """Two who talk, three tokens that are none, one stranger at a door, one line that was cut."""
    ann, bob, eve = await residents(server, "ann", "bob", "eve")
    chat = await ann.chat(bob, title="Harbour")
    at_bobs = await bob.connect()
    await at_bobs.subscribe(chat, 0)
    at_anns = await ann.connect()
    *_, seq = await at_anns.send_all(chat, ["one", "two", "three"])
    await at_bobs.next("message_sent")
    for _ in range(3):
        await (await open_wire(server, headers=bearer("no.jwt"))).closed()
    await (await open_wire(server, chat, headers=eve.headers)).closed()
    (await eve.connect()).abort()
    return Town(await administrator(server, "root"), ann, chat, seq)


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


async def go(page: Page, tab: str) -> None:
    await page.get_by_role("navigation", name="Parts of the server page").get_by_role("link", name=tab).click()


@pytest.mark.timeout(240)
async def test_an_administrator_sees_how_the_server_is_and_axe_finds_nothing(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    found: list[str] = []
    async with people(browser, lambda: server.url) as person:
        its = await town(server)
        page = await its.root.enter(await person())

        async def look() -> None:
            await page.evaluate(need_axe())
            for scheme in ("dark", "light"):
                await page.emulate_media(color_scheme=scheme)
                found.extend(f"{scheme}: {each}" for each in await page.evaluate(VIOLATIONS))

        await page.get_by_role("button", name="Account and settings").click()
        await page.get_by_role("menuitem", name="Server").click()

        await expect(page.get_by_role("heading", name="All is well")).to_be_visible()
        await expect(card(page, "Connections").get_by_text("3 people")).to_be_visible()
        await expect(card(page, "Messages a second").get_by_text("last minute · 3 since the start")).to_be_visible()
        await expect(card(page, "Ack time").get_by_role("img", name="Ack time: 3 counted, half up to")).to_be_visible()
        await expect(card(page, "Messages a second").get_by_role("img", name="now 0, least 0, most 0")).to_be_visible()  # the second answer came
        await card(page, "Batch sizes").get_by_role("button", name="As a table").click()
        await expect(card(page, "Batch sizes").get_by_role("rowheader").or_(card(page, "Batch sizes").get_by_role("cell")).first).to_have_text("1")
        await look()

        await go(page, "Connections")
        await expect(page.get_by_role("row")).to_have_count(4)
        await page.get_by_label("Name, address, client or connection id").fill("ann")
        await expect(page.get_by_role("row")).to_have_count(2)
        await look()
        await page.get_by_role("table").get_by_role("button", name="ann", exact=True).click()
        await expect(page.get_by_role("dialog").get_by_text("127.0.0.1")).to_be_visible()
        await look()
        await page.get_by_role("dialog").get_by_role("button", name="Explain").click()
        await expect(page.get_by_role("alert").get_by_text("ann would be let in.")).to_be_visible()
        await page.get_by_role("dialog").get_by_label("Token").fill("no.jwt")
        await page.get_by_role("button", name="Check").click()
        await expect(page.get_by_role("alert").get_by_text("would be refused")).to_be_visible()
        await expect(page.get_by_role("dialog").get_by_role("listitem").filter(has_text="Form of the token: failed")).to_be_visible()
        await look()
        await page.keyboard.press("Escape")
        await page.get_by_label("Name, address, client or connection id").fill("nobody of this name")
        await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
        await page.get_by_role("button", name="Clear filters").click()
        await expect(page.get_by_role("row")).to_have_count(4)

        await go(page, "Endings")
        bar = page.get_by_role("button", name=f"{NOT_A_JWT} 3")
        await expect(bar).to_be_visible()
        await expect(page.get_by_role("button", name="The line was cut without a close. 1")).to_be_visible()
        await expect(page.get_by_role("row")).to_have_count(6)
        await bar.click()
        await expect(page.get_by_role("row")).to_have_count(4)
        await expect(page.get_by_role("heading", name="What to do")).to_be_visible()
        await look()
        await bar.click()
        await page.get_by_label("Code", exact=True).select_option("not_a_member")
        await expect(page.get_by_role("row")).to_have_count(2)
        await page.get_by_role("table").get_by_role("button", name="eve", exact=True).click()
        await expect(page.get_by_role("button", name="Only of eve")).to_be_visible()
        await expect(bar).to_have_count(0)
        await page.get_by_role("button", name="The chat exists, but the user is not a member of it. 1").click()
        await page.get_by_role("link", name="Troubleshooting entry").click()
        await expect(page.get_by_role("heading", name="The chat exists, but the user is not a member of it.")).to_be_visible()
        await expect(page.get_by_role("heading", name="How to make sure")).to_be_visible()
        await look()

        await go(page, "Delivery")
        await page.get_by_label("Chat", exact=True).fill("no id")
        await page.get_by_role("button", name="Trace").click()
        await expect(page.get_by_text("This is no id of a chat")).to_be_visible()
        await page.get_by_label("Chat", exact=True).fill(its.chat)
        await page.get_by_label("Event (seq)").fill(str(its.seq))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("to 1 open connection")).to_be_visible()
        await expect(page.get_by_text("bob").first).to_be_visible()
        await look()

    assert not found, "\n".join(found)


async def test_nobody_else_has_a_way_in(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    async with people(browser, lambda: server.url) as person:
        (ann,) = await residents(server, "ann")
        page = await ann.enter(await person())
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        await page.get_by_role("button", name="Account and settings").click()
        await expect(page.get_by_role("menuitem", name="Settings")).to_be_visible()
        await expect(page.get_by_role("menuitem", name="Server")).to_have_count(0)
        await page.goto(f"{server.url}/admin/connections")

        await expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()
        await expect(page.get_by_text("for administrators")).to_be_visible()
        assert not [url for url in asked if "/diagnostics/" in url]


async def test_everybody_sees_their_own_connections_below_their_sessions(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    async with people(browser, lambda: server.url) as person:
        ann, bob = await residents(server, "ann", "bob")
        await ann.connect()
        await bob.connect()
        page = await ann.enter(await person())
        await page.goto(f"{server.url}/settings/sessions")

        own = page.locator("section").filter(has=page.get_by_role("heading", name="Open connections")).get_by_role("listitem")

        await expect(own).to_have_count(2)
        await expect(own.filter(has_text="This page")).to_have_count(1)
        await expect(own.filter(has_text="Python")).to_have_count(1)


async def test_a_server_that_went_away_leaves_what_was_known_and_says_so(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    async with people(browser, lambda: server.url) as person:
        await residents(server)
        tab = await person()
        tab.allow(NETWORK_IS_GONE)
        page = await (await administrator(server, "root")).enter(tab)
        await page.goto(f"{server.url}/admin")
        await expect(page.get_by_role("heading", name="All is well")).to_be_visible()

        server.stop()

        await expect(page.get_by_role("alert").get_by_text("the last answer did not come")).to_be_visible()
        await expect(page.get_by_role("heading", name="All is well")).to_be_visible()
        server.start()
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_it_fits_a_phone_in_german_and_from_right_to_left(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    async with people(browser, lambda: server.url) as person:
        its = await town(server)
        page = await (await person(locale="de-DE", viewport={"width": 320, "height": 700})).open("/login")
        await page.get_by_label("Name", exact=True).fill(its.root.name)
        await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Passwort", exact=True)).to_have_count(0)
        seen = {
            "/admin": page.get_by_role("heading", name="Alles in Ordnung"),
            "/admin/connections": page.get_by_role("listitem").filter(has_text="ann"),
            "/admin/endings": page.get_by_role("button", name=f"{NOT_A_JWT} 3"),
            f"/admin/delivery/{its.chat}/{its.seq}": page.get_by_role("heading", name="Zugestellt"),
            "/admin/causes/token_malformed": page.get_by_role("heading", name="Was zu tun ist"),
        }
        for path, there in seen.items():
            await page.goto(server.url + path)
            await expect(there.first).to_be_visible()
            for direction in ("ltr", "rtl"):
                await page.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)
                assert await page.evaluate(TOO_WIDE) <= 0, f"{path}, {direction}"
                assert await page.evaluate("document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth") <= 0, f"{path}, {direction}"
