"""The client before servers that a test scripts: what a real one seldom says, or never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers

from tenfour.client import Client, Connected, ErrorCode, MessageSent, OtherEvent, Refused, Status, TenfourError, Waiting
from tenfour.errors import FAILURES, Retry
from tests.client.conftest import DEADLINE_S

CHAT = "01890a5d-ac96-774b-bcce-b302099a8057"
FINAL = [code for code, failure in FAILURES.items() if failure.retry in (Retry.NEVER, Retry.WITH_NEW_TOKEN)]
LATER = [code for code, failure in FAILURES.items() if failure.retry in (Retry.AFTER_DELAY, Retry.AT_ONCE)]
WELCOME = {
    "type": "welcome", "connection": "c1", "user": {"id": "ann", "name": "ann"}, "protocol": "tenfour.v1", "epoch": "e", "heartbeat_s": 25.0, "server_time": "", "expires_at": "",
    "node": "n", "chats": [], "chats_more": False,
    "limits": {"frame_bytes": 65536, "text_chars": 16000, "frames_per_s": 50, "sends_per_s": 1000, "user_sends_per_s": 30, "connections_per_user": 10, "send_budget_bytes": 1, "receipts_live_max": 50},
}  # fmt: skip

Say = Callable[..., Awaitable[None]]
Script = Callable[[dict[str, Any], Say], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script, answers: list[Response] | None = None) -> AsyncIterator[str]:
    """A server that welcomes, then does with each frame what the script says; first it gives these answers instead of a handshake."""
    waiting = answers or []

    async def talk(connection: ServerConnection) -> None:
        async def say(*texts: Any) -> None:
            for text in texts:
                await connection.send(text if isinstance(text, (str, list)) else json.dumps(text))

        await say(WELCOME)
        async for text in connection:
            await script(json.loads(text), say)

    def answer(_: ServerConnection, __: Request) -> Response | None:
        return waiting.pop(0) if waiting else None

    async with serve(talk, "127.0.0.1", 0, process_request=answer, subprotocols=["tenfour.v1"]) as server:  # type: ignore[list-item]
        yield address(server)


def address(server: Any) -> str:
    return f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


def response(status: int, body: Any, **headers: str) -> Response:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, HTTPStatus(status).phrase, Headers([*((name.replace("_", "-"), value) for name, value in headers.items()), ("Content-Length", str(len(payload)))]), payload)


def error(frame: dict[str, Any], code: str, **more: Any) -> dict[str, Any]:
    return {"type": "error", "code": code, "detail": f"about {code}", "advice": "", "id": None, "chat": CHAT, "key": frame["key"], "retry_after_ms": None} | more


def ack(frame: dict[str, Any], seq: int) -> dict[str, Any]:
    return {"type": "ack", "chat": CHAT, "key": frame["key"], "seq": seq, "id": f"m{seq}", "at": "", "duplicate": False}


async def silent(frame: dict[str, Any], say: Say) -> None:
    pass


async def within(work: Any) -> Any:
    return await asyncio.wait_for(work, DEADLINE_S)


async def test_every_code_of_the_catalogue_that_is_final_is_raised_by_its_name() -> None:
    async def refuse(frame: dict[str, Any], say: Say) -> None:
        await say(error(frame, frame["text"]))

    async with scripted(refuse) as url, Client(url, "token") as client:
        found = await within(asyncio.gather(*(client.chat(CHAT).send(code) for code in FINAL), return_exceptions=True))

    assert [(each.code, each.detail) for each in found if isinstance(each, TenfourError)] == [(code, f"about {code}") for code in FINAL]


@pytest.mark.parametrize("code", LATER)
async def test_every_code_that_may_be_repeated_is_repeated_with_the_same_key(code: ErrorCode) -> None:
    seen: list[str] = []

    async def refuse_once(frame: dict[str, Any], say: Say) -> None:
        seen.append(frame["key"])
        await say(error(frame, code, retry_after_ms=1) if len(seen) == 1 else ack(frame, 1))

    async with scripted(refuse_once) as url, Client(url, "token") as client:
        await within(client.chat(CHAT).send("Hello", key="k1"))

    assert seen == ["k1", "k1"]


async def test_a_code_that_this_version_does_not_know_is_named_in_the_detail() -> None:
    async def refuse(frame: dict[str, Any], say: Say) -> None:
        await say(error(frame, "moon_too_full"))

    async with scripted(refuse) as url, Client(url, "token") as client:
        with pytest.raises(TenfourError) as caught:
            await within(client.chat(CHAT).send("Hello"))

    assert (caught.value.code, caught.value.detail) == (ErrorCode.INTERNAL, "moon_too_full: about moon_too_full")


async def test_frames_in_pieces_and_of_unknown_kinds_are_read() -> None:
    async def follow(frame: dict[str, Any], say: Say) -> None:
        sent = json.dumps({"type": "message_sent", "chat": CHAT, "seq": 1, "at": "", "by": "bob", "id": "m1", "key": "k", "text": "é" * 100, "colour": "red"})
        await say([sent[:50], sent[50:200], sent[200:]], {"type": "firework"}, {"type": "poll_opened", "chat": CHAT, "seq": 2})
        await say({"type": "synced", "id": frame["id"], "chat": CHAT, "seq": 2, "epoch": "e"})

    async with scripted(follow) as url, Client(url, "token") as client:
        events = client.chat(CHAT).events(after=0)
        first, second = await within(anext(events)), await within(anext(events))

    assert isinstance(first, MessageSent)
    assert first.text == "é" * 100
    assert second == OtherEvent("poll_opened", CHAT, 2)


async def test_what_is_no_frame_ends_the_connection_and_the_next_one_works() -> None:
    seen: list[str] = []

    async def babble_once(frame: dict[str, Any], say: Say) -> None:
        seen.append(frame["key"])
        await say("<html>" if len(seen) == 1 else ack(frame, 1))

    told: list[Status] = []
    async with scripted(babble_once) as url, Client(url, "token", on_status=told.append) as client:
        await within(client.chat(CHAT).send("Hello", key="k1"))

    assert seen == ["k1", "k1"]
    assert [status.why for status in told if isinstance(status, Waiting)] == ["closed_1002"]


PROBLEM = {"type": "about:blank", "title": "x", "status": 404, "code": "not_found", "detail": "No WebSocket is here."}
FULL = {"type": "about:blank", "title": "x", "status": 429, "code": "too_many_connections", "detail": "Too many."}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (response(502, b"<html>Bad Gateway</html>", Retry_After="0"), "http_502"),
        (response(301, b"", Location="http://127.0.0.1:9/"), "http_301"),
        (response(429, FULL, Retry_After="0"), "too_many_connections"),
        (response(503, b"", Retry_After="soon"), "http_503"),
    ],
)
async def test_an_answer_instead_of_a_handshake_is_named_and_tried_again(answer: Response, why: str) -> None:
    told: list[Status] = []
    async with scripted(silent, [answer]) as url, Client(url, "token", on_status=told.append) as client:
        await within(client.connected())
        await asyncio.sleep(0)

    assert [status.why for status in told if isinstance(status, Waiting)] == [why]


async def test_the_time_that_a_refused_handshake_names_is_kept() -> None:
    told: asyncio.Queue[Status] = asyncio.Queue()
    async with scripted(silent, [response(429, FULL, Retry_After="3600")]) as url:
        client = Client(url, "token", on_status=told.put_nowait)
        client.start()
        while not isinstance(status := await within(told.get()), Waiting):
            pass
        assert status.retry_at - client._now() > 3_000
        client.online()
        await within(client.connected())
        await client.close()


async def test_a_server_that_has_no_such_door_is_final() -> None:
    async with scripted(silent, [response(404, PROBLEM)]) as url, Client(url, "token") as client:
        with pytest.raises(TenfourError) as caught:
            await within(client.connected())

        assert (caught.value.code, caught.value.detail) == (ErrorCode.NOT_FOUND, "No WebSocket is here.")
        assert isinstance(client.status, Refused)


async def test_history_from_something_that_is_no_tenfour_says_so() -> None:
    async with scripted(silent) as url, Client(url, "token") as client:
        with pytest.raises(TenfourError) as caught:
            await within(client.chat(CHAT).history())

    assert caught.value.code is ErrorCode.INTERNAL
    assert "not as Tenfour does" in caught.value.detail


async def test_history_from_nobody_is_a_connection_error() -> None:
    client = Client("http://127.0.0.1:9", "token")

    with pytest.raises(ConnectionError):
        await within(client.chat(CHAT).history())

    await client.close()


async def waiting(url: str) -> str:
    """Why a client waits after its first attempt."""
    told: asyncio.Queue[Status] = asyncio.Queue()
    client = Client(url, "token", on_status=told.put_nowait)
    client.start()
    while not isinstance(status := await within(told.get()), Waiting):
        assert not isinstance(status, Connected)
    await client.close()
    return status.why


@pytest.mark.parametrize(("url", "why"), [("http://127.0.0.1:9", "connection_refused"), ("http://nowhere.invalid", "name_unknown")])
async def test_why_no_socket_opened_is_said_in_a_word(url: str, why: str) -> None:
    assert await waiting(url) == why


@pytest.mark.parametrize(("scheme", "says", "why"), [("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "tls_failed"), ("http", b"", "unreachable"), ("http", b"SSH-2.0-OpenSSH\r\n\r\n", "unreachable")])
async def test_a_server_of_another_protocol_is_no_connection(scheme: str, says: bytes, why: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(says)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        assert await waiting(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}") == why


async def test_the_ping_of_a_server_is_answered_and_counts_as_life() -> None:
    alive: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def talk(connection: ServerConnection) -> None:
        await connection.send(json.dumps(WELCOME))
        alive.set_result(await (await connection.ping()))
        await connection.wait_closed()

    async with serve(talk, "127.0.0.1", 0, subprotocols=["tenfour.v1"]) as server, Client(address(server), "token") as client:  # type: ignore[list-item]
        await within(client.connected())
        assert await within(alive) >= 0
