"""The one catalogue of failures that a user can meet.

Server, clients, documentation and doctor read this table; nothing else invents codes. HTTP errors are
``application/problem+json`` (RFC 9457); close codes are of the private range of RFC 6455, section 7.4.2,
but for those that the protocol itself defines.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """What the client may do with a refusal."""

    NEVER = "never"
    AFTER_DELAY = "after_delay"
    WITH_NEW_TOKEN = "with_new_token"  # noqa: S105 - a name, not a secret
    AT_ONCE = "at_once"


class ErrorCode(StrEnum):
    """The names of the failures; each is one row of ``FAILURES``."""

    # What was sent
    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    FIELD_MISSING = "field_missing"
    FIELD_INVALID = "field_invalid"
    KEY_MISSING = "key_missing"
    KEY_INVALID = "key_invalid"
    KEY_REUSED = "key_reused"
    TEXT_EMPTY = "text_empty"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_INVALID = "text_invalid"
    REPLY_UNKNOWN = "reply_unknown"
    CHAT_ID_INVALID = "chat_id_invalid"
    CHAT_MISSING = "chat_missing"
    TOO_MANY_BAD_FRAMES = "too_many_bad_frames"
    BINARY_FRAME = "binary_frame"
    INVALID_UTF8 = "invalid_utf8"
    FRAME_TOO_LARGE = "frame_too_large"
    PROTOCOL_ERROR = "protocol_error"
    NOT_SUPPORTED = "not_supported"
    PICTURE_INVALID = "picture_invalid"
    # Who sent it
    TOKEN_MISSING = "token_missing"  # noqa: S105
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105
    TOKEN_ALGORITHM = "token_algorithm"  # noqa: S105
    TOKEN_KEY_UNKNOWN = "token_key_unknown"  # noqa: S105
    TOKEN_SIGNATURE = "token_signature"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"  # noqa: S105
    TOKEN_NO_EXPIRY = "token_no_expiry"  # noqa: S105
    TOKEN_AUDIENCE = "token_audience"  # noqa: S105
    TOKEN_ISSUER = "token_issuer"  # noqa: S105
    TOKEN_CLAIMS = "token_claims"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    TOKEN_OTHER_USER = "token_other_user"  # noqa: S105
    TOKENS_DIFFER = "tokens_differ"
    TOKEN_QUERY_OFF = "token_query_off"  # noqa: S105
    TICKET_INVALID = "ticket_invalid"
    SUBPROTOCOL_MISSING = "subprotocol_missing"
    ORIGIN_REFUSED = "origin_refused"
    USER_DISABLED = "user_disabled"
    LOGIN_FAILED = "login_failed"
    REFRESH_INVALID = "refresh_invalid"
    REFRESH_REUSED = "refresh_reused"
    SETUP_DONE = "setup_done"
    SETUP_LINK_INVALID = "setup_link_invalid"
    REGISTRATION_CLOSED = "registration_closed"
    INVITE_INVALID = "invite_invalid"
    NAME_TAKEN = "name_taken"
    NAME_INVALID = "name_invalid"
    PASSWORD_WEAK = "password_weak"  # noqa: S105
    SERVER_KEY_SCOPE = "server_key_scope"
    # What they may
    NOT_A_MEMBER = "not_a_member"
    REMOVED_FROM_CHAT = "removed_from_chat"
    CHAT_UNKNOWN = "chat_unknown"
    MESSAGE_UNKNOWN = "message_unknown"
    USER_UNKNOWN = "user_unknown"
    SESSION_UNKNOWN = "session_unknown"
    SERVER_KEY_UNKNOWN = "server_key_unknown"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MEDIA_TYPE = "media_type"
    FORBIDDEN = "forbidden"
    READ_ONLY = "read_only"
    MUTED = "muted"
    LAST_OWNER = "last_owner"
    DIRECT_CHAT_FIXED = "direct_chat_fixed"
    CHAT_FULL = "chat_full"
    CONFLICT = "conflict"
    NOT_SUBSCRIBED = "not_subscribed"
    # How much, how fast
    RATE_LIMITED = "rate_limited"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    BODY_TOO_LARGE = "body_too_large"
    HEADERS_TOO_LARGE = "headers_too_large"
    REQUEST_MALFORMED = "request_malformed"
    REQUEST_TIMEOUT = "request_timeout"
    SLOW_READER = "slow_reader"
    HEARTBEAT_MISSED = "heartbeat_missed"
    REPLACED = "replaced"
    ECHO_TIME_OVER = "echo_time_over"
    # The server
    UPGRADE_REQUIRED = "upgrade_required"
    BUSY = "busy"
    STORE_DOWN = "store_down"
    OUTCOME_UNKNOWN = "outcome_unknown"
    DRAINING = "draining"
    RESTART = "restart"
    LEAVING = "leaving"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failure:
    """One row: how a failure looks at each door and what the person who has it can do."""

    status: int
    """HTTP status of a response with this code."""
    close: int
    """WebSocket close code, if this failure ends or refuses a connection."""
    retry: Retry
    title: str
    """What happened, as one short sentence without its full stop."""
    advice: str
    """What to do about it, one sentence."""


class TenfourError(Exception):
    """A failure from the catalogue on its way to the person who caused it.

    ``detail`` says what is particular about this case; it never holds a token or a message's text.
    """

    def __init__(self, code: ErrorCode, detail: str | None = None, *, retry_after_ms: int | None = None) -> None:
        self.code = code
        self.detail = detail if detail is not None else FAILURES[code].title + "."
        self.retry_after_ms = retry_after_ms
        super().__init__(f"{code}: {self.detail}")

    @property
    def failure(self) -> Failure:
        return FAILURES[self.code]


def close_reason(code: ErrorCode, detail: str | None = None) -> str:
    """The text of a close frame, ``code: sentence`` without a full stop, at most 123 bytes (RFC 6455, section 5.5)."""
    text = f"{code}: {(detail or FAILURES[code].title).removesuffix('.')}"
    return text.encode()[:123].decode(errors="ignore")


_E = ErrorCode
_NEVER, _DELAY, _TOKEN, _ONCE = Retry.NEVER, Retry.AFTER_DELAY, Retry.WITH_NEW_TOKEN, Retry.AT_ONCE

FAILURES: dict[ErrorCode, Failure] = {
    # What was sent
    _E.MALFORMED: Failure(400, 4400, _NEVER, "What was sent is not one JSON object", "Send one JSON object per text frame or body; check quotes, commas and nesting."),
    _E.UNKNOWN_TYPE: Failure(400, 4400, _NEVER, "The frame's type is not one that clients send", "Use a type of protocol tenfour.v1; the list is in protocol/README.md."),
    _E.FIELD_MISSING: Failure(400, 4400, _NEVER, "A field that is needed is missing", "Add the field that the detail names."),
    _E.FIELD_INVALID: Failure(400, 4400, _NEVER, "A field has a value that it cannot have", "Correct the field that the detail names."),
    _E.KEY_MISSING: Failure(400, 4400, _NEVER, "A message needs a key", "Send your own key (1 to 64 characters, a UUIDv7 is best) so that sending again cannot double the message."),
    _E.KEY_INVALID: Failure(400, 4400, _NEVER, "The key is not 1 to 64 visible ASCII characters", "Use a UUIDv7 or another short random text as key."),
    _E.KEY_REUSED: Failure(409, 4400, _NEVER, "This key was already used for another content", "Make a new key for a new message; use an old key only to send the same message again."),
    _E.TEXT_EMPTY: Failure(422, 4400, _NEVER, "The text is empty", "Write something that is not only white space."),
    _E.TEXT_TOO_LONG: Failure(422, 4400, _NEVER, "The text is too long", "Shorten the text; the limit is in limits.text_chars of the welcome."),
    _E.TEXT_INVALID: Failure(422, 4400, _NEVER, "The text has characters that cannot be stored", "Remove NUL characters and lone surrogates from the text."),
    _E.REPLY_UNKNOWN: Failure(422, 4400, _NEVER, "The message that is replied to is not in this chat", "Reply to a message of the same chat."),
    _E.CHAT_ID_INVALID: Failure(400, 4404, _NEVER, "The chat id is not a UUID", "Use the id that the chat list gives, for example 01890a5d-ac96-774b-bcce-b302099a8057."),
    _E.CHAT_MISSING: Failure(400, 4400, _NEVER, "The frame does not say for which chat it is", "Add the field chat; it can be left out only at a chat's own door."),
    _E.TOO_MANY_BAD_FRAMES: Failure(400, 4400, _NEVER, "Ten frames in a minute could not be understood", "Correct the client: each of the frames got its own error."),
    _E.BINARY_FRAME: Failure(400, 1003, _NEVER, "Binary frames are not part of the protocol", "Send JSON in text frames."),
    _E.INVALID_UTF8: Failure(400, 1007, _NEVER, "The text is not valid UTF-8", "Encode the text as UTF-8."),
    _E.FRAME_TOO_LARGE: Failure(413, 1009, _NEVER, "The frame is larger than the server takes", "Send smaller frames; the limit is in limits.frame_bytes of the welcome."),
    _E.PROTOCOL_ERROR: Failure(400, 1002, _NEVER, "The WebSocket protocol was broken", "Use a WebSocket library that follows RFC 6455."),
    _E.NOT_SUPPORTED: Failure(501, 4400, _NEVER, "This server does not do that yet", "Look in the release notes for the version that brings it."),
    _E.PICTURE_INVALID: Failure(422, 4400, _NEVER, "The picture cannot be used", "Send a PNG, JPEG or WebP of at most 512 x 512 and 256 KiB."),
    # Who sent it
    _E.TOKEN_MISSING: Failure(401, 4401, _TOKEN, "No token came", "Log in and send the access token: Authorization header, subprotocol, ticket or first frame."),
    _E.TOKEN_MALFORMED: Failure(401, 4401, _TOKEN, "The token is not a JWT", "Send the access token whole: three base64url parts joined by dots."),
    _E.TOKEN_ALGORITHM: Failure(401, 4401, _NEVER, "The token is signed with an algorithm that its key does not allow", "Sign with the algorithm that the server's settings name for this key."),
    _E.TOKEN_KEY_UNKNOWN: Failure(401, 4401, _TOKEN, "The token names a key that the server does not know", "Log in again; for own tokens check kid, JWKS URL and issuer in the settings."),
    _E.TOKEN_SIGNATURE: Failure(401, 4401, _TOKEN, "The token's signature does not fit", "Log in again; for own tokens check that both sides use the same key."),
    _E.TOKEN_EXPIRED: Failure(401, 4401, _TOKEN, "The token has expired", "Get a new token; if it is new, compare both clocks."),
    _E.TOKEN_NOT_YET_VALID: Failure(401, 4401, _DELAY, "The token is not valid yet", "Compare the clock of the token's issuer with the server's."),
    _E.TOKEN_NO_EXPIRY: Failure(401, 4401, _NEVER, "The token has no expiry", "Make tokens with an exp claim; 15 minutes is a good life."),
    _E.TOKEN_AUDIENCE: Failure(401, 4401, _NEVER, "The token is for another audience", "Set aud to what the server's settings expect."),
    _E.TOKEN_ISSUER: Failure(401, 4401, _NEVER, "The token's issuer is not one that the server trusts", "Set iss to what the server's settings expect."),
    _E.TOKEN_CLAIMS: Failure(401, 4401, _NEVER, "A claim of the token is missing or has a wrong type", "Correct the claim that the detail names."),
    _E.TOKEN_REVOKED: Failure(401, 4401, _NEVER, "The session of this token was ended", "Log in again."),
    _E.TOKEN_OTHER_USER: Failure(401, 4401, _NEVER, "The new token belongs to another user than the connection", "Open a new connection for another user."),
    _E.TOKENS_DIFFER: Failure(400, 4401, _NEVER, "Two different tokens came in one request", "Send the token in one place only."),
    _E.TOKEN_QUERY_OFF: Failure(401, 4401, _NEVER, "Tokens in the address are switched off here", "Use the Authorization header, the subprotocol or a ticket."),
    _E.TICKET_INVALID: Failure(401, 4401, _TOKEN, "The ticket is unknown, used or older than 30 seconds", "Get a new ticket by POST /api/v1/ws-tickets for each connection."),
    _E.SUBPROTOCOL_MISSING: Failure(400, 4400, _NEVER, "A bearer subprotocol came without tenfour.v1", "Offer tenfour.v1 beside tenfour.bearer.<token>."),
    _E.ORIGIN_REFUSED: Failure(403, 4403, _NEVER, "Pages of this origin may not use the server", "Add the origin to allowed_origins in the server's settings."),
    _E.USER_DISABLED: Failure(403, 4401, _NEVER, "The account is disabled", "Ask an administrator."),
    _E.LOGIN_FAILED: Failure(401, 4401, _NEVER, "Name or password is wrong", "Check both; after ten failures wait 15 minutes."),
    _E.REFRESH_INVALID: Failure(401, 4401, _NEVER, "The refresh token is unknown or has expired", "Log in again."),
    _E.REFRESH_REUSED: Failure(401, 4401, _NEVER, "The refresh token was used twice, so its session was ended", "Log in again; if this was not you, change your password."),
    _E.SETUP_DONE: Failure(409, 4400, _NEVER, "The first administrator exists already", "Log in, or ask the administrator."),
    _E.SETUP_LINK_INVALID: Failure(403, 4400, _NEVER, "The set-up link is wrong or used", "Use the link that the server printed at its last start."),
    _E.REGISTRATION_CLOSED: Failure(403, 4400, _NEVER, "Registration is closed on this server", "Ask an administrator for an account."),
    _E.INVITE_INVALID: Failure(403, 4400, _NEVER, "The invitation is unknown, used or has expired", "Ask for a new invitation."),
    _E.NAME_TAKEN: Failure(409, 4400, _NEVER, "The name is taken", "Choose another name."),
    _E.NAME_INVALID: Failure(422, 4400, _NEVER, "The name cannot be used", "Use 1 to 64 letters, digits, dots, dashes or underscores."),
    _E.PASSWORD_WEAK: Failure(422, 4400, _NEVER, "The password is too short or too long", "Use 8 to 256 characters."),
    _E.SERVER_KEY_SCOPE: Failure(403, 4403, _NEVER, "The server key has no right to do this", "Make a key with the scope that the detail names."),
    # What they may
    _E.NOT_A_MEMBER: Failure(403, 4403, _NEVER, "Not a member of this chat", "Ask a member to add you."),
    _E.REMOVED_FROM_CHAT: Failure(403, 4403, _NEVER, "You left or were removed from this chat", "Ask a member to add you again."),
    _E.CHAT_UNKNOWN: Failure(404, 4404, _NEVER, "No such chat", "Check the id against the chat list."),
    _E.MESSAGE_UNKNOWN: Failure(404, 4404, _NEVER, "No such message in this chat", "Check the id against the chat's history."),
    _E.USER_UNKNOWN: Failure(404, 4404, _NEVER, "No such user", "Check the id or the name."),
    _E.SESSION_UNKNOWN: Failure(404, 4404, _NEVER, "No such session", "List the sessions to see their ids."),
    _E.SERVER_KEY_UNKNOWN: Failure(404, 4404, _NEVER, "No such server key", "List the keys that stand to see their ids."),
    _E.NOT_FOUND: Failure(404, 4404, _NEVER, "Nothing is at this address", "Check the path; the API begins at /api/v1."),
    _E.METHOD_NOT_ALLOWED: Failure(405, 4400, _NEVER, "This address does not take that method", "Look the method up in /api/v1/openapi.json."),
    _E.MEDIA_TYPE: Failure(415, 4400, _NEVER, "The body is not of a type that this address takes", "Send JSON with Content-Type: application/json; only a picture is sent as its own type."),
    _E.FORBIDDEN: Failure(403, 4403, _NEVER, "You may not do that", "Ask an owner or an administrator."),
    _E.READ_ONLY: Failure(403, 4403, _NEVER, "You may read this chat but not write in it", "Ask an owner or an administrator of the chat."),
    _E.MUTED: Failure(403, 4403, _DELAY, "You are muted in this chat", "Wait as long as retry_after_ms says."),
    _E.LAST_OWNER: Failure(409, 4400, _NEVER, "The last owner cannot go or be made less", "Make somebody else owner first."),
    _E.DIRECT_CHAT_FIXED: Failure(409, 4400, _NEVER, "A direct chat has its two members for good", "Make a group to talk with more people."),
    _E.CHAT_FULL: Failure(409, 4400, _NEVER, "The chat has as many members as it can have", "Make a second chat, or raise the limit in the settings."),
    _E.CONFLICT: Failure(409, 4400, _NEVER, "This does not fit what is there", "Read the present state and try again."),
    _E.NOT_SUBSCRIBED: Failure(409, 4400, _NEVER, "The chat is not subscribed on this connection", "Send subscribe first."),
    # How much, how fast
    _E.RATE_LIMITED: Failure(429, 4429, _DELAY, "Too much in too short a time", "Wait as long as retry_after_ms or Retry-After says."),
    _E.TOO_MANY_ATTEMPTS: Failure(429, 4429, _DELAY, "Too many failed attempts", "Wait as long as Retry-After says."),
    _E.TOO_MANY_CONNECTIONS: Failure(429, 4429, _DELAY, "Too many connections from one address", "Close connections that are not needed, or raise the limit in the settings."),
    _E.TOO_MANY_SUBSCRIPTIONS: Failure(400, 4400, _NEVER, "Too many chats in one frame", "Name at most 1,000 chats a frame."),
    _E.BODY_TOO_LARGE: Failure(413, 1009, _NEVER, "The body is larger than the server takes", "Send less at once."),
    _E.HEADERS_TOO_LARGE: Failure(431, 1009, _NEVER, "The request's headers are larger than 16 KiB", "Send fewer cookies, or the token as a ticket."),
    _E.REQUEST_MALFORMED: Failure(400, 4400, _NEVER, "The request is not HTTP/1.1", "Use an HTTP library, and http:// or https:// as the server's address says."),
    _E.REQUEST_TIMEOUT: Failure(408, 4400, _DELAY, "The request did not arrive whole in time", "Check the network and send it again."),
    _E.SLOW_READER: Failure(503, 4408, _DELAY, "The client reads more slowly than the chat speaks", "Connect again and resume; subscribe to fewer chats on a slow line."),
    _E.HEARTBEAT_MISSED: Failure(408, 4410, _ONCE, "Nothing came from the client for too long", "Connect again and resume; a proxy or a sleeping machine may have held the line."),
    _E.REPLACED: Failure(409, 4409, _NEVER, "A newer connection of the same user took this one's place", "Close connections that are not needed."),
    _E.ECHO_TIME_OVER: Failure(408, 4408, _DELAY, "The echo door lets nobody stay for longer", "Connect again if more is to be measured."),
    # The server
    _E.UPGRADE_REQUIRED: Failure(426, 4400, _NEVER, "This address speaks WebSocket and no upgrade arrived", "Let every proxy on the way pass the Upgrade and Connection headers over HTTP/1.1."),
    _E.BUSY: Failure(503, 4503, _DELAY, "The server has as much to write as it can hold", "Send it again with the same key after retry_after_ms."),
    _E.STORE_DOWN: Failure(503, 4503, _DELAY, "The server cannot write at the moment", "Send it again with the same key after retry_after_ms."),
    _E.OUTCOME_UNKNOWN: Failure(503, 4503, _DELAY, "It is not known whether this was stored", "Send it again with the same key: it cannot double."),
    _E.DRAINING: Failure(503, 4503, _DELAY, "The server is about to stop", "Connect again after the given time."),
    _E.RESTART: Failure(503, 1012, _DELAY, "The server restarts", "Connect again after the given time."),
    _E.LEAVING: Failure(200, 1001, _ONCE, "The other side leaves", "Connect again when you are back."),
    _E.INTERNAL: Failure(500, 4500, _DELAY, "The server made a mistake", "Report the reference to the administrator: the log has the rest."),
}

CLOSE_CODES: dict[int, str] = {
    1001: "The other side leaves. Connect again when it is wanted.",
    1002: "RFC 6455 was broken. Correct the client.",
    1003: "A binary frame came. Correct the client.",
    1007: "Text came that is not UTF-8. Correct the client.",
    1009: "A message had too many bytes or fragments. Correct the client.",
    1012: "The server restarts. Connect again after the `after_ms` of `goodbye`, and resume.",
    4400: "Ten frames in a minute could not be understood, or the request could not. Correct the client.",
    4401: "The token is missing, wrong, expired or revoked, or the account is disabled. Connect again with a new token where the reason's row says `with_new_token`.",
    4403: "Not a member of the chat, or not any more. Stay away from this chat.",
    4404: "No such chat, or its id is not a UUID. Stay away from this address.",
    4408: "The client read more slowly than the chat spoke. Connect again after a delay, and resume.",
    4409: "A newer connection of the same user took this one's place. Do not come back unasked: two clients would push each other out for ever.",
    4410: "Nothing came from the client for too long. Connect again at once, and resume.",
    4429: "Too much in too short a time. Connect again after the `after_ms` of `goodbye`.",
    4500: "The server made a mistake. Connect again after a delay; the reference in the reason stands in its log.",
    4503: "The server cannot admit the connection now: it stops, or its store is away. Connect again after a delay.",
}
"""What each close code means, and what a client does then; the reason names the row of ``FAILURES``."""

assert {failure.close for failure in FAILURES.values()} == set(CLOSE_CODES), "every close code is explained"
