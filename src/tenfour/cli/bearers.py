"""Access tokens that a command shows, each kind renewed in its own way."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from tenfour.cli.failures import CommandFailed, Exit, words
from tenfour.cli.rest import Json, Rest, refusal
from tenfour.clock import SystemClock
from tenfour.errors import ErrorCode, TenfourError

RENEW_AT = 0.8
"""How much of a token's life passes before there is a new one."""


class Tokens:
    """A user's access token, renewed in time. Callable as the SDK's ``TokenSource``."""

    def __init__(self) -> None:
        self._token = ""
        self._good_until = float("-inf")

    async def __call__(self, refused: bool) -> str:
        now_s = SystemClock().monotonic()
        if refused or now_s >= self._good_until:
            made = await self._make()
            self._token = made["access_token"]
            self._good_until = now_s + RENEW_AT * made["expires_in"]
        return self._token

    async def current(self) -> str:
        return await self(False)

    async def _make(self) -> Json:
        raise NotImplementedError


class IssuedTokens(Tokens):
    """Tokens that this machine's administration makes for a user."""

    def __init__(self, administration: Rest, user: str) -> None:
        super().__init__()
        self._administration = administration
        self._user = user

    async def _make(self) -> Json:
        made: Json = await self._administration.call("POST", f"/users/{self._user}/tokens")
        return made


class SessionTokens(Tokens):
    """Tokens of a session that a password opened."""

    def __init__(self, http: httpx.AsyncClient, name: str, password: str) -> None:
        super().__init__()
        self._http = http
        self._log_in: Json = {"name": name, "password": password}
        self._refresh: str | None = None

    async def _make(self) -> Json:
        path, body = ("/sessions", self._log_in) if self._refresh is None else ("/sessions/refresh", {"refresh_token": self._refresh})
        answer = await self._http.post(f"/api/v1{path}", json=body)
        if answer.is_error:
            raise refusal(answer)
        made: Json = answer.json()
        self._refresh = made["refresh_token"]
        return made


class GivenToken(Tokens):
    """A token that cannot be renewed here."""

    def __init__(self, token: str) -> None:
        super().__init__()
        if not token.isascii() or not token.isprintable():
            raise TenfourError(ErrorCode.TOKEN_MALFORMED)
        self._token = token
        self._good_until = float("inf")

    async def __call__(self, refused: bool) -> str:
        return self._token


def read_token(file: str) -> str:
    """The token in a file; - is standard input."""
    try:
        return (sys.stdin.read() if file == "-" else Path(file).read_text()).strip()
    except (OSError, UnicodeDecodeError) as cause:
        raise CommandFailed(f"the token cannot be read: {words(cause)}", "Name another file by --token-file, or - for standard input.", Exit.WRONG_USE) from cause
