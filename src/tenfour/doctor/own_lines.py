"""What to paste where no proxy's configuration is the cure: the right address, a setting of Tenfour, a command. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from tenfour.doctor.evidence import Evidence, shown
from tenfour.doctor.finding import expects_tenfour
from tenfour.doctor.judge_http import asked_url
from tenfour.doctor.judge_line import LOOPBACKS
from tenfour.doctor.steps.address import ALL_CHATS

_SCHEMES = {"https": "wss", "http": "ws"}


def own_lines(cause_id: str, evidence: Evidence) -> str:
    """The lines against this cause, with the names that were seen; empty where there is nothing to paste."""
    made = _MADE.get(cause_id)
    return made(evidence) if made is not None else _FIXED.get(cause_id, "")


def _address(evidence: Evidence, scheme: str, port: int | None = None, path: str | None = None) -> str:
    address = evidence.address
    host = f"[{address.host}]" if ":" in address.host else address.host
    usual = {"ws": 80, "wss": 443}[scheme]
    port = address.port if port is None else port
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}{address.path if path is None else path}"


def _elsewhere(evidence: Evidence) -> str:
    """Where Tenfour answers on the same host, or how it is started so that it does."""
    ours = next((each for each in evidence.tcp.elsewhere if each.is_tenfour), None) if evidence.tcp is not None else None
    if ours is not None:
        return _address(evidence, "wss" if ours.secure else "ws", ours.port)
    if not expects_tenfour(evidence):
        return ""
    listen = "127.0.0.1" if evidence.address.host in LOOPBACKS else "0.0.0.0"  # noqa: S104 - who asks from elsewhere needs it
    return f"TENFOUR_LISTEN={listen}:{evidence.address.port} tenfour serve"


def _door(evidence: Evidence) -> str:
    return _address(evidence, "wss" if evidence.address.is_secure else "ws", path=ALL_CHATS)


def _target(evidence: Evidence) -> str:
    """Where a redirect leads, as the address of a WebSocket."""
    replies = [each.reply for each in (evidence.upgrade, evidence.welcome, evidence.http) if each is not None and each.reply is not None]
    found = next((location for reply in replies if (location := reply.header("location"))), None)
    try:
        target = urlsplit(urljoin(asked_url(evidence), found or ""))
    except ValueError:
        return ""
    scheme = _SCHEMES.get(target.scheme)
    leads_to_a_door = found is not None and scheme is not None and "/api/v1/" in target.path
    return shown(target._replace(scheme=scheme or "").geturl()) if leads_to_a_door else ""


def _origin(evidence: Evidence) -> str:
    origin = (evidence.upgrade.origin if evidence.upgrade is not None else None) or evidence.address.origin
    return f"TENFOUR_ALLOWED_ORIGINS={origin}" if origin and re.fullmatch(r"[\w:/.\[\]-]+", origin) else ""


def _public(evidence: Evidence) -> str:
    return f"TENFOUR_PUBLIC_URL={_address(evidence, 'wss', path='').replace('wss', 'https', 1)}"


def _trust(evidence: Evidence) -> str:
    return f"SSL_CERT_FILE=authority.pem tenfour doctor {_door(evidence)}"


def _add(evidence: Evidence) -> str:
    welcome, door = evidence.welcome, re.search(r"/chats/([^/]+)/ws", evidence.address.path)
    chat = door[1] if door is not None else "CHAT"
    return f"tenfour chat add {chat} {welcome.user if welcome is not None and welcome.user else 'NAME'}"


def _written(evidence: Evidence) -> str:
    """The address as it was meant, where only the beginning is missing or what follows a # is too much."""
    given = evidence.address.given.partition("#")[0]
    is_bare = re.fullmatch(r"[\w.-]+(:\d+)?(/\S*)?", given) is not None and ("." in given or given.startswith("localhost"))
    if is_bare:
        return f"{'ws' if ':' in given and not given.partition(':')[2].startswith('443') else 'wss'}://{given}"
    return given if given != evidence.address.given and given.startswith(("ws://", "wss://")) else ""


_MADE: dict[str, Callable[[Evidence], str]] = {
    "url_invalid": _written,
    "path_wrong": _door,
    "plain_to_tls_port": lambda evidence: _address(evidence, "wss"),
    "tls_to_plain_port": lambda evidence: _address(evidence, "ws"),
    "mixed_content": lambda evidence: _address(evidence, "wss", 443),
    "tcp_refused": _elsewhere,
    "redirected": _target,
    "origin_refused": _origin,
    "scheme_lost": _public,
    "cert_unknown_issuer": _trust,
    "not_member": _add,
    "member_removed": _add,
}
_HEARTBEAT = "TENFOUR_HEARTBEAT_S=25"
_FIXED = {
    "chat_id_not_uuid": "tenfour chat list",
    "chat_unknown": "tenfour chat list",
    "user_disabled": "tenfour user enable NAME",
    "login_failed": "tenfour user password NAME",
    "clock_skew": "timedatectl set-ntp true",
    "cert_not_yet": "timedatectl set-ntp true",
    "token_query_off": "TENFOUR_TOKEN_QUERY=true",
    "backlog_full": "sysctl -w net.core.somaxconn=4096",
    "mtu_blackhole": "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
    "fd_limit": "# systemctl edit tenfour\n[Service]\nLimitNOFILE=65536",
    "too_many": "TENFOUR_TRUSTED_PROXIES=127.0.0.1/32\nTENFOUR_CONNECTIONS_PER_ADDRESS=1000",
    "replaced": "TENFOUR_CONNECTIONS_PER_USER=20",
    "idle_cut": _HEARTBEAT,
    "nat_forgot": _HEARTBEAT,
    "csp_blocked": "connect-src 'self' wss://HOST",
}
