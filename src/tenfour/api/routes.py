"""The whole URL table.

| below ``/api/v1``                                | module     |
|--------------------------------------------------|------------|
| setup, accounts, sessions, me, users, invites, ws-tickets | accounts |
| me/avatar, avatars/{picture}                     | avatars    |
| chats, chats/{chat}, …/join, …/leave              | chats      |
| chats/{chat}/members[/{user}]                    | members    |
| chats/{chat}/messages[/{message}], …/events       | messages   |
| chats/{chat}/receipts                            | receipts   |
| server-keys, users/{external} (PUT), users/{external}/tokens | server_keys |
| health/live, health/ready, server                | health     |
| ws, chats/{chat}/ws, diagnostics/echo (426 only) | doors      |
| diagnostics/connections, …/endings, …/explain, …/delivery | diagnostics |
| diagnostics/page                                 | greeting   |
| diagnostics/figures                              | figures    |
| diagnostics/causes/{cause}                        | causes     |
| openapi.json, docs                               | reference  |

Beside it ``/metrics`` and ``/.well-known/jwks.json`` (health). Every other path is the web client's (site), which is asked first.
"""

from __future__ import annotations

from tenfour.api import accounts, avatars, causes, chats, diagnostics, doors, figures, greeting, health, members, messages, receipts, reference, server_keys

CHAT_HANDLERS = [*chats.HANDLERS, *members.HANDLERS, *messages.HANDLERS, *receipts.HANDLERS]
DIAGNOSTIC_HANDLERS = [*diagnostics.HANDLERS, *figures.HANDLERS, *causes.HANDLERS, *greeting.HANDLERS]
API_HANDLERS = [*accounts.HANDLERS, *avatars.HANDLERS, *CHAT_HANDLERS, *server_keys.HANDLERS, *health.HANDLERS, *doors.HANDLERS, *DIAGNOSTIC_HANDLERS, *reference.HANDLERS]
ROOT_HANDLERS = health.ROOT_HANDLERS
