"""HTTP/2 as far as a WebSocket in it goes (RFC 9113, RFC 8441): is it spoken, is it announced, does one open.

Browsers take this way where a server announces it. Only two answers matter, so that there is no HPACK decoder:
the status comes first in a block of headers, and has an entry in the static table.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

from tenfour.doctor.evidence import Reply
from tenfour.doctor.steps.tls import unverifying
from tenfour.doctor.steps.way import Way, line, now_s, since_ms
from tenfour.doctor.steps.websocket import Asked

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 1, 3, 4, 6, 7
_ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x4, 0x8, 0x20
_ENABLE_CONNECT_PROTOCOL = 8
_STREAM = 1
_FIVE_BITS, _SEVEN_BITS, _MORE = 0x1F, 0x7F, 0x80
_INDEXED, _REMEMBERED, _HUFFMAN = 0x80, 0x40, 0x80
_FRAME_BYTES = 16_384
_STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
"""HPACK's static table, RFC 7541, appendix A."""
_DIGITS = {f"{digit:05b}": str(digit) for digit in range(3)} | {f"{22 + digit:06b}": str(digit) for digit in range(3, 10)}
"""HPACK's Huffman code of the digits, appendix B."""

Frame = tuple[int, int, bytes]


async def speaks_h2(way: Way, patience_s: float) -> bool:
    """Whether HTTP/2 is answered, over TLS or without."""
    try:
        async with asyncio.timeout(patience_s), line(_offering_h2(way)) as (reader, writer):
            writer.write(_PREFACE + _frame(_SETTINGS, 0, 0))
            return (await anext(_frames(reader)))[0] == _SETTINGS
    except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
        return False


async def open_over_h2(way: Way, asked: Asked, patience_s: float) -> Reply | None:
    """The answer to a WebSocket's extended CONNECT; None where the server does not announce that, so that no browser tries it."""
    started_s = now_s()
    is_announced = False
    try:
        async with asyncio.timeout(patience_s), line(_offering_h2(way)) as (reader, writer):
            secured: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
            if secured is None or secured.selected_alpn_protocol() != "h2":
                return None
            writer.write(_PREFACE + _frame(_SETTINGS, 0, 0))
            frames = _frames(reader)
            kind, _, payload = await anext(frames)
            is_announced = kind == _SETTINGS and _settings(payload).get(_ENABLE_CONNECT_PROTOCOL) == 1
            if not is_announced:
                return None
            writer.write(_frame(_SETTINGS, _ACK, 0) + _frame(_HEADERS, _END_HEADERS, _STREAM, _block(way, asked)))
            return await _answer(frames, writer, started_s)
    except TimeoutError:
        return Reply(since_ms(started_s), "no_byte") if is_announced else None
    except (OSError, asyncio.IncompleteReadError, ValueError):
        return Reply(since_ms(started_s), "closed") if is_announced else None


def _offering_h2(way: Way) -> Way:
    """The same way with HTTP/2 offered; nothing secret goes over it, and the certificate was judged before."""
    if way.tls is None:
        return way
    context = unverifying()
    context.set_alpn_protocols(["h2", "http/1.1"])
    return replace(way, tls=context)


async def _answer(frames: AsyncIterator[Frame], writer: asyncio.StreamWriter, started_s: float) -> Reply:
    async for kind, flags, payload in frames:
        if kind == _HEADERS:
            return Reply(since_ms(started_s), "answered", _status(_unpadded(flags, payload)), "2")
        if kind == _RST_STREAM:
            return Reply(since_ms(started_s), "reset", http_version="2")
        if kind == _GOAWAY:
            break
        if kind == _PING and not flags & _ACK:
            writer.write(_frame(_PING, _ACK, 0, payload))
    return Reply(since_ms(started_s), "closed", http_version="2")


# Frames


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    """Kind, flags and payload of what comes. Raises ``IncompleteReadError`` at the end, ``ValueError`` for what is no frame."""
    while True:
        head = await reader.readexactly(9)
        length = int.from_bytes(head[:3], "big")
        if length > _FRAME_BYTES:
            raise ValueError("the frame is longer than HTTP/2 allows unasked")
        yield head[3], head[4], await reader.readexactly(length)


def _settings(payload: bytes) -> dict[int, int]:
    return {int.from_bytes(payload[at : at + 2], "big"): int.from_bytes(payload[at + 2 : at + 6], "big") for at in range(0, len(payload) - 5, 6)}


def _unpadded(flags: int, payload: bytes) -> bytes:
    if flags & _PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if flags & _PRIORITY else payload


# HPACK, as little as is needed


def _block(way: Way, asked: Asked) -> bytes:
    """The request's headers as literals that nobody remembers."""
    headers = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", asked.target), (":authority", way.authority), ("sec-websocket-version", "13")]
    if asked.origin is not None:
        headers.append(("origin", asked.origin))
    if asked.subprotocols:
        headers.append(("sec-websocket-protocol", ", ".join(asked.subprotocols)))
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers)


def _text(value: str) -> bytes:
    raw = value.encode("latin-1", "replace")
    return _length(len(raw)) + raw


def _length(number: int) -> bytes:
    """An integer with a prefix of seven bits."""
    if number < _SEVEN_BITS:
        return bytes((number,))
    found, rest = bytearray((_SEVEN_BITS,)), number - _SEVEN_BITS
    while rest > _SEVEN_BITS:
        found.append(rest & _SEVEN_BITS | _MORE)
        rest >>= 7
    return bytes((*found, rest))


def _status(block: bytes) -> int:
    """The status, which comes first. Raises ``ValueError`` where something else does."""
    while block and block[0] >> 5 == 1:
        block = _past_the_size(block)
    first, length = (*block[:2], 0, 0)[:2]
    if first & _INDEXED:
        index, value = first & _SEVEN_BITS, b""
    else:
        index, value = first & (0x3F if first & _REMEMBERED else 0x0F), block[2 : 2 + (length & _SEVEN_BITS)]
    if index not in _STATUSES:
        raise ValueError("the answer does not begin with its status")
    if not value:
        return _STATUSES[index]
    return int(_digits(value) if length & _HUFFMAN else value)


def _past_the_size(block: bytes) -> bytes:
    """What comes after an update of the table's size, an integer with a prefix of five bits."""
    rest = block[1:]
    if block[0] & _FIVE_BITS == _FIVE_BITS:
        while rest and rest[0] & _MORE:
            rest = rest[1:]
        rest = rest[1:]
    return rest


def _digits(packed: bytes) -> str:
    bits, found = "".join(f"{each:08b}" for each in packed), ""
    while found_length := next((length for length in (5, 6) if bits[:length] in _DIGITS), 0):
        found, bits = found + _DIGITS[bits[:found_length]], bits[found_length:]
    return found
