"""What a chat is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenfour.ids import ChatId, Seq, UserId

TITLE_CHARS_MAX = 200


class ChatKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"
    CHANNEL = "channel"
    DIAGNOSTIC = "diagnostic"


class HistoryRule(StrEnum):
    """What somebody who joins sees of the past."""

    ALL = "all"
    FROM_JOINING = "from_joining"


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat as its row says."""

    id: ChatId
    kind: ChatKind
    title: str | None
    history: HistoryRule
    last_seq: Seq
    """The head: the seq of the newest event, 0 before the first."""
    rights_seq: Seq
    """The seq of the last event that changed who may do what."""
    changed_at: int
    created_at: int


def direct_pair(one: UserId, other: UserId) -> str:
    """The text that is unique for a pair of users, whichever of them asks."""
    first, second = sorted((one, other))
    return f"{first}:{second}"
