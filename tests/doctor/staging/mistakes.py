"""The classic mistakes of each proxy before Tenfour, as configuration, and the cause that each of them is.

UPSTREAM stands for the server's address, TRUSTING for one that names the proxy in trusted_proxies, DEAD for a port on which nobody listens, MUTE for one where somebody
listens and says nothing, FOLDER for a folder with a page and certificates. A cause of None is a proxy as it should be.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenfour.doctor.proxies import Proxy


@dataclass(frozen=True, slots=True)
class Mistake:
    proxy: Proxy
    cause: str | None
    staged: str
    config: str
    certificate: str | None = None
    """The certificate of ``staging/certificates.py`` with which the port speaks TLS; None: it speaks plain HTTP."""
    bind: str = ""
    """What else stands in HAProxy's line of the port."""
    scheme: str = ""
    """The scheme of the address that is examined, where it is not the port's own."""
    token_bytes: int | None = None
    """Brings a token; a number makes it as long."""
    idle_s: float | None = None
    """How long the test of silence may take, where silence is what is cut."""
    is_held: bool = False
    """Whether a connection through it stands already."""
    is_told: bool = True
    """Whether an answer gives the proxy away: HAProxy leaves no trace on what it passes on."""

    def __str__(self) -> str:
        return self.staged


ANY_TOKEN = 0
_LONG_TOKEN = 9_000
_LONGER_TOKEN = 15_000
_CUT_S = 2


# nginx

_UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"
_RIGHT = f"proxy_pass http://UPSTREAM; {_UPGRADE} proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"


def _nginx(cause: str | None, staged: str, config: str, **more: object) -> Mistake:
    return Mistake(Proxy.NGINX, cause, f"nginx {staged}.", config, **more)  # type: ignore[arg-type]


NGINX = [
    _nginx(None, "as it should be", f"location / {{ {_RIGHT} }}", token_bytes=ANY_TOKEN),
    _nginx(None, "as it should be, with TLS", f"location / {{ {_RIGHT.replace('UPSTREAM', 'TRUSTING')} }}", certificate="good", token_bytes=ANY_TOKEN),
    _nginx("upgrade_stripped", "with `proxy_pass` and nothing else", "location / { proxy_pass http://UPSTREAM; }"),
    _nginx(
        "upgrade_stripped",
        'with `proxy_set_header Upgrade ""`',
        'location / { proxy_pass http://UPSTREAM; proxy_http_version 1.1; proxy_set_header Upgrade ""; proxy_set_header Connection upgrade; proxy_set_header Host $http_host; }',
    ),
    _nginx("connection_closed", "that passes on Upgrade, but not Connection", "location / { proxy_pass http://UPSTREAM; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; }"),
    _nginx("http10_upstream", "that passes on Upgrade, but has no `proxy_http_version 1.1`", "location / { proxy_pass http://UPSTREAM; proxy_set_header Upgrade $http_upgrade; }"),
    _nginx("host_rewritten", "without `proxy_set_header Host`", f"location / {{ proxy_pass http://UPSTREAM; {_UPGRADE} }}"),
    _nginx("subprotocol_dropped", "that clears Sec-WebSocket-Protocol", f'location / {{ {_RIGHT} proxy_set_header Sec-WebSocket-Protocol ""; }}'),
    _nginx("token_lost", "that clears Authorization", f'location / {{ {_RIGHT} proxy_set_header Authorization ""; }}', token_bytes=ANY_TOKEN),
    _nginx("header_too_big", "with its `large_client_header_buffers` of 8 kB, and a token of 9 kB", f"location / {{ {_RIGHT} }}", token_bytes=_LONG_TOKEN),
    _nginx("upstream_down", "whose `proxy_pass` names a port on which nobody listens", f"location / {{ proxy_pass http://DEAD; {_UPGRADE} }}"),
    _nginx("upstream_mute", "before a program that takes connections and says nothing", f"location / {{ proxy_pass http://MUTE; {_UPGRADE} proxy_read_timeout 1s; }}"),
    _nginx(
        "base_path_lost", "with a `/` behind the address in `proxy_pass`, which cuts `/api/` off", f"location /api/ {{ proxy_pass http://UPSTREAM/; {_UPGRADE} proxy_set_header Host $http_host; }}"
    ),
    _nginx("redirected", "whose location of the door has a `/` at its end", f"location /api/v1/ws/ {{ {_RIGHT} }} location / {{ {_RIGHT} }}"),
    _nginx("redirected", "that sends plain HTTP to https", "return 301 https://chat.example$request_uri;"),
    _nginx("spa_fallback", "that answers every path with one page", "root FOLDER; location / { try_files $uri /index.html; }"),
    _nginx("wrong_upstream", "as a plain web server, without any `proxy_pass`", "root FOLDER;"),
    _nginx("http_auth", "with a password before all", f'auth_basic "staff"; auth_basic_user_file FOLDER/users; location / {{ {_RIGHT} }}'),
    _nginx("waf_block", "that forbids upgrades", f"location / {{ if ($http_upgrade) {{ return 403; }} {_RIGHT} }}"),
    _nginx("proxy_full", "whose `limit_conn` is reached", f"limit_conn held 1; location / {{ {_RIGHT} }}", is_held=True),
    _nginx("idle_cut", f"with `proxy_read_timeout {_CUT_S}s`", f"location / {{ {_RIGHT} proxy_read_timeout {_CUT_S}s; }}", token_bytes=ANY_TOKEN, idle_s=2 * _CUT_S),
    _nginx("scheme_lost", "with TLS that does not say so by X-Forwarded-Proto", f"location / {{ proxy_pass http://UPSTREAM; {_UPGRADE} proxy_set_header Host $http_host; }}", certificate="good"),
    _nginx("plain_to_tls_port", "with TLS, asked by ws://", f"location / {{ {_RIGHT} }}", certificate="good", scheme="ws"),
    _nginx("tls_to_plain_port", "without TLS, asked by wss://", f"location / {{ {_RIGHT} }}", scheme="wss"),
    _nginx("cert_expired", "with a certificate that has expired", f"location / {{ {_RIGHT} }}", certificate="expired"),
    _nginx("chain_incomplete", "with the certificate alone, without its issuer's (`cert.pem` for `fullchain.pem`)", f"location / {{ {_RIGHT} }}", certificate="lone"),
    _nginx("tls_version", "with `ssl_protocols TLSv1.1`", f"ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; location / {{ {_RIGHT} }}", certificate="good"),
    _nginx("sni_needed", "that refuses names it does not know (`ssl_reject_handshake on`)", f"ssl_reject_handshake on; location / {{ {_RIGHT} }}", certificate="good"),
    _nginx(
        "client_cert",
        "that wants a certificate of the client (`ssl_verify_client on`)",
        f"ssl_client_certificate FOLDER/authority.pem; ssl_verify_client on; location / {{ {_RIGHT} }}",
        certificate="good",
    ),
]


# HAProxy


def _haproxy(cause: str | None, staged: str, config: str, *, is_told: bool = False, **more: object) -> Mistake:
    return Mistake(Proxy.HAPROXY, cause, f"HAProxy {staged}.", config, is_told=is_told, **more)  # type: ignore[arg-type]


HAPROXY = [
    _haproxy(None, "as it should be", "server own UPSTREAM", token_bytes=ANY_TOKEN),
    _haproxy(None, "as it should be, with TLS", "http-request set-header X-Forwarded-Proto https\n server own TRUSTING", certificate="good", token_bytes=ANY_TOKEN),
    _haproxy("upgrade_stripped", "that deletes Upgrade", "http-request del-header Upgrade\n server own UPSTREAM"),
    _haproxy("host_rewritten", "that sets another Host", "http-request set-header Host inner:1\n server own UPSTREAM"),
    _haproxy("subprotocol_dropped", "that deletes Sec-WebSocket-Protocol", "http-request del-header Sec-WebSocket-Protocol\n server own UPSTREAM"),
    _haproxy("token_lost", "that deletes Authorization", "http-request del-header Authorization\n server own UPSTREAM", token_bytes=ANY_TOKEN),
    _haproxy("header_too_big", "with its buffer of 16 kB, and a token of 15 kB", "server own UPSTREAM", token_bytes=_LONGER_TOKEN),
    _haproxy("upstream_down", "whose server is a port on which nobody listens", "retries 0\n server own DEAD", is_told=True),
    _haproxy("upstream_mute", "before a program that takes connections and says nothing", "timeout server 1s\n server own MUTE", is_told=True),
    _haproxy("base_path_lost", "with a `replace-path` that cuts `/api` off", "http-request replace-path /api(/.*) \\1\n server own UPSTREAM"),
    _haproxy("redirected", "that sends every path to the same with a `/` at its end", "http-request redirect code 301 location %[path]/ if !{ path_end / }\n server own UPSTREAM"),
    _haproxy("http_auth", "with a password before all", "http-request auth realm staff\n server own UPSTREAM"),
    _haproxy("waf_block", "that denies upgrades", "http-request deny if { hdr(upgrade) -i websocket }\n server own UPSTREAM"),
    _haproxy("idle_cut", f"with `timeout tunnel {_CUT_S}s`", f"timeout tunnel {_CUT_S}s\n server own UPSTREAM", token_bytes=ANY_TOKEN, idle_s=2 * _CUT_S),
    _haproxy("plain_to_tls_port", "with TLS, asked by ws://", "server own UPSTREAM", certificate="good", scheme="ws"),
    _haproxy("tls_to_plain_port", "without TLS, asked by wss://", "server own UPSTREAM", scheme="wss"),
    _haproxy("client_cert", "that wants a certificate of the client (`verify required`)", "server own UPSTREAM", certificate="good", bind="verify required ca-file FOLDER/authority.pem"),
    _haproxy("sni_needed", "with `strict-sni` and a certificate for another host", "server own UPSTREAM", certificate="other_host", bind="strict-sni"),
    _haproxy("http2_only", "that speaks HTTP/2 only (`proto h2`)", "server own UPSTREAM", certificate="good", bind="alpn h2 proto h2"),
    _haproxy("cert_not_yet", "with a certificate that is not valid yet", "server own UPSTREAM", certificate="not_yet"),
    _haproxy("cert_wrong_host", "with a certificate for another host", "server own UPSTREAM", certificate="other_host"),
]


# Caddy


def _caddy(cause: str | None, staged: str, config: str, **more: object) -> Mistake:
    return Mistake(Proxy.CADDY, cause, f"Caddy {staged}.", config, **more)  # type: ignore[arg-type]


CADDY = [
    _caddy(None, "as it should be", "reverse_proxy UPSTREAM", token_bytes=ANY_TOKEN),
    _caddy(None, "as it should be, with TLS", "reverse_proxy TRUSTING", certificate="good", token_bytes=ANY_TOKEN),
    _caddy("upgrade_stripped", "that deletes Upgrade", "reverse_proxy UPSTREAM {\n header_up -Upgrade\n }"),
    _caddy("host_rewritten", "that sets the server's own Host", "reverse_proxy UPSTREAM {\n header_up Host {upstream_hostport}\n }"),
    _caddy("subprotocol_dropped", "that deletes Sec-WebSocket-Protocol", "reverse_proxy UPSTREAM {\n header_up -Sec-WebSocket-Protocol\n }"),
    _caddy("token_lost", "that deletes Authorization", "reverse_proxy UPSTREAM {\n header_up -Authorization\n }", token_bytes=ANY_TOKEN),
    _caddy("upstream_down", "whose server is a port on which nobody listens", "reverse_proxy DEAD"),
    _caddy("upstream_mute", "before a program that takes connections and says nothing", "reverse_proxy MUTE {\n transport http {\n response_header_timeout 1s\n }\n }"),
    _caddy("base_path_lost", "with a `handle_path` that cuts `/api` off", "handle_path /api/* {\n reverse_proxy UPSTREAM\n }"),
    _caddy("redirected", "that sends every path to the same with a `/` at its end", "@bare not path */\n redir @bare {path}/ 301\n reverse_proxy UPSTREAM"),
    _caddy("spa_fallback", "that answers every path with one page", "root * FOLDER\n try_files {path} /index.html\n file_server"),
    _caddy("wrong_upstream", "as a plain file server", "root * FOLDER\n file_server"),
    _caddy("http_auth", "with a password before all", "basicauth {\n ada JDJhJDE0JE9kR3hWQ2tUWUZmTVhZbGQ2bzZPb091Mi5lNjA3a0pEYzBpUlBrL1hEVnVWbE1zNGkuSmJl\n }\n reverse_proxy UPSTREAM"),
    _caddy("plain_to_tls_port", "with TLS, asked by ws://", "reverse_proxy UPSTREAM", certificate="good", scheme="ws", is_told=False),
    _caddy("tls_to_plain_port", "without TLS, asked by wss://", "reverse_proxy UPSTREAM", scheme="wss"),
    _caddy("cert_unknown_issuer", "with a certificate that signed itself", "reverse_proxy UPSTREAM", certificate="own"),
]


# Apache

_PASS = 'ProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/" upgrade=websocket'


def _apache(cause: str | None, staged: str, config: str, **more: object) -> Mistake:
    return Mistake(Proxy.APACHE, cause, f"Apache {staged}.", config, **more)  # type: ignore[arg-type]


APACHE = [
    _apache(None, "as it should be", _PASS, token_bytes=ANY_TOKEN),
    _apache(None, "as it should be, with TLS", f"RequestHeader set X-Forwarded-Proto https\n{_PASS.replace('UPSTREAM', 'TRUSTING')}", certificate="good", token_bytes=ANY_TOKEN),
    _apache("upgrade_stripped", "whose `ProxyPass` lacks `upgrade=websocket`", 'ProxyPreserveHost On\nProxyPass "/" "http://UPSTREAM/"'),
    _apache("http10_upstream", "with `force-proxy-request-1.0`", f"SetEnv force-proxy-request-1.0 1\n{_PASS}"),
    _apache("host_rewritten", "without `ProxyPreserveHost On`", 'ProxyPass "/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("subprotocol_dropped", "that unsets Sec-WebSocket-Protocol", f"RequestHeader unset Sec-WebSocket-Protocol\n{_PASS}"),
    _apache("token_lost", "that unsets Authorization", f"RequestHeader unset Authorization\n{_PASS}", token_bytes=ANY_TOKEN),
    _apache("header_too_big", "with its `LimitRequestFieldSize` of 8,190 bytes, and a token of 9 kB", _PASS, token_bytes=_LONG_TOKEN),
    _apache("upstream_down", "whose `ProxyPass` names a port on which nobody listens", 'ProxyPass "/" "http://DEAD/" upgrade=websocket'),
    _apache("upstream_mute", "before a program that takes connections and says nothing", 'Timeout 1\nProxyPass "/" "http://MUTE/" upgrade=websocket'),
    _apache("base_path_lost", "with a `ProxyPass` that cuts `/api` off", 'ProxyPreserveHost On\nProxyPass "/api/" "http://UPSTREAM/" upgrade=websocket'),
    _apache("redirected", "that sends plain HTTP to https", 'Redirect permanent "/" "https://chat.example/"'),
    _apache("spa_fallback", "that answers every path with one page", "DocumentRoot FOLDER\nFallbackResource /index.html"),
    _apache("wrong_upstream", "as a plain web server", "DocumentRoot FOLDER"),
    _apache("http_auth", "with a password before all", f'<Location "/">\nAuthType Basic\nAuthName staff\nAuthUserFile FOLDER/users\nRequire valid-user\n</Location>\n{_PASS}'),
    _apache("idle_cut", f"with `Timeout {_CUT_S}`", f"Timeout {_CUT_S}\n{_PASS}", token_bytes=ANY_TOKEN, idle_s=2 * _CUT_S),
    _apache("plain_to_tls_port", "with TLS, asked by ws://", _PASS, certificate="good", scheme="ws"),
    _apache("tls_to_plain_port", "without TLS, asked by wss://", _PASS, scheme="wss"),
    _apache("cert_unknown_issuer", "with a certificate and its chain, of an authority that this machine does not know", _PASS, certificate="unknown_issuer"),
]

MISTAKES = [*NGINX, *HAPROXY, *CADDY, *APACHE]
