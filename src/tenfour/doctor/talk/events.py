"""What happens in a conversation, as values: a frame that passed, an upgrade that was refused, an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tenfour.doctor.evidence import Close, Reply
from tenfour.errors import ErrorCode
from tenfour.wire.rfc6455 import Opcode

Kind = Literal["text", "binary", "ping", "pong", "close"]
KINDS: dict[int, Kind] = {Opcode.TEXT: "text", Opcode.BINARY: "binary", Opcode.PING: "ping", Opcode.PONG: "pong", Opcode.CLOSE: "close"}

NO_CODE, CUT = 1005, 1006
_NAMES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    NO_CODE: "no code",
    CUT: "cut without a close frame",
    1007: "invalid payload data",
    1008: "policy violation",
    1009: "message too big",
    1010: "mandatory extension",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS handshake failed",
}
_OURS, _LIBRARIES = range(4000, 5000), range(3000, 4000)


def close_name(code: int, reason: str) -> str:
    """What a close code is called: by the registry of RFC 6455, or by the error that a reason of Tenfour's names."""
    if code in _NAMES:
        return _NAMES[code]
    error = error_of(reason)
    if error is not None:
        return error.value
    return "the application's own" if code in _OURS else "a library's own" if code in _LIBRARIES else "not a valid close code"


def named(code: int, reason: str) -> str:
    """The code with its name, unless the reason begins with that."""
    return f"{code}" if error_of(reason) is not None else f"{code}, {close_name(code, reason)}"


def error_of(reason: str) -> ErrorCode | None:
    """The error of ours that a reason names, which is written ``code: sentence``."""
    name = reason.partition(":")[0].strip()
    return ErrorCode(name) if name in ErrorCode.__members__.values() else None


@dataclass(frozen=True, slots=True)
class Said:
    """A whole message or a control frame, in either direction. ``oddities`` say what of it breaks RFC 6455."""

    by_us: bool
    kind: Kind
    payload: bytes
    at_s: float
    fragments: int = 1
    oddities: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.payload.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The value that a text holds; None where it is no JSON."""
        if self.kind != "text":
            return None
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    @property
    def code(self) -> int:
        """Of a close frame."""
        return int.from_bytes(self.payload[:2], "big") if len(self.payload) > 1 else NO_CODE

    @property
    def reason(self) -> str:
        """Of a close frame."""
        return self.payload[2:].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Connecting:
    """An attempt begins; ``attempt`` counts from 1 since the last connection stood."""

    url: str
    at_s: float
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Connected:
    """The upgrade was let through."""

    reply: Reply
    address: str
    took_ms: float
    at_s: float
    tls: str = ""
    subprotocol: str | None = None
    request: tuple[str, ...] = ()
    """The lines that were sent, without their secrets."""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nobody was reached, or the upgrade was refused (then with a status). ``cause`` names a row of the catalogue where it is known."""

    says: str
    at_s: float
    status: int = 0
    cause: str | None = None
    advice: str = ""
    reply: Reply | None = None
    request: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection that stood is over. ``by_us``: we said goodbye first."""

    close: Close
    by_us: bool
    lived_s: float
    at_s: float
    cause: str | None = None
    advice: str = ""
    detail: str = ""

    @property
    def code(self) -> int:
        """As a browser reports it: 1006 where no close frame came."""
        return CUT if self.close.how != "frame" else NO_CODE if self.close.code is None else self.close.code

    @property
    def says(self) -> str:
        if self.close.how == "frame":
            return f"closed with {named(self.code, self.close.reason)}" + (f": {self.close.reason}" if self.close.reason else "")
        how = {"fin": "the other side hung up without a close frame", "rst": "the line was reset", "dead": "our close frame was not answered"}[self.close.how]
        return how + (f" ({self.detail})" if self.detail else "")

    @property
    def sentence(self) -> str:
        return f"The connection ended: {self.says}."


@dataclass(frozen=True, slots=True)
class Met:
    """An expectation was met by what came last."""

    pattern: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """It comes back after a while."""

    seconds: float
    at_s: float


Arrival = Said | Ended | NotConnected
"""What an expectation may be about."""
Event = Said | Connecting | Connected | NotConnected | Ended | Met | Pause
