"""What a chat is."""

from __future__ import annotations

import unicodedata
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


def check_title(title: str | None, kind: ChatKind) -> str | None:
    """None, or in one sentence what is wrong with a title: a channel needs one, a group may have one."""
    if title is None:
        return "A channel needs a title." if kind is ChatKind.CHANNEL else None
    if kind is ChatKind.DIRECT:
        return "A direct chat has no title: it is called after the other person."
    if not title.strip() or len(title) > TITLE_CHARS_MAX or any(_breaks_a_line(each) for each in title):
        return f"A title is 1 to {TITLE_CHARS_MAX} characters in one line, without control characters."
    return None


def _breaks_a_line(char: str) -> bool:
    """Controls, line ends, lone surrogates, and what turns the direction of the text around it."""
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
