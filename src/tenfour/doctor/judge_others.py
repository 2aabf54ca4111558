"""What works here and fails for somebody else: another address of the name, another version of HTTP."""

from __future__ import annotations

from tenfour.doctor.evidence import Evidence
from tenfour.doctor.finding import Finding

_OPEN_OVER_H2 = (200, 101)


def judge_nodes(evidence: Evidence) -> Finding | None:
    """Addresses of one name, of which some are Tenfour and others are not."""
    nodes = evidence.http.nodes if evidence.http is not None else ()
    strangers = [address for address, node in nodes if not node]
    if not strangers or len(strangers) == len(nodes):
        return None
    return Finding.plain("dns_wrong_host", f"At {', '.join(strangers)} is no Tenfour.")


def judge_h2(evidence: Evidence) -> Finding | None:
    """WebSockets over HTTP/2 that were announced and do not work; only browsers use them."""
    retried = evidence.upgrade.retried if evidence.upgrade is not None else ()
    broken = next((each.reply for each in retried if each.change == "http2" and each.reply.status not in _OPEN_OVER_H2), None)
    if broken is None or evidence.upgrade is None or not evidence.upgrade.is_open:
        return None
    return Finding.plain("h2_connect_broken", f"Over HTTP/1.1 it opens, over HTTP/2 it {f'gets status {broken.status}' if broken.outcome == 'answered' else 'gets no answer'}.")
