"""Tokens of a product, end to end, and every bad kind of token at REST and at both doors."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from tenfour.clock import SystemClock
from tests.auth.test_key_sets import ALGORITHMS, Publisher, jwk
from tests.auth.test_tokens import EC, ED, RSA, encode, pem
from tests.servers import Server, open_wire

SECRET = "a secret of the shop, long enough for HMAC"
PUBLIC = pem(RSA)


def now_s() -> int:
    return SystemClock().now_ms() // 1000


@dataclass(frozen=True)
class Issuer:
    """One issuer of the settings and how it signs."""

    name: str
    algorithm: str
    key: Any
    headers: dict[str, str] | None = None

    def token(self, *, key: Any = None, algorithm: str | None = None, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        whole = {"iss": self.name, "aud": "chat", "sub": "customer", "name": "Ann", "exp": now_s() + 600} | changes
        claims = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm=algorithm or self.algorithm, headers=headers or self.headers)


KEYS = {"HS256": SECRET, "RS256": RSA, "ES256": EC, "EdDSA": ED}
BY_SET = [f"set-{algorithm}" for algorithm in ALGORITHMS]
ISSUERS = {f"by-{algorithm}": Issuer(f"by-{algorithm}", algorithm, key) for algorithm, key in KEYS.items()}
ISSUERS |= {f"set-{algorithm}": Issuer(f"set-{algorithm}", algorithm, KEYS[algorithm], {"kid": "k1"}) for algorithm in ALGORITHMS}
MAPPED = Issuer("mapped", "HS256", SECRET)


@pytest.fixture(scope="module")
def publishers() -> Iterator[dict[str, Publisher]]:
    made = {name: Publisher() for name in BY_SET}
    for name, publisher in made.items():
        publisher.publish(jwk(KEYS[ISSUERS[name].algorithm], "k1", ISSUERS[name].algorithm))
    yield made
    for publisher in made.values():
        publisher.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, publishers: dict[str, Publisher]) -> Iterator[Server]:
    """A server that takes the tokens of eight issuers."""
    directory = tmp_path_factory.mktemp("issuers")
    server = Server(directory, {"TENFOUR_EXTERNAL": json.dumps([table(issuer, publishers, directory) for issuer in ISSUERS.values()] + [mapped()]), "TENFOUR_LEEWAY_S": "20"})
    server.start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log


def table(issuer: Issuer, publishers: dict[str, Publisher], directory: Path) -> dict[str, str]:
    start = {"issuer": issuer.name, "algorithm": issuer.algorithm, "audience": "chat"}
    if issuer.name in publishers:
        return start | {"jwks_url": publishers[issuer.name].url}
    if issuer.algorithm == "HS256":
        return start | {"secret": SECRET}
    path = directory / f"{issuer.name}.pem"
    path.write_text(pem(issuer.key))
    return start | {"key": str(path)}


def mapped() -> dict[str, str]:
    return {"issuer": "mapped", "algorithm": "HS256", "secret": SECRET, "id_claim": "uid", "name_claim": "nick"}


async def me(server: Server, token: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        return await http.get("/me", headers={"Authorization": f"Bearer {token}"})


async def chat_of(server: Server, token: str) -> str:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        made = await http.post("/chats", json={"kind": "group", "title": "T"}, headers={"Authorization": f"Bearer {token}"})
        made.raise_for_status()
        return str(made.json()["id"])


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)
async def test_a_products_token_makes_its_user_at_first_sight_and_opens_rest_and_both_doors(server: Server, issuer: Issuer) -> None:
    subject = f"customer-{uuid.uuid4().hex}"
    token = issuer.token(sub=subject, name="Ann Example")

    wire = await open_wire(server, headers={"Authorization": f"Bearer {token}"})
    first = (await wire.next("welcome"))["user"]
    shown = (await me(server, issuer.token(sub=subject, name="Ann Example"))).json()
    chat = await chat_of(server, token)
    at_the_chat = (await (await open_wire(server, chat, subprotocols=["tenfour.v1", f"tenfour.bearer.{token}"])).next("welcome"))["user"]

    assert first == at_the_chat == {"id": shown["id"], "name": "Ann Example"}
    assert (shown["external_id"], shown["admin"]) == (subject, False)


async def test_the_same_id_at_two_issuers_is_two_people(server: Server) -> None:
    one = (await me(server, ISSUERS["by-HS256"].token(sub="7"))).json()
    other = (await me(server, ISSUERS["by-ES256"].token(sub="7"))).json()

    assert one["external_id"] == other["external_id"] == "7"
    assert one["id"] != other["id"]


async def test_claims_are_read_where_the_settings_say(server: Server) -> None:
    shown = (await me(server, MAPPED.token(uid=4711, nick="annie", sub=None, name="Not this", aud="whoever"))).json()

    assert (shown["external_id"], shown["name"]) == ("4711", "annie")


async def test_a_product_cannot_name_somebody_else_nor_an_administrator(server: Server) -> None:
    world = await server.world("ann")

    shown = (await me(server, ISSUERS["by-HS256"].token(sub=world.ann.id, scope="administration", admin=True, sid="1"))).json()
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http:
        keys = await http.get("/server-keys", headers={"Authorization": f"Bearer {ISSUERS['by-HS256'].token(sub='administration', scope='administration')}"})

    assert shown["id"] != world.ann.id
    assert shown["admin"] is False
    assert keys.status_code == 403


async def test_clocks_may_be_off_by_the_leeway_of_the_settings(server: Server) -> None:
    now = now_s()
    issuer = ISSUERS["by-HS256"]

    within = [(await me(server, issuer.token(exp=now - 5))).status_code, (await me(server, issuer.token(nbf=now + 10))).status_code]
    beyond = [(await me(server, issuer.token(exp=now - 25))).json()["code"], (await me(server, issuer.token(nbf=now + 40))).json()["code"]]

    assert within == [200, 200]
    assert beyond == ["token_expired", "token_not_yet_valid"]


async def test_an_open_connection_takes_a_newer_token_of_the_same_person_and_of_nobody_else(server: Server) -> None:
    issuer, subject = ISSUERS["set-EdDSA"], uuid.uuid4().hex
    wire = await open_wire(server, headers={"Authorization": f"Bearer {issuer.token(sub=subject)}"})
    welcome = await wire.next("welcome")

    await wire.say(type="authenticate", token=issuer.token(sub=subject, exp=now_s() + 1200))
    renewed = await wire.next("authenticated")
    await wire.say(type="authenticate", token=ISSUERS["by-EdDSA"].token(sub=subject))
    code, reason = await wire.closed()

    assert renewed["user"] == welcome["user"]["id"]
    assert renewed["expires_at"] > welcome["expires_at"]
    assert (code, reason.partition(":")[0]) == (4401, "token_other_user")


async def test_a_new_key_of_a_key_set_is_fetched_when_its_first_token_comes(make_server: Callable[..., Server]) -> None:
    publisher = Publisher()
    try:
        publisher.publish(jwk(ED, "k1"))
        server = make_server({"external": json.dumps([{"issuer": "set", "algorithm": "EdDSA", "jwks_url": publisher.url}])})
        issuer = Issuer("set", "EdDSA", ED, {"kid": "k1"})

        taken = [(await me(server, issuer.token(sub=str(number)))).status_code for number in range(3)]
        unknown = [(await me(server, issuer.token(headers={"kid": f"unknown-{number}"}))).json()["code"] for number in range(10)]
    finally:
        publisher.close()

    assert taken == [200, 200, 200]
    assert set(unknown) == {"token_key_unknown"}
    assert publisher.hits == ["/keys"]


# Bad tokens. The shop's key is an RSA one, so that its public half can be tried as a shared secret.

SHOP = ISSUERS["by-RS256"]


def forged_with_the_public_key() -> str:
    signed = f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{SHOP.token().split('.')[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{signed}.{encode(algorithm.sign(signed.encode(), PUBLIC.encode()))}"


def unsigned(spelling: str) -> str:
    return f"{encode({'alg': spelling})}.{SHOP.token().split('.')[1]}."


def with_claims(claims: bytes) -> str:
    return f"{encode({'alg': 'RS256'})}.{encode(claims)}.{encode(b'x' * 256)}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "none": (lambda: unsigned("none"), "token_algorithm"),
    "NoNe": (lambda: unsigned("NoNe"), "token_algorithm"),
    "the public key as a shared secret": (forged_with_the_public_key, "token_algorithm"),
    "another algorithm": (lambda: SHOP.token(key=ED, algorithm="EdDSA"), "token_algorithm"),
    "another key": (lambda: SHOP.token(key=ALGORITHMS["RS256"][0]), "token_signature"),
    "no signature": (lambda: SHOP.token().rpartition(".")[0] + ".", "token_signature"),
    "a kid that is a path": (lambda: ISSUERS["set-EdDSA"].token(headers={"kid": "../../../../dev/null"}), "token_key_unknown"),
    "a kid that is SQL": (lambda: ISSUERS["set-EdDSA"].token(headers={"kid": "' UNION SELECT 'x' --"}), "token_key_unknown"),
    "an own token of an own kid": (
        lambda: jwt.encode({"iss": "tenfour", "aud": "tenfour", "sub": "x", "exp": 2**32}, ED, algorithm="EdDSA", headers={"kid": "../keys/x", "typ": "at+jwt"}),
        "token_key_unknown",
    ),
    "an embedded key": (lambda: SHOP.token(headers={"jwk": jwk(ED)}), "token_claims"),
    "a key from elsewhere": (lambda: SHOP.token(headers={"jku": "http://127.0.0.1:9/keys"}), "token_claims"),
    "a certificate from elsewhere": (lambda: SHOP.token(headers={"x5u": "http://127.0.0.1:9/keys"}), "token_claims"),
    "something critical": (lambda: SHOP.token(headers={"crit": ["exp"]}), "token_claims"),
    "expired": (lambda: SHOP.token(exp=1_600_000_000), "token_expired"),
    "no expiry": (lambda: SHOP.token(exp=None), "token_no_expiry"),
    "an expiry that is NaN": (lambda: with_claims(b'{"iss": "by-RS256", "exp": NaN}'), "token_malformed"),
    "an expiry that is a text": (lambda: jwt.PyJWS().encode(b'{"iss": "by-RS256", "aud": "chat", "sub": "x", "exp": "9999999999"}', RSA, "RS256"), "token_claims"),
    "an expiry without end": (lambda: SHOP.token(exp=10**30), "token_claims"),
    "of the future": (lambda: SHOP.token(nbf=2**32), "token_not_yet_valid"),
    "another audience": (lambda: SHOP.token(aud="billing"), "token_audience"),
    "another issuer": (lambda: SHOP.token(iss="https://evil.example"), "token_issuer"),
    "no subject": (lambda: SHOP.token(sub=None), "token_claims"),
    "longer than 8 KiB": (lambda: SHOP.token(filling="x" * 8_192), "token_malformed"),
    "nested without end": (lambda: with_claims(b"[" * 4_000), "token_malformed"),
    "a refresh token": (lambda: "tfr_" + "A" * 43, "token_malformed"),
    "a word": (lambda: "let-me-in", "token_malformed"),
}


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD)
async def test_a_bad_token_has_the_same_code_at_rest_and_at_both_doors(server: Server, make: Callable[[], str], code: str) -> None:
    token, chat = make(), str(uuid.uuid4())

    rest = await me(server, token)
    ends = [await (await open_wire(server, place, headers={"Authorization": f"Bearer {token}"})).closed() for place in (None, chat)]
    late = await open_wire(server)
    await late.say(type="authenticate", token=token)
    ends.append(await late.closed())

    assert (rest.status_code, rest.json()["code"]) == (401, code)
    assert rest.headers["www-authenticate"] == f'Bearer error="{code}"'
    assert {(close, reason.partition(":")[0]) for close, reason in ends} == {(4401, code)}
    assert token not in rest.text


async def test_a_refresh_token_a_ticket_and_a_server_key_open_no_door(server: Server) -> None:
    world = await server.world("ann")
    ticket = (await world.ann.request("POST", "/ws-tickets")).json()["ticket"]

    ends = [await (await open_wire(server, headers={"Authorization": f"Bearer {secret}"})).closed() for secret in (world.key, ticket)]
    by_ticket = (await me(server, ticket)).json()["code"]

    assert {(code, reason.partition(":")[0]) for code, reason in ends} == {(4401, "token_malformed")}
    assert by_ticket == "token_malformed"
