"""The WebSocket doors, as somebody sees them who comes without an upgrade: 426, and what did arrive."""

from __future__ import annotations

from litestar import get

from tenfour.api.description import NOBODY, problems
from tenfour.api.identity import AnyRequest
from tenfour.api.services import Services
from tenfour.errors import ErrorCode, TenfourError


@get(["/ws", "/chats/{chat:str}/ws", "/diagnostics/echo"], summary="WebSocket doors: need an upgrade", tags=["doors"], responses=problems(ErrorCode.UPGRADE_REQUIRED), security=NOBODY)
async def door(request: AnyRequest, services: Services, chat: str = "") -> None:
    del chat, services
    headers = request.headers
    seen = {name: headers.get(name) for name in ("upgrade", "connection", "sec-websocket-key", "via")}
    arrived = ", ".join(f"{name}: {'present' if name == 'sec-websocket-key' else value[:60]}" for name, value in seen.items() if value) or "none of the upgrade headers"
    hint = " The key came without the upgrade: a proxy on the way has removed it." if seen["sec-websocket-key"] and not seen["upgrade"] else ""
    raise TenfourError(ErrorCode.UPGRADE_REQUIRED, f"Over HTTP/{request.scope['http_version']} came {arrived}.{hint}")


HANDLERS = [door]
