"""The log: one event a line, an area word that grep finds, and nothing in it that is not the operator's business."""

from __future__ import annotations

import io
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tenfour.observe.log import make_log
from tests.eventually import eventually
from tests.gateway.raw import knock
from tests.servers import Server, open_wire


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """The log is the process's: what a test sets up is taken away again."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines_of(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines()]


def grep(server: Server, word: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines() if word in line]


def test_elsewhere_than_on_a_terminal_a_line_is_a_json_object_with_the_event_first() -> None:
    stream = io.StringIO()

    make_log("info", "auto", stream).info("WebSocket connection.opened", user="ann", door="all")

    line = json.loads(stream.getvalue())
    assert list(line) == ["timestamp", "level", "event", "user", "door"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
    assert (line["level"], line["event"], line["user"]) == ("info", "WebSocket connection.opened", "ann")


def test_a_fact_that_is_not_there_is_left_out() -> None:
    stream = io.StringIO()

    make_log("info", "text", stream).info("WebSocket connection.opened", chat=None, door="all")

    assert stream.getvalue().rstrip().endswith("WebSocket connection.opened door=all")


def test_on_a_terminal_a_line_is_text_in_colour() -> None:
    stream = Terminal()

    make_log("info", "auto", stream).info("WebSocket connection.opened", user="ann")

    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert re.fullmatch(r"\S+Z WebSocket connection\.opened +user=ann\n", plain)
    assert plain != stream.getvalue()


def test_text_without_a_terminal_has_no_colour() -> None:
    stream = io.StringIO()

    make_log("info", "text", stream).info("Processing session.opened", user="ann")

    assert "\x1b" not in stream.getvalue()
    assert "Processing session.opened" in stream.getvalue()


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    log = make_log("warning", "json", stream)

    log.info("Server started")
    log.warning("Error keys.unreachable")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["Error keys.unreachable"]


@given(st.text(), st.text())
def test_whatever_stands_in_a_fact_the_event_is_one_line_of_json(value: str, detail: str) -> None:
    stream = io.StringIO()

    make_log("info", "json", stream).info("WebSocket upgrade.refused", origin=value, reason=detail)

    assert stream.getvalue().count("\n") == 1
    assert len(stream.getvalue().splitlines()) == 1
    assert json.loads(stream.getvalue())["event"] == "WebSocket upgrade.refused"


@given(st.text())
def test_whatever_stands_in_a_fact_the_event_is_one_line_of_text(value: str) -> None:
    stream = io.StringIO()

    make_log("info", "text", stream).info("WebSocket upgrade.refused", origin=value)

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_lines_of_libraries_become_lines_of_the_log() -> None:
    stream = io.StringIO()
    make_log("info", "json", stream)

    logging.getLogger("some.library").warning("something\nodd with %s", "Bearer abcdefgh12345678")
    logging.getLogger("some.library").error("worse")
    logging.getLogger("some.library").info("chatter")

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(each["event"], each["logger"]) for each in lines] == [("Server library.line", "some.library"), ("Error library.line", "some.library")]
    assert lines[0]["line"] == "something\\x0aodd with Bearer [secret]"


def test_an_exception_keeps_its_traceback_and_loses_its_secrets() -> None:
    stream = io.StringIO()
    log = make_log("info", "json", stream)

    try:
        raise ValueError("no such key: tfk_0123456789abcdef")
    except ValueError as cause:
        log.error("Error request.failed", exc_info=cause)  # noqa: TRY400 - the log takes the exception itself

    line = json.loads(stream.getvalue())
    assert line["exception"].startswith("Traceback")
    assert "tfk_0123456789abcdef" not in stream.getvalue()
    assert "[secret]" in line["exception"]


# The log of a running server


async def test_one_id_leads_from_the_clients_welcome_through_the_log_to_its_end(make_server: Callable[..., Server]) -> None:
    server = make_server()
    world = await server.world("ann")
    chat = await world.chat("ann")
    wire = await world.ann.connect(chat)
    connection = wire.welcome["connection"]

    await wire.close()
    await eventually(lambda: len(grep(server, connection)) >= 2)
    opened, closed = grep(server, connection)

    assert (opened["event"], opened["user"], opened["chat"], opened["door"]) == ("WebSocket connection.opened", world.ann.id, chat, "chat")
    assert (closed["event"], closed["code"], closed["clean"]) == ("WebSocket connection.closed", 1000, True)
    assert closed["after_s"] >= 0
    assert opened["address"] == "127.0.0.1"


async def test_three_words_find_what_an_operator_looks_for(make_server: Callable[..., Server]) -> None:
    server = make_server()
    world = await server.world("ann")
    chat = await world.chat("ann")
    wire = await world.ann.connect(chat)
    await wire.send(chat, "hello")
    with closing(sqlite3.connect(server.data / "tenfour.db", timeout=10)) as database, database:
        database.execute("UPDATE members SET role = 'emperor'")

    failed = await world.ann.request("GET", f"/chats/{chat}")
    await open_wire(server, headers={"Authorization": "Bearer x"})
    await eventually(lambda: grep(server, "message.appended"))

    assert {each["event"] for each in grep(server, "WebSocket")} >= {"WebSocket connection.opened"}
    assert {each["event"] for each in grep(server, "Processing")} >= {"Processing server_key.created", "Processing message.appended"}
    assert [each["event"] for each in grep(server, "Error")] == ["Error request.failed"]
    assert grep(server, "Error")[0]["reference"] in failed.json()["detail"]
    assert all(re.match(r"(WebSocket|Processing|Error|Server) [a-z_]+(\.[a-z_]+)?|Server (started|stopping|stopped)$", each["event"]) for each in lines_of(server))


@pytest.mark.slow
async def test_a_thousand_messages_make_no_more_lines_than_a_few(make_server: Callable[..., Server]) -> None:
    server = make_server({"sends_per_s": "10000", "user_sends_per_s": "10000", "frames_per_s": "10000"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    before = len(lines_of(server))

    for number in range(1_000):
        await ann.say(type="send", key=str(number), text="a canary sings")
    for _ in range(1_000):
        await bob.next("message_sent")
    await eventually(lambda: grep(server, "message.appended"))

    assert len(lines_of(server)) - before < 10
    assert "canary" not in server.log


@pytest.mark.slow
async def test_a_flood_of_refused_handshakes_is_told_in_a_few_lines_that_say_how_many_are_missing(make_server: Callable[..., Server]) -> None:
    server = make_server()
    evil = {"Origin": "https://evil.example"}

    for _ in range(300):
        assert (await knock(server, headers=evil)).answer.status == 403

    async def all_are_accounted_for() -> bool:
        await knock(server, headers=evil)
        lines = grep(server, "upgrade.refused")
        return len(lines) + sum(each.get("untold", 0) for each in lines) > 300

    await eventually(all_are_accounted_for)
    assert len(grep(server, "upgrade.refused")) < 300
