"""What nobody may read in a report: found in what was given, and hidden wherever it comes back, however it is written."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from tenfour.doctor.evidence import HARMLESS_KEYS, HIDDEN

SHORTEST = 4
"""What is shorter is in half of all texts; where it was given it is hidden by its place."""
_NO_SECRETS = frozenset({"undefined", "null", "none", "nan", "[object object]", "true", "false"})
"""What programs send that have no token: the diagnosis names the word."""
_JWT = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}")
_PROXY_NAMES = re.compile(r"(?i)(?:https?|wss?|all)_proxy")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one run, in every writing in which a server may give them back, the longest first."""

    writings: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Secrets:
        found = {writing for value in values if len(value) >= SHORTEST and value.strip().lower() not in _NO_SECRETS for writing in _writings(value)}
        return cls(tuple(sorted(found, key=len, reverse=True)))

    def hide(self, text: str) -> str:
        """The text without them, and without anything that begins like a JWT."""
        for writing in self.writings:
            text = text.replace(writing, HIDDEN)
        return _JWT.sub(HIDDEN, text)

    def hide_in(self, value: Any) -> Any:
        """The same for all texts of what becomes JSON; its keys are names of fields."""
        match value:
            case str():
                return self.hide(value)
            case dict():
                return {key: self.hide_in(each) for key, each in value.items()}
            case list() | tuple():
                return [self.hide_in(each) for each in value]
        return value


def secrets_of(url: str, token: str | None, environment: Mapping[str, str]) -> Secrets:
    """Those of an address, of the token, and of the proxies that the environment names."""
    found = [token or "", *_in_address(url)]
    for name, value in environment.items():
        if _PROXY_NAMES.fullmatch(name):
            found += _in_userinfo(value if "://" in value else f"http://{value}")
    return Secrets.of(found)


def _in_address(url: str) -> list[str]:
    """What its query brings, but for what is known to be no secret, and its user and password."""
    try:
        query = urlsplit(url.strip()).query
    except ValueError:
        return []
    values = [value for key, value in parse_qsl(query, keep_blank_values=True) if key not in HARMLESS_KEYS]
    raw = [each.partition("=")[2] for each in query.split("&") if each.partition("=")[0] not in HARMLESS_KEYS]
    return [*values, *raw, *_in_userinfo(url.strip())]


def _in_userinfo(url: str) -> list[str]:
    """The password, and the pair as Basic authentication writes it; a user name alone is none, but may be a key."""
    try:
        userinfo = urlsplit(url).netloc.rpartition("@")[0]
    except ValueError:
        return []
    if not userinfo:
        return []
    pair = unquote(userinfo)
    user, _, password = userinfo.partition(":")
    return [userinfo, pair, password, unquote(password), user, unquote(user), base64.b64encode(pair.encode()).decode()]


def _writings(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    return {
        value,
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        html.escape(value),
        html.escape(value, quote=False),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        value.strip(),
    } - {""}
