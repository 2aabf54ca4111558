"""People with accounts, the chats that they share, and their pages once they are logged in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.api.asking import PASSWORD, account, ask, bearer, log_in
from tests.servers import Server, Wire, open_wire
from tests.web.browser import Person

NETWORK_IS_GONE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED|token_not_given Unreachable|WebSocket connection to"
"""What Chromium writes to the console while nobody answers."""
DEADLINE_MS = 60_000
"""For what a server that comes back, or a back-off, decides."""


@dataclass(frozen=True, slots=True)
class Resident:
    server: Server
    name: str
    id: str

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.server.token_of(self.id))

    async def request(self, method: str, path: str, **more: Any) -> Any:
        """One REST request below ``/api/v1``, which has to succeed; its body."""
        answer = await ask(self.server, method, f"/api/v1{path}", headers=self.headers, **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def chat(self, *others: Resident, title: str | None = None) -> str:
        """A group of this title, or a direct chat; its id."""
        kind = {"kind": "direct"} if title is None else {"kind": "group", "title": title}
        made = await self.request("POST", "/chats", json=kind | {"members": [each.id for each in others]})
        return str(made["id"])

    async def connect(self) -> Wire:
        """A program's connection of this person, past its welcome."""
        wire = await open_wire(self.server, headers=self.headers)
        wire.welcome = await wire.next("welcome")
        return wire

    async def enter(self, tab: Person, path: str = "/") -> Page:
        """Logs in on this page, where the form stands in for what the address names."""
        page = await tab.open(path)
        await page.get_by_label("Name", exact=True).fill(self.name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Log in", exact=True).click()
        await expect(page.get_by_role("button", name="Log in", exact=True)).to_have_count(0)
        return page


async def residents(server: Server, *names: str) -> list[Resident]:
    """New accounts of these names, which nobody else on the server may have."""
    await account(server, admin=True)  # without an administrator every page leads to the set-up
    found = []
    for name in names:
        await account(server, name)
        me = await ask(server, "GET", "/api/v1/me", headers=await log_in(server, name))
        found.append(Resident(server, name, me.json()["id"]))
    return found


async def administrator(server: Server, name: str) -> Resident:
    """A new account that administers the server."""
    await account(server, name, admin=True)
    me = await ask(server, "GET", "/api/v1/me", headers=await log_in(server, name))
    return Resident(server, name, me.json()["id"])


def composer(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("textbox")


async def write(page: Page, text: str) -> Locator:
    """Sends a text by the keyboard; the message as it is shown."""
    await composer(page).fill(text)
    await composer(page).press("Enter")
    return message(page, text)


def message(page: Page, text: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_text(text, exact=True))


def chat_row(page: Page, title: str) -> Locator:
    """A chat in the list."""
    return page.get_by_role("list", name="Chats").get_by_role("link", name=title)


def bar(page: Page, text: str) -> Locator:
    """What the line about the connection says."""
    return page.get_by_role("main").get_by_role("button", name=text)


async def is_there_offline(page: Page) -> None:
    """Waits until the page would start without the server."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
