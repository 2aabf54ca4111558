"""``/diagnostics/figures``: how this node is, for administrators. What ``/metrics`` counts, as JSON for the web client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from litestar import get

from tenfour.api.description import TOKEN, problems
from tenfour.api.identity import Asking
from tenfour.api.services import Services
from tenfour.observe.metrics import SIZE_BOUNDS, TIME_BOUNDS_MS, Durations
from tenfour.wire.times import rfc3339


class Health(msgspec.Struct):
    """Of each part in words what is amiss; None: nothing."""

    store: str | None
    broker: str | None
    draining: bool


class Histogram(msgspec.Struct):
    """How many were up to each bound; the last count is of those beyond all of them."""

    bounds: list[float]
    counts: list[int]


class Counts(msgspec.Struct):
    """Since the start of the node: a rate is the difference of two, by that of their ``up_s``."""

    frames_in: int
    messages: int
    acks: int
    deliveries: int
    handshakes: int
    http_requests: int
    refused: dict[str, int]
    """Messages refused, by code."""
    upgrades_refused: dict[str, int]
    """By code."""
    ended: dict[str, int]
    """Connections that the server ended, by code."""


class Figures(msgspec.Struct):
    """This node as of the answer."""

    node: str
    version: str
    server_time: str
    up_s: float
    cpu_s: float
    memory_bytes: int | None
    """None where the system does not tell."""
    loop_lag_ms: float
    """How late the event loop was last."""
    health: Health
    connections: int
    connections_max: int
    users: int
    rooms: int
    """Chats that somebody here follows."""
    waiting: int
    """Messages that wait for their commit."""
    counts: Counts
    batch_messages: Histogram
    """Messages in a commit."""
    commit_ms: Histogram
    ack_ms: Histogram
    """From where a message was accepted to its ack over WebSocket."""
    round_trip_ms: Histogram
    """Of the last heartbeat of each open connection that needed one: not since the start, but now."""


@get("/diagnostics/figures", summary="How this node is: health, work done, histograms (administrators)", tags=["diagnostics"], responses=problems(*TOKEN))
async def show_figures(asking: Asking, services: Services) -> Figures:
    await asking.administrator()
    gauges, counters, context = services.gauges, services.counters, services.context
    return Figures(
        services.node,
        services.version,
        rfc3339(context.clock.now_ms()),
        gauges.up_s(),
        gauges.cpu_s(),
        gauges.memory_bytes(),
        round(max(0.0, gauges.loop_lag_s()) * 1000, 2),
        Health(context.store.trouble, context.broker.trouble, services.is_draining()),
        gauges.connections(),
        min(services.connections_max, services.descriptors),
        gauges.users(),
        gauges.rooms(),
        gauges.waiting(),
        Counts(
            counters.frames_in,
            gauges.appended(),
            counters.acks,
            counters.deliveries,
            counters.handshakes,
            counters.http_requests,
            dict(counters.refusals),
            dict(counters.upgrades_refused),
            dict(counters.endings),
        ),
        Histogram([float(bound) for bound in SIZE_BOUNDS], list(gauges.batch_sizes())),
        _times(gauges.commit_times()),
        _times(counters.ack_times.counts),
        _times(_durations(services.live.round_trips()).counts),
    )


def _times(counts: Sequence[int]) -> Histogram:
    return Histogram(list(TIME_BOUNDS_MS), list(counts))


def _durations(seconds: Iterable[float]) -> Durations:
    found = Durations()
    for each in seconds:
        found.note(each)
    return found


HANDLERS = [show_figures]
