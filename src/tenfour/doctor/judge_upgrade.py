"""What the evidence says of the upgrade: who stopped it, what the server saw of it, Origin and subprotocol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tenfour.causes import CAUSES
from tenfour.doctor.evidence import Change, Evidence, Reply, Upgrade
from tenfour.doctor.finding import Finding, by_code, expects_tenfour, is_tenfour, problem_of
from tenfour.doctor.judge_http import asked_url, is_html, judge_barrier, judge_silence
from tenfour.doctor.proxies import Proxy, fingerprint
from tenfour.wire.frames import PROTOCOL
from tenfour.wire.problem import Problem

CACHE_HEADERS = ("x-cache", "cf-cache-status", "x-cache-status", "age", "x-served-by")
_SWITCHING, _OK, _BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _UPGRADE_REQUIRED, _TOO_MANY = 101, 200, 400, 403, 404, 426, 429


def judge_upgrade(evidence: Evidence) -> Finding | None:
    upgrade = evidence.upgrade
    if upgrade is None:
        return None
    if upgrade.reply.status == _SWITCHING:
        return _switched(evidence, upgrade)
    return judge_refused(evidence, upgrade, upgrade.reply)


def _switched(evidence: Evidence, upgrade: Upgrade) -> Finding | None:
    if not upgrade.accept_is_right:
        header = next((name for name in CACHE_HEADERS if upgrade.reply.header(name) is not None), None)
        return Finding.plain("cdn_caches", f"The answer has the header {header}, and is the one to another handshake.") if header else Finding.plain("accept_wrong")
    if upgrade.subprotocol is not None or PROTOCOL not in upgrade.offered:
        return None
    server = evidence.http.server if evidence.http is not None else None
    if server is not None and server.protocol != PROTOCOL:
        return Finding.plain("protocol_version", f"The server ({server.version}) speaks {server.protocol}, this doctor {PROTOCOL}.")
    if server is not None:
        return Finding.plain("subprotocol_dropped", f"{PROTOCOL} was offered, and the answer names no subprotocol.")
    if expects_tenfour(evidence) and evidence.http is not None and not is_tenfour(evidence):
        return Finding.plain("other_ws_server", f"It does not answer with the subprotocol {PROTOCOL}, and /api/v1/server is not Tenfour's.")
    return None


def judge_refused(evidence: Evidence, upgrade: Upgrade, reply: Reply) -> Finding | None:
    """An upgrade, with or without a token, that got no 101."""
    if reply.outcome != "answered":
        return _unanswered(evidence, upgrade, reply)
    problem = problem_of(reply)
    if problem is not None:
        return _by_problem(evidence, upgrade, problem)
    return judge_barrier(evidence, reply) or _by_cure(upgrade, f"was answered with status {reply.status}") or _by_status(evidence, upgrade, reply)


def _unanswered(evidence: Evidence, upgrade: Upgrade, reply: Reply) -> Finding | None:
    """Nothing came back, although the plain GET may have been answered."""
    http = evidence.http
    plain = http.reply if http is not None and http.reply.outcome == "answered" else None
    return (_by_cure(upgrade, "got no answer") or _only_the_upgrade(reply, plain) if plain is not None else None) or judge_silence(evidence, reply)


def _only_the_upgrade(reply: Reply, plain: Reply) -> Finding | None:
    if reply.outcome == "reset" and fingerprint(plain) is Proxy.NGINX:
        return Finding.likely("proxy_full", "nginx answers a plain request and resets an upgrade, which takes two connections.")
    cached = next((name for name in CACHE_HEADERS if plain.header(name) is not None), None)
    if reply.outcome == "no_byte" and cached:
        return Finding.likely("cdn_caches", f"A plain request is answered with the header {cached}, an upgrade is not answered.")
    return None


# Tenfour refused it, and says why


@dataclass(frozen=True, slots=True)
class Saw:
    """What arrived at Tenfour of an upgrade, as the detail of its 426 tells it."""

    http_version: str
    upgrade: str | None
    connection: str | None
    key: bool


_SAW = re.compile(r"Over HTTP/(?P<version>[\d.]+) came ")
_SAW_HEADER = re.compile(r"(?:^|, )(upgrade|connection|sec-websocket-key|via): (.*?)(?=, (?:upgrade|connection|sec-websocket-key|via): |\.(?: |$)|$)")
_OTHER_VERSION = "The WebSocket version is"


def saw(detail: str) -> Saw | None:
    """The detail read back; None for another one."""
    found = _SAW.match(detail)
    if found is None:
        return None
    headers = dict(_SAW_HEADER.findall(detail[found.end() :]))
    return Saw(found["version"], headers.get("upgrade"), headers.get("connection"), "sec-websocket-key" in headers)


def _by_problem(evidence: Evidence, upgrade: Upgrade, problem: Problem) -> Finding | None:
    match problem.code:
        case "upgrade_required":
            return _not_upgraded(evidence, upgrade, problem.detail)
        case "origin_refused":
            return _origin(evidence, upgrade, problem.detail)
        case "not_found":
            return _path(upgrade, problem.detail)
    return by_code(problem.code, problem.detail) or Finding.likely("internal", f"The answer was {problem.status}, {problem.code}: {problem.detail}")


def _not_upgraded(evidence: Evidence, upgrade: Upgrade, detail: str) -> Finding:
    if detail.startswith(_OTHER_VERSION):
        return Finding.plain("version_refused", f"The server says: {detail}")
    seen, by = saw(detail), _hop(evidence, upgrade)
    if seen is None:
        return Finding.likely("upgrade_stripped", by)
    is_old = seen.http_version.startswith("1.0")
    if seen.upgrade is None and not (is_old and _proxy_of(evidence, upgrade) not in (None, Proxy.NGINX)):  # only nginx talks HTTP/1.0 unasked
        key = "the key came, but no Upgrade" if seen.key else "none of the headers of an upgrade came"
        return Finding.plain("upgrade_stripped", f"At the server {key} (over HTTP/{seen.http_version}). {by}".strip())
    if is_old:
        return Finding.plain("http10_upstream", f"At the server the upgrade came over HTTP/1.0. {by}".strip())
    if "upgrade" not in (seen.connection or "").lower():
        return Finding.plain("connection_closed", f"At the server came Upgrade: {seen.upgrade}, and Connection: {seen.connection or 'nothing'}. {by}".strip())
    return Finding.likely("upgrade_stripped", f"The server says: {detail}", by)


def _hop(evidence: Evidence, upgrade: Upgrade) -> str:
    proxy = _proxy_of(evidence, upgrade)
    in_plain = " Over plain HTTP, at port 80, it is let through: the rules there are right." if upgrade.cured_by("plain_http") else ""
    return f"{proxy} stands between.{in_plain}" if proxy is not None else in_plain.strip()


def _proxy_of(evidence: Evidence, upgrade: Upgrade) -> Proxy | None:
    return fingerprint(upgrade.reply, evidence.http.reply if evidence.http is not None else None, evidence.hop.reply if evidence.hop is not None else None)


_ORIGIN_DETAIL = re.compile(r"The page's origin is '(?P<origin>[^']*)' and the request's host '(?P<host>[^']*)'")


def _origin(evidence: Evidence, upgrade: Upgrade, detail: str) -> Finding:
    """A page of the same site is refused because of what a proxy does; any other because of the rule."""
    found = _ORIGIN_DETAIL.search(detail)
    origin, host = (found["origin"], found["host"]) if found is not None else (upgrade.origin or "", upgrade.host)
    asked = upgrade.host or urlsplit(asked_url(evidence)).netloc
    scheme, _, site = origin.partition("://")
    if site.lower() not in (asked.lower(), evidence.address.host):
        return Finding("origin_refused", f"The server does not let pages of {origin or 'this origin'} connect.")
    if host.lower() != asked.lower():
        return Finding("host_rewritten", f"{asked} was asked, and the server saw the host {host}: a proxy changes it, so that the server takes its own page for a stranger's.")
    if scheme == "https":
        return Finding.likely("scheme_lost", f"The page is {origin}, and the server saw the host {host} without knowing of the TLS before it; or its allowed_origins lack its own page.")
    return Finding("origin_refused", f"The server does not let pages of {origin} connect, although they are its own: allowed_origins names others only.")


_PATH_DETAIL = re.compile(r"No WebSocket is at (?P<path>\S+); the doors")


def _path(upgrade: Upgrade, detail: str) -> Finding:
    found = _PATH_DETAIL.search(detail)
    asked = upgrade.path.partition("?")[0]
    if found is not None and found["path"] != asked[:200]:
        return Finding("base_path_lost", f"{asked} was asked, and {found['path']} reached the server: a proxy changes the path on the way.")
    before, door, _ = asked.partition("/api/v1/")
    hint = f" If a proxy is meant to take {before} away, it does not." if before and door else ""
    return Finding.plain("path_wrong", f"It was asked for {asked}.{hint}")


# Somebody else refused it, and gives no reason


_CURES: tuple[tuple[Change, str, str, bool], ...] = (
    ("no_origin", "origin_refused", "without Origin", True),
    ("slash", "redirected", "with the last / changed", True),
    ("short_url", "header_too_big", "with a short address", True),
    ("tls", "forward_proxy", "as wss://", True),
    ("no_extension", "deflate_broken", "without compression, which all browsers offer", True),
    ("plain_http", "upgrade_stripped", "over plain HTTP at port 80", False),
)


def _by_cure(upgrade: Upgrade, what: str) -> Finding | None:
    """The one change that made it work names the cause."""
    for change, cause, how, certain in _CURES:
        if upgrade.cured_by(change):
            return Finding(cause, f"{CAUSES[cause].sentence} The upgrade {what}, and is let through {how}.", certain=certain)
    return None


def _is_the_servers_own(evidence: Evidence, reply: Reply) -> bool:
    """Past what stands between, the same answer comes: nobody between has made it."""
    direct = evidence.direct.reply if evidence.direct is not None else None
    return direct is not None and direct.status == reply.status


def _wants_upgrades(evidence: Evidence) -> bool:
    """Whether another program answers a plain request as servers of WebSockets do."""
    plain = evidence.http.reply if evidence.http is not None else None
    return plain is not None and plain.status == _UPGRADE_REQUIRED and problem_of(plain) is None


def _by_status(evidence: Evidence, upgrade: Upgrade, reply: Reply) -> Finding:
    wanted = reply.header("sec-websocket-version")
    proxy = fingerprint(reply)
    by = f"The upgrade was answered with status {reply.status}{f' from {proxy}' if proxy else ''}."
    if wanted is not None and "13" not in wanted.replace(" ", "").split(","):
        return Finding.plain("version_refused", by, f"It wants version {wanted}.")
    if reply.status in (_BAD_REQUEST, _UPGRADE_REQUIRED) and not _is_the_servers_own(evidence, reply):
        return Finding.plain("other_ws_server", by) if _wants_upgrades(evidence) else Finding.likely("upgrade_stripped", by)
    if reply.status in (_FORBIDDEN, _TOO_MANY):
        return Finding.likely("waf_block", by)
    if reply.status == _OK and is_html(reply):
        return Finding.plain("spa_fallback", by)
    if reply.status == _NOT_FOUND and evidence.http is not None and evidence.http.server is not None:
        return Finding("wrong_upstream", f"Tenfour is there, but {upgrade.path.partition('?')[0]} does not lead to it. {by}")
    return Finding("wrong_upstream", f"What answers at this address takes no WebSocket there. {by}", certain=expects_tenfour(evidence) and not is_tenfour(evidence))
