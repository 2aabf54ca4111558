"""G8: readers that do not read cost the server their budget, are cut off by name, and come back without loss."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.servers import Server
from tests.system.checker import Demands, Load, check_slow_reader
from tests.system.conftest import StartRun
from tests.system.history import Record
from tests.system.run import PROOF

SLOW = 10
QUICK = 4
MESSAGES = 4_000 if PROOF else 500
TEXT = "x" * 15_000
"""In so many messages more than the kernel takes for a reader that does not read."""
BUDGET = 262_144
FLOOR_S = 0.25 if PROOF else 3.0
"""A machine that runs other tests beside this one holds everybody up now and then."""


def _peak_bytes(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _p99_s(records: Iterable[Record], quick: set[str]) -> float:
    """From the sending of a message to its arrival at the last of the quick clients."""
    sent: dict[str, float] = {}
    last: dict[str, float] = {}
    for record in records:
        if record.f == "send" and record.kind == "invoke":
            sent.setdefault(record.key, record.t)
        elif record.f == "recv" and record.client in quick and record.key in sent:
            last[record.key] = record.t - sent[record.key]
    return sorted(last.values())[len(last) * 99 // 100]


def _closes(server: Server) -> tuple[str, ...]:
    lines = [json.loads(line) for line in server.log.splitlines() if "connection.closed" in line]
    return tuple(f"{line['code']} {line['reason']}" for line in lines if line["code"] == 4408)


@pytest.mark.slow
async def test_slow_readers_cost_bounded_memory_and_nobody_elses_latency(unlimited_server, start_run: StartRun):
    server = unlimited_server(send_budget_bytes=str(BUDGET))
    run = await start_run(server)
    world = await run.people("ada", "bob", "cyd")
    chat = await run.chat("ada", "bob", "cyd")
    talker = await run.wire(world.ada, [chat])
    quick = [await run.wire(world.bob, [chat], name=f"quick{number}") for number in range(QUICK)]
    slow = [await run.wire(world.cyd, [chat], name=f"slow{number}", receive_buffer=8_192) for number in range(SLOW)]
    await run.level()

    async def talk() -> float:
        """The p99 of as many messages as a phase has, ten on their way at a time."""
        begun = len(run.history.records)
        for _ in range(MESSAGES):
            talker.say(chat, run.text() + TEXT)
            await run.until(lambda: talker.waiting < 10, "the talker goes on")
        await run.level([talker, *quick])
        return _p99_s(run.history.records[begun:], {each.name for each in quick})

    quick_p99_s = await talk()
    await run.level()
    before = _peak_bytes(server)
    for client in slow:
        client.tap.hold()
    loaded_p99_s = await talk()
    peak = _peak_bytes(server)
    for client in slow:
        client.tap.release()
    await run.finish(Demands(ok_share=1.0, resumes=SLOW))

    load = Load(before, peak, SLOW, BUDGET, _closes(server), quick_p99_s, loaded_p99_s, FLOOR_S)
    assert (violation := check_slow_reader(load)) is None, f"{violation} {load}"
    print(load)  # noqa: T201 - the figures of a proof
