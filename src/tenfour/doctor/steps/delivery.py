"""Delivery: a message goes out on one connection and has to arrive on a second one, by the normal way."""

from __future__ import annotations

import msgspec

from tenfour.clock import SystemClock
from tenfour.doctor.evidence import Delivery
from tenfour.doctor.steps.way import now_s, since_ms
from tenfour.doctor.steps.websocket import WebSocket
from tenfour.ids import new_id
from tenfour.wire import frames

PATIENCE_S = 4.0
TEXT = "A test by tenfour doctor: this message went from one connection to another."


async def deliver(sender: WebSocket, receiver: WebSocket, chat: str, nodes: tuple[str | None, str | None]) -> Delivery:
    """Says something in the chat; ack and arrival are waited for, each on its connection."""
    started_s = now_s()
    key = new_id(SystemClock().now_ms())
    went_s = sender.send(msgspec.json.encode(frames.Send(key, TEXT, chat)))
    ack_ms, error = await _ack(sender, key, went_s)
    received_ms, foreign = (None, 0) if error is not None else await _arrival(receiver, key, went_s)
    return Delivery(since_ms(started_s), nodes[0], nodes[1], ack_ms, received_ms, error, foreign_errors=foreign)


async def _ack(sender: WebSocket, key: str, went_s: float) -> tuple[float | None, str | None]:
    while (left_s := went_s + PATIENCE_S - now_s()) > 0:
        message = await sender.next(left_s)
        if message is None:
            return None, None
        said = _read(message.payload)
        if isinstance(said, frames.Ack) and said.key == key:
            return round((message.at_s - went_s) * 1000, 3), None
        if isinstance(said, frames.Error) and said.key == key:
            return None, said.code
    return None, None


async def _arrival(receiver: WebSocket, key: str, went_s: float) -> tuple[float | None, int]:
    foreign = 0
    while (left_s := went_s + PATIENCE_S - now_s()) > 0:
        message = await receiver.next(left_s)
        if message is None:
            break
        said = _read(message.payload)
        if isinstance(said, frames.MessageSent) and said.key == key:
            return round((message.at_s - went_s) * 1000, 3), foreign
        foreign += isinstance(said, frames.Error)
    return None, foreign


def _read(payload: bytes) -> frames.Ack | frames.Error | frames.MessageSent | None:
    """The frames that count here; None for any other."""
    try:
        return msgspec.json.decode(payload, type=frames.Ack | frames.Error | frames.MessageSent)
    except msgspec.DecodeError:
        return None
