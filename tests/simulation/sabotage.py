"""Mistakes that the simulation has to find."""

from __future__ import annotations

from collections.abc import Callable

from tenfour.gateway import replay
from tenfour.gateway.hub import Hub
from tenfour.storage.store import Append
from tenfour.storage.writer import Change
from tests.simulation import cluster
from tests.simulation.store import Database, ModelStore
from tests.system.sabotaged import advance_with_a_window, heal_nothing


class EagerStore(ModelStore):
    """Tells the senders and then commits."""

    async def _write(self, appends: list[Append], changes: list[Change]) -> None:
        if changes or not appends or self.is_away or self.breaks_in_commit:
            await super()._write(appends, changes)
            return
        connection = self._database.connection
        transaction = connection.begin()
        outcomes = self._session._write(appends, changes, self._session._clock.now_ms()).outcomes
        transaction.rollback()
        for append, outcome in zip(appends, outcomes, strict=True):
            append.done(outcome)
        await self._line()
        self._committed(self._session.write(appends, changes).commit)


def _knows_no_keys() -> None:
    empty = Database.empty

    def empty_without_keys(database: Database) -> None:
        empty(database)
        database.raw.executescript("CREATE TABLE copy AS SELECT * FROM messages; DROP TABLE messages; ALTER TABLE copy RENAME TO messages")

    Database.empty = empty_without_keys  # type: ignore[method-assign]


def _acks_before_commit() -> None:
    cluster.ModelStore = EagerStore  # type: ignore[misc]


def _reads_before_listening() -> None:
    replay._advance = advance_with_a_window


def _heals_nothing() -> None:
    Hub._heal = heal_nothing  # type: ignore[method-assign]


SABOTAGES: dict[str, Callable[[], None]] = {
    "acks_before_commit": _acks_before_commit,
    "knows_no_keys": _knows_no_keys,
    "reads_before_listening": _reads_before_listening,
    "heals_nothing": _heals_nothing,
}


def sabotage(name: str) -> None:
    SABOTAGES[name]()
