"""TCP: every address of the name is dialled, all at once."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Sequence
from typing import Literal

from tenfour.doctor.evidence import Dial, Tcp
from tenfour.doctor.steps.way import hang_up, in_words, now_s, since_ms

_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_TIMED_OUT = frozenset({errno.ETIMEDOUT})


async def dial_all(addresses: Sequence[str], port: int, patience_s: float) -> Tcp:
    """One attempt at each address."""
    started_s = now_s()
    dials = await asyncio.gather(*(_dial(address, port, patience_s) for address in addresses))
    return Tcp(since_ms(started_s), tuple(dials))


async def _dial(address: str, port: int, patience_s: float) -> Dial:
    started_s = now_s()
    try:
        async with asyncio.timeout(patience_s):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return Dial(since_ms(started_s), address, "timed_out")
    except OSError as cause:
        return Dial(since_ms(started_s), address, _outcome(cause), in_words(cause))
    took_ms = since_ms(started_s)
    hang_up(writer)
    return Dial(took_ms, address, "open")


def _outcome(cause: OSError) -> Literal["refused", "timed_out", "unreachable", "reset"]:
    if cause.errno == errno.ECONNREFUSED:
        return "refused"
    if cause.errno in _RESET:
        return "reset"
    return "timed_out" if cause.errno in _TIMED_OUT else "unreachable"
