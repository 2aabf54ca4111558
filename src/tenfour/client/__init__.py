"""The Python SDK of Tenfour."""

from tenfour.client.chat import Chat
from tenfour.client.client import Client, ClientClosed
from tenfour.client.connection import Connected, Connecting, Idle, Refused, Status, Waiting
from tenfour.client.credentials import TokenSource
from tenfour.client.cuts import Cut, TimeLimit
from tenfour.client.events import Events
from tenfour.client.feed import HistoryReplaced
from tenfour.client.outbox import Entry
from tenfour.client.rest import HistoryPage
from tenfour.errors import ErrorCode, TenfourError
from tenfour.wire.frames import (
    Ack,
    AnyEvent,
    ChatChanged,
    Error,
    Goodbye,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessageSent,
    MessageUnpinned,
    OtherEvent,
    Presence,
    Profile,
    ReactionAdded,
    ReactionRemoved,
    ReceiptShown,
    Reset,
    Synced,
    TypingShown,
    Welcome,
)

__all__ = [
    "Ack",
    "AnyEvent",
    "Chat",
    "ChatChanged",
    "Client",
    "ClientClosed",
    "Connected",
    "Connecting",
    "Cut",
    "Entry",
    "Error",
    "ErrorCode",
    "Events",
    "Goodbye",
    "HistoryPage",
    "HistoryReplaced",
    "Idle",
    "MemberChanged",
    "MemberJoined",
    "MemberLeft",
    "MessageDeleted",
    "MessageEdited",
    "MessagePinned",
    "MessageSent",
    "MessageUnpinned",
    "OtherEvent",
    "Presence",
    "Profile",
    "ReactionAdded",
    "ReactionRemoved",
    "ReceiptShown",
    "Refused",
    "Reset",
    "Status",
    "Synced",
    "TenfourError",
    "TimeLimit",
    "TokenSource",
    "TypingShown",
    "Waiting",
    "Welcome",
]
