"""``/setup``, ``/accounts``, ``/sessions``, ``/me``, ``/users``, ``/invites``, ``/ws-tickets``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.params import Parameter
from sqlalchemy import Connection

from tenfour.actions import accounts as account_actions
from tenfour.actions import sessions as session_actions
from tenfour.actions.context import Caller
from tenfour.actions.sessions import LoggedIn
from tenfour.actions.tickets import make_ticket
from tenfour.api.attempts import Attempts
from tenfour.api.chats import Cursor, PersonShown, parse_cursor
from tenfour.api.description import BODY, NOBODY, SERVER_KEY, TOKEN, UserPath, problems
from tenfour.api.identity import AnyRequest, Asking, client_address
from tenfour.api.services import Services
from tenfour.auth.secrets import INVITE_PREFIX, new_secret
from tenfour.domain.name import fold_name
from tenfour.domain.picture import picture_path
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import SessionId, UserId, parse_uuid
from tenfour.storage import people
from tenfour.storage.people import Person
from tenfour.wire.times import rfc3339

SECURE_COOKIE, PLAIN_COOKIE = "__Host-tenfour_refresh", "tenfour_refresh"
UUID_PATTERN = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"

IDS_MAX = 100
"""People asked for at once by their ids."""

Password = Annotated[str, msgspec.Meta(max_length=1024)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class SetUp(msgspec.Struct):
    secret: str
    name: Name
    password: Password


class NewAccount(msgspec.Struct):
    name: Name
    password: Password
    invite: str | None = None


class LogIn(msgspec.Struct):
    name: Name
    password: Password
    cookie: bool = False


class Refresh(msgspec.Struct):
    refresh_token: str | None = None


class User(PersonShown):
    """A person; what is not of their face is told to administrators and to themselves only."""

    external_id: str | msgspec.UnsetType | None = msgspec.UNSET
    admin: bool | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class SessionOpened(msgspec.Struct):
    access_token: str
    expires_in: int
    user: dict[str, str]
    session: str
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    """Left out where it went into a cookie."""
    token_type: str = "Bearer"  # noqa: S105


class SessionShown(msgspec.Struct):
    id: str
    created_at: str
    last_used_at: str
    user_agent: str | None
    address: str | None
    current: bool


class SessionList(msgspec.Struct):
    items: list[SessionShown]
    next: str | None = None


class UserList(msgspec.Struct):
    items: list[User]
    next: str | None = None


class ProfileChange(msgspec.Struct):
    name: Name | None = None
    avatar_colour: Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")] | None = None
    password: Password | None = None
    old_password: Password | None = None


class UserChange(msgspec.Struct):
    disabled: bool | None = None
    password: Password | None = None


class NewUser(msgspec.Struct):
    name: Name
    password: Password
    admin: bool = False


class Invited(msgspec.Struct):
    id: str
    invite: str


class TicketMade(msgspec.Struct):
    ticket: str
    expires_in: int


def user_shown(person: Person) -> User:
    """All of it, for administrators and the user's own eyes."""
    return User(person.id, person.name, person.avatar_colour, picture_path(person.avatar), person.external_id, person.admin, person.disabled)


def face_shown(person: Person) -> User:
    """What everybody may see."""
    return User(person.id, person.name, person.avatar_colour, picture_path(person.avatar))


@post(
    "/setup",
    summary="Makes the first administrator by the link that a start prints",
    tags=["accounts"],
    responses=problems(*BODY, ErrorCode.SETUP_DONE, ErrorCode.SETUP_LINK_INVALID, ErrorCode.NAME_INVALID, ErrorCode.PASSWORD_WEAK, ErrorCode.TOO_MANY_ATTEMPTS),
    security=NOBODY,
)
async def set_up(data: SetUp, services: Services, request: AnyRequest, attempts: Attempts) -> User:
    async with attempts.turn("", client_address(request, services)):
        user = await account_actions.set_up(services.context, services.hasher, data.secret, data.name, data.password)
    return await services.context.store.read(lambda connection: user_shown(people.person(connection, user)))


@post(
    "/accounts",
    summary="Registers, as far as that is open",
    tags=["accounts"],
    responses=problems(*BODY, ErrorCode.REGISTRATION_CLOSED, ErrorCode.INVITE_INVALID, ErrorCode.NAME_TAKEN, ErrorCode.NAME_INVALID, ErrorCode.PASSWORD_WEAK),
    security=NOBODY,
)
async def register(data: NewAccount, services: Services) -> User:
    user = await account_actions.register(services.context, services.hasher, data.name, data.password, data.invite)
    return await services.context.store.read(lambda connection: user_shown(people.person(connection, user)))


@post("/sessions", summary="Logs in", tags=["sessions"], responses=problems(*BODY, ErrorCode.LOGIN_FAILED, ErrorCode.USER_DISABLED, ErrorCode.TOO_MANY_ATTEMPTS), security=NOBODY)
async def log_in(data: LogIn, services: Services, request: AnyRequest, attempts: Attempts) -> Response[SessionOpened]:
    address, user_agent = client_address(request, services), request.headers.get("user-agent")
    async with attempts.turn(fold_name(data.name), address):
        opened = await session_actions.log_in(services.context, services.hasher, services.tokens, data.name, data.password, user_agent=user_agent, address=address)
    services.log.info("Processing session.opened", user=opened.user, session=opened.session, address=address)
    return _opened(opened, services, as_cookie=data.cookie, status=201)


@post(
    "/sessions/refresh",
    status_code=200,
    summary="Gives a new access token",
    tags=["sessions"],
    responses=problems(*BODY, ErrorCode.REFRESH_INVALID, ErrorCode.REFRESH_REUSED, ErrorCode.USER_DISABLED, ErrorCode.ORIGIN_REFUSED),
    security=NOBODY,
)
async def refresh(services: Services, request: AnyRequest, data: Refresh | None = None) -> Response[SessionOpened]:
    given = data.refresh_token if data is not None else None
    by_cookie = given is None
    if by_cookie:
        given = request.cookies.get(_cookie_name(services))
        _require_own_origin(request, services)
    if not given:
        raise TenfourError(ErrorCode.REFRESH_INVALID, "No refresh token came, in the body or as a cookie.")
    opened = await session_actions.refresh_session(services.context, services.tokens, given)
    return _opened(opened, services, as_cookie=by_cookie, status=200)


@get("/sessions", summary="Lists the user's own sessions", tags=["sessions"], responses=problems(*TOKEN))
async def list_sessions(asking: Asking, services: Services) -> SessionList:
    now_ms = services.context.clock.now_ms()
    found, current = await asking.read(lambda connection, caller: (people.sessions_of(connection, caller.user, now_ms), caller.session))
    return SessionList([SessionShown(each.id, rfc3339(each.created_at), rfc3339(each.last_used_at), each.user_agent, each.address, each.id == current) for each in found])


@delete("/sessions/{session:str}", status_code=204, summary="Ends a session; current is the token's own", tags=["sessions"], responses=problems(*TOKEN, ErrorCode.SESSION_UNKNOWN))
async def end_session(session: str, asking: Asking, services: Services) -> Response[None]:
    caller = await asking.caller()
    wanted = caller.session if session == "current" else _session_id(session)
    if wanted is None:
        raise TenfourError(ErrorCode.SESSION_UNKNOWN, "This token belongs to no session.")
    await session_actions.end_session(services.context, caller.user, wanted)
    return Response(None, status_code=204, cookies=[_cookie(services, "", 0)] if wanted == caller.session else [])


def _session_id(text: str) -> SessionId:
    try:
        return SessionId(parse_uuid(text))
    except ValueError as cause:
        raise TenfourError(ErrorCode.SESSION_UNKNOWN) from cause


@get("/me", summary="The user of the token", tags=["accounts"], responses=problems(*TOKEN))
async def get_me(asking: Asking) -> User:
    return await asking.read(lambda connection, caller: user_shown(people.person(connection, caller.user)))


@patch(
    "/me",
    summary="Changes name, avatar colour or password",
    tags=["accounts"],
    responses=problems(*TOKEN, *BODY, ErrorCode.NAME_TAKEN, ErrorCode.NAME_INVALID, ErrorCode.PASSWORD_WEAK, ErrorCode.LOGIN_FAILED, ErrorCode.TOO_MANY_ATTEMPTS),
)
async def change_me(data: ProfileChange, asking: Asking, services: Services, request: AnyRequest, attempts: Attempts) -> User:
    caller = await asking.caller()
    if data.password is not None:
        async with attempts.turn(caller.user, client_address(request, services)):
            await _require_old_password(data, caller, services)
    wanted = account_actions.Profile(data.name, data.avatar_colour, data.password)
    await account_actions.change_profile(services.context, services.hasher, caller.user, wanted, keep=caller.session)
    return await asking.read(lambda connection, _: user_shown(people.person(connection, caller.user)))


@get("/users", summary="People by name, found by the beginning of any word of it; or those of some ids", tags=["users"], responses=problems(*TOKEN))
async def search_users(
    asking: Asking,
    text: Annotated[str, Parameter(query="query", max_length=64, description="The beginning of a word of the name.")] = "",
    ids: Annotated[str | None, Parameter(max_length=IDS_MAX * 37, description="Up to 100 UUIDs joined by commas. Whoever is disabled or left keeps a name here.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 20,
) -> UserList:
    after, wanted = parse_cursor(cursor), _parse_ids(ids)

    def find(connection: Connection, caller: Caller) -> tuple[list[Person], bool]:
        if wanted is not None:
            return people.people(connection, wanted), caller.admin
        return people.search_people(connection, text, after, limit + 1, with_disabled=caller.admin), caller.admin

    found, by_administrator = await asking.read_as_anybody(find)
    page = found if wanted is not None else found[:limit]
    return UserList([(user_shown if by_administrator else face_shown)(each) for each in page], page[-1].id if len(found) > len(page) else None)


@post("/users", summary="Makes an account (administrators)", tags=["users"], responses=problems(*TOKEN, *BODY, ErrorCode.NAME_TAKEN, ErrorCode.NAME_INVALID, ErrorCode.PASSWORD_WEAK))
async def add_user(data: NewUser, asking: Asking, services: Services) -> User:
    await asking.administrator()
    user = await account_actions.add_account(services.context, services.hasher, data.name, data.password, admin=data.admin)
    return await services.context.store.read(lambda connection: user_shown(people.person(connection, user)))


@get("/users/{user:str}", summary="One person", tags=["users"], responses=problems(*TOKEN, ErrorCode.USER_UNKNOWN))
async def get_user(user: UserPath, asking: Asking) -> User:
    def find(connection: Connection, caller: Caller) -> User:
        """Who is disabled is found by administrators only, as in the search."""
        if caller.admin:
            return user_shown(people.find_person(connection, user))
        found = people.person(connection, people.resolve_user(connection, user))
        return user_shown(found) if found.id == caller.user else face_shown(found)

    return await asking.read_as_anybody(find)


@patch(
    "/users/{user:str}",
    summary="Disables, enables (server keys too), or sets a password (administrators)",
    tags=["users"],
    responses=problems(*SERVER_KEY, *BODY, ErrorCode.USER_UNKNOWN, ErrorCode.PASSWORD_WEAK, ErrorCode.CONFLICT),
)
async def change_user(user: UserPath, data: UserChange, asking: Asking, services: Services) -> User:
    if asking.is_server_key and data.password is None:
        await asking.server_key("users")
    else:
        await asking.administrator()
    found = await services.context.store.read(lambda connection: people.find_person(connection, user))
    if asking.is_server_key and found.admin:
        raise TenfourError(ErrorCode.FORBIDDEN, "A server key changes nothing of administrators.")
    if data.password is not None:
        await account_actions.change_password(services.context, services.hasher, found.id, data.password, keep=None)
    if data.disabled is not None:
        await account_actions.set_disabled(services.context, found.id, disabled=data.disabled)
    return await services.context.store.read(lambda connection: user_shown(people.person(connection, found.id)))


@post("/invites", summary="Makes an invitation for one account (administrators)", tags=["accounts"], responses=problems(*TOKEN))
async def invite(asking: Asking, services: Services) -> Invited:
    caller = await asking.administrator()
    secret = new_secret(INVITE_PREFIX)
    return Invited(await account_actions.make_invite(services.context, caller.user, secret), secret)


@post("/ws-tickets", summary="A one-time ticket to open a WebSocket with", tags=["sessions"], responses=problems(*TOKEN))
async def ticket(asking: Asking, services: Services) -> TicketMade:
    caller = await asking.caller()
    return TicketMade(await make_ticket(services.context, caller), services.context.policy.ticket_s)


def _parse_ids(text: str | None) -> list[UserId] | None:
    """Raises ``field_invalid``."""
    if text is None:
        return None
    try:
        wanted = [UserId(parse_uuid(each)) for each in text.split(",")]
    except ValueError as cause:
        raise TenfourError(ErrorCode.FIELD_INVALID, "ids: UUIDs joined by commas.") from cause
    if len(wanted) > IDS_MAX:
        raise TenfourError(ErrorCode.FIELD_INVALID, f"ids: at most {IDS_MAX} at once.")
    return wanted


async def _require_old_password(data: ProfileChange, caller: Caller, services: Services) -> None:
    stored = await services.context.store.read(lambda connection: people.credential_of(connection, caller.user))
    if not (await services.hasher.verify(stored, data.old_password or "")).ok:
        raise TenfourError(ErrorCode.LOGIN_FAILED, "The old password is wrong.")


def _opened(opened: LoggedIn, services: Services, *, as_cookie: bool, status: int) -> Response[SessionOpened]:
    shown = SessionOpened(opened.access_token, opened.expires_in_s, {"id": opened.user, "name": opened.name}, opened.session)
    if not as_cookie:
        shown.refresh_token = opened.refresh_token
        return Response(shown, status_code=status, headers={"Cache-Control": "no-store"})
    cookie = _cookie(services, opened.refresh_token, services.context.policy.refresh_token_s)
    return Response(shown, status_code=status, cookies=[cookie], headers={"Cache-Control": "no-store"})


def _cookie(services: Services, value: str, life_s: int) -> Cookie:
    return Cookie(key=_cookie_name(services), value=value, max_age=life_s, path="/", httponly=True, secure=services.secure_cookies, samesite="strict")


def _cookie_name(services: Services) -> str:
    return SECURE_COOKIE if services.secure_cookies else PLAIN_COOKIE


def _require_own_origin(request: AnyRequest, services: Services) -> None:
    """Cookies count for the server's own pages only."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if origin is not None and origin not in (services.own_origin, f"http://{host}", f"https://{host}"):
        raise TenfourError(ErrorCode.ORIGIN_REFUSED, f"The refresh cookie is for the server's own pages, not for {origin[:200]!r}.")


HANDLERS = [set_up, register, log_in, refresh, list_sessions, end_session, get_me, change_me, search_users, add_user, get_user, change_user, invite, ticket]
