"""The lines of a proxy's configuration that cure a cause."""

from __future__ import annotations

from tenfour.doctor.proxies import Proxy

UPSTREAM = "127.0.0.1:8410"
"""Where Tenfour listens unless it is told otherwise."""
_NGINX_UPGRADE = """\
# within http { }
map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}

# within the location of Tenfour; one proxy_set_header there switches off those from above it
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;"""
_NGINX_ROUTE = f"""\
location ^~ /api/ {{
    proxy_pass http://{UPSTREAM};   # nothing after the port: the path stays as it is
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;   # map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_read_timeout 1h;
}}"""
_HAPROXY_ROUTE = f"""\
frontend web
    use_backend tenfour if {{ path_beg /api/ }}

backend tenfour
    timeout tunnel 1h
    server tenfour {UPSTREAM} check"""
_CADDY_ROUTE = f"""\
# handle keeps the path, handle_path would cut it
handle /api/* {{
    reverse_proxy {UPSTREAM}
}}"""
_APACHE_ROUTE = f"""\
# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer
ProxyPreserveHost On
ProxyPass "/api/" "http://{UPSTREAM}/api/" upgrade=websocket"""
_TRAEFIK_ROUTE = f"""\
http:
  routers:
    tenfour:
      rule: PathPrefix(`/api/`)
      priority: 1000
      service: tenfour
  services:
    tenfour:
      loadBalancer:
        servers:
          - url: http://{UPSTREAM}"""
_ROUTES = {Proxy.NGINX: _NGINX_ROUTE, Proxy.HAPROXY: _HAPROXY_ROUTE, Proxy.CADDY: _CADDY_ROUTE, Proxy.APACHE: _APACHE_ROUTE, Proxy.TRAEFIK: _TRAEFIK_ROUTE}
_TRAEFIK_TIMES = """\
# static configuration; update 2.11.1, which cuts every connection
entryPoints:
  websecure:
    transport:
      respondingTimeouts:
        readTimeout: 0s
        idleTimeout: 1h"""
_UPGRADES = {
    Proxy.NGINX: _NGINX_UPGRADE,
    Proxy.HAPROXY: "# HAProxy passes upgrades on by itself; take these out where they stand:\n#   option httpclose\n#   http-request del-header Upgrade\n#   http-request set-header Connection close",
    Proxy.CADDY: "# reverse_proxy passes upgrades on by itself; take these out of it:\n#   header_up -Upgrade\n#   header_up Connection close",
    Proxy.APACHE: _APACHE_ROUTE,
    Proxy.TRAEFIK: "# Traefik passes upgrades on by itself; take Upgrade and Connection out of the customRequestHeaders of its middlewares",
}


def _untouched(header: str) -> dict[Proxy, str]:
    """How each proxy is made to leave a request header as it came."""
    return {
        Proxy.NGINX: f"proxy_set_header {header} $http_{header.lower().replace('-', '_')};",
        Proxy.HAPROXY: f"# take this out:\n#   http-request del-header {header}",
        Proxy.CADDY: f"# take this out of reverse_proxy:\n#   header_up -{header}",
        Proxy.APACHE: f"# take this out:\n#   RequestHeader unset {header}",
        Proxy.TRAEFIK: f'# take this out of the customRequestHeaders of its middlewares:\n#   {header}: ""',
    }


_SITES = {
    Proxy.NGINX: "server_name HOST;\nssl_certificate     /etc/letsencrypt/live/HOST/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;",
    Proxy.HAPROXY: "# on the bind line, one crt a name or a folder of them\ncrt /etc/haproxy/HOST.pem",
    Proxy.CADDY: f"# the address of a site is the name of its certificate\nHOST {{\n    reverse_proxy {UPSTREAM}\n}}",
    Proxy.APACHE: "ServerName HOST\nSSLEngine on\nSSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem\nSSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem",
    Proxy.TRAEFIK: "tls:\n  certificates:\n    - certFile: /etc/letsencrypt/live/HOST/fullchain.pem\n      keyFile: /etc/letsencrypt/live/HOST/privkey.pem",
}
"""Names and their certificates."""

_LINES: dict[str, dict[Proxy, str]] = {
    "tls_to_plain_port": {
        Proxy.NGINX: "listen 443 ssl;\nssl_certificate     /etc/letsencrypt/live/HOST/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;",
        Proxy.HAPROXY: "bind :443 ssl crt /etc/haproxy/HOST.pem alpn h2,http/1.1",
        Proxy.APACHE: "# a2enmod ssl\nSSLEngine on\nSSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem\nSSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem",
        Proxy.CADDY: f"# an address without http:// and without a port has TLS by itself\nHOST {{\n    reverse_proxy {UPSTREAM}\n}}",
        Proxy.TRAEFIK: "# on the router of /api/\nentryPoints: [websecure]\ntls: {}",
    },
    "base_path_lost": {
        **_ROUTES,
        Proxy.HAPROXY: "# take this out, where it meets /api/:\n#   http-request replace-path …",
        Proxy.TRAEFIK: "# take the stripPrefix, addPrefix and replacePath middlewares out of the router of /api/",
    },
    "cert_expired": {
        Proxy.NGINX: "certbot renew && systemctl reload nginx",
        Proxy.HAPROXY: "certbot renew && cat /etc/letsencrypt/live/HOST/fullchain.pem /etc/letsencrypt/live/HOST/privkey.pem > /etc/haproxy/HOST.pem && systemctl reload haproxy",
        Proxy.CADDY: "journalctl -u caddy | grep -i certificate   # it renews by itself: why not?",
        Proxy.APACHE: "certbot renew && systemctl reload apache2",
        Proxy.TRAEFIK: "journalctl -u traefik | grep -i acme   # it renews by itself: why not?",
    },
    "cert_wrong_host": _SITES,
    "sni_needed": _SITES,
    "chain_incomplete": {
        Proxy.NGINX: "ssl_certificate /etc/letsencrypt/live/HOST/fullchain.pem;",
        Proxy.HAPROXY: "# the file of crt holds, in this order: certificate, intermediate certificates, key\ncat fullchain.pem privkey.pem > /etc/haproxy/HOST.pem",
        Proxy.CADDY: "tls /etc/letsencrypt/live/HOST/fullchain.pem /etc/letsencrypt/live/HOST/privkey.pem",
        Proxy.APACHE: "SSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem",
        Proxy.TRAEFIK: "tls:\n  certificates:\n    - certFile: /etc/letsencrypt/live/HOST/fullchain.pem\n      keyFile: /etc/letsencrypt/live/HOST/privkey.pem",
    },
    "tls_version": {
        Proxy.NGINX: "ssl_protocols TLSv1.2 TLSv1.3;",
        Proxy.HAPROXY: "# within global\nssl-default-bind-options ssl-min-ver TLSv1.2",
        Proxy.CADDY: "tls {\n    protocols tls1.2 tls1.3\n}",
        Proxy.APACHE: "SSLProtocol -all +TLSv1.2 +TLSv1.3",
        Proxy.TRAEFIK: "tls:\n  options:\n    default:\n      minVersion: VersionTLS12",
    },
    "client_cert": {
        Proxy.NGINX: "ssl_verify_client off;",
        Proxy.APACHE: "SSLVerifyClient none",
        Proxy.HAPROXY: "# on the bind line: verify none",
        Proxy.CADDY: "# take this out of tls:\n#   client_auth …",
        Proxy.TRAEFIK: "tls:\n  options:\n    default:\n      clientAuth:\n        clientAuthType: NoClientCert",
    },
    "redirected": {
        Proxy.NGINX: f"# location /ws/ with a / at the end redirects /ws to /ws/\nlocation /ws {{\n    proxy_pass http://{UPSTREAM};\n}}",
        Proxy.HAPROXY: "http-request redirect scheme https unless { ssl_fc } or { path_beg /api/ }",
        Proxy.CADDY: f"# handle without a / at the end, before what redirects\n{_CADDY_ROUTE}",
        Proxy.APACHE: '# a2enmod rewrite; before the rule that redirects\nRewriteEngine On\nRewriteRule "^/api/" "-" [END]',
        Proxy.TRAEFIK: "# take the redirectScheme and redirectRegex middlewares out of the router of /api/",
    },
    "login_page": {
        Proxy.NGINX: "# within the location of /api/\nauth_request off;",
        Proxy.HAPROXY: "http-request redirect location /login unless { path_beg /api/ } or { req.cook(session) -m found }",
        Proxy.CADDY: f"# before forward_auth\n{_CADDY_ROUTE}",
        Proxy.APACHE: '<Location "/api/">\n    AuthType None\n    Require all granted\n</Location>',
        Proxy.TRAEFIK: "# give /api/ a router of its own, without the forwardAuth middleware",
    },
    "http_auth": {
        Proxy.NGINX: "# within the location of /api/\nauth_basic off;",
        Proxy.HAPROXY: "http-request auth unless { path_beg /api/ } or { http_auth(USERS) }",
        Proxy.CADDY: "# basic_auth from Caddy 2.8 on\n@pages not path /api/*\nbasicauth @pages {\n    NAME HASH\n}",
        Proxy.APACHE: '<Location "/api/">\n    AuthType None\n    Require all granted\n</Location>',
        Proxy.TRAEFIK: "# give /api/ a router of its own, without the basicAuth middleware",
    },
    "upstream_down": {
        Proxy.NGINX: f"proxy_pass http://{UPSTREAM};",
        Proxy.HAPROXY: f"server tenfour {UPSTREAM} check",
        Proxy.CADDY: f"reverse_proxy {UPSTREAM}",
        Proxy.APACHE: f'ProxyPass "/api/" "http://{UPSTREAM}/api/" upgrade=websocket',
        Proxy.TRAEFIK: f"servers:\n  - url: http://{UPSTREAM}",
    },
    "wrong_upstream": _ROUTES,
    "spa_fallback": _ROUTES,
    "http2_only": {
        Proxy.HAPROXY: "# on the bind line\nalpn h2,http/1.1",
        Proxy.CADDY: "# within the global options\nservers {\n    protocols h1 h2 h3\n}",
        Proxy.APACHE: "Protocols h2 http/1.1",
        Proxy.TRAEFIK: "tls:\n  options:\n    default:\n      alpnProtocols: [h2, http/1.1]",
        Proxy.NGINX: "# without http2, with which a port without TLS takes nothing else\nlisten 80;",
    },
    "header_too_big": {
        Proxy.NGINX: "large_client_header_buffers 4 32k;",
        Proxy.HAPROXY: "# within global\ntune.bufsize 32768",
        Proxy.APACHE: "LimitRequestLine 32768\nLimitRequestFieldSize 32768",
        Proxy.CADDY: "# it takes 1 MB; take this out of the servers of the global options:\n#   max_header_size …",
        Proxy.TRAEFIK: "# it takes 1 MB; take this out of the entry point:\n#   maxHeaderBytes: …",
    },
    "upgrade_stripped": _UPGRADES,
    "connection_closed": _UPGRADES,
    "http10_upstream": {
        Proxy.NGINX: _NGINX_UPGRADE,
        Proxy.APACHE: "# take these out:\n#   SetEnv force-proxy-request-1.0 1\n#   SetEnv proxy-nokeepalive 1\n" + _APACHE_ROUTE,
        Proxy.CADDY: "# take this out of the http transport of reverse_proxy:\n#   versions …",
    },
    "h2_connect_broken": {
        Proxy.HAPROXY: "# within global\nh2-workaround-bogus-websocket-clients",
        Proxy.ENVOY: "# off, unless every hop behind it does extended CONNECT\nhttp2_protocol_options:\n  allow_connect: false",
        Proxy.CADDY: "# within the global options\nservers {\n    protocols h1\n}",
        Proxy.APACHE: "# from Apache 2.4.58 on\nH2WebSockets off",
        Proxy.TRAEFIK: "tls:\n  options:\n    default:\n      alpnProtocols: [http/1.1]",
    },
    "version_refused": _untouched("Sec-WebSocket-Version"),
    "cdn_caches": {
        Proxy.NGINX: "# within the location of /api/\nproxy_cache off;",
        Proxy.HAPROXY: "# take this out, or exempt /api/ from it:\n#   http-request cache-use …",
        Proxy.APACHE: 'CacheDisable "/api/"',
    },
    "deflate_broken": {
        Proxy.NGINX: 'proxy_set_header Sec-WebSocket-Extensions "";',
        Proxy.HAPROXY: "http-request del-header Sec-WebSocket-Extensions",
        Proxy.CADDY: "# within reverse_proxy\nheader_up -Sec-WebSocket-Extensions",
        Proxy.APACHE: "# a2enmod headers\nRequestHeader unset Sec-WebSocket-Extensions",
        Proxy.TRAEFIK: 'http:\n  middlewares:\n    plain:\n      headers:\n        customRequestHeaders:\n          Sec-WebSocket-Extensions: ""',
    },
    "host_rewritten": {
        Proxy.NGINX: "proxy_set_header Host $http_host;",
        Proxy.HAPROXY: "# take this out:\n#   http-request set-header Host …",
        Proxy.CADDY: "# take this out of reverse_proxy:\n#   header_up Host {upstream_hostport}",
        Proxy.APACHE: "ProxyPreserveHost On",
        Proxy.TRAEFIK: "# within the loadBalancer of the service\npassHostHeader: true",
    },
    "scheme_lost": {
        Proxy.NGINX: "proxy_set_header X-Forwarded-For $remote_addr;\nproxy_set_header X-Forwarded-Proto $scheme;",
        Proxy.HAPROXY: "option forwardfor\nhttp-request set-header X-Forwarded-Proto https if { ssl_fc }",
        Proxy.CADDY: "# Caddy says it by itself; take this out of reverse_proxy:\n#   header_up -X-Forwarded-Proto",
        Proxy.APACHE: '# a2enmod headers\nRequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"',
        Proxy.TRAEFIK: "# where TLS ends before Traefik, static configuration: whose X-Forwarded-Proto it passes on\nentryPoints:\n  web:\n    forwardedHeaders:\n      trustedIPs: [10.0.0.0/8]",
    },
    "subprotocol_dropped": _untouched("Sec-WebSocket-Protocol"),
    "token_lost": _untouched("Authorization"),
    "idle_cut": {
        Proxy.NGINX: '# ingress-nginx: the annotation nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"\nproxy_read_timeout 1h;\nproxy_send_timeout 1h;',
        Proxy.HAPROXY: "# within defaults or the backend\ntimeout tunnel 1h",
        Proxy.APACHE: "# ProxyTimeout and timeout= do not count for WebSockets\nTimeout 3600",
        Proxy.ENVOY: "# within the http_connection_manager\nstream_idle_timeout: 3600s",
        Proxy.AWS: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN --attributes Key=idle_timeout.timeout_seconds,Value=3600",
        Proxy.CADDY: "# it cuts nothing by itself; take this out of reverse_proxy:\n#   stream_timeout …",
        Proxy.TRAEFIK: _TRAEFIK_TIMES,
    },
    "lifetime_cut": {
        Proxy.GOOGLE: "gcloud compute backend-services update NAME --global --timeout=86400",
        Proxy.ENVOY: "# within the route\ntimeout: 0s",
        Proxy.NGINX: "# after a reload, connections of old workers live so long\nworker_shutdown_timeout 24h;",
        Proxy.HAPROXY: "# within global; after a reload, connections of old processes live so long\nhard-stop-after 24h",
        Proxy.CADDY: "# take this out of reverse_proxy:\n#   stream_timeout …",
        Proxy.TRAEFIK: _TRAEFIK_TIMES,
    },
    "proxy_reload": {
        Proxy.NGINX: "# old workers stay until their last connection ends, unless this is set lower\nworker_shutdown_timeout 1h;",
        Proxy.HAPROXY: "# within global; old processes stay until their last connection ends, unless this is set lower\nhard-stop-after 1h",
        Proxy.CADDY: f"# from Caddy 2.7 on\nreverse_proxy {UPSTREAM} {{\n    stream_close_delay 5m\n}}",
        Proxy.APACHE: "# apachectl graceful, not restart; old connections then live until they end\nGracefulShutdownTimeout 0",
        Proxy.TRAEFIK: "# static configuration\nentryPoints:\n  websecure:\n    transport:\n      lifeCycle:\n        graceTimeOut: 5m",
    },
    "proxy_full": {
        Proxy.NGINX: "worker_rlimit_nofile 131072;\nevents {\n    worker_connections 65536;   # each WebSocket takes two\n}",
        Proxy.HAPROXY: "# within global, and in each frontend that has its own\nmaxconn 100000",
        Proxy.APACHE: "# mpm_event\nServerLimit 64\nThreadsPerChild 64\nMaxRequestWorkers 4096",
        Proxy.CADDY: "# it has no limit of its own; in its systemd unit\n[Service]\nLimitNOFILE=1048576",
        Proxy.TRAEFIK: "# take the inFlightReq middleware out of the router of /api/; in its systemd unit\n[Service]\nLimitNOFILE=1048576",
    },
}


OFTEN = (Proxy.NGINX, Proxy.HAPROXY, Proxy.CADDY, Proxy.APACHE, Proxy.TRAEFIK)
"""The proxies that people run themselves."""


def lines(proxy: Proxy, cause_id: str) -> str:
    """What to paste into the configuration of this proxy against this cause; empty where nothing is known."""
    return _LINES.get(cause_id, {}).get(proxy, "")


def all_lines(cause_id: str) -> dict[Proxy, str]:
    """The same for every proxy that has something to paste."""
    return {proxy: _LINES[cause_id][proxy] for proxy in Proxy if proxy in _LINES.get(cause_id, {})}
