"""What the doctor saw: one record a step, facts without verdicts.

A field that is None was not reached or not measured; that is never the same as "nothing was found". No
secret stands in here: of a token its claims, of headers only those that ``kept`` lets through. msgspec turns
all of it into JSON. Durations are milliseconds, moments are milliseconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "sec-websocket-key", "set-cookie", "set-cookie2", "x-api-key", "x-auth-token", "x-csrf-token", "x-xsrf-token", "authentication-info"}
)
HARMLESS_KEYS = frozenset({"after", "heartbeat", "epoch", "chat", "seq", "v", "version", "EIO", "transport"})
"""What stands in the query of an address and is no secret; every other value is hidden."""
HIDDEN = "(hidden)"
BODY_CHARS_KEPT = 2_000


def kept(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers as they came, in order and case, the values of secret ones hidden; a cookie keeps its name."""
    return tuple((name, _kept(name.lower(), value)) for name, value in headers)


def _kept(name: str, value: str) -> str:
    if name == "set-cookie":
        return value.partition("=")[0] + "=" + HIDDEN
    return HIDDEN if name in SECRET_HEADERS else shown(value)


def shown(address: str) -> str:
    """An address as it may be shown: without a user, a password, and the values of its query, but for those that are no secrets."""
    return _QUERY.sub(_harmless, _USERINFO.sub(f"//{HIDDEN}@", address))


def without_tokens(text: str) -> str:
    """A text without the tokens and tickets of the addresses in it."""
    return re.sub(r"([?&](?:token|ticket|access_token)=)[^&#\s\"'<>]*", r"\g<1>" + HIDDEN, text)


_USERINFO = re.compile(r"//[^/?#\s]*@")
_QUERY = re.compile(r"([?&#])([^=&#\s]*)=([^&#\s]*)")


def _harmless(found: re.Match[str]) -> str:
    mark, key, value = found.groups()
    return f"{mark}{key}={value if key in HARMLESS_KEYS else HIDDEN}"


@dataclass(frozen=True, slots=True)
class Address:
    """The address taken apart, and as it was given (``shown``). ``fault`` says why it is none, then the rest is empty."""

    took_ms: float
    given: str
    scheme: Literal["ws", "wss", ""] = ""
    host: str = ""
    port: int = 0
    path: str = ""
    fault: str | None = None
    origin: str | None = None
    """The page whose browser connects, where it was told; sent as ``Origin``."""

    @property
    def is_secure(self) -> bool:
        return self.scheme == "wss"


@dataclass(frozen=True, slots=True)
class Names:
    """What the resolver said about the host. An IP address in the URL is its own single answer."""

    took_ms: float
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    fault: Literal["no_name", "no_answer"] | None = None
    """``no_name``: it said that there is no such name; ``no_answer``: it said nothing that decides."""
    text: str = ""
    """The resolver's own words."""


@dataclass(frozen=True, slots=True)
class Dial:
    """One address, one attempt to open TCP."""

    took_ms: float
    address: str
    outcome: Literal["open", "refused", "timed_out", "unreachable", "reset"]
    text: str = ""
    again: int | None = None
    """How often the SYN had to go out again, where the system tells."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another usual port of the same host, asked because the one of the address was not open: whether Tenfour answers there."""

    port: int
    secure: bool
    is_tenfour: bool


@dataclass(frozen=True, slots=True)
class Tcp:
    """All addresses tried, in the order of the resolver."""

    took_ms: float
    dials: tuple[Dial, ...]
    elsewhere: tuple[Elsewhere, ...] = ()

    @property
    def is_open(self) -> bool:
        return any(each.outcome == "open" for each in self.dials)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the server showed of itself; ``sent`` is how many certificates came in all."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before_ms: int
    not_after_ms: int
    sent: int
    self_signed: bool
    fingerprint: str = ""
    """SHA-256 of the DER, in hex."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one HTTP request.

    ``no_byte``: TCP (and TLS) stood, nothing came before the deadline. ``closed``: end of the stream before the
    answer was whole (with ``head`` or a status, if some of it came), ``reset``: the same by RST. ``not_http``: bytes
    came that are no HTTP; the first are in ``head``.
    """

    took_ms: float
    outcome: Literal["answered", "no_byte", "closed", "reset", "not_http"]
    status: int = 0
    http_version: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    head: str = ""
    """The first bytes in hex, for what is no HTTP or breaks off."""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for each, value in self.headers if each.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS handshake, verified for the host of the URL.

    ``verify_failed`` has OpenSSL's number in ``verify_code`` and, from a second handshake without checks, the
    certificate. ``alert`` has the alert's number. ``not_tls``: the other side spoke, but no TLS; ``plain`` is what
    the same port said to plain HTTP. TLS 1.3 tells ``alert`` 116 only at the first read; it stands here all the same.
    """

    took_ms: float
    outcome: Literal["open", "verify_failed", "alert", "not_tls", "closed", "reset", "timed_out"]
    version: str = ""
    alpn: str = ""
    verify_code: int | None = None
    alert: int | None = None
    text: str = ""
    certificate: Certificate | None = None
    expected_fingerprint: str | None = None
    """What the certificate's fingerprint was said to be."""
    without_sni: Certificate | None = None
    """The certificate that comes when no name is sent, where that was tried and it is another one (or with a name none came)."""
    plain: Reply | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """What ``/api/v1/server`` said, if it is Tenfour."""

    version: str
    node: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Again:
    """One answer of several to the same plain GET at one address: of a node of Tenfour, or of somebody else; status 0 is none."""

    status: int
    node: str = ""
    epoch: str = ""
    """Which database the node has; empty where it does not say so."""


@dataclass(frozen=True, slots=True)
class Http:
    """Plain GETs: first of ``/api/v1/server`` (or the server's root where it is not Tenfour)."""

    took_ms: float
    path: str
    reply: Reply
    server: Server | None = None
    server_ms: int | None = None
    """The moment that ``Date`` (or ``server_time``, which is finer) names."""
    local_ms: int | None = None
    """The same moment by this machine's clock: the middle between sending and receiving."""
    ready: tuple[str, ...] | None = None
    """The reasons of ``/api/v1/health/ready``: empty when ready."""
    is_alive: bool | None = None
    """Whether ``/api/v1/health/live``, which needs no data, was answered where the request was not."""
    again: tuple[Again, ...] = ()
    """The same request several times, the first answer among them."""
    nodes: tuple[tuple[str, str], ...] = ()
    """Address and node id, for each address of the name that was asked; an empty id is a server that is not Tenfour."""
    speaks_h2: bool | None = None
    """Whether it answers HTTP/2, which is asked only where it hangs up on HTTP/1.1."""

    @property
    def is_one(self) -> bool:
        """Whether all answers are one server's, or those of servers with one database."""
        return len({(not each.node, each.epoch) for each in self.again}) <= 1

    @property
    def skew_ms(self) -> int | None:
        """How far this machine's clock is ahead of the server's."""
        return None if self.server_ms is None or self.local_ms is None else self.local_ms - self.server_ms


Change = Literal["no_origin", "own_origin", "no_subprotocol", "no_extension", "short_url", "plain_http", "tls", "slash", "http2"]


@dataclass(frozen=True, slots=True)
class Retried:
    """The upgrade once more with one thing changed.

    ``slash`` adds or takes the last ``/``, ``plain_http`` goes to port 80 without TLS, ``tls`` uses it on the same
    port. ``http2`` is no cure: it is the way of browsers where a server announces it, tried beside one that works.
    """

    change: Change
    reply: Reply


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The upgrade request without a token, at the path of the URL.

    ``accept_is_right`` and ``subprotocol`` say something only where the status is 101.
    """

    took_ms: float
    path: str
    reply: Reply
    offered: tuple[str, ...] = ()
    subprotocol: str | None = None
    accept_is_right: bool = False
    extensions: str = ""
    origin: str | None = None
    host: str = ""
    request_bytes: int = 0
    retried: tuple[Retried, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.reply.status == 101 and self.accept_is_right  # noqa: PLR2004 - Switching Protocols

    def cured_by(self, change: Change) -> bool:
        """Whether the same request with this change was let through."""
        return any(each.change == change and each.reply.status == 101 for each in self.retried)  # noqa: PLR2004


Carrier = Literal["authorization", "subprotocol", "query", "ticket", "first_frame"]


@dataclass(frozen=True, slots=True)
class Token:
    """The token that was given, read without its key. ``fault`` says which part is no JWT, and how."""

    took_ms: float
    given: bool
    carrier: Carrier | None = None
    fault: str | None = None
    algorithm: str | None = None
    key_id: str | None = None
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    subject: str | None = None
    issued_ms: int | None = None
    not_before_ms: int | None = None
    expires_ms: int | None = None
    signature_bytes: int | None = None
    """How long the signature is, where it can be read."""
    bytes: int = 0
    bad_chars: str = ""
    """The characters in it that cannot stand in a subprotocol."""
    login: str | None = None
    """The code with which a log-in by name was refused, if that was how the token was to be had."""

    @property
    def unsendable(self) -> tuple[str, ...]:
        """The characters in it that its carrier cannot hold: no header has control characters."""
        return tuple(each for each in dict.fromkeys(self.bad_chars) if self.carrier == "subprotocol" or not each.isprintable())


@dataclass(frozen=True, slots=True)
class Close:
    """How a connection ended.

    ``frame``: by a close frame; ``fin`` and ``rst``: without one; ``dead``: nothing came and nothing was answered;
    ``garbled``: what came were no frames, or not those that were agreed upon.
    """

    how: Literal["frame", "fin", "rst", "dead", "garbled"]
    code: int | None = None
    reason: str = ""

    @property
    def error(self) -> str:
        """The name of the error in a reason of ours, ``code: sentence``."""
        return self.reason.partition(":")[0].strip()


@dataclass(frozen=True, slots=True)
class Welcome:
    """What came after the handshake, with the token: ``welcome``, a close, another frame, or nothing within ``waited_ms``."""

    took_ms: float
    outcome: Literal["welcome", "closed", "other_frame", "nothing"]
    waited_ms: float = 0.0
    reply: Reply | None = None
    """Where the upgrade with the token got no 101."""
    close: Close | None = None
    first: str = ""
    """The first 200 characters of a frame that is no ``welcome``."""
    node: str | None = None
    connection: str | None = None
    user: str | None = None
    chats: tuple[str, ...] = ()
    chats_more: bool = False
    subscribed: str | None = None
    """The chat that was asked for, where it was."""
    cured_by: tuple[Carrier, ...] = ()
    """The other ways of bringing the same token that led to a ``welcome``."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Texts sent to the echo door, one after the other, and the time of each that came back."""

    took_ms: float
    sent: int
    times_ms: tuple[float, ...]
    close: Close | None = None
    after_more_bytes: int | None = None
    """How much had to follow until the one that had not come back did; None: nothing helped, or it was not needed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a size: whether it came back. None as ``back_ms``: it did not within the deadline."""

    bytes: int
    back_ms: float | None
    close: Close | None = None


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of growing size; where one got lost, more of them between that and the largest that passed."""

    took_ms: float
    frames: tuple[Frame, ...]
    limit_bytes: int | None = None
    """What the server itself takes at the doors of chats, by its ``welcome``."""

    @property
    def passed_bytes(self) -> int:
        """The largest that came back."""
        return max((frame.bytes for frame in self.frames if frame.back_ms is not None), default=0)

    @property
    def lost(self) -> Frame | None:
        """The smallest that did not."""
        return min((frame for frame in self.frames if frame.back_ms is None), key=lambda frame: frame.bytes, default=None)


@dataclass(frozen=True, slots=True)
class Compression:
    """A connection that offers permessage-deflate, beside one that works without it."""

    took_ms: float
    reply: Reply
    agreed: str = ""
    """``Sec-WebSocket-Extensions`` of the answer; empty: it was declined."""
    sent: int = 0
    back: int = 0
    """How many of the texts came back as they were."""
    close: Close | None = None


@dataclass(frozen=True, slots=True)
class Steady:
    """Frames that the server sent every ``interval_ms``, and when they arrived, from the first."""

    took_ms: float
    interval_ms: float
    arrivals_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A node, and how long after the commit the bell rang there; None: not at all."""

    node: str
    after_ms: float | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message sent on one connection and awaited on a second one, in a chat made for it or in one that was named."""

    took_ms: float
    sent_at: str | None = None
    """The node of the sender."""
    received_at: str | None = None
    """The node of the receiver."""
    ack_ms: float | None = None
    received_ms: float | None = None
    """From sending to the arrival on the second connection; None: it did not come within the deadline."""
    error: str | None = None
    """The code with which the message, or a chat for it, was refused."""
    detail: str = ""
    """What the server said to that."""
    heard: tuple[Heard, ...] = ()
    heads: tuple[tuple[str, int], ...] = ()
    """Node and the seq of its last event of the chat, where more than one node was asked."""
    subscribed: bool = True
    foreign_errors: int = 0
    """Errors that came to the second connection although the first had caused them."""
    close: Close | None = None
    """How one of the two ended meanwhile, or was not let in."""


@dataclass(frozen=True, slots=True)
class Line:
    """One connection of the idle test. ``lived_s`` to its end, or to the end of the test if ``close`` is None."""

    silent_s: float
    """For how long nothing was to be sent on it; 0 for the two that are not silent."""
    lived_s: float
    close: Close | None = None
    when_asked: bool = False
    """Whether it looked open until something was said on it."""

    @property
    def is_forgotten(self) -> bool:
        """Whether it was lost without a word."""
        return self.close is not None and (self.when_asked or self.close.how == "dead")


@dataclass(frozen=True, slots=True)
class Idle:
    """Connections that were silent for different times, with the server's heartbeat off, and one that spoke all the time."""

    took_ms: float
    silent: tuple[Line, ...]
    busy: Line | None = None
    heartbeat: Line | None = None
    """One that said nothing by itself and answered the server's heartbeat, as clients do."""
    heartbeat_s: float | None = None
    """How often the server's heartbeat comes: by its ``welcome``, or by the first ping."""


@dataclass(frozen=True, slots=True)
class Listener:
    """The program of this machine that listens at the port, looked at while it did not answer."""

    pid: int
    program: str
    files: int
    """How many it has open."""
    files_max: int | None
    """How many it may have."""
    is_stopped: bool

    @property
    def is_full(self) -> bool:
        """Some programs keep one file back, to be able to hang up."""
        return self.files_max is not None and self.files >= self.files_max - 1


@dataclass(frozen=True, slots=True)
class Many:
    """Connections opened at once: how many stood, and how the first that did not was told so."""

    took_ms: float
    asked: int
    stood: int
    reply: Reply | None = None
    close: Close | None = None
    per_user: int | None = None
    """How many a user may have, by ``welcome``; one more replaces the oldest."""
    others: int = 0
    """How many the same user has elsewhere; none was opened that would have replaced one of them."""
    listener: Listener | None = None
    """Looked at while the others stood."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a connection that had worked came to its end (``--watch``), and at which age."""

    at_ms: int
    lived_s: float
    close: Close
    others: int = 0
    """How many more of ours ended in the same second."""
    server_stayed: bool | None = None
    """Whether the server's node was the same before and after."""


@dataclass(frozen=True, slots=True)
class Direct:
    """The same upgrade past what stands between, at an address that was given for that."""

    took_ms: float
    at: str
    reply: Reply | None = None
    """None where no line was had; ``text`` says why."""
    is_open: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """How whoever is first on the way refuses a malformed request: each program has words of its own for that."""

    took_ms: float
    reply: Reply


@dataclass(frozen=True, slots=True)
class Forward:
    """The proxy that this machine's environment names, which other programs use: the tunnel to the server, and the upgrade in it.

    ``connect`` is its answer to CONNECT, None where it could not be asked (``text`` says why).
    """

    took_ms: float
    variable: str
    url: str
    connect: Reply | None = None
    upgrade: Reply | None = None
    text: str = ""

    @property
    def is_through(self) -> bool:
        return self.upgrade is not None and self.upgrade.status == 101  # noqa: PLR2004 - Switching Protocols


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was seen, in the order in which it was looked for."""

    address: Address
    names: Names | None = None
    tcp: Tcp | None = None
    tls: Tls | None = None
    http: Http | None = None
    upgrade: Upgrade | None = None
    token: Token | None = None
    welcome: Welcome | None = None
    echo: Echo | None = None
    frames: Frames | None = None
    compression: Compression | None = None
    steady: Steady | None = None
    delivery: Delivery | None = None
    idle: Idle | None = None
    many: Many | None = None
    ended: Ended | None = None
    listener: Listener | None = None
    hop: Hop | None = None
    direct: Direct | None = None
    forward: Forward | None = None
    version: str = ""
    """The doctor's own version."""
    machine: str = ""
    """Where it ran: system, Python, OpenSSL."""
    at_ms: int = 0
    notes: tuple[str, ...] = ()
    """What could not be measured here, and why, as sentences."""
