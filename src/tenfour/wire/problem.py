"""Errors over HTTP: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import msgspec

from tenfour.errors import TenfourError

PROBLEM_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every HTTP error."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    advice: str
    request_id: str | None = None
    retry_after_ms: int | None = None


def problem(error: TenfourError, request_id: str | None = None) -> Problem:
    """The problem that says what the error is, and what to do."""
    failure = error.failure
    return Problem(
        type=f"urn:tenfour:error:{error.code}",
        title=failure.title,
        status=failure.status,
        code=error.code.value,
        detail=error.detail,
        advice=failure.advice,
        request_id=request_id,
        retry_after_ms=error.retry_after_ms,
    )


def problem_json(error: TenfourError, request_id: str | None = None) -> bytes:
    return msgspec.json.encode(problem(error, request_id))
