"""How a run reads: the cause last, in one sentence, with something to paste."""

from __future__ import annotations

from dataclasses import replace

from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import Names
from tenfour.doctor.report import WORDS, check_lines, conclusion, not_tried, to_paste
from tenfour.errors import ErrorCode
from tests.doctor.seen import healthy, refused, until

STRIPPED = replace(
    until(healthy("nginx"), "upgrade"),
    upgrade=replace(healthy("nginx").upgrade, reply=refused(ErrorCode.UPGRADE_REQUIRED, "Over HTTP/1.0 came connection: close, sec-websocket-key: present."), subprotocol=None, accept_is_right=False),
)


def test_the_failed_step_has_the_first_sentence_and_the_conclusion_the_whole():
    failed = [line for line in check_lines(checks(STRIPPED), WORDS) if line.startswith("FAIL")]

    assert failed == ["FAIL upgrade       A proxy on the way removes the `Upgrade` header, so that the server sees an ordinary request.  (4 ms)"]
    assert conclusion(diagnose(STRIPPED))[0].startswith("The cause [upgrade_stripped]: A proxy on the way removes")
    assert conclusion(diagnose(STRIPPED))[0].endswith("nginx stands between.")


def test_what_is_to_be_pasted_stands_under_the_name_of_the_proxy():
    paste = to_paste(diagnose(STRIPPED))

    assert paste[0] == "For nginx:"
    assert all(line == "" or line.startswith("    ") for line in paste[1:])


def test_what_stands_behind_a_failure_is_one_line():
    evidence = replace(until(healthy(), "names"), names=Names(30.0, fault="no_name"))

    lines = not_tried(checks(evidence), diagnose(evidence))

    assert len(lines) == 1
    assert lines[0].startswith("Not tried: TCP, TLS, HTTP, upgrade, token, welcome, ")


def test_where_nothing_failed_all_that_was_not_measured_is_said():
    evidence = replace(until(healthy(), "upgrade"), notes=("Not measured: delivery, because a ticket opens one connection only.",))

    lines = not_tried(checks(evidence), diagnose(evidence))

    assert lines[0].startswith("Not measured: the token; ")
    assert lines[1] == "Not measured: delivery, because a ticket opens one connection only."
    assert "only a browser" in lines[2]
