"""Passwords: argon2id (RFC 9106) on threads of its own, so that log-ins never hold up the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import argon2

from tenfour.errors import ErrorCode, TenfourError

T = TypeVar("T")

CHARS_MIN, CHARS_MAX = 8, 256
WAITING_MAX = 50
THREADS = 2


@dataclass(frozen=True, slots=True)
class Verified:
    ok: bool
    needs_rehash: bool


def check_password(password: str) -> None:
    """Raises ``password_weak`` for one that is too short or too long."""
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        raise TenfourError(ErrorCode.PASSWORD_WEAK)


class PasswordHasher:
    """Hashes and verifies; more than fifty at a time are refused with ``rate_limited``."""

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tenfour-password")
        self._waiting = 0
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        check_password(password)
        return await self._run(self._argon2.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verified:
        """Whether the password fits; None, for an unknown name, takes as long and never fits."""
        if self._dummy is None:
            self._dummy = await self._run(self._argon2.hash, "nobody's password")
        ok = await self._run(self._fits, stored or self._dummy, password[:CHARS_MAX])
        return Verified(ok and stored is not None, stored is not None and self._argon2.check_needs_rehash(stored))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except argon2.exceptions.VerificationError:
            return False

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= WAITING_MAX:
            raise TenfourError(ErrorCode.RATE_LIMITED, "Too many log-ins at once.", retry_after_ms=2000)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1
