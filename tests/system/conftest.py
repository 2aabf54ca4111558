from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.servers import Server
from tests.system.run import PROOF, UNLIMITED, Run

StartRun = Callable[..., Awaitable[Run]]
SEED = 410
"""CI runs the same course each time; a proof another one, or that of ``PROOF_SEED``."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A run has a deadline for each thing that it waits for; as a whole it may take its time."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(7_200 if PROOF else 400))


@pytest.fixture
def unlimited_server(make_server: Callable[[Mapping[str, str]], Server]) -> Iterator[Callable[..., Server]]:
    """Makes servers whose limits do not get in the way of a load, with the settings given."""
    return lambda **settings: make_server(UNLIMITED | settings)


@pytest.fixture
async def start_run(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Run]]]:
    """Begins runs on a server; what a test leaves open is closed."""
    async with AsyncExitStack() as open_runs:

        async def start(server: Server, seed: int | None = None) -> Run:
            chosen = seed if seed is not None else int(os.environ.get("PROOF_SEED", secrets.randbelow(10**9) if PROOF else SEED))
            return await open_runs.enter_async_context(Run(server, tmp_path, chosen))

        yield start
