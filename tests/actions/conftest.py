from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tenfour.auth.keys import SigningKeys
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.tokens import AccessTokens
from tests.actions.world import World, open_world


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await open_world(tmp_path / "tenfour.db")
    yield world
    await world.store.close()


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher()
    yield hasher
    hasher.close()


@pytest.fixture
def tokens(world: World, tmp_path: Path) -> AccessTokens:
    return AccessTokens(SigningKeys.load_or_create(tmp_path / "keys", world.clock.now_ms()), world.clock)
