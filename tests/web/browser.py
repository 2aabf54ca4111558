"""Chromium, driven through Playwright, and what a test's pages said that they should not have."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, async_playwright, expect

from tests.needs import need

PLAIN_HOST = "tenfour.test"
"""Leads here, but is no loopback name: over http a page of it is not secure, as in a local network."""
DEADLINE_MS = 60_000
"""Of every wait: on a busy machine it may be long, and what never comes fails all the same."""
expect.set_options(timeout=DEADLINE_MS)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
# Chromium also writes most violations to the console, but not those of documents that are gone before it does.
TELL_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => {
  console.error(`refused by the policy: ${event.violatedDirective}, ${event.blockedURI}, ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
});
"""


class Profile(Protocol):
    """How a test gets the tabs of somebody: one browser profile for each call."""

    def __call__(self, **options: Any) -> Awaitable[Person]: ...


class Person:
    """A browser profile of its own: cookies, storage, service worker, and as many tabs as are wanted."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin
        self._faults: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        context.on("console", self._said)
        context.on("weberror", lambda error: self._faults.append(f"not caught: {error.error}"))
        context.on("request", self._asked)

    async def open(self, path: str = "/") -> Page:
        """A tab on a path of the server."""
        page = await self.context.new_page()
        await page.goto(self.origin + path)
        return page

    def allow(self, pattern: str) -> None:
        """Faults that the test causes on purpose, such as a server that is away."""
        self._allowed.append(re.compile(pattern))

    @property
    def faults(self) -> list[str]:
        """Console errors, what was not caught, what the policy refused, and requests to other hosts."""
        return [fault for fault in self._faults if not any(each.search(fault) for each in self._allowed)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self._faults.append(f"{message.text} ({message.location['url']}:{message.location['lineNumber']})")

    def _asked(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in {"http", "https", "ws", "wss"} and asked.netloc != urlsplit(self.origin).netloc:
            self._faults.append(f"asked another host: {request.url}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, with an empty profile."""
    program = need("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def people(browser: Browser, origin: Callable[[], str]) -> AsyncIterator[Profile]:
    """Makes people; at the end none of their pages may have said anything that the test did not allow."""
    made: list[Person] = []

    async def make(**options: Any) -> Person:
        context = await browser.new_context(**({"locale": "en-GB", "reduced_motion": "reduce"} | DESKTOP | options))
        context.set_default_timeout(DEADLINE_MS)
        await context.add_init_script(TELL_VIOLATIONS)
        made.append(Person(context, origin()))
        return made[-1]

    try:
        yield make
    finally:
        for each in made:
            await _close(each.context)
    faults = [fault for each in made for fault in each.faults]
    assert not faults, "\n".join(faults)


async def _close(context: BrowserContext) -> None:
    try:
        await context.close()
    except Error as error:
        # A test may have closed it already.
        if "closed" not in str(error):
            raise
