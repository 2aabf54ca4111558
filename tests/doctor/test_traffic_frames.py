"""Large frames and compression: at a real server, behind relays that spoil them, and against another implementation."""

from __future__ import annotations

import pytest
import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Target, examine
from tenfour.doctor.steps.traffic import PACKED, EchoDoor, compress
from tenfour.doctor.steps.way import Way
from tenfour.doctor.steps.websocket import Asked
from tests.doctor.listeners import Talk, listening
from tests.doctor.relays import limiting, marking, relaying_frames, untouched, waiting_for

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"
TOO_BIG = b"\x88\x02\x03\xf1"
"""A close frame with 1009 and no reason."""


async def look(talk: Talk) -> Evidence:
    async with listening(talk) as port:
        return await examine(Target(f"ws://127.0.0.1:{port}"), Options(), lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


def line_of(evidence: Evidence, name: str) -> str:
    return next(check.line for check in checks(evidence) if check.name == name)


@pytest.mark.parametrize("farewell", [TOO_BIG, b""], ids=["told", "untold"])
async def test_a_limit_that_ends_connections_is_found_to_the_byte(server, farewell):
    evidence = await look(limiting(server.url, 20_000, farewell))

    assert named(evidence) == "frame_too_big"
    assert "20,000 bytes pass, 20,001 do not" in diagnose(evidence).says


@pytest.mark.slow
async def test_a_size_from_which_frames_get_lost_without_a_word_is_bracketed(server):
    evidence = await look(limiting(server.url, 1_250, None))

    assert named(evidence) == "mtu_blackhole"
    assert evidence.frames.passed_bytes <= 1_250 < evidence.frames.lost.bytes
    assert evidence.frames.lost.bytes - evidence.frames.passed_bytes < 100


@pytest.mark.slow
async def test_the_servers_own_limit_is_told_and_no_fault(make_server):
    server = make_server({"echo_bytes": "20000"})

    evidence = await examine(Target(server.url.replace("http", "ws")), Options(), lambda _: None)

    assert named(evidence) is None
    assert line_of(evidence, "large frames") == "up to 16,000 bytes pass; the server takes no more"
    assert evidence.steady is not None


@pytest.mark.slow
async def test_what_waits_until_its_buffer_is_full_is_told_from_silence(server):
    evidence = await look(relaying_frames(server.url, waiting_for(4_096)))

    assert named(evidence) == "frames_clumped"
    assert evidence.echo.after_more_bytes == 16_000


# Compression


async def test_compression_that_another_implementation_takes_works_there_and_back():
    async def echo(connection: websockets.ServerConnection) -> None:
        async for text in connection:
            await connection.send(text)

    for factory in (ServerPerMessageDeflateFactory(), ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True, client_max_window_bits=10)):
        async with websockets.serve(echo, "127.0.0.1", 0, compression=None, extensions=[factory]) as other:
            port = other.sockets[0].getsockname()[1]

            seen = await compress(EchoDoor(Way("127.0.0.1", port, "127.0.0.1"), Asked("/"), 5.0))

        assert seen.agreed.startswith("permessage-deflate")
        assert (seen.sent, seen.back, seen.close) == (len(PACKED), len(PACKED), None)


@pytest.mark.slow
async def test_tenfour_declines_compression(server):
    evidence = await examine(Target(server.url.replace("http", "ws")), Options(), lambda _: None)

    assert line_of(evidence, "compression") == "declined, as Tenfour does"


async def test_compression_that_only_a_proxy_has_agreed_to_is_broken(server):
    evidence = await look(relaying_frames(server.url, untouched, answer=DEFLATE))

    assert named(evidence) == "deflate_broken"
    assert evidence.compression.close.code == 1002
    assert diagnose(evidence).certain


async def test_frames_that_are_marked_as_compressed_unasked_are_no_frames(server):
    evidence = await look(relaying_frames(server.url, marking))

    assert named(evidence) == "deflate_broken"
    assert evidence.echo.close.how == "garbled"
