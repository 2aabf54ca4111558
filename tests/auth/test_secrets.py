from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenfour.auth.secrets import REFRESH_PREFIX, new_secret, seal, secret_hash, unseal

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)


@given(TEXTS, TEXTS)
def test_what_is_sealed_comes_back_with_its_key(secret: str, key: str) -> None:
    assert unseal(seal(secret, key), key) == secret


@given(st.binary(min_size=32, max_size=32))
def test_a_sealed_secret_shows_nothing_of_it(random: bytes) -> None:
    successor = REFRESH_PREFIX + random.hex()

    assert random.hex() not in seal(successor, new_secret(REFRESH_PREFIX))


@given(st.text(alphabet=st.characters(codec=None), max_size=100))
def test_any_text_has_a_hash_of_one_form(text: str) -> None:
    assert len(secret_hash(text)) == 64


def test_secrets_are_long_and_different() -> None:
    made = {new_secret(REFRESH_PREFIX) for _ in range(1000)}

    assert len(made) == 1000
    assert all(each.startswith(REFRESH_PREFIX) and len(each) >= len(REFRESH_PREFIX) + 43 for each in made)
