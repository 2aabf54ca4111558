"""What is counted. Plain integers on the hot path, read by Prometheus' collector at scrape time only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tenfour.errors import ErrorCode

BUCKETS = 12
"""Of each histogram, the one without an upper bound among them."""
SIZE_BOUNDS = tuple(2**power for power in range(BUCKETS - 1))
"""Messages: 1, 2, 4 … 1,024."""
TIME_BOUNDS_MS = tuple(0.5 * 2**power for power in range(BUCKETS - 1))
"""0.5, 1, 2 … 512 ms."""


@dataclass(slots=True)
class Durations:
    """How many took up to 0.5, 1, 2 … 512 ms, and longer; and how long they took together."""

    counts: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    seconds: float = 0.0

    def note(self, seconds: float) -> None:
        self.counts[min(BUCKETS - 1, int(seconds * 2000).bit_length())] += 1
        self.seconds += seconds


@dataclass(slots=True)
class Counters:
    """One node's counts since its start. Used on the event loop only, so ``+= 1`` is enough."""

    frames_in: int = 0
    deliveries: int = 0
    acks: int = 0
    ack_times: Durations = field(default_factory=Durations)
    """From where a message was accepted to its ack."""
    replays: int = 0
    resets: int = 0
    slow_readers: int = 0
    room_heals: int = 0
    handshakes: int = 0
    http_requests: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """Messages refused, by code."""
    endings: Counter[str] = field(default_factory=Counter)
    """Connections that this node ended, by code."""
    upgrades_refused: Counter[str] = field(default_factory=Counter)

    def refused(self, code: ErrorCode) -> None:
        self.refusals[code.value] += 1

    def closed(self, code: ErrorCode) -> None:
        self.endings[code.value] += 1

    def refused_upgrade(self, code: str) -> None:
        self.upgrades_refused[code] += 1


@dataclass(frozen=True, slots=True)
class Gauges:
    """Where the present values come from."""

    up_s: Callable[[], float]
    cpu_s: Callable[[], float]
    memory_bytes: Callable[[], int | None]
    connections: Callable[[], int]
    users: Callable[[], int]
    rooms: Callable[[], int]
    waiting: Callable[[], int]
    store_up: Callable[[], bool]
    broker_up: Callable[[], bool]
    loop_lag_s: Callable[[], float]
    batch_sizes: Callable[[], Sequence[int]]
    """Batches by size: up to 1, 2, 4 … 1,024 messages, and more."""
    commit_times: Callable[[], Sequence[int]]
    """Commits by duration: up to 0.5, 1, 2 … 512 ms, and longer."""
    appended: Callable[[], int]
    commit_seconds: Callable[[], float]


class _Collector:
    def __init__(self, counters: Counters, gauges: Gauges) -> None:
        self._counters = counters
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        yield from self._counts()
        yield from self._by_code()
        yield from self._present()
        yield from self._histograms()

    def _counts(self) -> Iterator[Metric]:
        counts = {
            "tenfour_frames_received": ("Text frames from clients.", self._counters.frames_in),
            "tenfour_deliveries": ("Events written to members' connections.", self._counters.deliveries),
            "tenfour_acks": ("Messages acknowledged over WebSocket.", self._counters.acks),
            "tenfour_messages_appended": ("Messages handed to commits.", self._gauges.appended()),
            "tenfour_replays": ("Chats brought up to date on a connection.", self._counters.replays),
            "tenfour_resets": ("Positions that could not be resumed.", self._counters.resets),
            "tenfour_slow_readers": ("Connections cut off for reading too slowly.", self._counters.slow_readers),
            "tenfour_room_heals": ("Gaps of the broker that were read from the store.", self._counters.room_heals),
            "tenfour_handshakes": ("Upgrade requests that were let in.", self._counters.handshakes),
            "tenfour_http_requests": ("HTTP requests answered.", self._counters.http_requests),
            "tenfour_cpu_seconds": ("What the process has computed.", self._gauges.cpu_s()),
        }
        for name, (meaning, value) in counts.items():
            yield CounterMetricFamily(name, meaning, value=value)

    def _by_code(self) -> Iterator[Metric]:
        families = {
            "tenfour_messages_refused": ("Messages refused, by code.", self._counters.refusals),
            "tenfour_connections_ended": ("Connections that the server ended, by code.", self._counters.endings),
            "tenfour_upgrades_refused": ("Upgrade requests refused before the handshake, by code.", self._counters.upgrades_refused),
        }
        for name, (meaning, counter) in families.items():
            family = CounterMetricFamily(name, meaning, labels=["code"])
            for code, value in sorted(counter.items()):
                family.add_metric([code], value)
            yield family

    def _present(self) -> Iterator[Metric]:
        gauges = {
            "tenfour_connections": ("Open WebSocket connections.", self._gauges.connections()),
            "tenfour_users_connected": ("Users with an open connection here.", self._gauges.users()),
            "tenfour_rooms": ("Chats that somebody here follows.", self._gauges.rooms()),
            "tenfour_writer_waiting": ("Messages that wait for their commit.", self._gauges.waiting()),
            "tenfour_store_up": ("1 while the store can write.", int(self._gauges.store_up())),
            "tenfour_broker_up": ("1 while bells get through.", int(self._gauges.broker_up())),
            "tenfour_loop_lag_seconds": ("How late the event loop was last.", self._gauges.loop_lag_s()),
            "tenfour_up_seconds": ("Since the start of the node.", self._gauges.up_s()),
            "tenfour_memory_bytes": ("What the process has in memory (Linux only).", self._gauges.memory_bytes()),
        }
        for name, (meaning, value) in gauges.items():
            if value is not None:
                yield GaugeMetricFamily(name, meaning, value=value)

    def _histograms(self) -> Iterator[Metric]:
        sizes = [*map(str, SIZE_BOUNDS), "+Inf"]
        yield HistogramMetricFamily("tenfour_batch_messages", "Messages in a commit.", buckets=_cumulate(sizes, self._gauges.batch_sizes()), sum_value=self._gauges.appended())
        times = [*(str(bound / 1000) for bound in TIME_BOUNDS_MS), "+Inf"]
        yield HistogramMetricFamily("tenfour_commit_seconds", "How long commits took.", buckets=_cumulate(times, self._gauges.commit_times()), sum_value=self._gauges.commit_seconds())
        acks = self._counters.ack_times
        yield HistogramMetricFamily("tenfour_ack_seconds", "From where a message was accepted to its ack over WebSocket.", buckets=_cumulate(times, acks.counts), sum_value=acks.seconds)


def _cumulate(bounds: Sequence[str], counts: Sequence[int]) -> list[tuple[str, float]]:
    total = 0.0
    cumulated: list[tuple[str, float]] = []
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        cumulated.append((bound, total))
    return cumulated


def exposition(counters: Counters, gauges: Gauges) -> Callable[[], bytes]:
    """A function that gives the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(counters, gauges))
    return lambda: generate_latest(registry)


def described() -> Sequence[tuple[str, str, str]]:
    """Name as it is scraped, type and meaning of every metric, for the reference."""
    families = _Collector(Counters(), idle()).collect()
    return [(f"{each.name}_total" if each.type == "counter" else each.name, each.type, each.documentation) for each in families]


def idle() -> Gauges:
    """Of a node that does nothing."""
    return Gauges(
        up_s=lambda: 0.0,
        cpu_s=lambda: 0.0,
        memory_bytes=lambda: 0,
        connections=lambda: 0,
        users=lambda: 0,
        rooms=lambda: 0,
        waiting=lambda: 0,
        store_up=lambda: True,
        broker_up=lambda: True,
        loop_lag_s=lambda: 0.0,
        batch_sizes=lambda: [0] * BUCKETS,
        commit_times=lambda: [0] * BUCKETS,
        appended=lambda: 0,
        commit_seconds=lambda: 0.0,
    )
