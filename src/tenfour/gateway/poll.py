"""What the bell may have lost, asked of the store.

A bell that gets lost between nodes leaves no trace where it was the last one. So a node with a broker that is not
local looks every two seconds at what changed in the store, and more thoroughly twice a minute and whenever the
broker is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, Seq, UserId
from tenfour.storage import moves, reads

if TYPE_CHECKING:
    from tenfour.gateway.hub import Hub

POLL_S = 2.0
WHOLE_S = 30.0
WINDOW_MS = 60_000
"""How far back a poll looks: longer than a commit takes to be seen, and than clocks of nodes are apart."""
BELL_S = 0.25
"""How long a bell may be on its way."""
CHUNK = 500

T = TypeVar("T")


class StorePoll:
    """Looks after one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._looked_ms = hub.clock.now_ms()
        self._whole_at = hub.clock.monotonic()
        self._returns = hub.broker.returns
        self._membership: dict[UserId, int] = {}
        """How often the memberships of a user here had changed when they were last looked at."""

    async def run(self) -> None:
        """Polls for ever. While the store cannot answer there is nothing to miss either."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look()
            except TenfourError as cause:
                self._hub.log.warning("Error poll.failed", code=cause.code)

    async def look(self) -> None:
        """One poll. Raises ``TenfourError`` where the store does not answer; the next one looks as far back."""
        hub = self._hub
        now_ms, now_s, returns = hub.clock.now_ms(), hub.clock.monotonic(), hub.broker.returns
        since_ms = self._looked_ms - WINDOW_MS
        found = await hub.store.read(partial(moves.moves_since, since_ms=since_ms))
        await self._catch_up(found.heads)
        await self._look_at_joins({user: seq for user, seq in found.memberships if user in hub.users}, since_ms)
        if returns != self._returns or now_s - self._whole_at >= WHOLE_S:
            await self._look_at_everything()
            self._returns, self._whole_at = returns, now_s
        self._looked_ms = now_ms

    async def _catch_up(self, heads: Iterable[tuple[ChatId, Seq]]) -> None:
        """Has the rooms read that are behind, and still are when a bell that was on its way has come."""
        behind = [(chat, head) for chat, head in heads if self._hub.is_behind(chat, head)]
        if behind:
            await asyncio.sleep(BELL_S)
        for chat, head in behind:
            self._hub.saw_head(chat, head)

    async def _look_at_joins(self, changed: dict[UserId, int], since_ms: int) -> None:
        """Chats that somebody here was added to elsewhere."""
        hub = self._hub
        for user, seq in changed.items():
            if self._membership.get(user) == seq:
                continue
            for chat, joined in await hub.store.read(partial(moves.joins_since, user=user, since_ms=since_ms)):
                hub.saw_join(user, chat, joined)
            self._membership[user] = seq
        self._membership = {user: seq for user, seq in self._membership.items() if user in hub.users}

    async def _look_at_everything(self) -> None:
        """All heads of the rooms here; and who here may not be here any more."""
        hub = self._hub
        for chats in _chunks(hub.audiences):
            await self._catch_up((await hub.store.read(partial(reads.heads, wanted=chats))).items())
        for users in _chunks(hub.users):
            for user in await hub.store.read(partial(moves.disabled_of, wanted=users)):
                hub.end_user(user, ErrorCode.USER_DISABLED)
        for sessions in _chunks({each.session for each in hub.connections.values() if each.session is not None}):
            hub.end_sessions(set(sessions) - await hub.store.read(partial(moves.standing_of, wanted=sessions)))


def _chunks(items: Iterable[T]) -> Iterator[Sequence[T]]:
    left = iter(tuple(items))
    while chunk := list(islice(left, CHUNK)):
        yield chunk
