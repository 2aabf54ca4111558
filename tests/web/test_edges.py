"""Addresses that lead nowhere, plain http, and what is left after logging out."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import Browser, expect

from tests.api.asking import PASSWORD
from tests.servers import Server
from tests.web.browser import PLAIN_HOST, Profile, people
from tests.web.residents import composer, message, residents, write

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]


async def test_addresses_that_lead_nowhere_say_why_and_offer_the_way_back(person: Profile, server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    foreign = await bob.chat(title="Not for Ann")
    tab = await person()
    tab.allow("40[34]")
    page = await ann.enter(tab)

    for path, heading in [("/chats/not-a-uuid", "Nothing is here"), (f"/chats/{uuid.uuid4()}", "No such chat"), (f"/chats/{foreign}", "Not your chat")]:
        await page.goto(server.url + path)
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        await page.get_by_role("link", name="Back to").last.click()
        await expect(page).to_have_url(f"{server.url}/")


async def test_over_plain_http_people_talk_and_the_panel_says_what_is_missing(browser: Browser, server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    chat = await ann.chat(bob, title="Harbour")
    async with people(browser, lambda: server.url.replace("127.0.0.1", PLAIN_HOST)) as person:
        page = await ann.enter(await person(), f"/chats/{chat}")

        await expect((await write(page, "Ahoy")).get_by_role("button", name="Sent", exact=True)).to_be_visible()
        await (await bob.connect()).send(chat, "Ahoy yourself")
        await expect(message(page, "Ahoy yourself")).to_be_visible()
        await page.get_by_role("button", name="Account and settings").click()
        await page.get_by_role("menuitem", name="Connection").click()
        await expect(page.get_by_role("dialog").get_by_text("Starting without a network")).to_be_visible()


async def test_logging_out_leaves_nothing_of_the_person_in_any_tab(person: Profile, server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    chat = await ann.chat(bob, title="Harbour")
    tab = await person()
    tab.allow("401|token_revoked|WebSocket connection")
    page = await ann.enter(tab, f"/chats/{chat}")
    await write(page, "Ahoy")
    other = await tab.open(f"/chats/{chat}")
    await expect(message(other, "Ahoy")).to_be_visible()

    await page.get_by_role("button", name="Account and settings").click()
    await page.get_by_role("menuitem", name="Log out").click()
    await page.get_by_role("dialog").get_by_role("button", name="Log out").click()

    for each in (page, other):
        await expect(each.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    await page.wait_for_function("indexedDB.databases().then((found) => found.length === 0)")
    assert await page.evaluate("caches.keys().then((names) => names.filter((name) => !name.includes('-precache-')))") == []
    assert await page.evaluate("Object.keys(localStorage).filter((name) => /user|kept/.test(name))") == []


async def test_the_switcher_leads_by_keyboard_into_the_composer(person: Profile, server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    await ann.chat(bob, title="Harbour")
    page = await ann.enter(await person())
    await expect(page.get_by_role("heading", name="Pick up where you left off")).to_be_visible()

    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Where to?")).to_be_focused()
    await page.keyboard.type("harb")
    await expect(page.get_by_role("option", name="Harbour")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(composer(page)).to_be_focused()
    await page.keyboard.type("On my way")
    await page.keyboard.press("Enter")

    await expect(message(page, "On my way")).to_contain_text("Sent")
    await expect(composer(page)).to_be_focused()


async def test_by_keyboard_alone_one_logs_in_answers_a_message_and_takes_the_answer_back(person: Profile, server: Server) -> None:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    chat = await ann.chat(bob, title="Harbour")
    await (await bob.connect()).send(chat, "Coming?")
    page = await (await person()).open(f"/chats/{chat}")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()

    await page.keyboard.type(ann.name)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(message(page, "Coming?")).to_be_visible()
    await expect(composer(page)).to_be_focused()
    await page.keyboard.press("Shift+ArrowUp")
    await expect(page.get_by_role("button", name="Stop replying")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Stop replying")).to_have_count(0)
    await page.keyboard.press("Shift+ArrowUp")
    await page.keyboard.type("On my way")
    await page.keyboard.press("Enter")

    await expect(message(page, "On my way").get_by_role("button", name="Sent", exact=True)).to_be_visible()
    await expect(message(page, "On my way")).to_contain_text("Coming?")
