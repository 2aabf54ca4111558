"""Every setting: its type, its default and one line of meaning.

Defaults, then the TOML file, then the environment (``TENFOUR_*``), then the command line. What is wrong is
refused at start by name. ``docs/reference/settings.md`` is made from this file.
"""
# ruff: noqa: RUF009 - _setting makes the field itself, once

from __future__ import annotations

import difflib
import json
import math
import ssl
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PREFIX = "TENFOUR_"
CONFIG_FILE = "tenfour.toml"
DATABASE_FILE = "tenfour.db"
NOT_SETTINGS = {
    "TENFOUR_CONFIG": "The TOML file to read instead of `tenfour.toml` in the working directory.",
    "TENFOUR_URL": "Where the command line finds the server.",
    "TENFOUR_TOKEN": "The access token that the command line uses.",
    "TENFOUR_PASSWORD": "The password that the command line uses instead of asking.",
    "TENFOUR_REQUIRE_ALL": "In tests: a missing tool is a failure instead of a skip.",
    "TENFOUR_PROOF": "In tests: the long proofs run with all their rounds.",
}
"""Names that begin like a setting and are none: the command line, or make, reads them."""
POSTGRESQL = ("postgresql://", "postgres://")
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
EXTERNAL_KEYS = ("issuer", "algorithm", "secret", "key", "jwks_url", "audience", "id_claim", "name_claim")


class WrongSetting(Exception):
    """A setting that cannot be used; the message names it, says what was wrong and what would do."""


def _setting(default: Any, meaning: str, *, one_of: tuple[str, ...] = (), minimum: float | None = None, maximum: float | None = None, example: str = "", secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "one_of": one_of, "minimum": minimum, "maximum": maximum, "example": example, "secret": secret}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """The settings in force."""

    data: Path = _setting(Path("data"), "Folder of the database, the signing keys and the lock.")
    listen: str = _setting("127.0.0.1:8410", "Address and port to listen on; 0.0.0.0:8410 for every interface.", example="0.0.0.0:8410")
    public_url: str = _setting("", "The address under which clients reach the server, for example https://chat.example.org; empty: the listen address.", example="https://chat.example.org")
    tls_certificate: str = _setting("", "PEM file with the certificate and its chain; HTTP and WebSocket then speak TLS.")
    tls_key: str = _setting("", "PEM file with the certificate's private key.")
    registration: str = _setting("closed", "Who may make an account.", one_of=("closed", "invite", "open"))
    allowed_origins: tuple[str, ...] = _setting((), "Origins of pages that may use the server; empty: its own only. null stands for pages from file://.", example="https://app.example.org")
    trusted_proxies: tuple[str, ...] = _setting((), "Networks of proxies whose X-Forwarded-For is believed, for example 10.0.0.0/8.", example="10.0.0.0/8")
    database: str = _setting(
        "",
        "Where the messages are: postgresql://user:password@host/name, or sqlite:/// and a path; empty: the SQLite file tenfour.db in the data folder.",
        example="postgresql://tenfour@db.example.org/tenfour",
        secret=True,
    )
    broker: str = _setting("local", "What carries events between nodes.", one_of=("local",))
    readers: int = _setting(2, "Threads that read the database.", minimum=1)
    log_level: str = _setting("info", "The least that is logged.", one_of=("debug", "info", "warning", "error"))
    log_format: str = _setting("auto", "How a line looks; auto: text on a terminal, JSON elsewhere.", one_of=("auto", "json", "text"))
    token_query: bool = _setting(True, "Whether a token may stand in the address of a WebSocket (?token=).")
    leeway_s: float = _setting(30.0, "How far the clocks of token issuers may be off, in seconds.", minimum=0, maximum=60)
    access_token_s: int = _setting(900, "Life of an access token, in seconds.", minimum=10, maximum=30 * 86_400)
    refresh_token_s: int = _setting(30 * 86_400, "Life of a session that is not used, in seconds.", minimum=60, maximum=3_650 * 86_400)
    external: tuple[dict[str, Any], ...] = _setting((), "Issuers whose tokens are taken: issuer, algorithm, secret or key or jwks_url, audience, id_claim, name_claim.", secret=True)
    metrics_token: str = _setting("", "Bearer token that opens /metrics from beyond loopback; empty: loopback only.", secret=True)
    heartbeat_s: float = _setting(25.0, "Silence after which a connection is pinged, in seconds.", minimum=0.1)
    heartbeat_grace_s: float = _setting(10.0, "How long an answer to a ping may take, in seconds.", minimum=0.1)
    authenticate_s: float = _setting(5.0, "How long a connection without a token may wait with authenticate, in seconds.", minimum=0.1)
    admission_s: float = _setting(12.0, "How long checking a token and reading the user's chats may take, in seconds.", minimum=0.1)
    offline_after_s: float = _setting(30.0, "How long somebody without a connection still counts as online, in seconds.", minimum=0)
    frame_bytes: int = _setting(65_536, "Largest WebSocket message from a client, in bytes.", minimum=1_024)
    text_chars: int = _setting(16_000, "Longest text of a message, in characters.", minimum=1)
    frames_per_s: int = _setting(50, "Frames a second from one connection; twice as many in a burst.", minimum=1)
    sends_per_s: int = _setting(20, "Messages a second from one connection; twice as many in a burst.", minimum=1)
    user_sends_per_s: int = _setting(30, "Messages a second from one user; twice as many in a burst.", minimum=1)
    connections_per_user: int = _setting(10, "Connections of one user on a node; one more replaces the oldest.", minimum=1)
    connections_per_address: int = _setting(200, "Connections from one address; more are refused.", minimum=1)
    handshakes_per_address_s: int = _setting(20, "New connections a second from one address.", minimum=1)
    connections: int = _setting(100_000, "Connections of one node, as far as its limit of open files has room for them; more are refused.", minimum=1)
    requests_per_address_s: int = _setting(200, "HTTP requests a second from one address; twice as many in a burst.", minimum=1)
    failed_logins: int = _setting(10, "Failed log-ins in 15 minutes of one account from one address.", minimum=1)
    failed_logins_per_address: int = _setting(100, "Failed log-ins in 15 minutes from one address, whatever the account.", minimum=1)
    send_budget_bytes: int = _setting(1_048_576, "Bytes that may wait for a slow reader before it is cut off.", minimum=65_536)
    receipts_live_max: int = _setting(50, "Largest chat in which receipts, typing and presence are broadcast, in members.", minimum=0)
    chat_members: int = _setting(10_000, "Most members of a chat.", minimum=2)
    chats_in_welcome: int = _setting(500, "Chats, the most active first, whose head stands in welcome; others are listed over HTTP.", minimum=1)
    replays_at_once: int = _setting(64, "Pages of missed events that are read at a time.", minimum=1)
    replay_events: int = _setting(1_000, "Longest gap that is replayed; a longer one is a reset.", minimum=1)
    echo_bytes: int = _setting(65_536, "Largest message at the diagnostic echo door, in bytes.", minimum=1_024)
    echo_connections: int = _setting(10, "Connections at the diagnostic echo door.", minimum=0)
    echo_s: float = _setting(600.0, "How long a connection at the diagnostic echo door may last, in seconds.", minimum=0.1)
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
    def speaks_in_the_open(self) -> bool:
        """Whether passwords and tokens cross a network without TLS."""
        return not self.is_loopback and not self.url.startswith("https://")

    @property
    def uses_postgresql(self) -> bool:
        return self.database.startswith(POSTGRESQL)

    @property
    def database_path(self) -> Path:
        """The file of an embedded database."""
        assert not self.uses_postgresql, "there is no file"
        return Path(self.database.removeprefix("sqlite:///")) if self.database else self.data / DATABASE_FILE

    @property
    def lock_folder(self) -> Path:
        """Where the lock is by which one process owns an embedded database, and its data folder in any case."""
        return self.data if self.uses_postgresql else self.database_path.parent

    @property
    def server_file(self) -> Path:
        """Where the running server says how programs of this machine reach it."""
        return self.data / "server.json"

    @property
    def uses_tls(self) -> bool:
        return bool(self.tls_certificate)

    @property
    def url(self) -> str:
        """The address to give to people."""
        return self.public_url.rstrip("/") or self.own_url

    @property
    def origin(self) -> str:
        """The origin of the server's own pages, as a browser writes it."""
        return _as_browsers_write(_split(self.url))

    @property
    def own_url(self) -> str:
        """The address at which programs of this machine reach the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"{'https' if self.uses_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


def load_settings(environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings from all their sources; raises ``WrongSetting``, one line for each thing that is wrong."""
    given = _Given()
    _read_file(environment, given)
    _read_environment(environment, given)
    for name, value in (overrides or {}).items():
        given.put(name, value, f"--{name.replace('_', '-')}")
    values = _convert_all(given)
    settings = Settings(**values)
    faults = _faults_together(settings)
    if faults:
        raise WrongSetting("\n".join(faults))
    return settings


def setting_fields() -> Mapping[str, Field[Any]]:
    """Every setting by its name, in the order of the reference; the metadata holds meaning and range."""
    return {each.name: each for each in fields(Settings)}


def setting_default(setting: Field[Any]) -> Any:
    return setting.default_factory() if setting.default_factory is not MISSING else setting.default


class _Given:
    """What was set, and how the place where it was set is called."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.faults: list[str] = []

    def put(self, name: str, value: Any, source: str) -> None:
        self.values[name] = value
        self.sources[name] = source


def _read_file(environment: Mapping[str, str], given: _Given) -> None:
    named = environment.get("TENFOUR_CONFIG")
    path = Path(named or CONFIG_FILE)
    if not path.exists():
        if named:
            raise WrongSetting(f"TENFOUR_CONFIG names {path}, and there is no such file")
        return
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise WrongSetting(f"{path} is not TOML: {cause}") from cause
    except OSError as cause:
        raise WrongSetting(f"{path} cannot be read: {cause.strerror}") from cause
    for name, value in found.items():
        if name in setting_fields():
            given.put(name, value, f"{path}: {name}")
        else:
            given.faults.append(_unknown(f"{path}: {name}", name, list(setting_fields())))


def _read_environment(environment: Mapping[str, str], given: _Given) -> None:
    known = [PREFIX + name.upper() for name in setting_fields()]
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable in known:
            given.put(variable.removeprefix(PREFIX).lower(), text, variable)
        else:
            given.faults.append(_unknown(variable, variable.removeprefix(PREFIX).lower(), list(setting_fields()), lambda near: PREFIX + near.upper()))


def _unknown(shown: str, name: str, known: list[str], spell: Callable[[str], str] = str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{shown} is not a setting" + (f"; did you mean {spell(near[0])}?" if near else "; docs/reference/settings.md lists them all")


def _convert_all(given: _Given) -> dict[str, Any]:
    values, faults = {}, list(given.faults)
    for name, value in given.values.items():
        setting, source = setting_fields()[name], given.sources[name]
        try:
            values[name] = _convert(setting, value)
        except (ValueError, TypeError) as cause:
            faults.append(f"{source} = {_shown(setting, value)} cannot be used: {cause}{_example(setting)}")
    if faults:
        raise WrongSetting("\n".join(faults))
    return values


def _example(setting: Field[Any]) -> str:
    """What would do; nothing where the reason lists the choices already."""
    if setting.metadata["one_of"] or setting.metadata["secret"]:
        return ""
    example = setting.metadata["example"] or _plain(setting_default(setting))
    return f"; for example {example}" if example else ""


def _shown(setting: Field[Any], value: Any) -> str:
    return "[secret]" if setting.metadata["secret"] else repr(str(value) if isinstance(value, Path) else value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _convert(setting: Field[Any], value: Any) -> Any:
    """The value in the setting's type; raises ``ValueError`` or ``TypeError`` with what is wrong."""
    converted = _typed(setting, value)
    allowed, minimum, maximum = (setting.metadata[name] for name in ("one_of", "minimum", "maximum"))
    if allowed and converted not in allowed:
        raise ValueError(f"it is one of {', '.join(allowed)}")
    if minimum is not None and converted < minimum:
        raise ValueError(f"the least is {minimum:.12g}")
    if maximum is not None and converted > maximum:
        raise ValueError(f"the most is {maximum:.12g}")
    return converted


def _typed(setting: Field[Any], value: Any) -> Any:
    default = setting_default(setting)
    match default:
        case bool():
            return _boolean(value)
        case int() | float():
            return _number(value, whole=isinstance(default, int))
        case tuple():
            return _tables(value) if setting.name == "external" else _texts(value)
    if not isinstance(value, str | Path):
        raise TypeError("it is a text")
    if "\0" in str(value) or "\n" in str(value):
        raise ValueError("it is one line of text")
    if isinstance(default, Path) and not str(value):
        raise ValueError("it is a path")
    return Path(value) if isinstance(default, Path) else value


def _boolean(value: Any) -> bool:
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() not in known:
        raise ValueError("it is true or false")
    return known[str(value).strip().lower()]


def _number(value: Any, *, whole: bool) -> float:
    """An int where the setting is one: 2.5 connections are a mistake, and so is an endless time-out."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("it is a number")
    try:
        number = float(value)
        if whole:
            return int(value) if isinstance(value, str) else _whole(value)
    except (ValueError, OverflowError):
        raise ValueError("it is a whole number" if whole else "it is a number") from None
    if not math.isfinite(number):
        raise ValueError("it is a number with an end")
    return number


def _whole(value: float) -> int:
    if not isinstance(value, int):
        raise ValueError("not whole")  # noqa: TRY004 - the type is right, the number is not
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(each.strip() for each in value.split(",") if each.strip())
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise TypeError("it is a list of texts (in the environment: joined by commas)")


def _tables(value: Any) -> tuple[dict[str, Any], ...]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("it is a list of tables, in the environment as JSON, and this is not JSON") from None
    if not isinstance(found, list | tuple) or not all(isinstance(each, dict) for each in found):
        raise TypeError("it is a list of tables (in the environment: as JSON)")
    for place, table in enumerate(found, start=1):
        _check_external(table, f"table {place}")
    if len({table["issuer"] for table in found}) < len(found):
        raise ValueError("two tables have the same issuer")
    return tuple(found)


def _check_external(table: Mapping[str, Any], place: str) -> None:
    """Says what is wrong with one issuer without showing its secret."""
    for name, value in table.items():
        if name not in EXTERNAL_KEYS:
            raise ValueError(f"in {place}, {_unknown(name, name, list(EXTERNAL_KEYS))}")
        if not isinstance(value, str) or not value:
            raise ValueError(f"in {place}, {name} has to be a text")
    for name in ("issuer", "algorithm"):
        if name not in table:
            raise ValueError(f"in {place}, {name} is missing")
    if table["algorithm"] not in ALGORITHMS:
        raise ValueError(f"in {place}, algorithm is one of {', '.join(ALGORITHMS)}")
    if len([name for name in ("secret", "key", "jwks_url") if name in table]) != 1:
        raise ValueError(f"in {place}, give exactly one of secret, key (a PEM file) and jwks_url")
    if "\n" in table.get("key", ""):
        raise ValueError(f"in {place}, key is the path of a PEM file, not its text")
    if "key" in table and not _is_file(table["key"]):
        raise ValueError(f"in {place}, key names {table['key']!r}, and there is no such file")


def _faults_together(settings: Settings) -> list[str]:
    """What a type alone cannot tell."""
    found = [_listen_fault(settings.listen), _tls_fault(settings), _public_url_fault(settings.public_url), _database_fault(settings.database)]
    found += [_origin_fault(origin) for origin in settings.allowed_origins]
    found += [_network_fault(network) for network in settings.trusted_proxies]
    return [fault for fault in found if fault is not None]


def _listen_fault(listen: str) -> str | None:
    host, _, port = listen.rpartition(":")
    if host and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535:  # noqa: PLR2004 - the range of ports
        return None
    return f"listen = {listen!r} cannot be used: it is an address and a port, for example 127.0.0.1:8410"


def _tls_fault(settings: Settings) -> str | None:
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        missing = "tls_key" if settings.tls_certificate else "tls_certificate"
        return f"tls_certificate and tls_key go together, and {missing} is missing"
    for name in ("tls_certificate", "tls_key"):
        if (path := getattr(settings, name)) and not _is_file(path):
            return f"{name} = {path!r} cannot be used: there is no such file"
    return _certificate_fault(settings.tls_certificate, settings.tls_key) if settings.uses_tls else None


def _certificate_fault(certificate: str, key: str) -> str | None:
    """Loads both as the server will; an encrypted key is refused, because nobody is there to type its password."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError, ValueError) as cause:
        return f"tls_certificate = {certificate!r} and tls_key = {key!r} cannot be used together: {cause}"
    return None


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:
        return False  # a name that no file can have


def _public_url_fault(url: str) -> str | None:
    parts = _split(url)
    if not url or (parts.scheme in ("http", "https") and parts.netloc and not parts.query and not parts.fragment):
        return None
    return f"public_url = {url!r} cannot be used: it is http:// or https:// and a host, for example https://chat.example.org"


def _database_fault(database: str) -> str | None:
    """Does not show it: it may hold a password."""
    if not database or (database.startswith("sqlite:///") and database != "sqlite:///"):
        return None
    if not database.startswith(POSTGRESQL):
        return "database cannot be used: it is postgresql://user:password@host/name, or sqlite:/// and a path, for example sqlite:////var/lib/tenfour/tenfour.db, or nothing for the data folder"
    parts = _split(database)
    if not parts.path.strip("/"):
        return "database cannot be used: after the host stands the name of the database, for example postgresql://tenfour@db.example.org/tenfour"
    if parts.fragment:
        return "database cannot be used: it has a #; in a password that is written %23"
    return None


def _origin_fault(origin: str) -> str | None:
    if origin == "null":
        return None
    parts = _split(origin)
    if not parts.scheme or not parts.netloc or parts.path or parts.query or parts.fragment or "*" in origin or "@" in origin:
        return f"allowed_origins has {origin!r}: an origin is scheme, host and port and no more, for example https://app.example.org"
    written = _as_browsers_write(parts)
    return None if written == origin else f"allowed_origins has {origin!r}: browsers write it {written}"


def _as_browsers_write(parts: SplitResult) -> str:
    """Scheme, host and port in small letters, the scheme's own port left out (RFC 6454, section 6.2)."""
    host = parts.netloc.lower()
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{host.removesuffix(default) if default else host}"


def _split(url: str) -> SplitResult:
    """The parts of an address; none of what cannot be one."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _network_fault(network: str) -> str | None:
    try:
        ip_network(network)
    except ValueError as cause:
        return f"trusted_proxies has {network!r}: {cause}; for example 10.0.0.0/8"
    return None
