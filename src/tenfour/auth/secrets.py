"""Opaque secrets: refresh tokens, tickets, server keys, links. Stored as hashes only."""

from __future__ import annotations

import base64
import hashlib
import secrets

SERVER_KEY_PREFIX = "tfk_"
REFRESH_PREFIX = "tfr_"
TICKET_PREFIX = "tft_"
SETUP_PREFIX = "tfs_"
INVITE_PREFIX = "tfi_"
_KINDS = {
    SERVER_KEY_PREFIX: "a server key",
    REFRESH_PREFIX: "a refresh token",
    TICKET_PREFIX: "a one-time ticket",
    SETUP_PREFIX: "the secret of a set-up link",
    INVITE_PREFIX: "an invitation",
}


def new_secret(prefix: str) -> str:
    """A new secret: the prefix says what it is for, 32 random bytes follow."""
    return prefix + secrets.token_urlsafe(32)


def kind_of_secret(text: str) -> str | None:
    """What a text seems to be a secret for; None for what is none of ours."""
    return next((kind for prefix, kind in _KINDS.items() if text.startswith(prefix)), None)


def secret_hash(text: str) -> str:
    """What is stored in a secret's place. SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def seal(secret: str, key: str) -> str:
    """``secret`` in a form that only who has ``key`` can read; both are secrets of this module, used once."""
    return base64.urlsafe_b64encode(_mix(secret.encode(), key)).decode()


def unseal(sealed: str, key: str) -> str:
    return _mix(base64.urlsafe_b64decode(sealed), key).decode()


def _mix(data: bytes, key: str) -> bytes:
    """XOR with a stream derived from the key: a one-time pad, since each key seals one secret only."""
    stream = hashlib.shake_256(b"tenfour successor" + key.encode(errors="surrogatepass")).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))
