"""The test of silence, at a real server and behind relays that cut, forget, or end everything at one age."""

from __future__ import annotations

import re

import pytest

from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Target, examine
from tenfour.doctor.steps.idle import SILENT_LINES, untold_between
from tests.doctor.listeners import listening, relaying
from tests.doctor.relays import aging

pytestmark = pytest.mark.slow


async def look(url: str, idle_s: float) -> Evidence:
    return await examine(Target(url.replace("http", "ws", 1)), Options(idle_s=idle_s), lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


async def test_silence_that_is_borne_is_no_fault(server):
    evidence = await look(server.url, 1)

    assert named(evidence) is None
    assert len(evidence.idle.silent) == SILENT_LINES


async def test_a_silence_that_is_cut_is_found_with_its_length(server):
    async with listening(relaying(server.url, silence_s=1.2)) as port:
        evidence = await look(f"http://127.0.0.1:{port}", 2)

    assert named(evidence) == "idle_cut"
    assert min(line.lived_s for line in evidence.idle.silent if line.close is not None) == pytest.approx(1.2, abs=0.3)
    assert evidence.idle.busy.close is None


async def test_a_connection_that_is_forgotten_without_a_word_is_found_between_two_silences(server):
    async with listening(relaying(server.url, silence_s=1.5, forget=True)) as port:
        evidence = await look(f"http://127.0.0.1:{port}", 4)

    assert named(evidence) == "nat_forgot"
    borne, lost = untold_between(evidence.idle.silent)
    assert len(evidence.idle.silent) == 2 * SILENT_LINES
    assert lost - borne < 4 / SILENT_LINES / 2
    assert (borne + lost) / 2 == pytest.approx(1.5, abs=0.3)


async def test_an_age_at_which_everything_ends_is_told_from_silence(server):
    async with listening(aging(server.url, 2.0)) as port:
        evidence = await look(f"http://127.0.0.1:{port}", 3)

    assert named(evidence) == "lifetime_cut"


async def test_a_cut_that_the_servers_heartbeat_prevents_is_said_and_no_fault(make_server):
    server = make_server({"heartbeat_s": "0.4"})
    async with listening(relaying(server.url, silence_s=1.6)) as port:
        evidence = await look(f"http://127.0.0.1:{port}", 3)

    assert named(evidence) is None
    line = next(check.line for check in checks(evidence) if check.name == "silence")
    assert re.fullmatch(r"cut after [\d.]+ s of silence, which the server's heartbeat of [\d.]+ m?s prevents", line)
