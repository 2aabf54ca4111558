"""The whole URL table.

| below ``/api/v1``                                | module     |
|--------------------------------------------------|------------|
| setup, accounts, sessions, me, users, invites, ws-tickets | accounts |
| health/live, health/ready, server                | health     |
| ws, chats/{chat}/ws, diagnostics/echo (426 only) | doors      |

Beside it ``/metrics`` and ``/.well-known/jwks.json`` (health).
"""

from __future__ import annotations

from tenfour.api import accounts, doors, health

API_HANDLERS = [*accounts.HANDLERS, *health.HANDLERS, *doors.HANDLERS]
ROOT_HANDLERS = [*health.ROOT_HANDLERS]
