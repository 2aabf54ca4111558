"""What stands around a conversation: the list of chats, the panes, the keys, and the pages of what went wrong."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from tests.api.asking import PASSWORD, account, ask, log_in
from tests.servers import Server
from tests.web.browser import PHONE, Person, Profile

pytestmark = pytest.mark.asyncio(loop_scope="package")

TITLES = "[data-chat] .title"


@dataclass(frozen=True, slots=True)
class Member:
    server: Server
    name: str
    id: str
    headers: dict[str, str]
    tab: Person

    async def make(self, title: str | None, *members: str, kind: str = "group") -> str:
        answer = await ask(self.server, "POST", "/api/v1/chats", json={"kind": kind, "members": list(members)} | ({"title": title} if title else {}), headers=self.headers)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["id"])

    async def say(self, chat: str, text: str) -> None:
        answer = await ask(self.server, "POST", f"/api/v1/chats/{chat}/messages", json={"text": text}, headers=self.headers | {"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code in {200, 201}, answer.text

    async def enter(self, path: str = "/") -> Page:
        """Logs in at an address, and is there afterwards."""
        page = await self.tab.open(path)
        await page.get_by_label("Name").fill(self.name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_label("Password", exact=True).wait_for(state="detached")
        return page


async def member(server: Server, person: Profile, **options: object) -> Member:
    name = await account(server, admin=True)
    headers = await log_in(server, name)
    me = (await ask(server, "GET", "/api/v1/me", headers=headers)).json()["id"]
    return Member(server, name, me, headers, await person(**options))


async def test_who_logs_in_at_the_address_of_a_chat_is_there_afterwards(server: Server, person: Profile) -> None:
    ann = await member(server, person)
    chat = await ann.make("Harbour")

    page = await ann.enter(f"/chats/{chat}")

    await expect(page.get_by_role("heading", name="Harbour").first).to_be_visible()
    assert page.url.endswith(f"/chats/{chat}")


@pytest.mark.slow
async def test_the_arrow_keys_go_through_the_list_and_enter_opens(server: Server, person: Profile) -> None:
    ann = await member(server, person)
    for title in ("One", "Two", "Three"):
        await ann.say(await ann.make(title), "hello")
    page = await ann.enter()
    await expect(page.locator(TITLES)).to_have_count(3)

    await page.keyboard.press("/")
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowUp", "Enter"):
        await page.keyboard.press(key)

    await expect(page.locator('[data-chat][aria-current="page"] .title')).to_have_text("Two")
    assert await page.evaluate("document.querySelectorAll('[data-chat][tabindex=\"0\"]').length") == 1


@pytest.mark.slow
async def test_a_row_under_the_pointer_stays_where_it_is_while_others_move(server: Server, person: Profile) -> None:
    ann, bob = await member(server, person), await member(server, person)
    chats = [await ann.make(title, bob.id) for title in ("One", "Two", "Three")]
    for chat in chats:
        await ann.say(chat, "hello")
    page = await ann.enter()
    await expect(page.locator(TITLES)).to_have_text(["Three", "Two", "One"])

    await page.locator("[data-chat]", has_text="Two").hover()
    await bob.say(chats[0], "news")

    await expect(page.locator(TITLES)).to_have_text(["One", "Two", "Three"])
    await bob.say(chats[1], "more")
    await expect(page.locator("[data-chat]", has_text="more")).to_be_visible()
    await expect(page.locator(TITLES)).to_have_text(["One", "Two", "Three"])
    await page.mouse.move(900, 500)
    await expect(page.locator(TITLES)).to_have_text(["Two", "One", "Three"])


async def test_unread_messages_stand_in_the_list_in_the_title_and_on_the_icon(server: Server, person: Profile) -> None:
    ann, bob = await member(server, person), await member(server, person)
    chat = await bob.make(None, ann.id, kind="direct")
    page = await ann.enter()

    await bob.say(chat, "one")
    await bob.say(chat, "two")

    await expect(page).to_have_title("(2) Tenfour")
    await expect(page.locator("[data-chat]")).to_contain_text("2 unread messages")
    assert "data:image/svg+xml" in await page.evaluate("document.querySelector('link[rel~=icon]').href")


@pytest.mark.slow
async def test_ctrl_k_leads_to_a_chat_by_a_few_letters(server: Server, person: Profile) -> None:
    ann = await member(server, person)
    for title in ("Harbour", "Kitchen"):
        await ann.make(title)
    page = await ann.enter()
    await expect(page.locator(TITLES)).to_have_count(2)

    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill("kit")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Kitchen").first).to_be_visible()


@pytest.mark.slow
async def test_a_single_key_is_no_shortcut_where_they_are_switched_off(server: Server, person: Profile) -> None:
    ann = await member(server, person)
    await ann.make("Harbour")
    page = await ann.enter()
    await expect(page.locator(TITLES)).to_have_count(1)
    await page.keyboard.press("Control+/")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")

    await sheet.get_by_role("switch").or_(sheet.get_by_role("checkbox")).first.uncheck(force=True)
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await page.keyboard.press("?")

    await expect(sheet).to_be_hidden()


@pytest.mark.slow
async def test_on_a_phone_list_chat_and_details_are_a_page_each(server: Server, person: Profile) -> None:
    ann = await member(server, person, **PHONE)
    chat = await ann.make("Harbour")
    page = await ann.enter()

    await page.get_by_role("link", name="Harbour").tap()
    await page.get_by_role("button", name="Show details").tap()

    await expect(page.get_by_role("complementary", name="Details")).to_be_visible()
    assert page.url.endswith(f"/chats/{chat}/details")
    await page.go_back()
    await expect(page.locator("#composer")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("link", name="Harbour")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/chats/nonsense", "is not the id of a chat"),
        ("/chats/01890a5d-ac96-774b-bcce-b302099a8057", "no such chat"),
    ],
)
async def test_an_address_of_no_chat_gets_a_page_that_says_so(server: Server, person: Profile, path: str, says: str) -> None:
    ann = await member(server, person)
    ann.tab.allow("404")

    page = await ann.enter(path)

    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.locator("#app")).to_contain_text(says, ignore_case=True)
    await page.get_by_role("link", name="Back to").click()
    await expect(page.get_by_role("searchbox").or_(page.locator("[data-search=main]"))).to_be_visible()


@pytest.mark.slow
async def test_the_chat_of_others_gets_a_page_that_says_whom_to_ask(server: Server, person: Profile) -> None:
    ann, bob = await member(server, person), await member(server, person)
    chat = await bob.make("Private")
    ann.tab.allow("403")

    page = await ann.enter(f"/chats/{chat}")

    await expect(page.locator("main")).to_contain_text("Ask one of them to add you")
    assert "Private" not in await page.inner_text("#app")


@pytest.mark.slow
async def test_who_is_removed_while_the_chat_is_open_is_told_and_cannot_write(server: Server, person: Profile) -> None:
    ann, bob = await member(server, person), await member(server, person)
    chat = await bob.make("Harbour", ann.id)
    page = await ann.enter(f"/chats/{chat}")
    await expect(page.locator("#composer")).to_be_visible()

    removed = await ask(server, "DELETE", f"/api/v1/chats/{chat}/members/{ann.id}", headers=bob.headers)

    assert removed.status_code == 204, removed.text
    await expect(page.locator("#composer")).to_be_hidden()
    await expect(page.locator("main")).to_contain_text("removed")


async def test_a_channel_of_others_can_be_joined_at_its_address(server: Server, person: Profile) -> None:
    ann, bob = await member(server, person), await member(server, person)
    chat = await bob.make("Ferry news", kind="channel")
    page = await ann.enter(f"/chats/{chat}")

    await page.get_by_role("button", name="Join channel").click()

    await expect(page.locator("#composer")).to_be_visible()
    await expect(page.locator(TITLES)).to_contain_text(["Ferry news"])
