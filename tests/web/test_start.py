"""The client as a browser first meets it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.servers import Server
from tests.web.browser import PLAIN_HOST, Profile, people

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_server_serves_the_client_and_the_page_has_nothing_to_complain_of(person: Profile) -> None:
    ann = await person()

    page = await ann.open("/")

    await page.wait_for_function("document.querySelector('#app').childElementCount > 0")
    assert await page.title()


async def test_the_policy_lets_a_page_speak_to_its_own_server_over_websocket(person: Profile) -> None:
    ann = await person()
    page = await ann.open("/")

    code = await page.evaluate("new Promise((resolve) => { new WebSocket(`ws://${location.host}/api/v1/ws`, ['tenfour.v1', 'tenfour.bearer.bm90aGluZw']).onclose = (event) => resolve(event.code); })")

    assert code == 4401


async def test_the_policy_refuses_inline_scripts_and_style_attributes(person: Profile) -> None:
    ann = await person()
    page = await ann.open("/")

    await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\"><img src=x onerror=\"window.ran = true\"></p>')")

    await page.wait_for_function("!document.images[0].isConnected || document.images[0].complete")
    assert await page.evaluate("window.ran") is None
    assert len(ann.faults) >= 2
    ann.allow("policy|Policy|404")


async def test_over_plain_http_in_a_network_it_starts_without_a_service_worker(browser: Browser, server: Server) -> None:
    async with people(browser, lambda: server.url.replace("127.0.0.1", PLAIN_HOST)) as person:
        ann = await person()

        page = await ann.open("/")

        await page.wait_for_function("document.querySelector('#app').childElementCount > 0")
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("[isSecureContext, 'serviceWorker' in navigator]") == [False, False]
