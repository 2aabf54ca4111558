"""What the doctor tries after a failure, or beside a success, and what it makes of it: on real sockets."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfour.doctor.diagnosis import diagnose, proxy_of
from tenfour.doctor.evidence import Address, Evidence
from tenfour.doctor.probe import Options, Patience, Target, examine
from tenfour.doctor.proxies import Proxy
from tenfour.doctor.steps.forward import proxied
from tenfour.doctor.steps.past import Past, read_past
from tests.doctor.listeners import Authority, Talk, accepting, answering, closed_port, head_of, listening, mute, refusing_in_tls, tunnelling
from tests.doctor.staging.mistakes import Mistake
from tests.doctor.staging.proxies import free_ports, staged
from tests.servers import Server

DOOR = "/api/v1/ws"
QUICK = Options(patience=Patience(http=1, upgrade=2))


async def look(url: str, options: Options = QUICK, **target) -> Evidence:
    return await examine(Target(url, **target), options, lambda _: None)


def named(evidence: Evidence) -> str | None:
    cause = diagnose(evidence).cause
    return None if cause is None else cause.id


def past(server: Server) -> Past:
    return read_past(server.url.partition("//")[2])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


# The upgrade with one thing changed


async def test_an_upgrade_that_is_refused_for_its_compression():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        reader.feed_data(head.encode())
        await (answering("400 Bad Request") if "permessage-deflate" in head else accepting(subprotocol="tenfour.v1"))(reader, writer)

    async with listening(talk) as port:
        evidence = await look(f"ws://127.0.0.1:{port}/feed")

    assert named(evidence) == "deflate_broken"
    assert "without compression" in diagnose(evidence).says


# Past the proxy


async def test_past_the_proxy_it_works_so_that_the_proxy_is_at_fault(server):
    async with listening(answering("400 Bad Request")) as port:
        evidence = await look(f"ws://127.0.0.1:{port}{DOOR}", past=past(server))

    diagnosis = diagnose(evidence)
    assert evidence.direct.is_open
    assert (diagnosis.cause.id, diagnosis.certain) == ("wrong_upstream", True)
    assert f"Past what stands between, at {past(server).at}, the upgrade works" in diagnosis.says


async def test_past_the_proxy_nobody_listens_either():
    dead = closed_port()
    async with listening(answering("502 Bad Gateway", "", "Server: nginx")) as port:
        evidence = await look(f"ws://127.0.0.1:{port}{DOOR}", past=Past("127.0.0.1", dead))

    assert named(evidence) == "upstream_down"
    assert f"no line is to be had either: at 127.0.0.1:{dead}" in diagnose(evidence).says


async def test_nothing_is_tried_past_the_proxy_where_all_is_well(server):
    evidence = await look(server.url.replace("http", "ws", 1), past=past(server))

    assert named(evidence) is None
    assert (evidence.direct, evidence.hop) == (None, None)


@pytest.mark.parametrize(("given", "meant"), [("h:1", Past("h", 1)), ("h", Past("h", 8410)), ("wss://h", Past("h", 443, secure=True)), ("[::1]:2", Past("::1", 2))])
def test_where_the_server_listens_is_read(given: str, meant: Past):
    assert read_past(given) == meant


# Who is first on the way


@pytest.mark.slow
async def test_haproxy_is_known_by_how_it_refuses_a_malformed_request(server, tmp_path):
    mistake = Mistake(Proxy.HAPROXY, "upgrade_stripped", "HAProxy that deletes Upgrade.", "http-request del-header Upgrade\n server own UPSTREAM")
    with staged(Proxy.HAPROXY, [mistake], {"UPSTREAM": server.url.partition("://")[2]}, tmp_path) as ports:
        evidence = await look(f"ws://127.0.0.1:{ports[mistake]}")

    diagnosis = diagnose(evidence)
    assert diagnosis.cause.id == "upgrade_stripped"
    assert proxy_of(evidence) is Proxy.HAPROXY
    assert "HAProxy stands between" in diagnosis.says


@pytest.mark.slow
async def test_a_mute_server_is_told_from_a_mute_proxy(tmp_path):
    mistake = Mistake(Proxy.HAPROXY, "upstream_mute", "HAProxy whose server stands still.", "server own MUTE")
    with staged(Proxy.HAPROXY, [mistake], {}, tmp_path) as ports:
        evidence = await look(f"ws://127.0.0.1:{ports[mistake]}")

    assert named(evidence) == "upstream_mute"
    assert "HAProxy refuses a malformed request at once" in diagnose(evidence).says


# HTTP/2


def over_h2(*, works: bool) -> Talk:
    """Announces WebSockets over HTTP/2, and resets or lets through each stream that asks for one; over HTTP/1.1 they open."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            await accepting(subprotocol="tenfour.v1")(reader, writer)
            return
        await reader.readexactly(24)
        writer.write(bytes((0, 0, 6, 4, 0, 0, 0, 0, 0)) + (8).to_bytes(2, "big") + (1).to_bytes(4, "big"))
        while True:
            head = await reader.readexactly(9)
            await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] == 1:
                writer.write(bytes((0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88)) if works else bytes((0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 1)))

    return talk


def offering(context: ssl.SSLContext, *protocols: str) -> ssl.SSLContext:
    context.set_alpn_protocols(list(protocols))
    return context


@pytest.mark.parametrize(("works", "cause"), [(True, None), (False, "h2_connect_broken")])
async def test_websockets_over_http2_that_are_announced_are_tried_as_browsers_do(authority, works, cause):
    async with listening(over_h2(works=works), offering(authority.server(), "h2", "http/1.1")) as port:
        evidence = await look(f"wss://localhost:{port}/feed", tls=authority.trusted())

    assert named(evidence) == cause
    assert [each.change for each in evidence.upgrade.retried] == ["http2"]


async def test_a_server_that_hangs_up_on_http1_and_answers_http2(authority):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(3) == b"PRI":
            writer.write(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))

    async with listening(talk, offering(authority.server(), "h2")) as port:
        assert named(await look(f"wss://localhost:{port}", tls=authority.trusted())) == "http2_only"


@pytest.mark.slow
async def test_websockets_over_the_http2_of_haproxy_open(server, authority, tmp_path):
    authority.server("localhost")
    (port,) = free_ports(1)
    folder = tmp_path / "proxy"
    folder.mkdir()
    mistake = Mistake(Proxy.HAPROXY, None, "HAProxy with TLS as it should be.", f"bind 127.0.0.1:{port} ssl crt {tmp_path}/server1.pem alpn h2,http/1.1\n server own UPSTREAM")
    with staged(Proxy.HAPROXY, [mistake], {"UPSTREAM": server.url.partition("://")[2]}, folder):
        evidence = await look(f"wss://localhost:{port}", tls=authority.trusted(), origin="")

    assert named(evidence) is None
    assert [(each.change, each.reply.status) for each in evidence.upgrade.retried] == [("http2", 200)]


# TLS


def test_a_server_that_does_not_know_the_name_is_told_from_one_without_a_common_version(authority):
    context = authority.server("other.example")
    context.sni_callback = lambda _socket, name, _context: ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if name is not None else None
    with refusing_in_tls(context) as port:
        evidence = asyncio.run(look(f"wss://localhost:{port}", tls=authority.trusted()))

    assert named(evidence) == "sni_needed"
    assert "without a name it shows the certificate of other.example" in diagnose(evidence).says


async def test_a_certificate_that_is_not_the_expected_one(authority):
    async with listening(answering("404 Not Found"), authority.server()) as port:
        evidence = await look(f"wss://localhost:{port}", tls=authority.trusted(), fingerprint="ab" * 32)

    assert named(evidence) == "tls_inspected"
    assert evidence.http is None


async def test_a_certificate_made_by_a_product_that_inspects_tls(tmp_path):
    async with listening(answering("404 Not Found"), Authority(tmp_path, "Zscaler Intermediate Root CA").server()) as port:
        evidence = await look(f"wss://localhost:{port}")

    assert named(evidence) == "tls_inspected"


# The proxy of the environment


async def test_a_network_that_lets_out_only_by_its_proxy(server):
    log: list[str] = []
    async with tunnelling(int(server.url.rpartition(":")[2]), log=log) as proxy:
        evidence = await look(f"ws://chat.invalid{DOOR}", environment={"HTTP_PROXY": proxy}, origin="")

    assert named(evidence) == "forward_proxy"
    assert "by which the upgrade works: the client has to use it" in diagnose(evidence).says
    assert log[0].startswith("CONNECT chat.invalid:80 HTTP/1.1")
    assert base64.b64decode(re.search(r"Basic (\S+)", log[0])[1]) == b"ada:pa ss"
    assert "pa%20ss" not in repr(evidence)
    assert "ada" not in repr(evidence)


async def test_a_proxy_that_refuses_the_tunnel_is_the_cause_where_nothing_else_gets_out():
    async with tunnelling(None, log=[]) as proxy:
        evidence = await look(f"wss://chat.invalid{DOOR}", environment={"https_proxy": proxy})

    assert named(evidence) == "forward_proxy"
    assert "answers CONNECT with status 403" in diagnose(evidence).says


async def test_a_proxy_without_a_scheme_is_shown_without_its_password():
    evidence = await look("ws://chat.invalid/feed", environment={"http_proxy": f"ada:pa%20ss@127.0.0.1:{closed_port()}"})

    assert evidence.forward.url.startswith("http://(hidden)@127.0.0.1:")
    assert "pa%20ss" not in repr(evidence)


async def test_tls_goes_through_the_tunnel(authority):
    async with listening(accepting(), authority.server()) as port, tunnelling(port, log=[]) as proxy:
        evidence = await look(f"wss://localhost:{port}/feed", tls=authority.trusted(), environment={"ALL_PROXY": proxy})

    assert evidence.forward.is_through
    assert named(evidence) is None


async def test_a_proxy_that_stops_what_works_without_it():
    async with listening(accepting()) as port, tunnelling(None, log=[]) as proxy:
        evidence = await look(f"ws://127.0.0.1:{port}/feed", environment={"HTTP_PROXY": proxy})

    diagnosis = diagnose(evidence)
    assert (diagnosis.cause.id, diagnosis.certain) == ("forward_proxy", False)
    assert "programs that heed HTTP_PROXY fail" in diagnosis.says


async def test_a_proxy_that_says_nothing_costs_no_more_time_than_its_own():
    async with listening(accepting()) as port, listening(mute) as silent:
        evidence = await look(f"ws://127.0.0.1:{port}/feed", Options(patience=Patience(upgrade=0.3)), environment={"HTTP_PROXY": f"http://127.0.0.1:{silent}"})

    assert named(evidence) == "forward_proxy"
    assert "no answer in time" in diagnose(evidence).says


PROXY = "http://proxy:3128"


def environments() -> Iterator[tuple[str, dict[str, str], str | None]]:
    yield "wss://chat.example", {"HTTPS_PROXY": PROXY}, "HTTPS_PROXY"
    yield "wss://chat.example", {"HTTP_PROXY": PROXY}, None
    yield "ws://chat.example", {"HTTP_PROXY": PROXY, "ALL_PROXY": "socks5://s"}, "HTTP_PROXY"
    yield "ws://chat.example", {"all_proxy": PROXY}, "all_proxy"
    yield "wss://chat.example", {"HTTPS_PROXY": ""}, None
    for exempt in ("*", "chat.example", ".example", "other, example", "chat.example:443"):
        yield "wss://chat.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": exempt}, None
    for other in ("chat.example:80", "hat.example", "chat", ""):
        yield "wss://chat.example", {"HTTPS_PROXY": PROXY, "no_proxy": other}, "HTTPS_PROXY"


@pytest.mark.parametrize(("url", "environment", "variable"), list(environments()))
def test_the_proxy_that_counts_is_the_one_that_other_programs_take(url: str, environment: dict[str, str], variable: str | None):
    scheme, _, host = url.partition("://")

    found = proxied(Address(0.0, url, "wss" if scheme == "wss" else "ws", host, 443 if scheme == "wss" else 80, DOOR), environment)

    assert (found.variable if found is not None else None) == variable
