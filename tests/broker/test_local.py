"""The broker of a single process keeps what every broker promises, and more: order, at once, none lost."""

from __future__ import annotations

import pytest

from tenfour.broker.broker import Broker, TypingNotice
from tenfour.broker.local import LocalBroker
from tests.broker.contract import ANN, CHAT, BrokerContract, OpenNodes


class TestLocalBroker(BrokerContract):
    @pytest.fixture
    def open_nodes(self) -> OpenNodes:
        async def open_nodes() -> list[Broker]:
            broker = LocalBroker()
            await broker.open()
            return [broker]

        return open_nodes


def test_bells_ring_at_once_in_their_order() -> None:
    broker = LocalBroker()
    heard: list[object] = []
    broker.listen_chat(CHAT, heard.append)
    bells = [TypingNotice(CHAT, ANN, active=bool(number % 2)) for number in range(10)]

    for bell in bells:
        broker.ring_chat(bell)

    assert heard == bells
