"""The store in one file keeps what every store promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfour.clock import ManualClock
from tenfour.storage.sqlite import SqliteStore
from tests.storage.contract import OpenNode, SharedStoreContract, StoreContract
from tests.storage.node import Node
from tests.storage.template import put_new_store


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def open_node(self, tmp_path: Path) -> AsyncIterator[OpenNode]:
        opened: list[Node] = []

        async def open_node() -> Node:
            clock = ManualClock()
            opened.append(await Node(SqliteStore(put_new_store(tmp_path / "tenfour.db"), clock), clock).open())
            return opened[-1]

        yield open_node
        for node in opened:
            await node.close()


class TestTwoWritersOfOneFile(SharedStoreContract):
    """The lock beside the file keeps a second process out; the statements themselves would bear it.

    Each node has a directory of its own, and with it a lock, and the same file under another name.
    """

    @pytest.fixture
    async def open_node(self, tmp_path: Path) -> AsyncIterator[OpenNode]:
        opened: list[Node] = []

        async def open_node() -> Node:
            directory = tmp_path / f"node{len(opened)}"
            directory.mkdir()
            if opened:
                (directory / "tenfour.db").symlink_to(tmp_path / "node0" / "tenfour.db")
            clock = ManualClock()
            opened.append(await Node(SqliteStore(put_new_store(directory / "tenfour.db"), clock), clock).open())
            return opened[-1]

        yield open_node
        for node in opened:
            await node.close()
