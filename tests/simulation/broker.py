"""The broker of all nodes: it delays and reorders always, and loses and doubles when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from tenfour.broker.broker import ChatBell, Sign, Subscription, UserBell
from tenfour.broker.local import LocalBroker
from tenfour.broker.packing import pack, unpack
from tenfour.ids import ChatId, UserId

SLOWEST_S = 0.02


class Wires:
    """What lies between the nodes."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.nodes: list[ModelBroker] = []
        self.loss = 0.0
        self.doubling = 0.0
        self.slow_s = 0.0
        self.lost = 0

    def carry(self, sender: ModelBroker, ring: str, bell: Any) -> None:
        packed = pack(bell)
        for node in self.nodes:
            if node is sender:
                continue
            if sender.is_away or node.is_away or self.random.random() < self.loss:
                self.lost += 1
                continue
            self._deliver(node, ring, packed)
            if self.random.random() < self.doubling:
                self._deliver(node, ring, packed)

    def _deliver(self, node: ModelBroker, ring: str, packed: bytes) -> None:
        delay_s = self.random.uniform(0.0002, SLOWEST_S) + self.slow_s * self.random.random()
        asyncio.get_running_loop().call_later(delay_s, node.hear, ring, packed)


class ModelBroker:
    """A node's end. What is rung here is heard here at once, as with NATS."""

    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self._here = LocalBroker()
        self._is_away = False
        self.returns = 1
        wires.nodes.append(self)

    @property
    def is_away(self) -> bool:
        return self._is_away

    @is_away.setter
    def is_away(self, away: bool) -> None:
        self.returns += self._is_away and not away
        self._is_away = away

    @property
    def trouble(self) -> str | None:
        return "away" if self._is_away else None

    async def open(self) -> None:
        """It is."""

    async def close(self) -> None:
        self._wires.nodes.remove(self)

    def hear(self, ring: str, packed: bytes) -> None:
        if not self._is_away and self in self._wires.nodes:
            getattr(self._here, ring)(unpack(packed))

    def ring_chat(self, bell: ChatBell) -> None:
        self._here.ring_chat(bell)
        self._wires.carry(self, "ring_chat", bell)

    def ring_user(self, bell: UserBell) -> None:
        self._here.ring_user(bell)
        self._wires.carry(self, "ring_user", bell)

    def ring_sign(self, bell: Sign) -> None:
        self._here.ring_sign(bell)
        self._wires.carry(self, "ring_sign", bell)

    def listen_chat(self, chat: ChatId, heard: Callable[[ChatBell], None]) -> Subscription:
        return self._here.listen_chat(chat, heard)

    def listen_user(self, user: UserId, heard: Callable[[UserBell], None]) -> Subscription:
        return self._here.listen_user(user, heard)

    def listen_signs(self, heard: Callable[[Sign], None]) -> Subscription:
        return self._here.listen_signs(heard)
