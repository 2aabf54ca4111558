"""The doctor at a real server: healthy, and with what users do wrong."""

from __future__ import annotations

import json
import re
import time
import uuid
from pathlib import Path

import pytest

from tenfour.causes import EXIT_CODES, EXIT_HEALTHY, EXIT_NOT_TENFOUR, EXIT_USAGE
from tenfour.doctor.diagnosis import diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Target, examine
from tests.cli.commands import run
from tests.doctor.listeners import listening, relaying
from tests.servers import Server

HEALTHY_S = 3.0


@pytest.fixture
async def world(server: Server):
    return await server.world("ann", "bob")


async def look(url: str, options: Options | None = None, **target) -> Evidence:
    return await examine(Target(url.replace("http", "ws", 1), **target), options or Options(), lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


async def test_a_healthy_way_is_called_so_in_three_seconds(server, world):
    chat = await world.chat("ann", "bob")
    started_s = time.monotonic()

    evidence = await look(server.url, Options(send_in_chat=True), token=world.ann.token, chat=chat)

    diagnosis = diagnose(evidence)
    assert diagnosis.says == "All is well: connected, let in, and a message arrived."
    assert diagnosis.exit_code == 0
    assert len(evidence.echo.times_ms) == 20
    assert evidence.delivery.received_ms is not None
    assert time.monotonic() - started_s < HEALTHY_S


@pytest.mark.parametrize("carrier", ["authorization", "subprotocol", "query", "first_frame"])
async def test_every_way_of_bringing_the_token_is_one_for_the_doctor(server, world, carrier):
    evidence = await look(server.url, token=world.ann.token, carrier=carrier)

    assert named(evidence) is None
    assert evidence.welcome.outcome == "welcome"


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ({"token": "nonsense"}, "token_malformed"),
        ({"origin": "https://stranger.example"}, "origin_refused"),
        ({"chat": "general"}, "chat_id_not_uuid"),
        ({"chat": str(uuid.uuid4())}, "chat_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_users_do_wrong_is_named(server, world, target, cause):
    assert named(await look(server.url, **({"token": world.ann.token} | target))) == cause


async def test_a_chat_of_others(server, world):
    chat = await world.chat("bob")

    assert named(await look(server.url, token=world.ann.token, chat=chat)) == "not_member"


async def test_a_token_that_has_expired(server, world):
    token = server.token_of(world.ann.id, life_s=-3600)

    evidence = await look(server.url, token=token)

    assert named(evidence) == "token_expired"
    assert "60 minutes ago" in diagnose(evidence).says


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: "", "The token that was given is empty, so that none is sent."),
        (lambda _: "undefined", "it is the word “undefined”: the program that sends it had no token."),
        (lambda _: "tfr_abc", "it is a refresh token: it gets the access token, and is none."),
        (lambda token: f"Bearer {token}", "it begins with “Bearer ”, which the client adds by itself."),
        (lambda token: f"{token}\n", "The token has '\\n' in it, which no header can hold."),
        (lambda token: token[:-20], "whose signatures have 64 bytes, and its has 49: the token was cut off or run together."),
    ],
    ids=["empty", "undefined", "another secret", "Bearer twice", "a line end", "cut off"],
)
async def test_what_was_given_as_token_is_called_by_its_name(server, world, change, says):
    evidence = await look(server.url, token=change(world.ann.token))

    assert diagnose(evidence).says.endswith(says)


async def test_a_second_token_in_the_address_is_sent_as_its_client_sends_it(server, world):
    evidence = await look(f"{server.url}/api/v1/ws?token={world.bob.token}", token=world.ann.token)

    assert named(evidence) == "tokens_differ"
    assert world.bob.token not in repr(evidence)


async def test_of_a_pages_address_its_origin_is_sent(server):
    evidence = await look(server.url, origin=f"{server.url}/rooms/7?all=1")

    assert named(evidence) is None
    assert evidence.upgrade.origin == server.url


async def test_another_path(server):
    assert named(await look(f"{server.url}/api/v1/socket")) == "path_wrong"


async def test_nothing_secret_is_in_what_was_seen(server, world):
    token = world.ann.token

    evidence = await look(f"{server.url}/api/v1/ws?token={token}")

    assert evidence.welcome.outcome == "welcome"
    assert evidence.token.carrier == "query"
    assert token not in repr(evidence)


# What stands between


async def test_a_proxy_that_loses_the_subprotocol(server):
    async with listening(relaying(server.url, without="sec-websocket-protocol")) as port:
        assert named(await look(f"http://127.0.0.1:{port}")) == "subprotocol_dropped"


# The command


def test_the_command_prints_a_line_a_check_and_the_cause(server):
    ran = run("doctor", f"{server.url}/api/v1/socket")

    assert ran.code == 10
    assert "The cause [path_wrong]: Tenfour is there" in ran.out
    assert "What to do: Use `/api/v1/ws`" in ran.out


def test_the_command_without_an_address_finds_this_machines_server(server):
    ran = run("doctor", data=server.data)

    assert ran.code == 0
    assert server.url.partition("//")[2] in ran.out


def test_quiet_is_silent_when_all_is_well(server):
    assert run("doctor", server.url, "--quiet").out == ""


def test_the_report_is_json_without_the_token(server, tmp_path):
    token = "secret.secret.secret"

    ran = run("doctor", server.url, "--token-file", "-", "--report", str(tmp_path / "report.json"), "--json", stdin=token)

    assert ran.json["diagnosis"]["cause"]["id"] == "token_malformed"
    assert ran.json == json.loads((tmp_path / "report.json").read_text())
    assert token not in ran.out


def test_two_tokens_are_one_too_many(server):
    assert run("doctor", server.url, "--token", "a", "--login", "ann").code == 2


def test_a_name_that_cannot_log_in_is_the_cause(server):
    ran = run("doctor", server.url, "--login", "nobody", TENFOUR_PASSWORD="wrong password")

    assert "[login_failed]" in ran.out
    assert ran.code == 45


def test_the_document_has_the_exit_codes_of_the_layers():
    page = (Path(__file__).resolve().parent.parent.parent / "docs" / "doctor.md").read_text()

    assert [int(each) for each in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == [EXIT_HEALTHY, EXIT_NOT_TENFOUR, EXIT_USAGE, *EXIT_CODES.values()]
