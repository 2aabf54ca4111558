"""All guarantees at once, under every fault that one machine can have."""

from __future__ import annotations

import pytest

from tests.system.checker import Demands, Rules
from tests.system.conftest import StartRun
from tests.system.run import PROOF
from tests.system.workload import Plan, Workload

ROUNDS = 20 if PROOF else 1
TIGHT = {"replays_at_once": "1", "readers": "1", "replay_events": "30", "send_budget_bytes": "65536"}
"""A server on which everybody waits for everybody."""


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, TIGHT] if PROOF else [{}], ids=["usual", "tight"] if PROOF else ["usual"])
async def test_random_work_under_every_fault_keeps_every_guarantee(settings: dict[str, str], unlimited_server, start_run: StartRun):
    run = await start_run(unlimited_server(**settings))
    workload = Workload(run, Plan())
    await workload.open()

    for _ in range(ROUNDS):
        await workload.work()

    readers = [workload.owner, workload.stranger.person, *[each.person for each in workload.guests]]
    demands = Demands(unknown=1, resumes=10, duplicates=3, refusals=10, removals=2, faults=3, seen=("typing", "receipt", "presence", "row", "goodbye"))
    await run.finish(demands, Rules(int(settings.get("replay_events", 1_000))), readers=readers)
    assert workload.stranger.tap.kept
    assert run.mark.encode() not in workload.stranger.tap.kept
