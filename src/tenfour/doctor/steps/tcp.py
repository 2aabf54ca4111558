"""TCP: every address of the name is dialled, all at once."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Sequence
from typing import Any, Literal

from tenfour.doctor.evidence import Dial, Tcp
from tenfour.doctor.steps.way import hang_up, in_words, now_s, since_ms

_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_TCP_INFO_BYTES, _TOTAL_RETRANS = 104, 100
"""Of ``struct tcp_info`` as far as ``tcpi_total_retrans``, which has not moved since Linux 2.6."""
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
    again = _sent_again(writer.get_extra_info("socket"))
    hang_up(writer)
    return Dial(took_ms, address, "open", again=again)


def _sent_again(line: Any) -> int | None:
    """How often this line's packets, of which there was only a SYN, went out again; None where the system is not Linux."""
    if not sys.platform.startswith("linux"):
        return None
    info: bytes = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    return int.from_bytes(info[_TOTAL_RETRANS:_TCP_INFO_BYTES], sys.byteorder)


def _outcome(cause: OSError) -> Literal["refused", "timed_out", "unreachable", "reset"]:
    if cause.errno == errno.ECONNREFUSED:
        return "refused"
    if cause.errno in _RESET:
        return "reset"
    return "timed_out" if cause.errno in _TIMED_OUT else "unreachable"
