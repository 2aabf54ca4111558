"""What a message is, and the rule that admits one."""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

from tenfour.domain.chat import Chat
from tenfour.domain.member import Member
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId

KEY_CHARS_MAX = 64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Draft(Struct, frozen=True, gc=False):
    """A message as its sender wants it; not yet admitted."""

    chat: ChatId
    sender: UserId
    key: str
    text: str
    reply_to: MessageId | None = None

    def content_hash(self) -> bytes:
        """Sixteen bytes that tell whether two drafts under one key are the same message."""
        content = f"{self.reply_to or ''}\n{self.text}".encode()
        return hashlib.blake2b(content, digest_size=16).digest()


class Message(Struct, frozen=True, gc=False):
    """The present state of a message."""

    id: MessageId
    chat: ChatId
    seq: Seq
    sender: UserId
    key: str
    text: str | None
    """None once it was deleted."""
    reply_to: MessageId | None
    at: int
    edited_at: int | None = None
    deleted: bool = False


class Accepted(Struct, frozen=True, gc=False):
    draft: Draft


class Refused(Struct, frozen=True, gc=False):
    code: ErrorCode
    detail: str | None = None
    retry_after_ms: int | None = None


def decide(draft: Draft, member: Member | None, chat: Chat, now_ms: int) -> Accepted | Refused:  # noqa: ARG001 - what a kind of chat allows belongs to the rule
    """Whether this member may say this in this chat at this time; None is somebody who is no member."""
    if member is None:
        return Refused(ErrorCode.NOT_A_MEMBER)
    if member.muted_until is not None and member.muted_until > now_ms:
        return Refused(ErrorCode.MUTED, retry_after_ms=member.muted_until - now_ms)
    return Accepted(draft)


def check_text(text: str, chars_max: int) -> ErrorCode | None:
    """None, or what is wrong with a message's text."""
    if len(text) > chars_max:
        return ErrorCode.TEXT_TOO_LONG
    if not text or text.isspace():
        return ErrorCode.TEXT_EMPTY
    if "\0" in text or (not text.isascii() and _LONE_SURROGATE.search(text)):
        return ErrorCode.TEXT_INVALID
    return None


def check_key(key: str) -> ErrorCode | None:
    """None, or what is wrong with a sender's key: 1 to 64 visible ASCII characters."""
    if not key:
        return ErrorCode.KEY_MISSING
    if len(key) > KEY_CHARS_MAX or not key.isascii() or not key.isprintable() or " " in key:
        return ErrorCode.KEY_INVALID
    return None
