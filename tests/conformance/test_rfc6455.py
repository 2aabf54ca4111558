"""The server keeps RFC 6455, over real sockets, at the door that echoes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conformance.cases import LARGE, NO_CODE, QUICK, Case
from tests.conformance.frames import BINARY, CLOSE, TEXT, Frame, Line, close, fragments, open_line
from tests.servers import Server

ECHO = "/api/v1/diagnostics/echo?heartbeat=off"
ECHO_BYTES = 17 * 1024 * 1024
SHORT_BYTES = 300


@pytest.fixture(scope="module")
def echo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("echo"), {"TENFOUR_ECHO_BYTES": str(ECHO_BYTES)}).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture
async def line(echo_server: Server) -> AsyncIterator[Line]:
    line = await open_line(echo_server.url, ECHO)
    yield line
    line.abort()


def _bytes_of(case: Case) -> bytes:
    return b"".join(each.encode() for each in case.sends)


def _named(cases: list[Case]) -> list[object]:
    return [pytest.param(each, id=each.id) for each in cases]


async def _answers(line: Line, case: Case) -> None:
    """Reads what the case expects, and the end of the connection."""
    frames = [await line.read() for _ in case.expects] if not case.may_skip else await _up_to_the_close(line)
    ending = frames.pop() if frames and frames[-1].opcode == CLOSE else None
    expected = [Frame(each.opcode, each.payload, masked=False) for each in case.expects]
    assert frames == (expected[: len(frames)] if case.may_skip else expected)
    if case.close is None:
        await line.write(close().encode())
    ending = ending or await line.read()
    assert (ending.opcode, _code_of(ending)) == (CLOSE, case.close or 1000)
    assert len(ending.payload) <= 125
    if _is_the_server_s_own(case):
        await line.write(close(case.close).encode())
    assert await line.ended()


async def _up_to_the_close(line: Line) -> list[Frame]:
    frames = [await line.read()]
    while frames[-1].opcode != CLOSE:
        frames.append(await line.read())
    return frames


def _code_of(frame: Frame) -> int:
    return int.from_bytes(frame.payload[:2], "big") if frame.payload else NO_CODE


def _is_the_server_s_own(case: Case) -> bool:
    """Whether the server said close first, so that it waits for the client's."""
    return case.close in (1002, 1007, 1009) and all(each.opcode != CLOSE for each in case.sends)


def _is_for_slow_arrival(case: Case) -> bool:
    """Short ones in which nothing follows the end: that would meet a socket that is gone, and take the answer along."""
    is_last = not case.may_skip and (case.close is None or len(case.sends) - len(case.expects) <= 1)
    return is_last and len(_bytes_of(case)) <= SHORT_BYTES and not case.id.startswith("6 ")


@pytest.mark.parametrize("case", _named(QUICK))
async def test_the_server_answers_as_the_standard_asks(line: Line, case: Case) -> None:
    await line.write(_bytes_of(case))

    await _answers(line, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", _named([each for each in QUICK if _is_for_slow_arrival(each)]))
async def test_bytes_that_come_one_by_one_make_no_difference(line: Line, case: Case) -> None:
    await line.write(_bytes_of(case), pieces_of=1)

    await _answers(line, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", _named(LARGE))
async def test_large_and_many_messages_come_back_whole(line: Line, case: Case) -> None:
    writing = asyncio.create_task(line.write(_bytes_of(case), pieces_of=2**20))

    await _answers(line, case)

    await writing


@pytest.mark.slow
@pytest.mark.parametrize("step", [64, 128, 256, 512, 1024, 2048])
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
async def test_a_mebibyte_in_small_writes_comes_back_whole(line: Line, opcode: int, step: int) -> None:
    message = Frame(opcode, b"*" * 2**20)

    await line.write(message.encode(), pieces_of=step)

    await _answers(line, Case("9", [message], [message]))


async def test_more_bytes_than_the_door_takes_are_refused_by_name(line: Line) -> None:
    writing = asyncio.create_task(line.write(Frame(BINARY, b"*" * (ECHO_BYTES + 1)).encode()))

    ending = await line.read()

    assert (_code_of(ending), ending.payload[2:].startswith(b"frame_too_large: ")) == (1009, True)
    writing.cancel()


async def test_a_message_of_too_many_bytes_in_all_is_refused_whatever_its_fragments(line: Line) -> None:
    parts = b"".join(each.encode() for each in fragments(BINARY, b"*" * (ECHO_BYTES + 1), 2**20))
    writing = asyncio.create_task(line.write(parts))

    ending = await line.read()

    assert _code_of(ending) == 1009
    writing.cancel()


async def test_a_client_that_never_answers_a_close_is_let_go(line: Line) -> None:
    await line.write(Frame(TEXT, b"\xff").encode())

    assert _code_of(await line.read()) == 1007
    assert await line.ended()


async def test_no_extension_is_agreed(line: Line) -> None:
    assert "sec-websocket-extensions" not in line.headers.lower()


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (Frame(0x3), "protocol_error"),
        (Frame(TEXT, b"x", masked=False), "protocol_error"),
        (Frame(TEXT, b"x", rsv=4), "protocol_error"),
        (Frame(TEXT, b"\xff"), "invalid_utf8"),
    ],
    ids=["opcode", "mask", "reserved bit", "UTF-8"],
)
async def test_the_close_frame_names_the_failure(line: Line, frame: Frame, name: str) -> None:
    await line.write(frame.encode())

    ending = await line.read()
    assert ending.payload[2:].decode().startswith(f"{name}: ")
