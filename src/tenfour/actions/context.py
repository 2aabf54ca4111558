"""What every action works with: the ports and the rules in force, handed over by ``app``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenfour.broker.broker import Broker
from tenfour.clock import Clock
from tenfour.ids import SessionId, UserId
from tenfour.storage.people import SERVER_KEY_ISSUER
from tenfour.storage.store import Store


class Registration(StrEnum):
    """Who may make a local account."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits and rules that actions keep; settings give the values."""

    registration: Registration = Registration.CLOSED
    text_chars_max: int = 16_000
    chat_members_max: int = 10_000
    receipts_live_max: int = 50
    access_token_s: int = 900
    refresh_token_s: int = 30 * 86_400
    ticket_s: int = 30
    sends_per_user_s: int = 30
    product_issuer: str = SERVER_KEY_ISSUER
    """Whose users a server key makes: those of the only external issuer, so that tokens and keys name the same people."""


@dataclass(frozen=True, slots=True)
class Context:
    store: Store
    broker: Broker
    clock: Clock
    policy: Policy


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user who showed a valid token, whose session stands and who is not disabled."""

    user: UserId
    session: SessionId | None
    admin: bool
    token_expires_ms: int
