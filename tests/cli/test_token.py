from __future__ import annotations

import json

import httpx
import jwt
import pytest

from tenfour.clock import SystemClock
from tests.cli.commands import run
from tests.cli.conftest import PASSWORD

SECRET = "a secret of the product, 32 bytes or more"
EXTERNAL = json.dumps([{"issuer": "shop", "algorithm": "HS256", "secret": SECRET, "audience": "chat"}])


def shop_token(secret=SECRET, **claims):
    """One for a day: those of parameters are made long before their tests run."""
    now = SystemClock().now_ms() // 1000
    return jwt.encode({"iss": "shop", "sub": "u1", "aud": "chat", "exp": now + 86_400} | claims, secret, algorithm="HS256")


def test_a_token_that_was_issued_is_good_and_who_has_it_is_that_user(server, account):
    ann = account("ann")

    issued = run("token", "issue", ann, "--life", "60", "--json", data=server.data).json
    checked = run("token", "check", "--json", data=server.data, TENFOUR_TOKEN=issued["access_token"])

    me = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {issued['access_token']}"}).json()
    assert (issued["expires_in"], me["name"]) == (60, ann)
    assert (checked.code, checked.json["good"], checked.json["account_checked"]) == (0, True, True)
    assert checked.json["claims"]["sub"] == me["id"]
    assert issued["access_token"] not in server.log


def test_what_a_token_says_is_shown_with_its_times(server, account):
    token = run("token", "issue", account("ann"), data=server.data).out

    checked = run("token", "check", data=server.data, stdin=f"Bearer {token}")

    assert checked.code == 0
    assert "  alg  EdDSA" in checked.out
    assert "  (expires 20" in checked.out
    assert checked.out.endswith("Good: the signature fits, and it is valid now.\n")


def test_a_token_that_is_good_by_the_leeway_alone_is_said_to_have_expired(tmp_path):
    token = shop_token(exp=SystemClock().now_ms() // 1000 - 1)

    checked = run("token", "check", data=tmp_path / "data", stdin=token, TENFOUR_EXTERNAL=EXTERNAL, TENFOUR_LEEWAY_S="60")

    assert checked.code == 0
    assert "valid now, though only by the leeway for clocks (leeway_s): it has expired." in checked.out


def test_a_token_whose_session_was_ended_is_bad_by_the_servers_word(server, account):
    opened = httpx.post(f"{server.url}/api/v1/sessions", json={"name": account("ann"), "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {opened['access_token']}"}
    httpx.delete(f"{server.url}/api/v1/sessions/current", headers=headers)

    checked = run("token", "check", "--json", data=server.data, stdin=opened["access_token"])

    assert (checked.code, checked.json["code"]) == (1, "token_revoked")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nonsense", "token_malformed"),
        ("tfk_0123456789abcdef", "token_malformed"),
        (shop_token(exp=1_000_000_000), "token_expired"),
        (shop_token(nbf=4_000_000_000, exp=4_000_000_100), "token_not_yet_valid"),
        (shop_token(aud="other"), "token_audience"),
        (shop_token(iss="stranger"), "token_issuer"),
        (shop_token(secret="another secret of 32 bytes or even more"), "token_signature"),
        (shop_token(sub=""), "token_claims"),
        (jwt.encode({"iss": "shop", "sub": "u1"}, SECRET, algorithm="HS256"), "token_no_expiry"),
        (jwt.encode({"iss": "shop", "sub": "u1", "exp": 1}, SECRET * 2, algorithm="HS512"), "token_algorithm"),
        (jwt.encode({"iss": "tenfour", "sub": "u1", "exp": 1}, SECRET, algorithm="HS256"), "token_key_unknown"),
    ],
)
def test_what_is_wrong_with_a_token_has_its_own_name_without_a_server(tmp_path, token, code):
    checked = run("token", "check", "--json", data=tmp_path / "data", stdin=token, TENFOUR_EXTERNAL=EXTERNAL)

    assert (checked.code, checked.json["good"], checked.json["code"]) == (1, False, code)
    assert checked.json["advice"]
    assert not (tmp_path / "data").exists()


def test_a_good_token_of_a_product_is_good_without_a_server(tmp_path):
    checked = run("token", "check", data=tmp_path / "data", stdin=shop_token(name="Ann\x1b[2J"), TENFOUR_EXTERNAL=EXTERNAL)

    assert checked.code == 0
    assert "no server was asked" in checked.out
    assert "Ann\\x1b[2J" in checked.out


def test_a_server_key_is_told_from_a_token(tmp_path):
    checked = run("token", "check", data=tmp_path / "data", stdin="tfk_0123456789abcdef")

    assert checked.out.startswith("Bad: This is a server key, not an access token.\n")


def test_checking_a_token_makes_no_users_on_the_server(make_server):
    server = make_server({"external": EXTERNAL})

    checked = run("token", "check", "--json", data=server.data, stdin=shop_token(), TENFOUR_EXTERNAL=EXTERNAL)

    found = run("user", "list", "--json", data=server.data).json
    assert (checked.json["good"], checked.json["account_checked"]) == (True, False)
    assert found == []
