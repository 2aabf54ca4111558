"""How often somebody may be wrong about a password or the set-up link."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tenfour.clock import Clock
from tenfour.errors import ErrorCode, TenfourError

WINDOW_S = 900.0
REMEMBERED_MAX = 20_000
WAITING_MAX = 50
_WRONG = frozenset({ErrorCode.LOGIN_FAILED, ErrorCode.SETUP_LINK_INVALID})


@dataclass(slots=True)
class _Record:
    failures: deque[float] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Attempts:
    """Counts failures of fifteen minutes: of one account from one address, and of one address whatever the account."""

    def __init__(self, clock: Clock, *, of_account_max: int, of_address_max: int) -> None:
        self._clock = clock
        self._of_account_max = of_account_max
        self._of_address_max = of_address_max
        self._records: OrderedDict[tuple[str, ...], _Record] = OrderedDict()

    @contextlib.asynccontextmanager
    async def turn(self, name: str, address: str) -> AsyncIterator[None]:
        """One attempt after the other on an account, so that fifty at once are not fifty guesses.

        Raises ``too_many_attempts`` with the time to wait, ``rate_limited`` where too many wait for their turn.
        """
        whole = self._record(address)
        self._check(whole, self._of_address_max)
        account = self._record(address, name)
        if account.waiting >= WAITING_MAX:
            raise TenfourError(ErrorCode.RATE_LIMITED, "Too many log-ins at once.", retry_after_ms=2000)
        account.waiting += 1
        try:
            async with account.turn:
                self._check(account, self._of_account_max)
                yield
        except TenfourError as refusal:
            if refusal.code in _WRONG:
                account.failures.append(self._clock.monotonic())
                whole.failures.append(self._clock.monotonic())
            raise
        finally:
            account.waiting -= 1

    def _check(self, record: _Record, failures_max: int) -> None:
        now_s, failures = self._clock.monotonic(), record.failures
        while failures and now_s - failures[0] >= WINDOW_S:
            failures.popleft()
        if len(failures) >= failures_max:
            raise TenfourError(ErrorCode.TOO_MANY_ATTEMPTS, retry_after_ms=round((failures[-failures_max] + WINDOW_S - now_s) * 1000))

    def _record(self, *key: str) -> _Record:
        record = self._records.setdefault(key, _Record())
        self._records.move_to_end(key)
        if len(self._records) > REMEMBERED_MAX:
            self._records.popitem(last=False)
        return record
