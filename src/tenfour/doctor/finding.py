"""One finding: a cause, and what is particular about it here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from tenfour.causes import CAUSE_BY_CODE, CAUSES
from tenfour.doctor.evidence import Close, Evidence, Reply
from tenfour.errors import FAILURES, ErrorCode
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.problem import Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause by its id. ``says`` replaces its sentence; ``certain`` is False where other causes look alike."""

    cause: str
    says: str
    certain: bool = True

    @classmethod
    def plain(cls, cause: str, *particulars: str) -> Finding:
        """The cause's own sentence, then the particulars."""
        return cls(cause, " ".join((CAUSES[cause].sentence, *particulars)))

    @classmethod
    def likely(cls, cause: str, *particulars: str) -> Finding:
        """The same, but something else may be behind it."""
        return cls(cause, " ".join((CAUSES[cause].sentence, *particulars)), certain=False)


def problem_of(reply: Reply) -> Problem | None:
    """Tenfour's own error in an answer, whoever passed it on."""
    if not (reply.header("content-type") or "").startswith("application/problem+json"):
        return None
    try:
        return msgspec.json.decode(reply.body, type=Problem)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def is_tenfour(evidence: Evidence) -> bool:
    """Whether anything that was seen is Tenfour's for certain."""
    upgrade = evidence.upgrade
    by_http = evidence.http is not None and evidence.http.server is not None
    by_upgrade = upgrade is not None and ((upgrade.is_open and upgrade.subprotocol == PROTOCOL) or problem_of(upgrade.reply) is not None)
    return by_http or by_upgrade or (evidence.welcome is not None and evidence.welcome.outcome == "welcome")


def expects_tenfour(evidence: Evidence) -> bool:
    """Whether whoever asks thinks that Tenfour is there: by the path, or by bringing a token."""
    return "/api/v1/" in evidence.address.path or (evidence.token is not None and evidence.token.given)


def by_code(code: str, detail: str) -> Finding | None:
    """What an error of ours stands for, with the server's words where they say more; None for one that is no fault of the connection, or none of ours."""
    cause = CAUSE_BY_CODE.get(code)
    if cause is None:
        return None
    said = detail.strip().removesuffix(".")
    if code == ErrorCode.TOO_MANY_CONNECTIONS and "file descriptors" in said:
        return Finding.plain("fd_limit", f"The server says: “{said}”.")
    says_no_more = not said or (len(cause.codes) == 1 and said == FAILURES[cause.codes[0]].title)
    return Finding.plain(cause.id) if says_no_more else Finding.plain(cause.id, f"The server says: “{said}”.")


_BY_CLOSE_CODE = {
    1001: "proxy_reload",
    1002: "deflate_broken",
    1003: "frames_wrong",
    1007: "deflate_broken",
    1008: "other_ws_server",
    1009: "frame_too_big",
    1011: "internal",
    1012: "draining",
    1013: "draining",
    4400: "frames_wrong",
    4401: "token_malformed",
    4403: "not_member",
    4404: "chat_unknown",
    4408: "slow_reader",
    4409: "replaced",
    4410: "pong_missing",
    4429: "too_many",
    4500: "internal",
    4503: "store_down",
}


def by_close(close: Close) -> Finding | None:
    """What the end of a connection stands for; None where the line was cut without a word."""
    if close.how == "garbled":
        return Finding("deflate_broken", "What comes are no frames as they were agreed upon: something on the way changes them.", certain=False)
    if close.how != "frame":
        return None
    found = by_code(close.error, close.reason.partition(":")[2]) if close.reason else None
    if found is not None:
        return found
    cause = _BY_CLOSE_CODE.get(close.code or 0)
    told = f"It was closed with {close.code} and {f'the reason “{close.reason}”' if close.reason else 'no reason'}."
    return None if cause is None else Finding.likely(cause, told)


def ending(close: Close) -> str:
    """An ending in words."""
    match close.how:
        case "frame":
            return f"closed with {close.code or 'no code'}{f', “{close.reason}”' if close.reason else ' and no reason'}"
        case "fin":
            return "cut without a close frame"
        case "rst":
            return "reset"
        case "dead":
            return "lost without a word"
        case "garbled":
            return "given up, because what came were no frames"


_STEPS_S = ((86_400 * 2, 86_400, "days"), (3_600 * 2, 3_600, "hours"), (120, 60, "minutes"))


TENTHS_MATTER_S = 0.95


def lasting(ms: float) -> str:
    """A duration in words: "50 ms", "40 s", "5 minutes", "3 days"."""
    seconds = abs(ms) / 1000
    if seconds < TENTHS_MATTER_S:
        return f"{abs(ms):.0f} ms"
    for least, unit, name in _STEPS_S:
        if seconds >= least - 0.5:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s" if seconds >= 10 or seconds.is_integer() else f"{seconds:.1f} s"  # noqa: PLR2004 - below it tenths matter


_YEAR_MS = 366 * 86_400_000
_LATEST_MS = 8_000 * _YEAR_MS


def moment(ms: int) -> str:
    """A moment: "2026-03-01 12:00 UTC"."""
    if not -_YEAR_MS < ms < _LATEST_MS:
        return "a date beyond all calendars"
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
