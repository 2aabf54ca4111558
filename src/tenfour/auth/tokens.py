"""JWTs (RFC 7519, with the practices of RFC 8725): whose they are, and exactly what is wrong with them.

The algorithm is fixed by the key, never taken from the token; ``none`` does not exist here. A header that
names keys from elsewhere (``jku``, ``x5u``, ``jwk``) or wants to be understood (``crit``) is refused. Tokens
of this server are of type ``at+jwt`` (RFC 9068), so that a refresh token or a ticket can never be one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx
import jwt
from jwt.algorithms import get_default_algorithms

from tenfour.auth.keys import SigningKeys
from tenfour.clock import Clock
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId, new_id

OWN_TYPE = "at+jwt"
OWN_ISSUER = "tenfour"
OWN_AUDIENCE = "tenfour"
ADMIN_SCOPE = "administration"
TOKEN_BYTES_MAX = 8_192
SECRET_BYTES_MIN = 32
CACHE_SIZE = 20_000
JWKS_BYTES_MAX = 65_536
JWKS_TIMEOUT_S = 5.0
JWKS_REFETCH_S = 30.0
JWKS_LIFE_S = 600.0
SECONDS_MAX = 32_503_680_000  # the year 3000: what is beyond is a mistake
_FOREIGN_KEY_HEADERS = ("jku", "x5u", "jwk", "crit", "x5c")


class Algorithm(StrEnum):
    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class TokenCheck(StrEnum):
    """What is asked of a token, in the order in which it is."""

    FORM = "form"
    ISSUER = "issuer"
    KEY = "key"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    TIMES = "times"
    CLAIMS = "claims"


def _untold(_check: TokenCheck) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    user: UserId | None
    """The user, in this server's own tokens."""
    external_id: str | None
    """The product's own id of the user, in tokens of an external issuer."""
    issuer: str
    session: SessionId | None
    name: str | None
    expires_ms: int
    issued_ms: int | None
    scope: frozenset[str]


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """Somebody whose tokens are taken; exactly one of ``secret``, ``pem`` and ``jwks_url`` is given."""

    issuer: str
    algorithm: Algorithm
    secret: str | None = field(default=None, repr=False)
    pem: str | None = None
    jwks_url: str | None = None
    audience: str | None = None
    id_claim: str = "sub"
    name_claim: str = "name"

    def __post_init__(self) -> None:
        if self.issuer == OWN_ISSUER:
            raise ValueError(f"external issuer {self.issuer}: this is the name of the server itself")
        given = [each for each in (self.secret, self.pem, self.jwks_url) if each]
        if len(given) != 1:
            raise ValueError(f"external issuer {self.issuer}: give exactly one of secret, key and jwks_url")
        if (self.algorithm is Algorithm.HS256) != (self.secret is not None):
            raise ValueError(f"external issuer {self.issuer}: HS256 goes with a secret, and nothing else does")
        if self.secret is not None and ("-----BEGIN" in self.secret or len(self.secret.encode()) < SECRET_BYTES_MIN):
            raise ValueError(f"external issuer {self.issuer}: the secret has to be at least {SECRET_BYTES_MIN} random bytes, and no PEM key")
        if self.jwks_url is not None and not _is_safe_url(self.jwks_url):
            raise ValueError(f"external issuer {self.issuer}: jwks_url has to be https")
        if self.jwks_url is None:
            _check_key(self)


def _check_key(external: ExternalIssuer) -> None:
    """Raises ``ValueError`` where the key cannot be read: at start, not at the first token."""
    try:
        _fixed_key(external)
    except (jwt.PyJWTError, ValueError, TypeError) as cause:
        raise ValueError(f"external issuer {external.issuer}: its key cannot be read as a PEM key for {external.algorithm}") from cause


def _is_safe_url(url: str) -> bool:
    parts = httpx.URL(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.host in ("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class _Key:
    algorithm: Algorithm
    key: Any


class TokenVerifier:
    """Says whose a token is, or exactly why it is nobody's."""

    def __init__(self, own: SigningKeys, clock: Clock, *, externals: Sequence[ExternalIssuer] = (), leeway_s: float = 30.0, log: Callable[[str, str], None] | None = None) -> None:
        self._own = {kid: _Key(Algorithm.EDDSA, key) for kid, key in own.public().items()}
        self._externals = {each.issuer: each for each in externals}
        self._clock = clock
        self._leeway_s = leeway_s
        self._log = log or (lambda _issuer, _why: None)
        self._fixed = {each.issuer: _fixed_key(each) for each in externals if each.jwks_url is None}
        self._sets = {each.issuer: _KeySet(each, clock) for each in externals if each.jwks_url is not None}
        self._known: OrderedDict[bytes, Claims] = OrderedDict()

    def verify(self, token: str) -> Claims:
        """The claims of a good token; raises ``TenfourError`` with the one thing that is wrong.

        Details name times and claims, never the token.
        """
        fingerprint = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(fingerprint)
        if known is not None:
            self._check_expiry(known.expires_ms / 1000)
            self._known.move_to_end(fingerprint)
            return known
        claims = self._verify(token)
        self._known[fingerprint] = claims
        if len(self._known) > CACHE_SIZE:
            self._known.popitem(last=False)
        return claims

    async def verify_fetching(self, token: str) -> Claims:
        """Like ``verify``; where the token's key may be in an issuer's key set, that is fetched first."""
        try:
            return self.verify(token)
        except TenfourError as refusal:
            if refusal.code is not ErrorCode.TOKEN_KEY_UNKNOWN:
                raise
            keys = self._sets.get(_read(token).issuer)
            if keys is None:
                raise
            await keys.refresh(self._log)
        return self.verify(token)

    async def examine(self, token: str) -> tuple[list[TokenCheck], Claims | TenfourError]:
        """What ``verify_fetching`` says of a token, and the checks that it passes, in order."""
        passed: list[TokenCheck] = []
        try:
            return list(TokenCheck), await self.verify_fetching(token)
        except TenfourError:
            try:
                return list(TokenCheck), self._verify(token, passed.append)
            except TenfourError as refusal:
                return passed, refusal

    def _verify(self, token: str, passed: Callable[[TokenCheck], object] = _untold) -> Claims:
        parts = _read(token)
        passed(TokenCheck.FORM)
        external = self._externals.get(parts.issuer)
        if external is None and parts.issuer != OWN_ISSUER:
            raise TenfourError(ErrorCode.TOKEN_ISSUER, f"The issuer {parts.issuer[:100]!r} is not one that this server trusts.")
        passed(TokenCheck.ISSUER)
        key = self._key(parts, external)
        passed(TokenCheck.KEY)
        if parts.header.get("alg") != key.algorithm:
            raise TenfourError(ErrorCode.TOKEN_ALGORITHM, f"The token says {str(parts.header.get('alg'))[:20]!r}; its key is for {key.algorithm}.")
        passed(TokenCheck.ALGORITHM)
        if not _algorithms[key.algorithm].verify(parts.signed, key.key, parts.signature):
            raise TenfourError(ErrorCode.TOKEN_SIGNATURE)
        passed(TokenCheck.SIGNATURE)
        self._check_times(parts.claims)
        passed(TokenCheck.TIMES)
        if external is not None:
            return _external_claims(parts.claims, external)
        return _own_claims(parts)

    def _key(self, parts: _Parts, external: ExternalIssuer | None) -> _Key:
        kid = parts.header.get("kid")
        if external is None:
            key = self._own.get(kid) if isinstance(kid, str) else None
        elif external.jwks_url is not None:
            key = self._sets[external.issuer].get(kid)
        else:
            key = self._fixed[external.issuer]
        if key is None:
            raise TenfourError(ErrorCode.TOKEN_KEY_UNKNOWN, f"No key {str(kid)[:60]!r} of issuer {parts.issuer[:100]!r} is known.")
        return key

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        expires = _seconds(claims, "exp")
        if expires is None:
            raise TenfourError(ErrorCode.TOKEN_NO_EXPIRY)
        self._check_expiry(expires)
        begins = _seconds(claims, "nbf")
        now = self._clock.now_ms() / 1000
        if begins is not None and begins > now + self._leeway_s:
            raise TenfourError(ErrorCode.TOKEN_NOT_YET_VALID, f"The token is valid in {begins - now:.0f} s by this server's clock.", retry_after_ms=round((begins - now) * 1000))

    def _check_expiry(self, expires: float) -> None:
        over = self._clock.now_ms() / 1000 - expires
        if over > self._leeway_s:
            raise TenfourError(ErrorCode.TOKEN_EXPIRED, f"The token expired {over:.0f} s ago by this server's clock.")


_algorithms = {name: get_default_algorithms()[name] for name in Algorithm}


class _KeySet:
    """An issuer's published keys (RFC 7517): fetched for an unknown kid or after ten minutes, at most every 30 s."""

    def __init__(self, external: ExternalIssuer, clock: Clock) -> None:
        self._external = external
        self._clock = clock
        self._keys: dict[str, _Key] = {}
        self._only: _Key | None = None
        self._good_until: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    def get(self, kid: object) -> _Key | None:
        """The key of that id; None where it is unknown, or the set so old that the key may have been withdrawn."""
        if self._good_until is None or self._clock.monotonic() >= self._good_until:
            return None
        return self._keys.get(kid) if isinstance(kid, str) else self._only

    async def refresh(self, log: Callable[[str, str], None]) -> None:
        """Fetches the set, unless that was tried just now; raises ``token_key_unknown`` where there is none to be had."""
        async with self._lock:
            now = self._clock.monotonic()
            if self._tried_at is None or now - self._tried_at >= JWKS_REFETCH_S:
                self._tried_at = now
                await self._fetch_all(log)
        if self._good_until is None:
            raise TenfourError(ErrorCode.TOKEN_KEY_UNKNOWN, f"The key set of issuer {self._external.issuer!r} could not be fetched.")

    async def _fetch_all(self, log: Callable[[str, str], None]) -> None:
        now = self._clock.monotonic()
        try:
            found = json.loads(await _fetch(self._external.jwks_url or ""))["keys"]
            keys = {kid: key for kid, key in map(self._parse, found) if key is not None}
        except (httpx.HTTPError, TimeoutError, ValueError, LookupError, TypeError, RecursionError) as cause:
            log(self._external.issuer, f"{type(cause).__name__}: {cause}")
            if self._good_until is not None:  # an issuer that is away does not lock out whom its keys let in
                self._good_until = now + JWKS_REFETCH_S
            return
        self._keys = keys
        self._only = next(iter(keys.values())) if len(keys) == 1 else None
        self._good_until = now + JWKS_LIFE_S

    def _parse(self, jwk: Mapping[str, Any]) -> tuple[str, _Key | None]:
        kid = str(jwk["kid"]) if "kid" in jwk else ""
        try:
            key = jwt.PyJWK(dict(jwk), algorithm=self._external.algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            return kid, None  # a key for another purpose or algorithm
        return kid, _Key(self._external.algorithm, key.key)


async def _fetch(url: str) -> bytes:
    """A small document over https; redirects are not followed."""
    body = b""
    async with asyncio.timeout(JWKS_TIMEOUT_S), httpx.AsyncClient(follow_redirects=False, timeout=JWKS_TIMEOUT_S) as http, http.stream("GET", url) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"status {response.status_code}")
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > JWKS_BYTES_MAX:
                raise ValueError(f"more than {JWKS_BYTES_MAX} bytes")
    return body


def _fixed_key(external: ExternalIssuer) -> _Key:
    text = external.secret if external.secret is not None else external.pem
    return _Key(external.algorithm, _algorithms[external.algorithm].prepare_key(text))


@dataclass(frozen=True, slots=True)
class _Parts:
    """A token taken apart; nothing of it is trusted yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def issuer(self) -> str:
        issuer = self.claims.get("iss")
        return issuer if isinstance(issuer, str) else ""


def _read(token: str) -> _Parts:
    if len(token) > TOKEN_BYTES_MAX:
        raise TenfourError(ErrorCode.TOKEN_MALFORMED, f"The token is longer than {TOKEN_BYTES_MAX} characters.")
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        raise TenfourError(ErrorCode.TOKEN_MALFORMED, f"A JWT has three parts joined by dots; this has {len(parts)}.")
    header, claims = (_read_object(part, name) for part, name in zip(parts, ("header", "claims"), strict=False))
    for name in _FOREIGN_KEY_HEADERS:
        if name in header:
            raise TenfourError(ErrorCode.TOKEN_CLAIMS, f"The header {name} is not allowed.")
    signature = _decode(parts[2], "signature")
    return _Parts(header, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def _read_object(part: str, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decode(part, name), parse_constant=_no_constant)
    except (ValueError, RecursionError) as cause:
        raise TenfourError(ErrorCode.TOKEN_MALFORMED, f"The token's {name} is not JSON.") from cause
    if not isinstance(found, dict):
        raise TenfourError(ErrorCode.TOKEN_MALFORMED, f"The token's {name} is not a JSON object.")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _decode(part: str, name: str) -> bytes:
    try:
        if not part.isascii() or "=" in part or "+" in part or "/" in part:
            raise ValueError("not base64url")
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as cause:
        raise TenfourError(ErrorCode.TOKEN_MALFORMED, f"The token's {name} is not base64url.") from cause


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= SECONDS_MAX:
        raise TenfourError(ErrorCode.TOKEN_CLAIMS, f"The claim {name} is not a time in seconds.")
    return float(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > 255:  # noqa: PLR2004 - what the store keeps
        raise TenfourError(ErrorCode.TOKEN_CLAIMS, f"The claim {name} is not a text of 1 to 255 characters.")
    return value


def _check_audience(claims: Mapping[str, Any], wanted: str | None) -> None:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if wanted is not None and wanted not in named:
        raise TenfourError(ErrorCode.TOKEN_AUDIENCE, f"The token is not for the audience {wanted!r}.")


def _own_claims(parts: _Parts) -> Claims:
    claims = parts.claims
    if parts.header.get("typ") != OWN_TYPE:
        raise TenfourError(ErrorCode.TOKEN_CLAIMS, "This is not an access token.")
    _check_audience(claims, OWN_AUDIENCE)
    session = claims.get("sid")
    scope = frozenset(str(claims.get("scope", "")).split())
    return Claims(UserId(_text(claims, "sub")), None, OWN_ISSUER, SessionId(session) if isinstance(session, str) else None, None, _ms(claims, "exp") or 0, _ms(claims, "iat"), scope)


def _external_claims(claims: Mapping[str, Any], external: ExternalIssuer) -> Claims:
    _check_audience(claims, external.audience)
    name = claims.get(external.name_claim)
    shown = name[:100] if isinstance(name, str) and name.strip() else None
    return Claims(None, _text(claims, external.id_claim), external.issuer, None, shown, _ms(claims, "exp") or 0, _ms(claims, "iat"), frozenset())


def _ms(claims: Mapping[str, Any], name: str) -> int | None:
    seconds = _seconds(claims, name)
    return None if seconds is None else round(seconds * 1000)


class AccessTokens:
    """Makes this server's own tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def issue(self, user: UserId, session: SessionId | None, lifetime_s: int) -> tuple[str, int]:
        """An access token and when it expires, in milliseconds."""
        return self._sign({"sub": user} | ({"sid": session} if session is not None else {}), lifetime_s)

    def issue_for_administration(self, lifetime_s: int = 60) -> str:
        """A short-lived token for the command line of this machine: it is nobody's, and may administer."""
        return self._sign({"sub": ADMIN_SCOPE, "scope": ADMIN_SCOPE}, lifetime_s)[0]

    def _sign(self, claims: dict[str, Any], lifetime_s: int) -> tuple[str, int]:
        now_ms = self._clock.now_ms()
        expires = now_ms // 1000 + lifetime_s
        whole = claims | {"iss": OWN_ISSUER, "aud": OWN_AUDIENCE, "iat": now_ms // 1000, "exp": expires, "jti": new_id(now_ms)}
        return self._keys.sign(whole, OWN_TYPE), expires * 1000


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What can be read off a token without trusting it."""

    header: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None
    fault: str | None
    """What keeps it from being read as a JWT."""


def inspect_token(token: str) -> TokenReport:
    """Takes a token apart for somebody who looks for what is wrong with it. Never raises."""
    try:
        parts = _read(token.strip())
    except TenfourError as fault:
        return TokenReport(None, None, fault.detail)
    return TokenReport(parts.header, parts.claims, None)
