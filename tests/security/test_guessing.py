"""Guessing: of passwords, of names, and what a flood of log-ins costs everybody else."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenfour.actions import sessions
from tenfour.actions.accounts import add_account
from tenfour.auth.keys import SigningKeys
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.tokens import AccessTokens
from tenfour.broker.broker import SessionEnded
from tenfour.errors import ErrorCode
from tests.actions.world import World as Node
from tests.actions.world import open_world, refusal
from tests.servers import RAISED, Server

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the limits as they come, at which each attempt can come from an address of its own."""
    limits = dict.fromkeys(("TENFOUR_FAILED_LOGINS_PER_ADDRESS", *RAISED), "100000") | {"TENFOUR_FAILED_LOGINS_PER_ADDRESS": "100"}
    server = Server(tmp_path_factory.mktemp("guessing"), limits | {"TENFOUR_TRUSTED_PROXIES": "127.0.0.0/8"}).start()
    yield server
    server.kill()


ADDRESSES = (f"203.0.{high}.{low}" for high, low in itertools.product(range(256), range(256)))


@pytest.fixture
def address() -> str:
    return next(ADDRESSES)


async def make_account(server: Server, name: str) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers=server.administration()) as http:
        (await http.post("/users", json={"name": name, "password": PASSWORD})).raise_for_status()


async def log_in(http: httpx.AsyncClient, name: str, password: str, address: str) -> httpx.Response:
    return await http.post("/sessions", json={"name": name, "password": password}, headers={"X-Forwarded-For": address})


def visitor(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=60, limits=httpx.Limits(max_connections=250))


@pytest.mark.slow
async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(server: Server, address: str) -> None:
    await make_account(server, "parallel")
    async with visitor(server) as http:
        answers = await asyncio.gather(*(log_in(http, "parallel", f"guess number {number}", address) for number in range(45)))
        right = await log_in(http, "parallel", PASSWORD, address)
        elsewhere = await log_in(http, "parallel", PASSWORD, next(ADDRESSES))

    assert Counter(each.json()["code"] for each in answers) == {"login_failed": 10, "too_many_attempts": 35}
    assert right.json()["code"] == "too_many_attempts"
    assert 0 < int(right.headers["retry-after"]) <= 900
    assert elsewhere.status_code == 201


@pytest.mark.slow
async def test_who_knows_the_password_may_log_in_from_many_devices_at_once(server: Server, address: str) -> None:
    await make_account(server, "devices")
    async with visitor(server) as http:
        answers = await asyncio.gather(*(log_in(http, "devices", PASSWORD, address) for _ in range(20)))

    assert {each.status_code for each in answers} == {201}


@pytest.mark.slow
async def test_one_password_tried_on_many_accounts_is_noticed_at_the_address(server: Server, address: str) -> None:
    async with visitor(server) as http:
        codes = [(await log_in(http, f"victim{number}", "123456789", address)).json()["code"] for number in range(103)]
        elsewhere = await log_in(http, "victim0", "123456789", next(ADDRESSES))

    assert codes == ["login_failed"] * 100 + ["too_many_attempts"] * 3
    assert elsewhere.json()["code"] == "login_failed"


async def test_addresses_of_one_ipv6_network_count_as_one(server: Server) -> None:
    async with visitor(server) as http:
        codes = [(await log_in(http, "ipv6", "wrong horse", f"2001:db8:0:7::{number:x}")).json()["code"] for number in range(12)]
        next_network = await log_in(http, "ipv6", "wrong horse", "2001:db8:0:8::1")

    assert codes == ["login_failed"] * 10 + ["too_many_attempts"] * 2
    assert next_network.json()["code"] == "login_failed"


async def test_every_spelling_of_a_name_is_one_account(server: Server, address: str) -> None:
    async with visitor(server) as http:
        spellings = ["spelling", "SPELLING", "Spelling", "\uff53pelling"]
        codes = [(await log_in(http, spelling, "wrong horse", address)).json()["code"] for spelling in spellings * 3]

    assert codes == ["login_failed"] * 10 + ["too_many_attempts"] * 2


async def test_an_unknown_name_answers_like_a_wrong_password_and_takes_as_long(server: Server) -> None:
    """Without work for unknown names the quotient is below a hundredth."""
    await make_account(server, "known")
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    bodies = set()
    async with visitor(server) as http:
        for name in ("known", "unknown") * 15:
            begin = time.perf_counter()
            answer = await log_in(http, name, "wrong horse", next(ADDRESSES))
            taken[name].append(time.perf_counter() - begin)
            bodies.add(tuple((key, value) for key, value in answer.json().items() if key != "request_id"))

    assert len(bodies) == 1
    assert 1 / 3 < statistics.median(taken["unknown"]) / statistics.median(taken["known"]) < 3


async def one_log_in(server: Server, name: str, address: str) -> tuple[str, str]:
    """A wrong log-in on a connection of its own, which costs this process little; head and code of the answer."""
    host, _, port = server.url.partition("://")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"name": name, "password": "wrong horse"})
    writer.write(
        f"POST /api/v1/sessions HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {address}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    )
    head, _, answer = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return head, str(json.loads(answer)["code"])


@pytest.mark.slow
async def test_a_thousand_log_ins_at_once_are_refused_or_served_and_the_chat_goes_on(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob")
    ann, bob = await world.ann.connect(chat), await world.bob.connect(chat)
    storm = asyncio.gather(*(one_log_in(server, f"nobody{number}", next(ADDRESSES)) for number in range(1_000)))
    acked = 0
    while not storm.done():
        assert (await asyncio.wait_for(ann.send(chat, "still here"), 30))["type"] == "ack"
        await asyncio.wait_for(bob.next("message_sent"), 30)
        acked += 1
        await asyncio.wait([storm], timeout=0.06)
    answers = await storm

    codes = Counter(code for _, code in answers)
    assert set(codes) <= {"login_failed", "rate_limited"}
    assert codes["login_failed"] > 0
    assert codes["rate_limited"] > 0
    assert all("retry-after: " in head for head, code in answers if code == "rate_limited")
    assert acked > 1


# Refresh tokens: the clock has to move


class Desk:
    """A node without edges, with an account that is logged in."""

    def __init__(self, node: Node, tokens: AccessTokens, opened: sessions.LoggedIn) -> None:
        self.node = node
        self.tokens = tokens
        self.opened = opened

    async def refresh(self, token: str) -> str:
        return (await sessions.refresh_session(self.node.context, self.tokens, token)).refresh_token

    @property
    def ended(self) -> list[Any]:
        return [bell for bell in self.node.broker.user_bells if isinstance(bell, SessionEnded)]


@pytest.fixture
async def desk(tmp_path: Path) -> Any:
    node = await open_world(tmp_path / "tenfour.db")
    hasher = PasswordHasher()
    tokens = AccessTokens(SigningKeys.load_or_create(tmp_path / "keys", node.clock.now_ms()), node.clock)
    await add_account(node.context, hasher, "ann", PASSWORD)
    yield Desk(node, tokens, await sessions.log_in(node.context, hasher, tokens, "ann", PASSWORD, user_agent=None, address=None))
    await node.store.close()
    hasher.close()


async def test_fifty_uses_of_one_refresh_token_at_once_give_one_successor(desk: Desk) -> None:
    successors = await asyncio.gather(*(desk.refresh(desk.opened.refresh_token) for _ in range(50)))

    assert len(set(successors)) == 1
    assert successors[0] != desk.opened.refresh_token
    assert not desk.ended


async def test_a_lost_reply_is_forgiven_for_ten_seconds_and_a_replay_after_that_ends_the_session(desk: Desk) -> None:
    first = desk.opened.refresh_token
    second = await desk.refresh(first)
    desk.node.clock.advance(10)
    assert await desk.refresh(first) == second
    desk.node.clock.advance(1)

    replayed = await refusal(desk.refresh(first))

    assert replayed is ErrorCode.REFRESH_REUSED
    assert desk.ended == [SessionEnded(desk.opened.user, desk.opened.session)]
    assert await refusal(desk.refresh(second)) is ErrorCode.REFRESH_INVALID
    assert await refusal(desk.refresh(first)) is ErrorCode.REFRESH_INVALID


async def test_the_last_but_one_token_is_a_replay_even_within_ten_seconds(desk: Desk) -> None:
    first = desk.opened.refresh_token
    third = await desk.refresh(await desk.refresh(first))

    assert await refusal(desk.refresh(first)) is ErrorCode.REFRESH_REUSED
    assert await refusal(desk.refresh(third)) is ErrorCode.REFRESH_INVALID


async def test_a_session_that_is_not_used_ends_by_itself(desk: Desk) -> None:
    desk.node.clock.advance(desk.node.context.policy.refresh_token_s + 1)

    assert await refusal(desk.refresh(desk.opened.refresh_token)) is ErrorCode.REFRESH_INVALID


async def test_no_secret_of_a_session_stands_in_the_database(desk: Desk, tmp_path: Path) -> None:
    second = await desk.refresh(desk.opened.refresh_token)

    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    for secret in (desk.opened.refresh_token, second, PASSWORD):
        assert secret.encode() not in written
        assert secret.removeprefix("tfr_").encode() not in written
