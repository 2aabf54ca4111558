"""Somebody who reads a long chat in a browser, and somebody who writes in it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

from tests.api.asking import PASSWORD, account, ask, log_in
from tests.servers import Server, Wire
from tests.web.browser import Person, Profile

AT_ONCE = 500

FIRST_SEEN = """() => {
  const top = document.getElementById('messages').getBoundingClientRect().top;
  const row = [...document.querySelectorAll('article')].find((each) => each.getBoundingClientRect().top >= top);
  return [Number(row.dataset.seq), row.getBoundingClientRect().top - top];
}"""
FROM_TOP = """(seq) => document.querySelector(`article[data-seq="${seq}"]`)?.getBoundingClientRect().top - document.getElementById('messages').getBoundingClientRect().top"""
MIDDLE = """(seq) => {
  const row = document.querySelector(`article[data-seq="${seq}"]`)?.getBoundingClientRect();
  const list = document.getElementById('messages').getBoundingClientRect();
  return row && (row.top + row.bottom - list.top - list.bottom) / 2;
}"""


@dataclass(frozen=True, slots=True)
class Reading:
    server: Server
    tab: Person
    writer: Wire
    chat: str
    headers: dict[str, str]

    async def open(self, path: str = "") -> Page:
        page = await self.tab.open(f"/chats/{self.chat}{path}")
        await page.wait_for_selector("article")
        return page

    async def read_up_to(self, seq: int) -> None:
        answer = await ask(self.server, "POST", f"/api/v1/chats/{self.chat}/receipts", json={"delivered": seq, "read": seq}, headers=self.headers)
        assert answer.status_code == 200, answer.text

    async def has_read(self) -> int:
        """How far the server knows the reader to have read."""
        answer = await ask(self.server, "GET", f"/api/v1/chats/{self.chat}", headers=self.headers)
        return int(answer.json()["read"])

    async def say(self, count: int) -> list[int]:
        """Writes so many messages, whose text is their number; their seqs."""
        seqs: list[int] = []
        for first in range(0, count, AT_ONCE):
            seqs += await self.writer.send_all(self.chat, [f"message {number}" for number in range(first + 1, min(first + AT_ONCE, count) + 1)])
        return seqs


async def reading(server: Server, person: Profile, messages: int = 0, *, unread: int = 0) -> Reading:
    """A chat with so many messages, of which the last are unread, and a browser in which its reader is logged in."""
    name = await account(server, admin=True)
    headers = await log_in(server, name)
    reader = (await ask(server, "GET", "/api/v1/me", headers=headers)).json()["id"]
    world = await server.world("ann")
    made = await world.backend("PUT", f"/chats/of-{reader}", json={"title": "Harbour", "members": [world.ann.id, reader]})
    tab = await person()
    door = await tab.open("/login")
    await door.get_by_label("Name").fill(name)
    await door.get_by_label("Password", exact=True).fill(PASSWORD)
    await door.get_by_role("button", name="Log in").click()
    await door.wait_for_selector(f'a[href="/chats/{made.json()["id"]}"]')
    await door.close()
    found = Reading(server, tab, await world.ann.connect(), made.json()["id"], headers)
    seqs = await found.say(messages)
    if messages > unread:
        await found.read_up_to(seqs[messages - unread - 1])
    return found
