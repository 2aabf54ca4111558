"""The log: one event a line, an area word first, then a dotted name, then facts.

``WebSocket connection.opened …``, ``Processing message.appended …``, ``Error store.unavailable …``: so that
``grep WebSocket``, ``grep Processing`` and ``grep Error`` each find what an operator looks for. Never a token
and never a message's text: what looks like a secret is cut out, whatever field it stands in.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

Log = structlog.typing.FilteringBoundLogger

_SECRETS = re.compile(
    r"(?:eyJ[\w-]{5,}\.[\w-]+\.[\w-]*)"  # JWTs
    r"|(?:\btf[krtsi]_[\w-]{8,})"  # our own opaque secrets
    r"|(?<=tenfour\.bearer\.)[\w.~-]+"
    r"|(?<=[?&]token=)[^&\s\"']+"
    r"|(?<=[?&]ticket=)[^&\s\"']+"
    r"|(?<=[Bb]earer )[\w.~+/-]{8,}=*"
)
_HINTS = ("eyJ", "tf", "tenfour.bearer.", "token=", "ticket=", "earer ")
"""Every secret has one of these: what has none is not searched, and that is nearly all."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
REDACTED = "[secret]"


def redact(text: str) -> str:
    """The text without what looks like a secret, and without what could forge a line or steer a terminal."""
    shown = _SECRETS.sub(REDACTED, text) if any(hint in text for hint in _HINTS) else text
    return shown if shown.isprintable() else _CONTROLS.sub(lambda found: f"\\x{ord(found.group()):02x}", shown)


def _clean(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in [key for key, value in event.items() if value is None]:
        del event[key]  # there is nothing to say of it
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redact(value) if key != "exception" else _SECRETS.sub(REDACTED, value)
        elif isinstance(value, BaseException):
            event[key] = redact(f"{type(value).__name__}: {value}")
    return event


def make_log(level: str, style: str, stream: TextIO | None = None) -> Log:
    """The process's log. ``style`` is ``text``, ``json`` or ``auto``: text on a terminal, JSON elsewhere."""
    stream = stream or sys.stderr
    as_json = style == "json" or (style == "auto" and not stream.isatty())
    shape = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level if as_json else _no_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _clean,
            *([_event_first] if as_json else []),
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _take_over_foreign_logs(level)
    log: Log = structlog.get_logger()
    return log


def _no_level(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return event


def _event_first(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    head = {name: event.pop(name) for name in ("timestamp", "level", "event")}
    return {**head, **event}


class _Forwarder(logging.Handler):
    """Lines of libraries, as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        area = "Error" if record.levelno >= logging.ERROR else "Server"
        facts: dict[str, Any] = {"logger": record.name, "line": record.getMessage()}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, f"{area} library.line", **facts)


def _take_over_foreign_logs(level: str) -> None:
    logging.basicConfig(handlers=[_Forwarder()], level=max(logging.WARNING, getattr(logging, level.upper())), force=True)
    logging.getLogger("uvicorn.access").disabled = True
