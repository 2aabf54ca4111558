"""The body of a request, where it cannot be read at all."""

from __future__ import annotations

from typing import Any

from litestar import Request

from tenfour.errors import ErrorCode, TenfourError


class JsonRequest(Request[Any, Any, Any]):
    """A request whose body is refused by name where Litestar lets the decoder's own exceptions through."""

    async def json(self) -> Any:
        try:
            return await super().json()
        except UnicodeDecodeError as cause:
            raise TenfourError(ErrorCode.MALFORMED, "The body is not valid UTF-8.") from cause
        except RecursionError as cause:
            raise TenfourError(ErrorCode.MALFORMED, "The body is JSON nested too deeply.") from cause
