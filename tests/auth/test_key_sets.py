"""Keys of an issuer that publishes them: fetched when needed, rotated, withdrawn, unreachable."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import JWKS_LIFE_S, JWKS_REFETCH_S, Algorithm, ExternalIssuer, TokenVerifier
from tenfour.clock import ManualClock
from tenfour.errors import ErrorCode, TenfourError

ISSUER = "https://login.example"
ED, ED2 = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ALGORITHMS = {"EdDSA": (ED, jwt.algorithms.OKPAlgorithm), "ES256": (EC, jwt.algorithms.ECAlgorithm), "RS256": (RSA, jwt.algorithms.RSAAlgorithm)}


def jwk(key: Any, kid: str | None = "k1", algorithm: str = "EdDSA") -> dict[str, Any]:
    shown = ALGORITHMS[algorithm][1].to_jwk(key.public_key(), as_dict=True)
    return shown | ({"kid": kid} if kid is not None else {})


class Publisher:
    """An issuer's web server on loopback."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.location: str | None = None
        self.hits: list[str] = []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.hits.append(self.path)
                self.send_response(publisher.status)
                if publisher.location is not None:
                    self.send_header("Location", publisher.location)
                self.send_header("Content-Length", str(len(publisher.body)))
                self.end_headers()
                self.wfile.write(publisher.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"

    def publish(self, *keys: Any) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.close()


class Desk:
    def __init__(self, url: str, directory: Path, algorithm: str = "EdDSA") -> None:
        self.clock = ManualClock()
        self.logged: list[str] = []
        issuer = ExternalIssuer(ISSUER, Algorithm(algorithm), jwks_url=url)
        keys = SigningKeys.load_or_create(directory / "keys", self.clock.now_ms())
        self.verifier = TokenVerifier(keys, self.clock, externals=[issuer], log=lambda _issuer, why: self.logged.append(why))

    def token(self, key: Any, kid: str | None = "k1", algorithm: str = "EdDSA", subject: str = "ann") -> str:
        claims = {"iss": ISSUER, "sub": subject, "exp": self.clock.now_ms() // 1000 + 3600}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid is not None else None)

    async def accepts(self, token: str) -> bool:
        return (await self.verifier.verify_fetching(token)).external_id is not None

    async def refusal(self, token: str) -> ErrorCode:
        with pytest.raises(TenfourError) as caught:
            await self.verifier.verify_fetching(token)
        return caught.value.code


@pytest.fixture
def desk(publisher: Publisher, tmp_path: Path) -> Desk:
    publisher.publish(jwk(ED))
    return Desk(publisher.url, tmp_path)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_published_key_verifies(publisher: Publisher, tmp_path: Path, algorithm: str) -> None:
    key, _ = ALGORITHMS[algorithm]
    publisher.publish(jwk(key, "k1", algorithm))
    desk = Desk(publisher.url, tmp_path, algorithm)

    assert await desk.accepts(desk.token(key, "k1", algorithm))


async def test_the_set_is_fetched_once_for_many_tokens_at_once(publisher: Publisher, desk: Desk) -> None:
    tokens = [desk.token(ED, subject=f"user-{number}") for number in range(20)]

    accepted = await asyncio.gather(*map(desk.accepts, tokens))

    assert all(accepted)
    assert len(publisher.hits) == 1


async def test_a_token_without_kid_is_verified_where_one_key_is_published(publisher: Publisher, desk: Desk) -> None:
    assert await desk.accepts(desk.token(ED, None))

    publisher.publish(jwk(ED), jwk(ED2, "k2"))
    desk.clock.advance(JWKS_LIFE_S)

    assert await desk.refusal(desk.token(ED, None, subject="bob")) is ErrorCode.TOKEN_KEY_UNKNOWN


async def test_a_new_key_is_found_when_its_first_token_comes(publisher: Publisher, desk: Desk) -> None:
    assert await desk.accepts(desk.token(ED))
    publisher.publish(jwk(ED), jwk(ED2, "k2"))
    desk.clock.advance(JWKS_REFETCH_S)

    assert await desk.accepts(desk.token(ED2, "k2"))
    assert await desk.accepts(desk.token(ED, subject="bob"))


async def test_a_withdrawn_key_stops_counting_after_ten_minutes(publisher: Publisher, desk: Desk) -> None:
    assert await desk.accepts(desk.token(ED))
    publisher.publish(jwk(ED2, "k2"))

    desk.clock.advance(JWKS_LIFE_S)

    assert await desk.refusal(desk.token(ED, subject="bob")) is ErrorCode.TOKEN_KEY_UNKNOWN


async def test_hundreds_of_unknown_kids_cause_one_fetch(publisher: Publisher, desk: Desk) -> None:
    for number in range(300):
        assert await desk.refusal(desk.token(ED2, f"guess-{number}")) is ErrorCode.TOKEN_KEY_UNKNOWN

    assert len(publisher.hits) == 1


async def test_a_publisher_that_goes_away_does_not_lock_out_whom_its_keys_let_in(publisher: Publisher, desk: Desk) -> None:
    assert await desk.accepts(desk.token(ED))
    publisher.status = 503

    desk.clock.advance(JWKS_LIFE_S)

    assert await desk.accepts(desk.token(ED, subject="bob"))
    assert desk.logged == ["ValueError: status 503"]
    assert await desk.refusal(desk.token(ED2, "k2")) is ErrorCode.TOKEN_KEY_UNKNOWN


async def test_a_key_set_that_cannot_be_reached_is_named(publisher: Publisher, tmp_path: Path) -> None:
    publisher.status = 404
    desk = Desk(publisher.url, tmp_path)

    for subject in ("ann", "bob"):
        with pytest.raises(TenfourError, match="could not be fetched") as caught:
            await desk.verifier.verify_fetching(desk.token(ED, subject=subject))
        assert caught.value.code is ErrorCode.TOKEN_KEY_UNKNOWN
    assert len(publisher.hits) == 1
    publisher.status = 200
    publisher.publish(jwk(ED))
    desk.clock.advance(JWKS_REFETCH_S)

    assert await desk.accepts(desk.token(ED))


async def test_a_port_where_nobody_listens_is_a_refusal_and_no_crash(publisher: Publisher, tmp_path: Path) -> None:
    desk = Desk("http://127.0.0.1:1/keys", tmp_path)

    assert await desk.refusal(desk.token(ED)) is ErrorCode.TOKEN_KEY_UNKNOWN
    assert desk.logged[0].startswith("ConnectError")


async def test_redirects_are_not_followed(publisher: Publisher, desk: Desk) -> None:
    publisher.status, publisher.location = 302, publisher.url.replace("/keys", "/elsewhere")

    assert await desk.refusal(desk.token(ED)) is ErrorCode.TOKEN_KEY_UNKNOWN
    assert publisher.hits == ["/keys"]


BAD_SETS: dict[str, Callable[[], bytes]] = {
    "no JSON": lambda: b"<html>",
    "a list": lambda: b"[]",
    "a number": lambda: b"7",
    "no keys": lambda: b"{}",
    "keys a number": lambda: b'{"keys": 7}',
    "keys texts": lambda: b'{"keys": ["x", null, 7]}',
    "too large": lambda: b'{"keys": [' + b" " * 70_000 + b"]}",
    "too deep": lambda: b"[" * 60_000,
    "not UTF-8": lambda: b"\xff\xfe{",
}


@pytest.mark.parametrize("body", BAD_SETS.values(), ids=BAD_SETS)
async def test_a_broken_key_set_is_a_refusal_and_no_crash(publisher: Publisher, desk: Desk, body: Callable[[], bytes]) -> None:
    publisher.body = body()

    assert await desk.refusal(desk.token(ED)) is ErrorCode.TOKEN_KEY_UNKNOWN


async def test_one_unusable_key_does_not_spoil_the_others(publisher: Publisher, desk: Desk) -> None:
    broken = jwk(EC, "k3", "ES256") | {"x": "AAAA"}
    publisher.publish({"kty": "oct", "k": "c2VjcmV0", "kid": "k0"}, {"kty": "EC"}, broken, {"kid": "k4"}, jwk(RSA, "k5", "RS256"), jwk(ED))

    assert await desk.accepts(desk.token(ED))


async def test_a_symmetric_key_in_a_set_signs_nothing(publisher: Publisher, desk: Desk) -> None:
    secret = b"a secret that somebody published, long"
    publisher.publish({"kty": "oct", "k": jwt.utils.base64url_encode(secret).decode(), "kid": "k1"})

    assert await desk.refusal(desk.token(secret, "k1", "HS256")) is ErrorCode.TOKEN_KEY_UNKNOWN


async def test_a_token_that_says_where_its_keys_are_fetches_nothing(publisher: Publisher, desk: Desk) -> None:
    claims = {"iss": ISSUER, "sub": "ann", "exp": desk.clock.now_ms() // 1000 + 60}
    token = jwt.encode(claims, ED2, algorithm="EdDSA", headers={"kid": "evil", "jku": publisher.url.replace("keys", "evil")})

    assert await desk.refusal(token) is ErrorCode.TOKEN_CLAIMS
    assert publisher.hits == []


async def test_two_issuers_may_name_their_keys_alike(publisher: Publisher, tmp_path: Path) -> None:
    other = Publisher()
    try:
        publisher.publish(jwk(ED))
        other.publish(jwk(ED2))
        clock = ManualClock()
        externals = [ExternalIssuer(name, Algorithm.EDDSA, jwks_url=each.url) for name, each in (("one", publisher), ("two", other))]
        verifier = TokenVerifier(SigningKeys.load_or_create(tmp_path / "keys", clock.now_ms()), clock, externals=externals)
        tokens = {
            (name, number): jwt.encode({"iss": name, "sub": "ann", "exp": clock.now_ms() // 1000 + 60}, key, algorithm="EdDSA", headers={"kid": "k1"})
            for name in ("one", "two")
            for number, key in enumerate((ED, ED2))
        }

        assert (await verifier.verify_fetching(tokens["one", 0])).issuer == "one"
        assert (await verifier.verify_fetching(tokens["two", 1])).issuer == "two"
        for wrong in (tokens["one", 1], tokens["two", 0]):
            with pytest.raises(TenfourError) as caught:
                await verifier.verify_fetching(wrong)
            assert caught.value.code is ErrorCode.TOKEN_SIGNATURE
    finally:
        other.close()
