"""What the end-to-end tests stand on: one Chromium for the package, whose event loop its tests share.

Each module says ``pytestmark = pytest.mark.asyncio(loop_scope="package")``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.needs import need_web
from tests.servers import Server
from tests.web.browser import Profile, chromium, people


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    need_web()
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="package")
async def person(browser: Browser, server: Server) -> AsyncIterator[Profile]:
    """Makes browser profiles on the server that all tests share; ``people`` does it for a server of the test's own."""
    async with people(browser, lambda: server.url) as profile:
        yield profile
