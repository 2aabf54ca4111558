"""The store in a PostgreSQL database keeps what every store promises, also where several nodes share it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tenfour.clock import ManualClock
from tenfour.storage.postgres import PostgresStore
from tests.postgres import Cluster, running_cluster
from tests.storage.contract import OpenNode, SharedStoreContract, StoreContract
from tests.storage.node import Node

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


class OnPostgres:
    @pytest.fixture
    async def open_node(self, cluster: Cluster) -> AsyncIterator[OpenNode]:
        url = cluster.new_database()
        opened: list[Node] = []

        async def open_node() -> Node:
            clock = ManualClock()
            opened.append(await Node(PostgresStore(url, clock), clock).open())
            return opened[-1]

        yield open_node
        for node in opened:
            await node.close()


class TestPostgresStore(OnPostgres, StoreContract):
    pass


class TestTwoNodesOnOneDatabase(OnPostgres, SharedStoreContract):
    pass
