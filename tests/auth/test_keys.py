from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tenfour.auth.keys import KeyFileExposed, KeyFileUnreadable, SigningKeys
from tenfour.auth.tokens import AccessTokens, TokenVerifier
from tenfour.clock import ManualClock
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import UserId

NOW_MS = 1_750_000_000_000
USER = UserId("u")


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.pem"))


def test_the_first_start_makes_a_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    SigningKeys.load_or_create(tmp_path / "keys", NOW_MS)

    (made,) = files(tmp_path / "keys")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_second_start_finds_the_same_key(tmp_path: Path) -> None:
    first = SigningKeys.load_or_create(tmp_path, NOW_MS)
    second = SigningKeys.load_or_create(tmp_path, NOW_MS + 1000)

    assert first.jwks() == second.jwks()


def test_many_starts_at_once_end_with_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    starts = [threading.Thread(target=lambda: found.extend(SigningKeys.load_or_create(tmp_path, NOW_MS).keys)) for _ in range(8)]
    for each in starts:
        each.start()
    for each in starts:
        each.join()

    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_by_its_path(tmp_path: Path, mode: int) -> None:
    SigningKeys.load_or_create(tmp_path, NOW_MS)
    (key,) = files(tmp_path)
    key.chmod(mode)

    with pytest.raises(KeyFileExposed, match=f"{key.name}: chmod 600"):
        SigningKeys.load_or_create(tmp_path, NOW_MS)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pem"
    path.touch(mode=0o600)
    path.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(KeyFileUnreadable, match="not an Ed25519 key"):
        SigningKeys.load_or_create(tmp_path, NOW_MS)


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies(tmp_path: Path) -> None:
    clock = ManualClock(NOW_MS)
    before = SigningKeys.load_or_create(tmp_path, NOW_MS)
    old_token, _ = AccessTokens(before, clock).issue(USER, None, 600)

    after = SigningKeys.rotate(tmp_path, NOW_MS + 1000)
    new_token, _ = AccessTokens(after, clock).issue(USER, None, 600)

    verifier = TokenVerifier(after, clock)
    assert verifier.verify(old_token).user == verifier.verify(new_token).user == USER
    assert [each["kid"] for each in after.jwks()["keys"]] == [*before.keys, *(set(after.keys) - set(before.keys))]
    with pytest.raises(TenfourError) as caught:
        TokenVerifier(before, clock).verify(new_token)
    assert caught.value.code is ErrorCode.TOKEN_KEY_UNKNOWN


def test_the_published_keys_hold_nothing_private(tmp_path: Path) -> None:
    published = SigningKeys.load_or_create(tmp_path, NOW_MS).jwks()

    assert [set(each) for each in published["keys"]] == [{"kty", "crv", "alg", "use", "kid", "x"}]
