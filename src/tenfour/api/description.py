"""How the routes describe themselves in OpenAPI, above all: with which problems they may answer."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import Parameter
from litestar.router import Router
from litestar.types import Method

from tenfour.errors import FAILURES, ErrorCode
from tenfour.wire.problem import PROBLEM_TYPE, Problem

Responses = dict[int, ResponseSpec]

ANYWHERE = (ErrorCode.FIELD_INVALID, ErrorCode.RATE_LIMITED, ErrorCode.BUSY, ErrorCode.STORE_DOWN)
BODY = (ErrorCode.MALFORMED, ErrorCode.FIELD_MISSING, ErrorCode.BODY_TOO_LARGE, ErrorCode.MEDIA_TYPE)
TOKEN = (
    ErrorCode.TOKEN_MISSING,
    ErrorCode.TOKEN_MALFORMED,
    ErrorCode.TOKEN_ALGORITHM,
    ErrorCode.TOKEN_KEY_UNKNOWN,
    ErrorCode.TOKEN_SIGNATURE,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_NOT_YET_VALID,
    ErrorCode.TOKEN_NO_EXPIRY,
    ErrorCode.TOKEN_AUDIENCE,
    ErrorCode.TOKEN_ISSUER,
    ErrorCode.TOKEN_CLAIMS,
    ErrorCode.TOKEN_REVOKED,
    ErrorCode.USER_DISABLED,
    ErrorCode.FORBIDDEN,
)
SERVER_KEY = (*TOKEN, ErrorCode.SERVER_KEY_SCOPE)
CHAT = (*TOKEN, ErrorCode.CHAT_ID_INVALID, ErrorCode.CHAT_UNKNOWN, ErrorCode.NOT_A_MEMBER)

ChatPath = Annotated[str, Parameter(description="The chat's UUID.", schema_extra={"format": "uuid"})]
MessagePath = Annotated[str, Parameter(description="The message's UUID.", schema_extra={"format": "uuid"})]
PicturePath = Annotated[str, Parameter(max_length=80, description="The name of a picture.")]
UserPath = Annotated[str, Parameter(description="A user's UUID, or ext: and its id in your product.")]
OwnUserPath = Annotated[str, Parameter(description="The user's id in your product, with or without ext: before it.")]

NOBODY: list[dict[str, list[str]]] = [{}]
"""The security of routes that need no token."""


def problems(*codes: ErrorCode) -> Responses:
    """The problem responses of a route: these, and what every route may answer."""
    by_status: dict[int, list[ErrorCode]] = defaultdict(list)
    for code in dict.fromkeys((*codes, *ANYWHERE)):
        by_status[FAILURES[code].status].append(code)
    return {
        status: ResponseSpec(Problem, generate_examples=False, description="\n".join(f"* `{code}`: {FAILURES[code].title}." for code in found), media_type=PROBLEM_TYPE)
        for status, found in sorted(by_status.items())
    }


def answer(status: int, body: Any, description: str) -> Responses:
    """A further answer that is no problem."""
    return {status: ResponseSpec(body, generate_examples=False, description=description)}


class _Unrouted(Router):
    """Takes none of the routes that Litestar adds to show its description: one of them answers what is unknown with a page."""

    def register(self, value: Any) -> list[Any]:
        del value
        return []


def openapi_config(version: str) -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="An access token of POST /api/v1/sessions, a token of a configured issuer, or a server key.")
    return OpenAPIConfig(
        title="Tenfour",
        version=version,
        description="Self-hosted real-time chat. Errors are `application/problem+json` with a `code` of one catalogue; every answer has an `X-Request-Id`. The WebSocket doors are described in protocol/README.md.",
        openapi_router=_Unrouted("/", route_handlers=[]),
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
        operation_id_creator=_operation_id,
    )


def finished(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with what Litestar cannot say: a body that may be left out, a union whose sides overlap, the answers in order."""
    schema = _overlapping(schema)
    for item in schema["paths"].values():
        for operation in item.values():
            operation["responses"] = dict(sorted(operation["responses"].items()))
            for body in operation.get("requestBody", {}).get("content", {}).values():
                if {"type": "null"} in body["schema"].get("anyOf", []):
                    operation["requestBody"]["required"] = False
    return schema


def _overlapping(part: Any) -> Any:
    """With ``anyOf`` for ``oneOf``: a chat as a member sees it has all that a stranger sees."""
    if isinstance(part, dict):
        return {"anyOf" if name == "oneOf" else name: _overlapping(value) for name, value in part.items()}
    return [_overlapping(each) for each in part] if isinstance(part, list) else part


def _operation_id(handler: HTTPRouteHandler, _method: Method, path_components: list[Any]) -> str:
    """The handler's name, with the path where it has several."""
    name = handler.handler_name
    return name if len(handler.paths) == 1 else "_".join([name, *(each for each in path_components[2:] if isinstance(each, str))])
