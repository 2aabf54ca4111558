from __future__ import annotations

import pytest

from tenfour.cli.terminal import escape_controls, escape_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("\u2066x\u2069\u200f\u061c", "\\u2066x\\u2069\\u200f\\u061c"),
        ("one\u2028two", "one\\u2028two"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_steers_a_terminal_or_turns_the_writing_round_is_written_out(text, shown):
    assert escape_controls(text) == shown


@pytest.mark.parametrize("text", ["Grüße, Ольга", "שלום", "نعم", "👩‍👩‍👧 ❤️", "a  b"])
def test_writing_of_people_stays_as_it_is(text):
    assert escape_controls(text) == text


def test_a_text_of_several_lines_keeps_them_and_none_can_pass_for_another_message():
    assert escape_lines("one\r\n12:00:00  bob  two\x1b", "    ") == "one\n    12:00:00  bob  two\\x1b"
