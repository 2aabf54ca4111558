"""``/chats/{chat}/receipts``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post

from tenfour.actions import receipts as actions
from tenfour.api.chats import Cursor, Limit, parse_chat, parse_cursor
from tenfour.api.description import BODY, CHAT, ChatPath, problems
from tenfour.api.identity import Asking
from tenfour.api.messages import SEQ_MAX
from tenfour.api.services import Services
from tenfour.ids import UserId
from tenfour.storage.directory import Progress
from tenfour.wire.times import rfc3339

SeqField = Annotated[int, msgspec.Meta(ge=0, le=SEQ_MAX)]


class ReceiptNoting(msgspec.Struct):
    """How far one has got; what is read is delivered, and nothing goes back."""

    delivered: SeqField = 0
    read: SeqField = 0


class ProgressShown(msgspec.Struct):
    user: str
    delivered: int
    read: int
    read_at: str | None
    """When ``read`` last moved: the time at which the message there was read, and no later than which those before it were."""


class ProgressPage(msgspec.Struct):
    items: list[ProgressShown]
    next: str | None


@get("/chats/{chat:str}/receipts", summary="How far each member has got, and when they read last", tags=["receipts"], responses=problems(*CHAT))
async def list_receipts(chat: ChatPath, asking: Asking, cursor: Cursor = None, limit: Limit = 100) -> ProgressPage:
    wanted, after = parse_chat(chat), parse_cursor(cursor)
    found = await asking.read(lambda connection, caller: actions.list_receipts(connection, wanted, caller.user, after=UserId(after) if after else None, limit=limit + 1))
    return ProgressPage([_shown(each) for each in found[:limit]], found[limit - 1].user if len(found) > limit else None)


@post("/chats/{chat:str}/receipts", status_code=200, summary="Says how far one has got", tags=["receipts"], responses=problems(*CHAT, *BODY))
async def store_receipt(chat: ChatPath, data: ReceiptNoting, asking: Asking, services: Services) -> ProgressShown:
    wanted = parse_chat(chat)
    caller = await asking.caller()
    return _shown(await actions.store_receipt(services.context, wanted, caller.user, delivered=data.delivered, read=data.read))


def _shown(progress: Progress) -> ProgressShown:
    return ProgressShown(progress.user, progress.delivered, progress.read, rfc3339(progress.read_at) if progress.read_at is not None else None)


HANDLERS = [list_receipts, store_receipt]
