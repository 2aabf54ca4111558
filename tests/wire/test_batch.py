from __future__ import annotations

from tenfour.ids import ChatId
from tenfour.wire.batch import ChatEvents


def test_a_batch_ends_where_its_events_end() -> None:
    assert ChatEvents(ChatId("c"), 5, [b"{}", b"{}", b"{}"], []).last_seq == 7
    assert ChatEvents(ChatId("c"), 5, [b"{}"], []).last_seq == 5
