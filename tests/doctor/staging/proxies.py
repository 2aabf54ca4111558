"""Real proxies, each in one process with a port for each of its mistakes."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tenfour.doctor.proxies import Proxy
from tests.doctor.staging.mistakes import Mistake
from tests.eventually import hold_until
from tests.needs import need

APACHE_MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "headers", "env")
APACHE_FOLDERS = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")


def free_port() -> int:
    """A port on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def staged(proxy: Proxy, mistakes: Sequence[Mistake], upstream: str, folder: Path) -> Iterator[Mapping[Mistake, int]]:
    """Runs the proxy; each mistake has its port."""
    (folder / "index.html").write_text("<!doctype html><title>Shop</title><div id=shop></div>")
    (folder / "users").write_text("ada:x\n")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        places = {"UPSTREAM": upstream, "DEAD": f"127.0.0.1:{free_port()}", "MUTE": f"127.0.0.1:{mute.getsockname()[1]}", "FOLDER": str(folder)}
        ports = {mistake: free_port() for mistake in mistakes}
        command = _COMMANDS[proxy]({port: _filled(mistake.config, places) for mistake, port in ports.items()}, folder)
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


def _nginx(configs: Mapping[int, str], folder: Path) -> list[str]:
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "\n".join(f"server {{ listen 127.0.0.1:{port};\n{config} }}" for port, config in configs.items())
    user = "user root;\n" if os.geteuid() == 0 else ""  # its workers would be somebody who may not read the test's folder
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\n{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}\n"
        f"map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n{servers}\n}}\n"
    )
    return [need("nginx"), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]


def _haproxy(configs: Mapping[int, str], folder: Path) -> list[str]:
    file = folder / "haproxy.cfg"
    listens = "".join(f"listen own{port}\n bind 127.0.0.1:{port}\n {config}\n" for port, config in configs.items())
    file.write_text(f"defaults\n mode http\n timeout connect 2s\n timeout client 20s\n timeout server 20s\n{listens}")
    return [need("haproxy"), "-db", "-f", str(file)]


def _caddy(configs: Mapping[int, str], folder: Path) -> list[str]:
    file = folder / "Caddyfile"
    sites = "".join(f"http://127.0.0.1:{port} {{\n {config}\n}}\n" for port, config in configs.items())
    file.write_text(f"{{\n admin off\n auto_https off\n}}\n{sites}")
    return [need("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def _apache(configs: Mapping[int, str], folder: Path) -> list[str]:
    apache = need("apache2")
    hosts = "".join(f"Listen 127.0.0.1:{port}\n<VirtualHost 127.0.0.1:{port}>\n{config}\n</VirtualHost>\n" for port, config in configs.items())
    file = folder / "apache.conf"
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    file.write_text(f"ServerRoot {folder}\nServerName own\n{user}PidFile {folder}/pid\nErrorLog {folder}/error.log\n{apache_modules(APACHE_MODULES)}\n{hosts}")
    return [apache, "-f", str(file), "-DFOREGROUND"]


def apache_modules(names: Sequence[str]) -> str:
    """The lines that load these modules; ``APACHE_MODULES`` names their folder where it is none of the usual ones."""
    folder = os.environ.get("APACHE_MODULES") or next((each for each in APACHE_FOLDERS if Path(each).is_dir()), APACHE_FOLDERS[0])
    return "\n".join(f"LoadModule {name}_module {folder}/mod_{name}.so" for name in names)


_COMMANDS: dict[Proxy, Callable[[Mapping[int, str], Path], list[str]]] = {Proxy.NGINX: _nginx, Proxy.HAPROXY: _haproxy, Proxy.CADDY: _caddy, Proxy.APACHE: _apache}
