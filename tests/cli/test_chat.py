from __future__ import annotations

import httpx

from tests.cli.commands import run
from tests.cli.conftest import PASSWORD


def test_a_chat_is_made_listed_and_its_members_are_shown(server, account, fresh):
    ann, bob = account("ann"), account("bob")

    made = run("chat", "create", fresh("General"), "--as", ann, "--member", bob, data=server.data)
    listed = run("chat", "list", "--as", bob, data=server.data)
    members = run("chat", "members", fresh("General"), "--as", bob, "--json", data=server.data)

    assert made.out.startswith(f"{fresh('General')} was made (")
    assert listed.out.splitlines()[0].split() == ["CHAT", "ID", "KIND", "ROLE", "MEMBERS", "UNREAD", "HEAD"]
    assert [line.split()[2:] for line in listed.out.splitlines()[1:]] == [["group", "member", "2", "0", "2"]]
    assert [(each["name"], each["role"]) for each in members.json] == [(ann, "owner"), (bob, "member")]


def test_a_direct_chat_is_called_by_the_other_one(server, account):
    ann, bob = account("ann"), account("bob")

    made = run("chat", "create", "--kind", "direct", "--as", ann, "--member", bob, "--json", data=server.data)
    members = run("chat", "members", bob, "--as", ann, data=server.data)

    assert made.json["kind"] == "direct"
    assert members.code == 0
    assert {ann, bob} <= set(members.out.split())


def test_a_chat_without_a_title_and_with_nobody_else_says_so(server, account):
    ann = account("ann")

    made = run("chat", "create", "--as", ann, data=server.data)
    listed = run("chat", "list", "--as", ann, data=server.data)

    assert made.out.startswith("(no title) was made (")
    assert made.out.endswith("), with nobody else.\n")
    assert [line.partition("  ")[0] for line in listed.out.splitlines()[1:]] == ["(no title)"]


def test_a_title_that_two_chats_have_is_refused_with_their_ids(server, account):
    ann = account("ann")
    ids = [run("chat", "create", "Twice", "--as", ann, "--json", data=server.data).json["id"] for _ in range(2)]

    by_title = run("chat", "members", "Twice", "--as", ann, data=server.data)
    by_id = run("chat", "members", ids[0], "--as", ann, data=server.data)

    assert by_title.code == 1
    assert all(each in by_title.err for each in ids)
    assert by_id.code == 0


def test_who_is_not_in_a_chat_sees_nothing_of_it(server, account, fresh):
    ann, bob = account("ann"), account("bob")
    chat = run("chat", "create", fresh("Secret"), "--as", ann, "--json", data=server.data).json["id"]

    by_title = run("chat", "members", fresh("Secret"), "--as", bob, data=server.data)
    by_id = run("chat", "members", chat, "--as", bob, data=server.data)

    assert "[chat_unknown]" in by_title.err
    assert "[not_a_member]" in by_id.err


def test_json_is_ascii_which_no_terminal_takes_for_a_command(server, account):
    ann = account("ann")

    made = run("chat", "create", "Größe 👩", "--as", ann, "--json", data=server.data)

    assert made.out.isascii()
    assert made.json["title"] == "Größe 👩"


def test_somebody_elsewhere_speaks_by_password_and_leaves_no_session_behind(server, account, fresh):
    ann = account("ann")
    run("chat", "create", fresh("General"), "--as", ann, data=server.data)

    listed = run("chat", "list", "--as", ann, "--json", stdin=f"{PASSWORD}\n", TENFOUR_URL=server.url)
    wrong = run("chat", "list", "--as", ann, TENFOUR_URL=server.url, TENFOUR_PASSWORD="wrong password")
    token = run("token", "issue", ann, data=server.data).out.strip()

    sessions = httpx.get(f"{server.url}/api/v1/sessions", headers={"Authorization": f"Bearer {token}"}).json()["items"]
    assert [each["title"] for each in listed.json] == [fresh("General")]
    assert (wrong.code, wrong.err.splitlines()[0]) == (1, "tenfour: Name or password is wrong.")
    assert sessions == []


def test_nobody_speaks_unless_it_is_said_who(server):
    refused = run("chat", "list", data=server.data)

    assert (refused.code, refused.err) == (2, "tenfour: it is not said who speaks\nName somebody by --as, or give a token by TENFOUR_TOKEN.\n")


def test_it_is_not_said_twice_who_speaks(server):
    refused = run("chat", "list", "--as", "ann", data=server.data, TENFOUR_TOKEN="x")

    assert (refused.code, refused.err.splitlines()[0]) == (2, "tenfour: it is said twice who speaks")


def test_somebody_is_added_and_is_in(server, account, fresh):
    ann, bob, carol = account("ann"), account("bob"), account("carol")
    run("chat", "create", fresh("General"), "--as", ann, data=server.data)

    added = run("chat", "add", fresh("General"), bob, carol, "--as", ann, data=server.data)
    members = run("chat", "members", fresh("General"), "--as", carol, "--json", data=server.data)

    assert added.out.splitlines() == [f"{name} is in {fresh('General')}." for name in (bob, carol)]
    assert [each["name"] for each in members.json] == [ann, bob, carol]


def test_an_unknown_name_adds_nobody(server, account, fresh):
    ann, bob, carol = account("ann"), account("bob"), account("carol")
    run("chat", "create", fresh("General"), "--as", ann, "--member", bob, data=server.data)

    unknown = run("chat", "add", fresh("General"), carol, "nobody-at-all", "--as", ann, data=server.data)
    members = run("chat", "members", fresh("General"), "--as", ann, "--json", data=server.data)

    assert "[user_unknown]" in unknown.err
    assert [each["name"] for each in members.json] == [ann, bob]


def test_a_channel_is_joined_by_its_title_and_left_again(server, account, fresh):
    ann, carol = account("ann"), account("carol")
    run("chat", "create", "--kind", "channel", fresh("Lounge"), "--as", ann, data=server.data)

    joined = run("chat", "join", fresh("Lounge"), "--as", carol, data=server.data)
    left = run("chat", "leave", fresh("Lounge"), "--as", carol, data=server.data)
    listed = run("chat", "list", "--as", carol, "--json", data=server.data)

    assert joined.out == f"You are in {fresh('Lounge')}, with 2 members in all.\n"
    assert left.out == f"You left {fresh('Lounge')}.\n"
    assert listed.json == []


def test_a_group_cannot_be_joined(server, account, fresh):
    ann, carol = account("ann"), account("carol")
    made = run("chat", "create", fresh("Closed"), "--as", ann, "--json", data=server.data)

    by_title = run("chat", "join", fresh("Closed"), "--as", carol, data=server.data)
    by_id = run("chat", "join", made.json["id"], "--as", carol, data=server.data)

    assert "[chat_unknown]" in by_title.err
    assert by_id.code == 1
