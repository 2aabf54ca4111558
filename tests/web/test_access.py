"""What everybody can use: axe on each screen, narrow screens, other directions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.api.asking import PASSWORD
from tests.needs import need_axe
from tests.servers import Server
from tests.web.browser import people
from tests.web.residents import message, residents

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]

VIOLATIONS = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
  .filter((each) => each.impact === 'serious' || each.impact === 'critical')
  .map((each) => `${each.id}: ${each.help}: ${each.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIGNED_OUT = {"log in": "/login", "register": "/register", "set-up": "/setup#secret", "set-up needed": "/setup"}
SECTIONS = ["profile", "sessions", "appearance", "notifications", "about"]


@pytest.fixture
def axe() -> str:
    return need_axe()


async def town(server: Server) -> tuple[Any, str]:
    """Somebody with a group of two and a few messages in it."""
    ann, bob = await residents(server, "ann", "bob")
    chat = await ann.chat(bob, title="Harbour")
    await ann.chat(bob)
    wire = await bob.connect()
    await wire.send_all(chat, ["The **ferry** is late", "```js\nconst late = 10; // minutes\n```", "> really?\n\n- yes\n- [a link](https://tenfour.example)", "👋"])
    mine = await ann.connect()
    await mine.send(chat, "Then we wait")
    return ann, chat


async def dialogs(page: Page) -> dict[str, Callable[[], Awaitable[None]]]:
    """How each dialog of the messages page is opened."""

    async def by_menu(name: str) -> None:
        await page.get_by_role("button", name="Account and settings").click()
        await page.get_by_role("menuitem", name=name).click()

    async def new(kind: str) -> None:
        await page.get_by_role("button", name="New chat").click()
        await page.get_by_role("radio", name=kind).check(force=True)

    return {
        "new direct chat": lambda: new("Direct"),
        "new group": lambda: new("Group"),
        "new channel": lambda: new("Channel"),
        "channels": lambda: by_menu("Browse channels"),
        "connection": lambda: by_menu("Connection"),
        "shortcuts": lambda: by_menu("Keyboard shortcuts"),
        "log out": lambda: by_menu("Log out"),
        "switcher": lambda: page.keyboard.press("Control+k"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.timeout(240)
async def test_axe_finds_nothing_serious_on_any_screen(browser: Browser, make_server: Callable[..., Server], axe: str, scheme: str) -> None:
    server = make_server({"registration": "open"})
    found: dict[str, list[str]] = {}

    async def look(page: Page, name: str) -> None:
        await page.evaluate(axe)
        found[name] = await page.evaluate(VIOLATIONS)

    async with people(browser, lambda: server.url) as person:
        for name, path in SIGNED_OUT.items():
            page = await (await person(color_scheme=scheme)).open(path)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await look(page, name)
        ann, chat = await town(server)
        tab = await person(color_scheme=scheme, viewport={"width": 1440, "height": 900})
        tab.allow("404")
        page = await ann.enter(tab)
        await expect(page.get_by_role("heading", name="Pick up where you left off")).to_be_visible()
        await look(page, "chats")
        for name, path, heading in [("no page", "/nowhere", "Nothing is here"), ("no chat", "/chats/0198d0a0-0000-7000-8000-000000000000", "No such chat")]:
            await page.goto(server.url + path)
            await expect(page.get_by_role("heading", name=heading)).to_be_visible()
            await look(page, name)
        for section in SECTIONS:
            await page.goto(f"{server.url}/settings/{section}")
            await expect(page.get_by_role("heading", level=2)).to_be_visible()
            await expect(page.locator("[aria-busy=true]")).to_have_count(0)
            await look(page, section)
        await page.goto(f"{server.url}/chats/{chat}")
        await expect(message(page, "Then we wait")).to_be_visible()
        await look(page, "conversation")
        await page.get_by_role("button", name="Show details").click()
        await expect(page.get_by_role("complementary").get_by_text("bob")).to_be_visible()
        await look(page, "details")
        for name, show in (await dialogs(page)).items():
            await show()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await look(page, name)
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
            assert await page.evaluate("document.activeElement !== document.body"), f"the focus is lost behind: {name}"

    assert not {name: faults for name, faults in found.items() if faults}, json.dumps(found, indent=2)


@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_is_wider_than_a_phone_in_german_and_from_right_to_left(browser: Browser, make_server: Callable[..., Server], width: int) -> None:
    server = make_server()
    ann, chat = await town(server)
    async with people(browser, lambda: server.url) as person:
        tab = await person(locale="de-DE", viewport={"width": width, "height": 700})
        page = await tab.open("/login")
        await page.get_by_label("Name", exact=True).fill(ann.name)
        await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Passwort", exact=True)).to_have_count(0)
        for path in ["/", f"/chats/{chat}", f"/chats/{chat}/details", "/nowhere", "/settings", *(f"/settings/{section}" for section in SECTIONS)]:
            await page.goto(server.url + path)
            await expect(page.get_by_role("heading").first).to_be_visible()
            for direction in ("ltr", "rtl"):
                await page.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)
                assert await page.evaluate(TOO_WIDE) <= 0, f"{path}, {direction}"
