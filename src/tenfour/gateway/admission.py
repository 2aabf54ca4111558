"""Who a connection is: from what the request carried to the facts of ``welcome``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tenfour.actions.admission import check_place, check_user, look_up
from tenfour.actions.external_users import provision
from tenfour.actions.tickets import redeem_ticket
from tenfour.auth.tokens import Claims
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, ConnectionId, Seq, SessionId, UserId
from tenfour.storage import reads
from tenfour.storage.reads import Membership, UserRow
from tenfour.wire import frames
from tenfour.wire.times import rfc3339

if TYPE_CHECKING:
    from tenfour.gateway.hub import Hub


@dataclass(frozen=True, slots=True)
class Request:
    """What an upgrade request asked for, parsed; ``refusal`` is told after the handshake, where a browser can read it."""

    address: str
    client: str
    chat: ChatId | None = None
    token: str | None = None
    ticket: str | None = None
    after: Seq | None = None
    epoch: str | None = None
    refusal: TenfourError | None = None

    def with_token(self, token: str) -> Request:
        return replace(self, token=token)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A token that was good: until when, and which session it belongs to."""

    user: UserId
    session: SessionId | None
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Everything that ``welcome`` says."""

    user: UserRow
    session: SessionId | None
    expires_ms: int
    memberships: Sequence[Membership]
    more: bool
    after: Seq | None
    epoch: str | None

    def welcome(self, connection: ConnectionId, hub: Hub) -> frames.Welcome:
        limits = hub.limits
        return frames.Welcome(
            connection=connection,
            user=frames.UserFace(self.user.id, self.user.name),
            protocol=frames.PROTOCOL,
            epoch=hub.store.epoch,
            heartbeat_s=limits.heartbeat_s,
            server_time=rfc3339(hub.clock.now_ms()),
            expires_at=rfc3339(self.expires_ms),
            node=hub.node,
            limits=frames.Limits(
                frame_bytes=limits.frame_bytes,
                text_chars=limits.text_chars,
                frames_per_s=limits.frames_per_s,
                sends_per_s=limits.sends_per_s,
                user_sends_per_s=limits.user_sends_per_s,
                connections_per_user=limits.connections_per_user,
                send_budget_bytes=limits.send_budget_bytes,
                receipts_live_max=limits.receipts_live_max,
            ),
            chats=[frames.ChatHead(each.chat.id, each.chat.last_seq, each.member.read_seq) for each in self.memberships],
            chats_more=self.more,
        )


async def admit(hub: Hub, request: Request, identified: Callable[[Renewal], None]) -> Admission:
    """The admission of a request; raises ``TenfourError`` with the one reason against it.

    ``identified`` is told whose connection it is before the store is asked about them: what ends the session
    or the user meanwhile has to be heard.
    """
    who = await _identify(hub, request)
    identified(who)
    found, here = await hub.store.read(lambda database: look_up(database, who.user, who.session, request.chat, hub.limits.chats_in_welcome))
    admission = check_user(found)
    memberships = admission.memberships if request.chat is None else [check_place(here)]
    return Admission(admission.user, who.session, who.expires_ms, memberships, admission.more, request.after, request.epoch)


async def renew(hub: Hub, token: str, user: UserId, identified: Callable[[Renewal], None]) -> Renewal:
    """A new token for an open connection; raises ``TenfourError``, also if it is another user's."""
    claims = await hub.verifier.verify_fetching(token)
    renewed = await _user_of(hub, claims)
    if renewed.user != user:
        raise TenfourError(ErrorCode.TOKEN_OTHER_USER)
    identified(renewed)
    check_user(await hub.store.read(lambda database: reads.admission(database, user, renewed.session, limit=0)))
    return renewed


async def _identify(hub: Hub, request: Request) -> Renewal:
    if request.ticket is not None:
        ticket = await redeem_ticket(hub.context, request.ticket)
        return Renewal(ticket.user, ticket.session, ticket.token_expires_ms)
    assert request.token is not None, "admission begins with a token or a ticket"
    return await _user_of(hub, await hub.verifier.verify_fetching(request.token))


async def _user_of(hub: Hub, claims: Claims) -> Renewal:
    user = claims.user if claims.user is not None else await provision(hub.context, claims)
    return Renewal(user, claims.session, claims.expires_ms)
