"""TLS: the handshake with all checks, and where they fail once more without, for the certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import replace
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from tenfour.doctor.evidence import Certificate, Reply, Tls
from tenfour.doctor.steps.http import SERVER
from tenfour.doctor.steps.http1 import get
from tenfour.doctor.steps.way import Way, connect, hang_up, now_s, since_ms

PLAIN_PATIENCE_S = 2.0
_ALERTS = {
    "PROTOCOL_VERSION": 70,
    "UNSUPPORTED_PROTOCOL": 70,
    "INSUFFICIENT_SECURITY": 71,
    "UNRECOGNIZED_NAME": 112,
    "CERTIFICATE_REQUIRED": 116,
    "NO_APPLICATION_PROTOCOL": 120,
    "HANDSHAKE_FAILURE": 40,
    "INTERNAL_ERROR": 80,
    "ACCESS_DENIED": 49,
}
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE")
_NO_ALERT_KNOWN = 0


def verifying(cafile: str | None = None) -> ssl.SSLContext:
    """What checks everything, with the machine's own authorities or one that is named."""
    context = ssl.create_default_context(cafile=cafile)
    context.set_alpn_protocols(["http/1.1"])
    return context


def unverifying() -> ssl.SSLContext:
    """What looks at everything and believes nothing; no secret goes over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


async def shake_hands(way: Way, patience_s: float) -> Tls:
    """The handshake as a client does it, and what more is to be learnt where it fails."""
    seen = await _once(way, patience_s)
    if seen.outcome == "verify_failed":
        shown, nameless = await asyncio.gather(_once(replace(way, tls=unverifying()), patience_s), _without_sni(way, patience_s))
        is_another = nameless is not None and shown.certificate is not None and nameless.fingerprint != shown.certificate.fingerprint
        return replace(seen, certificate=shown.certificate, version=shown.version, without_sni=nameless if is_another else None)
    if seen.outcome == "alert":
        return replace(seen, without_sni=await _without_sni(way, patience_s))
    if seen.outcome in ("not_tls", "closed", "timed_out"):
        return replace(seen, plain=await _plain(way))
    return seen


async def _without_sni(way: Way, patience_s: float) -> Certificate | None:
    """What is shown to who sends no name: an IP address is never sent as one."""
    return (await _once(replace(way, host=way.address, tls=unverifying()), patience_s)).certificate


async def _plain(way: Way) -> Reply:
    return (await get(replace(way, tls=None), SERVER, PLAIN_PATIENCE_S)).reply


async def _once(way: Way, patience_s: float) -> Tls:
    started_s = now_s()
    try:
        async with asyncio.timeout(patience_s):
            _, writer = await connect(way)
    except TimeoutError:
        return Tls(since_ms(started_s), "timed_out")
    except ssl.SSLCertVerificationError as cause:
        return Tls(since_ms(started_s), "verify_failed", verify_code=cause.verify_code, text=cause.verify_message)
    except ssl.SSLError as cause:
        return _broken(since_ms(started_s), cause)
    except ConnectionResetError as cause:
        return Tls(since_ms(started_s), "closed" if cause.errno is None else "reset", text=str(cause))
    except OSError as cause:
        return Tls(since_ms(started_s), "closed", text=str(cause))
    took_ms = since_ms(started_s)
    secured = writer.get_extra_info("ssl_object")
    seen = Tls(took_ms, "open", secured.version() or "", secured.selected_alpn_protocol() or "", certificate=_certificate(secured))
    hang_up(writer)
    return seen


def _broken(took_ms: float, cause: ssl.SSLError) -> Tls:
    reason = cause.reason or ""
    if any(each in reason for each in _NOT_TLS):
        return Tls(took_ms, "not_tls", text=reason)
    if isinstance(cause, ssl.SSLEOFError) or "EOF" in reason:
        return Tls(took_ms, "closed", text=reason)
    return Tls(took_ms, "alert", alert=alert_of(cause), text=reason or str(cause))


def alert_of(cause: ssl.SSLError) -> int:
    """The number of the alert that OpenSSL names."""
    reason = cause.reason or ""
    return next((number for name, number in _ALERTS.items() if reason.endswith(name)), _NO_ALERT_KNOWN)


async def overhear(way: Way, patience_s: float) -> ssl.SSLError | None:
    """The alert that comes after the handshake to a client that says nothing: a request on its way may turn it into a reset."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(patience_s):
            reader, writer = await connect(way)
            await reader.read(1)
    except ssl.SSLError as cause:
        return cause
    except (OSError, TimeoutError):
        return None
    finally:
        if writer is not None:
            hang_up(writer)
    return None


# The certificate


def _certificate(secured: Any) -> Certificate | None:
    own = secured.getpeercert(binary_form=True)
    if not own:
        return None
    read = x509.load_der_x509_certificate(own)
    sent = _sent(secured)
    return Certificate(
        _common(read.subject),
        _common(read.issuer),
        _names(read),
        int(read.not_valid_before_utc.timestamp() * 1000),
        int(read.not_valid_after_utc.timestamp() * 1000),
        sent,
        self_signed=read.subject == read.issuer,
        fingerprint=read.fingerprint(SHA256()).hex(),
    )


def _sent(secured: Any) -> int:
    """How many certificates came; public from Python 3.13 on, and there before on the object beneath."""
    asked = getattr(secured, "get_unverified_chain", None) or getattr(getattr(secured, "_sslobj", None), "get_unverified_chain", None)
    return len(asked() or ()) if asked is not None else 1


def _common(name: x509.Name) -> str:
    """The common name and, where there is one, the organization's; the whole name where it has neither."""
    common, organization = ([str(found.value) for found in name.get_attributes_for_oid(each)] for each in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME))
    if common and organization and organization[0] not in common[0]:
        return f"{common[0]} ({organization[0]})"
    return (common or organization or [name.rfc4514_string()])[0]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    with contextlib.suppress(x509.ExtensionNotFound, ValueError):  # without names, or with some that nobody can read
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (*names.get_values_for_type(x509.DNSName), *(str(each) for each in names.get_values_for_type(x509.IPAddress)))
    return ()


def late_alert(seen: Tls, cause: ssl.SSLError) -> Tls:
    """TLS 1.3 lets a client without a certificate find out at its first read."""
    outcome: Literal["alert", "closed"] = "closed" if isinstance(cause, ssl.SSLEOFError) else "alert"
    return replace(seen, outcome=outcome, alert=alert_of(cause), text=cause.reason or str(cause))
