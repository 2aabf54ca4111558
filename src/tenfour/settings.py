"""Every setting: its type, its default and one line of meaning.

Defaults, then the TOML file, then the environment (``TENFOUR_*``), then the command line. What is wrong is
refused at start by name. ``docs/reference/settings.md`` is made from this file.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "TENFOUR_"
NOT_SETTINGS = frozenset({"TENFOUR_CONFIG", "TENFOUR_REQUIRE_ALL", "TENFOUR_TOKEN", "TENFOUR_URL"})
"""Names that begin like a setting and are none."""


class WrongSetting(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


def _setting(default: Any, meaning: str, *, one_of: tuple[str, ...] = (), minimum: float | None = None, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "one_of": one_of, "minimum": minimum, "secret": secret}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    data: Path = _setting(Path("data"), "Folder of the database, the signing keys and the lock.")
    listen: str = _setting("127.0.0.1:8410", "Address and port to listen on; 0.0.0.0:8410 for every interface.")
    public_url: str = _setting("", "The address under which clients reach the server, for example https://chat.example.org; empty: the listen address.")
    tls_certificate: str = _setting("", "PEM file with the certificate and its chain; HTTP and WebSocket then speak TLS.")
    tls_key: str = _setting("", "PEM file with the certificate's private key.")
    registration: str = _setting("closed", "Who may make an account.", one_of=("closed", "invite", "open"))
    allowed_origins: tuple[str, ...] = _setting((), "Origins of pages that may use the server; empty: its own only. null stands for pages from file://.")
    trusted_proxies: tuple[str, ...] = _setting((), "Networks of proxies whose X-Forwarded-For is believed, for example 10.0.0.0/8.")
    database: str = _setting("", "Where the messages are; empty: the SQLite file tenfour.db in the data folder.")
    broker: str = _setting("local", "What carries events between nodes.", one_of=("local",))
    readers: int = _setting(2, "Threads that read the database.", minimum=1)
    log_level: str = _setting("info", "The least that is logged.", one_of=("debug", "info", "warning", "error"))
    log_format: str = _setting("auto", "How a line looks; auto: text on a terminal, JSON elsewhere.", one_of=("auto", "json", "text"))
    token_query: bool = _setting(True, "Whether a token may stand in the address of a WebSocket (?token=).")
    leeway_s: float = _setting(30.0, "How far the clocks of token issuers may be off, in seconds.", minimum=0)
    access_token_s: int = _setting(900, "Life of an access token, in seconds.", minimum=10)
    refresh_token_s: int = _setting(30 * 86_400, "Life of a session that is not used, in seconds.", minimum=60)
    external: tuple[dict[str, Any], ...] = _setting((), "Issuers whose tokens are taken: issuer, algorithm, secret or key or jwks_url, audience, id_claim, name_claim.", secret=True)
    metrics_token: str = _setting("", "Bearer token that opens /metrics from beyond loopback; empty: loopback only.", secret=True)
    heartbeat_s: float = _setting(25.0, "Silence after which a connection is pinged, in seconds.", minimum=0.1)
    heartbeat_grace_s: float = _setting(10.0, "How long an answer to a ping may take, in seconds.", minimum=0.1)
    authenticate_s: float = _setting(5.0, "How long a connection without a token may wait with authenticate, in seconds.", minimum=0.1)
    frame_bytes: int = _setting(65_536, "Largest WebSocket message from a client, in bytes.", minimum=1_024)
    text_chars: int = _setting(16_000, "Longest text of a message, in characters.", minimum=1)
    frames_per_s: int = _setting(50, "Frames a second from one connection; twice as many in a burst.", minimum=1)
    sends_per_s: int = _setting(20, "Messages a second from one connection; twice as many in a burst.", minimum=1)
    user_sends_per_s: int = _setting(30, "Messages a second from one user; twice as many in a burst.", minimum=1)
    connections_per_user: int = _setting(10, "Connections of one user on a node; one more replaces the oldest.", minimum=1)
    connections_per_address: int = _setting(200, "Connections from one address; more are refused.", minimum=1)
    handshakes_per_address_s: int = _setting(20, "New connections a second from one address.", minimum=1)
    connections: int = _setting(100_000, "Connections of one node; more are refused.", minimum=1)
    requests_per_address_s: int = _setting(200, "HTTP requests a second from one address; twice as many in a burst.", minimum=1)
    failed_logins: int = _setting(10, "Failed log-ins in 15 minutes of one account from one address.", minimum=1)
    send_budget_bytes: int = _setting(1_048_576, "Bytes that may wait for a slow reader before it is cut off.", minimum=65_536)
    receipts_live_max: int = _setting(50, "Largest chat in which receipts, typing and presence are broadcast, in members.", minimum=0)
    chat_members: int = _setting(10_000, "Most members of a chat.", minimum=2)
    replays_at_once: int = _setting(64, "Pages of missed events that are read at a time.", minimum=1)
    replay_events: int = _setting(1_000, "Longest gap that is replayed; a longer one is a reset.", minimum=1)
    echo_bytes: int = _setting(65_536, "Largest message at the diagnostic echo door, in bytes.", minimum=1_024)
    echo_connections: int = _setting(10, "Connections at the diagnostic echo door.", minimum=0)
    drain_s: float = _setting(8.0, "How long a stop may take until the last connection is closed, in seconds.", minimum=0)

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def is_loopback(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def uses_tls(self) -> bool:
        return bool(self.tls_certificate)

    @property
    def url(self) -> str:
        """The address to give to people."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"{'https' if self.uses_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


def load_settings(environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings from all their sources; raises ``WrongSetting``."""
    values = _from_file(environment) | _from_environment(environment) | dict(overrides or {})
    settings = Settings(**{name: _convert(_fields()[name], value) for name, value in values.items()})
    _check_together(settings)
    return settings


def _fields() -> dict[str, Field[Any]]:
    return {each.name: each for each in fields(Settings)}


def _from_file(environment: Mapping[str, str]) -> dict[str, Any]:
    named = environment.get("TENFOUR_CONFIG")
    path = Path(named or "tenfour.toml")
    if not path.exists():
        if named:
            raise WrongSetting(f"TENFOUR_CONFIG names {path}, and there is no such file")
        return {}
    try:
        found = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise WrongSetting(f"{path} is not TOML: {cause}") from cause
    for name in found:
        _require_known(name, f"{path}: {name}", list(_fields()))
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            name = variable.removeprefix(PREFIX).lower()
            _require_known(name, variable, [PREFIX + each.upper() for each in _fields()])
            found[name] = text
    return found


def _require_known(name: str, shown: str, known: list[str]) -> None:
    if name not in _fields():
        near = difflib.get_close_matches(shown.rpartition(": ")[2], known, n=1)
        raise WrongSetting(f"{shown} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))


def _convert(setting: Field[Any], value: Any) -> Any:
    """The value in the setting's type; raises ``WrongSetting`` with its name."""
    name = setting.name
    default = setting.default if setting.default is not MISSING else setting.default_factory()  # type: ignore[misc]
    try:
        converted = _typed(default, value, name)
    except (ValueError, TypeError) as cause:
        raise WrongSetting(f"{name} = {_shown(setting, value)} cannot be used: {cause}; the default is {_shown(setting, default)}") from cause
    allowed, minimum = setting.metadata["one_of"], setting.metadata["minimum"]
    if allowed and converted not in allowed:
        raise WrongSetting(f"{name} = {_shown(setting, value)} cannot be used: it is one of {', '.join(allowed)}")
    if minimum is not None and converted < minimum:
        raise WrongSetting(f"{name} = {_shown(setting, value)} cannot be used: the least is {minimum:g}")
    return converted


def _shown(setting: Field[Any], value: Any) -> str:
    return "[secret]" if setting.metadata["secret"] else repr(str(value) if isinstance(value, Path) else value)


def _typed(default: Any, value: Any, name: str) -> Any:
    if isinstance(default, bool):
        return _boolean(value)
    if isinstance(default, Path):
        return Path(value)
    if isinstance(default, tuple):
        return _tables(value) if name == "external" else _texts(value)
    if isinstance(default, str):
        if not isinstance(value, str):
            raise TypeError("it is a text")
        return value
    if isinstance(value, bool):
        raise TypeError("it is a number")
    return type(default)(value)


def _boolean(value: Any) -> bool:
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise ValueError("it is true or false")
    return known[str(value).lower()]


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(each.strip() for each in value.split(",") if each.strip())
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise TypeError("it is a list of texts (in the environment: joined by commas)")


def _tables(value: Any) -> tuple[dict[str, Any], ...]:
    found = json.loads(value) if isinstance(value, str) else value
    if isinstance(found, list | tuple) and all(isinstance(each, dict) for each in found):
        return tuple(found)
    raise TypeError("it is a list of tables (in the environment: as JSON)")


def _check_together(settings: Settings) -> None:
    """What one setting cannot tell alone."""
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65_535:  # noqa: PLR2004 - the range of ports
        raise WrongSetting(f"listen = {settings.listen!r} cannot be used: it is an address and a port, for example 127.0.0.1:8410")
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise WrongSetting("tls_certificate and tls_key go together: set both or neither")
    for name in ("tls_certificate", "tls_key"):
        if (path := getattr(settings, name)) and not Path(path).is_file():
            raise WrongSetting(f"{name} = {path!r} cannot be used: there is no such file")
    for origin in settings.allowed_origins:
        parts = urlsplit(origin)
        if origin != "null" and (not parts.scheme or not parts.netloc or parts.path or parts.query):
            raise WrongSetting(f"allowed_origins has {origin!r}: an origin is scheme, host and port and no more, for example https://app.example.org")
    for network in settings.trusted_proxies:
        try:
            ip_network(network)
        except ValueError as cause:
            raise WrongSetting(f"trusted_proxies has {network!r}: {cause}") from cause
    if settings.public_url and urlsplit(settings.public_url).scheme not in ("http", "https"):
        raise WrongSetting(f"public_url = {settings.public_url!r} cannot be used: it begins with http:// or https://")
    if settings.database and not settings.database.startswith("sqlite:///"):
        raise WrongSetting("database: this version keeps messages in SQLite only; give sqlite:///path or nothing")


def settings_table() -> str:
    """The reference page, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Made from `src/tenfour/settings.py`. Defaults, then `tenfour.toml` (or the file that `TENFOUR_CONFIG` names), then the",
        "environment, then the command line. A wrong setting is refused at start by name.",
        "",
        "| in TOML | in the environment | default | meaning |",
        "|---|---|---|---|",
    ]
    for each in fields(Settings):
        default = each.default if each.default is not MISSING else each.default_factory()  # type: ignore[misc]
        shown = ", ".join(default) if isinstance(default, tuple) else str(default)
        choices = f" One of: {', '.join(each.metadata['one_of'])}." if each.metadata["one_of"] else ""
        lines.append(f"| `{each.name}` | `{PREFIX}{each.name.upper()}` | {f'`{shown}`' if shown else '-'} | {each.metadata['meaning']}{choices} |")
    return "\n".join(lines) + "\n"


