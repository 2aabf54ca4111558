"""What looks like a secret is cut out of the log wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.observe.log import redact

CANARY = "Canary0Canary0Canary0"
SECRETS = st.sampled_from(
    [
        f"eyJhbGciOiJub25lIn0.eyJ{CANARY}.{CANARY}",
        *(f"tf{kind}_{CANARY}" for kind in "krtsi"),
        f"tenfour.bearer.{CANARY}",
        f"?token={CANARY}",
        f"&token={CANARY}",
        f"?ticket={CANARY}",
        f"Bearer {CANARY}",
        f"bearer {CANARY}",
    ]
)
around = st.text(max_size=30)


@given(around, SECRETS, around)
def test_no_secret_survives_whatever_stands_around_it(before: str, secret: str, after: str) -> None:
    assert CANARY not in redact(f"{before} {secret} {after}")


@given(st.text())
def test_no_line_of_the_log_can_be_forged_and_no_terminal_steered(text: str) -> None:
    shown = redact(text)

    assert not set(shown) & {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029", "\u202e", "\u2066"}


@pytest.mark.parametrize("plain", ["01890a5d-ac96-774b-bcce-b302099a8057", "WebSocket connection.closed", "/api/v1/ws?after=5", "Zoë, 10:00"])
def test_what_is_no_secret_stays_as_it_is(plain: str) -> None:
    assert redact(plain) == plain
