"""What a node remembers of what it heard."""

from __future__ import annotations

from tenfour.ids import ChatId
from tenfour.observe.traces import BATCHES_KEPT, Heard, Traces

ONE, OTHER = ChatId("one"), ChatId("other")


def test_an_event_is_found_by_its_place_in_its_batch() -> None:
    traces = Traces()
    traces.heard((ONE, 5, 3, 10.0, 6))
    traces.heard((OTHER, 7, 1, 11.0, 1))

    found = {seq: traces.find(ONE, seq) for seq in (4, 5, 7, 8)}

    assert found == {4: None, 5: Heard(10.0, 3, 6), 7: Heard(10.0, 3, 6), 8: None}


def test_the_oldest_batch_is_not_known_any_more_once_there_are_too_many() -> None:
    traces = Traces()
    for seq in range(1, BATCHES_KEPT + 2):
        traces.heard((ONE, seq, 1, 0.0, 1))

    assert traces.find(ONE, 1) is None
    assert traces.find(ONE, 2) == Heard(0.0, 1, 1)
