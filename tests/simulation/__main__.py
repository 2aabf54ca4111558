"""Plays seeds, and prints what they did as one JSON object.

python -m tests.simulation --seeds 0 2000                 the sum, and each seed that went wrong
python -m tests.simulation --seeds 17 18                  one seed again: it goes the same way
python -m tests.simulation --seeds 0 1000 --sabotage NAME a mistake built in; ends at the first seed that finds it
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter

from tests.simulation.run import Told, simulate
from tests.simulation.sabotage import SABOTAGES, sabotage


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 100), metavar=("FIRST", "END"))
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES))
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of ids have another order in each process otherwise
        os.execve(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})
    if options.sabotage is not None:
        sabotage(options.sabotage)
    told: list[Told] = []
    for seed in range(*options.seeds):
        told.append(simulate(seed))
        if told[-1].wrong and options.sabotage is not None:
            break
    print(json.dumps(summary(told)))  # noqa: T201 - its result


def summary(told: list[Told]) -> dict[str, object]:
    faults: Counter[str] = sum((each.faults for each in told), Counter())
    overlapped: Counter[str] = sum((each.overlapped for each in told), Counter())
    sums = {name: sum(getattr(each, name) for each in told) for name in ("operations", "acked", "resumes", "resets", "heals")}
    wrong = [{"seed": each.seed, "wrong": each.wrong, "faults": each.faults} for each in told if each.wrong]
    return {"seeds": len(told), **sums, "faults": faults, "overlapped": overlapped, "digests": [each.digest for each in told][:10], "wrong": wrong}


main()
