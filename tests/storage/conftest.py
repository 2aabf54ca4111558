from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfour.clock import ManualClock
from tenfour.storage.sqlite import SqliteStore
from tests.storage.node import Node
from tests.storage.template import put_new_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenfour.db"


@pytest.fixture
async def node(path: Path) -> AsyncIterator[Node]:
    """A node on a new file."""
    clock = ManualClock()
    node = await Node(SqliteStore(put_new_store(path), clock), clock).open()
    yield node
    await node.close()
