"""What the evidence says of address, name, line and TLS."""

from __future__ import annotations

from urllib.parse import urlsplit

from tenfour.doctor.evidence import Certificate, Dial, Evidence, Listener, Reply, Tcp, Tls
from tenfour.doctor.finding import Finding, lasting, moment
from tenfour.doctor.judge_others import judge_only_way

LOOPBACKS = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "[::1]"})  # noqa: S104 - what people write in addresses
# The fetch standard's list, as far as somebody might serve chat there.
BAD_PORTS = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179}
    | {389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061}
    | {6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)


def judge_address(evidence: Evidence) -> Finding | None:
    """Addresses that are none."""
    address = evidence.address
    if address.fault is None:
        return None
    return Finding("url_invalid", f"“{address.given}” is not the address of a WebSocket: {address.fault.removesuffix('.')}.")


def judge_names(evidence: Evidence) -> Finding | None:
    names, host = evidence.names, evidence.address.host
    if names is None or names.fault is None:
        return None
    told = f"The resolver says “{names.text}”." if names.text else ""
    only_by_proxy = judge_only_way(evidence, f"no address for {host} is to be had here")
    if only_by_proxy is not None:
        return only_by_proxy
    if names.fault == "no_answer":
        return Finding("dns_no_answer", f"The name server did not answer for {host} within {lasting(names.took_ms)}. {told}".strip())
    inside = "" if "." in host else " A name without a dot is often one of a container network, unknown elsewhere."
    return Finding("dns_no_name", f"The name {host} does not exist. {told}".strip() + inside)


def judge_tcp(evidence: Evidence) -> Finding | None:
    tcp = evidence.tcp
    if tcp is None or tcp.is_open or not tcp.dials:
        return None
    at = f"{evidence.address.host}, port {evidence.address.port}"
    if _is_loopback(evidence.address.host) and _page_is_elsewhere(evidence):
        return Finding.plain("loopback_elsewhere", f"The page is at {evidence.address.origin}, the address says {evidence.address.host}.")
    if evidence.ended is not None and evidence.ended.close.error in ("restart", "draining"):
        return Finding.plain("draining", f"It said so when it ended the connection that stood, at {moment(evidence.ended.at_ms)}, and nobody listens at {at} yet.")
    return _by_dials(evidence, tcp, at)


def _by_dials(evidence: Evidence, tcp: Tcp, at: str) -> Finding:
    """Why none of the addresses took the connection."""
    outcomes = {dial.outcome for dial in tcp.dials}
    elsewhere = _elsewhere(evidence, tcp)
    if "refused" in outcomes:
        return Finding("tcp_refused", f"Nobody listens at {at}: {_told(tcp.dials, 'refused')} refused the connection.{elsewhere}")
    if "reset" in outcomes:
        return Finding.plain("tcp_reset", f"It was {at}.")
    if "timed_out" in outcomes:
        waited = max(dial.took_ms for dial in tcp.dials if dial.outcome == "timed_out")
        told = f"{_told(tcp.dials, 'timed_out')} gave no answer within {lasting(waited)}, not even a refusal"
        return judge_only_way(evidence, told) or Finding("tcp_filtered", f"Something swallows the packets to {at}: {told}.{elsewhere}")
    told = f"This machine has no way to {at}: {tcp.dials[0].text or 'unreachable'}"
    return judge_only_way(evidence, told) or Finding.likely("tcp_filtered", f"{told}.{elsewhere}")


def _elsewhere(evidence: Evidence, tcp: Tcp) -> str:
    """Where the same host does answer, as a sentence with a blank before it, or nothing."""
    ours = next((each for each in tcp.elsewhere if each.is_tenfour), None)
    if ours is not None:
        host = f"[{evidence.address.host}]" if ":" in evidence.address.host else evidence.address.host
        return f" Tenfour answers at {'wss' if ours.secure else 'ws'}://{host}:{ours.port}."
    return f" The host is there: port {tcp.elsewhere[0].port} answers." if tcp.elsewhere else ""


def _told(dials: tuple[Dial, ...], outcome: str) -> str:
    return " and ".join(dial.address for dial in dials if dial.outcome == outcome)


def _is_loopback(host: str) -> bool:
    return host in LOOPBACKS or host.startswith("127.")


def _page_is_elsewhere(evidence: Evidence) -> bool:
    origin = evidence.address.origin
    page = _host_of(origin) if origin else None
    return bool(page) and not _is_loopback(page or "")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


# TLS

_ALERTS = {70: "tls_version", 71: "tls_version", 112: "sni_needed", 116: "client_cert", 120: "http2_only"}
_INTERNAL_ERROR = 80
_NOT_BY_NAME = frozenset({70, 71, 116, 120})
"""Alerts that say by themselves what is wrong, and are no matter of the name."""
_INSPECTORS = (
    "fortinet", "fortigate", "zscaler", "netskope", "palo alto", "forcepoint", "sophos", "kaspersky", "avast", "avg technologies", "eset ssl", "bitdefender", "blue coat",
    "cisco umbrella", "check point", "barracuda", "watchguard", "trend micro", "mcafee", "skyhigh", "mitmproxy", "charles proxy", "fiddler", "portswigger", "untangle",
    "smoothwall", "lightspeed", "securly", "norton", "dr.web", "adguard",
)  # fmt: skip
"""Who makes certificates on the way, as their issuers are called."""
_ALERT_WORDS = {
    "protocol version": 70,
    "unsupported protocol": 70,
    "insufficient security": 71,
    "unrecognized name": 112,
    "certificate required": 116,
    "no application protocol": 120,
    "handshake failure": 40,
    "internal error": 80,
}
_EXPIRED, _NOT_YET, _WRONG_HOST, _NO_ISSUER = 10, 9, frozenset({62, 64}), frozenset({20, 21})


def judge_tls(evidence: Evidence) -> Finding | None:
    tls = evidence.tls
    if tls is None:
        return None
    if tls.certificate is not None and tls.expected_fingerprint and tls.expected_fingerprint != tls.certificate.fingerprint:
        return Finding("tls_inspected", f"The certificate is not the expected one, but one that {tls.certificate.issuer} has made: something on the way opens the TLS.")
    judges = {"verify_failed": _unverified, "alert": _alert, "not_tls": _speaks_plain}
    return None if tls.outcome == "open" else judges.get(tls.outcome, _broken_off)(evidence, tls)


def _unverified(evidence: Evidence, tls: Tls) -> Finding:
    certificate, host = tls.certificate, evidence.address.host
    code = tls.verify_code
    if code in (_EXPIRED, _NOT_YET):
        return _out_of_date(evidence, certificate, is_over=code == _EXPIRED)
    if code in _WRONG_HOST:
        names = f" It is for {', '.join(certificate.names) or certificate.subject}." if certificate is not None else ""
        if tls.without_sni is not None and host in tls.without_sni.names:
            return Finding("sni_needed", f"With the name {host} comes a certificate for other names, without a name the right one.{names}")
        return Finding("cert_wrong_host", f"The certificate is not for {host}.{names}")
    if certificate is not None and _is_an_inspector(certificate):
        return Finding.plain("tls_inspected", f"The certificate for {host} was made by {certificate.issuer}.")
    if code in _NO_ISSUER and certificate is not None and certificate.sent == 1 and not certificate.self_signed:
        told = f"It sends one certificate, made by {certificate.issuer}, and not that issuer's."
        return Finding.likely("chain_incomplete", told, "If that issuer is an authority of your own, this machine has to be told to trust it.")
    by = "itself" if certificate is None or certificate.self_signed else certificate.issuer
    return Finding("cert_unknown_issuer", f"This machine does not trust who made the certificate: {by}. OpenSSL says “{tls.text or f'verify code {code}'}”.")


def _is_an_inspector(certificate: Certificate) -> bool:
    issuer = certificate.issuer.lower()
    return any(name in issuer for name in _INSPECTORS)


def _out_of_date(evidence: Evidence, certificate: Certificate | None, *, is_over: bool) -> Finding:
    cause = "cert_expired" if is_over else "cert_not_yet"
    if certificate is None:
        return Finding.plain(cause)
    http, now = evidence.http, evidence.at_ms
    if http is not None and http.server_ms is not None and certificate.not_before_ms <= http.server_ms <= certificate.not_after_ms:
        return Finding("clock_skew", f"This machine's clock is wrong: it says {moment(now)}, the server {moment(http.server_ms)}, and by that the certificate is valid.")
    if is_over:
        return Finding(cause, f"The certificate expired {lasting(now - certificate.not_after_ms)} ago, on {moment(certificate.not_after_ms)}.")
    return Finding(cause, f"The certificate becomes valid in {lasting(certificate.not_before_ms - now)}, on {moment(certificate.not_before_ms)}; or this machine's clock is behind ({moment(now)}).")


def _alert(evidence: Evidence, tls: Tls) -> Finding:
    number, host = tls.alert if tls.alert is not None else _alert_in(tls.text), evidence.address.host
    if tls.without_sni is not None and number not in _NOT_BY_NAME:
        return Finding.plain("sni_needed", f"With the name {host} it breaks off with TLS alert {number}, without a name it shows the certificate of {tls.without_sni.subject}.")
    cause = _ALERTS.get(number or 0)
    if cause is not None:
        return Finding.plain(cause, f"It broke off with TLS alert {number} for {host}.")
    if number == _INTERNAL_ERROR:
        return Finding.likely("sni_needed", f"It broke off with TLS alert 80 for {host}, as Caddy does for names that it has no certificate for.")
    return Finding.likely("tls_version", f"It broke off{f' with TLS alert {number}' if number is not None else ''}: “{tls.text}”.")


def _alert_in(text: str) -> int | None:
    """The alert by OpenSSL's words for it, which Python passes on without the number."""
    words = text.lower().replace("_", " ")
    return next((number for name, number in _ALERT_WORDS.items() if name in words), None)


def _speaks_plain(evidence: Evidence, tls: Tls) -> Finding:
    return Finding.plain("tls_to_plain_port", _plain_said(evidence, tls.plain) or f"OpenSSL says “{tls.text}”.")


def _plain_said(evidence: Evidence, plain: Reply | None) -> str:
    return f"Plain HTTP gets an answer at port {evidence.address.port}: status {plain.status}." if plain is not None and plain.outcome == "answered" else ""


def _broken_off(evidence: Evidence, tls: Tls) -> Finding:
    """Hung up or hung, after the ClientHello."""
    said = _plain_said(evidence, tls.plain)
    if said:
        return Finding.plain("tls_to_plain_port", said)
    if tls.outcome == "timed_out":
        mute = tls.plain is not None and tls.plain.outcome == "no_byte"
        told = f"The TLS handshake got no answer within {lasting(tls.took_ms)}{', and neither did plain HTTP' if mute else ''}."
        return Finding("open_but_mute", f"The port is open, but the program behind it says nothing. {told}", certain=mute)
    return Finding.likely("tcp_reset", "It was at the TLS handshake.")


# What works here and fails for others: asked last


def judge_address_for_browsers(evidence: Evidence) -> Finding | None:
    """Addresses that this machine reaches and a browser would not try."""
    address = evidence.address
    if address.port in BAD_PORTS:
        return Finding("blocked_port", f"All is well here, but no browser connects to port {address.port}.")
    if address.scheme == "ws" and (address.origin or "").startswith("https://") and not _is_loopback(address.host):
        return Finding.plain("mixed_content", f"The page is {address.origin}, the address begins with ws://.")
    if _is_loopback(address.host) and _page_is_elsewhere(evidence):
        return Finding.likely("loopback_elsewhere", f"The page is at {address.origin}; for its readers {address.host} is their own machine.")
    return None


def judge_dead_addresses(evidence: Evidence) -> Finding | None:
    """Addresses of the name that fail beside one that works."""
    tcp = evidence.tcp
    if tcp is None or not tcp.is_open:
        return None
    dead = [dial for dial in tcp.dials if dial.outcome == "timed_out"]
    if dead and all(":" in dial.address for dial in dead):
        return Finding("ipv6_dead", f"The name has the IPv6 address {dead[0].address}, at which nobody answers; IPv4 works.")
    if dead:
        return Finding("dns_wrong_host", f"The name has more than one address, and at {dead[0].address} nobody answers.", certain=False)
    slow = [dial for dial in tcp.dials if dial.outcome == "open" and _is_a_second_try(dial)]
    return Finding.likely("backlog_full", f"The connection to {slow[0].address} took {lasting(slow[0].took_ms)}.") if slow else None


def _is_a_second_try(dial: Dial) -> bool:
    """Where the system does not tell, by the time: a SYN goes out again after 1, 3 and 7 s."""
    if dial.again is not None:
        return dial.again > 0
    return any(after_ms <= dial.took_ms <= after_ms + 600 for after_ms in (990, 2_990, 6_990))


def judge_listener(evidence: Evidence) -> Finding | None:
    """The program at the port, where it is one of this machine."""
    listener = evidence.listener
    if listener is None:
        return None
    if listener.is_full:
        return out_of_files(listener)
    return Finding("open_but_mute", f"The port is open, but {listener.program}, process {listener.pid}, is stopped.") if listener.is_stopped else None


def out_of_files(listener: Listener, *particulars: str) -> Finding:
    says = f"{listener.program}, process {listener.pid}, may have {listener.files_max} files open and has {listener.files}: none is left for another connection."
    return Finding("fd_limit", " ".join((says, *particulars)))
