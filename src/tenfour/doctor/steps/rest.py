"""The server's REST doors, asked as the one whose token it is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import msgspec

from tenfour.doctor.evidence import Reply
from tenfour.doctor.steps.http import API
from tenfour.doctor.steps.http1 import Answer, ask
from tenfour.doctor.steps.way import Way, now_s, since_ms
from tenfour.wire import frames

CONNECTIONS_PATIENCE_S = 4.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rest:
    """A way to the doors below ``/api/v1/``, and what opens them."""

    way: Way
    base: str
    token: str = field(repr=False)

    async def ask(self, method: Literal["GET", "POST", "DELETE"], path: str, patience_s: float) -> Answer:
        """What came back; a line that TLS ends counts as closed."""
        started_s = now_s()
        try:
            return await ask(self.way, method, f"{self.base}{API}{path}", patience_s, (("Authorization", f"Bearer {self.token}"),))
        except ssl.SSLError:
            return Answer(Reply(since_ms(started_s), "closed"))

    def at(self, address: str) -> Rest:
        """The same at another address of the name."""
        return replace(self, way=replace(self.way, address=address))


def read(answer: Answer, kind: type[T]) -> T | None:
    """The body of a success; None for anything else."""
    if answer.reply.status not in (200, 201):
        return None
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError:
        return None


class _Open(msgspec.Struct):
    total: int


async def connections_of(rest: Rest, welcome: frames.Welcome) -> int | None:
    """How many connections the user has at the node; None where that is not told."""
    found = read(await rest.ask("GET", f"diagnostics/connections?limit=1&user={welcome.user.id}", CONNECTIONS_PATIENCE_S), _Open)
    return found.total if found is not None else None
