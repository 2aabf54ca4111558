"""``/me/avatar`` and ``/avatars``."""

from __future__ import annotations

import httpx
import pytest

from tenfour.domain.picture import PICTURE_BYTES_MAX
from tests import pictures
from tests.api.asking import ask, refused
from tests.servers import Person, Server


async def show(person: Person, content: bytes = pictures.PNG, kind: str = "image/png") -> httpx.Response:
    return await person.request("PUT", "/me/avatar", content=content, headers={"Content-Type": kind})


async def test_a_picture_stands_wherever_the_person_is_shown(server: Server) -> None:
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", kind="direct")

    shown = await show(world.ann)

    assert shown.status_code == 200, shown.text
    path = shown.json()["avatar"]
    assert path.startswith("/api/v1/avatars/")
    me = (await world.ann.request("GET", "/me")).json()
    seen = (await world.bob.request("GET", f"/users/{world.ann.id}")).json()
    members = (await world.bob.request("GET", f"/chats/{chat}/members")).json()["items"]
    other = (await world.bob.request("GET", f"/chats/{chat}")).json()["other"]
    assert [me["avatar"], seen["avatar"], other["avatar"]] == [path] * 3
    assert {each["user"]: each["avatar"] for each in members} == {world.ann.id: path, world.bob.id: None}


@pytest.mark.parametrize(("kind", "content"), [("image/png", pictures.PNG), ("image/jpeg", pictures.JPEG), ("image/webp", pictures.LOSSY_WEBP)])
async def test_a_picture_is_given_as_it_came_to_everybody_who_knows_its_address_and_may_be_kept_for_ever(server: Server, kind: str, content: bytes) -> None:
    world = await server.world("ann")
    path = (await show(world.ann, content, kind)).json()["avatar"]

    got = await ask(server, "GET", path)

    assert (got.status_code, got.content, got.headers["content-type"]) == (200, content, kind)
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert got.headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert got.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
    assert got.headers["x-content-type-options"] == "nosniff"


async def test_another_picture_has_another_address_and_the_one_before_is_gone(server: Server) -> None:
    world = await server.world("ann")
    first, second = [(await show(world.ann)).json()["avatar"] for _ in range(2)]

    assert first != second
    refused(await ask(server, "GET", first), "not_found")
    assert (await ask(server, "GET", second)).status_code == 200


async def test_a_picture_that_is_removed_is_gone_and_removing_it_again_is_no_error(server: Server) -> None:
    world = await server.world("ann")
    path = (await show(world.ann)).json()["avatar"]

    removed = [(await world.ann.request("DELETE", "/me/avatar")).status_code for _ in range(2)]

    assert removed == [204, 204]
    assert (await world.ann.request("GET", "/me")).json()["avatar"] is None
    refused(await ask(server, "GET", path), "not_found")


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("image/svg+xml", b"<svg/>", "media_type"),
        ("application/json", b"{}", "media_type"),
        ("image/png", b"<html>", "picture_invalid"),
        ("image/png", b"", "picture_invalid"),
        ("image/jpeg", pictures.PNG, "picture_invalid"),
        ("image/png", pictures.png(513, 512), "picture_invalid"),
        ("image/png", pictures.PNG + bytes(PICTURE_BYTES_MAX), "body_too_large"),
    ],
)
async def test_what_is_no_picture_that_can_be_shown_is_refused_and_the_old_one_stays(server: Server, kind: str, content: bytes, code: str) -> None:
    world = await server.world("ann")
    path = (await show(world.ann)).json()["avatar"]

    refused(await show(world.ann, content, kind), code)

    assert (await world.ann.request("GET", "/me")).json()["avatar"] == path


async def test_a_picture_of_the_largest_size_is_taken_and_only_where_pictures_belong(server: Server) -> None:
    world = await server.world("ann")
    content = pictures.png(512, 512) + bytes(PICTURE_BYTES_MAX - len(pictures.PNG))

    assert (await show(world.ann, content)).status_code == 200
    refused(await world.ann.request("PATCH", "/me", content=pictures.PNG, headers={"Content-Type": "image/png"}), "media_type")


async def test_the_description_says_which_pictures_are_taken_and_given(server: Server) -> None:
    paths = (await ask(server, "GET", "/api/v1/openapi.json")).json()["paths"]

    taken = paths["/api/v1/me/avatar"]["put"]["requestBody"]["content"]
    given = paths["/api/v1/avatars/{picture}"]["get"]["responses"]["200"]["content"]
    assert set(taken) == set(given) == {"image/png", "image/jpeg", "image/webp"}
