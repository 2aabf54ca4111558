"""What answers in Tenfour's place: portals, log-ins, pages, other servers, gateways, and one bad server among good ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.cli.commands import run
from tests.doctor.listeners import Authority, Reread, Talk, accepting, answering, greeting, head_of, listening, mute, relaying
from tests.doctor.matrix import Staged
from tests.doctor.relays import Change, relaying_frames, with_a_deaf_second_node
from tests.servers import Server
from tests.tokens import product

pytestmark = pytest.mark.slow

DOOR = "/api/v1/ws"
HTML = "Content-Type: text/html"
NGINX = "Server: nginx/1.22.1"
PORTAL = "<html><head><title>Guest Wi-Fi</title></head><body>Please accept our terms of use.</body></html>"
MAINTENANCE = "<html><head><title>Maintenance</title></head><body><h1>We'll be back soon.</h1></body></html>"
SHOP = "<!doctype html><title>Shop</title><div id=app></div>"
SOCKET_IO = b'0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'


def row(cause: str, staged: str, talk: Talk, door: str = DOOR) -> Any:
    return pytest.param(talk, door, id=f"{cause}: {staged}", marks=pytest.mark.cause(cause, staged))


def text(payload: bytes) -> bytes:
    """A text frame of a server."""
    return bytes((0x81, len(payload))) + payload


ANSWERS = [
    row("captive_portal", "A portal sends every request to its page (302).", answering("302 Found", "", "Location: http://portal.hotel.example/?from=here")),
    row("captive_portal", "A portal sends every request to the gateway's address (302).", answering("302 Found", "", "Location: http://192.168.8.1:8080/index.php")),
    row("captive_portal", "A portal answers every request with its page (200).", answering("200 OK", PORTAL, HTML)),
    row("captive_portal", "A portal answers with status 511, as RFC 6585 has it.", answering("511 Network Authentication Required", "", HTML)),
    row("login_page", "A single sign-on sends to its log-in page (302).", answering("302 Found", "", "Location: https://sso.example/login?next=%2Fapi%2Fv1%2Fws", "Set-Cookie: sso=1; Path=/")),
    row("login_page", "A single sign-on answers with its log-in page (200).", answering("200 OK", "<html><form>Sign in <input type=password></form></html>", HTML)),
    row("maintenance", "A page about maintenance, with status 503 and `Retry-After`.", answering("503 Service Unavailable", MAINTENANCE, HTML, NGINX, "Retry-After: 3600")),
    row("maintenance", "A page about maintenance, with status 200.", answering("200 OK", MAINTENANCE, HTML, NGINX)),
    row("wrong_upstream", "A web server that knows nothing of `/api/`.", answering("404 Not Found", "<h1>Not Found</h1>", HTML, "Server: lighttpd/1.4.69")),
    row("wrong_upstream", "Another program with an API of its own.", answering("200 OK", '{"name": "other"}', "Content-Type: application/json")),
    row("wrong_upstream", "A mail server.", greeting),
    row("spa_fallback", "A web application's page for every path.", answering("200 OK", SHOP, HTML)),
    row("http_auth", "A password of the proxy's own.", answering("401 Unauthorized", "", 'WWW-Authenticate: Basic realm="staff"')),
    row("waf_block", "A firewall's block page with its headers.", answering("403 Forbidden", "<h1>Sorry, you have been blocked</h1>", HTML, "Server: cloudflare", "CF-RAY: 8a1b2c3d4e5f-FRA")),
    row("waf_block", "A rule that forbids all, without a trace of whose it is.", answering("403 Forbidden", "<h1>403 Forbidden</h1>", HTML, NGINX)),
    row("waf_block", "Something that limits the rate of requests before the server.", answering("429 Too Many Requests", "slow down", "Content-Type: text/plain", "Retry-After: 10")),
    row("upstream_down", "A gateway answers with status 502.", answering("502 Bad Gateway", "<h1>502 Bad Gateway</h1>", HTML)),
    row("upstream_down", "A gateway answers with status 503.", answering("503 Service Unavailable", "", "Server: envoy")),
    row("upstream_mute", "A gateway answers with status 504.", answering("504 Gateway Timeout", "upstream request timeout", "Content-Type: text/plain")),
    row("forward_proxy", "A proxy of the network wants a log-in (407).", answering("407 Proxy Authentication Required", "", 'Proxy-Authenticate: Basic realm="proxy"')),
]


@pytest.mark.parametrize(("talk", "door"), ANSWERS)
async def test_what_answers_in_the_servers_place(staged: Staged, talk: Talk, door: str) -> None:
    async with listening(talk) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{door}")


# Other WebSocket servers


@contextlib.asynccontextmanager
async def echoing(**how: Any) -> AsyncIterator[int]:
    """A server of the library websockets that sends back what it gets."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0, **how) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@pytest.mark.cause("other_ws_server", "An echo server (the library websockets) at Tenfour's path.")
async def test_an_echo_server(staged: Staged) -> None:
    async with echoing() as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=product())


@pytest.mark.cause("other_ws_server", "A WebSocket server that wants a subprotocol of its own (`graphql-transport-ws`).")
async def test_a_server_with_another_subprotocol(staged: Staged) -> None:
    async with echoing(subprotocols=["graphql-transport-ws"]) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


@pytest.mark.cause("other_ws_server", "A server like Socket.IO's, which speaks first.")
async def test_a_server_that_speaks_first(staged: Staged) -> None:
    async with listening(accepting(first=text(SOCKET_IO))) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=product())


@pytest.mark.cause("other_ws_server", "A server that takes every subprotocol, lets in and says nothing.")
async def test_a_server_that_takes_every_subprotocol(staged: Staged) -> None:
    async with listening(accepting(subprotocol="tenfour.v1")) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=product())


@pytest.mark.cause("accept_wrong", "A stub answers every handshake with the same `Sec-WebSocket-Accept`.")
async def test_a_stub(staged: Staged) -> None:
    async with listening(accepting(right=False)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


async def test_any_other_websocket_server_is_no_fault_where_nobody_expects_tenfour() -> None:
    async with echoing() as port:
        ran = await asyncio.to_thread(run, "doctor", f"ws://127.0.0.1:{port}/feed")

    assert ran.code == 1
    assert "the server is not Tenfour" in ran.out


# Versions


def describing(protocol: str) -> Talk:
    """A Tenfour of another day: it describes itself, and knows no subprotocol of today."""
    described = f'{{"name":"tenfour","version":"9.0.0","node":"n9","protocol":"{protocol}","server_time":"2026-01-01T00:00:00.000Z"}}'

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        is_upgrade = "sec-websocket-key" in head.lower()
        await (accepting() if is_upgrade else answering("200 OK", described, "Content-Type: application/json"))(Reread(head.encode(), reader), writer)

    return talk


@pytest.mark.cause("protocol_version", "A Tenfour that speaks another version of the protocol (`tenfour.v9`).")
async def test_another_version_of_the_protocol(staged: Staged) -> None:
    async with listening(describing("tenfour.v9")) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


@pytest.mark.cause("version_refused", "A relay makes `Sec-WebSocket-Version: 8` of 13.")
async def test_an_old_version_of_websocket(staged: Staged, server: Server) -> None:
    async with listening(relaying(server.url, changed=(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 8"))) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


@pytest.fixture
def authority(tmp_path: Any) -> Authority:
    return Authority(tmp_path)


@pytest.mark.cause("http2_only", "A front that speaks HTTP/2 only, and hangs up on HTTP/1.1.")
async def test_a_front_that_speaks_http2_only(staged: Staged, authority: Authority) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(3) == b"PRI":
            writer.write(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))

    context = authority.server()
    context.set_alpn_protocols(["h2"])
    async with listening(talk, context) as port:
        await staged.is_named_at(f"wss://localhost:{port}{DOOR}", tls=authority.trusted())


# Paths


@pytest.mark.cause("path_wrong", "The path of another program (`/socket`).")
async def test_another_path(staged: Staged, server: Server) -> None:
    await staged.is_named_at(f"{server.url.replace('http', 'ws', 1)}/socket")


@pytest.mark.cause("path_wrong", "The prefix of a proxy (`/chat`) that is not there.")
async def test_a_prefix_that_is_not_there(staged: Staged, server: Server) -> None:
    await staged.is_named_at(f"{server.url.replace('http', 'ws', 1)}/chat{DOOR}")


@pytest.mark.cause("wrong_upstream", "Tenfour is published under `/chat/`, and the address lacks it.")
async def test_a_prefix_that_is_missing(staged: Staged, server: Server) -> None:
    async with listening(under("/chat", server)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


@pytest.mark.cause(None, "Tenfour is published under `/chat/`, and the address has it.")
async def test_a_prefix(staged: Staged, server: Server) -> None:
    world = await server.world("ann")
    async with listening(under("/chat", server)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}/chat{DOOR}", token=world.ann.token)


def under(prefix: str, server: Server) -> Talk:
    """A site whose own pages have every path but those of the prefix, at which Tenfour is."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await head_of(reader)
        is_inside = f" {prefix}/" in head.partition("\n")[0]
        behind = relaying(server.url, changed=(f" {prefix}/".encode(), b" /"))
        await (behind if is_inside else answering("404 Not Found", "<h1>Not Found</h1>", HTML))(Reread(head.encode(), reader), writer)

    return talk


# One bad among several


def in_turn(*talks: Talk) -> Talk:
    """A load balancer: each line goes to the next."""
    turn: Iterator[Talk] = cycle(talks)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await next(turn)(reader, writer)

    return talk


BAD = {
    "is down, so that the balancer answers with status 502": answering("502 Bad Gateway", "<h1>502 Bad Gateway</h1>", HTML),
    "is another program": answering("404 Not Found", "<h1>Not Found</h1>", HTML),
    "does not answer": mute,
}


@pytest.mark.parametrize("bad", [pytest.param(talk, id=what, marks=pytest.mark.cause("one_of_many_bad", f"A load balancer before two servers, of which one {what}.")) for what, talk in BAD.items()])
async def test_one_of_two_servers_is_bad(staged: Staged, server: Server, bad: Talk) -> None:
    async with listening(in_turn(relaying(server.url), bad)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}")


@pytest.mark.cause("nodes_split", "A load balancer before two servers of Tenfour, each with a database of its own.")
async def test_two_servers_with_a_database_each(staged: Staged, server: Server, make_server: Callable[..., Server]) -> None:
    world = await server.world("ann")
    async with listening(in_turn(relaying(server.url), relaying(make_server().url))) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=world.ann.token)


# Delivery


@pytest.mark.cause("broker_down", "Two nodes of one database behind one address, of which one hears nothing from the broker.")
async def test_a_node_without_the_broker(staged: Staged, server: Server) -> None:
    world = await server.world("ann")
    async with listening(with_a_deaf_second_node(server.url)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=world.ann.token)


ERROR = text(b'{"type":"error","code":"read_only","detail":"You may read this chat only.","advice":"Ask an owner."}')


@pytest.mark.cause("error_broadcast", "A relay sends everybody in the chat the error of one client.")
async def test_an_error_for_everybody(staged: Staged, server: Server) -> None:
    def changing() -> Change:
        return lambda frame: ERROR + frame if b'"type":"message_sent"' in frame else frame

    world = await server.world("ann")
    async with listening(relaying_frames(server.url, changing)) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}{DOOR}", token=world.ann.token)
