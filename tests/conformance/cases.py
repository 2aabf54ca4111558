"""The cases: what a client writes, and what has to come back.

The numbers of the groups are those in which such suites are commonly ordered: 1 framing, 2 pings and pongs,
3 reserved bits, 4 opcodes, 5 fragmentation, 6 UTF-8, 7 closing, 9 sizes, 10 automatic fragmentation.
A case that expects no close ends with the client's own close, code 1000, which has to come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.conformance import utf8
from tests.conformance.frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, close, fragments

KIB, MIB = 1024, 1024 * 1024
KINDS = ((TEXT, "text"), (BINARY, "binary"))
CLOSE_CODES_ALLOWED = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
CLOSE_CODES_REFUSED = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
NO_CODE = 1005


@dataclass(frozen=True, slots=True)
class Case:
    """``close`` is the code that the server's close frame has to have; None: the connection is still good.

    ``may_skip``: the parser looks one frame ahead, so what stands right before a frame that it cannot read
    may go unanswered where both arrive at once. The standard allows it: the connection has failed (7.1.7).
    """

    id: str
    sends: Sequence[Frame]
    expects: Sequence[Frame] = ()
    close: int | None = None
    may_skip: bool = False


def _echo(name: str, *frames: Frame) -> Case:
    """Comes back as one message."""
    return Case(name, frames, [Frame(frames[0].opcode, b"".join(each.payload for each in frames))])


def _fails(name: str, *frames: Frame, before: Sequence[Frame] = (), code: int = 1002) -> Case:
    return Case(name, frames, before, code)


def _framing() -> Iterator[Case]:
    for opcode, kind in KINDS:
        for size in (0, 1, 125, 126, 127, 128, 65_535, 65_536):
            yield _echo(f"1 {kind} of {size} bytes", Frame(opcode, b"*" * size))
        yield _echo(f"1 {kind} of 65536 bytes in fragments of 997", *fragments(opcode, b"*" * 65_536, 997))
    every_byte = bytes(range(256))
    yield _echo("1 binary of every byte", Frame(BINARY, every_byte))


def _pings() -> Iterator[Case]:
    for name, payload in (("no payload", b""), ("text payload", b"Hello, world!"), ("binary payload", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), ("binary payload of 125 bytes", b"\xfe" * 125)):
        yield Case(f"2 ping with {name}", [Frame(PING, payload)], [Frame(PONG, payload)])
    yield _fails("2 ping with 126 bytes", Frame(PING, b"\xfe" * 126))
    yield Case("2 unsolicited pong without payload", [Frame(PONG)])
    yield Case("2 unsolicited pong with payload", [Frame(PONG, b"nobody asked")])
    yield Case("2 unsolicited pong, then a ping", [Frame(PONG, b"nobody asked"), Frame(PING, b"1")], [Frame(PONG, b"1")])
    ten = [bytes((48 + place,)) for place in range(10)]
    yield Case("2 ten pings in order", [Frame(PING, each) for each in ten], [Frame(PONG, each) for each in ten])


def _reserved_bits() -> Iterator[Case]:
    hello = Frame(TEXT, b"Hello")
    for rsv in range(1, 8):
        yield _fails(f"3 text with reserved bits {rsv}", Frame(TEXT, b"Hello", rsv=rsv))
        yield _fails(f"3 text, then text with reserved bits {rsv}, then ping", hello, Frame(TEXT, b"Hello", rsv=rsv), Frame(PING), before=[hello])
        yield _fails(f"3 binary with reserved bits {rsv}", Frame(BINARY, b"\x00\xff", rsv=rsv))
        yield _fails(f"3 ping with reserved bits {rsv}", Frame(PING, b"Hello", rsv=rsv))
        yield _fails(f"3 pong with reserved bits {rsv}", Frame(PONG, b"Hello", rsv=rsv))
        yield _fails(f"3 close with reserved bits {rsv}", Frame(0x8, b"\x03\xe8", rsv=rsv))
        yield _fails(f"3 continuation with reserved bits {rsv}", Frame(TEXT, b"Hel", fin=False), Frame(CONTINUATION, b"lo", rsv=rsv))


def _opcodes() -> Iterator[Case]:
    hello = Frame(TEXT, b"Hello")
    for opcode in (*range(3, 8), *range(11, 16)):
        yield _fails(f"4 opcode {opcode} without payload", Frame(opcode))
        yield _fails(f"4 opcode {opcode} with payload", Frame(opcode, b"reserved"))
        yield Case(f"4 text, then opcode {opcode}, then ping", [hello, Frame(opcode, b"reserved"), Frame(PING)], [hello], 1002, may_skip=True)
    yield Case("4 three texts, then an opcode", [hello, hello, hello, Frame(11)], [hello, hello, hello], 1002, may_skip=True)
    yield _fails("4 text without a mask", Frame(TEXT, b"Hello", masked=False))
    yield _fails("4 ping without a mask", Frame(PING, b"Hello", masked=False))


def _fragmentation() -> Iterator[Case]:
    first, last = Frame(TEXT, b"frag1", fin=False), Frame(CONTINUATION, b"frag2")
    whole, ping, pong = Frame(TEXT, b"frag1frag2"), Frame(PING, b"ping"), Frame(PONG, b"ping")
    yield _fails("5 ping in two fragments", Frame(PING, b"a", fin=False), Frame(CONTINUATION, b"b"))
    yield _fails("5 pong in two fragments", Frame(PONG, b"a", fin=False), Frame(CONTINUATION, b"b"))
    yield _fails("5 close in two fragments", Frame(0x8, b"\x03\xe8", fin=False), Frame(CONTINUATION))
    yield Case("5 text in two fragments", [first, last], [whole])
    yield Case("5 text in two fragments with a ping between", [first, ping, last], [pong, whole])
    yield Case("5 text in two fragments with a pong between", [first, Frame(PONG, b"?"), last], [whole])
    five = [Frame(TEXT, b"a", fin=False), *[Frame(CONTINUATION, b"b", fin=False)] * 3, Frame(CONTINUATION, b"c")]
    with_pings = [each for part in five[:-1] for each in (part, ping)] + five[-1:]
    yield Case("5 text in five fragments with pings between", with_pings, [*[pong] * 4, Frame(TEXT, b"abbbc")])
    yield Case("5 empty fragments", [Frame(TEXT, fin=False), Frame(CONTINUATION, fin=False), Frame(CONTINUATION)], [Frame(TEXT)])
    yield Case("5 text in the middle fragment only", [Frame(TEXT, fin=False), Frame(CONTINUATION, b"x", fin=False), Frame(CONTINUATION)], [Frame(TEXT, b"x")])
    yield Case("5 binary in two fragments", [Frame(BINARY, b"\xff", fin=False), Frame(CONTINUATION, b"\x00")], [Frame(BINARY, b"\xff\x00")])
    for fin in (True, False):
        orphan = Frame(CONTINUATION, b"orphan", fin=fin)
        yield _fails(f"5 continuation of nothing, fin {fin}", orphan, Frame(TEXT, b"Hello"))
        yield _fails(f"5 whole text, then continuation of nothing, fin {fin}", Frame(TEXT, b"Hello"), orphan, before=[Frame(TEXT, b"Hello")])
    yield _fails("5 continuation after a message is finished", first, last, Frame(CONTINUATION, b"more"), before=[whole])
    for opcode, kind in KINDS:
        yield _fails(f"5 new {kind} before the text is finished", first, Frame(opcode, b"new"))
        yield _fails(f"5 new fragmented {kind} before the text is finished", first, Frame(opcode, b"new", fin=False), Frame(CONTINUATION, b"x"))


def _utf8() -> Iterator[Case]:
    for name, payload in utf8.valid():
        yield _echo(f"6 valid: {name}", Frame(TEXT, payload))
        yield _echo(f"6 valid in fragments of a byte: {name}", *fragments(TEXT, payload, 1))
    for name, payload in utf8.invalid():
        yield _fails(f"6 invalid: {name}", Frame(TEXT, payload), code=1007)
        yield _fails(f"6 invalid in fragments of a byte: {name}", *fragments(TEXT, payload, 1), code=1007)
        yield _echo(f"6 not text, so not looked at: {name}", Frame(BINARY, payload))
    cosmos = "κόσμε".encode()
    # No last fragment comes: the connection has to fail as soon as nothing could make the text valid.
    yield _fails("6 fails before the message is finished: surrogate", Frame(TEXT, cosmos, fin=False), Frame(CONTINUATION, b"\xed\xa0\x80", fin=False), code=1007)
    yield _fails("6 fails before the message is finished: beyond U+10FFFF", Frame(TEXT, cosmos, fin=False), Frame(CONTINUATION, b"\xf4\x90\x80\x80", fin=False), code=1007)
    yield _fails("6 fails before the character is finished", Frame(TEXT, cosmos + b"\xf4", fin=False), Frame(CONTINUATION, b"\x90", fin=False), code=1007)
    yield _fails("6 fails in the first fragment", Frame(TEXT, b"\xff", fin=False), code=1007)
    yield Case("6 a ping inside a character", [Frame(TEXT, cosmos[:1], fin=False), Frame(PING, b"1"), Frame(CONTINUATION, cosmos[1:])], [Frame(PONG, b"1"), Frame(TEXT, cosmos)])
    yield _fails("6 a good message does not excuse the next", Frame(TEXT, cosmos), Frame(TEXT, cosmos[:-1]), before=[Frame(TEXT, cosmos)], code=1007)


def _closing() -> Iterator[Case]:
    hello = Frame(TEXT, b"Hello")
    yield Case("7 text, then close", [hello, close()], [hello], 1000)
    yield Case("7 two closes", [close(), close()], [], 1000)
    yield Case("7 ping after close gets no pong", [close(), Frame(PING, b"x")], [], 1000)
    yield Case("7 text after close gets no echo", [close(), hello], [], 1000)
    yield Case("7 a message's end after close", [Frame(TEXT, b"a", fin=False), close(), Frame(CONTINUATION, b"b")], [], 1000)
    yield Case("7 256 KiB, then close", [Frame(TEXT, b"*" * 256 * KIB), hello, close()], [Frame(TEXT, b"*" * 256 * KIB), hello], 1000)
    yield Case("7 close without a code", [close(None)], [], NO_CODE)
    yield _fails("7 close with half a code", Frame(0x8, b"\x03"))
    yield Case("7 close with a reason", [close(1000, b"Hello")], [], 1000)
    yield Case("7 close with a reason of 123 bytes", [close(1000, b"*" * 123)], [], 1000)
    yield _fails("7 close with a reason of 124 bytes", close(1000, b"*" * 124))
    yield _fails("7 close with a reason that is not UTF-8", close(1000, b"\xce\xba\xed\xa0\x80"), code=1007)
    yield _fails("7 close with half a character", close(1000, "κ".encode()[:1]), code=1007)
    for code in CLOSE_CODES_ALLOWED:
        yield Case(f"7 close with code {code}", [close(code)], [], code)
    for code in CLOSE_CODES_REFUSED:
        yield _fails(f"7 close with code {code}", close(code))
        yield _fails(f"7 close with code {code} and a reason", close(code, b"because"))


def _sizes() -> Iterator[Case]:
    for opcode, kind in KINDS:
        for size in (64 * KIB, 256 * KIB, 1 * MIB, 4 * MIB, 8 * MIB, 16 * MIB):
            yield _echo(f"9 {kind} of {size // KIB} KiB", Frame(opcode, b"*" * size))
        for step in (64, 256, 1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1 * MIB):
            yield _echo(f"9 {kind} of 4 MiB in fragments of {step} bytes", *fragments(opcode, b"*" * 4 * MIB, step))
        for size in (0, 16, 64, 256, 1024):
            thousand = [Frame(opcode, bytes((33 + place % 90,)) * size) for place in range(1000)]
            yield Case(f"9 1000 {kind} messages of {size} bytes", thousand, thousand)


def _automatic_fragmentation() -> Iterator[Case]:
    for opcode, kind in KINDS:
        yield _echo(f"10 {kind} of 64 KiB in fragments of 1300", *fragments(opcode, b"*" * 64 * KIB, 1300))


QUICK = [*_framing(), *_pings(), *_reserved_bits(), *_opcodes(), *_fragmentation(), *_utf8(), *_closing(), *_automatic_fragmentation()]
LARGE = list(_sizes())
