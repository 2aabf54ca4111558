"""What the evidence says of HTTP: whether it is Tenfour, and what stands in the way.

The same rows hold for the plain GET and for an upgrade that was not let through, so that ``judge_reply`` is
asked about both.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from tenfour.doctor.evidence import Evidence, Reply
from tenfour.doctor.finding import Finding, by_code, expects_tenfour, is_tenfour, lasting, problem_of
from tenfour.doctor.judge_line import judge_listener
from tenfour.doctor.judge_others import judge_several
from tenfour.doctor.proxies import Proxy, fingerprint
from tenfour.errors import ErrorCode

TLS_RECORDS = ("1503", "1603")
HTTP2_SETTINGS = re.compile(r"0000[0-9a-f]{2}04")
_PLAIN_TO_TLS = ("plain http request was sent to https port", "speaking plain http to an ssl-enabled server port", "sent an http request to an https server")
_NO_CLIENT_CERTIFICATE = ("no required ssl certificate was sent", "the ssl certificate error")
_TOO_BIG = ("request header or cookie too large", "header fields are too", "size of a request header field exceeds", "request-uri too", "uri too long")
_OWN_PASSWORDS = re.compile(r"(basic|digest|negotiate|ntlm)\b", re.IGNORECASE)
_LOGIN_WORDS = re.compile(r"log[-_ ]?in|sign[-_ ]?in|\bsso\b|oauth|saml|/auth\b|accounts?\.|type=.?password", re.IGNORECASE)
_PORTAL_WORDS = re.compile(r"captive|hotspot|portal|guest[-_ ]?(?:wi-?fi|network)|wi-?fi|terms of (?:use|service)", re.IGNORECASE)
_MAINTENANCE_WORDS = re.compile(r"maintenance|be (?:right )?back (?:soon|shortly|in|at)|scheduled downtime", re.IGNORECASE)
_APACHES_OWN_WORDS = "maintenance downtime or capacity problems"
_WAF_HEADERS = ("cf-ray", "cf-mitigated", "x-sucuri-id", "x-iinfo", "x-akamai-request-id", "x-azure-ref")
_SLOW_MS = 4_500
_AT_ONCE_MS = 500
_LARGE_BYTES = 7_000
_SWITCHING, _FOUND, _OK, _BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _PROXY_AUTH, _UPGRADE_REQUIRED, _TOO_MANY, _BAD_GATEWAY, _UNAVAILABLE, _GATEWAY_TIMEOUT, _NETWORK_AUTH = (
    101,
    300,
    200,
    400,
    401,
    403,
    404,
    407,
    426,
    429,
    502,
    503,
    504,
    511,
)


def judge_http(evidence: Evidence) -> Finding | None:
    """The plain GET. That it is not Tenfour is no fault where nobody expects it, or where the upgrade shows that it is."""
    http = evidence.http
    if http is None:
        return None
    several = judge_several(evidence)
    if several is not None or http.server is not None:
        return several
    problem = problem_of(http.reply)
    refused = by_code(problem.code, problem.detail) if problem is not None and problem.code != ErrorCode.NOT_FOUND else None
    found = refused or judge_silence(evidence, http.reply) or judge_barrier(evidence, http.reply)
    if found is not None or not expects_tenfour(evidence) or is_tenfour(evidence):
        return found
    if evidence.upgrade is not None and evidence.upgrade.reply.status == _SWITCHING:
        return None
    return _somebody_else(evidence, http.reply)


def judge_silence(evidence: Evidence, reply: Reply) -> Finding | None:
    """Requests that got no HTTP at all."""
    return None if reply.outcome == "answered" else judge_listener(evidence) or _by_silence(evidence, reply)


def _by_silence(evidence: Evidence, reply: Reply) -> Finding:
    match reply.outcome:
        case "no_byte":
            return _no_byte(evidence, reply)
        case "not_http":
            return _not_http(evidence, reply)
    return _hung_up(evidence, reply)


def _hung_up(evidence: Evidence, reply: Reply) -> Finding:
    if _tls_is_there(evidence):
        return Finding.plain("plain_to_tls_port", "It hung up on plain HTTP, and TLS is answered.")
    if evidence.http is not None and evidence.http.speaks_h2:
        return Finding.plain("http2_only", "It answers HTTP/2, and hangs up on HTTP/1.1.")
    if reply.head or reply.status:
        return Finding("tcp_reset", "The line was closed in the middle of an answer: something on the way cuts it off.")
    how = "was reset" if reply.outcome == "reset" else "was closed"
    return Finding("tcp_reset", f"The line {how} as soon as the request had been sent.", certain=reply.outcome == "reset")


def _no_byte(evidence: Evidence, reply: Reply) -> Finding:
    if evidence.http is not None and evidence.http.is_alive:
        return Finding.plain(
            "welcome_late", f"It answers {evidence.http.path.removesuffix('server')}health/live at once, and had no answer within {lasting(reply.took_ms)} to what it has to read its data for."
        )
    hop = fingerprint(evidence.hop.reply) if evidence.hop is not None else None
    if hop is not None:
        return Finding.plain("upstream_mute", f"{hop} refuses a malformed request at once, and had no answer to a right one within {lasting(reply.took_ms)}.")
    also = "It may be stopped or stuck, have no file descriptor left, or be a proxy at its maxconn."
    return Finding("open_but_mute", f"The port {evidence.address.port} is open, but the program behind it said nothing within {lasting(reply.took_ms)}. {also}")


def _not_http(evidence: Evidence, reply: Reply) -> Finding:
    if reply.head.startswith(TLS_RECORDS) and not evidence.address.is_secure:
        return Finding.plain("plain_to_tls_port", f"Its answer begins with the bytes {reply.head[:4]}, which is TLS.")
    if HTTP2_SETTINGS.match(reply.head) or (evidence.http is not None and evidence.http.speaks_h2):
        return Finding.plain("http2_only", "It answers with the frames of HTTP/2.")
    return Finding.plain("wrong_upstream", f"It does not speak HTTP: its answer begins with {_words(reply.head) or f'the bytes {reply.head[:16]}'}.")


def _words(head: str) -> str | None:
    """The first line, if it is one of words."""
    try:
        line = bytes.fromhex(head).decode("ascii").splitlines()[0]
    except (ValueError, IndexError):
        return None
    return f"“{line}”" if line.isprintable() else None


def _tls_is_there(evidence: Evidence) -> bool:
    retried = evidence.upgrade.retried if evidence.upgrade is not None else ()
    return not evidence.address.is_secure and any(each.change == "tls" and each.reply.outcome == "answered" for each in retried)


def judge_barrier(evidence: Evidence, reply: Reply) -> Finding | None:
    """Answers of what stands before the server: gateways, log-ins, firewalls, limits. Never of Tenfour's own."""
    if problem_of(reply) is not None:
        return None
    return _by_text(evidence, reply) or _by_redirect(evidence, reply) or _by_demand(evidence, reply) or _by_maintenance(reply) or _by_gateway(reply)


def _by_text(evidence: Evidence, reply: Reply) -> Finding | None:
    """What an error page says in plain words."""
    body = reply.body.lower()
    if reply.status >= _BAD_REQUEST and any(text in body for text in _PLAIN_TO_TLS):
        return Finding.plain("plain_to_tls_port", f"The answer is status {reply.status} and says so.")
    if reply.status >= _BAD_REQUEST and any(text in body for text in _NO_CLIENT_CERTIFICATE):
        return Finding.plain("client_cert", f"The answer is status {reply.status} and says so.")
    if reply.status in (413, 414, 431) or (reply.status == _BAD_REQUEST and (any(text in body for text in _TOO_BIG) or _is_too_much_for_haproxy(evidence, reply))):
        return Finding.plain("header_too_big", f"The answer is status {reply.status}{_from(reply)}.")
    return None


def _is_too_much_for_haproxy(evidence: Evidence, reply: Reply) -> bool:
    """HAProxy calls a request that does not fit its buffer an invalid one; an ordinary one is half as long."""
    sent = max(evidence.upgrade.request_bytes if evidence.upgrade is not None else 0, evidence.token.bytes if evidence.token is not None else 0)
    return fingerprint(reply) is Proxy.HAPROXY and sent > _LARGE_BYTES


def _by_redirect(evidence: Evidence, reply: Reply) -> Finding | None:
    target = reply.header("location")
    if not _FOUND <= reply.status < _BAD_REQUEST or target is None:
        return None
    full = urljoin(asked_url(evidence), target)
    told = f"Status {reply.status}{_from(reply)} sends to {full}."
    if _host(full) == evidence.address.host:
        return Finding.plain("login_page", told) if _LOGIN_WORDS.search(full) else Finding.plain("redirected", told)
    if _PORTAL_WORDS.search(full):
        return Finding.plain("captive_portal", told)
    if _is_inside(_host(full)) and not _is_inside(evidence.address.host):
        return Finding.likely("captive_portal", told, "That address is one of a private network.")
    return Finding.plain("login_page", told) if _LOGIN_WORDS.search(full) else Finding.plain("redirected", told)


def asked_url(evidence: Evidence) -> str:
    """The address as a page's: with http or https."""
    address = evidence.address
    return f"{'https' if address.is_secure else 'http'}://{f'[{address.host}]' if ':' in address.host else address.host}:{address.port}{address.path}"


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_inside(host: str | None) -> bool:
    """Whether it is an address of a private network, as the gateway of a hotel has."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return address.is_private and not address.is_loopback


def _by_demand(evidence: Evidence, reply: Reply) -> Finding | None:
    """Somebody wants to know first who is there, or says no."""
    if reply.status == _NETWORK_AUTH:
        return Finding.plain("captive_portal", "It says so by status 511 (RFC 6585).")
    if reply.status == _PROXY_AUTH:
        return Finding.plain("forward_proxy", "It asks for a log-in of its own (status 407).")
    if reply.status == _UNAUTHORIZED and _OWN_PASSWORDS.match(reply.header("www-authenticate") or ""):
        return Finding.plain("http_auth", f"Status 401{_from(reply)} asks for {reply.header('www-authenticate')}.")
    if reply.status in (_FORBIDDEN, 406, 429):
        header = next((name for name in _WAF_HEADERS if reply.header(name) is not None), None) or next((name.lower() for name, _ in reply.headers if name.lower().startswith("x-amzn-")), None)
        if header is not None:
            return Finding.plain("waf_block", f"Status {reply.status} came with the header {header}.")
    # Under a path that a proxy has changed, Tenfour itself shows its client: how it refuses the upgrade says more.
    return _page(reply) if reply.status == _OK and is_html(reply) and expects_tenfour(evidence) and not is_tenfour(evidence) else None


def is_html(reply: Reply) -> bool:
    return "html" in (reply.header("content-type") or "") or reply.body.lstrip()[:14].lower().startswith(("<!doctype html", "<html"))


def _page(reply: Reply) -> Finding:
    """What kind of page it is that came in place of an answer."""
    if _is_maintenance(reply):
        return Finding.plain("maintenance", f"Status 200{_from(reply)} came with it.")
    if _PORTAL_WORDS.search(reply.body):
        return Finding.plain("captive_portal", f"Status 200{_from(reply)} came with its page.")
    if _LOGIN_WORDS.search(reply.body):
        return Finding.plain("login_page", f"Status 200{_from(reply)} came with its page.")
    return Finding.plain("spa_fallback", f"Status 200{_from(reply)} came with HTML.")


def _by_gateway(reply: Reply) -> Finding | None:
    """A gateway that got nothing from behind it. How long it took tells a dead server from a mute one, but for HAProxy, which tries for 3 s."""
    proxy, took = fingerprint(reply), f"status {reply.status} {_after(reply.took_ms)}"
    by = f"{proxy or 'A proxy'} answered with {took}."
    patience_ms = _AT_ONCE_MS if proxy is Proxy.APACHE else _SLOW_MS  # a server that is not there is 503 with Apache
    if reply.status == _GATEWAY_TIMEOUT or (reply.status == _BAD_GATEWAY and reply.took_ms >= patience_ms):
        return Finding.plain("upstream_mute", by)
    if reply.status == _BAD_GATEWAY:
        return Finding.plain("upstream_down", by)
    if reply.status != _UNAVAILABLE:
        return None
    if proxy is Proxy.NGINX:
        return Finding.likely("proxy_full", by, "nginx says 503 where limit_conn or limit_req holds.")
    if reply.took_ms >= _SLOW_MS and proxy is Proxy.APACHE:
        return Finding.plain("upstream_mute", by)
    return Finding("upstream_down", f"The proxy is there, but reaches no server behind it. {by}", certain=proxy is not None)


def _by_maintenance(reply: Reply) -> Finding | None:
    if reply.status != _UNAVAILABLE or not _is_maintenance(reply):
        return None
    after = reply.header("retry-after") or ""
    return Finding.plain("maintenance", f"Status 503{_from(reply)} came with it{f', and asks to come back after {lasting(int(after) * 1000)}' if after.isdecimal() else ''}.")


def _is_maintenance(reply: Reply) -> bool:
    return _MAINTENANCE_WORDS.search(reply.body) is not None and _APACHES_OWN_WORDS not in " ".join(reply.body.split())


def _after(took_ms: float) -> str:
    return f"after {lasting(took_ms)}" if took_ms >= _AT_ONCE_MS else "at once"


def _somebody_else(evidence: Evidence, reply: Reply) -> Finding:
    path = evidence.http.path if evidence.http is not None else evidence.address.path
    told = f"{path} was answered with status {reply.status}{_from(reply)}"
    if reply.status == _UPGRADE_REQUIRED:
        return Finding.plain("other_ws_server", f"{told}, as WebSocket servers do, and not by Tenfour.")
    if reply.status in (_FORBIDDEN, _TOO_MANY):
        return Finding.likely("waf_block", f"{told}, which Tenfour does not say there. It may be the rule of a proxy, or another program.")
    return Finding.plain("wrong_upstream", f"{told}, and not by Tenfour.")


def _from(reply: Reply) -> str:
    server = reply.header("server")
    return f" from {server}" if server else ""
