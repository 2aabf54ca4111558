"""The WebSocket doors, as somebody sees them who comes without an upgrade: 426, and what did arrive."""

from __future__ import annotations

from litestar import get

from tenfour.api.description import NOBODY, problems
from tenfour.api.identity import AnyRequest, client_address
from tenfour.api.services import Services
from tenfour.errors import FAILURES, ErrorCode, TenfourError
from tenfour.observe.endings import Ending, marked


@get(["/ws", "/chats/{chat:str}/ws", "/diagnostics/echo"], summary="WebSocket doors: need an upgrade", tags=["doors"], responses=problems(ErrorCode.UPGRADE_REQUIRED), security=NOBODY)
async def door(request: AnyRequest, services: Services, chat: str = "") -> None:
    del chat
    headers = request.headers
    seen = {name: headers.get(name) for name in ("upgrade", "connection", "sec-websocket-key", "via")}
    arrived = ", ".join(f"{name}: {'present' if name == 'sec-websocket-key' else value[:60]}" for name, value in seen.items() if value) or "none of the upgrade headers"
    hint = " The key came without the upgrade: a proxy on the way has removed it." if seen["sec-websocket-key"] and not seen["upgrade"] else ""
    detail = f"Over HTTP/{request.scope['http_version']} came {arrived}.{hint}"
    services.refusals.note(_ending(request, services, detail), headers.get("origin"))
    raise TenfourError(ErrorCode.UPGRADE_REQUIRED, detail)


def _ending(request: AnyRequest, services: Services, detail: str) -> Ending:
    """For the ring: whoever looks for what a proxy removed finds here what did arrive."""
    code = ErrorCode.UPGRADE_REQUIRED
    address, client = client_address(request, services), request.headers.get("user-agent", "")[:200]
    return Ending(services.context.clock.now_ms(), None, None, request.scope["path"][:200], address, client, FAILURES[code].status, code.value, detail, None, None, marked(request.url.query))


HANDLERS = [door]
