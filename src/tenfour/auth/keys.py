"""The server's own signing keys: Ed25519, one file each, the newest signs, all verify."""

from __future__ import annotations

import base64
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from tenfour.ids import new_id

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


class KeyFileExposed(Exception):
    """Others can read a private key; the message says which and how to mend it."""


class KeyFileUnreadable(Exception):
    """A file that should be a private key is none; the message says which."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of a directory, oldest first."""

    keys: dict[str, Ed25519PrivateKey]

    @classmethod
    def load_or_create(cls, directory: Path, now_ms: int) -> SigningKeys:
        """The directory's keys; makes the first one. Two processes at once end with the same key.

        Raises ``KeyFileExposed`` where a key file can be read by others, ``KeyFileUnreadable`` where it is none.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)
        if not any(directory.glob("*.pem")):
            _make_first(directory, now_ms)
        return cls({path.stem: _load(path) for path in sorted(directory.glob("*.pem"))})

    @classmethod
    def rotate(cls, directory: Path, now_ms: int) -> SigningKeys:
        """Makes a newer key, which signs from now on; the older ones still verify."""
        _write(directory / f"{new_id(now_ms)}.pem")
        return cls.load_or_create(directory, now_ms)

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """A JWT signed by the newest key."""
        kid = next(reversed(self.keys))
        return jwt.encode(claims, self.keys[kid], algorithm="EdDSA", headers={"kid": kid, "typ": typ})

    def public(self) -> dict[str, Ed25519PublicKey]:
        return {kid: key.public_key() for kid, key in self.keys.items()}

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517; Ed25519 as RFC 8037 has it)."""
        return {"keys": [_jwk(kid, key) for kid, key in self.public().items()]}


def _jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}


def _make_first(directory: Path, now_ms: int) -> None:
    """A lock file decides which of two processes makes the key; the other one finds it."""
    with (directory / ".making").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not any(directory.glob("*.pem")):
            _write(directory / f"{new_id(now_ms)}.pem")


def _write(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    making = path.with_suffix(".new")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    making.rename(path)


def _load(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise KeyFileExposed(f"others can read the signing key {path}: chmod 600 it, or delete it to make a new one")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise KeyFileUnreadable(f"the signing key {path} is not a private key in PEM: restore it, or delete it to make a new one") from cause
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnreadable(f"the signing key {path} is not an Ed25519 key: restore it, or delete it to make a new one")
    return key
