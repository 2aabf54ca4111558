"""``/me/avatar`` and ``/avatars``: the pictures that people show of themselves.

A picture's address needs no token, because an ``<img>`` cannot send one. It is a capability instead: 192 random
bits, told only to who may see the person, made anew with each picture, and gone with it. So what is behind it never
changes, and may be kept for ever. What the file says beside the picture (where a photograph was taken) is kept as it
came: clients that take photographs draw them anew before they send them.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, delete, get, put
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from tenfour.actions import avatars as actions
from tenfour.api.accounts import User, user_shown
from tenfour.api.description import NOBODY, TOKEN, PicturePath, problems
from tenfour.api.identity import AnyRequest, Asking
from tenfour.api.services import Services
from tenfour.domain.picture import PICTURE_BYTES_MAX, PICTURE_TYPES, read_picture
from tenfour.errors import ErrorCode, TenfourError
from tenfour.storage import people

KEPT_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass
class _TakesPicture(Operation):
    """Says which bodies the route takes: Litestar knows only those that it decodes."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(_pictures(), required=True)


@dataclass
class _GivesPicture(Operation):
    """Says which types the answer may have."""

    def __post_init__(self) -> None:
        assert self.responses is not None
        self.responses["200"] = OpenAPIResponse("The picture.", content=_pictures())


def _pictures() -> dict[str, OpenAPIMediaType]:
    return {kind: OpenAPIMediaType(Schema(type=OpenAPIType.STRING, content_media_type=kind)) for kind in PICTURE_TYPES}


@put(
    "/me/avatar",
    summary="Shows a picture: PNG, JPEG or WebP, 512 x 512 and 256 KiB at the most",
    tags=["accounts"],
    responses=problems(*TOKEN, ErrorCode.BODY_TOO_LARGE, ErrorCode.MEDIA_TYPE, ErrorCode.PICTURE_INVALID),
    operation_class=_TakesPicture,
    request_max_body_size=PICTURE_BYTES_MAX,
)
async def set_avatar(asking: Asking, services: Services, request: AnyRequest) -> User:
    caller = await asking.caller()
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    await actions.set_avatar(services.context, caller.user, read_picture(await request.body(), said))
    return await services.context.store.read(lambda connection: user_shown(people.person(connection, caller.user)))


@delete("/me/avatar", status_code=204, summary="Shows no picture any more", tags=["accounts"], responses=problems(*TOKEN))
async def remove_avatar(asking: Asking, services: Services) -> None:
    caller = await asking.caller()
    await actions.remove_avatar(services.context, caller.user)


@get(
    "/avatars/{picture:str}",
    summary="A picture, by the address that stands beside a person",
    tags=["users"],
    responses=problems(ErrorCode.NOT_FOUND),
    operation_class=_GivesPicture,
    security=NOBODY,
)
async def get_avatar(picture: PicturePath, services: Services) -> Response[bytes]:
    found = await services.context.store.read(lambda connection: people.avatar(connection, picture))
    if found is None:
        raise TenfourError(ErrorCode.NOT_FOUND)
    # A product's own pages may show it too, and it does nothing where it is opened by itself.
    headers = {"Cache-Control": KEPT_FOR_EVER, "Content-Security-Policy": "default-src 'none'", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(found.content, media_type=found.media_type, headers=headers)


HANDLERS = [set_avatar, remove_avatar, get_avatar]
