"""``tenfour probe``: against a server that is not ours, against scripted bytes, and against Tenfour."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import select
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.asyncio.server import ServerConnection

from tests import servers
from tests.certificates import make_certificate
from tests.cli.commands import Ran, environment, run, tenfour
from tests.cli.conftest import PASSWORD
from tests.cli.peers import Heard, Peers, echo, peers, saying
from tests.doctor.listeners import accepting, answering, closed_port, mute, tunnelling
from tests.servers import Server

DEADLINE_S = 60
GOODBYE = b"\x88\x02\x03\xe8"


@pytest.fixture
def others() -> Iterator[Peers]:
    with peers() as made:
        yield made


def probe(url: str, *arguments: str, **more: str) -> Ran:
    return run("probe", url, *arguments, **more)


def lines_of(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


# Saying and expecting


def test_what_is_sent_and_what_comes_is_printed_with_its_direction_and_then_it_says_goodbye(others: Peers) -> None:
    done = probe(others.speaking(echo), "--send", "hello", "--expect", "hello", "--times", "none")

    assert done.code == 0, done.err
    assert done.out.splitlines() == ["> hello", "< hello", "> (close 1000, normal closure)", "< (close 1000, normal closure)"]
    assert "- met: hello" in done.err.splitlines()


def test_steps_are_done_in_the_order_in_which_they_stand(others: Peers) -> None:
    done = probe(
        others.speaking(echo),
        "-x",
        "one",
        "--expect",
        "one",
        "--ping",
        "two",
        "--expect",
        "pong two",
        "--binary",
        "00ff",
        "--expect",
        "binary 00ff",
        "-x",
        "last",
        "--expect",
        "last",
        "--times",
        "none",
    )

    said = ["> one", "< one", "> (ping) two", "< (pong) two", "> (binary, 2 bytes) 00 ff", "< (binary, 2 bytes) 00 ff", "> last", "< last"]
    assert done.out.splitlines()[:-2] == said


def test_an_expectation_that_is_not_met_is_named_with_what_came_instead(others: Peers) -> None:
    missed = probe(others.speaking(saying('{"type":"hello"}', "b", close=(1011, "out of order"))), "--expect", "type=hello", "--expect", "type=ack")

    assert missed.code == 1
    assert missed.err.splitlines()[-1] == "tenfour: Expectation 2 (“type=ack”) was not met; instead came: text b; closed with 1011, internal error: out of order."


def test_an_expectation_waits_no_longer_than_it_may(others: Peers, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("expect a\ntimeout 0.1\nexpect b\n")

    missed = probe(others.speaking(saying("a")), "--script", str(script))

    assert missed.code == 1
    assert missed.err.splitlines()[-1] == "tenfour: Expectation 2 (“b”) was not met: nothing came within 0.1 s."


def test_a_script_keeps_what_came_for_what_it_says_next(others: Peers, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('# in one round\nexpect type=hello\nkeep room = rooms.0.id\n\nsend {"to":"${room}","by":"${who}"}\ntimeout 5\nexpect to=r7 by!=bob\nclose 4000 enough\nexpect close\n')

    async def handle(peer: ServerConnection) -> None:
        await peer.send('{"type":"hello","rooms":[{"id":"r7"}]}')
        await echo(peer)

    done = probe(others.speaking(handle), "--script", str(script), "--set", "who=ann", "--times", "none")

    assert done.code == 0, done.err
    assert done.out.splitlines()[1:] == ['> {"to":"r7","by":"ann"}', '< {"to":"r7","by":"ann"}', "> (close 4000, the application's own) enough", "< (close 4000, the application's own) enough"]


def test_a_file_is_sent_line_by_line_and_another_as_one_binary_frame(others: Peers, tmp_path: Path) -> None:
    heard = Heard()
    (tmp_path / "lines").write_text("one\n\nthree\n")
    (tmp_path / "bytes").write_bytes(b"\x00\n\xff")

    done = probe(others.speaking(heard), "--file", str(tmp_path / "lines"), "--binary", f"@{tmp_path / 'bytes'}", "--quit-after", "0")

    assert done.code == 0, done.err
    assert heard.ended.acquire(timeout=DEADLINE_S)
    assert heard.messages == ["one", "", "three", b"\x00\n\xff"]


def test_it_ends_when_as_many_messages_came_as_were_asked_for(others: Peers) -> None:
    url = others.speaking(saying("a", "b", "c"))

    done = probe(url, "--raw", "--expect", "a", "--count", "2")
    few = probe(url, "--expect", "c", "--count", "5", "--quit-after", "0.2")

    assert (done.code, done.out.splitlines()[:2]) == (0, ["a", "b"])
    assert (few.code, few.err.splitlines()[-1]) == (1, "tenfour: Only 3 of 5 messages came within 0.2 s.")


# What is wrong with it is said before anything goes out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--expect", "/(/"], "'(' is not a regular expression"),
        (["--expect", "close soon"], "'soon' is not a close code"),
        (["--binary", "0g"], "'0g' is not bytes in hex"),
        (["--close", "99"], "'99' is not a close code"),
        (["-x", "${who}"], "nothing is known as ${who}"),
        (["-H", "nocolon"], "'nocolon' is not NAME: VALUE"),
        (["--raw", "--json", "-x", "a"], "--raw and --json do not go together"),
        (["--token", "a", "--login", "b"], "it is said twice who connects"),
        (["--token-file", "-", "--file", "-"], "want the same standard input"),
        (["-x", "a", "--key", __file__], "--key is of no use without --cert"),
        (["-x", "a", "--proxy", "socks5://127.0.0.1"], "--proxy is not http://HOST:PORT"),
        (["--file", "/nowhere"], "No such file or directory: /nowhere"),
        (["-x", "a", "--set", "1=2"], "'1=2' is not NAME=VALUE"),
        (["-x", "a", "--token", "t", "-H", "Authorization: Basic eHk="], "there are two Authorization headers"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_wrong_use_is_told_before_anything_is_sent(arguments: list[str], says: str) -> None:
    refused = probe("ws://127.0.0.1:1/", *arguments)

    assert (refused.code, says in refused.err, "connecting" in refused.err) == (2, True, False), refused.err


def test_a_line_of_a_script_that_is_no_step_is_named_by_its_number(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("send a\n\nshout b\n")

    refused = probe("ws://127.0.0.1:1/", "--script", str(script))

    assert refused.code == 2
    assert "script: line 3: 'shout' is no step" in refused.err


def test_an_address_of_something_else_is_refused() -> None:
    assert "is not the address of a WebSocket: its scheme is ftp" in probe("ftp://example.org", "-x", "a").err


# Who is not reached, or does not let us in


def test_nobody_reached_is_told_with_its_cause() -> None:
    missed = probe(f"ws://127.0.0.1:{closed_port()}", "-x", "a")

    assert missed.code == 3
    assert "refused the connection" in missed.err
    assert "docs/troubleshooting.md#tcp_refused" in missed.err
    assert "tenfour doctor ws://127.0.0.1:" in missed.err


def test_a_refused_upgrade_is_shown_with_its_status_and_body_and_can_be_expected(others: Peers) -> None:
    url = others.listening(answering("403 Forbidden", "not from here", "Server: other", "Content-Type: text/plain"))

    refused = probe(url, "-x", "a")
    expected = probe(url, "--expect", "refused 403")
    otherwise = probe(url, "--expect", "refused 404")

    assert (refused.code, expected.code, otherwise.code) == (3, 0, 1)
    assert "not connected: The upgrade was refused with 403 Forbidden by other (the body says “not from here”)." in refused.err


def test_a_mute_server_is_given_up_after_the_time_out(others: Peers) -> None:
    missed = probe(others.listening(mute), "--wait", "0", "--quit-after", "0", "--timeout", "1")

    assert (missed.code, "nobody answered the upgrade within 1 s" in missed.err) == (3, True)


def test_a_certificate_is_checked_unless_it_is_trusted_or_that_is_switched_off(others: Peers, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    url = others.speaking(echo, tls)

    refused = probe(url, "-x", "a")
    trusted = probe(url, "-x", "a", "--expect", "a", "--ca", str(certificate))
    unchecked = probe(url, "-x", "a", "--expect", "a", "-k")

    assert (refused.code, trusted.code, unchecked.code) == (3, 0, 0), trusted.err + unchecked.err
    assert "docs/troubleshooting.md#cert_unknown_issuer" in refused.err
    assert "TLSv1.3" in trusted.err


def test_it_goes_through_a_proxy_that_is_named(others: Peers, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    plain, secured = others.speaking(echo), others.speaking(echo, tls)
    log: list[str] = []
    proxies = [others.standing(tunnelling(int(url.rpartition(":")[2].strip("/")), log=log)) for url in (plain, secured)]
    closed = others.standing(tunnelling(None, log=log))

    by_plain = probe("ws://chat.invalid/", "-x", "a", "--expect", "a", "--proxy", proxies[0])
    by_tls = probe(secured.replace("127.0.0.1", "localhost"), "-x", "a", "--expect", "a", "--proxy", proxies[1], "--ca", str(certificate))
    refused = probe("ws://chat.invalid/", "-x", "a", "--proxy", closed)

    assert (by_plain.code, by_tls.code, refused.code) == (0, 0, 3), by_plain.err + by_tls.err
    assert "refused a tunnel with 403 Forbidden" in refused.err
    assert log[0].startswith("CONNECT chat.invalid:80 HTTP/1.1")
    assert not [each for each in (by_plain, by_tls, refused) if "pa%20ss" in each.err or "pa ss" in each.err]


def test_another_address_is_dialled_where_one_is_named(others: Peers) -> None:
    heard = Heard()
    port = others.speaking(heard).rpartition(":")[2].strip("/")

    done = probe(f"ws://chat.invalid:{port}/", "--dial", "127.0.0.1", "--expect", "hello")

    assert done.code == 0, done.err
    assert heard.headers[0]["Host"] == f"chat.invalid:{port}"


# What is shown


def test_an_end_that_was_not_asked_for_has_an_exit_code_of_its_own(others: Peers) -> None:
    ended = probe(others.speaking(saying(close=(1001, "bye"))), "--listen", "-x", "a")
    normal = probe(others.speaking(saying(close=(1000, ""))), "--listen", "--expect", "close 1000")

    assert (ended.code, normal.code) == (4, 0)
    assert "closed with 1001, going away: bye" in ended.err


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (b"\x81\x82\x00\x00\x00\x00ab", "masked, as no server may"),
        (b"\xc1\x01a", "reserved bits 100, and no extension was agreed on"),
        (b"\x80\x01a", "a continuation without a message to continue"),
        (b"\x81\x02\xff\xfe", "a text that is not UTF-8"),
        (b"\x83\x01a", "opcode 0x3, which has no meaning"),
        (b"\x8a\x7e\x00\x7e" + bytes(126) + b"\x81\x01a", "a control frame of more than 125 bytes"),
        (b"\x88\x02\x03\xed", "a close code that must not be sent"),
    ],
)
def test_what_breaks_the_protocol_is_shown_and_named(others: Peers, first: bytes, says: str) -> None:
    shown = probe(others.listening(accepting(first=first + GOODBYE)), *(["--expect", "close"] if first[0] == 0x88 else ["--wait", "0", "--count", "1"]))

    assert f"this breaks RFC 6455: {says}" in shown.err


def test_a_message_in_fragments_is_shown_whole(others: Peers) -> None:
    shown = probe(others.listening(accepting(first=b"\x01\x02he\x89\x01!\x80\x03llo" + GOODBYE)), "--expect", "hello", "--json", "--no-pong")

    ping, text = [each for each in lines_of(shown) if each.get("by") == "server"][:2]
    assert (ping["kind"], ping["text"]) == ("ping", "!")
    assert (text["text"], text["fragments"]) == ("hello", 2)


def test_a_goodbye_that_nobody_answers_is_told(others: Peers) -> None:
    shown = probe(others.listening(accepting()), "-x", "a", "--quit-after", "0")

    assert (shown.code, "our close frame was not answered" in shown.err) == (0, True)


def test_json_has_a_line_for_everything_and_the_verdict_last(others: Peers) -> None:
    done = probe(others.speaking(saying('{"n":1}', b"\x01", close=(1000, ""))), "--json", "--expect", "n=1", "--expect", "binary", "--expect", "never")

    lines = lines_of(done)
    by_kind = {each["kind"]: each for each in lines}
    assert [each["kind"] for each in lines if each["kind"] != "met"] == ["connecting", "connected", "text", "binary", "close", "close", "ended", "end"]
    assert (by_kind["text"]["json"], by_kind["binary"]["base64"], by_kind["met"]["pattern"]) == ({"n": 1}, "AQ==", "binary")
    assert (lines[-1]["verdict"], lines[-1]["exit"], done.code, done.err) == ("unmet", 1, 1, "")


def test_control_characters_of_others_do_not_reach_the_terminal(others: Peers) -> None:
    shown = probe(others.speaking(saying("\x1b[2Jgone\nline", close=(4000, "\x1b]0;title"))), "--expect", "close")

    assert "\x1b" not in shown.out + shown.err
    assert "\\x1b[2Jgone\n            line" in shown.out


def test_json_messages_can_be_printed_over_several_lines(others: Peers) -> None:
    shown = probe(others.speaking(saying('{"a":[1],"ü":2}')), "--pretty", "--expect", "a.0=1", "--times", "none")

    assert shown.out.startswith('< {\n              "a": [\n')
    assert '"ü": 2' in shown.out


def test_headers_subprotocols_and_origin_reach_the_server_as_given(others: Peers) -> None:
    heard = Heard()
    url = others.speaking(heard, subprotocols=["v2", "v1"])

    arguments = ["-H", "X-Tenant: blue", "-H", "Host: chat.example.org", "-s", "v1", "-s", "v2", "-o", "https://app.example.org"]
    done = probe(url.replace("//", "//ann:s3cret@") + "door?x=1", *arguments, "--expect", "hello", "-v")

    [headers] = heard.headers
    assert (headers["Host"], headers["X-Tenant"], headers["Origin"], headers["path"]) == ("chat.example.org", "blue", "https://app.example.org", "/door?x=1")
    assert headers["Sec-WebSocket-Protocol"] == "v1, v2"
    assert headers["User-Agent"].startswith("tenfour-probe/")
    assert headers["Authorization"] == "Basic YW5uOnMzY3JldA=="
    assert "subprotocol v2" in done.err
    assert "> Authorization: (hidden)" in done.err
    assert not [each for each in ("s3cret", "YW5uOnMzY3JldA") if each in done.out + done.err]


# Coming back


def test_a_lost_connection_comes_back_if_that_is_wanted(others: Peers) -> None:
    times = itertools.count()

    async def handle(peer: ServerConnection) -> None:
        await (saying(close=(1012, "")) if next(times) == 0 else saying("back again"))(peer)

    done = probe(others.speaking(handle), "--reconnect", "--expect", "close 1012", "--expect", "back again", "--timeout", "30")

    assert done.code == 0, done.err
    assert "trying again in" in done.err


def test_it_does_not_come_back_where_the_answer_was_no(others: Peers) -> None:
    refused = probe(others.listening(answering("403 Forbidden")), "--reconnect", "-x", "a")

    assert (refused.code, refused.err.count("connecting to")) == (3, 1)


# Standard input, a terminal, Ctrl-C


def test_what_is_piped_is_sent_line_by_line_and_only_messages_come_out_raw(others: Peers) -> None:
    done = tenfour("probe", others.speaking(echo), "--raw", "--count", "3", stdin='{"a":1}\r\n\nc')

    assert (done.code, done.out, done.err) == (0, '{"a":1}\n\nc\n', "")


def test_at_a_terminal_lines_are_typed_and_what_comes_does_not_spoil_them(others: Peers) -> None:
    with _Terminal("probe", others.speaking(echo), "--times", "none") as terminal:
        terminal.shows("- connected")
        terminal.types("hello\r")
        terminal.shows("< hello")
        terminal.types("/ping x\r")
        terminal.shows("< (pong) x")
        terminal.types("/nonsense\r")
        terminal.shows("'nonsense' is no step")
        terminal.types("//slash\r")
        terminal.shows("< /slash")
        terminal.shows("\r\n> ")
        terminal.types("\x04")
        code = terminal.ended()

    assert code == 0
    assert "\x1b[36m< hello" in terminal.seen, "on a terminal there are colours"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_is_told_to_end_says_goodbye_with_1000(others: Peers, sent: signal.Signals, code: int) -> None:
    heard = Heard()
    process = _started(others.speaking(heard), "--listen", "-x", "a", "--raw")
    assert process.stdout is not None
    assert process.stdout.readline() == "hello\n"

    process.send_signal(sent)
    _, err = process.communicate(timeout=DEADLINE_S)

    assert heard.ended.acquire(timeout=DEADLINE_S)
    assert (process.returncode, err, heard.closes) == (code, "", [(1000, "")])


def test_where_nobody_reads_any_more_it_says_goodbye_too(others: Peers) -> None:
    heard = Heard()
    process = _started(others.speaking(heard), "--file", "-", "--raw", "--listen", stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "hello\n"

    process.stdout.close()
    process.stdin.write("again\n")
    process.stdin.close()

    assert process.wait(DEADLINE_S) == 0
    assert heard.ended.acquire(timeout=DEADLINE_S)
    assert heard.closes == [(1000, "")]
    assert process.stderr is not None
    with process.stderr as err:
        assert err.read() == ""


def _started(*arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tenfour", "probe", *arguments], env=environment(None), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class _Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.seen = ""
        self._place = 0
        self._at, there = pty.openpty()
        self._process = subprocess.Popen([sys.executable, "-m", "tenfour", *arguments], env=environment(None, {"TERM": "xterm"}), stdin=there, stdout=there, stderr=there, start_new_session=True)
        os.close(there)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._at)

    def types(self, keys: str) -> None:
        os.write(self._at, keys.encode())

    def shows(self, text: str) -> None:
        """Returns once it stands there, after what was looked for before."""
        until = time.monotonic() + DEADLINE_S
        while text not in self.seen[self._place :]:
            assert time.monotonic() < until, self.seen
            self._read()
        self._place = self.seen.index(text, self._place) + len(text)

    def ended(self) -> int:
        until = time.monotonic() + DEADLINE_S
        while self._process.poll() is None:
            assert time.monotonic() < until, self.seen
            self._read()
        return self._process.returncode

    def _read(self) -> None:
        readable, _, _ = select.select([self._at], [], [], 0.5)
        with contextlib.suppress(OSError):  # the other end is closed
            self.seen += os.read(self._at, 65_536).decode() if readable else ""


# Tenfour


@pytest.fixture
async def ann(server: Server) -> Any:
    world = await server.world("ann", "bob")
    yield world.ann
    servers.hang_up()


@pytest.mark.parametrize("carrier", ["authorization", "subprotocol", "ticket", "query", "first_frame"])
def test_a_token_lets_in_however_it_is_brought_and_is_never_printed(server: Server, ann: Any, carrier: str) -> None:
    echoing = ["-x", '{"type":"authenticate","token":"${token}"}', "--expect", "type=authenticated"]

    done = run("probe", server.url, "--carrier", carrier, "--expect", "type=welcome user.name=ann", *echoing, "-v", TENFOUR_TOKEN=ann.token)

    assert done.code == 0, done.err
    assert ann.token not in done.out + done.err
    assert ann.token not in run("probe", server.url, "--carrier", carrier, "--json", *echoing, TENFOUR_TOKEN=ann.token).out


def test_a_refusal_of_ours_is_told_with_its_cause_and_what_to_do(server: Server) -> None:
    refused = run("probe", server.url, "--token", "nonsense", "--listen", "-x", "a")

    assert refused.code == 4
    assert "closed with 4401: token_malformed: " in refused.err
    assert "docs/troubleshooting.md#token_malformed" in refused.err


def test_a_foreign_origin_is_refused_with_the_cause(server: Server) -> None:
    refused = run("probe", server.url, "-o", "https://evil.example", "-x", "a")

    assert (refused.code, "docs/troubleshooting.md#origin_refused" in refused.err) == (3, True)


def test_a_message_is_sent_by_a_script_that_logs_in(server: Server, account: Any, tmp_path: Path) -> None:
    name = account("ann")
    script = tmp_path / "script"
    script.write_text('expect type=welcome\nsend {"type":"subscribe","id":"1","chats":{},"rest":true}\nping\nexpect pong\n')

    done = run("probe", server.url, "--login", name, "--script", str(script), TENFOUR_PASSWORD=PASSWORD)
    wrong = run("probe", server.url, "--login", name, "--script", str(script), TENFOUR_PASSWORD="wrong")

    assert done.code == 0, done.err
    assert (wrong.code, "[login_failed]" in wrong.err) == (1, True)


def test_without_an_address_it_is_this_machines_server_and_anybody_there(server: Server, account: Any) -> None:
    name = account("ann")

    done = run("probe", "--as", name, "--expect", f"type=welcome user.name={name}", data=server.data)
    by_address = run("probe", server.url, "--as", name, "--expect", f"type=welcome user.name={name}", data=server.data)

    assert (done.code, by_address.code) == (0, 0), done.err + by_address.err
