"""Evidence as it was measured at real servers and proxies leads to the cause, and to no other."""

from __future__ import annotations

from dataclasses import replace
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfour.causes import CAUSES, EXIT_CODES, Layer
from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import (
    Address,
    Again,
    Close,
    Dial,
    Direct,
    Echo,
    Elsewhere,
    Ended,
    Evidence,
    Forward,
    Frame,
    Frames,
    Heard,
    Hop,
    Idle,
    Line,
    Listener,
    Many,
    Names,
    Reply,
    Retried,
    Server,
    Tcp,
    Tls,
    Welcome,
)
from tenfour.doctor.proxies import Proxy
from tenfour.errors import ErrorCode
from tests.doctor.seen import CERTIFICATE, DAY_MS, NOW_MS, PROXIES, answered, closed, healthy, page, refused, until, without_tls

E = ErrorCode
NGINX = {"Server": "nginx/1.22.1"}


def _tcp(*dials: Dial) -> Evidence:
    return replace(until(healthy(), "tcp"), tcp=Tcp(50.0, dials))


def _tls(outcome: str, **more) -> Evidence:
    return replace(until(healthy(), "tls"), tls=Tls(20.0, outcome, **more))


def _http(reply: Reply, base: Evidence | None = None) -> Evidence:
    base = base or healthy()
    return replace(until(base, "http"), http=replace(base.http, reply=reply, server=None, server_ms=None, local_ms=None, ready=None))


def _again(*again: Again) -> Evidence:
    return replace(until(healthy(), "http"), http=replace(healthy().http, again=again))


def _upgrade(reply: Reply, base: Evidence | None = None, **more) -> Evidence:
    base = base or healthy()
    return replace(until(base, "upgrade"), upgrade=replace(base.upgrade, reply=reply, subprotocol=None, accept_is_right=False, **more))


def _stranger(upgrade: Reply) -> Evidence:
    """Neither the plain GET nor the upgrade is Tenfour's."""
    base = _http(page(404, "<h1>Not Found</h1>"))
    return replace(base, upgrade=replace(healthy().upgrade, reply=upgrade, subprotocol=None))


def _token(welcome: Welcome, **token) -> Evidence:
    base = until(healthy(), "welcome")
    return replace(base, token=replace(base.token, **token), welcome=welcome)


def _skewed(evidence: Evidence, ahead_ms: int) -> Evidence:
    return replace(evidence, http=replace(evidence.http, local_ms=NOW_MS + ahead_ms))


def _retried(change: str, status: int = 101) -> tuple[Retried, ...]:
    return (Retried(change, answered(status)),)


def _delivery(**more) -> Evidence:
    return replace(healthy(), delivery=replace(healthy().delivery, **more))


def _compression(**more) -> Evidence:
    return replace(healthy(), compression=replace(healthy().compression, **more))


def _idle(silent: list[Line], busy: Line | None, heartbeat: Line | None = None, heartbeat_s: float | None = None) -> Evidence:
    return replace(healthy(), idle=Idle(120_000.0, tuple(silent), busy, heartbeat, heartbeat_s))


def _steady(*arrivals: float) -> Evidence:
    return replace(healthy(), steady=replace(healthy().steady, arrivals_ms=arrivals))


FIN = Close("fin")
SAW = "Over HTTP/{} came {}."
KEY = "sec-websocket-key: present"
FORWARD = Forward(9.0, "HTTPS_PROXY", "http://proxy:3128", answered(200))
HAPROXY_400 = "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"
HAPROXY_503 = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"

TABLE = {
    # address
    "url_invalid": replace(until(healthy(), "address"), address=Address(0.1, "ftp://x", fault="its scheme is ftp, not ws or wss")),
    "blocked_port": replace(healthy(), address=replace(healthy().address, port=6667)),
    "mixed_content": without_tls(replace(healthy(), address=replace(healthy().address, origin="https://chat.example"))),
    "loopback_elsewhere": replace(_tcp(Dial(1.0, "127.0.0.1", "refused")), address=Address(0.1, "ws://localhost/api/v1/ws", "ws", "localhost", 80, "/api/v1/ws", origin="https://app.example")),
    "plain_to_tls_port nginx": _http(page(400, "<center>The plain HTTP request was sent to HTTPS port</center>", **NGINX), without_tls(healthy())),
    "plain_to_tls_port bytes": _http(Reply(2.0, "not_http", head="15030100020250"), without_tls(healthy())),
    "tls_to_plain_port": _tls("not_tls", text="[SSL: WRONG_VERSION_NUMBER] wrong version number"),
    "tls_to_plain_port hangs": _tls("timed_out", plain=answered(404)),
    "path_wrong": _upgrade(refused(E.NOT_FOUND, "No WebSocket is at /ws; the doors are /api/v1/ws and /api/v1/chats/<id>/ws."), path="/ws"),
    "base_path_lost": _upgrade(refused(E.NOT_FOUND, "No WebSocket is at /v1/ws; the doors are /api/v1/ws and /api/v1/chats/<id>/ws.")),
    # DNS
    "dns_no_name": replace(until(healthy(), "names"), names=Names(30.0, fault="no_name", text="Name or service not known")),
    "dns_no_answer": replace(until(healthy(), "names"), names=Names(10_000.0, fault="no_answer", text="Temporary failure in name resolution")),
    "dns_wrong_host": replace(healthy(), http=replace(healthy().http, nodes=(("192.0.2.7", "n1"), ("192.0.2.8", "")))),
    "ipv6_dead": replace(healthy(), tcp=Tcp(3_000.0, (Dial(3_000.0, "2001:db8::7", "timed_out"), Dial(9.0, "192.0.2.7", "open")))),
    # TCP
    "tcp_refused": _tcp(Dial(0.3, "192.0.2.7", "refused")),
    "tcp_filtered": _tcp(Dial(5_000.0, "192.0.2.7", "timed_out")),
    "tcp_reset": _http(Reply(1.0, "reset")),
    "backlog_full": replace(healthy(), tcp=Tcp(1_020.0, (Dial(1_020.0, "192.0.2.7", "open"),))),
    "open_but_mute": _http(Reply(10_000.0, "no_byte")),
    "open_but_mute at TLS": _tls("timed_out", plain=Reply(5_000.0, "no_byte")),
    "mtu_blackhole": replace(healthy(), frames=Frames(9_000.0, (Frame(1_000, 2.0), Frame(16_000, None)), 65_536)),
    # TLS
    "cert_expired": _tls("verify_failed", verify_code=10, certificate=replace(CERTIFICATE, not_after_ms=NOW_MS - 3 * DAY_MS)),
    "cert_not_yet": _tls("verify_failed", verify_code=9, certificate=replace(CERTIFICATE, not_before_ms=NOW_MS + DAY_MS)),
    "cert_wrong_host": _tls("verify_failed", verify_code=62, certificate=CERTIFICATE),
    "cert_unknown_issuer": _tls("verify_failed", verify_code=18, text="self-signed certificate", certificate=replace(CERTIFICATE, sent=1, self_signed=True)),
    "cert_unknown_issuer in the chain": _tls("verify_failed", verify_code=19, certificate=CERTIFICATE),
    "chain_incomplete": _tls("verify_failed", verify_code=20, certificate=replace(CERTIFICATE, sent=1)),
    "tls_inspected": _tls("open", certificate=CERTIFICATE, expected_fingerprint="bb"),
    "tls_version": _tls("alert", alert=70, text="tlsv1 alert protocol version"),
    "tls_inspected by its maker": _tls("verify_failed", verify_code=20, certificate=replace(CERTIFICATE, issuer="FG100D (Fortinet)", sent=1)),
    "sni_needed": _tls("alert", alert=112, text="tlsv1 unrecognized name"),
    "sni_needed nameless": _tls("alert", alert=40, text="handshake failure", without_sni=CERTIFICATE),
    "sni_needed Caddy": _tls("alert", alert=80, text="tlsv1 alert internal error"),
    "sni_needed by another certificate": _tls("verify_failed", verify_code=62, certificate=replace(CERTIFICATE, names=("other.example",)), without_sni=CERTIFICATE),
    "tls_version and the name is none of it": _tls("alert", alert=70, text="tlsv1 alert protocol version", without_sni=CERTIFICATE),
    "client_cert": _tls("alert", alert=116, text="tlsv13 alert certificate required"),
    "client_cert by its words": _tls("alert", text="[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"),
    "tls_version by its words": _tls("alert", text="[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol"),
    "client_cert nginx": _http(page(400, "<center>No required SSL certificate was sent</center>", **NGINX)),
    # HTTP
    "redirected nginx": _upgrade(page(301, "", Location="https://chat.example/api/v1/ws/", **NGINX)),
    "redirected to https": _http(page(301, "", Location="https://chat.example/api/v1/ws"), without_tls(healthy())),
    "login_page": _upgrade(page(302, "", Location="https://sso.example/login?next=/api/v1/ws")),
    "captive_portal": _http(page(302, "", Location="http://portal.hotel.example/"), without_tls(healthy())),
    "http_auth": _upgrade(page(401, "<h1>401</h1>", WWW_Authenticate='Basic realm="staff"', **NGINX)),
    "upstream_down nginx": _http(page(502, "<center>nginx/1.22.1</center>", **NGINX)),
    "upstream_down Caddy": _http(answered(502, "", Server="Caddy")),
    "upstream_down Apache": _http(page(503, "<address>Apache/2.4.71</address>", Server="Apache/2.4.71")),
    "upstream_down HAProxy": _http(answered(503, HAPROXY_503, 3_004.0, content_type="text/html", cache_control="no-cache")),
    "upstream_mute nginx": _http(page(504, "<center>nginx/1.22.1</center>", 60_010.0, **NGINX)),
    "upstream_mute Apache": _http(page(502, "<address>Apache/2.4.71</address>", 60_010.0, Server="Apache/2.4.71")),
    "captive_portal by its status": _http(page(511, "<h1>Network Authentication Required</h1>"), without_tls(healthy())),
    "captive_portal at a private address": _http(page(302, "", Location="http://192.168.1.1:8080/index.php"), without_tls(healthy())),
    "one_of_many_bad": _again(Again(200, "n1", "e1"), Again(502), Again(200, "n1", "e1"), Again(0)),
    "nodes_split at one address": _again(Again(200, "n1", "e1"), Again(200, "n2", "e2")),
    "maintenance": _http(page(503, "<h1>Down for maintenance</h1>", Retry_After="3600", **NGINX)),
    "maintenance with 200": _http(page(200, "<h1>We'll be back soon</h1>", **NGINX)),
    "upstream_down Apache in its own words": _http(page(503, "temporarily unable to service your request due to maintenance downtime or capacity\n    problems", Server="Apache")),
    "waf_block without a trace": _http(page(403, "<h1>Forbidden</h1>", **NGINX)),
    "other_ws_server that says so": _http(answered(426, "Upgrade Required", Upgrade="websocket")),
    "wrong_upstream": _http(page(404, "<h1>Not Found</h1>", **NGINX)),
    "wrong_upstream for /ws": _upgrade(page(404, "<h1>Not Found</h1>", **NGINX)),
    "spa_fallback": _http(page(200, "<!doctype html><title>Shop</title><div id=app></div>")),
    "http2_only": _http(Reply(2.0, "not_http", head="00001204000000000000")),
    "waf_block": _upgrade(page(403, "<h1>Sorry, you have been blocked</h1>", cf_ray="8a1b", Server="cloudflare")),
    "upstream_mute HAProxy": replace(_http(Reply(5_000.0, "no_byte")), hop=Hop(2.0, page(400, HAPROXY_400))),
    "http2_only hangs up": replace(until(healthy(), "http"), http=replace(healthy().http, reply=Reply(1.0, "closed"), server=None, speaks_h2=True)),
    "forward_proxy only way": replace(_tcp(Dial(5_000.0, "192.0.2.7", "timed_out")), forward=replace(FORWARD, upgrade=answered(101))),
    "forward_proxy refuses the only way": replace(until(healthy(), "names"), names=Names(30.0, fault="no_name"), forward=replace(FORWARD, connect=answered(403))),
    "tcp_filtered and the proxy finds nobody either": replace(_tcp(Dial(5_000.0, "192.0.2.7", "timed_out")), forward=replace(FORWARD, connect=answered(502))),
    "tcp_refused and the proxy lets it out": replace(_tcp(Dial(0.3, "192.0.2.7", "refused")), forward=replace(FORWARD, connect=answered(403))),
    "forward_proxy for others": replace(healthy(), forward=replace(FORWARD, upgrade=answered(400))),
    "forward_proxy gone": replace(healthy(), forward=replace(FORWARD, connect=None, text="Connection refused")),
    "forward_proxy": _http(page(407, "", Proxy_Authenticate="Basic"), without_tls(healthy())),
    "header_too_big nginx": _token(Welcome(3.0, "closed", reply=page(400, "<center>Request Header Or Cookie Too Large</center>", **NGINX))),
    "header_too_big Apache": _token(Welcome(3.0, "closed", reply=page(414, "Request-URI Too Long", Server="Apache"))),
    "header_too_big HAProxy": _token(Welcome(3.0, "closed", reply=answered(400, HAPROXY_503.replace("503 Service Unavailable", "400 Bad request").replace("No server is available to handle this", "Your browser sent an invalid"), Content_Type="text/html")), bytes=17_000),
    "header_too_big Tenfour": _token(Welcome(3.0, "closed", reply=refused(E.HEADERS_TOO_LARGE))),
    # upgrade
    "upgrade_stripped": _upgrade(refused(E.UPGRADE_REQUIRED, SAW.format("1.0", f"connection: close, {KEY}") + " The key came without the upgrade: a proxy on the way has removed it.", **NGINX)),
    "upgrade_stripped and the key": _upgrade(refused(E.UPGRADE_REQUIRED, SAW.format("1.1", "none of the upgrade headers"), Server="Apache")),
    "upgrade_stripped over TLS alone": _upgrade(answered(400), retried=_retried("plain_http")),
    "connection_closed": _upgrade(refused(E.UPGRADE_REQUIRED, SAW.format("1.1", f"upgrade: websocket, connection: close, {KEY}"), **NGINX)),
    "http10_upstream": _upgrade(refused(E.UPGRADE_REQUIRED, SAW.format("1.0", f"upgrade: websocket, connection: keep-alive, Upgrade, {KEY}"), **NGINX)),
    "http10_upstream Apache": _upgrade(refused(E.UPGRADE_REQUIRED, SAW.format("1.0", f"connection: close, {KEY}"), Server="Apache/2.4.71 (Debian)")),
    "version_refused": _upgrade(refused(E.UPGRADE_REQUIRED, "The WebSocket version is 8; this server speaks 13.", sec_websocket_version="13")),
    "other_ws_server": replace(_stranger(answered(101)), token=healthy().token),
    "other_ws_server mute": replace(_stranger(answered(101)), token=healthy().token, welcome=Welcome(15_000.0, "nothing", 15_000.0)),
    "accept_wrong": _upgrade(answered(101)),
    "cdn_caches": _upgrade(answered(101, X_Cache="HIT")),
    "h2_connect_broken": replace(healthy(), upgrade=replace(healthy().upgrade, retried=_retried("http2", 400))),
    "deflate_broken": _compression(agreed="permessage-deflate", sent=1, close=Close("frame", 1002, "protocol_error: A reserved bit is set")),
    "deflate_broken by bytes": _compression(agreed="permessage-deflate", sent=2, back=1, close=Close("garbled")),
    "deflate_broken at the offer": _compression(reply=page(400, "<center>nginx</center>", **NGINX)),
    "deflate_broken unasked": replace(healthy(), echo=Echo(9.0, 1, (), Close("garbled"))),
    # origin
    "origin_refused": _upgrade(refused(E.ORIGIN_REFUSED, "The page's origin is 'https://evil.example' and the request's host 'chat.example'. To allow it, …"), origin="https://evil.example"),
    "host_rewritten": _upgrade(refused(E.ORIGIN_REFUSED, "The page's origin is 'https://chat.example' and the request's host '127.0.0.1:8410'. To allow it, …", **NGINX)),
    "scheme_lost": _upgrade(refused(E.ORIGIN_REFUSED, "The page's origin is 'https://chat.example' and the request's host 'chat.example'. To allow it, …", Server="Caddy")),
    "protocol_version": replace(until(healthy(), "upgrade"), upgrade=replace(healthy().upgrade, subprotocol=None), http=replace(healthy().http, server=Server("2.0.0", "n1", "tenfour.v2"))),
    "subprotocol_dropped": replace(until(healthy("nginx"), "upgrade"), upgrade=replace(healthy("nginx").upgrade, subprotocol=None)),
    # token
    "token_missing": _token(closed(E.TOKEN_MISSING), given=False),
    "token_lost": replace(_token(closed(E.TOKEN_MISSING)), welcome=replace(closed(E.TOKEN_MISSING), cured_by=("subprotocol",))),
    "token_malformed": _token(closed(E.TOKEN_MALFORMED), fault="It has one part, not three"),
    "token_missing empty": _token(closed(E.TOKEN_MISSING), bytes=0),
    "token_too_long": _token(closed(E.TOKEN_MALFORMED, "The token is longer than 8192 characters."), bytes=9_000),
    "token_bad_chars": replace(until(healthy(), "token"), token=replace(healthy().token, carrier="subprotocol", bad_chars="=")),
    "token_algorithm": _token(closed(E.TOKEN_ALGORITHM)),
    "token_key_unknown": _token(closed(E.TOKEN_KEY_UNKNOWN)),
    "token_signature": _token(closed(E.TOKEN_SIGNATURE)),
    "token_audience": _token(closed(E.TOKEN_AUDIENCE)),
    "token_issuer": _token(closed(E.TOKEN_ISSUER)),
    "token_claims": _token(closed(E.TOKEN_NO_EXPIRY)),
    "token_expired": _token(closed(E.TOKEN_EXPIRED), expires_ms=NOW_MS - 42_000),
    "token_not_yet_valid": _token(closed(E.TOKEN_NOT_YET_VALID), not_before_ms=NOW_MS + 300_000),
    "clock_skew": _skewed(_token(closed(E.TOKEN_EXPIRED), expires_ms=NOW_MS - 200_000), -300_000),
    "clock_skew ahead": _skewed(_token(closed(E.TOKEN_NOT_YET_VALID), not_before_ms=NOW_MS + 290_000), 300_000),
    "clock_skew of the issuer": _token(closed(E.TOKEN_NOT_YET_VALID), issued_ms=NOW_MS + 300_000, not_before_ms=NOW_MS + 300_000),
    "token_expired and the clock here is behind": _skewed(_token(closed(E.TOKEN_EXPIRED), issued_ms=NOW_MS - 900_000, expires_ms=NOW_MS - 200_000), -3_600_000),
    "token_revoked": _token(closed(E.TOKEN_REVOKED)),
    "user_disabled": _token(closed(E.USER_DISABLED)),
    "ticket_used": _token(closed(E.TICKET_INVALID), carrier="ticket"),
    "token_query_off": _token(closed(E.TOKEN_QUERY_OFF), carrier="query"),
    "tokens_differ": _token(Welcome(3.0, "closed", reply=refused(E.TOKENS_DIFFER))),
    "login_failed": replace(until(healthy(), "token"), token=replace(healthy().token, given=False, login="login_failed")),
    # chat, welcome
    "chat_id_not_uuid": _token(closed(E.CHAT_ID_INVALID)),
    "chat_unknown": _token(closed(E.CHAT_UNKNOWN)),
    "not_member": _token(closed(E.NOT_A_MEMBER)),
    "member_removed": _token(closed(E.REMOVED_FROM_CHAT)),
    "welcome_late": _token(Welcome(15_000.0, "nothing", 15_000.0)),
    "welcome_late already for HTTP": replace(_http(Reply(5_000.0, "no_byte")), http=replace(healthy().http, reply=Reply(5_000.0, "no_byte"), server=None, is_alive=True)),
    "rate_limited already for HTTP": _http(refused(E.RATE_LIMITED)),
    "draining": _upgrade(refused(E.DRAINING)),
    "draining and not back yet": replace(_tcp(Dial(0.3, "192.0.2.7", "refused")), ended=Ended(NOW_MS, 90.0, Close("frame", 1012, "restart: The server restarts"))),
    "store_down": _token(closed(E.STORE_DOWN)),
    "store_down not ready": replace(healthy(), http=replace(healthy().http, ready=("store: disk I/O error",))),
    "internal": _token(closed(E.INTERNAL, "The server made a mistake, reference 0123456789ab.")),
    # delivery
    "broker_down": _delivery(received_ms=None, received_at="n2", heard=(Heard("n1", 0.4), Heard("n2", None))),
    "broker_down seen by one": _delivery(received_ms=None, received_at="n2", heard=()),
    "nodes_split": _delivery(heads=(("n1", 7), ("n2", 4))),
    "not_subscribed": _delivery(received_ms=None, subscribed=False),
    "not_delivered": _delivery(received_ms=None),
    "ack_missing": _delivery(ack_ms=None),
    "error_broadcast": _delivery(foreign_errors=1),
    "frames_clumped": _steady(*[2_000.0 * bunch + place for bunch in range(3) for place in range(20)]),
    "frames_clumped by bytes": replace(healthy(), echo=Echo(4_000.0, 1, (), after_more_bytes=16_000)),
    "frames_clumped before the welcome": replace(_token(Welcome(6_500.0, "nothing", 6_500.0)), echo=Echo(4_000.0, 1, (), after_more_bytes=16_000)),
    "frames_wrong": replace(healthy(), ended=Ended(NOW_MS, 9.0, Close("frame", 1003, "binary_frame: Binary frames are not part of the protocol"))),
    # idle
    "idle_cut": _idle([Line(90.0, 60.1, FIN), Line(120.0, 60.3, FIN), Line(30.0, 120.0)], Line(0.0, 120.0)),
    "idle_cut before the heartbeat": _idle([Line(17.0, 20.0), Line(34.0, 20.1, FIN)], Line(0.0, 23.2), Line(0.0, 20.0, FIN), 25.0),
    "lifetime_cut": _idle([Line(60.0, 30.0, FIN), Line(90.0, 30.1, FIN)], Line(0.0, 30.2, FIN)),
    "nat_forgot": _idle([Line(30.0, 120.0), Line(60.0, 70.0, Close("dead"))], Line(0.0, 120.0)),
    "nat_forgot and says so when asked": _idle([Line(30.0, 30.0), Line(60.0, 60.1, Close("rst"), when_asked=True)], Line(0.0, 63.0), Line(0.0, 63.0, Close("dead"), when_asked=True), 70.0),
    "pong_missing": replace(healthy(), ended=Ended(NOW_MS, 35.0, Close("frame", 4410, "heartbeat_missed: Nothing came from the client for too long"))),
    "proxy_reload": replace(healthy(), ended=Ended(NOW_MS, 35.0, Close("frame", 1001, ""), 4, server_stayed=True)),
    # limits
    "fd_limit": replace(healthy(), many=Many(9.0, 50, 18, Reply(5_000.0, "no_byte"))),
    "fd_limit that the server names": _upgrade(refused(E.TOO_MANY_CONNECTIONS, "The node has as many connections as its limit of file descriptors allows.")),
    "proxy_full": replace(healthy("nginx"), many=Many(9.0, 100, 30, Reply(1.0, "reset"))),
    "fd_limit seen": replace(healthy(), many=Many(9.0, 50, 18, Reply(1.0, "closed"), listener=Listener(7, "tenfour", 64, 64, is_stopped=False))),
    "fd_limit from the start": replace(_http(Reply(1.0, "closed")), listener=Listener(7, "tenfour", 63, 64, is_stopped=False)),
    "open_but_mute and stopped": replace(_http(Reply(5_000.0, "no_byte")), listener=Listener(7, "tenfour", 20, 1_024, is_stopped=True)),
    "tcp_reset by a program that is well": replace(_http(Reply(1.0, "reset")), listener=Listener(7, "tenfour", 20, 1_024, is_stopped=False)),
    "fd_limit behind nginx": replace(healthy("nginx"), many=Many(9.0, 50, 18, page(504, "<center>nginx/1.22.1</center>", **NGINX))),
    "proxy_full nginx out of connections": replace(healthy("nginx"), many=Many(9.0, 50, 18, page(500, "<center>nginx/1.22.1</center>", **NGINX))),
    "proxy_full hangs up": replace(healthy("nginx"), many=Many(9.0, 50, 18, close=FIN)),
    "fd_limit hangs up": replace(healthy(), many=Many(9.0, 50, 18, Reply(1.0, "closed"))),
    "replaced elsewhere": replace(healthy(), many=Many(9.0, 9, 7, per_user=10, others=3)),
    "proxy_full HAProxy": replace(healthy(), many=Many(9.0, 100, 30, page(503, HAPROXY_503))),
    "too_many": replace(healthy(), many=Many(9.0, 300, 200, refused(E.TOO_MANY_CONNECTIONS))),
    "too_many at once": _upgrade(refused(E.TOO_MANY_CONNECTIONS, "192.0.2.9 has 200 connections open, and connections_per_address is 200.")),
    "replaced": replace(healthy(), many=Many(9.0, 12, 10, close=Close("frame", 4409, "replaced: A newer connection …"))),
    "replaced during the test": _delivery(ack_ms=None, received_ms=None, close=Close("frame", 4409, "replaced: A newer connection …")),
    "store_down at the test": _delivery(error="store_down", sent_at="n1", ack_ms=None, received_ms=None),
    "rate_limited": _delivery(error="rate_limited", ack_ms=None, received_ms=None),
    "frame_too_big": replace(healthy(), frames=Frames(9.0, (Frame(60_000, 2.0), Frame(1_000_000, None, Close("frame", 1009, ""))), 65_536)),
    "frame_too_big without a word": replace(healthy(), frames=Frames(9.0, (Frame(20_000, 2.0), Frame(20_001, None, FIN), Frame(65_536, None, FIN)))),
    "slow_reader": replace(healthy(), ended=Ended(NOW_MS, 35.0, Close("frame", 4408, "slow_reader: The client reads more slowly than the chat speaks"))),
}  # fmt: skip

ONLY_A_BROWSER_SEES = {cause.id for cause in CAUSES.values() if cause.layer is Layer.BROWSER} - {"mixed_content"}


@pytest.mark.parametrize("case", TABLE)
def test_the_cause_is_named(case: str):
    diagnosis = diagnose(TABLE[case])

    assert diagnosis.cause is not None
    assert diagnosis.cause.id == case.partition(" ")[0], diagnosis.says
    assert diagnosis.exit_code == EXIT_CODES[diagnosis.cause.layer]
    assert diagnosis.fix is not None
    assert diagnosis.says.endswith((".", "”"))


@pytest.mark.parametrize("case", TABLE)
def test_exactly_one_check_failed_and_says_what_the_diagnosis_says(case: str):
    failed = [check for check in checks(TABLE[case]) if check.verdict == "fail"]

    assert [check.line for check in failed] == [diagnose(TABLE[case]).says]


def test_every_cause_has_a_case_but_those_of_browsers():
    named = {case.partition(" ")[0] for case in TABLE}

    assert set(CAUSES) - named == ONLY_A_BROWSER_SEES | {"token_other_user"}


@pytest.mark.parametrize("proxy", PROXIES)
def test_nothing_is_wrong_where_nothing_is(proxy: str):
    for evidence in (healthy(proxy), until(healthy(proxy), "upgrade"), without_tls(healthy(proxy))):
        diagnosis = diagnose(evidence)

        assert diagnosis.cause is None, diagnosis.says
        assert diagnosis.exit_code == 0
        assert {check.verdict for check in checks(evidence)} <= {"ok", "skipped"}


def test_a_server_of_somebody_else_is_well_as_far_as_can_be_seen():
    other = _stranger(answered(101))
    evidence = replace(other, address=replace(other.address, path="/socket"), upgrade=replace(other.upgrade, path="/socket"))

    diagnosis = diagnose(evidence)

    assert (diagnosis.cause, diagnosis.exit_code) == (None, 1)
    assert "not Tenfour" in diagnosis.says


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("cert_expired", "The certificate expired 3 days ago, on 2026-09-18 14:13 UTC."),
        ("cert_wrong_host", "The certificate is not for chat.example."),
        ("token_expired", "The token expired 42 s ago by the server's clock, at 2026-09-21 14:12 UTC."),
        ("clock_skew", "This machine's clock is 5 minutes behind the server's: by it the token is good, by the server's clock it has expired."),
        ("upgrade_stripped over TLS alone", "and is let through over plain HTTP at port 80."),
        ("forward_proxy refuses the only way", "HTTPS_PROXY=http://proxy:3128 answers CONNECT with status 403."),
        ("connection_closed", "At the server came Upgrade: websocket, and Connection: close. nginx stands between."),
        ("base_path_lost", "/api/v1/ws was asked, and /v1/ws reached the server"),
        ("idle_cut", "after 60 s of silence; one with traffic lives"),
        ("idle_cut", "So many seconds are the default of nginx, ingress-nginx, Apache, AWS Application Load Balancer, fly.io."),
        ("lifetime_cut", "Silent or not, they ended after 30 s. So many seconds are the default of Google load balancer."),
        ("nodes_split", "n1 ends at 7, n2 ends at 4"),
        ("frame_too_big without a word", "20,000 bytes pass, 20,001 do not; the connection was ended."),
        ("idle_cut before the heartbeat", "The server's heartbeat, every 25 s, comes too late."),
        ("nat_forgot", "A silence of 30 s is borne; after 60 s the next frame was not answered"),
        ("upstream_down HAProxy", "HAProxy answered with status 503"),
    ],
)
def test_the_sentence_has_the_particulars(case: str, says: str):
    assert says in diagnose(TABLE[case]).says


@pytest.mark.parametrize(
    ("elsewhere", "says"),
    [((Elsewhere(443, secure=True, is_tenfour=False), Elsewhere(8410, secure=False, is_tenfour=True)), "Tenfour answers at ws://chat.example:8410."), ((Elsewhere(80, secure=False, is_tenfour=False),), "The host is there: port 80 answers."), ((), "refused the connection.")],
)  # fmt: skip
def test_where_the_host_answers_is_said(elsewhere: tuple[Elsewhere, ...], says: str):
    evidence = replace(until(healthy(), "tcp"), tcp=Tcp(50.0, (Dial(0.3, "192.0.2.7", "refused"),), elsewhere))

    assert diagnose(evidence).says.endswith(says)


@pytest.mark.parametrize(
    ("direct", "says", "certain"),
    [
        (Direct(9.0, "10.0.0.2:8410", answered(101), is_open=True), "Past what stands between, at 10.0.0.2:8410, the upgrade works: the fault is there, and not in the server.", True),
        (Direct(9.0, "10.0.0.2:8410", text="Connection refused"), "at 10.0.0.2:8410 Connection refused.", False),
        (Direct(9.0, "10.0.0.2:8410", answered(503)), "the server itself answers with status 503.", False),
        (Direct(9.0, "10.0.0.2:8410", Reply(9.0, "no_byte")), "the server does not answer either.", False),
    ],
)
def test_what_is_seen_past_the_proxy_is_said_and_makes_sure(direct: Direct, says: str, certain: bool):  # noqa: FBT001
    diagnosis = diagnose(replace(_upgrade(answered(400)), direct=direct))

    assert diagnosis.says.endswith(says)
    assert diagnosis.certain is certain


def test_who_refuses_past_the_proxy_too_is_not_the_proxy():
    diagnosis = diagnose(replace(_upgrade(answered(400)), direct=Direct(9.0, "10.0.0.2:8410", answered(400))))

    assert diagnosis.cause.id == "wrong_upstream"


def test_a_token_that_expired_beside_a_wrong_clock_shows_both():
    diagnosis = diagnose(_skewed(_token(closed(E.TOKEN_EXPIRED), expires_ms=NOW_MS - 42_000), 40_000))

    assert diagnosis.says == "The token expired 42 s ago by the server's clock, at 2026-09-21 14:12 UTC; this machine's clock is 40 s ahead of the server's."


def test_the_fix_has_the_lines_of_the_proxy_that_stands_between():
    fix = diagnose(TABLE["upgrade_stripped"]).fix

    assert fix.proxy is Proxy.NGINX
    assert "proxy_set_header Upgrade $http_upgrade;" in fix.lines
    assert "proxy_http_version 1.1;" in fix.lines


@pytest.mark.parametrize(
    ("case", "own"),
    [
        ("plain_to_tls_port nginx", "wss://chat.example:80/api/v1/ws"),
        ("tls_to_plain_port", "ws://chat.example:443/api/v1/ws"),
        ("url_invalid", ""),
        ("path_wrong", "wss://chat.example/api/v1/ws"),
        ("tcp_refused", "TENFOUR_LISTEN=0.0.0.0:443 tenfour serve"),
        ("redirected to https", "wss://chat.example/api/v1/ws"),
        ("redirected nginx", "wss://chat.example/api/v1/ws/"),
        ("origin_refused", "TENFOUR_ALLOWED_ORIGINS=https://evil.example"),
        ("scheme_lost", "TENFOUR_PUBLIC_URL=https://chat.example"),
        ("clock_skew", "timedatectl set-ntp true"),
        ("not_member", "tenfour chat add CHAT NAME"),
        ("login_page", ""),
    ],
)
def test_what_is_to_be_pasted_has_the_names_that_were_seen(case: str, own: str):
    assert diagnose(TABLE[case]).fix.own == own


def test_where_no_proxy_gives_itself_away_there_are_the_lines_of_each():
    fix = diagnose(replace(TABLE["upgrade_stripped"], upgrade=replace(TABLE["upgrade_stripped"].upgrade, reply=refused(E.UPGRADE_REQUIRED)))).fix

    assert (fix.proxy, fix.lines, fix.own) == (None, "", "")
    assert [each.proxy for each in fix.likely] == [Proxy.NGINX, Proxy.HAPROXY, Proxy.CADDY, Proxy.APACHE, Proxy.TRAEFIK]


def test_the_lines_have_the_host_and_the_address_that_were_seen():
    down = replace(TABLE["upstream_down nginx"], direct=Direct(9.0, "10.0.0.2:8500", answered(101), is_open=True))

    assert diagnose(down).fix.lines == "proxy_pass http://10.0.0.2:8500;"
    assert "/etc/letsencrypt/live/chat.example/fullchain.pem" in diagnose(TABLE["chain_incomplete"]).fix.likely[0].lines


def test_what_stands_behind_a_failure_says_what_came_and_names_no_cause():
    lines = {check.name: check.line for check in checks(replace(_http(answered(404)), upgrade=replace(healthy().upgrade, reply=answered(400), accept_is_right=False)))}

    assert lines["HTTP"].startswith("Another program than Tenfour")
    assert lines["upgrade"].startswith("status 400")


def test_where_tenfour_itself_is_first_on_the_way_no_proxys_lines_are_given():
    evidence = replace(TABLE["upgrade_stripped"], upgrade=replace(TABLE["upgrade_stripped"].upgrade, reply=refused(E.UPGRADE_REQUIRED)), hop=Hop(1.0, answered(400, "Invalid HTTP request received.")))

    assert diagnose(evidence).fix.likely == ()


def test_a_diagnosis_becomes_json():
    written = msgspec.json.decode(msgspec.json.encode(diagnose(TABLE["upgrade_stripped"])))

    assert (written["cause"]["id"], written["cause"]["layer"], written["fix"]["proxy"]) == ("upgrade_stripped", "upgrade", "nginx")


def test_one_stall_of_the_machine_is_no_bunching():
    arrivals = [100.0 * place for place in range(10)] + [1_700.0 + place for place in range(8)] + [1_800.0 + 100 * place for place in range(12)]

    assert diagnose(_steady(*arrivals)).cause is None


def test_what_the_server_itself_does_not_take_is_no_fault():
    lost = Frame(65_536, None, Close("frame", 1009, "frame_too_large: The frame is larger than the server takes"))

    assert diagnose(replace(healthy(), frames=Frames(9.0, (Frame(16_000, 2.0), lost), 32_768))).cause is None


@pytest.mark.parametrize("close", [FIN, Close("dead")])
def test_a_cut_that_the_heartbeat_prevents_is_no_fault(close: Close):
    evidence = _idle([Line(51.0, 51.0), Line(68.0, 60.0, close)], Line(0.0, 73.0), Line(0.0, 73.1), 25.0)

    assert diagnose(evidence).cause is None
    assert next(check for check in checks(evidence) if check.name == "silence").line.endswith("of silence, which the server's heartbeat of 25 s prevents")


def test_loopback_refused_over_ipv6_alone_is_nothing():
    evidence = replace(healthy(), tcp=Tcp(1.0, (Dial(0.1, "::1", "refused"), Dial(0.1, "127.0.0.1", "open"))))

    assert diagnose(evidence).cause is None


def test_what_was_not_measured_is_said():
    diagnosis = diagnose(until(healthy(), "upgrade"))

    assert "Not measured: whether the server lets the token in." in diagnosis.not_measured
    assert not any("TLS" in each for each in diagnosis.not_measured)


@settings(max_examples=80, deadline=None)
@given(st.from_type(Evidence))
def test_any_evidence_gets_one_diagnosis_and_at_most_one_failed_check(evidence: Evidence):
    diagnosis = diagnose(evidence)
    failed = [check for check in checks(evidence) if check.verdict == "fail"]

    assert diagnosis.says
    assert len(failed) == (0 if diagnosis.cause is None else 1)
    assert diagnose(evidence) == diagnosis


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_step_that_saw_anything_at_all_leads_to_one_diagnosis(data: st.DataObject):
    hints = get_type_hints(Evidence)
    name = data.draw(st.sampled_from(sorted(hints)))
    base = data.draw(st.sampled_from([healthy("nginx"), *TABLE.values()]))

    diagnosis = diagnose(replace(base, **{name: data.draw(st.from_type(hints[name]))}))

    assert diagnosis.says
