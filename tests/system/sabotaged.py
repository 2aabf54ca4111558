"""``tenfour serve`` with one mistake built in, named by the first argument: the runs have to find each.

The parts are the server's own but for the one that is replaced here.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

from tenfour import app
from tenfour.broker.broker import ChatBell
from tenfour.broker.local import LocalBroker
from tenfour.cli.main import main
from tenfour.gateway import replay
from tenfour.gateway.audience import Audience
from tenfour.gateway.connection import Connection
from tenfour.gateway.hub import Hub
from tenfour.storage import sqlite
from tenfour.storage.reads import ReplayPage
from tenfour.storage.sqlite import SqliteSession, SqliteStore
from tenfour.storage.store import Append
from tenfour.storage.writer import Change, Session, Writer
from tenfour.wire import frames
from tenfour.wire.batch import ChatEvents
from tenfour.wire.dialog import Replay

COMMIT_S = 0.2


class EagerWriter(Writer):
    """Tells the senders and then commits."""

    def _write(self, session: Session, appends: list[Append], changes: list[Change]) -> None:
        if changes or not appends:
            super()._write(session, appends, changes)
            return
        assert isinstance(session, SqliteSession)
        transaction = session._connection.begin()
        written = session._write(appends, [], session._clock.now_ms())
        self._hop(self._settled, appends, changes, written)
        time.sleep(COMMIT_S)
        transaction.commit()


class ForgetfulStore(SqliteStore):
    """Knows no key a second time."""

    def _open_session(self) -> Session:
        session = super()._open_session()
        assert isinstance(session, SqliteSession)
        session._raw.executescript("CREATE TABLE copy AS SELECT * FROM messages; DROP TABLE messages; ALTER TABLE copy RENAME TO messages")
        return session


async def advance_with_a_window(connection: Connection, course: replay._Course, page: ReplayPage, wanted: Replay) -> bool:
    """Reads the head first and subscribes after that: what is committed between is in neither."""
    assert page.chat is not None
    replay._open(connection, course.audience, page)
    await replay._tell(connection, course, page.events)
    await asyncio.sleep(0.02)
    connection.say(frames.Synced(wanted.id, page.chat.id, page.cursor, connection.hub.store.epoch))
    course.audience.live[connection] = connection.write
    connection.dialog.went_live(course.place)
    return True


class LossyBroker(LocalBroker):
    """Loses every twentieth batch of a chat's events."""

    count = 0

    def ring_chat(self, bell: ChatBell) -> None:
        LossyBroker.count += isinstance(bell, ChatEvents)
        if not isinstance(bell, ChatEvents) or LossyBroker.count % 20:
            super().ring_chat(bell)


async def heal_nothing(hub: Hub, audience: Audience, after: int) -> None:
    audience.room.gave_up()


def sabotage(mistake: str) -> None:
    match mistake:
        case "none":
            pass
        case "acks_before_commit":
            sqlite.Writer = EagerWriter  # type: ignore[misc]
        case "knows_no_keys":
            app.SqliteStore = ForgetfulStore  # type: ignore[misc]
        case "reads_before_listening":
            replay._advance = advance_with_a_window
        case "loses_bells":
            app.LocalBroker = LossyBroker  # type: ignore[misc]
        case "loses_bells_unhealed":
            app.LocalBroker = LossyBroker  # type: ignore[misc]
            Hub._heal = heal_nothing  # type: ignore[method-assign]
        case _:
            raise ValueError(mistake)


def run(arguments: Sequence[str]) -> None:
    sabotage(arguments[0])
    main(arguments[1:])


if __name__ == "__main__":
    run(sys.argv[1:])
