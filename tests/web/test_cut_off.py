"""The server goes away, by kill -9, while people write; and comes back on the same address."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.servers import Server
from tests.web.browser import people
from tests.web.residents import DEADLINE_MS, NETWORK_IS_GONE, bar, chat_row, composer, is_there_offline, message, residents, write

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.slow]

TEXTS = ["First", "Second", "Third"]


async def write_all(page: Page) -> None:
    """Writes the texts, each of which has to wait."""
    for text in TEXTS:
        waiting = await write(page, text)
        await expect(waiting).to_contain_text("Sending")
        await expect(waiting.get_by_role("button", name="Sent", exact=True)).to_have_count(0)


async def all_came_once(page: Page, *before: str) -> None:
    await expect(page.get_by_role("article")).to_contain_text([*before, *TEXTS], timeout=DEADLINE_MS)


async def are_sent(page: Page) -> None:
    for text in TEXTS:
        await expect(message(page, text).get_by_role("button", name="Read", exact=True)).to_be_visible(timeout=DEADLINE_MS)


async def test_messages_of_who_was_cut_off_arrive_once_and_in_order_when_the_server_is_back(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    ann, bob = await residents(server, "ann", "bob")
    chat = await ann.chat(bob, title="Harbour")
    async with people(browser, lambda: server.url) as person:
        tabs = [await person(), await person()]
        of_ann, of_bob = [await each.enter(tab, f"/chats/{chat}") for each, tab in zip((ann, bob), tabs, strict=True)]
        await write(of_bob, "Before")
        await expect(message(of_ann, "Before")).to_be_visible()
        for tab in tabs:
            tab.allow(NETWORK_IS_GONE)

        server.kill()
        await write_all(of_ann)
        await expect(bar(of_ann, "Offline · 3 messages waiting")).to_be_visible()
        await expect(bar(of_bob, "Reconnecting")).to_be_visible()
        server.start()

        for page in (of_ann, of_bob):
            await all_came_once(page, "Before")
            await expect(bar(page, "Reconnecting")).to_have_count(0)
        await are_sent(of_ann)
        await expect(bar(of_ann, "Offline")).to_have_count(0)


async def test_messages_that_wait_outlive_a_reload_without_the_server(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    ann, bob = await residents(server, "ann", "bob")
    chat = await ann.chat(bob, title="Harbour")
    async with people(browser, lambda: server.url) as person:
        tab = await person()
        tab.allow(NETWORK_IS_GONE)
        of_ann = await ann.enter(tab, f"/chats/{chat}")
        await expect(composer(of_ann)).to_be_visible()
        await is_there_offline(of_ann)

        server.kill()
        await write_all(of_ann)
        await of_ann.reload()
        await all_came_once(of_ann)
        await expect(message(of_ann, "First")).to_contain_text("Sending")
        server.start()

        of_bob = await bob.enter(await person(), f"/chats/{chat}")
        await all_came_once(of_ann)
        await all_came_once(of_bob)
        await are_sent(of_ann)


async def test_started_without_a_network_it_shows_what_was_loaded_and_takes_what_is_written(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    ann, bob = await residents(server, "ann", "bob")
    chat = await ann.chat(bob, title="Harbour")
    wire = await bob.connect()
    seq = (await wire.send(chat, "The tide turns at six"))["seq"]
    await wire.subscribe(chat, seq)
    async with people(browser, lambda: server.url) as person:
        tab = await person()
        tab.allow(NETWORK_IS_GONE)
        page = await ann.enter(tab, f"/chats/{chat}")
        await expect(message(page, "The tide turns at six")).to_be_visible()
        await is_there_offline(page)
        await page.close()

        await tab.context.set_offline(True)
        page = await tab.open("/")
        await chat_row(page, "Harbour").click()
        await expect(message(page, "The tide turns at six")).to_be_visible()
        waiting = await write(page, "So do we")
        await expect(waiting).to_contain_text("Sending")
        await expect(bar(page, "Offline · 1 message waiting")).to_be_visible()
        await tab.context.set_offline(False)

        await expect(message(page, "So do we").get_by_role("button", name="Sent", exact=True)).to_be_visible(timeout=DEADLINE_MS)
        assert (await wire.next("message_sent"))["text"] == "So do we"
        await expect(page.get_by_role("article")).to_have_count(2)


async def test_who_comes_while_the_server_is_away_is_told_so_and_gets_in_when_it_is_back(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    await residents(server)
    async with people(browser, lambda: server.url) as person:
        tab = await person()
        tab.allow(NETWORK_IS_GONE)
        await is_there_offline(await tab.open("/login"))

        server.kill()
        page = await tab.open("/")
        await expect(page.get_by_role("heading", level=1, name="The server does not answer")).to_be_visible(timeout=DEADLINE_MS)
        server.start()
        await page.get_by_role("button", name="Try again").click()

        await expect(page.get_by_label("Name", exact=True)).to_be_visible()
