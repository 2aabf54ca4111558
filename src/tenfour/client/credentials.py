"""The user's token, and how a new one is got."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

TokenSource = str | Callable[[bool], Awaitable[str]]
"""A token, or a function that gives one; its argument tells that the last one was refused or is about to expire."""

TOKEN_DEADLINE_S = 15.0


class Credentials:
    """Asks the application for a token, one question at a time."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token: str | None = source if isinstance(source, str) else None
        self._asking = asyncio.Lock()

    @property
    def is_renewable(self) -> bool:
        return not isinstance(self._source, str)

    async def token(self) -> str:
        """The present token; the first call asks for one."""
        return self._token if self._token is not None else await self._ask(None, renew=False)

    async def new_token(self, known: str | None) -> str:
        """A token in place of the known one, unless somebody else has got one meanwhile. One that was given for good stays."""
        return await self._ask(known, renew=True)

    async def _ask(self, known: str | None, *, renew: bool) -> str:
        if isinstance(self._source, str):
            return self._source
        async with self._asking:
            if self._token is None or self._token == known:
                async with asyncio.timeout(TOKEN_DEADLINE_S):
                    self._token = await self._source(renew)
            return self._token
