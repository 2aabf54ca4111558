"""The classic mistakes of each proxy before Tenfour, as configuration, and the cause that each of them is.

UPSTREAM stands for the server's address, DEAD for a port on which nobody listens, MUTE for one where somebody
listens and says nothing, FOLDER for a folder with a page. A cause of None is a proxy as it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenfour.doctor.proxies import Proxy


@dataclass(frozen=True, slots=True)
class Mistake:
    proxy: Proxy
    name: str
    cause: str | None
    config: str
    proxy_is_told: bool = True
    """Whether its answer gives the proxy away: HAProxy leaves no trace on what it passes on."""

    def __str__(self) -> str:
        return f"{self.proxy}: {self.name}"


_UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"
_RIGHT = f"{_UPGRADE} proxy_set_header Host $http_host;"


def _nginx(name: str, cause: str | None, config: str) -> Mistake:
    return Mistake(Proxy.NGINX, name, cause, config)


def _haproxy(name: str, cause: str | None, config: str, *, told: bool = False) -> Mistake:
    return Mistake(Proxy.HAPROXY, name, cause, config, told)


def _caddy(name: str, cause: str | None, config: str) -> Mistake:
    return Mistake(Proxy.CADDY, name, cause, config)


def _apache(name: str, cause: str | None, config: str) -> Mistake:
    return Mistake(Proxy.APACHE, name, cause, config)


MISTAKES = [
    _nginx("as it should be", None, f"location / {{ proxy_pass http://UPSTREAM; {_RIGHT} }}"),
    _nginx("nothing said of upgrades", "upgrade_stripped", "location / { proxy_pass http://UPSTREAM; }"),
    _nginx("no Connection", "connection_closed", "location / { proxy_pass http://UPSTREAM; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; }"),
    _nginx("Upgrade, but no version", "http10_upstream", "location / { proxy_pass http://UPSTREAM; proxy_set_header Upgrade $http_upgrade; }"),
    _nginx("no Host", "host_rewritten", f"location / {{ proxy_pass http://UPSTREAM; {_UPGRADE} }}"),
    _nginx("subprotocol cleared", "subprotocol_dropped", f'location / {{ proxy_pass http://UPSTREAM; {_RIGHT} proxy_set_header Sec-WebSocket-Protocol ""; }}'),
    _nginx("wrong port", "upstream_down", f"location / {{ proxy_pass http://DEAD; {_RIGHT} }}"),
    _nginx("server stands still", "upstream_mute", f"location / {{ proxy_pass http://MUTE; {_RIGHT} proxy_read_timeout 1s; }}"),
    _nginx("/ behind proxy_pass", "base_path_lost", f"location /api/ {{ proxy_pass http://UPSTREAM/; {_RIGHT} }}"),
    _nginx("/ behind the location", "redirected", f"location /api/v1/ws/ {{ proxy_pass http://UPSTREAM; {_RIGHT} }} location / {{ proxy_pass http://UPSTREAM; {_RIGHT} }}"),
    _nginx("page for every path", "spa_fallback", "root FOLDER; location / { try_files $uri /index.html; }"),
    _nginx("plain web server", "wrong_upstream", "root FOLDER;"),
    _nginx("password before all", "http_auth", f'auth_basic "staff"; auth_basic_user_file FOLDER/users; location / {{ proxy_pass http://UPSTREAM; {_RIGHT} }}'),
    _haproxy("as it should be", None, "server own UPSTREAM"),
    _haproxy("Upgrade deleted", "upgrade_stripped", "http-request del-header Upgrade\n server own UPSTREAM"),
    _haproxy("Host set", "host_rewritten", "http-request set-header Host inner:1\n server own UPSTREAM"),
    _haproxy("subprotocol deleted", "subprotocol_dropped", "http-request del-header Sec-WebSocket-Protocol\n server own UPSTREAM"),
    _haproxy("wrong port", "upstream_down", "retries 0\n server own DEAD", told=True),
    _haproxy("server stands still", "upstream_mute", "timeout server 1s\n server own MUTE", told=True),
    _caddy("as it should be", None, "reverse_proxy UPSTREAM"),
    _caddy("Upgrade deleted", "upgrade_stripped", "reverse_proxy UPSTREAM {\n header_up -Upgrade\n }"),
    _caddy("Host set", "host_rewritten", "reverse_proxy UPSTREAM {\n header_up Host {upstream_hostport}\n }"),
    _caddy("subprotocol deleted", "subprotocol_dropped", "reverse_proxy UPSTREAM {\n header_up -Sec-WebSocket-Protocol\n }"),
    _caddy("path cut", "base_path_lost", "handle_path /api/* {\n reverse_proxy UPSTREAM\n }"),
    _caddy("wrong port", "upstream_down", "reverse_proxy DEAD"),
    _apache("as it should be", None, 'ProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("nothing said of upgrades", "upgrade_stripped", 'ProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/"'),
    _apache("HTTP/1.0", "http10_upstream", 'SetEnv force-proxy-request-1.0 1\nProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("Host not kept", "host_rewritten", 'ProxyPass "/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("subprotocol unset", "subprotocol_dropped", 'RequestHeader unset Sec-WebSocket-Protocol\nProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("wrong port", "upstream_down", 'ProxyPass "/" "http://DEAD/" upgrade=websocket'),
]
