"""Whose address a request has: nobody can choose it but a proxy that the settings trust."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.gateway.address import client_address, is_from_here

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("127.0.0.1/32")]
ADDRESSES = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)
FOREIGN = ADDRESSES.filter(lambda text: not any(ip_address(text) in network for network in PROXIES))
TRUSTED = st.sampled_from(["10.1.2.3", "fd00::7", "127.0.0.1"])
ANYTHING = st.text(max_size=80) | st.lists(ADDRESSES | st.text(max_size=12)).map(",".join)


def block(text: str) -> str:
    """What an address counts as."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped) if address.ipv4_mapped is not None else f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return text


@given(FOREIGN, ANYTHING)
def test_whatever_somebody_sends_who_is_no_trusted_proxy_their_address_is_their_own(peer: str, forwarded: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == client_address(peer, None, PROXIES) == block(peer)


@given(ANYTHING)
def test_without_trusted_proxies_nobody_is_believed(forwarded: str) -> None:
    assert client_address("127.0.0.1", forwarded, []) == "127.0.0.1"


@given(TRUSTED, FOREIGN, ANYTHING, st.lists(TRUSTED, max_size=3))
def test_the_address_is_the_rightmost_that_no_trusted_proxy_stands_for_whatever_was_sent_before_it(peer: str, client: str, forged: str, hops: list[str]) -> None:
    assert client_address(peer, ", ".join([forged, client, *hops]), PROXIES) == block(client)


@given(TRUSTED, st.text(max_size=30).filter(lambda text: "," not in text and text.strip()))
def test_what_is_no_address_is_taken_for_none(peer: str, garbage: str) -> None:
    found = client_address(peer, f"198.51.100.1, {garbage}", PROXIES)

    try:
        ip_address(garbage.strip())
    except ValueError:
        assert found == block(peer)
    else:
        assert found in (block(garbage.strip()), "198.51.100.1")


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_an_ipv6_network_of_one_customer_is_one_address(address: IPv6Address, host: int) -> None:
    sibling = IPv6Address(int(address) >> 64 << 64 | host)
    if address.ipv4_mapped is None and sibling.ipv4_mapped is None:
        assert client_address(str(address), None, []) == client_address(str(sibling), None, [])


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address(address: IPv4Address) -> None:
    assert client_address(f"::ffff:{address}", None, []) == str(address)


HERE = {
    "a direct request": ("127.0.0.1", {}, [], True),
    "a direct request over IPv6": ("::1", {}, [], True),
    "a direct request to a server with proxies": ("127.0.0.1", {}, PROXIES, True),
    "a direct request over IPv4 to an IPv6 socket": ("::ffff:127.0.0.1", {}, [], True),
    "a neighbour of the IPv6 loopback": ("::2", {}, [], False),
    "somebody else": ("203.0.113.7", {}, [], False),
    "somebody else who says otherwise": ("203.0.113.7", {"x-forwarded-for": "127.0.0.1"}, [], False),
    "somebody else who says otherwise to a server with proxies": ("203.0.113.7", {"x-forwarded-for": "127.0.0.1"}, PROXIES, False),
    "a proxy on this machine that nobody listed": ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, [], False),
    "another such proxy": ("127.0.0.1", {"via": "1.1 caddy"}, [], False),
    "a proxy of the list for somebody else": ("127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, PROXIES, False),
    "a proxy of the list for this machine": ("10.0.0.1", {"x-forwarded-for": "127.0.0.1"}, PROXIES, True),
    "a proxy of the list for somebody who says otherwise": ("127.0.0.1", {"x-forwarded-for": "127.0.0.1, 203.0.113.7"}, PROXIES, False),
    "no address": ("", {}, [], False),
}


@pytest.mark.parametrize(("peer", "headers", "proxies", "here"), HERE.values(), ids=HERE)
def test_only_what_was_asked_on_this_machine_counts_as_from_here(peer: str, headers: dict[str, str], proxies: list, here: bool) -> None:  # noqa: FBT001
    assert is_from_here(peer, headers, proxies) is here
