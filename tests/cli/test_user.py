from __future__ import annotations

import socketserver
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from threading import Thread

import httpx
import pytest

from tests.cli.commands import run, tenfour
from tests.cli.conftest import PASSWORD


class Stranger(BaseHTTPRequestHandler):
    """A proxy whose server is away."""

    def do_GET(self):
        self.send_error(502)

    def log_message(self, *_):
        pass


def log_in(server, name, password):
    return httpx.post(f"{server.url}/api/v1/sessions", json={"name": name, "password": password})


def test_an_account_is_made_through_the_running_server_with_a_password_of_standard_input(server, fresh):
    made = run("user", "add", fresh("ann"), "--admin", data=server.data, stdin=f"{PASSWORD}\n")

    opened = log_in(server, fresh("ann"), PASSWORD).json()
    assert (made.code, made.err) == (0, "")
    assert made.out == f"{fresh('ann')} was added ({opened['user']['id']}).\n"
    assert PASSWORD not in server.log


def test_what_the_server_refuses_is_a_sentence_an_advice_and_exit_code_1(server, account):
    again = run("user", "add", account("ann"), data=server.data, TENFOUR_PASSWORD=PASSWORD)
    weak = run("user", "add", "somebody", data=server.data, TENFOUR_PASSWORD="short")

    assert (again.code, again.out, again.err) == (1, "", "tenfour: The name is taken.\nChoose another name. [name_taken]\n")
    assert (weak.code, weak.err) == (1, "tenfour: The password is too short or too long.\nUse 8 to 256 characters. [password_weak]\n")


def test_a_password_can_be_no_argument_and_must_come_from_somewhere(server):
    missing = run("user", "add", "somebody", data=server.data)
    argument = run("user", "add", "somebody", "--password", PASSWORD, data=server.data)

    assert (missing.code, missing.err.splitlines()[0]) == (2, "tenfour: a password is missing")
    assert argument.code == 2
    assert "No such option" in argument.err


def test_users_are_listed_for_people_and_for_programs_the_disabled_ones_too(server, account):
    ann, bob = account("ann", admin=True), account("ann2")
    run("user", "disable", bob, data=server.data)

    table = run("user", "list", ann.partition("-")[0], data=server.data)
    found = {each["name"]: each for each in run("user", "list", "--json", data=server.data).json}

    assert table.out.splitlines()[0].split() == ["NAME", "ID", "EXTERNAL", "ID"]
    assert [line.split()[-1] for line in table.out.splitlines() if line.startswith((ann, bob))] == ["admin", "disabled"]
    assert "\x1b" not in table.out
    assert (found[ann]["admin"], found[bob]["disabled"]) == (True, True)


def test_a_disabled_account_gets_in_no_more_until_it_is_enabled(server, account):
    ann = account("ann")

    disabled = run("user", "disable", ann.upper(), data=server.data)
    refused = log_in(server, ann, PASSWORD)
    enabled = run("user", "enable", ann, "--json", data=server.data)

    assert disabled.out.startswith(f"{ann} is disabled (")
    assert refused.json()["code"] == "user_disabled"
    assert enabled.json["disabled"] is False
    assert log_in(server, ann, PASSWORD).status_code == 201


def test_a_new_password_ends_the_sessions_that_the_old_one_opened(server, account):
    ann = account("ann")
    opened = log_in(server, ann, PASSWORD).json()

    changed = run("user", "password", ann, data=server.data, stdin="another password\n")

    me = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {opened['access_token']}"})
    assert changed.code == 0
    assert me.json()["code"] == "token_revoked"
    assert log_in(server, ann, PASSWORD).json()["code"] == "login_failed"
    assert log_in(server, ann, "another password").status_code == 201


async def test_a_user_of_a_product_is_named_by_the_products_own_id_and_has_no_password(server):
    world = await server.world("ann")

    found = await in_thread("user", "disable", f"ext:{world.ann.external_id}", data=server.data)
    enabled = await in_thread("user", "enable", f"ext:{world.ann.external_id}", data=server.data)
    password = await in_thread("user", "password", world.ann.id, data=server.data, TENFOUR_PASSWORD=PASSWORD)

    assert (found.err, found.out) == ("", f"ann is disabled ({world.ann.id}).\n")
    assert enabled.out == f"ann is enabled ({world.ann.id}).\n"
    assert (password.code, password.err.splitlines()[0]) == (1, "tenfour: This user has no password: the product that made the user logs it in.")


async def test_a_name_that_several_have_is_refused_with_their_ids(server, fresh):
    world, other = await server.world(fresh("ann")), await server.world(fresh("ann"))
    ids = {each.people[fresh("ann")].id for each in (world, other)}

    refused = await in_thread("user", "disable", fresh("ann"), data=server.data)

    assert refused.code == 1
    assert all(each in refused.err for each in ids)


def test_nobody_of_that_name_is_said_without_steering_the_terminal(server):
    refused = run("user", "disable", "\x1b[2Jzed", data=server.data)

    assert (refused.code, refused.err) == (1, "tenfour: Nobody is called '\\x1b[2Jzed'.\nCheck the id or the name. [user_unknown]\n")


def test_an_administrator_elsewhere_administers_by_url_and_token(server, account):
    token = log_in(server, account("root", admin=True), PASSWORD).json()["access_token"]
    plain = log_in(server, account("ann"), PASSWORD).json()["access_token"]

    listed = run("user", "list", "--json", TENFOUR_URL=server.url, TENFOUR_TOKEN=token)
    refused = run("user", "add", "somebody", TENFOUR_URL=server.url, TENFOUR_TOKEN=plain, TENFOUR_PASSWORD=PASSWORD)
    missing = run("user", "list", "--url", server.url)

    assert account_names(listed.json) >= {"root", "ann"}
    assert (refused.code, refused.err.splitlines()[0]) == (1, "tenfour: You may not do that.")
    assert missing.code == 2


@pytest.mark.parametrize(
    ("url", "token", "code", "said"),
    [
        ("http://127.0.0.1:9", "x", 3, "tenfour: the server cannot be reached: "),
        ("localhost:8410", "x", 2, "tenfour: a server's address looks like https://"),
        ("http://[::bad", "x", 2, "tenfour: the address cannot be used: "),
        ("http://127.0.0.1:9", "schlüssel", 1, "tenfour: The token is not a JWT."),
    ],
)
def test_what_keeps_a_command_from_a_server_elsewhere_is_said_in_a_sentence(url, token, code, said):
    refused = run("user", "list", TENFOUR_URL=url, TENFOUR_TOKEN=token)

    assert (refused.code, refused.err.startswith(said)) == (code, True)


def test_an_answer_that_is_not_tenfours_is_named_as_such():
    with socketserver.TCPServer(("127.0.0.1", 0), Stranger) as stranger:
        Thread(target=stranger.handle_request, daemon=True).start()
        refused = run("user", "list", TENFOUR_URL=f"http://127.0.0.1:{stranger.server_address[1]}", TENFOUR_TOKEN="x")

    assert refused.code == 1
    assert "answered 502, and not as Tenfour does\n" in refused.err


@pytest.mark.parametrize("url", ["chat.example.org", "ws://chat.example.org", "nonsense"])
def test_an_address_that_is_none_is_wrong_use(url):
    refused = run("user", "list", TENFOUR_URL=url, TENFOUR_TOKEN="x")

    assert (refused.code, refused.err.splitlines()[0]) == (2, f"tenfour: a server's address looks like https://chat.example.org, not like {url!r}")


def test_no_proxy_of_the_environment_stands_between_a_command_and_the_server_of_its_machine(server):
    assert run("user", "list", data=server.data, HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9").code == 0


def test_in_a_folder_without_a_server_and_a_database_nothing_is_made(tmp_path):
    refused = run("user", "add", "ann", data=tmp_path / "data", TENFOUR_PASSWORD=PASSWORD)

    assert (refused.code, refused.err.splitlines()[0]) == (3, f"tenfour: there is neither a server nor a database in {tmp_path / 'data'}")
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_without_a_server_the_data_folder_is_opened_and_the_next_server_finds_what_was_done(make_server):
    server = make_server()
    server.kill()

    with ThreadPoolExecutor() as both:  # the second one waits for the first
        added = list(both.map(lambda name: tenfour("user", "add", name, data=server.data, stdin=f"{PASSWORD}\n"), ["ann", "bob"]))
    listed = tenfour("user", "list", "--json", data=server.data)
    server.start()

    assert [(each.code, each.err) for each in added] == [(0, ""), (0, "")]
    assert {each["name"] for each in listed.json} == {"ann", "bob"}
    assert log_in(server, "ann", PASSWORD).status_code == 201


def account_names(found):
    return {each["name"].partition("-")[0] for each in found}


async def in_thread(*arguments, **more):
    """Beside the test's own event loop."""
    import asyncio

    return await asyncio.to_thread(run, *arguments, **more)
