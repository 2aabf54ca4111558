"""What happened in a run, in order: one record a fact, written by the taps and clients of one process.

The order of the records is the order of real time: an ``invoke`` is recorded before the server can see the
request, an ``ok`` or ``fail`` after the server has sent its answer. A request without an answer is unknown,
for ever: it is not written down as failed.

| f             | who writes it | means                                                                       |
|---------------|---------------|-----------------------------------------------------------------------------|
| ``send``      | tap, REST     | invoke: a message goes out; ok: its ack (seq, id, duplicate); fail: its error |
| ``subscribe`` | tap           | a chat is asked for, after a seq (None: the head)                            |
| ``handshake`` | tap           | a request; what asks for a chat by its address becomes a ``subscribe``, in this place |
| ``recv``      | tap           | a durable event reaches a connection                                        |
| ``synced`` ``reset`` ``welcome`` ``error`` ``typing`` ``receipt`` ``presence`` ``goodbye`` ``end`` | tap | that frame, or the end of the connection |
| ``shown``     | client        | the application has the event                                               |
| ``state``     | client        | what the application is told: ``connected``, or ``sent`` with a key          |
| ``page``      | REST          | invoke, then ok with the last seq (all was read) or fail                     |
| ``row``       | REST          | one event of a page                                                         |
| ``member``    | REST          | invoke/ok of adding or removing somebody (``code``), who is ``subject``      |
| ``fault``     | run           | begin (invoke) and end (ok) of a fault                                       |
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One fact; what a field does not concern is left out."""

    f: str
    kind: str = ""
    t: float = 0.0
    client: str = ""
    user: str = ""
    """Whose client it is."""
    connection: str = ""
    chat: str = ""
    seq: int | None = None
    after: int | None = None
    event: str = ""
    by: str = ""
    key: str = ""
    id: str = ""
    hash: str = ""
    """Of a message's text, or of a title."""
    subject: str = ""
    """Whom an event of a membership is about."""
    duplicate: bool = False
    code: str = ""

    def identity(self) -> tuple[str, ...]:
        """What must be the same wherever the event of one (chat, seq) is seen."""
        return (self.event, self.by, self.key, self.id, self.hash, self.subject)


class StoredChat(msgspec.Struct, frozen=True):
    """A chat as the store has it at the end."""

    history: str
    """``all`` or ``from_joining``: what those who join later may see."""
    rows: list[Record]
    """Its events (``f`` is ``stored``), in seq order."""


Stored = dict[str, StoredChat]


def text_hash(text: str | None) -> str:
    return "" if text is None else hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def event_fields(frame: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event frame (or of a row of a page) that its identity rests on."""
    return {
        "chat": frame["chat"],
        "seq": frame["seq"],
        "event": frame["type"],
        "by": frame["by"],
        "key": frame.get("key") or "",
        "id": frame.get("id") or "",
        "hash": text_hash(frame.get("text") or frame.get("title")),
        "subject": frame.get("user") or "",
    }


class History:
    """The records of a run."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.sends = 0
        self._at_send: tuple[int, Callable[[], None]] | None = None
        self._begun = time.monotonic()

    def add(self, f: str, kind: str = "", **fields: Any) -> int:
        """Writes down one fact, and gives its place."""
        self.records.append(Record(f=f, kind=kind, t=round(time.monotonic() - self._begun, 6), **fields))
        place = len(self.records) - 1
        if f == "send" and kind == "invoke":
            self.sends += 1
            if self._at_send is not None and self.sends >= self._at_send[0]:
                strike, self._at_send = self._at_send[1], None
                strike()
        return place

    def settle(self, place: int, f: str, **fields: Any) -> None:
        """Says what became of something at the place where it began."""
        self.records[place] = Record(f=f, t=self.records[place].t, **fields)

    def at_send(self, count: int, strike: Callable[[], None]) -> None:
        """Calls ``strike`` when the so-many-th message of the run is about to reach the server."""
        self._at_send = (count, strike)

    def write(self, path: Path, stored: Stored) -> None:
        """JSON lines, to be looked at after a run that failed."""
        rows = [row for chat in stored.values() for row in chat.rows]
        with path.open("wb") as file:
            for record in (*self.records, *rows):
                file.write(msgspec.json.encode(record) + b"\n")
