from __future__ import annotations

import httpx
import pytest

from tests.certificates import make_certificate
from tests.cli.commands import run, tenfour
from tests.cli.conftest import PASSWORD


@pytest.fixture
def chat(server, account, fresh):
    """A chat of ann and bob; its id."""
    return run("chat", "create", fresh("General"), "--as", account("ann"), "--member", account("bob"), "--json", data=server.data).json["id"]


def history(server, chat, name):
    token = run("token", "issue", name, data=server.data).out.strip()
    page = httpx.get(f"{server.url}/api/v1/chats/{chat}/messages", headers={"Authorization": f"Bearer {token}"}).json()
    return [(each["seq"], each["text"]) for each in page["items"]]


def test_a_message_is_in_the_chat_when_the_command_returns(server, chat, fresh):
    sent = run("send", fresh("General"), "Hello, ann", "--as", fresh("bob"), data=server.data)

    assert (sent.code, sent.out, sent.err) == (0, "Stored as number 3 of the chat.\n", "")
    assert history(server, chat, fresh("ann")) == [(3, "Hello, ann")]
    assert "Hello, ann" not in server.log


def test_a_message_sent_twice_with_one_key_is_there_once(server, chat, fresh):
    first, second = [run("send", chat, "Hello", "--key", "k1", "--as", fresh("ann"), "--json", data=server.data).json for _ in range(2)]

    assert (first["seq"], first["duplicate"]) == (3, False)
    assert (second["seq"], second["duplicate"]) == (3, True)
    assert history(server, chat, fresh("ann")) == [(3, "Hello")]


def test_the_text_can_come_from_standard_input(server, chat, fresh):
    sent = run("send", chat, "-", "--as", fresh("ann"), data=server.data, stdin="two\nlines\n")

    assert sent.code == 0
    assert history(server, chat, fresh("ann")) == [(3, "two\nlines")]


def test_what_the_server_refuses_is_exit_code_1_with_its_advice(server, chat, account):
    empty = run("send", chat, " ", "--as", account("ann2"), data=server.data)
    unknown = run("send", "Nowhere", "Hello", "--as", account("ann3"), data=server.data)

    assert (empty.code, "[not_a_member]" in empty.err) == (1, True)
    assert (unknown.code, unknown.err) == (1, "tenfour: You are in no chat called 'Nowhere'.\nCheck the id against the chat list. [chat_unknown]\n")


def test_a_refused_text_is_said_by_name(server, chat, fresh):
    refused = run("send", chat, " ", "--as", fresh("ann"), data=server.data)

    assert (refused.code, refused.err.splitlines()[-1]) == (1, "Write something that is not only white space. [text_empty]")


def test_somebody_elsewhere_sends_by_token_or_by_password(server, chat, fresh):
    token = run("token", "issue", fresh("ann"), data=server.data).out.strip()

    by_token = run("send", fresh("General"), "one", TENFOUR_URL=server.url, TENFOUR_TOKEN=token)
    by_password = run("send", fresh("General"), "two", "--as", fresh("bob"), "--url", server.url, TENFOUR_PASSWORD=PASSWORD)

    assert (by_token.code, by_password.code) == (0, 0)
    assert history(server, chat, fresh("ann")) == [(3, "one"), (4, "two")]
    assert token not in server.log


def test_without_a_server_nothing_is_sent_and_it_says_so(tmp_path):
    refused = run("send", "General", "Hello", data=tmp_path / "data", TENFOUR_TOKEN="x")

    assert (refused.code, refused.err.splitlines()[0]) == (3, f"tenfour: no server runs on the data in {tmp_path / 'data'}")
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_a_server_of_this_machine_that_speaks_tls_is_trusted_by_its_own_certificate(make_server, tmp_path):
    certificate, key = make_certificate(tmp_path)
    server = make_server({"tls_certificate": str(certificate), "tls_key": str(key)})
    for name in ("ann", "bob"):
        assert tenfour("user", "add", name, data=server.data, TENFOUR_PASSWORD=PASSWORD).code == 0
    tenfour("chat", "create", "General", "--as", "ann", "--member", "bob", data=server.data)

    sent = tenfour("send", "General", "Hello", "--as", "bob", data=server.data)
    elsewhere = tenfour("send", "General", "Hello", "--as", "bob", TENFOUR_URL=server.url, TENFOUR_PASSWORD=PASSWORD)

    assert server.url.startswith("https://")
    assert (sent.code, sent.out) == (0, "Stored as number 3 of the chat.\n")
    assert elsewhere.code == 3
    assert "CERTIFICATE_VERIFY_FAILED" in elsewhere.err
