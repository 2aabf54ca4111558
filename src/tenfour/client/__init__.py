"""The Python SDK of Tenfour."""

from tenfour.client.chat import Chat
from tenfour.client.client import Client, HistoryPage
from tenfour.client.connection import Connected, Connecting, Idle, Refused, Status, Waiting
from tenfour.errors import ErrorCode, TenfourError

__all__ = ["Chat", "Client", "Connected", "Connecting", "ErrorCode", "HistoryPage", "Idle", "Refused", "Status", "TenfourError", "Waiting"]
