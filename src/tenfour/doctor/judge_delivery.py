"""What the evidence says of a message's way: echo, size, evenness, and from one connection to another."""

from __future__ import annotations

from tenfour.doctor.evidence import Close, Delivery, Echo, Evidence, Frame, Frames
from tenfour.doctor.finding import Finding, by_close, by_code, is_tenfour, lasting, problem_of

_BROKEN = frozenset({1002, 1007})
_TOO_BIG = 1009
_SWITCHING = 101
_GAP, _RUSH, _BUNCH = 3.0, 0.25, 3
"""In intervals: a gap is longer, frames of a bunch follow more closely; and how many frames make a bunch."""


def judge_echo(evidence: Evidence) -> Finding | None:
    echo = evidence.echo
    if echo is None or len(echo.times_ms) >= echo.sent:
        return None
    return _echo_missing(evidence, echo)


def _echo_missing(evidence: Evidence, echo: Echo) -> Finding:
    told = f"Of {echo.sent} texts {len(echo.times_ms)} came back."
    if echo.after_more_bytes is not None:
        return Finding.plain("frames_clumped", f"A text came back only after {echo.after_more_bytes:,} bytes more had followed it: something waits until its buffer is full.")
    if echo.close is not None:
        found = by_close(echo.close)
        return found if found is not None else Finding.likely("tcp_reset", told, "Then the line was cut.")
    return Finding.likely("open_but_mute", told) if is_tenfour(evidence) else Finding.likely("other_ws_server", told)


def judge_frames(evidence: Evidence) -> Finding | None:
    """A frame that got lost; what the server itself does not take is no fault."""
    frames = evidence.frames
    lost = frames.lost if frames is not None else None
    if frames is None or lost is None or (lost.close is not None and lost.close.error == "frame_too_large"):
        return None
    told = f"{frames.passed_bytes:,} bytes pass, {lost.bytes:,} do not"
    if lost.close is None:
        return Finding("mtu_blackhole", f"Large packets get lost on the way, small ones arrive: {told}, and no error says so.", certain=frames.passed_bytes > 0)
    if lost.close.how == "garbled" or lost.close.code in _BROKEN:
        return Finding.likely("deflate_broken", f"{told}: {_ended(lost.close)}.")
    limit = f" The server itself takes {frames.limit_bytes:,}." if frames.limit_bytes is not None else ""
    says = f"A frame was too large for something on the way, which is not Tenfour: {told}; {_ended(lost.close)}.{limit}"
    return Finding("frame_too_big", says, certain=lost.close.code == _TOO_BIG or _is_sharp(frames, lost))


def _is_sharp(frames: Frames, lost: Frame) -> bool:
    """Whether one byte makes the difference: no accident does that."""
    return lost.bytes - frames.passed_bytes == 1


def _ended(close: Close) -> str:
    if close.how == "frame":
        return f"the connection was closed with {close.code}{f' and the reason “{close.reason}”' if close.reason else ''}"
    return {"fin": "the connection was ended", "rst": "the connection was reset", "dead": "nothing more came", "garbled": "what came were no frames as agreed upon"}[close.how]


def judge_compression(evidence: Evidence) -> Finding | None:
    """permessage-deflate: taken, and then it does not work; or not even the offer is borne."""
    seen = evidence.compression
    if seen is None:
        return None
    if seen.agreed and seen.back < seen.sent:
        close = seen.close
        how = _ended(close) if close is not None else "they did not come back as they were"
        certain = close is not None and (close.how == "garbled" or close.code in _BROKEN)
        return Finding("deflate_broken", f"Compression is agreed upon, and something on the way garbles it: with it, {how}; without it, texts come back.", certain=certain)
    if not seen.agreed and seen.reply.status != _SWITCHING and problem_of(seen.reply) is None:
        how = f"answered with status {seen.reply.status}" if seen.reply.status else "not answered"
        return Finding.likely("deflate_broken", f"An upgrade that offers compression, as browsers do, is {how}; without the offer it is let in.")
    return None


def judge_steady(evidence: Evidence) -> Finding | None:
    """Frames sent evenly that came in bunches; one hiccup is none."""
    steady = evidence.steady
    if steady is None or steady.interval_ms <= 0:
        return None
    gaps = [after - before for before, after in zip(steady.arrivals_ms, steady.arrivals_ms[1:], strict=False)]
    bunches = _bunches([gap / steady.interval_ms for gap in gaps])
    if (len(bunches) < 2 and sum(bunches) * 2 < len(steady.arrivals_ms)) or not bunches:  # noqa: PLR2004 - again and again
        return None
    return Finding.plain("frames_clumped", f"Sent every {lasting(steady.interval_ms)}, they came with gaps of up to {lasting(max(gaps))} and then {max(bunches)} at once.")


def _bunches(gaps: list[float]) -> list[int]:
    """The sizes of the bunches: frames hard upon each other after a long gap."""
    found: list[int] = []
    size = 0
    for gap in [*gaps, _GAP + 1]:
        if size and gap <= _RUSH:
            size += 1
            continue
        if size >= _BUNCH:
            found.append(size)
        size = 1 if gap > _GAP else 0
    return found


def judge_delivery(evidence: Evidence) -> Finding | None:
    delivery = evidence.delivery
    if delivery is None or delivery.sent_at is None:
        return None
    if delivery.error is not None:
        return by_code(delivery.error, "")
    if delivery.close is not None and (found := by_close(delivery.close)) is not None:
        return found
    return _split(delivery) or _unheard(delivery) or _unpaired(delivery) or _foreign(delivery)


def _split(delivery: Delivery) -> Finding | None:
    if len({seq for _, seq in delivery.heads}) <= 1:
        return None
    return Finding.plain("nodes_split", f"Of the same chat they say: {', '.join(f'{node} ends at {seq}' for node, seq in delivery.heads)}.")


def _unheard(delivery: Delivery) -> Finding | None:
    deaf = [heard.node for heard in delivery.heard if heard.after_ms is None]
    if deaf and delivery.ack_ms is not None:
        return Finding.plain("broker_down", f"The message was stored by {delivery.sent_at}, and {', '.join(deaf)} heard nothing of it.")
    return None


def _unpaired(delivery: Delivery) -> Finding | None:
    """One half of what should come: the ack, or the message at the other connection."""
    if delivery.received_ms is None and not delivery.subscribed:
        return Finding.plain("not_subscribed")
    if delivery.ack_ms is None:
        return Finding.plain("ack_missing") if delivery.received_ms is not None else Finding.likely("store_down", "The test message got neither ack nor error.")
    if delivery.received_ms is not None:
        return None
    told = f"The ack came after {lasting(delivery.ack_ms)}."
    if delivery.received_at not in (None, delivery.sent_at):
        return Finding.likely("broker_down", f"{told} The sender was at {delivery.sent_at}, the receiver at {delivery.received_at}.")
    return Finding.plain("not_delivered", told)


def _foreign(delivery: Delivery) -> Finding | None:
    return Finding.plain("error_broadcast", f"The second connection got {delivery.foreign_errors} of them.") if delivery.foreign_errors else None
