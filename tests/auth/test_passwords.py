from __future__ import annotations

import asyncio
from collections.abc import Iterator

import argon2
import pytest

from tenfour.auth.passwords import WAITING_MAX, PasswordHasher, Verified
from tenfour.errors import ErrorCode, TenfourError


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = PasswordHasher()
    yield hasher
    hasher.close()


async def test_a_password_fits_its_own_hash_only(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")

    assert await hasher.verify(stored, "correct horse") == Verified(ok=True, needs_rehash=False)
    assert not (await hasher.verify(stored, "correct horsf")).ok
    assert not (await hasher.verify(stored, "")).ok


async def test_hashes_are_argon2id_and_salted(hasher: PasswordHasher) -> None:
    one, other = await hasher.hash("correct horse"), await hasher.hash("correct horse")

    assert one.startswith("$argon2id$")
    assert one != other


async def test_an_unknown_name_never_fits_and_is_verified_all_the_same(hasher: PasswordHasher) -> None:
    assert not (await hasher.verify(None, "nobody's password")).ok


async def test_a_hash_of_weaker_parameters_asks_to_be_made_anew(hasher: PasswordHasher) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("correct horse")

    assert await hasher.verify(weak, "correct horse") == Verified(ok=True, needs_rehash=True)


@pytest.mark.parametrize("password", ["", "7 chars", "x" * 257])
async def test_a_password_too_short_or_too_long_is_refused(hasher: PasswordHasher, password: str) -> None:
    with pytest.raises(TenfourError) as caught:
        await hasher.hash(password)

    assert caught.value.code is ErrorCode.PASSWORD_WEAK


@pytest.mark.slow
async def test_a_flood_of_log_ins_is_refused_before_it_costs_memory(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")

    answers = await asyncio.gather(*(hasher.verify(stored, "wrong horse") for _ in range(WAITING_MAX + 25)), return_exceptions=True)

    refused = [each for each in answers if isinstance(each, TenfourError)]
    assert len(refused) == 25
    assert {each.code for each in refused} == {ErrorCode.RATE_LIMITED}
    assert all(each.retry_after_ms for each in refused)
    assert (await hasher.verify(stored, "correct horse")).ok


async def test_any_characters_make_a_password(hasher: PasswordHasher) -> None:
    password = "пароль 🔑 \u0000 ende"

    assert (await hasher.verify(await hasher.hash(password), password)).ok
