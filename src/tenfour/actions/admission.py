"""Who may come in: the rules that a connection is admitted by, and the explanation of what they say.

``explain`` runs the same functions as the gateway does, in the same order, so that it cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection

from tenfour.actions.context import Context
from tenfour.actions.external_users import check_first_name, find_user
from tenfour.auth.tokens import Claims, TokenCheck, TokenVerifier
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, SessionId, UserId, parse_uuid
from tenfour.observe.live import Live
from tenfour.storage import reads
from tenfour.storage.reads import Admission, Membership

Place = Membership | ErrorCode | None


def look_up(connection: Connection, user: UserId, session: SessionId | None, chat: ChatId | None, limit: int) -> tuple[Admission | None, Place]:
    """User, session and memberships, or the place in the one chat, as of one moment."""
    if chat is None:
        return reads.admission(connection, user, session, limit=limit), None
    return reads.admission(connection, user, session, limit=0), find_place(connection, chat, user)


def find_place(connection: Connection, chat: ChatId, user: UserId) -> Membership | ErrorCode:
    """The place in the chat, or why there is none."""
    found = reads.membership(connection, chat, user)
    if found is not None:
        return found
    return ErrorCode.NOT_A_MEMBER if reads.heads(connection, [chat]) else ErrorCode.CHAT_UNKNOWN


def check_user(admission: Admission | None) -> Admission:
    """Raises ``token_revoked`` or ``user_disabled``."""
    if admission is None:
        raise TenfourError(ErrorCode.TOKEN_REVOKED, "The token's user is not there any more.")
    if admission.user.disabled:
        raise TenfourError(ErrorCode.USER_DISABLED)
    if admission.session_revoked:
        raise TenfourError(ErrorCode.TOKEN_REVOKED)
    return admission


def check_place(place: Place) -> Membership:
    """Raises ``not_a_member`` or ``chat_unknown``."""
    if isinstance(place, Membership):
        return place
    raise TenfourError(place or ErrorCode.CHAT_UNKNOWN)


def check_chat_id(text: str) -> ChatId:
    """Raises ``chat_id_invalid``."""
    try:
        return ChatId(parse_uuid(text))
    except ValueError as cause:
        raise TenfourError(ErrorCode.CHAT_ID_INVALID) from cause


def check_node(*, draining: bool, connections: int, connections_max: int, descriptors: int) -> None:
    """Raises ``draining`` or ``too_many_connections``."""
    if draining:
        raise TenfourError(ErrorCode.DRAINING, retry_after_ms=2000)
    if connections >= connections_max:
        raise TenfourError(ErrorCode.TOO_MANY_CONNECTIONS, "The node has as many connections as it takes.", retry_after_ms=5000)
    if connections >= descriptors:
        raise TenfourError(ErrorCode.TOO_MANY_CONNECTIONS, "The node has as many connections as its limit of file descriptors allows.", retry_after_ms=5000)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Why an address may not connect now, as a whole sentence, and for how long."""

    says: str
    wait_s: float


def check_address(crowd: Crowd | None) -> None:
    """Raises ``too_many_connections`` where the address has to wait."""
    if crowd is not None:
        raise TenfourError(ErrorCode.TOO_MANY_CONNECTIONS, crowd.says, retry_after_ms=round(crowd.wait_s * 1000) + 1)


@dataclass(frozen=True, slots=True)
class Origins:
    """Which pages may use the server: exact origins; without a list, the server's own."""

    allowed: frozenset[str]
    own: frozenset[str]

    @property
    def listed(self) -> tuple[str, ...]:
        """All that count by name, for CORS: both ask the same list."""
        return tuple(sorted(self.allowed | self.own))

    def check(self, origin: str | None, host: str, *, secure: bool) -> None:
        """Raises ``origin_refused``. No Origin is no browser. The server's own Host counts as its own origin."""
        if origin is None or origin in self.allowed or origin in self.own:
            return
        if self.allowed or origin != f"{'https' if secure else 'http'}://{host}":
            origin, host = origin[:200], host[:200]
            raise TenfourError(ErrorCode.ORIGIN_REFUSED, f"The page's origin is {origin!r} and the request's host {host!r}. To allow it, set allowed_origins = [\"{origin}\"].")


# The explanation


class Step(StrEnum):
    """The checks of a connection, in their order."""

    ORIGIN = "origin"
    NODE = "node"
    ADDRESS = "address"
    CHAT_ID = "chat_id"
    TOKEN_FORM = "token_form"  # noqa: S105 - a name
    TOKEN_ISSUER = "token_issuer"  # noqa: S105
    TOKEN_KEY = "token_key"  # noqa: S105
    TOKEN_ALGORITHM = "token_algorithm"  # noqa: S105
    TOKEN_SIGNATURE = "token_signature"  # noqa: S105
    TOKEN_TIMES = "token_times"  # noqa: S105
    TOKEN_CLAIMS = "token_claims"  # noqa: S105
    USER = "user"
    CHAT = "chat"
    LIMITS = "limits"


BEFORE_HANDSHAKE = frozenset({Step.ORIGIN, Step.NODE, Step.ADDRESS})


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Nothing to check, or a check before it has failed."""


@dataclass(frozen=True, slots=True)
class Check:
    step: Step
    outcome: Outcome
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Whose connection is asked about, a token's or, without one, a user's; and from where it would come."""

    user: UserId | None = None
    chat: str | None = None
    token: str | None = None
    origin: str | None = None
    """Of the page; none for a program."""
    host: str = ""
    """As the request would name it."""
    secure: bool = False
    """Whether by TLS."""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """What a node says to everybody, before it looks at who comes."""

    live: Live
    draining: bool
    connections_max: int
    descriptors: int
    connections_per_user: int
    origins: Origins
    crowd_at: Callable[[str], Crowd | None]
    """For how many seconds an address has to wait; None if not at all."""

    def check(self) -> None:
        """Raises ``draining`` or ``too_many_connections``."""
        check_node(draining=self.draining, connections=self.live.count(), connections_max=self.connections_max, descriptors=self.descriptors)


@dataclass(slots=True)
class Explanation:
    """Every check in its order, and the one reason against the connection."""

    user: UserId | None = None
    refusal: TenfourError | None = None
    checks: list[Check] = field(default_factory=list)

    @property
    def is_before_handshake(self) -> bool:
        """Whether the refusal is the answer to the upgrade, not a close of what was opened."""
        return any(each.outcome is Outcome.FAILED and each.step in BEFORE_HANDSHAKE for each in self.checks)

    def passed(self, step: Step, detail: str | None = None) -> None:
        self.checks.append(Check(step, Outcome.PASSED, detail))

    def failed(self, step: Step, refusal: TenfourError) -> None:
        self.refusal = refusal
        self.checks.append(Check(step, Outcome.FAILED, refusal.detail))

    def finished(self) -> Explanation:
        """With a line for every check that there was no need for, or no way to."""
        made = {each.step: each for each in self.checks}
        self.checks = [made.get(step) or Check(step, Outcome.SKIPPED) for step in Step]
        return self


async def explain(context: Context, verifier: TokenVerifier, node: Node, question: Question) -> Explanation:
    """Whether the connection would be let in, and if not, exactly why. Nothing is changed and nobody made."""
    told = Explanation(question.user)
    await _explain(context, verifier, node, question, told)
    return told.finished()


async def _explain(context: Context, verifier: TokenVerifier, node: Node, question: Question, told: Explanation) -> None:
    step = Step.ORIGIN
    try:
        if question.origin is not None:
            node.origins.check(question.origin, question.host, secure=question.secure)
            told.passed(step, f"Pages of {question.origin[:200]} may connect.")
        step = Step.NODE
        node.check()
        told.passed(step)
        step = Step.ADDRESS
        if question.address is not None:
            check_address(node.crowd_at(question.address))
            told.passed(step)
        step = Step.CHAT_ID
        chat = check_chat_id(question.chat) if question.chat is not None else None
        if chat is not None:
            told.passed(step)
        claims = await _explain_token(verifier, question.token, told) if question.token is not None else None
        if told.refusal is not None:
            return
        step = Step.USER
        user = await _whose(context, claims, question.user, told)
        session = claims.session if claims is not None else None
        found, place = await context.store.read(lambda connection: _find(connection, user, session, chat))
        if user is not None:
            face = check_user(found).user
            told.passed(step, f"{face.name} may come in" + (", and the session stands." if session is not None else "."))
        step = Step.CHAT
        if chat is not None:
            member = check_place(place).member
            told.passed(step, f"A member with the role {member.role.value}.")
        if user is not None:
            told.passed(Step.LIMITS, _room(node, user))
    except TenfourError as refusal:
        told.failed(step, refusal)


def _room(node: Node, user: UserId) -> str:
    there, at_most = node.live.count(user), node.connections_per_user
    return f"{there} of {at_most} connections of this user are open here" + ("; the next one takes the oldest one's place." if there >= at_most else ".")


def _find(connection: Connection, user: UserId | None, session: SessionId | None, chat: ChatId | None) -> tuple[Admission | None, Place]:
    if user is not None:
        return look_up(connection, user, session, chat, 0)
    return None, find_place(connection, chat, UserId("")) if chat is not None else None


async def _explain_token(verifier: TokenVerifier, token: str, told: Explanation) -> Claims | None:
    passed, verdict = await verifier.examine(token)
    for each in passed:
        told.passed(_STEPS[each])
    if isinstance(verdict, Claims):
        return verdict
    told.failed(_STEPS[list(TokenCheck)[len(passed)]], verdict)
    return None


async def _whose(context: Context, claims: Claims | None, wanted: UserId | None, told: Explanation) -> UserId | None:
    """The user; None for one of a product whom the first connection makes."""
    if claims is None:
        return wanted
    token = claims
    user = claims.user or await context.store.read(lambda connection: find_user(connection, token))
    if wanted is not None and user != wanted:
        raise TenfourError(ErrorCode.TOKEN_OTHER_USER, "The token belongs to another user than the one asked about.")
    told.user = user
    if user is None:
        check_first_name(claims)
        told.passed(Step.USER, "The first connection makes this user.")
    return user


_STEPS = {each: Step(f"token_{each}") for each in TokenCheck}
