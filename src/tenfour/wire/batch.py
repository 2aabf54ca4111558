"""Committed events of one chat, encoded once: what the store hands over and the broker carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenfour.domain.event import Event
from tenfour.ids import ChatId, Seq


@dataclass(frozen=True, slots=True)
class ChatEvents:
    """Committed events of one chat, contiguous from ``first_seq``, each as its JSON text."""

    chat: ChatId
    first_seq: Seq
    payloads: Sequence[bytes]
    changes: Sequence[Event]
    """Those of the events that are no messages: who came, who went, what the chat is called."""

    @property
    def last_seq(self) -> Seq:
        return self.first_seq + len(self.payloads) - 1
