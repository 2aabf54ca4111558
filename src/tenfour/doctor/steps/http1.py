"""HTTP/1.1 by hand: a refusal's status, headers and body are what the doctor is for, whoever answers."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from tenfour.doctor.evidence import BODY_CHARS_KEPT, Reply, kept
from tenfour.doctor.steps.way import Way, line, now_s, since_ms

USER_AGENT = f"tenfour-doctor/{version('tenfour')}"
HEAD_BYTES = 65_536
BODY_BYTES = 65_536
BODY_PATIENCE_S = 1.0
_STATUS_LINE = re.compile(rb"HTTP/(\d(?:\.\d)?) (\d{3})\b")
_HEAD_SHOWN = 32
_SWITCHING = 101


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and its body as it came."""

    reply: Reply
    body: bytes = b""

    @property
    def breaks_off(self) -> bool:
        """Whether less came than was announced."""
        length = self.reply.header("content-length") or ""
        return length.isdigit() and len(self.body) < min(int(length), BODY_BYTES)


def request(way: Way, path: str, headers: Sequence[tuple[str, str]] = (), method: str = "GET") -> bytes:
    """A request without a body; no header can break out of its line. One that is given replaces our own of that name."""
    given = {name.lower() for name, _ in headers}
    own = [(name, value) for name, value in (("Host", way.authority), ("User-Agent", USER_AGENT)) if name.lower() not in given]
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (*own, *headers))]
    return "".join(re.sub(r"[\r\n]", "", each) + "\r\n" for each in lines).encode("latin-1", "replace") + b"\r\n"


async def get(way: Way, path: str, patience_s: float) -> Answer:
    """A plain GET on a line of its own. TLS's late refusals are raised as ``ssl.SSLError``."""
    return await ask(way, "GET", path, patience_s)


async def ask(way: Way, method: str, path: str, patience_s: float, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """A request without a body on a line of its own. TLS's late refusals are raised as ``ssl.SSLError``."""
    started_s = now_s()
    length = () if method == "GET" else (("Content-Length", "0"),)
    try:
        async with asyncio.timeout(patience_s), line(way) as (reader, writer):
            writer.write(request(way, path, (("Accept", "*/*"), ("Connection", "close"), *length, *headers), method))
            return await read_answer(reader, started_s)
    except TimeoutError:
        return Answer(Reply(since_ms(started_s), "no_byte"))
    except ssl.SSLError:
        raise
    except OSError:
        return Answer(Reply(since_ms(started_s), "reset"))


async def read_answer(reader: asyncio.StreamReader, started_s: float) -> Answer:
    """Status line, headers and as much of the body as comes in time. Raises ``OSError`` where the line breaks."""
    answer = await read_head(reader, started_s)
    if answer.reply.outcome != "answered" or answer.reply.status == _SWITCHING:
        return answer
    body = await _body(reader, {name.lower(): value for name, value in answer.reply.headers})
    return Answer(replace(answer.reply, body=body.decode("utf-8", "replace")[:BODY_CHARS_KEPT]), body)


async def read_head(reader: asyncio.StreamReader, started_s: float) -> Answer:
    """Status line and headers; what follows stays unread. Raises ``OSError`` where the line breaks."""
    head = await reader.read(1)
    if not head:
        return Answer(Reply(since_ms(started_s), "closed"))
    if head != b"H":
        head += await reader.read(_HEAD_SHOWN - 1)
        return Answer(Reply(since_ms(started_s), "not_http", head=head.hex()))
    while not head.endswith(b"\r\n\r\n") and len(head) < HEAD_BYTES:
        more = await _line_of(reader)
        if not more:
            break
        head += more
    if not head.endswith(b"\r\n\r\n") and reader.at_eof():
        return Answer(Reply(since_ms(started_s), "closed", head=head[:_HEAD_SHOWN].hex()))
    status_line = _STATUS_LINE.match(head)
    if status_line is None:
        return Answer(Reply(since_ms(started_s), "not_http", head=head[:_HEAD_SHOWN].hex()))
    took_ms = since_ms(started_s)
    headers = _headers(head.partition(b"\r\n\r\n")[0])
    return Answer(Reply(took_ms, "answered", int(status_line[2]), status_line[1].decode(), kept(headers)))


async def _line_of(reader: asyncio.StreamReader) -> bytes:
    """A line of the head and no more: frames may follow it. Empty where there is none of a sane length."""
    try:
        return await reader.readline()
    except (asyncio.LimitOverrunError, ValueError):
        return b""


def _headers(head: bytes) -> list[tuple[str, str]]:
    lines = [each.decode("latin-1").partition(":") for each in head.split(b"\r\n")[1:]]
    return [(name.strip(), value.strip()) for name, colon, value in lines if colon]


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    """The body by its length, in chunks, or until the end; what has come after a second is enough to judge."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            if "chunked" in headers.get("transfer-encoding", "").lower():
                await _chunks(reader, found)
            else:
                length = int(headers["content-length"]) if headers.get("content-length", "").isdigit() else BODY_BYTES
                await _some(reader, found, min(length, BODY_BYTES))
    except (TimeoutError, OSError, ValueError):  # a body that breaks off is judged as far as it came
        return bytes(found)
    return bytes(found)


async def _chunks(reader: asyncio.StreamReader, found: bytearray) -> None:
    while len(found) < BODY_BYTES:
        size = int((await reader.readline()).partition(b";")[0], 16)
        if size == 0:
            return
        await _some(reader, found, len(found) + size)
        await reader.readline()


async def _some(reader: asyncio.StreamReader, found: bytearray, until: int) -> None:
    while len(found) < until:
        more = await reader.read(until - len(found))
        if not more:
            return
        found += more
