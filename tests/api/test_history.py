"""Pages of history against a model: whatever happened in a chat and wherever a page lies, it is that slice of the whole.

A chat holds events that are no messages, so there are holes between the seqs; and where its history begins with joining,
somebody who came late sees a tail of it only.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers import TLS, Server, World

SAYS, RENAMES, JOINS, LEAVES = "says", "renames", "joins", "leaves"
STEPS = st.lists(st.sampled_from([SAYS, SAYS, SAYS, RENAMES, JOINS, LEAVES]), max_size=25)
PLACES = st.lists(st.tuples(st.sampled_from(["before", "after", "around", "newest"]), st.integers(0, 32), st.integers(1, 12)), min_size=6, max_size=12)


@dataclass
class Story:
    """What happened in a chat, and what of it somebody may see who came and went."""

    history: str
    head: int = 1
    messages: dict[int, str] = field(default_factory=dict)
    late_since: int | None = None

    def visible(self, *, late: bool) -> list[int]:
        first = (self.late_since or 0) if late and self.history == "from_joining" else 0
        return sorted(seq for seq in self.messages if seq >= first)


def model_page(visible: list[int], kind: str, seq: int, limit: int) -> tuple[list[int], bool, bool]:
    """The slice of what is visible that a page is, and whether something lies on either side of it."""
    match kind:
        case "before":
            end = bisect_left(visible, seq)
            start = max(0, end - limit)
        case "after":
            start = bisect_right(visible, seq)
            end = start + limit
        case "around":
            middle = bisect_left(visible, seq)
            start = max(0, middle - limit // 2)
            end = start + limit
        case _:
            end = len(visible)
            start = max(0, end - limit)
    return visible[start:end], start > 0, end < len(visible)


class Reader:
    """Somebody who reads a chat over HTTP."""

    def __init__(self, http: httpx.Client, chat: str, token: str) -> None:
        self._http = http
        self._path = f"/chats/{chat}/messages"
        self._headers = {"Authorization": f"Bearer {token}"}

    def page(self, **query: int) -> dict[str, Any]:
        answer = self._http.get(self._path, params=query, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def walk(self, direction: str, flag: str, limit: int, start: int) -> list[int]:
        """All seqs, page by page in one direction."""
        found: list[int] = []
        while True:
            page = self.page(limit=limit, **{direction: start})
            seqs = [each["seq"] for each in page["items"]]
            found = seqs + found if direction == "before" else found + seqs
            if not page[flag]:
                return found
            start = seqs[0] if direction == "before" else seqs[-1]


@pytest.fixture(scope="module")
def stage(server: Server) -> Iterator[tuple[World, httpx.Client]]:
    """Ann, who makes the chats, cid, who comes late, and one connection for all requests."""
    world = asyncio.run(server.world("ann", "cid"))
    with httpx.Client(base_url=server.url + "/api/v1", verify=TLS, timeout=60) as http:
        yield world, http


def live_through(world: World, http: httpx.Client, chat: str, steps: list[str], story: Story) -> None:
    """Does the steps for real, and notes what they come to."""
    backend = {"Authorization": f"Bearer {world.key}"}
    late = f"/chats/{chat}/members/{world.cid.id}"
    for number, step in enumerate(steps):
        if step is SAYS:
            answer = http.post(f"/chats/{chat}/messages", json={"text": str(number), "on_behalf_of": world.ann.id}, headers=backend)
            story.messages[story.head + 1] = str(number)
        elif step is RENAMES:
            answer = http.patch(f"/chats/{chat}", json={"title": str(number)}, headers=world.ann.headers)
        elif step is JOINS and story.late_since is None:
            answer = http.put(late, headers=backend)
            story.late_since = story.head + 1
        elif step is LEAVES and story.late_since is not None:
            answer = http.delete(late, headers=backend)
            story.late_since = None
        else:
            continue
        assert answer.is_success, answer.text
        story.head += 1


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, places=PLACES, rule=st.sampled_from(["all", "from_joining"]))
def test_every_page_is_the_slice_of_the_whole_that_its_reader_may_see(stage: tuple[World, httpx.Client], steps: list[str], places: list[tuple[str, int, int]], rule: str) -> None:
    world, http = stage
    chat = http.post("/chats", json={"kind": "group", "title": "Story", "history": rule}, headers=world.ann.headers).json()["id"]
    story = Story(rule)

    live_through(world, http, chat, steps, story)

    readers = [(Reader(http, chat, world.ann.token), story.visible(late=False))]
    if story.late_since is not None:
        readers.append((Reader(http, chat, world.cid.token), story.visible(late=True)))
    for reader, visible in readers:
        for kind, seq, limit in places:
            page = reader.page(limit=limit, **({} if kind == "newest" else {kind: seq}))
            assert ([each["seq"] for each in page["items"]], page["has_before"], page["has_after"]) == model_page(visible, kind, seq, limit), (kind, seq, limit)
            assert [each["text"] for each in page["items"]] == [story.messages[each["seq"]] for each in page["items"]]
        limit = places[0][2]
        assert reader.walk("before", "has_before", limit, story.head + 1) == visible
        assert reader.walk("after", "has_after", limit, 0) == visible
