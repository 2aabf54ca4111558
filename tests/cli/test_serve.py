from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest

from tests.cli.commands import tenfour
from tests.servers import Server

MakeServer = Callable[..., Server]


def log_in(server: Server, name: str, password: str) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1/sessions", json={"name": name, "password": password})


def shown(server: Server, pattern: str) -> str:
    """What a line of the start says."""
    found = re.search(pattern, "\n".join(server.said))
    assert found is not None, server.said
    return found[1]


def test_an_option_is_a_setting_and_a_wrong_one_is_refused_by_its_name(tmp_path):
    refused = tenfour("serve", "--registration", "some", data=tmp_path / "data", TENFOUR_REGISTRATION="open")

    assert refused.code == 2
    assert refused.err == "tenfour: --registration = 'some' cannot be used: it is one of closed, invite, open\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_the_demonstration_says_how_to_log_in_and_a_second_start_finds_it_again(make_server: MakeServer):
    server = make_server()
    server.stop()
    server.start("--demo")
    passwords = {name: shown(server, rf"{name}  password (\S+)") for name in ("ann", "bob")}
    chat = shown(server, r"General \((\S+)\)")
    server.stop()

    server.start("--demo")

    assert {name: shown(server, rf"{name}  password (\S+)") for name in ("ann", "bob")} == passwords
    assert shown(server, r"General \((\S+)\)") == chat
    for name, password in passwords.items():
        opened = log_in(server, name, password).json()
        chats = httpx.get(f"{server.url}/api/v1/chats", headers={"Authorization": f"Bearer {opened['access_token']}"}).json()["items"]
        assert [(each["id"], each["member_count"]) for each in chats] == [(chat, 2)]
    assert not any(password in server.log for password in passwords.values())


@pytest.mark.slow
def test_the_demonstration_leaves_an_account_of_that_name_as_it_is(make_server: MakeServer):
    server = make_server()
    httpx.post(f"{server.url}/api/v1/users", json={"name": "Ann", "password": "her own words"}, headers=server.administration()).raise_for_status()
    server.stop()

    server.start("--demo")

    assert shown(server, r"ann  password (.*)") == "as it was set"
    assert log_in(server, "ann", "her own words").status_code == 201


@pytest.mark.slow
def test_plain_http_beyond_loopback_is_warned_of_once_and_has_the_cookie_without_its_secure_name(make_server: MakeServer):
    server = make_server({"listen": "0.0.0.0:0", "registration": "open"})
    httpx.post(f"{server.url}/api/v1/accounts", json={"name": "ann", "password": "correct horse"}).raise_for_status()

    opened = httpx.post(f"{server.url}/api/v1/sessions", json={"name": "ann", "password": "correct horse", "cookie": True})

    assert server.log.count("Warning: ") == 1
    assert "TENFOUR_TLS_CERTIFICATE" in server.log
    assert "TENFOUR_PUBLIC_URL" in server.log
    assert opened.headers["set-cookie"].startswith("tenfour_refresh=")


@pytest.mark.slow
def test_behind_a_proxy_with_tls_nothing_is_warned_of_and_the_cookie_is_bound_to_its_host(make_server: MakeServer):
    server = make_server({"listen": "0.0.0.0:0", "public_url": "https://chat.example.org", "registration": "open"})
    httpx.post(f"{server.url}/api/v1/accounts", json={"name": "ann", "password": "correct horse"}).raise_for_status()

    opened = httpx.post(f"{server.url}/api/v1/sessions", json={"name": "ann", "password": "correct horse", "cookie": True})

    assert "Warning: " not in server.log
    assert opened.headers["set-cookie"].startswith("__Host-tenfour_refresh=")


def test_where_it_listens_is_found_by_programs_of_this_machine(server: Server):
    assert json.loads((server.data / "server.json").read_text()) == {"url": server.url, "pid": server.pid, "certificate": None}
