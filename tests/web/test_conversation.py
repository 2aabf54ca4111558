"""A conversation as it is read and written in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.servers import Server
from tests.web.browser import Profile, people
from tests.web.reading import FIRST_SEEN, FROM_TOP, MIDDLE, reading

pytestmark = pytest.mark.asyncio(loop_scope="package")

WHEEL = 240
EXECUTABLE = """() => [...document.querySelectorAll('article .body *')].filter((each) =>
  /^(script|iframe|object|embed|svg|math|form|input|button|img|video|audio|style|link|meta|base)$/i.test(each.localName)
  || [...each.attributes].some((attribute) => /^(on|style|srcdoc|formaction|xlink)/i.test(attribute.name))
  || (each instanceof HTMLAnchorElement && !/^(https?|mailto):/.test(each.href))).map((each) => each.outerHTML)"""

# What has opened other chats: markup, schemes, entities, broken nesting, and Markdown that makes attributes of text.
HOSTILE = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg onload=window.ran=1><script>window.ran=1</script></svg>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<a href='javascript:window.ran=1'>x</a>",
    "[click](javascript:window.ran=1)",
    "[click](JaVaScRiPt:window.ran=1)",
    "[click](java\nscript:window.ran=1)",
    "[click](&#106;avascript:window.ran=1)",
    "[click](\x01javascript:window.ran=1)",
    "[click](data:text/html,<script>window.ran=1</script>)",
    "[click](vbscript:window.ran=1)",
    '[click](https://a.example/" onmouseover="window.ran=1)',
    "[click](https://a.example/'onmouseover='window.ran=1)",
    "![x](x) ![x](javascript:window.ran=1)",
    '![x" onerror="window.ran=1](https://a.example/x.png)',
    "<https://a.example/><script>window.ran=1</script>",
    "<javascript:window.ran=1>",
    'https://a.example/"onmouseover=window.ran=1',
    "`<img src=x onerror=window.ran=1>`",
    '```"onmouseover="window.ran=1\n<img src=x onerror=window.ran=1>\n```',
    "```html\n<script>window.ran=1</script><img src=x onerror=window.ran=1>\n```",
    "```js\n</code></pre><script>window.ran=1</script>\n```",
    "> <img src=x onerror=window.ran=1>\n\n- <img src=x onerror=window.ran=1>",
    "**<img src=x onerror=window.ran=1>** _<b onclick=window.ran=1>x</b>_",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.ran=1>'>",
    "{@html '<img src=x onerror=window.ran=1>'} {{window.ran=1}} ${window.ran=1}",
]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which a long chat is written at once."""
    server = Server(tmp_path_factory.mktemp("conversation"), {f"TENFOUR_{name}": "1000000" for name in ("FRAMES_PER_S", "SENDS_PER_S", "USER_SENDS_PER_S")}).start()
    yield server
    assert server.stop() == 0, server.log


@pytest_asyncio.fixture(loop_scope="package")
async def person(browser: Browser, quick: Server) -> AsyncIterator[Profile]:
    async with people(browser, lambda: quick.url) as profile:
        yield profile


async def scroll(page: Page, by: int) -> None:
    """Turns the wheel over the list, and waits until it has come to rest."""
    await page.locator("#messages").hover()
    await page.mouse.wheel(0, by)
    await page.evaluate("""() => new Promise((done) => {
      const list = document.getElementById('messages');
      let last = NaN, still = 0;
      const look = () => { still = list.scrollTop === last ? still + 1 : 0; last = list.scrollTop; still > 10 ? done() : requestAnimationFrame(look); };
      look();
    })""")


async def leave(page: Page) -> None:
    """Goes to the page of chats, none of which is open there."""
    await page.evaluate("history.pushState(null, '', '/'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.locator("article")).to_have_count(0)


async def test_nothing_that_a_message_says_is_executed(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person)
    await chat.writer.send_all(chat.chat, HOSTILE)
    page = await chat.open("/messages/1")

    for seq in range(1, len(HOSTILE) + 2, 5):
        await page.goto(f"{quick.url}/chats/{chat.chat}/messages/{seq}")
        await page.wait_for_selector("article")
        assert await page.evaluate(EXECUTABLE) == []

    assert await page.evaluate("window.ran") is None


@pytest.mark.slow
async def test_code_gets_its_colours_without_a_style_of_its_own(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person)
    await chat.writer.send(chat.chat, "```python\ndef admit(draft): return '<b>'\n```")

    page = await chat.open()

    await expect(page.locator("pre .hljs-keyword").first).to_have_text("def")
    await expect(page.locator("pre")).to_have_text("def admit(draft): return '<b>'")


@pytest.mark.slow
async def test_what_is_read_stays_where_it_is_while_older_messages_come_above(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 400)
    page = await chat.open()
    await scroll(page, -600)

    for _ in range(6):
        seq, offset = await page.evaluate(FIRST_SEEN)
        before = await page.evaluate("document.getElementById('messages').scrollHeight")
        await page.evaluate("document.getElementById('messages').scrollBy(0, -1)")
        await scroll(page, 1)
        assert await page.evaluate(FROM_TOP, seq) == pytest.approx(offset, abs=1)
        await scroll(page, -700)
        assert await page.evaluate("document.getElementById('messages').scrollHeight") >= before


@pytest.mark.slow
async def test_who_scrolled_up_stays_there_and_is_told_how_many_messages_came(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 200)
    page = await chat.open()
    await scroll(page, -1500)
    seq, offset = await page.evaluate(FIRST_SEEN)

    await chat.say(3)

    await expect(page.get_by_role("button", name="Jump to the latest, 3 new messages")).to_be_visible()
    assert await page.evaluate(FROM_TOP, seq) == pytest.approx(offset, abs=1)
    await page.get_by_role("button", name="Jump to the latest").click()
    await expect(page.locator("article").last).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Jump to the latest")).to_have_count(0)


async def test_the_list_follows_new_messages_near_its_end(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 100)
    page = await chat.open()
    await scroll(page, -30)

    (seq,) = await chat.say(1)

    await expect(page.locator(f'article[data-seq="{seq}"]')).to_be_in_viewport(ratio=0.95)


@pytest.mark.slow
async def test_a_reader_comes_back_to_the_place_that_they_left(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 300)
    page = await chat.open()
    await scroll(page, -2000)
    seq, offset = await page.evaluate(FIRST_SEEN)

    await leave(page)
    await page.locator(f'a[href="/chats/{chat.chat}"]').first.click()

    await page.wait_for_selector(f'article[data-seq="{seq}"]')
    assert await page.evaluate(FROM_TOP, seq) == pytest.approx(offset, abs=1)


@pytest.mark.slow
async def test_the_address_of_a_message_shows_it_in_the_middle(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 300)

    page = await chat.open("/messages/150")

    await page.wait_for_selector('article[data-seq="150"].target')
    assert await page.evaluate(MIDDLE, 150) == pytest.approx(0, abs=2)


@pytest.mark.slow
async def test_a_chat_opens_with_its_first_unread_message_a_third_down_and_reads_nothing_by_that(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 300, unread=150)
    before = await chat.has_read()

    page = await chat.open()

    divider = page.get_by_text("New messages", exact=True)
    await expect(divider).to_be_in_viewport()
    place = await page.evaluate("""() => { const list = document.getElementById('messages').getBoundingClientRect();
      return (document.querySelector('.unread[role=separator]').getBoundingClientRect().top - list.top) / list.height; }""")
    assert place == pytest.approx(1 / 3, abs=0.02)
    assert await chat.has_read() == before


@pytest.mark.slow
async def test_what_the_reader_scrolls_to_is_read_and_what_lies_below_is_not(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 300, unread=150)
    before = await chat.has_read()
    page = await chat.open()
    await expect(page.get_by_text("New messages", exact=True)).to_be_in_viewport()

    await scroll(page, WHEEL)

    lowest = await page.evaluate("""() => { const end = document.getElementById('messages').getBoundingClientRect().bottom;
      return Math.max(...[...document.querySelectorAll('article')].filter((each) => each.getBoundingClientRect().bottom <= end + 1).map((each) => Number(each.dataset.seq))); }""")
    while (read := await chat.has_read()) == before:
        await page.evaluate("new Promise(requestAnimationFrame)")
    assert before < read <= lowest


@pytest.mark.slow
async def test_arrow_keys_go_from_message_to_message_and_escape_to_the_composer(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 200)
    page = await chat.open()
    await page.locator("#messages").focus()

    await page.keyboard.press("ArrowUp")
    last = int(await page.locator("article:focus").get_attribute("data-seq") or 0)
    for _ in range(60):
        await page.keyboard.press("ArrowUp")

    await expect(page.locator(f'article[data-seq="{last - 60}"]')).to_be_focused()
    await expect(page.locator("article:focus")).to_be_in_viewport(ratio=0.95)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(f'article[data-seq="{last - 60}"]')).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#composer")).to_be_focused()


@pytest.mark.slow
async def test_a_row_that_leaves_the_page_hands_the_focus_to_the_list(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 300)
    page = await chat.open()
    await page.locator("#messages").focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("article:focus")).to_be_visible()

    await scroll(page, -6000)

    await expect(page.locator("#messages")).to_be_focused()


@pytest.mark.slow
async def test_a_draft_outlives_a_reload_that_follows_the_last_key_at_once(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 1)
    page = await chat.open()
    composer = page.get_by_role("textbox", name="Message")

    await composer.fill("half a thought")
    await page.reload()

    await expect(composer).to_have_value("half a thought")


async def test_enter_sends_shift_enter_makes_a_line_and_the_draft_stays_with_its_chat(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 3)
    page = await chat.open()
    composer = page.locator("#composer")

    await composer.press_sequentially("one")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("two")
    await expect(composer).to_have_value("one\ntwo")
    await composer.press("Enter")

    await expect(page.locator("article").last).to_contain_text("onetwo")
    assert "one\ntwo" in await page.locator("article").last.inner_text()
    await expect(page.locator("article").last).to_contain_text("Sent")
    await expect(composer).to_have_value("")
    await composer.press_sequentially("not yet")
    await leave(page)
    await page.locator(f'a[href="/chats/{chat.chat}"]').first.click()
    await expect(page.locator("#composer")).to_have_value("not yet")


@pytest.mark.slow
async def test_a_text_over_the_limit_is_counted_and_kept_back(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 1)
    page = await chat.open()
    composer = page.locator("#composer")

    await composer.fill("x" * 16_003)
    await composer.press("Enter")

    await expect(page.locator("#composer-left")).to_have_text("-3")
    await expect(composer).to_have_value("x" * 16_003)
    await expect(page.locator("article")).to_have_count(1)


@pytest.mark.slow
async def test_marks_are_put_around_what_is_selected(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 1)
    page = await chat.open()
    composer = page.locator("#composer")
    await composer.fill("very important")

    await composer.evaluate("(field) => field.setSelectionRange(5, 14)")
    await composer.press("Control+b")

    await expect(composer).to_have_value("very **important**")
    await composer.press("Control+z")
    await expect(composer).to_have_value("very important")


@pytest.mark.slow
async def test_an_emoji_comes_from_our_own_data_to_where_the_cursor_is(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 1)
    page = await chat.open()
    composer = page.locator("#composer")
    await composer.fill("ab")
    await composer.evaluate("(field) => field.setSelectionRange(1, 1)")

    await page.get_by_role("button", name="Emoji", exact=True).click()
    await page.get_by_role("searchbox", name="Search emoji").fill("unicorn")
    await page.keyboard.press("Enter")

    await expect(composer).to_have_value("a🦄b")
    await expect(composer).to_be_focused()


@pytest.mark.slow
async def test_a_reply_shows_what_it_replies_to_and_leads_there(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 120)
    page = await chat.open()
    await page.locator("article").last.hover()

    await page.get_by_role("button", name="Reply", exact=True).click()
    await page.keyboard.type("an answer")
    await page.keyboard.press("Enter")

    quote = page.locator("article").last.get_by_role("link", name="message 120")
    await expect(quote).to_be_visible()
    await quote.click()
    await expect(page.locator("article.target")).to_contain_text("message 120")


@pytest.mark.slow
async def test_ten_thousand_messages_scroll_with_few_rows_on_the_page(quick: Server, person: Profile) -> None:
    chat = await reading(quick, person, 10_000)
    page = await chat.open()
    await page.evaluate("""() => {
      window.most = 0;
      const look = () => {
        window.most = Math.max(window.most, document.querySelectorAll('article').length);
        requestAnimationFrame(look);
      };
      look();
    }""")
    seq, _ = await page.evaluate(FIRST_SEEN)

    while seq > 8_000:
        await scroll(page, -4000)
        seq, _ = await page.evaluate(FIRST_SEEN)
    await page.locator("#messages").focus()
    await page.keyboard.press("End")

    await expect(page.locator('article:has-text("message 10000")')).to_be_in_viewport(ratio=0.95)
    assert await page.evaluate("window.most") <= 150
