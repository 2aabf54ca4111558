"""Errors as ``application/problem+json`` (RFC 9457), all from the one catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotAuthorizedException, NotFoundException, SerializationException, ValidationException

from tenfour.api.identity import AnyRequest
from tenfour.errors import ErrorCode, TenfourError
from tenfour.observe.log import Log
from tenfour.wire.problem import PROBLEM_TYPE, problem_json

REQUEST_ID = "request_id"
_BY_STATUS = {
    400: ErrorCode.FIELD_INVALID,
    401: ErrorCode.TOKEN_MISSING,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
    415: ErrorCode.MEDIA_TYPE,
    429: ErrorCode.RATE_LIMITED,
}


def problem_response(error: TenfourError, request_id: str | None) -> Response[bytes]:
    headers = {}
    if error.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-error.retry_after_ms // 1000))
    if error.failure.status == 401:  # noqa: PLR2004 - RFC 9110, section 11.6.1
        headers["WWW-Authenticate"] = f'Bearer error="{error.code}"'
    return Response(problem_json(error, request_id), status_code=error.failure.status, headers=headers, media_type=PROBLEM_TYPE)


def exception_handlers(log: Log) -> dict[Any, Callable[[AnyRequest, Any], Response[bytes]]]:
    """What becomes of everything that a handler raises."""

    def known(request: AnyRequest, error: TenfourError) -> Response[bytes]:
        return problem_response(error, request.scope["state"].get(REQUEST_ID))

    def foreign(request: AnyRequest, error: HTTPException) -> Response[bytes]:
        response = known(request, _translate(error))
        if isinstance(error, MethodNotAllowedException):
            response.headers["Allow"] = allowed((error.headers or {}).get("allow", "").split(", "))  # RFC 9110, section 15.5.6
        return response

    def unknown(request: AnyRequest, error: Exception) -> Response[bytes]:
        reference = uuid4().hex[:12]
        log.error("Error request.failed", reference=reference, path=request.scope["path"], exc_info=error)
        return known(request, TenfourError(ErrorCode.INTERNAL, f"The server made a mistake, reference {reference}."))

    return {TenfourError: known, HTTPException: foreign, Exception: unknown}


def allowed(methods: Iterable[str]) -> str:
    """The ``Allow`` header: what can be got can be asked for by HEAD too."""
    named = set(methods)
    return ", ".join(sorted(named | {"HEAD"} if "GET" in named else named))


def _translate(error: HTTPException) -> TenfourError:
    match error:
        case NotFoundException():
            return TenfourError(ErrorCode.NOT_FOUND)
        case MethodNotAllowedException():
            return TenfourError(ErrorCode.METHOD_NOT_ALLOWED)
        case NotAuthorizedException():
            return TenfourError(ErrorCode.TOKEN_MISSING)
        case ValidationException():
            return _wrong_fields(error)
    if isinstance(error.__cause__, SerializationException) or "malformed" in error.detail.lower():
        return TenfourError(ErrorCode.MALFORMED, "The body is not the JSON that this address takes.")
    return TenfourError(_BY_STATUS.get(error.status_code, ErrorCode.INTERNAL if error.status_code >= 500 else ErrorCode.FIELD_INVALID))  # noqa: PLR2004


def _wrong_fields(error: ValidationException) -> TenfourError:
    """Which field, and what is wrong with it."""
    extra = [each for each in error.extra if isinstance(each, dict)] if isinstance(error.extra, list) else []
    found = [(str(each.get("key") or "data"), str(each.get("message", ""))) for each in extra]
    if ("data", "'data'") in found:  # as Litestar says it
        return TenfourError(ErrorCode.FIELD_MISSING, "The body is missing.")
    is_missing = any("missing required" in message for _, message in found)
    detail = "; ".join(f"{'body' if key == 'data' else key}: {message}" for key, message in found)
    return TenfourError(ErrorCode.FIELD_MISSING if is_missing else ErrorCode.FIELD_INVALID, (detail or error.detail)[:500])
