"""How fast the web client is: headless Chromium against `tenfour serve` on loopback, driven through Playwright.

Needs `requirements-dev.txt`, Debian's Chromium (Playwright downloads none) and a built client (`make web`). Times are
taken within the page, behind the frame in which something was painted; its clock is compared with this program's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from generator import Result, VoidRunError, load
from servers import Backend, Ready

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# All that these programs know of the client's page.
ROW = "article"  # a message
COMPOSER = "textarea:not(:disabled):not([readonly])"
CHAT_LINK = 'a[href="/chats/{chat}"]'
NAME_FIELD = 'input[autocomplete="username"]'
PASSWORD_FIELD = 'input[autocomplete="current-password"]'

READER, WRITER, PASSWORD = "reader", "writer", "correct horse battery"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
LOG_IN = {"name": READER, "password": PASSWORD}
WAIT_MS = 60_000
STARTS = 10
OPENINGS = 10
RECEIVED_A_SECOND = 20
RECEIVED_S = 30
REMEMBERED = 10_000
A_TENTH = REMEMBERED // 10
CLOCK_READINGS = 50

PROBE = (
    """
(() => {
  const shown = new Map();
  let ready = null;
  // Behind the frame that is about to be painted: a task that was queued within it.
  const whenPainted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(null);
  });
  const lookForComposer = () => (document.querySelector(COMPOSER) === null ? requestAnimationFrame(lookForComposer) : whenPainted((at) => { ready = at; }));
  requestAnimationFrame(lookForComposer);
  const lookAt = (node) => {
    const row = (node instanceof Element ? node : node.parentElement)?.closest(ROW);
    for (const each of row ? [row] : node instanceof Element ? node.querySelectorAll(ROW) : []) {
      const mark = /\\bmark-(\\d+)\\b/.exec(each.textContent)?.[1];
      if (mark === undefined || shown.has(Number(mark))) continue;
      if (shown.size === KEPT) shown.delete(shown.keys().next().value); // the probe itself takes no part in what is measured
      shown.set(Number(mark), null);
      whenPainted((at) => shown.set(Number(mark), at));
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'characterData') lookAt(change.target);
      for (const node of change.addedNodes) lookAt(node);
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });
  const come = (what, get) => new Promise((resolve, reject) => {
    const until = performance.now() + WAIT_MS;
    const look = () => {
      const found = get();
      if (found !== null) resolve(found);
      else if (performance.now() > until) reject(new Error(`${what} did not come`));
      else setTimeout(look, 20);
    };
    look();
  });
  window.probe = {
    forget: () => shown.clear(),
    ready: () => come('the composer', () => ready),
    shown: (mark) => come(`mark-${mark}`, () => shown.get(mark) ?? null),
    shownAll: (marks) => Promise.all(marks.map((mark) => window.probe.shown(mark))),
  };
})();
""".replace("COMPOSER", repr(COMPOSER))
    .replace("ROW", repr(ROW))
    .replace("WAIT_MS", str(WAIT_MS))
    .replace("KEPT", "1000")
)
STARTED = """async () => ({
  painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  ready: await probe.ready(),
  bytes: performance.getEntriesByType('resource').filter((each) => new URL(each.name).pathname.endsWith('.js')).reduce((sum, each) => sum + each.encodedBodySize, 0),
})"""


@dataclass(frozen=True, slots=True)
class Talk:
    """A chat of the reader, who has a browser, and the writer, who writes over HTTP."""

    chat: str
    writer: Backend

    @property
    def path(self) -> str:
        return f"/chats/{self.chat}"

    def say(self, mark: int) -> tuple[float, float]:
        """Sends one message; the times before it and at its ack, in milliseconds."""
        sent = time.monotonic() * 1000
        self.writer.call("POST", f"{self.path}/messages", {"text": f"Something was said here, and this is its number: mark-{mark}"})
        return sent, time.monotonic() * 1000


class Stage:
    """A server with the two people, and a browser in which one of them is logged in."""

    def __init__(self, ready: Ready, browser: Browser) -> None:
        self.browser = browser
        self._origin = f"http://127.0.0.1:{ready.port}"
        self._backend = Backend(ready.port, json.loads(_tenfour(ready, "key", "create", "web", "--json"))["key"])
        _tenfour(ready, "user", "add", READER, "--admin", text=PASSWORD)
        self._backend.call("PUT", f"/users/{WRITER}", {"name": WRITER})
        self._writer = Backend(ready.port, self._backend.call("POST", f"/users/{WRITER}/tokens", {"expires_in": 86_400})["access_token"])
        self._reader = self._backend.call("POST", "/sessions", LOG_IN)["user"]["id"]
        self._kept = self._log_in()

    def talk(self, name: str) -> Talk:
        """A new group of the two."""
        made = self._backend.call("PUT", f"/chats/{name}", {"title": name, "members": [f"ext:{WRITER}", self._reader]})
        return Talk(made["id"], self._writer)

    def join(self, chat: str) -> Talk:
        """A chat that is there, which both come into."""
        for user in (f"ext:{WRITER}", self._reader):
            self._backend.call("PUT", f"/chats/{chat}/members/{user}", {})
        return Talk(chat, self._writer)

    @contextmanager
    def profile(self) -> Iterator[Profile]:
        """A new browser profile with a session of the reader and nothing else: no cache, no code compiled, no message kept."""
        context = self._context(storage_state={"cookies": [], "origins": self._kept})
        context.add_init_script(PROBE)
        answer = context.request.post("/api/v1/sessions", data=LOG_IN | {"cookie": True})
        if not answer.ok:
            raise VoidRunError(f"log-in: {answer.status} {answer.text()}")
        try:
            yield Profile(context)
        finally:
            context.close()

    def _log_in(self) -> list[Any]:
        """What a page stores of who has logged in by its form; the cookie is used once, so each profile gets one of its own."""
        context = self._context()
        page = context.new_page()
        page.goto("/login")
        page.fill(NAME_FIELD, READER)
        page.fill(PASSWORD_FIELD, PASSWORD)
        page.press(PASSWORD_FIELD, "Enter")
        page.wait_for_url(lambda url: not url.endswith("/login"))
        kept: list[Any] = context.storage_state()["origins"]
        context.close()
        return kept

    def _context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(base_url=self._origin, viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(WAIT_MS)
        return context


class Profile:
    """A browser profile with tabs."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    def open(self, talk: Talk) -> Page:
        """A new tab on a chat, where something can be written."""
        page = self._context.new_page()
        page.goto(talk.path)
        page.evaluate("probe.ready()")
        return page

    def start(self, talk: Talk) -> dict[str, float]:
        """How a new tab on a chat started, which is then left to finish and closed."""
        page = self.open(talk)
        started: dict[str, float] = page.evaluate(STARTED)
        page.wait_for_load_state("networkidle")
        page.close()
        return started


def start(ready: Ready) -> Result:
    """A chat's own address: with an empty profile, then once more in another tab of the same profile."""
    cold, warm = [], []
    with _stage(ready) as stage:
        talk = stage.talk("start")
        talk.say(1)
        for _ in range(STARTS):
            with stage.profile() as profile:
                cold.append(profile.start(talk))
                warm.append(profile.start(talk))
    return {
        "cold_painted_ms": median(each["painted"] for each in cold),
        "cold_ready_ms": median(each["ready"] for each in cold),
        "warm_painted_ms": median(each["painted"] for each in warm),
        "warm_ready_ms": median(each["ready"] for each in warm),
        "script_kb": cold[0]["bytes"] / 1000,
    }


def receive(ready: Ready) -> Result:
    """Twenty messages a second, open loop: from the ack, which follows the commit, to the painted row."""
    numbers = range(1, RECEIVED_A_SECOND * RECEIVED_S + 1)
    told = []
    with _stage(ready) as stage, stage.profile() as profile:
        talk = stage.talk("receive")
        talk.say(0)
        page = profile.open(talk)
        _shown(page, [0])
        began = time.monotonic()
        for number in numbers:
            time.sleep(max(0.0, began + number / RECEIVED_A_SECOND - time.monotonic()))
            told.append(talk.say(number))
        shown = _shown(page, numbers)
        ahead_ms = _clock_ahead_ms(page)
    after_send = [at - ahead_ms - sent for at, (sent, _) in zip(shown, told, strict=True)]
    after_ack = [at - ahead_ms - acked for at, (_, acked) in zip(shown, told, strict=True)]
    return {
        "ack_p50_ms": median(after_ack),
        "ack_p95_ms": _p95(after_ack),
        "ack_max_ms": max(after_ack),
        "send_p50_ms": median(after_send),
        "send_p95_ms": _p95(after_send),
    }


def open_long(messages: int) -> Callable[[Ready], Result]:
    """From the click on a long chat in the list to its newest message, painted: in a new profile, then again in the same tab."""

    def run(ready: Ready) -> Result:
        load(ready, "durable", "--window", "200", "--warmup", "0", "--seconds", "1200", "--messages", str(messages))
        filled = ready.tokens.read_text().split()[1]
        first, again = [], []
        with _stage(ready) as stage:
            long, other = stage.join(filled), stage.talk("other")
            long.say(1)
            other.say(2)
            for _ in range(OPENINGS):
                with stage.profile() as profile:
                    page = profile.open(other)
                    _shown(page, [2])
                    page.wait_for_load_state("networkidle")
                    first.append(_click_ms(page, long, 1))
                    _click_ms(page, other, 2)
                    again.append(_click_ms(page, long, 1))
        return {"first_p50_ms": median(first), "first_max_ms": max(first), "again_p50_ms": median(again), "again_max_ms": max(again)}

    return run


def memory(ready: Ready) -> Result:
    """A tab after ten thousand received messages against the same tab before them, garbage collected; the heap after a thousand says whether it goes on growing."""
    with _stage(ready) as stage, stage.profile() as profile:
        talk = stage.talk("memory")
        talk.say(0)
        page = profile.open(talk)
        _shown(page, [0])
        fresh = _memory_mib(stage.browser, page)
        for number in range(1, A_TENTH + 1):
            talk.say(number)
        _shown(page, [A_TENTH])
        tenth = _memory_mib(stage.browser, page)
        for number in range(A_TENTH + 1, REMEMBERED + 1):
            talk.say(number)
        _shown(page, [REMEMBERED])
        full = _memory_mib(stage.browser, page)
    return {
        "tab_fresh_mib": fresh[1],
        "tab_full_mib": full[1],
        "tab_ratio": full[1] / fresh[1],
        "heap_fresh_mib": fresh[0],
        "heap_tenth_mib": tenth[0],
        "heap_full_mib": full[0],
    }


@contextmanager
def _stage(ready: Ready) -> Iterator[Stage]:
    # Only here: the other scenarios need no browser.
    from playwright.sync_api import Error, sync_playwright

    program = which("chromium")
    if program is None:
        raise VoidRunError("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield Stage(ready, browser)
        except Error as cause:
            raise VoidRunError(str(cause)) from cause
        finally:
            browser.close()


def _tenfour(ready: Ready, *command: str, text: str = "") -> str:
    program = str(Path(sys.executable).with_name("tenfour"))
    environment = os.environ | {"TENFOUR_DATA": str(ready.tokens.with_name("data"))}
    return subprocess.run([program, *command], env=environment, input=text, check=True, capture_output=True, text=True, timeout=60).stdout


def _shown(page: Page, marks: Iterable[int]) -> list[float]:
    """When each of the marks was on the screen, by the page's clock in milliseconds; raises where one does not come."""
    at: list[float] = page.evaluate("(marks) => probe.shownAll(marks)", list(marks))
    return at


def _click_ms(page: Page, talk: Talk, mark: int) -> float:
    """From the click on the chat's link to the painted row."""
    page.evaluate("probe.forget()")
    link = CHAT_LINK.format(chat=talk.chat)
    page.wait_for_selector(link)
    clicked: float = page.evaluate("(link) => { const at = performance.now(); document.querySelector(link).click(); return at; }", link)
    (shown,) = _shown(page, [mark])
    return shown - clicked


def _clock_ahead_ms(page: Page) -> float:
    """How far the page's clock is ahead of this program's: of many readings the one that took the shortest."""
    readings = []
    for _ in range(CLOCK_READINGS):
        before = time.monotonic() * 1000
        there: float = page.evaluate("performance.now()")
        after = time.monotonic() * 1000
        readings.append((after - before, there - (before + after) / 2))
    return min(readings)[1]


def _memory_mib(browser: Browser, page: Page) -> tuple[float, float]:
    """The tab's JavaScript heap after two collections, and the memory of its process (proportional set size)."""
    session = page.context.new_cdp_session(page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderer = max((each for each in processes if each["type"] == "renderer"), key=lambda each: each["cpuTime"])
    rollup = Path(f"/proc/{renderer['id']}/smaps_rollup").read_text()
    kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return heap / 2**20, kib / 2**10


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
