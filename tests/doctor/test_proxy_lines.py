"""What the doctor gives to paste is configuration that the proxies themselves take."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tenfour.causes import CAUSES
from tenfour.doctor.lines import OFTEN, all_lines
from tenfour.doctor.proxies import Proxy
from tests.certificates import make_certificate
from tests.doctor.staging.proxies import apache_modules
from tests.needs import need

SHELL = {"cert_expired"}
NGINX_IN_SERVER = {
    "tls_to_plain_port",
    "base_path_lost",
    "chain_incomplete",
    "cert_wrong_host",
    "sni_needed",
    "http2_only",
    "tls_version",
    "client_cert",
    "redirected",
    "wrong_upstream",
    "spa_fallback",
    "header_too_big",
}
NGINX_IN_MAIN = {"proxy_full", "proxy_reload", "lifetime_cut"}
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
CADDY_GLOBAL = {"http2_only", "h2_connect_broken", "proxy_full"}
CADDY_SITE = {"tls_to_plain_port", "cert_wrong_host", "sni_needed"}
CADDY_IN_PROXY = {
    "upgrade_stripped",
    "connection_closed",
    "http10_upstream",
    "host_rewritten",
    "scheme_lost",
    "subprotocol_dropped",
    "token_lost",
    "version_refused",
    "deflate_broken",
    "idle_cut",
    "lifetime_cut",
}
APACHE_MODULES = ("mpm_event", "authz_core", "authn_core", "proxy", "proxy_http", "headers", "env", "ssl", "socache_shmcb", "http2", "rewrite", "cache")


def _cases(proxy: Proxy) -> list[str]:
    return [cause for cause in CAUSES if proxy in all_lines(cause) and cause not in SHELL]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def _text(proxy: Proxy, cause: str, certificate: tuple[Path, Path]) -> str:
    text = all_lines(cause)[proxy]
    return text.replace("/etc/letsencrypt/live/HOST/fullchain.pem", str(certificate[0])).replace("/etc/letsencrypt/live/HOST/privkey.pem", str(certificate[1]))


def _takes(*command: str | Path, env: dict[str, str] | None = None) -> None:
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=os.environ | (env or {}))

    assert checked.returncode == 0, checked.stdout + checked.stderr


def _version(caddy: str) -> tuple[int, ...]:
    said = subprocess.run([caddy, "version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


@pytest.mark.parametrize("cause", _cases(Proxy.NGINX))
def test_nginx_takes_its_lines(cause: str, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    nginx = need("nginx")
    text = _text(Proxy.NGINX, cause, certificate)
    main, http, server, location = "events {}", MAP, "", ""
    if cause in NGINX_IN_MAIN:
        main = text if "events" in text else f"{text}\nevents {{}}"
    elif cause in NGINX_IN_SERVER:
        server = text
    elif text.startswith("# within http { }"):
        http, _, location = text.partition("\n\n")
    else:
        location = text
    paths = "\n".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    keys = "".join(f"{name} {path};\n" for name, path in zip(("ssl_certificate", "ssl_certificate_key"), certificate, strict=True) if not re.search(rf"{name}\s", server))
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\n{main}\nhttp {{\naccess_log off;\n{paths}\n{http}\nserver {{\n{keys}\n{server}\nlocation /own/ {{\n{location}\n}}\n}}\n}}\n")

    _takes(nginx, "-t", "-q", "-p", tmp_path, "-c", file)


@pytest.mark.parametrize("cause", _cases(Proxy.HAPROXY))
def test_haproxy_takes_its_lines(cause: str, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    haproxy = need("haproxy")
    pem = tmp_path / "HOST.pem"
    pem.write_bytes(certificate[0].read_bytes() + certificate[1].read_bytes())
    text = _text(Proxy.HAPROXY, cause, certificate).replace("/etc/haproxy/HOST.pem", str(pem))
    lines = [line for line in text.splitlines() if not line.startswith("cat ")]
    on_global, on_bind = "# within global" in text, "# on the bind line" in text
    parts = {"global": lines if on_global else [], "bind": [line for line in lines if not line.startswith("#")] if on_bind else []}
    rest = "" if on_global or on_bind else "\n    ".join(lines)
    own = "frontend" in rest
    listen = f"listen own\n    bind 127.0.0.1:1 ssl crt {pem} {' '.join(parts['bind'])}\n    {'' if own else rest}\n    server own 127.0.0.1:2\n"
    file = tmp_path / "haproxy.cfg"
    file.write_text(
        "global\n    " + "\n    ".join(parts["global"]) + "\nuserlist USERS\n    user ada insecure-password x\n"
        "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n" + (rest.replace("frontend web", "frontend web\n    bind 127.0.0.1:3") + "\n" if own else "") + listen
    )  # fmt: skip

    _takes(haproxy, "-c", "-q", "-f", file)


@pytest.mark.parametrize("cause", _cases(Proxy.CADDY))
def test_caddy_takes_its_lines(cause: str, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    caddy = need("caddy")
    text = _text(Proxy.CADDY, cause, certificate).replace("NAME HASH", "ada JDJhJDE0JE9kR3hWQ2tUWUZmTVhZbGQ2bzZPb091Mi5lNjA3a0pEYzBpUlBrL1hEVnVWbE1zNGkuSmJl")
    text, is_unit, unit = text.partition("[Service]")
    assert not is_unit or unit.startswith("\nLimitNOFILE=")
    options = text if cause in CADDY_GLOBAL else ""
    site = "" if cause in CADDY_GLOBAL else f"reverse_proxy 127.0.0.1:8410 {{\n{text}\n}}" if cause in CADDY_IN_PROXY else text
    file = tmp_path / "Caddyfile"
    sites = text.replace("HOST", "chat.example") if cause in CADDY_SITE else f"chat.example {{\n{site}\n}}"
    file.write_text(f"{{\nadmin off\n{options}\n}}\n\n{sites}\n")

    # Debian's Caddy is older than the directive, and has to be the one that says so.
    is_older = cause == "proxy_reload" and _version(caddy) < (2, 7)
    with pytest.raises(AssertionError, match="stream_close_delay") if is_older else contextlib.nullcontext():
        _takes(caddy, "validate", "--config", file, "--adapter", "caddyfile", env={"HOME": str(tmp_path)})


@pytest.mark.parametrize("cause", _cases(Proxy.APACHE))
def test_apache_takes_its_lines(cause: str, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    apache = need("apache2")
    text = _text(Proxy.APACHE, cause, certificate)
    keys = f"SSLEngine on\nSSLCertificateFile {certificate[0]}\nSSLCertificateKeyFile {certificate[1]}\n" if "SSL" in text else ""
    in_main = re.search(r"^(?:ServerLimit|LimitRequest|GracefulShutdown)", text, re.MULTILINE)
    file = tmp_path / "apache.conf"
    file.write_text(
        f"ServerRoot {tmp_path}\nServerName own\nPidFile {tmp_path}/pid\nErrorLog {tmp_path}/log\nListen 127.0.0.1:1\n{apache_modules(APACHE_MODULES)}\n"
        + (text if in_main else "") + f"\n<VirtualHost 127.0.0.1:1>\n{keys}{'' if in_main else text}\n</VirtualHost>\n"
    )  # fmt: skip

    _takes(apache, "-t", "-f", file)


@pytest.mark.parametrize("cause", _cases(Proxy.TRAEFIK))
def test_traefiks_lines_are_yaml_with_comments(cause: str) -> None:
    text, _, unit = all_lines(cause)[Proxy.TRAEFIK].partition("[Service]")

    read = yaml.safe_load(text)

    assert read is None or isinstance(read, dict)
    assert not unit or unit.startswith("\nLimitNOFILE=")


@pytest.mark.parametrize("proxy", OFTEN)
def test_what_is_a_command_is_one_for_the_shell(proxy: Proxy) -> None:
    for cause in SHELL:
        _takes("bash", "-n", "-c", all_lines(cause)[proxy])


NOTHING_TO_CORRECT = {
    ("http10_upstream", Proxy.HAPROXY): "it passes the client's version on",
    ("http10_upstream", Proxy.TRAEFIK): "it speaks HTTP/1.1 to servers",
    ("h2_connect_broken", Proxy.NGINX): "it does not announce it",
    ("lifetime_cut", Proxy.APACHE): "it knows no age",
    ("cdn_caches", Proxy.CADDY): "it has no cache",
    ("cdn_caches", Proxy.TRAEFIK): "it has no cache",
}


def test_each_proxy_has_its_lines_wherever_one_has() -> None:
    lacking = {(cause, proxy) for cause in CAUSES for proxy in OFTEN if all_lines(cause) and proxy not in all_lines(cause)}

    assert lacking == set(NOTHING_TO_CORRECT)
