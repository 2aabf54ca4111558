"""Certificates that are wrong in one way each, made anew for the tests: PEM files of certificate, chain and key."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "localhost"
_Key = ec.EllipticCurvePrivateKey


class Issuer:
    """An authority: a root, or one that a root has made."""

    def __init__(self, name: str, above: Issuer | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        by = above or self
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = _builder(self.name, by.name, self.key, (-900, 900)).add_extension(constraints, critical=True).sign(by.key, hashes.SHA256())

    def pem(self, host: str = HOST, days: tuple[int, int] = (-30, 30), *, with_issuer: bool = True) -> bytes:
        """A certificate for the host, from and until so many days from now, then the issuer's own, then the key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_name(host), self.name, key, days).add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(self.key, hashes.SHA256())
        return _joined([made, self.certificate] if with_issuer else [made], key)


def make_certificates(folder: Path) -> Path:
    """Files NAME.pem in the folder; ``authority.pem`` is what a client has to trust."""
    root = Issuer("Test Root")
    issuer, stranger = Issuer("Test Authority", root), Issuer("Unknown Authority", Issuer("Unknown Root"))
    own = Issuer(HOST)
    own_name = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    files = {
        "good": issuer.pem(),
        "expired": issuer.pem(days=(-90, -2)),
        "not_yet": issuer.pem(days=(2, 90)),
        "other_host": issuer.pem("other.example"),
        "lone": issuer.pem(with_issuer=False),
        "unknown_issuer": stranger.pem(),
        "own": _joined([_builder(own.name, own.name, own.key, (-30, 30)).add_extension(own_name, critical=False).sign(own.key, hashes.SHA256())], own.key),
        "authority": root.certificate.public_bytes(Encoding.PEM),
    }
    for name, pem in files.items():
        (folder / f"{name}.pem").write_bytes(pem)
    return folder


def trusting(folder: Path) -> ssl.SSLContext:
    """What a client uses that trusts the good ones."""
    return ssl.create_default_context(cafile=str(folder / "authority.pem"))


def server_context(folder: Path, name: str) -> ssl.SSLContext:
    """What a server uses that has this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem")
    return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key, days: tuple[int, int]) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + dt.timedelta(days=days[0])).not_valid_after(now + dt.timedelta(days=days[1]))


def _joined(certificates: list[x509.Certificate], key: _Key) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
