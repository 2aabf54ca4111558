"""People who talk through their browsers, with the real server between them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.api.asking import PASSWORD
from tests.eventually import eventually
from tests.servers import Server
from tests.web.browser import Profile, people
from tests.web.residents import Resident, chat_row, composer, message, residents, write

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def two(server: Server) -> tuple[Resident, Resident]:
    mark = uuid.uuid4().hex[:8]
    ann, bob = await residents(server, f"ann-{mark}", f"bob-{mark}")
    return ann, bob


async def test_two_people_talk_and_the_sender_sees_how_far_each_message_came(person: Profile, server: Server) -> None:
    ann, bob = await two(server)
    chat = await ann.chat(bob)
    of_ann = await ann.enter(await person(), f"/chats/{chat}")

    sent = await write(of_ann, "Is the ferry on time?")
    await expect(sent.get_by_role("button", name="Sent", exact=True)).to_be_visible()

    of_bob = await bob.enter(await person())
    await expect(chat_row(of_bob, ann.name)).to_contain_text("1 unread message")
    await expect(of_bob).to_have_title("(1) Tenfour")
    await expect(sent.get_by_role("button", name="Delivered", exact=True)).to_be_visible()

    await chat_row(of_bob, ann.name).click()
    await expect(message(of_bob, "Is the ferry on time?")).to_be_visible()
    await expect(sent.get_by_role("button", name="Read", exact=True)).to_be_visible()
    await expect(chat_row(of_bob, ann.name)).not_to_contain_text("unread")
    await expect(of_bob).to_have_title(f"{ann.name} · Tenfour")

    await composer(of_bob).press_sequentially("Ten minutes")
    await expect(of_ann.get_by_text(f"{bob.name} is typing", exact=True)).to_be_visible()
    await composer(of_bob).press("Enter")
    await expect(message(of_ann, "Ten minutes")).to_be_visible()
    await expect(of_ann.get_by_text(f"{bob.name} is typing", exact=True)).to_have_count(0)
    await expect(message(of_bob, "Ten minutes").get_by_role("button", name="Read", exact=True)).to_be_visible()


@pytest.mark.slow
async def test_all_tabs_and_devices_of_a_person_agree_on_what_is_unread(person: Profile, server: Server) -> None:
    ann, bob = await two(server)
    chat = await ann.chat(bob)
    laptop = await person()
    pages = [await bob.enter(laptop), await laptop.open("/"), await bob.enter(await person())]
    wire = await ann.connect()

    await wire.send_all(chat, ["one", "two"])

    for page in pages:
        await expect(chat_row(page, ann.name)).to_contain_text("2 unread messages")
        await expect(page).to_have_title("(2) Tenfour")
    await chat_row(pages[0], ann.name).click()
    for page in pages:
        await expect(chat_row(page, ann.name)).not_to_contain_text("unread")
    await expect(pages[1]).to_have_title("Tenfour")
    await expect(pages[2]).to_have_title("Tenfour")


@pytest.mark.slow
async def test_who_is_removed_from_an_open_chat_can_read_it_and_gets_nothing_later(person: Profile, server: Server) -> None:
    ann, bob = await two(server)
    chat, other = await ann.chat(bob, title="Harbour"), await ann.chat(bob, title="Boathouse")
    wire = await ann.connect()
    await wire.send(chat, "before")
    page = await bob.enter(await person(), f"/chats/{chat}")
    await expect(message(page, "before")).to_be_visible()

    await ann.request("DELETE", f"/chats/{chat}/members/{bob.id}")

    await expect(page.get_by_role("main").get_by_text("You are no longer a member of this chat.")).to_be_visible()
    await expect(composer(page)).to_have_count(0)
    await wire.send(chat, "after")
    await wire.send(other, "meanwhile")
    await expect(chat_row(page, "Boathouse")).to_contain_text("meanwhile")
    await expect(message(page, "before")).to_be_visible()
    await expect(page.get_by_text("after", exact=True)).to_have_count(0)


@pytest.mark.slow
async def test_a_session_outlives_its_access_tokens_and_ends_with_the_reason_when_it_is_revoked(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server({"access_token_s": "10", "leeway_s": "0", "heartbeat_s": "2"})
    ann, bob = await two(server)
    chat = await ann.chat(bob, title="Harbour")
    async with people(browser, lambda: server.url) as person:
        tab = await person()
        tab.allow(r"401|WebSocket connection|token_revoked")
        opened, renewals = [], []

        def watch(page: Page) -> None:
            page.on("websocket", lambda socket: (opened.append(socket), socket.on("framesent", lambda frame: renewals.append(frame) if '"authenticate"' in str(frame) else None)))

        tab.context.on("page", watch)
        page = await bob.enter(tab, f"/chats/{chat}")
        await expect(composer(page)).to_be_visible()

        await eventually(lambda: len(renewals) >= 2)
        sent = await write(page, "still here")
        await expect(sent.get_by_role("button", name="Sent", exact=True)).to_be_visible()
        assert len(opened) == 1

        elsewhere = await bob.enter(await person(), "/settings/sessions")
        await elsewhere.get_by_role("button", name=re.compile("^Sign out (?!all)")).first.click()
        await expect(page.get_by_text("Your session was ended.")).to_be_visible()
        await expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
        await page.wait_for_function("indexedDB.databases().then((found) => found.length === 0)")


@pytest.mark.slow
async def test_the_one_time_link_makes_the_administrator_and_then_says_that_it_was_used(browser: Browser, make_server: Callable[..., Server]) -> None:
    server = make_server()
    link = next(line for line in server.said if "/setup#" in line).split()[-1].removeprefix(server.url)
    async with people(browser, lambda: server.url) as person:
        page = await (await person()).open(link)

        await page.get_by_label("Name", exact=True).fill("ann")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Create administrator").click()
        await expect(page.get_by_role("heading", name="No chats yet")).to_be_visible()
        await expect(page).to_have_url(f"{server.url}/")

        again = await (await person()).open(link)
        await expect(again.get_by_role("heading", name="This server is set up already")).to_be_visible()
        await again.get_by_role("link", name="Go to log in").click()
        await expect(again.get_by_role("button", name="Log in", exact=True)).to_be_visible()
