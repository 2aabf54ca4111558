"""Every fault of a token, of the clocks that judge it, and of the chat that it is for."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import tenfour
from tests.doctor.listeners import listening, relaying
from tests.doctor.matrix import Staged
from tests.doctor.staging.clocks import WrongClock, compiled
from tests.servers import TLS, Server, World
from tests.tokens import EXTERNAL, SECRET, now_s, of_another_server, own, part, product, signed_with_the_public_key_as_secret, unsigned, with_another_signature, with_another_user

pytestmark = pytest.mark.slow

HOUR_S = 3_600
AWAY = "https://away.example"
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With a product's issuer, one whose keys cannot be fetched, and little patience for who brings no token."""
    external = [*EXTERNAL, {"issuer": AWAY, "algorithm": "EdDSA", "jwks_url": "http://127.0.0.1:9/keys"}]
    server = Server(tmp_path_factory.mktemp("tokens"), {"TENFOUR_EXTERNAL": json.dumps(external), "TENFOUR_AUTHENTICATE_S": "0.3"}).start()
    yield server
    assert server.stop() == 0, server.log
    assert "Traceback" not in server.log


@pytest.fixture
async def world(server: Server) -> World:
    return await server.world("ann", "bob")


def ws(server: Server) -> str:
    return server.url.replace("http", "ws", 1)


Make = Callable[[Server, str], str]


def row(cause: str | None, staged: str, make: Make, **target: Any) -> Any:
    return pytest.param(make, target, id=f"{cause}: {staged}", marks=pytest.mark.cause(cause, staged))


def whole(server: Server, user: str) -> str:
    return own(server, user)


def with_broken_part(number: int) -> Make:
    def make(server: Server, user: str) -> str:
        parts = own(server, user).split(".")
        return ".".join((*parts[:number], f"%{parts[number]}", *parts[number + 1 :]))

    return make


TOKENS = [
    row(None, "A good token of the server's own.", whole),
    row(None, "A product's token of somebody who comes for the first time.", lambda _server, _user: product(sub=f"new-{uuid.uuid4()}", name="Kim")),
    row("token_missing", "The token is an empty text, as of a variable that was not set.", lambda _server, _user: ""),
    row("token_malformed", "A page that has no token sends the word `undefined`.", lambda _server, _user: "undefined"),
    row("token_malformed", "The token begins with `Bearer `, so that it stands there twice.", lambda server, user: f"Bearer {own(server, user)}"),
    row("token_malformed", "The token stands in quotes, as JSON has it.", lambda server, user: json.dumps(own(server, user))),
    row("token_malformed", "A refresh token in place of the access token.", lambda _server, _user: "tfr_dGhpcyBpcyBhIHJlZnJlc2ggdG9rZW4"),
    row("token_malformed", "The user's id in place of a token.", lambda _server, user: user),
    row("token_malformed", "The token is cut off within its payload.", lambda server, user: own(server, user)[:120].rpartition(".")[0] + ".eyJzdWIi"),
    row("token_malformed", "The header of the token is not base64url.", with_broken_part(0)),
    row("token_malformed", "The payload of the token is not base64url.", with_broken_part(1)),
    row("token_malformed", "The signature of the token is not base64url.", with_broken_part(2)),
    row("token_malformed", "The header of the token is a list.", lambda _server, _user: f"{part([])}.{part({})}.AAAA"),
    row("token_malformed", "The token is padded with `=`.", lambda server, user: f"{own(server, user)}=="),
    row("token_malformed", "An encrypted token (JWE), of five parts.", lambda _server, _user: f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..AAAA.AAAA.AAAA"),
    row("token_too_long", "A product puts 9,000 characters of groups into its token.", lambda _server, _user: product(groups="g" * 9_000)),
    row("header_too_big", "A token of 20,000 characters in the header.", lambda _server, _user: product(groups="g" * 20_000)),
    row("token_algorithm", "The token says that its algorithm is `none`.", unsigned),
    row("token_algorithm", "The token is signed by HS256, with the server's public key as the secret.", signed_with_the_public_key_as_secret),
    row("token_algorithm", "A product signs by HS512, the settings say HS256.", lambda _server, _user: product(key=SECRET * 2, algorithm="HS512")),
    row("token_key_unknown", "The token is of another Tenfour, with its key id.", of_another_server),
    row("token_key_unknown", "The keys of the token's issuer cannot be fetched: at its `jwks_url` nobody listens.", lambda _server, _user: product(iss=AWAY)),
    row("token_signature", "The signature is another token's.", with_another_signature),
    row("token_signature", "Somebody wrote another user into the token.", with_another_user),
    row("token_signature", "The last 20 characters of the token were cut off.", lambda server, user: own(server, user)[:-20]),
    row("token_signature", "A product signs with another secret than the settings have.", lambda _server, _user: product(key=f"{SECRET}!")),
    row("token_expired", "The token expired 31 seconds ago.", lambda server, user: own(server, user, exp=now_s() - 31)),
    row("token_expired", "The token expired three days ago.", lambda server, user: own(server, user, iat=now_s() - 73 * HOUR_S, exp=now_s() - 72 * HOUR_S)),
    row("token_not_yet_valid", "A product makes a token that is valid in an hour.", lambda _server, _user: product(iat=now_s(), nbf=now_s() + HOUR_S, exp=now_s() + 2 * HOUR_S)),
    row(
        "clock_skew", "The clock of the product that makes the token is two hours ahead.", lambda _server, _user: product(iat=now_s() + 2 * HOUR_S, nbf=now_s() + 2 * HOUR_S, exp=now_s() + 3 * HOUR_S)
    ),
    row("token_audience", "The token is for another service.", lambda server, user: own(server, user, aud="https://billing.example")),
    row("token_audience", "A product's token that names no audience.", lambda _server, _user: product(aud=None)),
    row("token_issuer", "The token is of an issuer that is not in the settings.", lambda _server, _user: product(iss="https://login.example")),
    row("token_issuer", "The token names no issuer.", lambda server, user: own(server, user, iss=None)),
    row("token_claims", "The token has no expiry.", lambda _server, _user: product(exp=None)),
    row("token_claims", "The expiry is a date as text.", lambda _server, _user: product(exp="2027-01-01")),
    row("token_claims", "The token does not say whose it is.", lambda _server, _user: product(sub=None)),
    row("token_claims", "The token wants its key to be fetched from an address of its own (`jku`).", lambda _server, _user: product({"jku": "https://keys.example"})),
    row("token_claims", "A product's new user has a line end in the name.", lambda _server, _user: product(sub=f"new-{uuid.uuid4()}", name="Kim\nKim")),
    row("token_revoked", "The user of the token is not there any more.", lambda server, _user: own(server, str(uuid.uuid4()))),
    row("token_bad_chars", "A line end came along when the token was read from a file.", lambda server, user: f"{own(server, user)}\n"),
    row("token_bad_chars", "A page brings a token with padding as subprotocol.", lambda server, user: f"{own(server, user)}==", carrier="subprotocol"),
    row("ticket_used", "The ticket is none that the server has made.", lambda _server, _user: "tft_dGhpcyBpcyBhIHRpY2tldA", carrier="ticket"),
]


@pytest.mark.parametrize(("make", "target"), TOKENS)
async def test_a_token(staged: Staged, server: Server, world: World, make: Make, target: dict[str, Any]) -> None:
    await staged.is_named_at(ws(server), token=make(server, world.ann.id), **target)


@pytest.mark.cause("ticket_used", "The same address with a ticket is used twice.")
async def test_a_ticket_that_was_used(staged: Staged, server: Server, world: World) -> None:
    ticket = (await world.ann.request("POST", "/ws-tickets")).json()["ticket"]
    url = f"{ws(server)}/api/v1/ws?ticket={ticket}"
    await world.ann.connect(query=f"ticket={ticket}")

    await staged.is_named_at(url)


@pytest.mark.cause("tokens_differ", "An old token stands in the address, the new one in the header.")
async def test_two_tokens(staged: Staged, server: Server, world: World) -> None:
    await staged.is_named_at(f"{ws(server)}/api/v1/ws?token={own(server, world.ann.id, jti='old')}", token=world.ann.token)


@pytest.mark.cause("token_lost", "A relay before the server takes `Authorization` out of requests.")
async def test_a_token_that_a_proxy_removes(staged: Staged, server: Server, world: World) -> None:
    async with listening(relaying(server.url, without="authorization")) as port:
        await staged.is_named_at(f"ws://127.0.0.1:{port}", token=world.ann.token)


@pytest.mark.cause("token_key_unknown", "The server of the issuer's keys takes the request and says nothing.")
async def test_an_issuer_that_does_not_answer(staged: Staged, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        issuer = {"issuer": AWAY, "algorithm": "EdDSA", "jwks_url": f"http://127.0.0.1:{silent.getsockname()[1]}/keys"}
        server = Server(tmp_path, {"TENFOUR_EXTERNAL": json.dumps([issuer])}).start()
        try:
            await staged.is_named_at(ws(server), token=product(iss=AWAY))
        finally:
            server.stop()


@pytest.mark.cause("user_disabled", "An administrator has disabled the account.")
async def test_a_disabled_user(staged: Staged, server: Server, world: World) -> None:
    (await world.backend("PATCH", f"/users/{world.ann.id}", json={"disabled": True})).raise_for_status()

    await staged.is_named_at(ws(server), token=world.ann.token)


async def log_in(server: Server) -> str:
    """The access token of a new account's log-in."""
    account = {"name": f"ann-{uuid.uuid4().hex[:8]}", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30, verify=TLS) as http:
        (await http.post("/users", json=account, headers=server.administration())).raise_for_status()
        token: str = (await http.post("/sessions", json=account)).raise_for_status().json()["access_token"]
    return token


async def log_out(server: Server, token: str) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30, verify=TLS) as http:
        (await http.delete("/sessions/current", headers={"Authorization": f"Bearer {token}"})).raise_for_status()


@pytest.mark.cause("token_revoked", "The user logged out, and the token of that log-in goes on being used.")
async def test_a_session_that_was_ended(staged: Staged, server: Server) -> None:
    token = await log_in(server)
    await log_out(server, token)

    await staged.is_named_at(ws(server), token=token)


@pytest.mark.cause("login_failed", "`--login` with a wrong password.")
def test_a_wrong_password(staged: Staged, server: Server) -> None:
    staged.is_named_by_command(server.url, "--login", "ann", TENFOUR_PASSWORD="wrong password")


# Clocks


@pytest.fixture(scope="module")
def wrong_clock(tmp_path_factory: pytest.TempPathFactory) -> WrongClock:
    directory = tmp_path_factory.mktemp("clock")
    return WrongClock(compiled(directory), directory / "ahead")


@pytest.fixture(scope="module")
def beside_the_time(tmp_path_factory: pytest.TempPathFactory, wrong_clock: WrongClock) -> Iterator[Server]:
    """A server whose clock is wrong; it takes the tokens of a product whose clock is right."""
    server = Server(tmp_path_factory.mktemp("beside"), {"TENFOUR_EXTERNAL": json.dumps(EXTERNAL)} | wrong_clock.environment).start()
    yield server
    assert server.stop() == 0, server.log


@pytest.mark.cause("clock_skew", "The server's clock is two hours ahead, and the token is fresh.")
async def test_a_server_whose_clock_is_ahead(staged: Staged, beside_the_time: Server, wrong_clock: WrongClock) -> None:
    wrong_clock.ahead_s = 2 * HOUR_S

    await staged.is_named_at(ws(beside_the_time), token=product(iat=now_s(), exp=now_s() + 900))


@pytest.mark.cause("clock_skew", "The server's clock is two hours behind, and the token is fresh.")
async def test_a_server_whose_clock_is_behind(staged: Staged, beside_the_time: Server, wrong_clock: WrongClock) -> None:
    wrong_clock.ahead_s = -2 * HOUR_S

    await staged.is_named_at(ws(beside_the_time), token=product(iat=now_s(), nbf=now_s(), exp=now_s() + 900))


@pytest.mark.cause("token_expired", "The doctor's own clock is two hours behind, and the token expired an hour ago.")
def test_a_clock_that_is_wrong_here_does_not_hide_that_a_token_has_expired(staged: Staged, server: Server, wrong_clock: WrongClock) -> None:
    wrong_clock.ahead_s = -2 * HOUR_S
    token = product(iat=now_s() - HOUR_S - 900, exp=now_s() - HOUR_S)

    staged.is_named_by_command(server.url, by=tenfour, TENFOUR_TOKEN=token, **wrong_clock.environment)


def test_a_clock_that_is_wrong_here_alone_is_a_warning(server: Server, wrong_clock: WrongClock) -> None:
    wrong_clock.ahead_s = 2 * HOUR_S

    ran = tenfour("doctor", server.url, TENFOUR_TOKEN=product(), **wrong_clock.environment)

    assert ran.code == 0, ran.out
    assert "this machine's clock is 2 hours ahead" in ran.out, ran.out


# Chats


@pytest.mark.cause("chat_id_not_uuid", "The chat's title stands for its id.")
async def test_a_title_for_an_id(staged: Staged, server: Server, world: World) -> None:
    await staged.is_named_at(ws(server), token=world.ann.token, chat="general")


@pytest.mark.cause("chat_unknown", "A chat id that the server does not know.")
async def test_a_chat_that_is_not_there(staged: Staged, server: Server, world: World) -> None:
    await staged.is_named_at(ws(server), token=world.ann.token, chat=str(uuid.uuid4()))


@pytest.mark.cause("not_member", "A chat of others.")
async def test_a_chat_of_others(staged: Staged, server: Server, world: World) -> None:
    await staged.is_named_at(ws(server), token=world.ann.token, chat=await world.chat("bob"))


@pytest.mark.cause("not_member", "The user was removed from the chat before.")
async def test_a_chat_that_one_was_removed_from(staged: Staged, server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")
    (await world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}")).raise_for_status()

    await staged.is_named_at(ws(server), token=world.bob.token, chat=chat)


# While a connection stands


@pytest.mark.cause("member_removed", "The user is removed from the chat while the connection stands (`--watch`).")
async def test_a_member_who_is_removed(staged: Staged, server: Server, world: World) -> None:
    chat = await world.chat("ann", "bob")

    await staged.is_named_when_it_happens(ws(server), lambda: world.ann.request("DELETE", f"/chats/{chat}/members/{world.bob.id}"), token=world.bob.token, chat=chat)


@pytest.mark.cause("user_disabled", "The account is disabled while the connection stands (`--watch`).")
async def test_a_user_who_is_disabled(staged: Staged, server: Server, world: World) -> None:
    await staged.is_named_when_it_happens(ws(server), lambda: world.backend("PATCH", f"/users/{world.ann.id}", json={"disabled": True}), token=world.ann.token)


@pytest.mark.cause("token_revoked", "The user logs out elsewhere while the connection stands (`--watch`).")
async def test_a_session_that_is_ended(staged: Staged, server: Server) -> None:
    token = await log_in(server)

    await staged.is_named_when_it_happens(ws(server), lambda: log_out(server, token), token=token)


@pytest.mark.cause("replaced", "The user opens ten more connections while this one stands (`--watch`).")
async def test_a_connection_that_others_push_out(staged: Staged, server: Server, world: World) -> None:
    async def open_ten() -> None:
        for _ in range(10):
            await world.ann.connect()

    await staged.is_named_when_it_happens(ws(server), open_ten, token=world.ann.token)
