"""What works here and fails for somebody else, or the reverse: another address, another version of HTTP, a proxy, a way past it."""

from __future__ import annotations

from dataclasses import replace

from tenfour.causes import CAUSES, Layer
from tenfour.doctor.evidence import Direct, Evidence, Forward
from tenfour.doctor.finding import Finding

_OPEN_OVER_H2 = (200, 101)
_NOT_BY_PROXIES = frozenset({Layer.URL, Layer.DNS, Layer.TOKEN, Layer.CHAT})
_OWN_REFUSAL = "Invalid HTTP request received"
_SERVER_ERRORS = range(500, 600)


def judge_nodes(evidence: Evidence) -> Finding | None:
    """Addresses of one name, of which some are Tenfour and others are not."""
    nodes = evidence.http.nodes if evidence.http is not None else ()
    strangers = [address for address, node in nodes if not node]
    if not strangers or len(strangers) == len(nodes):
        return None
    return Finding.plain("dns_wrong_host", f"At {', '.join(strangers)} is no Tenfour.")


def judge_several(evidence: Evidence) -> Finding | None:
    """One address behind which are several servers, not all of them well, or not with one database."""
    again = evidence.http.again if evidence.http is not None else ()
    ours = [each for each in again if each.node]
    strangers = [each for each in again if not each.node]
    if ours and strangers:
        got = ", ".join(dict.fromkeys(f"status {each.status}" if each.status else "no answer" for each in strangers))
        return Finding.plain("one_of_many_bad", f"Of {len(again)} times that it was asked, {len(ours)} were answered by Tenfour, and {len(strangers)} got {got}.")
    nodes = {each.epoch: each.node for each in ours}
    if len(nodes) > 1:
        return Finding.plain("nodes_split", f"Behind this address are the nodes {' and '.join(sorted(nodes.values()))}, each with a database of its own.")
    return None


def judge_h2(evidence: Evidence) -> Finding | None:
    """WebSockets over HTTP/2 that were announced and do not work; only browsers use them."""
    retried = evidence.upgrade.retried if evidence.upgrade is not None else ()
    broken = next((each.reply for each in retried if each.change == "http2" and each.reply.status not in _OPEN_OVER_H2), None)
    if broken is None or evidence.upgrade is None or not evidence.upgrade.is_open:
        return None
    return Finding.plain("h2_connect_broken", f"Over HTTP/1.1 it opens, over HTTP/2 it {f'gets status {broken.status}' if broken.outcome == 'answered' else 'gets no answer'}.")


# The proxy of the environment, and the way past the proxy before the server


def judge_only_way(evidence: Evidence, straight: str) -> Finding | None:
    """Where nothing gets out but by the network's proxy: that one's answer counts, unless it only says that it found nobody either."""
    forward = evidence.forward
    if forward is None or forward.connect is None:
        return None
    if forward.is_through:
        return Finding("forward_proxy", f"This network lets connections out only by its proxy ({_named(forward)}), by which the upgrade works: the client has to use it. Straight, {straight}.")
    if forward.connect.outcome == "answered" and forward.connect.status in _SERVER_ERRORS:
        return None
    return Finding.plain("forward_proxy", f"{_stopped(forward)} Straight, {straight}.")


def judge_forward(evidence: Evidence) -> Finding | None:
    """A proxy that other programs use, and that does not let through what works without it."""
    forward, upgrade = evidence.forward, evidence.upgrade
    if forward is None or upgrade is None or not upgrade.is_open or forward.is_through or (forward.connect is None and not forward.text):
        return None
    if forward.connect is None and "not tried" in forward.text:
        return None
    return Finding.likely("forward_proxy", f"{_stopped(forward)} Without it all is well, but programs that heed {forward.variable} fail.")


def _named(forward: Forward) -> str:
    return f"{forward.variable}={forward.url}"


def _stopped(forward: Forward) -> str:
    """What the proxy did with it, as a sentence."""
    connect, upgrade = forward.connect, forward.upgrade
    if connect is None:
        return f"The proxy of this machine's environment ({_named(forward)}) cannot be reached: {forward.text}."
    if upgrade is not None:
        return f"Through the tunnel of {_named(forward)} the upgrade {f'got status {upgrade.status}' if upgrade.outcome == 'answered' else 'got no answer'}."
    if forward.text:
        return f"In the tunnel of {_named(forward)} the line broke: {forward.text}."
    return f"{_named(forward)} answers CONNECT {f'with status {connect.status}' if connect.outcome == 'answered' else 'with nothing'}."


def is_first_on_the_way(evidence: Evidence) -> bool:
    """Whether Tenfour itself refused the malformed request, so that no proxy stands between."""
    return evidence.hop is not None and evidence.hop.reply.body.startswith(_OWN_REFUSAL)


def past_it(evidence: Evidence, finding: Finding) -> Finding:
    """The finding, and what asking past the proxy says of it."""
    direct = evidence.direct
    if direct is None or CAUSES[finding.cause].layer in _NOT_BY_PROXIES:
        return finding
    return replace(finding, says=f"{finding.says} {_past(direct)}", certain=finding.certain or direct.is_open)


def _past(direct: Direct) -> str:
    if direct.is_open:
        return f"Past what stands between, at {direct.at}, the upgrade works: the fault is there, and not in the server."
    if direct.reply is None:
        return f"Past what stands between, no line is to be had either: at {direct.at} {direct.text}."
    if direct.reply.outcome != "answered":
        return f"Past what stands between, at {direct.at}, the server does not answer either."
    return f"Past what stands between, at {direct.at}, the server itself answers with status {direct.reply.status}."
