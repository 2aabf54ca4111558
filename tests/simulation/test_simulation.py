"""Thousands of seeds of a whole cluster: no guarantee breaks, and each mistake that is built in is found."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from tests.simulation.sabotage import SABOTAGES

PROOF = os.environ.get("TENFOUR_PROOF") == "1"
SEEDS = 10_000 if PROOF else 2_000
PROCESSES = 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


async def play(*arguments: object) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.simulation", *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    told, log = await process.communicate()
    assert process.returncode == 0, log.decode()
    assert b"never awaited" not in log, log.decode()
    found: dict[str, Any] = json.loads(told)
    return found


async def test_no_seed_breaks_a_guarantee_and_every_kind_of_fault_met_a_message_on_its_way() -> None:
    share = SEEDS // PROCESSES
    told = await asyncio.gather(*(play("--seeds", place * share, (place + 1) * share) for place in range(PROCESSES)))

    wrong = [each for part in told for each in part["wrong"]]
    sums = {name: sum(part[name] for part in told) for name in ("seeds", "operations", "acked", "resumes", "resets", "heals")}
    faults = {name: sum(part["faults"].get(name, 0) for part in told) for name in told[0]["faults"]}
    overlapped = {name: sum(part["overlapped"].get(name, 0) for part in told) for name in faults}
    print(json.dumps(sums | {"faults": faults, "overlapped": overlapped}))  # noqa: T201 - the run says what it did
    assert not wrong, "\n\n".join(f"seed {each['seed']}\n{each['wrong']}" for each in wrong[:3])
    assert sums["seeds"] == SEEDS
    assert sums["acked"] > 50 * SEEDS
    assert [name for name, count in overlapped.items() if count == 0] == []


async def test_a_seed_plays_again_in_the_same_way() -> None:
    once, again = await asyncio.gather(play("--seeds", 3, 6), play("--seeds", 3, 6))

    assert once == again


@pytest.mark.parametrize("mistake", sorted(SABOTAGES))
async def test_a_mistake_is_found_within_a_thousand_seeds(mistake: str) -> None:
    told = await play("--seeds", 0, 1_000, "--sabotage", mistake)

    assert told["wrong"], told
