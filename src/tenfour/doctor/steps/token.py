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
_BROKEN: dict[str, Any] = {}


def read_token(token: str | None, carrier: Carrier) -> Token:
    """What stands in it; nothing of it is checked, for that is the server's to do."""
    started_s = now_s()
    if token is None:
        return Token(since_ms(started_s), given=False)
    bad = "".join(dict.fromkeys(each for each in token if not _SUBPROTOCOL.fullmatch(each)))
    seen = Token(0.0, given=True, carrier=carrier, bytes=len(token.encode()), bad_chars=bad)
    parts = token.split(".")
    if len(parts) != len(_PARTS):
        return replace(seen, took_ms=since_ms(started_s), fault=f"It has {len(parts)} parts between dots, and a JWT has three")
    header, header_fault = _decode(parts[0], "header")
    payload, payload_fault = _decode(parts[1], "payload")
    fault = header_fault or payload_fault or _signature_fault(parts[2])
    return replace(_claims(seen, header, payload), took_ms=since_ms(started_s), fault=fault)


def _bytes(part: str) -> bytes | None:
    if not part or not re.fullmatch(r"[A-Za-z0-9_-]*=*", part):
        return None
    try:
        return base64.urlsafe_b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return None


def _decode(part: str, name: str) -> tuple[dict[str, Any], str | None]:
    raw = _bytes(part)
    if raw is None:
        return _BROKEN, f"Its {name} is not base64url"
    try:
        return msgspec.json.decode(raw, type=dict[str, Any]), None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _BROKEN, f"Its {name} is not a JSON object"


def _signature_fault(part: str) -> str | None:
    return None if _bytes(part) is not None else "Its signature is missing" if not part else "Its signature is not base64url"


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
