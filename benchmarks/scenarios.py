"""What is measured: one value a scenario, and how each is run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import web
from generator import Result, load
from servers import Ready, Shape

# Limits that a scenario raises beyond the defaults; the report names them.
FAST_SENDERS = {
    "TENFOUR_FRAMES_PER_S": "100000",
    "TENFOUR_SENDS_PER_S": "100000",
    "TENFOUR_USER_SENDS_PER_S": "100000",
}
EVERYBODY = ("Tenfour", "C loop", "Socket.IO")
HISTORY_PATHS = 2000


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    key: str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    shape: Shape
    run: Callable[[Ready], Result]
    columns: tuple[Column, ...]
    subjects: tuple[str, ...]
    ratio_of: str  # the column whose medians are compared between subjects
    settings: dict[str, str] = field(default_factory=dict)


def fanout(ready: Ready) -> Result:
    return load(
        ready,
        "fanout",
        "--senders",
        "16",
        "--window",
        "8",
        "--warmup",
        "3",
        "--seconds",
        "8",
    )


def durable(ready: Ready) -> Result:
    return load(ready, "durable", "--window", "8", "--warmup", "3", "--seconds", "8")


def steady(ready: Ready) -> Result:
    return load(ready, "durable", "--rate", "1000", "--warmup", "2", "--seconds", "10")


def idle(ready: Ready) -> Result:
    return load(ready, "idle", "--connect-rate", "1000", "--hold", "60")


def storm(ready: Ready) -> Result:
    # 1,000 addresses: more clients behind one address than its handshakes a second would measure that limit.
    return load(
        ready,
        "storm",
        "--sources",
        "1000",
        "--connect-rate",
        "1000",
        "--between",
        "5000",
        "--during",
        "20",
    )


def start(ready: Ready) -> Result:
    """Start to first answer, and the memory of a server that has nothing to do."""
    time.sleep(2)
    pages = int(Path(f"/proc/{ready.process.pid}/statm").read_text().split()[1])
    return {
        "accepting_after_s": ready.accepting_after_s,
        "rss_mib": pages * 4096 / 2**20,
    }


def history(messages: int) -> Callable[[Ready], Result]:
    """Fills one chat through the front door, then reads pages of 50 at random places."""

    def run(ready: Ready) -> Result:
        filled = load(
            ready,
            "durable",
            "--window",
            "200",
            "--warmup",
            "0",
            "--seconds",
            "1200",
            "--messages",
            str(messages),
        )
        token, chat = ready.tokens.read_text().split("\n", 1)[0].split()
        paths = ready.tokens.with_name("paths")
        places = random.Random(1)
        paths.write_text("".join(f"/api/v1/chats/{chat}/messages?before={places.randint(51, messages)}&limit=50\n" for _ in range(HISTORY_PATHS)))
        options = (
            "--paths",
            str(paths),
            "--token",
            token,
            "--warmup",
            "2",
            "--seconds",
            "8",
        )
        alone = load(ready, "http", "--connections", "1", *options)
        many = load(ready, "http", "--connections", "16", *options)
        return many | {
            "alone_p50_ms": alone["p50_ms"],
            "alone_p99_ms": alone["p99_ms"],
            "filled_per_s": filled["acked_per_s"],
        }

    return run


COST = (
    Column("server CPU", "server_cpu_share", 2),
    Column("generator idle", "generator_idle_share", 2),
)
LAST = (
    Column("last p50 ms", "last_p50_ms", 1),
    Column("last p99 ms", "last_p99_ms", 1),
)
ACK = (Column("ack p50 ms", "ack_p50_ms", 1), Column("ack p99 ms", "ack_p99_ms", 1))


BROWSED = {"TENFOUR_USER_SENDS_PER_S": "100000"}


def scenarios(history_messages: int, idle_connections: int, web_messages: int) -> list[Scenario]:
    """Gives all scenarios, the cheap ones first."""
    crowd = Shape(idle_connections // 100, 100)
    deliveries, acked = (
        Column("deliveries/s", "deliveries_per_s"),
        Column("acked/s", "acked_per_s"),
    )
    return [
        Scenario("start", "Start to first answer; memory two seconds later.", Shape(1, 1), start,
                 (Column("accepting after s", "accepting_after_s", 2), Column("memory MiB", "rss_mib", 1)), ("Tenfour",), "rss_mib"),
        Scenario("fanout", "1 chat × 1,000 members, 16 of them keep 8 sends in flight.", Shape(1, 1000), fanout,
                 (deliveries, acked, *LAST, Column("µs/delivery", "server_us_per_delivery", 1), *COST), (*EVERYBODY, "generator's ceiling"), "deliveries_per_s", FAST_SENDERS),
        Scenario("durable", "100 chats × 10 members, 8 sends in flight each. Tenfour commits before each ack, Socket.IO stores nothing.", Shape(100, 10), durable,
                 (acked, deliveries, *ACK, *LAST, *COST), ("Tenfour", "Socket.IO"), "acked_per_s", FAST_SENDERS),
        Scenario("steady", "100 chats × 10 members, 1,000 messages/s in all, open loop: latency from the intended send to the last member.", Shape(100, 10), steady,
                 (*LAST, Column("last p99.9 ms", "last_p999_ms", 1), *ACK, Column("late sends p99 ms", "late_send_p99_ms", 2), *COST), ("Tenfour", "Socket.IO"), "last_p99_ms"),
        Scenario("history", f"Pages of 50 over HTTP from a chat of {history_messages:,} messages: 16 connections, then one alone.", Shape(1, 10), history(history_messages),
                 (Column("pages/s", "pages_per_s"), Column("p50 ms", "p50_ms", 1), Column("p99 ms", "p99_ms", 1), Column("alone p50 ms", "alone_p50_ms", 2),
                  Column("alone p99 ms", "alone_p99_ms", 2), Column("filled/s", "filled_per_s"), *COST), ("Tenfour",), "pages_per_s", FAST_SENDERS),
        Scenario("idle", f"{crowd.connections:,} connections that stay for a minute.", crowd, idle,
                 (Column("KiB each", "server_kib_per_connection", 1), Column("connects/s", "connects_per_s"), Column("pings answered", "pings_answered"), *COST),
                 ("Tenfour", "Socket.IO"), "server_kib_per_connection"),
        Scenario("storm", f"{crowd.connections:,} clients are cut, miss 5,000 messages and come back at once.", crowd, storm,
                 (Column("all back s", "all_back_s", 2), Column("p50 ms", "back_p50_ms"), Column("p99 ms", "back_p99_ms"), Column("retries", "retries"), *COST),
                 ("Tenfour",), "all_back_s", FAST_SENDERS),
        Scenario("web-start", "The web client on a chat's address, in an empty profile (cold) and once more in it (warm).", Shape(1, 1), web.start,
                 (Column("cold: first paint ms", "cold_painted_ms"), Column("cold: composer ready ms", "cold_ready_ms"), Column("warm: first paint ms", "warm_painted_ms"),
                  Column("warm: composer ready ms", "warm_ready_ms"), Column("JavaScript KB", "script_kb", 1)), ("Tenfour",), "cold_ready_ms"),
        Scenario("web-receive", "20 messages/s to an open chat of the web client: until the row is painted.", Shape(1, 1), web.receive,
                 (Column("from the ack p50 ms", "ack_p50_ms", 1), Column("p95 ms", "ack_p95_ms", 1), Column("max ms", "ack_max_ms", 1),
                  Column("from the send p50 ms", "send_p50_ms", 1), Column("p95 ms", "send_p95_ms", 1)), ("Tenfour",), "ack_p95_ms", BROWSED),
        Scenario("web-open", f"From the click on a chat of {web_messages:,} messages to its newest one, painted: never seen before, and once more.", Shape(1, 10), web.open_long(web_messages),
                 (Column("first p50 ms", "first_p50_ms"), Column("max ms", "first_max_ms"), Column("again p50 ms", "again_p50_ms"), Column("max ms", "again_max_ms")),
                 ("Tenfour",), "first_p50_ms", FAST_SENDERS),
        Scenario("web-memory", f"A tab before and after {web.REMEMBERED:,} received messages, garbage collected.", Shape(1, 1), web.memory,
                 (Column("tab MiB", "tab_fresh_mib", 1), Column("after", "tab_full_mib", 1), Column("ratio", "tab_ratio", 2), Column("its heap MiB", "heap_fresh_mib", 1),
                  Column(f"after {web.A_TENTH:,}", "heap_tenth_mib", 1), Column(f"after {web.REMEMBERED:,}", "heap_full_mib", 1)), ("Tenfour",), "tab_ratio", BROWSED),
    ]  # fmt: skip
