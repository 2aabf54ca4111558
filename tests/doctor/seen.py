"""Evidence as it was measured, to change one thing in."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tenfour.doctor.evidence import (
    Address,
    Certificate,
    Close,
    Compression,
    Delivery,
    Dial,
    Echo,
    Evidence,
    Frame,
    Frames,
    Heard,
    Http,
    Idle,
    Line,
    Names,
    Reply,
    Server,
    Steady,
    Tcp,
    Tls,
    Token,
    Upgrade,
    Welcome,
)
from tenfour.errors import FAILURES, ErrorCode, TenfourError, close_reason
from tenfour.wire.problem import problem_json

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
PATH = "/api/v1/ws"
PROXIES = {
    "none": (),
    "nginx": (("Server", "nginx/1.22.1"),),
    "HAProxy": (),
    "Caddy": (("Server", "Caddy"),),
    "Apache": (("Server", "Apache/2.4.71 (Debian)"),),
}


def answered(status: int, body: str = "", took_ms: float = 3.0, **headers: str) -> Reply:
    return Reply(took_ms, "answered", status, "1.1", tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


def page(status: int, body: str, took_ms: float = 3.0, **headers: str) -> Reply:
    return answered(status, body, took_ms, Content_Type="text/html", **headers)


def refused(code: ErrorCode, detail: str | None = None, **headers: str) -> Reply:
    """Tenfour's own refusal, as its gate writes it."""
    return answered(FAILURES[code].status, problem_json(TenfourError(code, detail)).decode(), content_type="application/problem+json", **headers)


def closed(code: ErrorCode, detail: str | None = None) -> Welcome:
    return Welcome(20.0, "closed", close=Close("frame", FAILURES[code].close, close_reason(code, detail)))


CERTIFICATE = Certificate("chat.example", "Example CA", ("chat.example",), NOW_MS - 30 * DAY_MS, NOW_MS + 60 * DAY_MS, 2, self_signed=False, fingerprint="aa")


def healthy(proxy: str = "none") -> Evidence:
    headers = PROXIES[proxy]
    server = msgspec.json.encode({"name": "tenfour"}).decode()
    return Evidence(
        Address(0.1, f"wss://chat.example{PATH}", "wss", "chat.example", 443, PATH),
        Names(2.0, ("192.0.2.7",), ("2001:db8::7",)),
        Tcp(12.0, (Dial(11.0, "2001:db8::7", "open"), Dial(12.0, "192.0.2.7", "open"))),
        Tls(20.0, "open", "TLSv1.3", "http/1.1", certificate=CERTIFICATE),
        Http(5.0, "/api/v1/server", Reply(5.0, "answered", 200, "1.1", (*headers, ("content-type", "application/json")), server), Server("0.1.0", "n1", "tenfour.v1"), NOW_MS, NOW_MS + 40, ()),
        Upgrade(4.0, PATH, Reply(4.0, "answered", 101, "1.1", headers), ("tenfour.v1",), "tenfour.v1", accept_is_right=True, host="chat.example", origin="https://chat.example"),
        Token(0.1, given=True, carrier="authorization", algorithm="EdDSA", issuer="tenfour", subject="u1", expires_ms=NOW_MS + 900_000, bytes=400),
        Welcome(9.0, "welcome", node="n1", connection="c1", user="ada", chats=("k1",)),
        Echo(40.0, 20, tuple(1.5 + place / 10 for place in range(20))),
        Frames(9.0, (Frame(1_000, 2.0), Frame(60_000, 3.0)), 65_536),
        Compression(4.0, Reply(4.0, "answered", 101, "1.1", headers)),
        Steady(3_000.0, 100.0, tuple(100.0 * place + (place % 3) * 9 for place in range(30))),
        Delivery(30.0, "n1", "n1", 6.0, 7.5, heard=(Heard("n1", 0.4),)),
        Idle(120_000.0, (Line(30.0, 120.0), Line(60.0, 120.0)), Line(0.0, 120.0)),
        at_ms=NOW_MS + 40,
    )


def without_tls(evidence: Evidence) -> Evidence:
    return replace(evidence, address=replace(evidence.address, given=f"ws://chat.example{PATH}", scheme="ws", port=80), tls=None)


def until(evidence: Evidence, last: str) -> Evidence:
    """The same, but nothing was reached behind the step."""
    steps = [name for name in Evidence.__dataclass_fields__ if name not in ("version", "machine", "at_ms", "notes")]
    return replace(evidence, **dict.fromkeys(steps[steps.index(last) + 1 :]))
