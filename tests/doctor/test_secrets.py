"""No secret of a run is in its report, whoever gives it back and however it is written."""

from __future__ import annotations

import asyncio
import base64
import html
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfour.doctor.diagnosis import checks, diagnose
from tenfour.doctor.evidence import HIDDEN, Evidence, kept, shown
from tenfour.doctor.report import Report, as_json, as_line, report_of
from tenfour.doctor.secrets import SHORTEST, Secrets, secrets_of
from tenfour.errors import ErrorCode
from tests.cli.commands import run, tenfour
from tests.doctor.listeners import head_of, listening
from tests.doctor.seen import answered, healthy, refused, until

SECRET = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=6, max_size=24).filter(
    lambda each: each.lower() not in ("undefined", "[object object]") and each not in HIDDEN
)
WRITINGS = (str, lambda each: quote(each, safe=""), quote_plus, html.escape, lambda each: json.dumps({"you sent": each}), lambda each: repr({"Authorization": f"Bearer {each}"}))


def texts(value: Any) -> Iterator[str]:
    """All texts in what JSON has become, without the names of its fields."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)


def echoed(said: str) -> Evidence:
    """A run in which everybody repeats the same, in bodies, headers, a close reason and a refusal."""
    reply = replace(answered(418, said), headers=kept([("X-You-Sent", said), ("Location", f"https://sso.example/?next={said}"), ("Set-Cookie", f"session={said}"), ("Server", said)]))
    base = until(healthy(), "upgrade")
    return replace(base, upgrade=replace(base.upgrade, reply=reply, subprotocol=said), http=replace(base.http, reply=reply), notes=(said,))


@settings(max_examples=150, deadline=None)
@given(SECRET, st.sampled_from(WRITINGS))
def test_what_a_server_repeats_of_a_secret_is_hidden(secret: str, written: Any):
    evidence = echoed(f"<{written(secret)}>")

    report = as_line(report_of(evidence), Secrets.of([secret]))

    assert not [text for text in texts(json.loads(report)) if secret in text]


@settings(max_examples=80, deadline=None)
@given(SECRET, SECRET, SECRET)
def test_the_secrets_of_address_token_and_proxy_are_known(password: str, key: str, token: str):
    url = f"wss://ada:{quote(password, safe='')}@chat.example/api/v1/ws?key={quote(key, safe='')}&after=4711"
    environment = {"HTTPS_PROXY": f"http://bob:{quote(password, safe='')}@proxy:3128", "HOME": "/home/ada"}
    secrets = secrets_of(url, token, environment)
    basic = [base64.b64encode(f"{user}:{password}".encode()).decode() for user in ("ada", "bob")]

    for each in (password, key, token, *basic):
        assert each not in secrets.hide(f"<{each}>").replace("(hidden)", "")
    assert secrets.hide("after=4711 /home/ada") == "after=4711 /home/ada"


def test_a_report_without_secrets_is_the_whole_run():
    evidence = until(healthy("nginx"), "welcome")

    written = json.loads(as_json(report_of(evidence), Secrets.of(["some secret"])))

    assert set(written) == set(Report.__dataclass_fields__)
    assert set(written["evidence"]) == set(Evidence.__dataclass_fields__)
    assert [each["line"] for each in written["checks"]] == [each.line for each in checks(evidence)]
    assert written["diagnosis"]["says"] == diagnose(evidence).says
    assert ["Server", "nginx/1.22.1"] in written["evidence"]["http"]["reply"]["headers"]


@pytest.mark.parametrize("text", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1"])
def test_a_token_of_somebody_else_is_hidden_too(text: str):
    assert Secrets().hide(f"token {text}!") == "token (hidden)!"


@pytest.mark.parametrize("token", ["undefined", "null", "abc"])
def test_what_is_no_secret_can_be_named(token: str):
    assert Secrets.of([token]).hide(f"It is the word “{token}”") == f"It is the word “{token}”"
    assert len("abc") < SHORTEST


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("wss://h/ws?key=geheim&after=3&empty=", "wss://h/ws?key=(hidden)&after=3&empty=(hidden)"),
        ("wss://ada:p@ss@h/ws", "wss://(hidden)@h/ws"),
        ("https://h/cb#access_token=geheim", "https://h/cb#access_token=(hidden)"),
        ("text/html;charset=utf-8", "text/html;charset=utf-8"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(address: str, safe: str):
    assert shown(address) == safe


async def _repeating(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Gives the whole request back: in the body, a header, and the target of a redirect."""
    head = await head_of(reader)
    line = head.partition("\r\n")[0]
    writer.write(f"HTTP/1.1 400 Bad Request\r\nX-Request: {line}\r\nLocation: {line.split(' ')[1]}\r\nContent-Type: text/plain\r\nContent-Length: {len(head)}\r\n\r\n{head}".encode())


async def test_the_report_and_the_output_of_a_run_have_no_secret_in_them(tmp_path: Path):
    given = {"password": "Passw0rd&x", "key": 'k"ey\\1', "token": "aaaa.bbbb.cccc", "proxy": "pr0xy secret"}
    file = tmp_path / "report.json"
    async with listening(_repeating) as port:
        url = f"ws://ada:{quote(given['password'])}@127.0.0.1:{port}/api/v1/ws?api_key={quote(given['key'])}&token={given['token']}"
        more = {"HTTP_PROXY": f"http://bob:{quote(given['proxy'])}@127.0.0.1:{port}"}
        ran = await asyncio.to_thread(tenfour, "doctor", url, "--report", str(file), data=tmp_path, **more)

    report = json.loads(file.read_text())
    everything = "\n".join([*texts(report), file.read_text(), ran.out, ran.err])
    assert report["evidence"]["forward"]["connect"]["status"] == 400
    assert "X-Request" in dict(report["evidence"]["upgrade"]["reply"]["headers"])
    for secret in given.values():
        for writing in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
            assert writing not in everything


def test_a_log_in_leaves_no_password_in_the_report(server, tmp_path: Path):
    file = tmp_path / "report.json"

    run("doctor", server.url, "--login", "nobody", "--report", str(file), TENFOUR_PASSWORD="a password of mine")

    assert "a password of mine" not in file.read_text()
    assert json.loads(file.read_text())["diagnosis"]["cause"]["id"] == "login_failed"


def test_a_refusal_that_names_the_token_is_told_without_it():
    evidence = replace(until(healthy(), "upgrade"), upgrade=replace(healthy().upgrade, reply=refused(ErrorCode.TOKENS_DIFFER, "Two tokens came: my-secret-1 and another."), accept_is_right=False))

    report = as_json(report_of(evidence), Secrets.of(["my-secret-1"]))

    assert "my-secret-1" not in report
    assert "Two tokens came: (hidden) and another" in report
