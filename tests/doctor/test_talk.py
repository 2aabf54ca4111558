"""What is expected and what scripts say, without a line."""

from __future__ import annotations

import pytest

from tenfour.doctor.evidence import Close
from tenfour.doctor.talk.events import Arrival, Ended, NotConnected, Said
from tenfour.doctor.talk.pattern import WrongPattern, parse_pattern
from tenfour.doctor.talk.script import Expect, Goodbye, Keep, Send, SendBinary, SendControl, Wait, WrongStep, check, parse_script


def text(payload: str) -> Said:
    return Said(by_us=False, kind="text", payload=payload.encode(), at_s=0.0)


FRAME = text('{"type":"ack","seq":57,"chats":[{"head":3}],"user":{"name":"ann b"},"last":null,"ok":true}')
BYTES = Said(by_us=False, kind="binary", payload=b"\x00\xff\x01", at_s=0.0)
PONG = Said(by_us=False, kind="pong", payload=b"two", at_s=0.0)
CLOSED = Ended(Close("frame", 4401, "token_expired: The token has expired"), by_us=False, lived_s=1.0, at_s=0.0)
CUT = Ended(Close("rst"), by_us=False, lived_s=1.0, at_s=0.0)
REFUSED = NotConnected("", 0.0, status=403)
UNREACHED = NotConnected("", 0.0)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("type=ack", FRAME, text('{"type":"error"}')),
        ("type=ack seq=57", FRAME, text('{"type":"ack","seq":570}')),
        ("chats.0.head=3", FRAME, text('{"chats":[]}')),
        ('user.name="ann b"', FRAME, text('{"user":"ann b"}')),
        ("last=null ok=true", FRAME, text('{"ok":true}')),
        ("code!=busy", FRAME, text('{"code":"busy"}')),
        ("user.name~^ann", FRAME, text('{"user":{"name":"joan"}}')),
        ('"type":"ack"', FRAME, text("ack")),
        ("/^a+$/", text("aaa"), text("aab")),
        ("/type=ack/", text("type=ack"), FRAME),
        ("type=ack", FRAME, text("type=ack")),
        ("binary", BYTES, FRAME),
        ("binary 00ff", BYTES, Said(by_us=False, kind="binary", payload=b"\x00", at_s=0.0)),
        ("pong two", PONG, Said(by_us=False, kind="pong", payload=b"", at_s=0.0)),
        ("close", CLOSED, CUT),
        ("close 4401", CLOSED, Ended(Close("frame", 1000), by_us=False, lived_s=1.0, at_s=0.0)),
        ("close 4401 token_expired", CLOSED, Ended(Close("frame", 4401, "token_missing: No token"), by_us=False, lived_s=1.0, at_s=0.0)),
        ("close 1005", Ended(Close("frame"), by_us=False, lived_s=1.0, at_s=0.0), CLOSED),
        ("cut", CUT, CLOSED),
        ("refused", REFUSED, UNREACHED),
        ("refused 403", REFUSED, NotConnected("", 0.0, status=404)),
        ("seq=${seq}", FRAME, text('{"seq":58}')),
        ("user.name=${name}", FRAME, text('{"user":{"name":"ann"}}')),
        ("/${dots}/", text("a.b"), text("a-b")),
    ],
)
def test_a_pattern_fits_what_it_says_and_nothing_else(pattern: str, fits: Arrival, fits_not: Arrival) -> None:
    expected = parse_pattern(pattern, {"seq": "57", "name": "ann b", "dots": "a.b"})

    assert expected.fits(fits)
    assert not expected.fits(fits_not)


@pytest.mark.parametrize("pattern", ["", "  ", "/(/", "a~(", "close soon", "refused -1", "binary 0", 'a="\\x"'])
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(WrongPattern):
        parse_pattern(pattern, {})


def test_a_script_is_a_step_a_line() -> None:
    script = '# greeting\n\nsend {"a": 1}\n  binary 00 ff\nping x\nexpect type=a\ntimeout 0.5\nexpect close\nkeep seq = a.seq\nwait 2\nclose 4000 so long'

    steps = parse_script(script)

    said = [Send('{"a": 1}'), SendBinary(b"\x00\xff"), SendControl("ping", "x"), Expect("type=a"), Expect("close", timeout_s=0.5), Keep("seq", "a.seq"), Wait(2.0), Goodbye(4000, "so long")]
    assert steps == said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("say a", "'say' is no step"),
        ("ping " + "x" * 126, "a ping has at most 125 bytes"),
        ("wait long", "'long' is not a number of seconds"),
        ("timeout -1", "'-1' is not a number of seconds"),
        ("wait inf", "'inf' is not a number of seconds"),
        ("keep a.b", "it is written `keep NAME = FIELD`"),
        ("close 5000", "'5000' is not a close code"),
        ("close 1000 " + "é" * 62, "at most 123 bytes"),
        ("expect", "nothing to expect"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(line: str, says: str) -> None:
    with pytest.raises(WrongStep, match="line 2: ") as refused:
        parse_script(f"send a\n{line}")

    assert says in str(refused.value)


def test_what_nothing_keeps_cannot_be_filled_in() -> None:
    known = check(parse_script("expect a=1\nkeep b = a\nsend ${b} ${given}"), {"given"})

    assert [step.number for step in known if isinstance(step, Expect)] == [1]
    for script in ("send ${b}", "send ${b}\nexpect a=1\nkeep b = a", "keep b = a"):
        with pytest.raises(WrongStep):
            check(parse_script(script), ())
