from __future__ import annotations

import asyncio
import json
from datetime import date

import click
import httpx
import pytest

from tenfour.cli.tail import Days
from tenfour.client import ChatChanged, OtherEvent
from tests.cli.commands import Following, run, tenfour


@pytest.fixture
def chat(server, account, fresh):
    """A chat of ann and bob; its id."""
    return run("chat", "create", fresh("General"), "--as", account("ann"), "--member", account("bob"), "--json", data=server.data).json["id"]


def token_of(server, name):
    return run("token", "issue", name, data=server.data).out.strip()


def say(server, chat, name, *texts):
    headers = {"Authorization": f"Bearer {token_of(server, name)}"}
    for text in texts:
        httpx.post(f"{server.url}/api/v1/chats/{chat}/messages", json={"text": text}, headers=headers).raise_for_status()


def test_the_last_events_come_first_then_what_happens_and_ctrl_c_ends_it(server, chat, fresh):
    ann, bob = fresh("ann"), fresh("bob")
    say(server, chat, bob, "before")

    with Following(fresh("General"), "--as", ann, "-n", "2", data=server.data) as tail:
        before = tail.lines(2)
        tail.told("connected")
        say(server, chat, bob, "after")
        after = tail.lines(1)
        code = tail.interrupt()

    assert [line[10:] for line in before] == [f"{ann} added {bob}", f"{bob}  before"]
    assert [line[10:] for line in after] == [f"{bob}  after"]
    assert code == 130
    assert tail.said == ["-- connected"]
    assert "before" not in server.log


def test_no_text_steers_the_terminal_or_passes_for_another_message(server, chat, fresh):
    say(server, chat, fresh("bob"), "red \x1b[31m\nand \u202egnp.exe")

    with Following(chat, "--as", fresh("ann"), "-n", "1", data=server.data) as tail:
        first, second = tail.lines(2)

    assert first.endswith(f"{fresh('bob')}  red \\x1b[31m")
    assert second == " " * 10 + "and \\u202egnp.exe"


def test_who_has_a_disabled_account_is_still_called_by_name(server, chat, fresh):
    say(server, chat, fresh("bob"), "Goodbye")
    run("user", "disable", fresh("bob"), data=server.data)

    with Following(chat, "--as", fresh("ann"), "-n", "1", data=server.data) as tail:
        (line,) = tail.lines(1)

    assert line.endswith(f"{fresh('bob')}  Goodbye")


def test_json_is_an_event_a_line_as_the_protocol_has_it(server, chat, fresh):
    say(server, chat, fresh("bob"), "Grüße")

    with Following(chat, "--as", fresh("ann"), "--after", "0", "--json", data=server.data) as tail:
        lines = tail.lines(3)

    assert all(line.isascii() for line in lines)
    events = [json.loads(line) for line in lines]
    assert [(each["type"], each["seq"]) for each in events] == [("member_joined", 1), ("member_joined", 2), ("message_sent", 3)]
    assert events[2]["text"] == "Grüße"


def test_who_is_taken_out_of_the_chat_is_told_and_follows_no_more(server, chat, fresh):
    headers = {"Authorization": f"Bearer {token_of(server, fresh('ann'))}"}

    with Following(chat, "--as", fresh("bob"), "-n", "0", data=server.data) as tail:
        tail.told("connected")
        bob = run("chat", "members", chat, "--as", fresh("ann"), "--json", data=server.data).json[1]["user"]
        httpx.delete(f"{server.url}/api/v1/chats/{chat}/members/{bob}", headers=headers).raise_for_status()
        code = tail.ended()

    assert code == 1
    assert "tenfour: You left or were removed from this chat." in tail.said


def test_whose_account_is_disabled_follows_no_more(server, chat, fresh):
    with Following(chat, "--as", fresh("bob"), "-n", "0", data=server.data) as tail:
        tail.told("connected")
        run("user", "disable", fresh("bob"), data=server.data)
        code = tail.ended()

    assert code == 1
    assert "tenfour: The account is disabled." in tail.said


@pytest.mark.slow
async def test_it_goes_on_after_kill_9_and_shows_everything_once_in_order(make_server):
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", title="General")

    async def speak(*texts):
        for text in texts:
            (await world.bob.request("POST", f"/chats/{chat}/messages", json={"text": text})).raise_for_status()

    with Following("General", "--as", f"ext:{world.ann.external_id}", data=server.data) as tail:
        await asyncio.to_thread(tail.told, "connected")
        await speak("one", "two")
        server.kill()
        await asyncio.to_thread(tail.told, "not connected")
        server.start()
        await speak("three", "four")
        lines = await asyncio.to_thread(tail.lines, 6)
        code = await asyncio.to_thread(tail.interrupt)

    assert [line.rpartition("  ")[2] for line in lines[2:]] == ["one", "two", "three", "four"]
    assert code == 130


@pytest.mark.slow
async def test_after_a_restore_it_shows_the_history_that_there_is_now(make_server, tmp_path):
    server = make_server()
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", title="General")
    await world.bob.request("POST", f"/chats/{chat}/messages", json={"text": "before the backup"})
    await asyncio.to_thread(tenfour, "backup", str(tmp_path / "copy.db"), data=server.data)
    await world.bob.request("POST", f"/chats/{chat}/messages", json={"text": "after the backup"})

    with Following(chat, "--as", world.ann.id, "--json", data=server.data) as tail:
        before = await asyncio.to_thread(tail.lines, 4)
        server.kill()
        await asyncio.to_thread(tenfour, "restore", str(tmp_path / "copy.db"), data=server.data)
        server.start()
        await asyncio.to_thread(tail.told, "another history")
        after = await asyncio.to_thread(tail.lines, 3)

    assert [json.loads(line).get("text") for line in before] == [None, None, "before the backup", "after the backup"]
    assert [json.loads(line).get("text") for line in after] == [None, None, "before the backup"]


@pytest.mark.slow
async def test_it_outlives_its_token(make_server):
    server = make_server({"access_token_s": "10", "leeway_s": "0"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", title="General")

    with Following("General", "--as", world.ann.id, data=server.data) as tail:
        await asyncio.to_thread(tail.lines, 2)
        wire = await world.bob.connect(token=server.token_of(world.bob.id, life_s=12))
        await wire.closed()  # a token that was made later has expired by now
        await world.bob.request("POST", f"/chats/{chat}/messages", json={"text": "still there"})
        (line,) = await asyncio.to_thread(tail.lines, 1)

    assert line.endswith("bob  still there")


def test_a_day_is_named_before_its_first_event_unless_it_is_today():
    days = Days(date(2026, 11, 24))

    said = [click.unstyle(days.turn(ChatChanged("c", 1, f"2026-11-{day}T12:00:00.000+00:00", "u", "Title"))) for day in (24, 22, 22, 23, 24, 24)]

    assert said == ["", "-- 2026-11-22\n", "", "-- 2026-11-23\n", "-- 2026-11-24\n", ""]
    assert days.turn(OtherEvent("poll_opened", "c", 7)) == ""
