"""Runs the benchmarks and prints a report in Markdown: `python benchmarks/run.py [scenario …]`.

Build first (`make -C benchmarks`, `npm ci` in `benchmarks/peers/socketio`). The raw results go to
`benchmarks/build/results.jsonl`, one run a line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict

from generator import Result, VoidRunError
from scenarios import Scenario, scenarios
from servers import HERE, server
from table import Results, describe_machine, section

RAW = HERE / "build" / "results.jsonl"


def main() -> int:
    options = parse_options()
    if os.cpu_count() == 1:
        sys.exit("run.py: needs two cores, one for the server and one for the load")
    chosen = [scenario for scenario in scenarios(options.history_messages, options.idle_connections, options.web_messages) if not options.scenario or scenario.name in options.scenario]
    print(describe_machine(), flush=True)
    void = 0
    for scenario in chosen:
        results, failures = repeat(scenario, options.repetitions, options.only)
        print("\n" + section(scenario, results, failures), flush=True)
        void += sum(map(len, failures.values()))
    return 1 if void else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenario",
        nargs="*",
        help="start fanout durable steady history idle storm web-start web-receive web-open web-memory; none: all",
    )
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument(
        "--only",
        action="append",
        help="only this server (Tenfour, C loop, Socket.IO); may be given again",
    )
    parser.add_argument("--history-messages", type=int, default=1_000_000)
    parser.add_argument("--idle-connections", type=int, default=10_000)
    parser.add_argument("--web-messages", type=int, default=100_000)
    return parser.parse_args()


def repeat(scenario: Scenario, repetitions: int, only: list[str] | None) -> tuple[Results, dict[str, list[str]]]:
    """Runs every server once, then every server again, so that a slow hour of the machine meets all of them."""
    results: Results = defaultdict(list)
    failures: dict[str, list[str]] = defaultdict(list)
    for repetition in range(repetitions):
        for subject in scenario.subjects:
            if only and subject not in only:
                continue
            try:
                results[subject].append(run_once(scenario, subject, repetition))
            except VoidRunError as why:
                failures[subject].append(str(why))
    return results, failures


def run_once(scenario: Scenario, subject: str, repetition: int) -> Result:
    with server(subject, scenario.shape, scenario.settings) as ready:
        result = scenario.run(ready)
    with RAW.open("a") as file:
        file.write(
            json.dumps(
                {
                    "scenario": scenario.name,
                    "subject": subject,
                    "repetition": repetition,
                }
                | result
            )
            + "\n"
        )
    print(
        f"{scenario.name} {subject} {repetition + 1}: {result.get(scenario.ratio_of)}",
        file=sys.stderr,
        flush=True,
    )
    return result


if __name__ == "__main__":
    sys.exit(main())
