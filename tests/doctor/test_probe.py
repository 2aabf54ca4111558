"""Each fault staged on a real socket, and the cause that the doctor names for it."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from tenfour.doctor.diagnosis import diagnose
from tenfour.doctor.evidence import Evidence
from tenfour.doctor.probe import Options, Patience, Target, examine
from tests.doctor.listeners import Authority, Reread, accepting, answering, closed_port, greeting, head_of, listening, mute, refusing_in_tls, resetting

QUICK = Options(patience=Patience(names=2, tcp=1, tls=0.5, http=0.5, upgrade=0.5, welcome=0.5, all=10))
DOOR = "/api/v1/ws"


async def look(url: str, options: Options = QUICK, **target) -> Evidence:
    return await examine(Target(url, **target), options, lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.mark.parametrize("url", ["ftp://chat.example", "chat.example", "ws://", "ws://chat.example/api/v1/ws#here", "ws://chat.example:port/"])
async def test_an_address_that_is_none_is_not_tried(url):
    evidence = await look(url)

    assert named(evidence) == "url_invalid"
    assert evidence.names is None


async def test_a_name_that_does_not_exist():
    assert named(await look("ws://chat.invalid")) in ("dns_no_name", "dns_no_answer")  # where there is no resolver at all, the second


async def test_a_closed_port_refuses():
    assert named(await look(f"ws://127.0.0.1:{closed_port()}")) == "tcp_refused"


@pytest.mark.parametrize(
    ("talk", "cause"),
    [
        (mute, "open_but_mute"),
        (resetting, "tcp_reset"),
        (greeting, "wrong_upstream"),
        (answering("404 Not Found", "<h1>Not found</h1>", "Content-Type: text/html"), "wrong_upstream"),
        (answering("302 Found", "", "Location: https://sso.example/login"), "login_page"),
        (answering("200 OK", "<html><title>Guest WiFi portal</title></html>", "Content-Type: text/html"), "captive_portal"),
        (answering("502 Bad Gateway", "<center>nginx</center>", "Content-Type: text/html", "Server: nginx/1.22.1"), "upstream_down"),
        (answering("401 Unauthorized", "", 'WWW-Authenticate: Basic realm="x"'), "http_auth"),
        (answering("400 Bad Request", "The plain HTTP request was sent to HTTPS port"), "plain_to_tls_port"),
        (accepting(right=False), "accept_wrong"),
        (accepting(), "other_ws_server"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_answers_in_place_of_the_server_is_named(talk, cause):
    async with listening(talk) as port:
        evidence = await look(f"ws://127.0.0.1:{port}{DOOR}")

    assert named(evidence) == cause


async def test_a_foreign_websocket_server_is_no_fault_where_nobody_expects_tenfour():
    async with listening(accepting()) as port:
        evidence = await look(f"ws://127.0.0.1:{port}/feed")

    diagnosis = diagnose(evidence)
    assert diagnosis.cause is None
    assert diagnosis.exit_code == 1


async def test_a_server_that_is_not_tenfour_does_not_get_the_token():
    heard: list[str] = []
    foreign = accepting()

    async def overheard(reader, writer):
        heard.append(await head_of(reader))
        await foreign(Reread(heard[-1].encode(), reader), writer)

    async with listening(overheard) as port:
        evidence = await look(f"ws://127.0.0.1:{port}{DOOR}", token="a.b.c")

    assert named(evidence) == "other_ws_server"
    assert heard
    assert "a.b.c" not in "".join(heard)


# TLS


async def test_tls_to_a_port_that_speaks_plain_http():
    async with listening(answering("404 Not Found")) as port:
        assert named(await look(f"wss://127.0.0.1:{port}")) == "tls_to_plain_port"


async def test_plain_http_to_a_port_that_speaks_tls(authority):
    async with listening(answering("404 Not Found"), authority.server()) as port:
        assert named(await look(f"ws://127.0.0.1:{port}")) == "plain_to_tls_port"


@pytest.mark.slow
async def test_tls_to_a_port_that_says_nothing():
    async with listening(mute) as port:
        assert named(await look(f"wss://127.0.0.1:{port}")) == "open_but_mute"


@pytest.mark.parametrize(
    ("made", "cause"),
    [({"days": (-30, -2)}, "cert_expired"), ({"days": (2, 30)}, "cert_not_yet"), ({"host": "other.example"}, "cert_wrong_host")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_certificate_that_does_not_fit(authority, made, cause):
    async with listening(answering("404 Not Found"), authority.server(**made)) as port:
        evidence = await look(f"wss://localhost:{port}", tls=authority.trusted())

    assert named(evidence) == cause
    assert evidence.tls.certificate.issuer == "Test Authority"


async def test_a_lone_certificate_of_an_unknown_issuer_is_an_incomplete_chain(authority):
    async with listening(answering("404 Not Found"), authority.server()) as port:
        evidence = await look(f"wss://localhost:{port}")

    assert named(evidence) == "chain_incomplete"
    assert evidence.tls.certificate.sent == 1


async def test_a_server_that_wants_a_certificate_of_the_client(authority):
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.path)
    with refusing_in_tls(context) as port:
        assert named(await look(f"wss://localhost:{port}", tls=authority.trusted())) == "client_cert"


async def test_a_server_with_which_no_version_of_tls_is_common(authority):
    context = authority.server()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    trusted = authority.trusted()
    trusted.maximum_version = ssl.TLSVersion.TLSv1_2
    with refusing_in_tls(context) as port:
        assert named(await look(f"wss://localhost:{port}", tls=trusted)) == "tls_version"


# Time


async def test_the_whole_examination_ends_in_its_time():
    async with listening(mute) as port:
        evidence = await look(f"ws://127.0.0.1:{port}", Options(patience=Patience(http=30, all=0.3)))

    assert "ended after 0.3 s" in evidence.notes[0]
    assert evidence.tcp is not None
    assert evidence.http is None


async def test_the_steps_are_told_as_they_end():
    told: list[Evidence] = []
    async with listening(answering("404 Not Found")) as port:
        await asyncio.wait_for(examine(Target(f"ws://127.0.0.1:{port}/feed"), QUICK, told.append), 10)

    assert told[0].names is None
    assert told[1].names is not None
    assert told[-1].upgrade is not None
