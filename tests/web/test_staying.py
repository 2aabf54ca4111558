"""What stays on the screen while messages come."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.api.asking import PASSWORD, account, ask, log_in
from tests.servers import Server
from tests.web.browser import Profile

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.slow
async def test_whoever_opened_a_chat_at_its_first_unread_message_and_sees_its_end_stays_there(person: Profile, server: Server) -> None:
    name = await account(server, admin=True)
    reader = (await ask(server, "GET", "/api/v1/me", headers=await log_in(server, name))).json()["id"]
    world = await server.world("ann")
    chat = (await world.backend("PUT", f"/chats/staying-{reader}", json={"title": "Staying", "members": [world.ann.id, reader]})).json()["id"]
    writer = await world.ann.connect()
    await writer.send(chat, "the first one")
    tab = await person()
    page = await tab.open(f"/chats/{chat}")
    await page.locator('input[autocomplete="username"]').fill(name)
    await page.locator('input[autocomplete="current-password"]').fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("article", has_text="the first one")).to_be_in_viewport()

    for number in range(40):
        assert (await writer.send(chat, f"number {number} of many"))["type"] == "ack"

    await expect(page.locator("article").last).to_contain_text("number 39 of many")
    await expect(page.locator("article").last).to_be_in_viewport()
