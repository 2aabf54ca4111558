"""Bells as bytes: each comes out as it went in, and what is none of this version's is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.broker.packing import FORMAT, Unreadable, pack, unpack
from tenfour.ids import ChatId
from tenfour.wire.batch import ChatEvents
from tests.broker.contract import CHAT_BELLS, SIGNS, USER_BELLS, plain


@pytest.mark.parametrize("bell", [*CHAT_BELLS, *USER_BELLS, *SIGNS], ids=lambda bell: type(bell).__name__)
def test_every_bell_comes_out_as_it_went_in(bell: Any) -> None:
    unpacked = unpack(pack(bell))

    assert type(unpacked) is type(bell)
    assert plain(unpacked) == plain(bell)


@given(st.integers(1, 2**53), st.lists(st.binary(max_size=300), max_size=20))
def test_payloads_stay_what_they_are(first_seq: int, payloads: list[bytes]) -> None:
    bell = ChatEvents(ChatId("c"), first_seq, payloads, ())

    assert plain(unpack(pack(bell))) == plain(bell)


@pytest.mark.parametrize("data", [b"", b"1", b"2e\x80", FORMAT + b"z\x80", FORMAT + b"e", FORMAT + b"e\x80", FORMAT + b"h" + b"\xc1", b'{"type":"message_sent"}'])
def test_what_no_node_of_this_version_sends_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(data)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        unpack(FORMAT + data)
    except Unreadable:
        return
