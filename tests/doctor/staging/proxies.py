"""Real proxies, each in one process with a port for each of its mistakes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfour.doctor.proxies import Proxy
from tests.doctor.staging.certificates import make_certificates
from tests.doctor.staging.mistakes import Mistake
from tests.eventually import hold_until
from tests.needs import need

APACHE_MODULES = ("mpm_event", "authz_core", "authz_user", "authn_core", "authn_file", "auth_basic", "alias", "dir", "proxy", "proxy_http", "headers", "env", "ssl", "socache_shmcb")
APACHE_FOLDERS = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")


def free_ports(count: int) -> list[int]:
    """Different ports on which nobody listens at the moment."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def staged(proxy: Proxy, mistakes: Sequence[Mistake], servers: Mapping[str, str], folder: Path) -> Iterator[Mapping[Mistake, int]]:
    """Runs the proxy before servers, by their names in the configurations; each mistake has its port."""
    (folder / "index.html").write_text("<!doctype html><title>Shop</title><div id=shop></div>")
    (folder / "users").write_text("ada:x\n")
    make_certificates(folder)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        dead, *free = free_ports(len(mistakes) + 1)
        places = {**servers, "DEAD": f"127.0.0.1:{dead}", "MUTE": f"127.0.0.1:{mute.getsockname()[1]}", "FOLDER": str(folder)}
        ports = dict(zip(mistakes, free, strict=True))
        command = _COMMANDS[proxy](
            [Site(port, _filled(mistake.config, places), mistake.certificate and f"{folder}/{mistake.certificate}.pem", _filled(mistake.bind, places)) for mistake, port in ports.items()], folder
        )
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": str(folder)})
        try:
            hold_until(lambda: process.poll() is not None or all(_listens(port) for port in ports.values()))
            assert process.poll() is None, (folder / "log").read_text()
            yield ports
        finally:
            process.terminate()
            process.wait()


def _filled(config: str, places: Mapping[str, str]) -> str:
    for name, place in places.items():
        config = config.replace(name, place)
    return config


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Site:
    """A port of the proxy and its configuration; with a PEM file of certificate, chain and key it speaks TLS."""

    port: int
    config: str
    pem: str | None
    bind: str = ""


def _nginx(sites: Sequence[Site], folder: Path) -> list[str]:
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "\n".join(f"server {{ listen 127.0.0.1:{site.port}{_nginx_tls(site)};\n{site.config} }}" for site in sites)
    user = "user root;\n" if os.geteuid() == 0 else ""  # its workers would be somebody who may not read the test's folder
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\n{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}\n"
        f"limit_conn_zone $server_port zone=held:1m;\nmap $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n{servers}\n}}\n"
    )
    return [need("nginx"), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]


def _nginx_tls(site: Site) -> str:
    return f" ssl; ssl_certificate {site.pem}; ssl_certificate_key {site.pem}" if site.pem else ""


def _haproxy(sites: Sequence[Site], folder: Path) -> list[str]:
    file = folder / "haproxy.cfg"
    listens = "".join(f"listen own{site.port}\n bind 127.0.0.1:{site.port}{f' ssl crt {site.pem}' if site.pem else ''} {site.bind}\n {site.config}\n" for site in sites)
    file.write_text(f"defaults\n mode http\n timeout connect 2s\n timeout client 20s\n timeout server 20s\n{listens}")
    return [need("haproxy"), "-db", "-f", str(file)]


def _caddy(sites: Sequence[Site], folder: Path) -> list[str]:
    file = folder / "Caddyfile"
    written = "".join(f"{'https' if site.pem else 'http'}://localhost:{site.port} {{\n bind 127.0.0.1\n {f'tls {site.pem} {site.pem}' if site.pem else ''}\n {site.config}\n}}\n" for site in sites)
    file.write_text(f"{{\n admin off\n auto_https disable_redirects\n}}\n{written}")
    return [need("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def _apache(sites: Sequence[Site], folder: Path) -> list[str]:
    apache = need("apache2")
    hosts = "".join(f"Listen 127.0.0.1:{site.port}\n<VirtualHost 127.0.0.1:{site.port}>\n{_apache_tls(site)}{site.config}\n</VirtualHost>\n" for site in sites)
    file = folder / "apache.conf"
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    file.write_text(f"ServerRoot {folder}\nServerName own\n{user}PidFile {folder}/pid\nErrorLog {folder}/error.log\n{apache_modules(APACHE_MODULES)}\nSSLSessionCache none\n{hosts}")
    return [apache, "-f", str(file), "-DFOREGROUND"]


def _apache_tls(site: Site) -> str:
    return f"SSLEngine on\nSSLCertificateFile {site.pem}\n" if site.pem else ""


def apache_modules(names: Sequence[str]) -> str:
    """The lines that load these modules; ``APACHE_MODULES`` names their folder where it is none of the usual ones."""
    folder = os.environ.get("APACHE_MODULES") or next((each for each in APACHE_FOLDERS if Path(each).is_dir()), APACHE_FOLDERS[0])
    return "\n".join(f"LoadModule {name}_module {folder}/mod_{name}.so" for name in names)


_COMMANDS: dict[Proxy, Callable[[Sequence[Site], Path], list[str]]] = {Proxy.NGINX: _nginx, Proxy.HAPROXY: _haproxy, Proxy.CADDY: _caddy, Proxy.APACHE: _apache}
