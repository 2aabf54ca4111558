"""The judgement: from everything that was seen to the one root cause, and one line a check. Pure.

The steps stand in the order of the way, and the first that failed has the cause: what comes after it failed
because of it. What works here but fails for others (a port that browsers refuse, a dead second address) is
asked last. Each step's judge is in a ``judge_*`` file; none of them raises, whatever the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles
from typing import Literal

from tenfour.causes import CAUSES, EXIT_CODES, EXIT_HEALTHY, EXIT_NOT_TENFOUR, Cause
from tenfour.doctor.evidence import Evidence, Reply
from tenfour.doctor.finding import Finding, ending, expects_tenfour, is_tenfour, lasting, problem_of
from tenfour.doctor.judge_delivery import judge_compression, judge_delivery, judge_echo, judge_frames, judge_steady
from tenfour.doctor.judge_http import judge_http
from tenfour.doctor.judge_line import judge_address, judge_address_for_browsers, judge_dead_addresses, judge_listener, judge_names, judge_tcp, judge_tls
from tenfour.doctor.judge_others import is_first_on_the_way, judge_forward, judge_h2, judge_nodes, past_it
from tenfour.doctor.judge_session import SKEW_MS, judge_readiness, judge_token, judge_welcome, with_reasons
from tenfour.doctor.judge_time import cut_after_s, judge_ended, judge_idle, judge_many
from tenfour.doctor.judge_upgrade import judge_upgrade
from tenfour.doctor.lines import OFTEN, UPSTREAM, all_lines, lines
from tenfour.doctor.own_lines import own_lines
from tenfour.doctor.proxies import Proxy, fingerprint

_SWITCHING = 101
Verdict = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True, slots=True)
class Paste:
    """Lines for one proxy."""

    proxy: Proxy
    lines: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do, and what to paste: an address, a setting or a command (``own``), and the lines of the proxy.

    Where a proxy is to be corrected and none gave itself away, ``likely`` has the lines of each that it may be.
    """

    text: str
    proxy: Proxy | None = None
    lines: str = ""
    own: str = ""
    likely: tuple[Paste, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The one cause, or None if nothing is wrong as far as it was measured."""

    cause: Cause | None
    says: str
    fix: Fix | None
    certain: bool
    not_measured: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class Check:
    """One step in one line."""

    name: str
    verdict: Verdict
    line: str
    took_ms: float
    cause: str | None = None
    """What this step alone points to, where it is not well."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    title: str
    judge: Callable[[Evidence], Finding | None]
    line: Callable[[Evidence], str]
    missing: str
    """What was not measured where the step was not reached, as the rest of a sentence."""


def diagnose(evidence: Evidence) -> Diagnosis:
    """The one root cause of what was seen."""
    found = _first(evidence)
    not_measured = _not_measured(evidence)
    if found is None:
        ours = is_tenfour(evidence)
        return Diagnosis(None, _all_well(evidence, ours=ours), None, certain=True, not_measured=not_measured, exit_code=EXIT_HEALTHY if ours else EXIT_NOT_TENFOUR)
    finding, _ = found
    cause = CAUSES[finding.cause]
    return Diagnosis(cause, finding.says, _fix(evidence, cause), finding.certain, not_measured, EXIT_CODES[cause.layer])


def checks(evidence: Evidence) -> list[Check]:
    """What each step came to; the one with the cause failed, others with something odd are warnings.

    A step behind the one that failed says what came, and not what it would mean if nothing had failed before.
    """
    found = _first(evidence)
    names = [step.name for step in _STEPS]
    failed_at = names.index(found[1]) if found is not None else len(names)
    return [_check(evidence, step, place - failed_at) for place, step in enumerate(_STEPS) if _is_shown(evidence, step)]


def proxy_of(evidence: Evidence) -> Proxy | None:
    """The proxy that gave itself away."""
    upgrade, http, welcome = evidence.upgrade, evidence.http, evidence.welcome
    replies = (each.reply for each in (upgrade, welcome, http, evidence.hop) if each is not None)
    return fingerprint(*replies)


def _first(evidence: Evidence) -> tuple[Finding, str] | None:
    """The finding that counts, and the name of its step."""
    for name, judge in (*((step.name, step.judge) for step in _STEPS), *_LAST):
        found = judge(evidence)
        if found is not None:
            return past_it(evidence, with_reasons(evidence, found)), name
    return None


def _fix(evidence: Evidence, cause: Cause) -> Fix:
    proxy, own = proxy_of(evidence), own_lines(cause.id, evidence)
    if proxy is not None:
        return Fix(cause.fix, proxy, _fitted(evidence, lines(proxy, cause.id)), own)
    if own or not _may_be_a_proxy(evidence):
        return Fix(cause.fix, own=own)
    return Fix(cause.fix, likely=tuple(Paste(each, _fitted(evidence, text)) for each, text in all_lines(cause.id).items() if each in OFTEN))


def _fitted(evidence: Evidence, text: str) -> str:
    """The lines with the host that was asked, and with the server's own address where that is known."""
    direct = evidence.direct
    text = re.sub(r"\bHOST\b", lambda _: evidence.address.host, text)
    return text.replace(UPSTREAM, direct.at) if direct is not None and direct.is_open else text


def _may_be_a_proxy(evidence: Evidence) -> bool:
    """Whether the lines of proxies are to the point: something that speaks HTTP or TLS stands there, where Tenfour is expected."""
    speaks = evidence.http is None or evidence.http.reply.outcome == "answered"
    return speaks and expects_tenfour(evidence) and not is_first_on_the_way(evidence)


def _all_well(evidence: Evidence, *, ours: bool) -> str:
    if not ours:
        return "The line is good as far as can be seen, but the server is not Tenfour, so that nothing of chats was tried."
    if evidence.delivery is not None:
        return "All is well: connected, let in, and a message arrived."
    if evidence.welcome is not None:
        return "All is well: connected and let in."
    return "All is well as far as it goes without a token: the server is reached, and WebSockets get through to it."


_NOT_BY_US = "What only a browser has is not tried here: a page's Content-Security-Policy, extensions and limits. The page /debug connects from there."


def _not_measured(evidence: Evidence) -> tuple[str, ...]:
    missing = [f"Not measured: {step.missing}." for step in _STEPS if step.missing and getattr(evidence, step.name) is None and _is_shown(evidence, step)]
    return (*evidence.notes, *missing, _NOT_BY_US)


def _is_shown(evidence: Evidence, step: _Step) -> bool:
    """TLS is no step of a plain address; how a connection ended, and how many may stand, only where that was looked for."""
    if step.name == "tls":
        return evidence.address.is_secure or evidence.tls is not None
    if step.name == "hop":
        return evidence.hop is not None and (fingerprint(evidence.hop.reply) is not None or is_first_on_the_way(evidence))
    return step.name not in _ONLY_IF_SEEN or getattr(evidence, step.name) is not None


def _check(evidence: Evidence, step: _Step, behind: int) -> Check:
    """One step; ``behind`` is its distance to the one that failed, below 0 before it."""
    seen = getattr(evidence, step.name)
    if seen is None and behind != 0:
        return Check(step.title, "skipped", "not measured", 0.0)
    finding = step.judge(evidence)
    took_ms = seen.took_ms if hasattr(seen, "took_ms") else 0.0
    if behind == 0:
        found = _first(evidence)
        assert found is not None, "a step failed"
        return Check(step.title, "fail", found[0].says, took_ms, found[0].cause)
    if finding is not None:
        says = step.line(evidence) if behind > 0 and step.name not in _ONLY_IF_SEEN else finding.says
        return Check(step.title, "warn", says, took_ms, finding.cause)
    return Check(step.title, "warn" if _is_odd(evidence, step) else "ok", step.line(evidence), took_ms)


def _is_odd(evidence: Evidence, step: _Step) -> bool:
    """Something that is no cause here: a clock that goes wrong, a ``welcome`` that is held back, a proxy that stops it."""
    held_back = step.name == "welcome" and evidence.welcome is not None and evidence.welcome.outcome != "welcome"
    stopped = step.name == "forward" and evidence.forward is not None and not evidence.forward.is_through
    past_it_too = step.name == "direct" and evidence.direct is not None and not evidence.direct.is_open
    return held_back or stopped or past_it_too or (step.name == "http" and _is_skewed(evidence))


def _is_skewed(evidence: Evidence) -> bool:
    skew_ms = evidence.http.skew_ms if evidence.http is not None else None
    return skew_ms is not None and abs(skew_ms) > SKEW_MS


# The line of a check that is well, or behind one that failed


def _came(reply: Reply) -> str:
    """An answer in two words."""
    if reply.outcome == "answered":
        return f"status {reply.status}"
    return {"no_byte": "no answer", "closed": "hung up", "reset": "reset", "not_http": "no HTTP"}[reply.outcome]


def _address_line(evidence: Evidence) -> str:
    address = evidence.address
    return f"{address.given} (host {address.host}, port {address.port})"


def _names_line(evidence: Evidence) -> str:
    names = evidence.names
    return ", ".join((*names.ipv4, *names.ipv6)) or "no address" if names is not None else ""


def _tcp_line(evidence: Evidence) -> str:
    dials = evidence.tcp.dials if evidence.tcp is not None else ()
    return ", ".join(f"{dial.address} {dial.outcome.replace('_', ' ')}" for dial in dials) or "nothing tried"


def _listener_line(evidence: Evidence) -> str:
    listener = evidence.listener
    return f"{listener.program} ({listener.pid}) has {listener.files} files open" if listener is not None else ""


def _tls_line(evidence: Evidence) -> str:
    tls = evidence.tls
    if tls is None:
        return ""
    until = f", certificate of {tls.certificate.issuer} for {lasting(tls.certificate.not_after_ms - evidence.at_ms)} more" if tls.certificate is not None and evidence.at_ms else ""
    return f"{tls.version or 'open'}{until}"


def _http_line(evidence: Evidence) -> str:
    http = evidence.http
    if http is None:
        return ""
    if http.server is None:
        return f"{_came(http.reply)}, not Tenfour"
    skew = f"; this machine's clock is {lasting(http.skew_ms or 0)} {'ahead' if (http.skew_ms or 0) > 0 else 'behind'}" if _is_skewed(evidence) else ""
    proxy = proxy_of(evidence)
    return f"Tenfour {http.server.version}, node {http.server.node}{f', behind {proxy}' if proxy is not None else ''}{skew}"


def _upgrade_line(evidence: Evidence) -> str:
    upgrade = evidence.upgrade
    if upgrade is None:
        return ""
    problem = problem_of(upgrade.reply)
    return f"{_came(upgrade.reply)}{f', {upgrade.subprotocol}' if upgrade.subprotocol else ''}{f', {problem.code}' if problem is not None else ''}"


def _token_line(evidence: Evidence) -> str:
    token = evidence.token
    if token is None or not token.given:
        return "none given"
    return f"of {token.issuer or 'no issuer'} for {token.subject or 'nobody'}, signed with {token.algorithm or 'nothing'}"


def _welcome_line(evidence: Evidence) -> str:
    welcome = evidence.welcome
    if welcome is None or welcome.outcome != "welcome":
        return "none came"
    chats = f"{len(welcome.chats)}{' and more' if welcome.chats_more else ''} chat{'' if len(welcome.chats) == 1 and not welcome.chats_more else 's'}"
    return f"connection {welcome.connection} at node {welcome.node}, {chats}"


def _echo_line(evidence: Evidence) -> str:
    times = sorted(evidence.echo.times_ms) if evidence.echo is not None else []
    if not times:
        return "nothing sent"
    p99 = quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0]
    return f"{len(times)} round trips, p50 {times[len(times) // 2]:.2f} ms, p99 {p99:.2f} ms"


def _frames_line(evidence: Evidence) -> str:
    frames = evidence.frames
    if frames is None:
        return ""
    return f"up to {frames.passed_bytes:,} bytes pass{'; the server takes no more' if frames.lost is not None else ''}"


def _compression_line(evidence: Evidence) -> str:
    seen = evidence.compression
    if seen is None:
        return ""
    return f"works: {seen.agreed}" if seen.agreed else "declined, as Tenfour does" if seen.reply.status == _SWITCHING else "not tried: no further connection was let in"


def _steady_line(evidence: Evidence) -> str:
    return f"{len(evidence.steady.arrivals_ms)} frames came evenly" if evidence.steady is not None else ""


def _delivery_line(evidence: Evidence) -> str:
    delivery = evidence.delivery
    if delivery is None or delivery.ack_ms is None or delivery.received_ms is None:
        return f"refused with {delivery.error}" if delivery is not None and delivery.error else "not tried"
    heard = ", ".join(f"{each.node} after {each.after_ms:.0f} ms" for each in delivery.heard if each.after_ms is not None)
    return f"stored after {delivery.ack_ms:.1f} ms, at the second connection after {delivery.received_ms:.1f} ms{f'; heard by {heard}' if heard else ''}"


def _idle_line(evidence: Evidence) -> str:
    idle = evidence.idle
    if idle is None:
        return ""
    after_s = cut_after_s(idle)
    every = f" of {lasting(idle.heartbeat_s * 1000)}" if idle.heartbeat_s is not None else ""
    if after_s is not None:
        return f"cut after {lasting(after_s * 1000)} of silence, which the server's heartbeat{every} prevents"
    return f"borne for {lasting(max((line.silent_s for line in idle.silent), default=0.0) * 1000)} at least{f'; the server has a heartbeat{every}' if every else ''}"


def _many_line(evidence: Evidence) -> str:
    return f"{evidence.many.stood} connections stood at once" if evidence.many is not None else ""


def _ended_line(evidence: Evidence) -> str:
    return f"after {lasting(evidence.ended.lived_s * 1000)}: {ending(evidence.ended.close)}" if evidence.ended is not None else ""


def _hop_line(evidence: Evidence) -> str:
    reply = evidence.hop.reply if evidence.hop is not None else None
    return f"{fingerprint(reply) or 'Tenfour itself, with nothing between'}, by how it refuses a malformed request"


def _direct_line(evidence: Evidence) -> str:
    direct = evidence.direct
    if direct is None:
        return ""
    came = direct.text if direct.reply is None else _came(direct.reply)
    return f"{direct.at}: {'the upgrade works' if direct.is_open else came}"


def _forward_line(evidence: Evidence) -> str:
    forward = evidence.forward
    if forward is None:
        return ""
    came = "lets the upgrade through" if forward.is_through else forward.text or (_came(forward.upgrade or forward.connect) if forward.connect is not None else "no answer")
    return f"{forward.variable}={forward.url}: {came}"


def _nothing(_: Evidence) -> Finding | None:
    return None


_ONLY_IF_SEEN = frozenset({"listener", "many", "ended", "hop", "direct", "forward"})
"""What is looked for in some runs only, and missed in none."""
_STEPS = (
    _Step("address", "address", judge_address, _address_line, ""),
    _Step("names", "DNS", judge_names, _names_line, "the host's name"),
    _Step("tcp", "TCP", judge_tcp, _tcp_line, "whether the port is open"),
    _Step("listener", "process", judge_listener, _listener_line, ""),
    _Step("tls", "TLS", judge_tls, _tls_line, "TLS and the certificate"),
    _Step("http", "HTTP", judge_http, _http_line, "plain HTTP"),
    _Step("upgrade", "upgrade", judge_upgrade, _upgrade_line, "the upgrade to WebSocket"),
    _Step("token", "token", judge_token, _token_line, "the token"),
    _Step("welcome", "welcome", judge_welcome, _welcome_line, "whether the server lets the token in"),
    _Step("echo", "round trip", judge_echo, _echo_line, "the round trip"),
    _Step("frames", "large frames", judge_frames, _frames_line, "large frames"),
    _Step("compression", "compression", judge_compression, _compression_line, "compression"),
    _Step("steady", "evenness", judge_steady, _steady_line, "whether frames come evenly"),
    _Step("delivery", "delivery", judge_delivery, _delivery_line, "delivery from one connection to another"),
    _Step("idle", "silence", judge_idle, _idle_line, "how long silence is borne (--idle 120)"),
    _Step("many", "number", judge_many, _many_line, ""),
    _Step("ended", "end", judge_ended, _ended_line, ""),
    _Step("hop", "first hop", _nothing, _hop_line, ""),
    _Step("direct", "past the proxy", _nothing, _direct_line, ""),
    _Step("forward", "own proxy", judge_forward, _forward_line, ""),
)
_LAST: tuple[tuple[str, Callable[[Evidence], Finding | None]], ...] = (
    ("http", judge_readiness),
    ("http", judge_nodes),
    ("address", judge_address_for_browsers),
    ("upgrade", judge_h2),
    ("tcp", judge_dead_addresses),
)
