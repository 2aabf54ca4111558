"""DNS: what the resolver says about the host."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from typing import Any

from tenfour.doctor.evidence import Names
from tenfour.doctor.steps.way import now_s, since_ms

_NO_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


async def resolve(host: str, patience_s: float) -> Names:
    """All addresses of the host, through the system's own resolver."""
    started_s = now_s()
    literal = _literal(host)
    if literal is not None:
        return Names(since_ms(started_s), *literal)
    try:
        async with asyncio.timeout(patience_s):
            found = await _look_up(host)
    except TimeoutError:
        return Names(since_ms(started_s), fault="no_answer")
    except UnicodeError as cause:
        return Names(since_ms(started_s), fault="no_name", text=str(cause))
    except socket.gaierror as cause:
        return Names(since_ms(started_s), fault="no_name" if cause.errno in _NO_NAME else "no_answer", text=cause.strerror or str(cause))
    addresses = list(dict.fromkeys(each[4][0] for each in found))
    return Names(since_ms(started_s), tuple(each for each in addresses if ":" not in each), tuple(each for each in addresses if ":" in each))


def _literal(host: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """An IP address in place of a name, as IPv4 and IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return ((host,), ()) if address.version == 4 else ((), (host,))  # noqa: PLR2004 - IPv4


async def _look_up(host: str) -> Any:
    """``getaddrinfo`` in a thread that nobody waits for: it cannot be stopped, and may take longer than all the rest."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def tell(result: Any, cause: Exception | None) -> None:
        if answer.done():
            return
        if cause is None:
            answer.set_result(result)
        else:
            answer.set_exception(cause)

    def ask() -> None:
        result, failure = None, None
        try:
            result = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as cause:
            failure = cause
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return await answer
