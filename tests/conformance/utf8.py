"""Texts that are UTF-8 (RFC 3629) and texts that only look like it."""

from __future__ import annotations

from collections.abc import Iterator

COSMOS = "κόσμε".encode()
FIRST_AND_LAST = (0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x3FFFF, 0xFFFFF, 0x10FFFF)


def valid() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "ASCII", b"Hello, world"
    yield "umlauts", "Hello-µ@ßöäüàá-UTF-8!!".encode()
    yield "Greek", COSMOS
    yield "beyond the first plane", "𠜎🎉".encode()
    for code in FIRST_AND_LAST:
        yield f"U+{code:04X}", chr(code).encode()
    for plane in range(17):
        for code in (plane << 16 | 0xFFFE, plane << 16 | 0xFFFF):
            yield f"noncharacter U+{code:04X}", chr(code).encode()
    yield "NUL", b"\x00"
    yield "byte order mark", b"\xef\xbb\xbfx"
    yield "replacement character", "�".encode()


def invalid() -> Iterator[tuple[str, bytes]]:
    yield "surrogate in the middle", COSMOS + b"\xed\xa0\x80edited"
    yield "beyond U+10FFFF in the middle", COSMOS + b"\xf4\x90\x80\x80edited"
    yield from _cut_short()
    yield from _too_many()
    yield from _bytes_that_never_come()
    yield from _longer_than_needed()
    yield from _surrogates()


def _cut_short() -> Iterator[tuple[str, bytes]]:
    for length in range(1, len(COSMOS)):
        if length % 2:
            yield f"Greek cut after {length} bytes", COSMOS[:length]
    for whole in ("߿", "￿", "\U0010ffff"):
        text = whole.encode()
        for length in range(1, len(text)):
            yield f"{text.hex()} without its last {len(text) - length}", text[:length]
            yield f"{text.hex()} without its last {len(text) - length}, then a space", text[:length] + b" "
    yield "all incomplete ones joined", b"\xdf\xef\xbf\xf4\x8f\xbf"


def _too_many() -> Iterator[tuple[str, bytes]]:
    for count in (1, 2, 3, 6):
        yield f"{count} continuation bytes alone", b"\x80\xbf" * (count // 2) + b"\x80" * (count % 2)
    yield "every continuation byte", bytes(range(0x80, 0xC0))
    for first in (*range(0xC0, 0xC2), *range(0xF5, 0x100)):
        yield f"start byte {first:02x}", bytes((first, 0x80, 0x80, 0x80))
    yield "every start byte with a space", b"".join(bytes((first, 0x20)) for first in range(0xC2, 0xF5))


def _bytes_that_never_come() -> Iterator[tuple[str, bytes]]:
    yield "fe", b"\xfe"
    yield "ff", b"\xff"
    yield "fe fe ff ff", b"\xfe\xfe\xff\xff"
    yield "five bytes", b"\xf8\x88\x80\x80\x80"
    yield "six bytes", b"\xfc\x84\x80\x80\x80\x80"
    yield "U+110000", b"\xf4\x90\x80\x80"
    yield "U+1FFFFF", b"\xf7\xbf\xbf\xbf"
    yield "U+7FFFFFFF", b"\xfd\xbf\xbf\xbf\xbf\xbf"


def _longer_than_needed() -> Iterator[tuple[str, bytes]]:
    for name, text in (
        ("slash in two", b"\xc0\xaf"),
        ("slash in three", b"\xe0\x80\xaf"),
        ("slash in four", b"\xf0\x80\x80\xaf"),
        ("slash in five", b"\xf8\x80\x80\x80\xaf"),
        ("slash in six", b"\xfc\x80\x80\x80\x80\xaf"),
        ("U+007F in two", b"\xc1\xbf"),
        ("U+07FF in three", b"\xe0\x9f\xbf"),
        ("U+FFFF in four", b"\xf0\x8f\xbf\xbf"),
        ("NUL in two", b"\xc0\x80"),
        ("NUL in three", b"\xe0\x80\x80"),
        ("NUL in four", b"\xf0\x80\x80\x80"),
    ):
        yield f"overlong: {name}", text


def _surrogates() -> Iterator[tuple[str, bytes]]:
    high, low = (0xD800, 0xDB7F, 0xDB80, 0xDBFF), (0xDC00, 0xDF80, 0xDFFF)
    for code in (*high, *low):
        yield f"surrogate {code:X}", _surrogate(code)
    for one in high:
        for other in low:
            yield f"surrogates {one:X} {other:X}", _surrogate(one) + _surrogate(other)


def _surrogate(code: int) -> bytes:
    return chr(code).encode(errors="surrogatepass")
