"""Takes the pictures of the web client, ``docs/pictures``, by Chromium, of a server with a small company on it.

They are committed: they change when the client's looks do.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page, expect  # noqa: E402 - after the path
from tests.api.asking import ask, bearer  # noqa: E402
from tests.doctor.listeners import listening, relaying  # noqa: E402
from tests.servers import Person, Server, Wire, World, open_wire  # noqa: E402
from tests.web.browser import chromium, people  # noqa: E402
from tests.web.residents import Resident, administrator, message, residents  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ME = "mara.lind"
ADMINISTRATOR = "ines.moreau"
OTHERS = {"jonas": "Jonas Brandt", "priya": "Priya Nair", "tom": "Tom Okafor", "elif": "Elif Demir", "lucia": "Lucia Ferri"}
HARBOUR = [
    ("jonas", "Morning! The new timetable is live on the **staging** boards. Could somebody look at the evening ferries?"),
    ("mara", "On it. Platform 3 shows the old crossing time, the rest is right."),
    ("priya", "That one comes from the cache. This clears it:\n\n```python\nfor board in boards.all(pier=3):\n    board.forget(before=today())\n```"),
    ("mara", "Works, thank you! 🎉"),
    (
        "elif",
        "Before we publish, I would like to have:\n\n- the holiday crossings from **20 December** on\n- a note about the closed ramp\n- one more pair of eyes on the [price list](https://harbour.example/prices)",
    ),
    ("tom", "I can be the eyes. Give me until eleven."),
    ("jonas", "Perfect. Then we publish at noon, and lunch is on me."),
    ("mara", "Noon it is. I'll write the note about the ramp now."),
]
ELSEWHERE = {
    "Weekend sail": [("lucia", "Wind from the west, four at most. Who brings the coffee?"), ("elif", "Me! And the good biscuits.")],
    "Design review": [("priya", "The second draft of the ticket screen is in the folder."), ("mara", "Much calmer. I have two small notes.")],
    "Book club": [("tom", "Thursday, half past six, at Lucia's?")],
}
READ = ["Harbour office", "Design review", "Book club"]
DIRECT = {"priya": [("mara", "Do you have ten minutes after lunch?"), ("priya", "Sure, I'll come over.")], "lucia": [("lucia", "Are you in on Saturday?"), ("lucia", "We sail at nine.")]}


class Town:
    """The company: one person with an account, whose pictures are taken, an administrator, and the others."""

    def __init__(self, server: Server, me: Resident, root: Resident, world: World, wires: dict[str, Wire]) -> None:
        self.server = server
        self.me = me
        self.root = root
        self.world = world
        self.wires = wires
        self.harbour = ""

    async def talk(self, chat: str, said: list[tuple[str, str]]) -> None:
        for who, text in said:
            assert (await self.wires[who].send(chat, text))["type"] == "ack"

    async def settle(self) -> None:
        """Makes all chats; those that were active last stand above."""
        ids = [self.world.people[name].id for name in OTHERS]
        for title, said in ELSEWHERE.items():
            await self.talk(await self._group(title, ids), said)
        for name, said in DIRECT.items():
            made = await self.me.request("POST", "/chats", json={"kind": "direct", "members": [self.world.people[name].id]})
            await self.talk(made["id"], said)
        self.harbour = await self._group("Harbour office", ids)
        await self.talk(self.harbour, HARBOUR)
        for title in READ:
            await self._has_read_all(title)
        for name in ("jonas", "priya", "elif"):
            await self._has_read(name, 1 + len(ids) + len(HARBOUR))

    async def _group(self, title: str, ids: list[str]) -> str:
        made = await self.me.request("POST", "/chats", json={"kind": "group", "title": title, "members": ids})
        return str(made["id"])

    async def _has_read_all(self, title: str) -> None:
        chats = (await self.me.request("GET", "/chats"))["items"]
        for chat in chats:
            if chat["title"] == title:
                await self.me.request("POST", f"/chats/{chat['id']}/receipts", json={"delivered": chat["head"], "read": chat["head"]})

    async def _has_read(self, name: str, upper: int) -> None:
        person = self.world.people[name]
        head = (await person.request("GET", f"/chats/{self.harbour}")).json()["head"]
        await person.request("POST", f"/chats/{self.harbour}/receipts", json={"delivered": min(upper, head), "read": min(upper, head)})


async def open_town(server: Server) -> Town:
    (me,) = await residents(server, ME)
    root = await administrator(server, ADMINISTRATOR)
    world = await server.world()
    for name, written in OTHERS.items():
        made = await world.backend("PUT", f"/users/{name}", json={"name": written})
        made.raise_for_status()
        world.people[name] = Person(server, name, name, made.json()["id"], server.token_of(made.json()["id"]))
    wires = {name: await world.people[name].connect() for name in OTHERS} | {"mara": await me.connect()}
    town = Town(server, me, root, world, wires)
    await town.settle()
    return town


async def take(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready.then(() => null)")
    await page.mouse.move(0, 0)
    target = PICTURES / f"{name}.png"
    await page.screenshot(path=target, animations="disabled", caret="hide")
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1024:.0f} KiB")


async def conversation(page: Page, town: Town) -> None:
    await page.goto(f"{town.server.url}/chats/{town.harbour}")
    await expect(message(page, "Noon it is. I'll write the note about the ramp now.")).to_be_visible()
    await town.wires["tom"].subscribe(town.harbour, 0)
    await town.wires["tom"].say(type="typing", chat=town.harbour, active=True)
    await expect(page.get_by_role("main").get_by_text("Tom Okafor is typing")).to_be_visible()


async def dialog(page: Page, item: str) -> None:
    await page.get_by_role("button", name="Account and settings").click()
    await page.get_by_role("menuitem", name=item).click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def of_desktop(browser: Browser, town: Town, scheme: str) -> None:
    async with people(browser, lambda: town.server.url) as person:
        tab = await person(**DESKTOP, color_scheme=scheme)
        if scheme == "light":
            page = await tab.open("/login")
            await expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
            await take(page, "log-in-light")
        page = await town.me.enter(tab)
        await expect(page.get_by_role("list", name="Chats")).to_be_visible()
        await conversation(page, town)
        if scheme == "light":
            await page.get_by_role("button", name="Show details").click()
            await expect(page.get_by_role("complementary").get_by_text("Lucia Ferri")).to_be_visible()
        await take(page, f"conversation-{scheme}")
        if scheme == "light":
            await dialog(page, "Connection")
            await take(page, "connection-light")
            return
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("option").first).to_be_visible()
        await take(page, "switcher-dark")
        await page.goto(f"{town.server.url}/settings/appearance")
        await expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
        await take(page, "settings-dark")


async def of_phone(browser: Browser, town: Town, scheme: str) -> None:
    async with people(browser, lambda: town.server.url) as person:
        page = await town.me.enter(await person(**PHONE, color_scheme=scheme))
        await expect(page.get_by_role("list", name="Chats").get_by_role("link").first).to_be_visible()
        await take(page, f"phone-chats-{scheme}")
        await conversation(page, town)
        await take(page, f"phone-conversation-{scheme}")


async def of_tools(browser: Browser, town: Town) -> None:
    """The debugger with a cause, also where all is well and on a phone, and the test page."""
    token, expired = (town.server.token_of(town.me.id, life_s) for life_s in (900, -10_800))
    async with listening(relaying(town.server.url, without="upgrade")) as port:
        context = await browser.new_context(**DESKTOP, color_scheme="light", reduced_motion="reduce")
        await debug(await context.new_page(), f"http://127.0.0.1:{port}/debug", token, town.harbour, "debugger-light")
        await context.close()
    for name, token_of_it, options in (("debugger-dark", token, DESKTOP | {"color_scheme": "dark"}), ("phone-debugger-light", expired, PHONE | {"color_scheme": "light"})):
        context = await browser.new_context(**options, reduced_motion="reduce")
        await debug(await context.new_page(), f"{town.server.url}/debug", token_of_it, town.harbour, name)
        await context.close()
    context = await browser.new_context(**DESKTOP, color_scheme="light", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{town.server.url}/debug/test")
    other, theirs = town.world.people["priya"], await town.world.people["priya"].request("POST", "/chats", json={"kind": "direct", "members": [town.me.id]})
    for label, text in (("Token", token), ("Chat (optional)", theirs.json()["id"]), ("Token of a second account (optional)", other.token), ("A token that has expired (optional)", expired)):
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_role("button", name="Run all").click()
    await expect(page.get_by_role("button", name="Copy report")).to_be_visible()
    await page.locator("summary").nth(1).click()
    await take(page, "test-page-light")
    await context.close()


async def debug(page: Page, address: str, token: str, chat: str, name: str) -> None:
    await page.goto(address)
    await page.get_by_label("Chat", exact=True).fill(chat)
    await page.get_by_label("Token", exact=True).fill(token)
    await page.get_by_role("button", name="Test connection").click()
    await expect(page.get_by_role("button", name="Copy report")).to_be_visible()
    await take(page, name)


async def refusals(town: Town) -> None:
    """Connections that end or are not let in: what an administrator would like to know."""
    for _ in range(9):
        await (await open_wire(town.server, headers=bearer("cut.off"))).closed()
    expired = town.server.token_of(town.world.people["lucia"].id, life_s=-3600)
    for _ in range(5):
        await (await open_wire(town.server, headers=bearer(expired))).closed()
    for _ in range(3):
        await (await open_wire(town.server, town.harbour, headers=bearer(town.server.token_of(town.root.id)))).closed()
    for _ in range(2):
        await ask(town.server, "GET", "/api/v1/ws", headers={"Sec-WebSocket-Key": "x", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0"})
    for _ in range(3):
        (await town.world.people["tom"].connect()).abort()


async def work(town: Town, page: Page) -> None:
    """A minute in which people write, seen by the page answer by answer."""
    (chat,) = [each["id"] for each in (await town.me.request("GET", "/chats"))["items"] if each["title"] == "Weekend sail"]
    readers = [asyncio.create_task((await town.world.people["elif"].connect(chat)).closed()) for _ in range(5)]
    for turn in range(16):
        async with page.expect_response("**/diagnostics/figures"):
            for name in OTHERS:
                await town.wires[name].send_all(chat, ["Aye!"] * (1 + turn * len(name) % 7))
    assert not any(each.done() for each in readers), "nobody hung up"


async def of_administrator(browser: Browser, town: Town) -> None:
    async with people(browser, lambda: town.server.url) as person:
        page = await town.root.enter(await person(viewport={"width": 1280, "height": 1140}, color_scheme="light"), "/")
        await page.goto(f"{town.server.url}/admin")
        await work(town, page)
        await take(page, "admin-light")
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(f"{town.server.url}/admin/connections")
        await expect(page.get_by_role("table")).to_be_visible()
        await take(page, "admin-connections-light")
        await page.emulate_media(color_scheme="dark")
        await page.goto(f"{town.server.url}/admin/endings")
        await page.get_by_role("button", name="The token has expired").click()
        await expect(page.get_by_role("heading", name="What to do")).to_be_visible()
        await expect(page.get_by_role("row")).to_have_count(6)
        await take(page, "admin-endings-dark")
        page = await town.root.enter(await person(**PHONE, color_scheme="dark"))
        await page.goto(f"{town.server.url}/admin/endings")
        await expect(page.get_by_role("heading", name="Endings by cause")).to_be_visible()
        await take(page, "phone-admin-dark")


async def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory)).start()
        try:
            town = await open_town(server)
            async with chromium() as browser:
                for scheme in ("light", "dark"):
                    await of_desktop(browser, town, scheme)
                    await of_phone(browser, town, scheme)
                await refusals(town)
                await of_administrator(browser, town)
                await of_tools(browser, town)
        finally:
            server.stop()


asyncio.run(main())
