"""Settings: where they come from, which one counts, and that a wrong one is refused at start by its name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.settings import ALGORITHMS, Settings, WrongSetting, load_settings, setting_default, setting_fields
from tests.certificates import make_certificate

SECRET = "canary-canary-canary-canary-canary"
SHOP = {"issuer": "https://shop.example", "algorithm": "HS256", "secret": SECRET}
NUMBERS = [name for name, setting in setting_fields().items() if isinstance(setting_default(setting), int | float) and not isinstance(setting_default(setting), bool)]
TEXTS_OF_A_LINE = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a tenfour.toml."""
    monkeypatch.chdir(tmp_path)


def fault(environment: dict[str, str], overrides: dict[str, Any] | None = None) -> str:
    """What is said about settings that are refused."""
    with pytest.raises(WrongSetting) as caught:
        load_settings(environment, overrides)
    return str(caught.value)


def write(path: Path, text: str) -> dict[str, str]:
    path.write_text(text)
    return {"TENFOUR_CONFIG": str(path)}


def test_without_any_source_everything_is_at_its_default() -> None:
    settings = load_settings({})

    assert settings == Settings()
    assert (settings.listen, settings.registration, settings.data, settings.allowed_origins) == ("127.0.0.1:8410", "closed", Path("data"), ())


def test_the_command_line_counts_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    environment = write(tmp_path / "own.toml", 'listen = "127.0.0.1:1"\nregistration = "open"\nreaders = 7')

    settings = load_settings(environment | {"TENFOUR_LISTEN": "127.0.0.1:2", "TENFOUR_REGISTRATION": "invite"}, {"listen": "127.0.0.1:3"})

    assert (settings.listen, settings.registration, settings.readers) == ("127.0.0.1:3", "invite", 7)


def test_a_file_of_the_usual_name_in_the_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / "tenfour.toml", 'public_url = "https://chat.example.org/"')

    assert load_settings({}).url == "https://chat.example.org"


def test_the_file_has_types_and_the_environment_has_texts_for_the_same_settings(tmp_path: Path) -> None:
    file = write(
        tmp_path / "own.toml",
        'token_query = false\nleeway_s = 5\nallowed_origins = ["https://a.example", "null"]\ntrusted_proxies = ["10.0.0.0/8"]\n'
        f'[[external]]\nissuer = "https://shop.example"\nalgorithm = "HS256"\nsecret = "{SECRET}"\n',
    )
    environment = {
        "TENFOUR_TOKEN_QUERY": "off",
        "TENFOUR_LEEWAY_S": "5",
        "TENFOUR_ALLOWED_ORIGINS": "https://a.example, null",
        "TENFOUR_TRUSTED_PROXIES": "10.0.0.0/8",
        "TENFOUR_EXTERNAL": json.dumps([SHOP]),
    }

    from_file, from_environment = load_settings(file), load_settings(environment)

    assert from_file == from_environment
    assert from_file.allowed_origins == ("https://a.example", "null")
    assert from_file.token_query is False
    assert from_file.external == (SHOP,)


def test_variables_of_the_command_line_and_of_other_programs_are_no_settings() -> None:
    assert load_settings({"TENFOUR_TOKEN": "x", "TENFOUR_URL": "x", "TENFOUR_PASSWORD": "x", "HOME": "/root", "TENFOURX": "1"}) == Settings()


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("TENFOUR_LISTN", "TENFOUR_LISTEN"), ("TENFOUR_ALLOWED_ORIGIN", "TENFOUR_ALLOWED_ORIGINS"), ("TENFOUR_TLS_CERT", "TENFOUR_TLS_CERTIFICATE"), ("TENFOUR_REGISTRATON", "TENFOUR_REGISTRATION")],
)
def test_a_slip_of_the_pen_in_the_environment_is_refused_and_the_setting_that_was_meant_is_named(wrong: str, meant: str) -> None:
    assert re.fullmatch(rf"{wrong} is not a setting; did you mean {meant}\?", fault({wrong: "x"}))


def test_an_unknown_name_in_the_file_is_refused_with_the_file_and_the_name_that_was_meant(tmp_path: Path) -> None:
    environment = write(tmp_path / "own.toml", "heartbeat = 5")

    assert fault(environment) == f"{tmp_path / 'own.toml'}: heartbeat is not a setting; did you mean heartbeat_s?"


def test_a_name_like_no_other_is_refused_with_the_place_where_all_are_listed() -> None:
    assert fault({"TENFOUR_QQQQ": "1"}) == "TENFOUR_QQQQ is not a setting; docs/reference/settings.md lists them all"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    environment = write(tmp_path / "own.toml", "nonsense = 1\nreaders = 0")

    lines = fault(environment | {"TENFOUR_LOG_LEVEL": "loud", "TENFOUR_NONSENSE": "1"}).splitlines()

    assert len(lines) == 4
    assert all(any(name in line for line in lines) for name in (": nonsense", ": readers = 0", "TENFOUR_LOG_LEVEL = 'loud'", "TENFOUR_NONSENSE"))


WRONG_FILES = {
    "no TOML": ("listen = ", "is not TOML"),
    "a number where a text belongs": ("listen = 8410", "listen = 8410 cannot be used: it is a text; for example 0.0.0.0:8410"),
    "a text where a number belongs": ('readers = "many"', "readers = 'many' cannot be used: it is a whole number; for example 2"),
    "true where a number belongs": ("readers = true", "readers = True cannot be used: it is a number; for example 2"),
    "half a thread": ("readers = 2.5", "readers = 2.5 cannot be used: it is a whole number; for example 2"),
    "a number where true or false belongs": ("token_query = 7", "token_query = 7 cannot be used: it is true or false; for example true"),
    "a number among texts": ('allowed_origins = ["https://a.example", 5]', "it is a list of texts"),
    "a list where a path belongs": ('data = ["data"]', "data = ['data'] cannot be used: it is a text; for example data"),
}


@pytest.mark.parametrize(("text", "said"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_is_refused_by_the_name_of_file_and_setting(tmp_path: Path, text: str, said: str) -> None:
    found = fault(write(tmp_path / "own.toml", text))

    assert str(tmp_path / "own.toml") in found
    assert said in found


def test_a_file_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    assert fault({"TENFOUR_CONFIG": str(tmp_path / "none.toml")}) == f"TENFOUR_CONFIG names {tmp_path / 'none.toml'}, and there is no such file"


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert fault({"TENFOUR_CONFIG": str(tmp_path)}) == f"{tmp_path} cannot be read: Is a directory"


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b'listen = "\xff"')

    assert fault({"TENFOUR_CONFIG": str(tmp_path / "own.toml")}).startswith(f"{tmp_path / 'own.toml'} is not TOML")


WRONG_VALUES = {
    "listen without a port": ("LISTEN", "127.0.0.1", "listen = '127.0.0.1'"),
    "listen with a word as port": ("LISTEN", "127.0.0.1:http", "listen = "),
    "listen beyond the last port": ("LISTEN", "127.0.0.1:65536", "listen = "),
    "listen with an endless port": ("LISTEN", "127.0.0.1:" + "1" * 5000, "listen = "),
    "listen at no address": ("LISTEN", ":8410", "listen = "),
    "a public URL without a scheme": ("PUBLIC_URL", "chat.example.org", "public_url = 'chat.example.org'"),
    "a public URL of another scheme": ("PUBLIC_URL", "ws://chat.example.org", "public_url = "),
    "a public URL with a query": ("PUBLIC_URL", "https://chat.example.org/?a=1", "public_url = "),
    "a public URL that cannot be parsed": ("PUBLIC_URL", "http://[::1", "public_url = "),
    "a certificate alone": ("TLS_CERTIFICATE", "/dev/null", "tls_key is missing"),
    "a key alone": ("TLS_KEY", "/dev/null", "tls_certificate is missing"),
    "registration by another word": ("REGISTRATION", "maybe", "TENFOUR_REGISTRATION = 'maybe' cannot be used: it is one of closed, invite, open"),
    "an origin with a path": ("ALLOWED_ORIGINS", "https://a.example/", "allowed_origins has 'https://a.example/'"),
    "an origin with a star": ("ALLOWED_ORIGINS", "https://*.example", "allowed_origins has"),
    "an origin in capitals": ("ALLOWED_ORIGINS", "https://App.example", "allowed_origins has 'https://App.example': browsers write it https://app.example"),
    "an origin with the port that goes without saying": ("ALLOWED_ORIGINS", "https://a.example:443", "allowed_origins has 'https://a.example:443': browsers write it https://a.example"),
    "an origin without a scheme": ("ALLOWED_ORIGINS", "a.example", "allowed_origins has"),
    "an origin that cannot be parsed": ("ALLOWED_ORIGINS", "https://[::1", "allowed_origins has"),
    "an origin with somebody's name": ("ALLOWED_ORIGINS", "https://me@a.example", "allowed_origins has"),
    "a proxy that is no network": ("TRUSTED_PROXIES", "proxy.example", "trusted_proxies has 'proxy.example'"),
    "a proxy network with host bits": ("TRUSTED_PROXIES", "10.0.0.1/8", "trusted_proxies has '10.0.0.1/8'"),
    "another database": ("DATABASE", "mysql://localhost/x", "database cannot be used"),
    "a PostgreSQL server without a database": ("DATABASE", "postgresql://ann:geheim@host/", "after the host stands the name of the database"),
    "a password that is not escaped": ("DATABASE", "postgresql://ann:ge#heim@host/chat", "database cannot be used"),
    "SQLite without a file": ("DATABASE", "sqlite:///", "database cannot be used"),
    "a broker of later": ("BROKER", "nats", "TENFOUR_BROKER = 'nats' cannot be used: it is one of local"),
    "an empty data folder": ("DATA", "", "TENFOUR_DATA = '' cannot be used: it is a path"),
    "a path of two lines": ("DATA", "a\nb", "TENFOUR_DATA = 'a\\nb' cannot be used: it is one line of text"),
    "a leeway of an hour": ("LEEWAY_S", "3600", "TENFOUR_LEEWAY_S = '3600' cannot be used: the most is 60"),
    "a token of two months": ("ACCESS_TOKEN_S", "5184000", "TENFOUR_ACCESS_TOKEN_S = '5184000' cannot be used: the most is 2592000"),
    "a leeway below zero": ("LEEWAY_S", "-1", "TENFOUR_LEEWAY_S = '-1' cannot be used: the least is 0"),
    "a life without an end": ("ACCESS_TOKEN_S", "1" + "0" * 12, "TENFOUR_ACCESS_TOKEN_S = "),
    "a heartbeat without an end": ("HEARTBEAT_S", "inf", "it is a number with an end"),
    "a heartbeat that is no number": ("HEARTBEAT_S", "nan", "it is a number with an end"),
    "a truth that is neither": ("TOKEN_QUERY", "perhaps", "TENFOUR_TOKEN_QUERY = 'perhaps' cannot be used: it is true or false"),
}


@pytest.mark.parametrize(("name", "value", "said"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_refused_by_name(name: str, value: str, said: str) -> None:
    assert said in fault({f"TENFOUR_{name}": value})


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_below_its_least_is_refused_by_name(name: str) -> None:
    least = setting_fields()[name].metadata["minimum"]

    assert f"TENFOUR_{name.upper()} = '{least - 1}' cannot be used: the least is {least:g}" in fault({f"TENFOUR_{name.upper()}": f"{least - 1}"})
    assert getattr(load_settings({f"TENFOUR_{name.upper()}": str(least)}), name) == least


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_a_least(name: str) -> None:
    assert setting_fields()[name].metadata["minimum"] is not None


@pytest.mark.parametrize("name", setting_fields())
def test_every_setting_says_what_it_means_and_its_default_can_be_written_down(name: str) -> None:
    setting = setting_fields()[name]
    default = setting_default(setting)

    text = ",".join(default) if isinstance(default, tuple) else str(default).lower() if isinstance(default, bool) else str(default)
    again = load_settings({f"TENFOUR_{name.upper()}": "[]" if name == "external" else text})

    assert setting.metadata["meaning"].endswith(".")
    assert getattr(again, name) == default


@given(name=st.sampled_from(sorted(setting_fields())), text=TEXTS_OF_A_LINE)
def test_any_text_for_any_setting_is_taken_or_refused_by_name(name: str, text: str) -> None:
    try:
        taken, said = load_settings({f"TENFOUR_{name.upper()}": text}), ""
    except WrongSetting as refusal:
        taken, said = None, str(refusal)

    assert taken is not None or name in said.lower()


@given(name=st.sampled_from(NUMBERS), value=st.integers(1_024, 100_000))
def test_a_whole_number_means_the_same_from_every_source(name: str, value: int) -> None:
    values = []
    for environment, overrides in (({f"TENFOUR_{name.upper()}": str(value)}, {}), ({}, {name: value})):
        try:
            values.append(getattr(load_settings(environment, overrides), name))
        except WrongSetting as refusal:
            values.append(str(refusal).partition("cannot be used")[2])

    assert values[0] == values[1]


def test_a_wrong_option_of_the_command_line_is_named_as_it_was_written() -> None:
    assert fault({}, {"log_level": "loud"}).startswith("--log-level = 'loud' cannot be used")


WRONG_TABLES: dict[str, tuple[Any, str]] = {
    "no JSON": ("[{", "this is not JSON"),
    "one table instead of a list": (SHOP, "it is a list of tables"),
    "a list of texts": (["HS256"], "it is a list of tables"),
    "no issuer": ([{"algorithm": "HS256", "secret": SECRET}], "in table 1, issuer is missing"),
    "no algorithm": ([SHOP, {"issuer": "b", "secret": SECRET}], "in table 2, algorithm is missing"),
    "an algorithm that is none": ([SHOP | {"algorithm": "none"}], f"in table 1, algorithm is one of {', '.join(ALGORITHMS)}"),
    "nothing to verify with": ([{"issuer": "a", "algorithm": "RS256"}], "give exactly one of secret, key"),
    "two things to verify with": ([SHOP | {"jwks_url": "https://shop.example/keys"}], "give exactly one of secret, key"),
    "a slip of the pen": ([SHOP | {"audiance": "chat"}], "audiance is not a setting; did you mean audience?"),
    "a number as audience": ([SHOP | {"audience": 7}], "audience has to be a text"),
    "the text of a key": ([{"issuer": "a", "algorithm": "RS256", "key": f"-----BEGIN PUBLIC KEY-----\n{SECRET}"}], "key is the path of a PEM file, not its text"),
    "a key file that is not there": ([{"issuer": "a", "algorithm": "RS256", "key": "/nowhere.pem"}], "key names '/nowhere.pem', and there is no such file"),
    "a key file of no possible name": ([{"issuer": "a", "algorithm": "RS256", "key": "k" * 5000}], "there is no such file"),
    "one issuer twice": ([SHOP, SHOP], "two tables have the same issuer"),
}


@pytest.mark.parametrize(("tables", "said"), WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_wrong_issuer_is_refused_without_showing_its_secret(tables: Any, said: str) -> None:
    found = fault({"TENFOUR_EXTERNAL": tables if isinstance(tables, str) else json.dumps(tables)})

    assert found.startswith("TENFOUR_EXTERNAL = [secret] cannot be used: ")
    assert said in found
    assert SECRET not in found


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = load_settings({"TENFOUR_METRICS_TOKEN": SECRET, "TENFOUR_EXTERNAL": json.dumps([SHOP])})

    assert SECRET not in repr(settings)
    assert SECRET not in fault({"TENFOUR_METRICS_TOKEN": f"{SECRET}\n"})
    assert SECRET not in fault(write(tmp_path / "own.toml", f'metrics_token = ["{SECRET}"]'))
    assert SECRET not in fault(write(tmp_path / "own.toml", f'metrics_token = "{SECRET}'))


def test_a_certificate_is_looked_at_when_the_settings_are(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, key = make_certificate(tmp_path)
    _, other_key = make_certificate(tmp_path / "other")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")

    assert load_settings({"TENFOUR_TLS_CERTIFICATE": str(certificate), "TENFOUR_TLS_KEY": str(key)}).url == "https://127.0.0.1:8410"
    assert f"tls_key = '{tmp_path}/none.pem' cannot be used: there is no such file" in fault({"TENFOUR_TLS_CERTIFICATE": str(certificate), "TENFOUR_TLS_KEY": f"{tmp_path}/none.pem"})
    for wrong_certificate, wrong_key in ((certificate, other_key), (garbage, key), (certificate, garbage), (key, certificate)):
        said = fault({"TENFOUR_TLS_CERTIFICATE": str(wrong_certificate), "TENFOUR_TLS_KEY": str(wrong_key)})
        assert said.startswith(f"tls_certificate = '{wrong_certificate}' and tls_key = '{wrong_key}' cannot be used together: ")


ADDRESSES = {
    ("0.0.0.0:8410", ""): ("http://127.0.0.1:8410", False),
    ("[::1]:8410", ""): ("http://[::1]:8410", True),
    ("[::]:8410", ""): ("http://[::1]:8410", False),
    ("localhost:80", ""): ("http://localhost:80", True),
    ("192.0.2.7:8410", ""): ("http://192.0.2.7:8410", False),
    ("127.0.0.1:8410", "https://chat.example.org/"): ("https://chat.example.org", True),
}


@pytest.mark.parametrize(("listen", "public_url"), ADDRESSES)
def test_the_address_to_give_to_people_follows_from_where_it_listens(listen: str, public_url: str) -> None:
    settings = load_settings({"TENFOUR_LISTEN": listen, "TENFOUR_PUBLIC_URL": public_url})

    assert (settings.url, settings.is_loopback) == ADDRESSES[listen, public_url]


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("", "http://127.0.0.1:8410"),
        ("https://chat.example.org", "https://chat.example.org"),
        ("https://Chat.Example.org:443/tenfour/", "https://chat.example.org"),
        ("http://chat.example.org:80", "http://chat.example.org"),
        ("https://chat.example.org:8443", "https://chat.example.org:8443"),
    ],
)
def test_the_origin_of_the_servers_own_pages_is_what_browsers_make_of_its_address(public_url: str, origin: str) -> None:
    assert load_settings({"TENFOUR_PUBLIC_URL": public_url}).origin == origin
