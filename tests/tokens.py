"""Tokens of every kind, good and bad, as a server's own key and a product's issuer make them."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import OWN_AUDIENCE, OWN_ISSUER, OWN_TYPE
from tenfour.clock import SystemClock
from tests.servers import Server

ISSUER, AUDIENCE = "https://product.example", "tenfour"
SECRET = "a secret of more than thirty-two random bytes"
EXTERNAL = [{"issuer": ISSUER, "algorithm": "HS256", "secret": SECRET, "audience": AUDIENCE}]


def now_s() -> int:
    return SystemClock().now_ms() // 1000


def own(server: Server, user: str, **changes: Any) -> str:
    """A token of the server's own key with other claims; None leaves a claim out."""
    now = now_s()
    claims = {"sub": user, "iss": OWN_ISSUER, "aud": OWN_AUDIENCE, "iat": now, "exp": now + 600} | changes
    keys = SigningKeys.load_or_create(server.data / "keys", now * 1000)
    return keys.sign({name: value for name, value in claims.items() if value is not None}, OWN_TYPE)


def product(headers: dict[str, Any] | None = None, key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """A token of the product's issuer with other claims; None leaves a claim out."""
    claims = {"sub": "customer-7", "iss": ISSUER, "aud": AUDIENCE, "exp": now_s() + 600} | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm, headers=headers)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(server: Server, user: str) -> str:
    good = own(server, user)
    return f"{part(jwt.get_unverified_header(good) | {'alg': 'none'})}.{good.split('.')[1]}."


def with_another_signature(server: Server, user: str) -> str:
    head, claims, _ = own(server, user).split(".")
    return f"{head}.{claims}.{own(server, user, jti='another').split('.')[2]}"


def with_another_user(server: Server, user: str) -> str:
    head, _, signature = own(server, user).split(".")
    return f"{head}.{part({'sub': 'root', 'iss': OWN_ISSUER, 'aud': OWN_AUDIENCE, 'exp': now_s() + 600})}.{signature}"


def signed_with_the_public_key_as_secret(server: Server, user: str) -> str:
    """The attack on verifiers that take the algorithm from the token."""
    keys = SigningKeys.load_or_create(server.data / "keys", now_s() * 1000)
    kid, public = next(iter(keys.public().items()))
    secret = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    claims = {"sub": user, "iss": OWN_ISSUER, "aud": OWN_AUDIENCE, "exp": now_s() + 600}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid, "typ": OWN_TYPE})


def of_another_server(_server: Server, user: str) -> str:
    """Like a token of this server, but signed with a key that another one has."""
    return jwt.encode({"sub": user, "iss": OWN_ISSUER, "exp": 2**33}, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "of-another-server"})
