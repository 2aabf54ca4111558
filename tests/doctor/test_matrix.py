"""The written matrix and the tests that it comes from say the same."""

from __future__ import annotations

import pytest

from tests.doctor import matrix
from tests.doctor.matrix import Row, page_of, put, read, stable, staged_by_tests


@pytest.mark.slow
def test_every_row_of_the_page_has_its_test_and_every_test_its_row():
    tested = staged_by_tests()
    if matrix.WRITES:
        put([], keep=tested)

    assert {row.key for row in read()} == tested


def test_the_page_is_in_order():
    assert matrix.PAGE.read_text() == page_of(read())


def test_what_differs_from_run_to_run_is_no_difference():
    said = "127.0.0.1, port 4711 ended after 1.2 s, on 2026-11-22 10:00 UTC (nginx/1.22.1)."
    again = "127.0.0.1, port 815 ended after 63 ms, on 2027-01-02 11:11 UTC (nginx/1.26.0)."

    assert stable(said) == stable(again)
    assert stable(said) != stable(said.replace("ended", "lives"))


def test_a_row_stays_as_it_was_while_it_says_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "PAGE", tmp_path / "page.md")
    put([Row("tcp_refused", "Nobody | listens.", "Port 1 is closed.", 1.0)])

    put([Row("tcp_refused", "Nobody | listens.", "Port 3 is closed.", 1.01)])
    put([Row("tcp_refused", "Nobody | listens.", "Port 2 is closed.", 2.0), Row(None, "Nothing.", "All is well.", 1.0)])

    assert read() == [Row("tcp_refused", "Nobody | listens.", "Port 1 is closed.", 2.0), Row(None, "Nothing.", "All is well.", 1.0)]
