"""What the evidence says of silence, age and number: cuts, limits, and the end of a connection that worked."""

from __future__ import annotations

from tenfour.doctor.evidence import Ended, Evidence, Idle, Line, Many
from tenfour.doctor.finding import Finding, by_close, by_code, lasting, problem_of
from tenfour.doctor.judge_line import out_of_files
from tenfour.doctor.proxies import Proxy, fingerprint, known_for

SAME_S = 2.0
"""Ends that are no further apart than this have one reason."""
_FULL = (500, 503)
_NO_ANSWER_BEHIND = (502, 504)


def judge_idle(evidence: Evidence) -> Finding | None:
    """A cut that the server's heartbeat prevents is no fault."""
    idle = evidence.idle
    if idle is None:
        return None
    told = next((found for line in _all(idle) if line.close is not None and (found := by_close(line.close)) is not None and found.cause in ("draining", "proxy_reload")), None)
    return told or (None if is_prevented(idle) else _forgotten(idle) or _cut(idle))


def cut_after_s(idle: Idle) -> float | None:
    """The shortest silence after which a connection was cut, or had been forgotten; None where all lived."""
    cut = [line.lived_s for line in idle.silent if line.close is not None and not line.is_forgotten]
    return min(cut or [line.silent_s for line in idle.silent if line.is_forgotten], default=None)


def is_prevented(idle: Idle) -> bool:
    """Whether silence is cut, and a connection with the server's heartbeat outlived the cut."""
    after_s = cut_after_s(idle)
    beating = idle.heartbeat
    return after_s is not None and beating is not None and beating.close is None and beating.lived_s > after_s + SAME_S


def _all(idle: Idle) -> tuple[Line, ...]:
    return tuple(line for line in (*idle.silent, idle.busy, idle.heartbeat) if line is not None)


def _forgotten(idle: Idle) -> Finding | None:
    """Silent lines of which nobody said that they had ended; None where others of them were cut openly."""
    lost = [line.silent_s for line in idle.silent if line.is_forgotten]
    if not lost or any(line.close is not None and not line.is_forgotten for line in idle.silent):
        return None
    borne = max((line.silent_s for line in idle.silent if line.close is None and line.silent_s < min(lost)), default=0.0)
    told = f"A silence of {lasting(borne * 1000)} is borne; after {lasting(min(lost) * 1000)} the next frame was not answered, and no end had come."
    return Finding.plain("nat_forgot", told, *_who((borne + min(lost)) / 2, of_life=False), *_heartbeat(idle))


def _cut(idle: Idle) -> Finding | None:
    """Silent lines that ended at one age. Whether the one with traffic ended too tells silence from age."""
    ends = [line.lived_s for line in idle.silent if line.close is not None and not line.is_forgotten]
    busy = idle.busy if idle.busy is not None and idle.busy.close is not None else None
    if not ends:
        return Finding.likely("lifetime_cut", f"The connection with traffic ended after {lasting(busy.lived_s * 1000)}.") if busy is not None else None
    after = lasting(min(ends) * 1000)
    if busy is not None and abs(busy.lived_s - min(ends)) <= SAME_S:
        return Finding.plain("lifetime_cut", f"Silent or not, they ended after {after}.", *_who(min(ends), of_life=True))
    alike = max(ends) - min(ends) <= SAME_S
    lives = "one with traffic lives" if idle.busy is not None and busy is None else "how one with traffic fares was not measured"
    told = f"Something on the way cuts a connection after {after} of silence; {lives}."
    return Finding("idle_cut", " ".join((told, *_who(min(ends), of_life=False), *_heartbeat(idle))), certain=alike and idle.busy is not None)


def _heartbeat(idle: Idle) -> list[str]:
    """That the server's heartbeat did not help, as a sentence or none."""
    if idle.heartbeat is None or idle.heartbeat.close is None:
        return []
    return [f"The server's heartbeat, every {lasting(idle.heartbeat_s * 1000)}, comes too late." if idle.heartbeat_s is not None else "The server's heartbeat did not come in time."]


def _who(seconds: float, *, of_life: bool) -> list[str]:
    """Who is known for this number, as a sentence or none."""
    hops = known_for(seconds, of_life=of_life)
    return [f"So many seconds are the default of {', '.join(hops)}."] if hops else []


def judge_many(evidence: Evidence) -> Finding | None:
    many = evidence.many
    if many is None or many.stood >= many.asked:
        return None
    told = f"Of {many.asked} connections {many.stood} stood."
    if many.close is not None and (found := by_close(many.close)) is not None:
        most = f" A user may have {many.per_user} (connections_per_user)." if found.cause == "replaced" and many.per_user is not None else ""
        return Finding(found.cause, f"{found.says} {told}{most}", certain=found.certain)
    if many.close is None and many.reply is None:
        return _not_tried(many)
    return _no_more(evidence, many, told)


def _not_tried(many: Many) -> Finding:
    """More than the user may have, while there are others of the same user that would have had to go."""
    room = f"The user has {many.others} open elsewhere and may have {many.per_user} (connections_per_user)"
    return Finding("replaced", f"{room}: with {many.asked} more the oldest would be replaced. {many.stood} stood, and no more were tried.")


def _no_more(evidence: Evidence, many: Many, told: str) -> Finding:
    reply = many.reply
    problem = problem_of(reply) if reply is not None else None
    found = by_code(problem.code, problem.detail) if problem is not None else None
    if found is not None:
        return Finding(found.cause, f"{found.says} {told}")
    if many.listener is not None and many.listener.is_full:
        return out_of_files(many.listener, told)
    proxy = fingerprint(reply, evidence.http.reply if evidence.http is not None else None, evidence.hop.reply if evidence.hop is not None else None)
    return _by_status(reply.status, proxy, told) if reply is not None and reply.status else _hung_up(many, proxy, told)


def _hung_up(many: Many, proxy: Proxy | None, told: str) -> Finding:
    """The next one got no status. Whose limit it is shows only where the proxy is known by what it does there."""
    is_cut = many.close is not None or (many.reply is not None and many.reply.outcome != "no_byte")
    if proxy is None:
        return Finding.likely(
            "fd_limit", f"The next one opens and is {'cut off without a byte' if is_cut else 'not answered'}. {told}", "A proxy that is full and does not show itself looks the same."
        )
    if is_cut:
        return Finding("proxy_full", f"{proxy} has as many connections as it takes: it hangs up on the next. {told}", certain=proxy is Proxy.NGINX)
    return Finding.likely("proxy_full", f"{proxy} lets the next one hang. {told}")


def _by_status(status: int, proxy: Proxy | None, told: str) -> Finding:
    if status in _FULL:
        return Finding.plain("proxy_full", f"It answers with status {status}. {told}")
    if status in _NO_ANSWER_BEHIND:
        return Finding.likely("fd_limit", f"{proxy or 'The proxy'} answers with status {status}, because the server does not. {told}")
    return Finding.likely("proxy_full", f"The next one is answered with status {status}. {told}")


def judge_ended(evidence: Evidence) -> Finding | None:
    """The end of a connection that had worked."""
    ended = evidence.ended
    if ended is None:
        return None
    together = f" {ended.others} others ended in the same second, and the server stayed." if ended.others and ended.server_stayed else ""
    if together and ended.close.code != 1012:  # noqa: PLR2004 - the server's own restart
        return Finding.plain("proxy_reload", together.strip())
    return by_close(ended.close) or _without_a_word(ended)


def _without_a_word(ended: Ended) -> Finding:
    if ended.close.how == "dead":
        return Finding.plain("nat_forgot", f"It had lived for {lasting(ended.lived_s * 1000)}.")
    return Finding.likely("proxy_reload", f"It was cut after {lasting(ended.lived_s * 1000)} without a close frame.", "If it is always the same age, try --idle.")
