"""The service worker: starting without the server, and going over to a new version when the person agrees."""

from __future__ import annotations

import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.needs import WEB, need_web
from tests.servers import Server
from tests.web.browser import Profile, people

pytestmark = pytest.mark.asyncio(loop_scope="package")


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A copy of the client as it was built, to make another version of."""
    need_web()
    return Path(shutil.copytree(WEB, tmp_path / "web"))


@pytest.fixture
def origin(build: Path) -> Iterator[str]:
    """Where the copy is served from: files alone, which is all that a new version is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=build)) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest_asyncio.fixture(loop_scope="package")
async def person_of_copy(browser: Browser, origin: str) -> AsyncIterator[Profile]:
    async with people(browser, lambda: origin) as profile:
        yield profile


async def started(page: Page) -> None:
    """Waits until the page is drawn and its service worker serves it from the next load on."""
    await page.wait_for_function("document.querySelector('#app').childElementCount > 0")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")


@pytest.mark.slow
async def test_once_opened_it_starts_without_the_server(person: Profile, server: Server) -> None:
    ann = await person()
    page = await ann.open("/")
    await started(page)

    await ann.context.set_offline(True)
    await page.goto(f"{server.url}/chats/0198d0a0-0000-7000-8000-000000000000")

    await page.wait_for_function("document.querySelector('#app').childElementCount > 0")
    ann.allow("ERR_INTERNET_DISCONNECTED")


@pytest.mark.slow
async def test_a_new_version_waits_until_the_person_agrees_and_then_all_tabs_have_it(person_of_copy: Profile, build: Path) -> None:
    ann = await person_of_copy()
    ann.allow("404")  # nobody answers for the API
    await started(await ann.open("/"))
    one, other = await ann.open("/"), await ann.open("/")
    for page in (one, other):
        await started(page)
        await page.evaluate("window.isOld = true")

    with (build / "sw.js").open("a") as worker:
        worker.write("// the next version")
    await one.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update()).then(() => null)")
    offer = one.get_by_role("button", name="Use it now")
    await offer.wait_for()
    assert await one.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.waiting !== null)")
    assert await one.evaluate("window.isOld")
    await offer.click()

    for page in (one, other):
        await page.wait_for_function("window.isOld === undefined")
        await started(page)
    assert await one.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.waiting)") is None
