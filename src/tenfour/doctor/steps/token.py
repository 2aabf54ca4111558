"""The token, read without its key: what it claims, and which part of it is broken."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Any

import msgspec

from tenfour.doctor.evidence import Carrier, Token
from tenfour.doctor.steps.way import now_s, since_ms

_PARTS = ("header", "payload", "signature")
_SUBPROTOCOL = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OTHER_SECRETS = {
    "tft_": "It is a ticket, which stands in the address as ?ticket=",
    "tfr_": "It is a refresh token: it gets the access token, and is none",
    "tfk_": "It is a server key, which the product's back end has for HTTP, and no user's token",
    "tfs_": "It is the secret of the set-up link",
    "tfi_": "It is an invitation",
}
"""How the server's other secrets begin, and what they are for."""
_NOTHINGS = ("undefined", "null", "none", "nan", "[object object]")
_ENCRYPTED_PARTS = 5
_BROKEN: dict[str, Any] = {}


def read_token(token: str | None, carrier: Carrier) -> Token:
    """What stands in it; nothing of it is checked, for that is the server's to do. A ticket has nothing in it."""
    started_s = now_s()
    if token is None:
        return Token(since_ms(started_s), given=False)
    bad = "".join(dict.fromkeys(each for each in token if not _SUBPROTOCOL.fullmatch(each)))
    seen = Token(0.0, given=True, carrier=carrier, bytes=len(token.encode()), bad_chars=bad)
    if carrier == "ticket":
        return replace(seen, took_ms=since_ms(started_s))
    parts = token.split(".")
    fault = _wrapped(token) or (_no_jwt(token, len(parts)) if len(parts) != len(_PARTS) else None)
    if len(parts) != len(_PARTS):
        return replace(seen, took_ms=since_ms(started_s), fault=fault)
    header, header_fault = _decode(parts[0], "header")
    payload, payload_fault = _decode(parts[1], "payload")
    signature = _bytes(parts[2])
    fault = fault or header_fault or payload_fault or (_not_base64url(parts[2], "signature") if signature is None else None)
    return replace(_claims(seen, header, payload), took_ms=since_ms(started_s), fault=fault, signature_bytes=len(signature) if signature is not None else None)


def _wrapped(token: str) -> str | None:
    """What stands around a token that does not belong to it."""
    if token.lower().startswith("bearer "):
        return "It begins with “Bearer ”, which the client adds by itself"
    if token[:1] in ("'", '"') or token[-1:] in ("'", '"'):
        return "It stands in quotes"
    if token != token.strip():
        return "It has a blank or a line end around it"
    return None


def _no_jwt(token: str, parts: int) -> str:
    """What it is in place of three parts."""
    if not token:
        return "It is empty"
    if token.strip().lower() in _NOTHINGS:
        return f"It is the word “{token.strip()}”: the program that sends it had no token"
    other = next((what for prefix, what in _OTHER_SECRETS.items() if token.startswith(prefix)), None)
    if other is not None:
        return other
    if _UUID.fullmatch(token):
        return "It is an id, as users and chats have"
    if parts == _ENCRYPTED_PARTS:
        return "It has 5 parts, like an encrypted token (JWE); the server takes signed ones, of 3"
    return f"It has {parts} {'part' if parts == 1 else 'parts'}, and a JWT has 3, with dots between"


def _not_base64url(part: str, name: str) -> str:
    if not part:
        return f"Its {name} is missing"
    return f"Its {name} ends in “=”, which a JWT leaves out" if _bytes(part.rstrip("=")) is not None else f"Its {name} is not base64url"


def _bytes(part: str) -> bytes | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", part):
        return None
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return None


def _decode(part: str, name: str) -> tuple[dict[str, Any], str | None]:
    raw = _bytes(part)
    if raw is None:
        return _BROKEN, _not_base64url(part, name)
    try:
        return msgspec.json.decode(raw, type=dict[str, Any]), None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _BROKEN, f"Its {name} is not a JSON object"


def _claims(seen: Token, header: dict[str, Any], payload: dict[str, Any]) -> Token:
    audience = payload.get("aud", ())
    return replace(
        seen,
        algorithm=_text(header.get("alg")),
        key_id=_text(header.get("kid")),
        issuer=_text(payload.get("iss")),
        audience=tuple(str(each) for each in audience) if isinstance(audience, list) else (str(audience),) if audience else (),
        subject=_text(payload.get("sub")),
        issued_ms=_moment(payload.get("iat")),
        not_before_ms=_moment(payload.get("nbf")),
        expires_ms=_moment(payload.get("exp")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> int | None:
    return round(value * 1000) if isinstance(value, int | float) and abs(value) < 1e15 else None  # noqa: PLR2004 - beyond all calendars, and infinite
