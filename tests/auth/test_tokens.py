"""Each thing that can be wrong with a token has its own code, and nothing wrong gets through."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tenfour.auth.keys import SigningKeys
from tenfour.auth.tokens import ADMIN_SCOPE, OWN_TYPE, AccessTokens, Algorithm, ExternalIssuer, TokenVerifier, inspect_token
from tenfour.clock import ManualClock
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId

ISSUER = "https://shop.example"
SECRET = "a secret of the shop, long enough for HMAC"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
USER = UserId("01890a5d-ac96-774b-bcce-b302099a8057")


def pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encode(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class Desk:
    """A server's verifier, its own keys, and a shop whose tokens it takes."""

    def __init__(self, directory: Path, external: ExternalIssuer | None = None) -> None:
        self.clock = ManualClock()
        self.keys = SigningKeys.load_or_create(directory / "keys", self.clock.now_ms())
        self.tokens = AccessTokens(self.keys, self.clock)
        self.verifier = TokenVerifier(self.keys, self.clock, externals=[external or ExternalIssuer(ISSUER, Algorithm.HS256, secret=SECRET, audience="chat")], leeway_s=30)

    def shop_claims(self, **changes: Any) -> dict[str, Any]:
        now = self.clock.now_ms() // 1000
        whole = {"iss": ISSUER, "aud": "chat", "sub": "customer-7", "name": "Ann", "iat": now, "exp": now + 600} | changes
        return {name: value for name, value in whole.items() if value is not None}

    def shop_token(self, *, headers: dict[str, Any] | None = None, key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
        return jwt.encode(self.shop_claims(**changes), key, algorithm=algorithm, headers=headers)

    def own_token(self, typ: str = OWN_TYPE, **changes: Any) -> str:
        now = self.clock.now_ms() // 1000
        whole = {"iss": "tenfour", "aud": "tenfour", "sub": USER, "iat": now, "exp": now + 600} | changes
        return self.keys.sign({name: value for name, value in whole.items() if value is not None}, typ)

    def refusal(self, token: str) -> ErrorCode:
        with pytest.raises(TenfourError) as caught:
            self.verifier.verify(token)
        assert not token or token not in caught.value.detail
        return caught.value.code


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_own_token_says_user_and_session(desk: Desk) -> None:
    token, expires_ms = desk.tokens.issue(USER, SessionId("s1"), 900)

    claims = desk.verifier.verify(token)

    assert (claims.user, claims.session, claims.external_id, claims.expires_ms) == (USER, "s1", None, expires_ms)


def test_a_token_of_the_command_line_may_administer_and_is_nobody(desk: Desk) -> None:
    claims = desk.verifier.verify(desk.tokens.issue_for_administration())

    assert claims.scope == {ADMIN_SCOPE}
    assert claims.user == ADMIN_SCOPE


def test_an_external_token_names_the_products_user(desk: Desk) -> None:
    claims = desk.verifier.verify(desk.shop_token())

    assert (claims.user, claims.external_id, claims.issuer, claims.name, claims.scope) == (None, "customer-7", ISSUER, "Ann", frozenset())


def test_claims_are_mapped_as_the_settings_say(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ExternalIssuer(ISSUER, Algorithm.HS256, secret=SECRET, id_claim="uid", name_claim="nick"))

    claims = desk.verifier.verify(desk.shop_token(uid=42, nick="annie", sub=None, aud=None))

    assert (claims.external_id, claims.name) == ("42", "annie")


def test_an_external_token_cannot_ask_for_administration(desk: Desk) -> None:
    claims = desk.verifier.verify(desk.shop_token(scope=ADMIN_SCOPE, sid="s1"))

    assert claims.scope == frozenset()
    assert claims.session is None


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA), ("ES256", EC), ("EdDSA", ED)])
def test_a_pem_key_verifies_what_its_private_key_signed(tmp_path: Path, algorithm: str, key: Any) -> None:
    desk = Desk(tmp_path, ExternalIssuer(ISSUER, Algorithm(algorithm), pem=pem(key), audience="chat"))

    assert desk.verifier.verify(desk.shop_token(key=key, algorithm=algorithm)).external_id == "customer-7"
    assert desk.refusal(desk.shop_token()) is ErrorCode.TOKEN_ALGORITHM


MALFORMED = {
    "empty": "",
    "a word": "token",
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "not base64": "!!.e30.e30",
    "padded": "e30=.e30.e30",
    "standard alphabet": "e30+.e30.e30",
    "not ASCII": "é.e30.e30",
    "header no JSON": f"{encode(b'{')}.e30.",
    "header a list": f"{encode([])}.e30.",
    "claims a number": f"e30.{encode(7)}.",
    "NaN": "e30." + encode(b'{"exp": NaN}') + ".",
    "too deep": f"e30.{encode(b'[' * 5000)}.",
    "not UTF-8": encode(b"\xff\xfe\xff") + ".e30.",
    "too long": f"e30.{'A' * 9000}.",
    "a lone surrogate": "\ud800.e30.e30",
    "a number of many digits": "e30." + encode(b'{"exp": ' + b"9" * 5000 + b"}") + ".",
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_jwt_is_malformed(desk: Desk, token: str) -> None:
    assert desk.refusal(token) is ErrorCode.TOKEN_MALFORMED
    assert inspect_token(token).fault is not None


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_no_text_gets_past_the_parser_or_breaks_it(text: str) -> None:
    desk = Desk.__new__(Desk)
    desk.clock = ManualClock()
    desk.verifier = TokenVerifier(SigningKeys({}), desk.clock)

    with pytest.raises(TenfourError):
        desk.verifier.verify(text)


WRONG_CLAIMS: dict[str, tuple[dict[str, Any], ErrorCode]] = {
    "expired": ({"exp": 1_600_000_000}, ErrorCode.TOKEN_EXPIRED),
    "no expiry": ({"exp": None}, ErrorCode.TOKEN_NO_EXPIRY),
    "expiry a text": ({"exp": "tomorrow"}, ErrorCode.TOKEN_CLAIMS),
    "expiry true": ({"exp": True}, ErrorCode.TOKEN_CLAIMS),
    "expiry without end": ({"exp": 10**20}, ErrorCode.TOKEN_CLAIMS),
    "expiry below zero": ({"exp": -1}, ErrorCode.TOKEN_CLAIMS),
    "not yet valid": ({"nbf": 1_900_000_000}, ErrorCode.TOKEN_NOT_YET_VALID),
    "other audience": ({"aud": "billing"}, ErrorCode.TOKEN_AUDIENCE),
    "other audiences": ({"aud": ["billing", "mail"]}, ErrorCode.TOKEN_AUDIENCE),
    "no audience": ({"aud": None}, ErrorCode.TOKEN_AUDIENCE),
    "other issuer": ({"iss": "https://evil.example"}, ErrorCode.TOKEN_ISSUER),
    "no issuer": ({"iss": None}, ErrorCode.TOKEN_ISSUER),
    "issuer almost": ({"iss": ISSUER + "/"}, ErrorCode.TOKEN_ISSUER),
    "no subject": ({"sub": None}, ErrorCode.TOKEN_CLAIMS),
    "subject empty": ({"sub": ""}, ErrorCode.TOKEN_CLAIMS),
    "subject too long": ({"sub": "x" * 256}, ErrorCode.TOKEN_CLAIMS),
}


@pytest.mark.parametrize(("changes", "code"), WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_wrong_claim_has_its_own_code(desk: Desk, changes: dict[str, Any], code: ErrorCode) -> None:
    assert desk.refusal(desk.shop_token(**changes)) is code


def test_a_subject_that_is_a_number_of_too_many_digits_is_refused(desk: Desk) -> None:
    claims = desk.shop_claims() | {"sub": 10**300}
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, "HS256")

    assert desk.refusal(token) is ErrorCode.TOKEN_CLAIMS


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk", "crit", "x5c"])
def test_a_header_that_brings_its_own_key_is_refused(desk: Desk, header: str) -> None:
    assert desk.refusal(desk.shop_token(headers={header: "http://127.0.0.1:1/keys"})) is ErrorCode.TOKEN_CLAIMS


def test_a_forged_signature_is_refused(desk: Desk) -> None:
    signed = desk.shop_token()
    head, _, _ = signed.rpartition(".")
    richer = f"{signed.split('.')[0]}.{encode(desk.shop_claims(sub='somebody-else'))}.{signed.split('.')[2]}"

    assert desk.refusal(desk.shop_token(key="another secret that is long enough too")) is ErrorCode.TOKEN_SIGNATURE
    assert desk.refusal(f"{head}.{encode(b'x' * 32)}") is ErrorCode.TOKEN_SIGNATURE
    assert desk.refusal(f"{head}.") is ErrorCode.TOKEN_SIGNATURE
    assert desk.refusal(richer) is ErrorCode.TOKEN_SIGNATURE


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None])
def test_a_token_without_a_signature_is_refused_under_every_spelling(desk: Desk, name: str | None) -> None:
    own_kid = next(iter(desk.keys.keys))
    own = {"iss": "tenfour", "aud": "tenfour", "sub": USER, "exp": desk.clock.now_ms() // 1000 + 60}

    assert desk.refusal(f"{encode({'alg': name})}.{encode(desk.shop_claims())}.") is ErrorCode.TOKEN_ALGORITHM
    assert desk.refusal(f"{encode({'alg': name, 'kid': own_kid, 'typ': OWN_TYPE})}.{encode(own)}.") is ErrorCode.TOKEN_ALGORITHM


def test_a_public_key_is_no_shared_secret(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ExternalIssuer(ISSUER, Algorithm.RS256, pem=pem(RSA), audience="chat"))
    signed = f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{encode(desk.shop_claims())}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = f"{signed}.{encode(algorithm.sign(signed.encode(), pem(RSA).encode()))}"

    assert desk.refusal(forged) is ErrorCode.TOKEN_ALGORITHM


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "", None, 7, ["x"]])
def test_a_kid_is_looked_up_and_nothing_else(desk: Desk, kid: Any) -> None:
    claims = {"iss": "tenfour", "aud": "tenfour", "sub": USER, "exp": desk.clock.now_ms() // 1000 + 60}
    token = f"{encode({'alg': 'EdDSA', 'typ': OWN_TYPE, 'kid': kid})}.{encode(claims)}.{encode(b'x' * 64)}"

    assert desk.refusal(token) is ErrorCode.TOKEN_KEY_UNKNOWN


@pytest.mark.parametrize("typ", ["JWT", "refresh+jwt", ""])
def test_an_own_token_of_another_type_is_no_access_token(desk: Desk, typ: str) -> None:
    assert desk.refusal(desk.own_token(typ)) is ErrorCode.TOKEN_CLAIMS


def test_an_own_token_is_for_this_server_only(desk: Desk) -> None:
    assert desk.refusal(desk.own_token(aud="another")) is ErrorCode.TOKEN_AUDIENCE
    assert desk.refusal(desk.own_token(exp=None)) is ErrorCode.TOKEN_NO_EXPIRY
    assert desk.refusal(desk.own_token(sub=None)) is ErrorCode.TOKEN_CLAIMS


def test_another_servers_own_token_is_refused(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Desk(tmp_path / "elsewhere")

    assert desk.refusal(elsewhere.own_token()) is ErrorCode.TOKEN_KEY_UNKNOWN


def test_clocks_may_be_off_by_the_leeway_and_no_more(desk: Desk) -> None:
    now = desk.clock.now_ms() // 1000

    assert desk.verifier.verify(desk.shop_token(exp=now - 30, nbf=now + 30)).external_id == "customer-7"
    assert desk.refusal(desk.shop_token(exp=now - 31)) is ErrorCode.TOKEN_EXPIRED
    assert desk.refusal(desk.shop_token(nbf=now + 31)) is ErrorCode.TOKEN_NOT_YET_VALID


def test_a_token_seen_before_still_expires(desk: Desk) -> None:
    token, _ = desk.tokens.issue(USER, None, 60)
    desk.verifier.verify(token)

    desk.clock.advance(91)

    assert desk.refusal(token) is ErrorCode.TOKEN_EXPIRED


def test_one_changed_character_of_a_token_seen_before_is_noticed(desk: Desk) -> None:
    token, _ = desk.tokens.issue(USER, None, 60)
    desk.verifier.verify(token)
    head, _, signature = token.rpartition(".")
    changed = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"

    assert desk.refusal(changed) is ErrorCode.TOKEN_SIGNATURE


WRONG_ISSUERS: dict[str, dict[str, Any]] = {
    "nothing to verify with": {"algorithm": Algorithm.HS256},
    "two things to verify with": {"algorithm": Algorithm.RS256, "pem": "x", "jwks_url": "https://shop.example/keys"},
    "HS256 with a PEM key": {"algorithm": Algorithm.HS256, "pem": pem(RSA)},
    "HS256 by key set": {"algorithm": Algorithm.HS256, "jwks_url": "https://shop.example/keys"},
    "RS256 with a secret": {"algorithm": Algorithm.RS256, "secret": SECRET},
    "a PEM key as secret": {"algorithm": Algorithm.HS256, "secret": pem(RSA)},
    "a short secret": {"algorithm": Algorithm.HS256, "secret": "short"},
    "a key set over http": {"algorithm": Algorithm.RS256, "jwks_url": "http://shop.example/keys"},
    "a key set that looks local": {"algorithm": Algorithm.RS256, "jwks_url": "http://127.0.0.1.evil.example/keys"},
    "a PEM key that is none": {"algorithm": Algorithm.RS256, "pem": "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"},
    "a PEM key of another kind": {"algorithm": Algorithm.ES256, "pem": pem(RSA)},
    "the server's own name": {"issuer": "tenfour", "algorithm": Algorithm.HS256, "secret": SECRET},
}


@pytest.mark.parametrize("values", WRONG_ISSUERS.values(), ids=WRONG_ISSUERS)
def test_an_issuer_set_up_wrongly_is_refused_at_start(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="external issuer"):
        ExternalIssuer(**({"issuer": ISSUER} | values))


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(ExternalIssuer(ISSUER, Algorithm.HS256, secret=SECRET))


def test_a_token_can_be_taken_apart_without_trust(desk: Desk) -> None:
    report = inspect_token(f" {desk.shop_token()}\n")

    assert report.fault is None
    assert report.claims is not None
    assert report.claims["sub"] == "customer-7"


def test_the_private_key_of_an_issuer_is_no_use_as_pem_of_another_kind(tmp_path: Path) -> None:
    private = EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    desk = Desk(tmp_path, ExternalIssuer(ISSUER, Algorithm.ES256, pem=pem(EC), audience="chat"))

    assert desk.verifier.verify(desk.shop_token(key=private, algorithm="ES256")).external_id == "customer-7"
    assert desk.refusal(desk.shop_token(key=RSA, algorithm="RS256")) is ErrorCode.TOKEN_ALGORITHM
