"""A token of every bad kind, at both doors: the handshake completes, and the close frame says what is wrong."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.servers import Person, Server, open_wire
from tests.tokens import EXTERNAL, SECRET, now_s, of_another_server, own, part, product, signed_with_the_public_key_as_secret, unsigned, with_another_signature, with_another_user

CHAT = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("tokens"), {"TENFOUR_EXTERNAL": json.dumps(EXTERNAL), "TENFOUR_CONNECTIONS_PER_USER": "1000"}).start()
    yield server
    assert "Traceback" not in server.log
    server.kill()


@pytest.fixture
async def ann(server: Server) -> Person:
    return (await server.world("ann")).ann


BAD: dict[str, tuple[Callable[[Server, str], str], str]] = {
    "not a JWT": (lambda _server, _user: "hello", "token_malformed"),
    "four parts": (lambda _server, _user: "a.b.c.d", "token_malformed"),
    "parts that are no JSON": (lambda _server, _user: "e30x.e30x.e30x", "token_malformed"),
    "a header that is a list": (lambda _server, _user: f"{part([])}.{part({})}.AAAA", "token_malformed"),
    "longer than any token": (lambda _server, _user: "x" * 12_100, "token_malformed"),
    "expired": (lambda server, user: own(server, user, exp=now_s() - 31), "token_expired"),
    "not yet valid": (lambda server, user: own(server, user, nbf=now_s() + 90), "token_not_yet_valid"),
    "another signature": (with_another_signature, "token_signature"),
    "another user behind a good signature": (with_another_user, "token_signature"),
    "algorithm none": (unsigned, "token_algorithm"),
    "the public key as secret": (signed_with_the_public_key_as_secret, "token_algorithm"),
    "no expiry": (lambda server, user: own(server, user, exp=None), "token_no_expiry"),
    "an expiry that is a text": (lambda server, user: own(server, user, exp="tomorrow"), "token_claims"),
    "another audience": (lambda server, user: own(server, user, aud="https://elsewhere.example"), "token_audience"),
    "another issuer": (lambda server, user: own(server, user, iss="https://evil.example"), "token_issuer"),
    "no issuer": (lambda server, user: own(server, user, iss=None), "token_issuer"),
    "no subject": (lambda server, user: own(server, user, sub=None), "token_claims"),
    "an unknown session": (lambda server, user: own(server, user, sid="01890a5d-ac96-774b-bcce-b302099a8057"), "token_revoked"),
    "a user who is not there": (lambda server, _user: own(server, CHAT), "token_revoked"),
    "an unknown key": (of_another_server, "token_key_unknown"),
    "a key set of its own": (lambda _server, _user: product({"jku": "https://evil.example/keys"}), "token_claims"),
    "a product's secret that is wrong": (lambda _server, _user: product(key=SECRET + "!"), "token_signature"),
    "a product's wrong algorithm": (lambda _server, _user: product(key=SECRET * 2, algorithm="HS512"), "token_algorithm"),
    "a product's other audience": (lambda _server, _user: product(aud="another"), "token_audience"),
    "a product's token without expiry": (lambda _server, _user: product(exp=None), "token_no_expiry"),
}


@pytest.mark.parametrize("place", [None, CHAT], ids=["all chats", "one chat"])
@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_is_refused_with_its_own_code_and_shows_nothing(server: Server, ann: Person, kind: str, place: str | None) -> None:
    make, code = BAD[kind]
    token = make(server, ann.id)

    wire = await open_wire(server, place, headers={"Authorization": f"Bearer {token}"})
    close, reason = await wire.closed()

    assert (close, reason.partition(":")[0]) == (4401, code)
    assert len(reason.encode()) <= 123
    assert [each["type"] for each in wire.seen] == ["goodbye"]
    assert wire.seen[0]["reason"] == code
    assert token not in reason


async def explained(server: Server, headers: dict[str, str], **question: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
        answer = await http.post("/api/v1/diagnostics/explain", json=question, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", BAD)
async def test_the_explanation_of_a_token_says_what_the_door_says(server: Server, ann: Person, kind: str) -> None:
    make, code = BAD[kind]
    token = make(server, ann.id)

    told = await explained(server, server.administration(), token=token)

    assert (told["allowed"], told["code"], told["close"], told["cause"] is not None) == (False, code, 4401, True)
    outcomes = [each["outcome"] for each in told["checks"]]
    failed = outcomes.index("failed")
    assert set(outcomes[:failed]) <= {"passed", "skipped"}
    assert set(outcomes[failed + 1 :]) == {"skipped"}
    assert token not in json.dumps(told)
    assert token not in server.log


async def test_the_explanation_of_a_chat_says_what_the_door_says(server: Server) -> None:
    world = await server.world("ann", "bob")
    own_chat, others = await world.chat("ann"), await world.chat("bob")

    for chat, close, code in ((own_chat, None, None), (others, 4403, "not_a_member"), (CHAT, 4404, "chat_unknown"), ("no-uuid", 4404, "chat_id_invalid")):
        told = await explained(server, world.ann.headers, chat=chat)
        with_token = await explained(server, server.administration(), chat=chat, token=world.ann.token)
        wire = await open_wire(server, chat, headers=world.ann.headers)
        seen = await wire.receive()
        assert (told["allowed"], told["code"], told["close"]) == (with_token["allowed"], with_token["code"], with_token["close"]) == (code is None, code, close)
        assert seen["type"] == "welcome" if code is None else (seen["code"], seen["reason"]) == (close, code)


async def test_a_disabled_user_and_an_ended_session_are_explained(server: Server) -> None:
    world = await server.world("ann")
    await world.backend("PATCH", f"/users/{world.ann.id}", json={"disabled": True})

    told = await explained(server, server.administration(), user=world.ann.id)

    assert (told["allowed"], told["code"], told["user"]["name"]) == (False, "user_disabled", "ann")
    assert {each["name"]: each["outcome"] for each in told["checks"]}["user"] == "failed"


async def test_a_good_token_passes_every_check_and_its_user_is_made_by_the_connection_alone(server: Server) -> None:
    stranger = f"customer-{uuid.uuid4()}"
    token = product(sub=stranger)

    told = await explained(server, server.administration(), token=token)
    again = await explained(server, server.administration(), token=token)

    assert (told["allowed"], told["user"]) == (again["allowed"], again["user"]) == (True, None)
    assert {each["name"]: each["detail"] for each in told["checks"]}["user"] == "The first connection makes this user."


async def test_nobody_has_anothers_connection_explained(server: Server) -> None:
    world = await server.world("ann", "bob")

    async with httpx.AsyncClient(base_url=server.url, headers=world.ann.headers) as http:
        answers = [await http.post("/api/v1/diagnostics/explain", json=each) for each in ({"user": world.bob.id}, {"token": world.bob.token})]

    assert [each.json()["code"] for each in answers] == ["forbidden"] * 2


async def test_a_token_of_another_user_than_the_one_asked_about_is_named(server: Server) -> None:
    world = await server.world("ann", "bob")

    told = await explained(server, server.administration(), user=world.bob.id, token=world.ann.token)

    assert (told["allowed"], told["code"]) == (False, "token_other_user")


async def test_within_the_leeway_an_expired_token_and_one_that_begins_soon_are_taken(server: Server, ann: Person) -> None:
    late = await ann.connect(token=own(server, ann.id, exp=now_s() - 10))
    early = await ann.connect(token=own(server, ann.id, nbf=now_s() + 10))

    assert late.welcome["user"]["id"] == early.welcome["user"]["id"] == ann.id


async def test_a_products_own_user_is_there_from_the_first_connection_and_the_same_at_the_next(server: Server) -> None:
    welcomes = []
    for _ in range(2):
        wire = await open_wire(server, headers={"Authorization": f"Bearer {product(name='Kim')}"})
        welcomes.append(await wire.next("welcome"))

    assert welcomes[0]["user"]["name"] == "Kim"
    assert welcomes[0]["user"] == welcomes[1]["user"]


@pytest.mark.parametrize("kind", ["expired", "another signature", "another audience"])
async def test_a_bad_token_in_the_first_frame_is_refused_alike(server: Server, ann: Person, kind: str) -> None:
    make, code = BAD[kind]
    wire = await open_wire(server)

    await wire.say(type="authenticate", token=make(server, ann.id))
    close, reason = await wire.closed()

    assert (close, reason.partition(":")[0]) == (4401, code)
