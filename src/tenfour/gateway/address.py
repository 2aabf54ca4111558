"""Whose address a request has, proxies seen through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
PARSED_MAX = 4_096
_PROXY_HEADERS = ("x-forwarded-for", "forwarded", "x-real-ip", "via")


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The rightmost address that no trusted proxy stands for; the peer's own where that is not trusted.

    An IPv6 client counts as its /64, because it can take any address in it.
    """
    return _block(_speaker(peer, forwarded_for, trusted))


def is_from_here(peer: str, headers: Mapping[str, str], trusted: Sequence[Network]) -> bool:
    """Whether the request was made on this machine, and not by a proxy on it for somebody else.

    A proxy that nobody listed in ``trusted_proxies`` gives itself away by its headers.
    """
    if not _is_trusted(peer, trusted) and any(name in headers for name in _PROXY_HEADERS):
        return False
    address = _parse(_speaker(peer, headers.get("x-forwarded-for"), trusted))
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def is_forwarded_secure(headers: Mapping[str, str], trusted: Sequence[Network]) -> bool:
    """Whether a proxy says that the request came to it by TLS; it is believed where there is one that is trusted."""
    return bool(trusted) and headers.get("x-forwarded-proto") == "https"


def _speaker(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    seen = peer
    hops = [hop.strip() for hop in (forwarded_for or "").split(",") if hop.strip()]
    while hops and _is_trusted(seen, trusted):
        hop = hops.pop()
        if _parse(hop) is None:
            break
        seen = hop
    return seen


@lru_cache(PARSED_MAX)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _parse(text)
    return address is not None and any(address in network for network in trusted)


def _block(text: str) -> str:
    address = _parse(text)
    if not isinstance(address, IPv6Address):
        return text
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
