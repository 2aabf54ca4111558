// Made from src/tenfour/causes.py by `make docs`. Do not edit.

/** The name of a root cause; each has an entry in docs/troubleshooting.md. */
export type CauseId =
  | "url_invalid"
  | "blocked_port"
  | "plain_to_tls_port"
  | "tls_to_plain_port"
  | "loopback_elsewhere"
  | "path_wrong"
  | "base_path_lost"
  | "dns_no_name"
  | "dns_no_answer"
  | "dns_wrong_host"
  | "ipv6_dead"
  | "tcp_refused"
  | "tcp_filtered"
  | "backlog_full"
  | "tcp_reset"
  | "open_but_mute"
  | "mtu_blackhole"
  | "cert_expired"
  | "cert_not_yet"
  | "cert_wrong_host"
  | "cert_unknown_issuer"
  | "chain_incomplete"
  | "tls_inspected"
  | "tls_version"
  | "sni_needed"
  | "client_cert"
  | "redirected"
  | "login_page"
  | "captive_portal"
  | "http_auth"
  | "upstream_down"
  | "upstream_mute"
  | "one_of_many_bad"
  | "maintenance"
  | "wrong_upstream"
  | "spa_fallback"
  | "http2_only"
  | "waf_block"
  | "forward_proxy"
  | "header_too_big"
  | "upgrade_stripped"
  | "connection_closed"
  | "http10_upstream"
  | "other_ws_server"
  | "h2_connect_broken"
  | "cdn_caches"
  | "version_refused"
  | "accept_wrong"
  | "deflate_broken"
  | "origin_refused"
  | "host_rewritten"
  | "scheme_lost"
  | "protocol_version"
  | "subprotocol_dropped"
  | "token_missing"
  | "token_malformed"
  | "token_too_long"
  | "token_algorithm"
  | "token_key_unknown"
  | "token_signature"
  | "token_expired"
  | "token_not_yet_valid"
  | "clock_skew"
  | "token_audience"
  | "token_issuer"
  | "token_claims"
  | "token_revoked"
  | "user_disabled"
  | "ticket_used"
  | "login_failed"
  | "token_lost"
  | "token_query_off"
  | "tokens_differ"
  | "token_other_user"
  | "token_bad_chars"
  | "chat_id_not_uuid"
  | "chat_unknown"
  | "not_member"
  | "member_removed"
  | "welcome_late"
  | "draining"
  | "store_down"
  | "internal"
  | "broker_down"
  | "nodes_split"
  | "not_subscribed"
  | "not_delivered"
  | "ack_missing"
  | "error_broadcast"
  | "frames_clumped"
  | "frames_wrong"
  | "idle_cut"
  | "lifetime_cut"
  | "nat_forgot"
  | "pong_missing"
  | "proxy_reload"
  | "fd_limit"
  | "proxy_full"
  | "too_many"
  | "replaced"
  | "rate_limited"
  | "frame_too_big"
  | "slow_reader"
  | "mixed_content"
  | "csp_blocked"
  | "extension_blocked"
  | "stuck_sibling"
  | "socket_limit"
  | "local_network"
  | "tab_throttled"
  | "bfcache"
  | "stale_app"
  | "storage_empty";

/** Where on the way a cause sits, from the address outwards. */
export const LAYERS = {
  url: "The address",
  dns: "The name (DNS)",
  tcp: "The line (TCP)",
  tls: "The certificate and TLS",
  http: "HTTP, and what stands between",
  upgrade: "The upgrade to WebSocket",
  origin: "Origin and subprotocol",
  token: "The token",
  chat: "The chat",
  welcome: "The server's welcome",
  delivery: "Delivery",
  idle: "Silence and age",
  limits: "Limits",
  browser: "Only in the browser",
} as const;

export type Layer = keyof typeof LAYERS;

/** A root cause. The texts are Markdown of a single paragraph, with code in backquotes and no more. */
export interface Cause {
  readonly layer: Layer;
  readonly sentence: string;
  readonly shows: string;
  readonly sure: string;
  readonly fix: string;
  /** What to paste, by the proxy for which it is. */
  readonly lines: Readonly<Record<string, string>>;
}

export const CAUSES: Readonly<Record<CauseId, Cause>> = {
  url_invalid: {
    layer: "url",
    sentence: "The address is not one of a WebSocket.",
    shows: "The browser throws `SyntaxError` in `new WebSocket(…)`; nothing goes out.",
    sure: "Read the address: it begins with `wss://` or `ws://` (browsers take `https://` and `http://` for the same) and has no `#`.",
    fix: "Write it as `wss://HOST/api/v1/ws`, or `ws://HOST:PORT/api/v1/ws` without TLS.",
    lines: {
    },
  },
  blocked_port: {
    layer: "url",
    sentence: "Browsers never connect to this port.",
    shows: "Every browser fails within milliseconds, and command-line tools work. The port is on the browsers' list of ports for other protocols (6000, 6667 …).",
    sure: "Load `http://HOST:PORT/` in the browser: it says `ERR_UNSAFE_PORT` or the like.",
    fix: "Let the server listen on another port, or put it behind 443.",
    lines: {
    },
  },
  plain_to_tls_port: {
    layer: "url",
    sentence: "The address says `ws://`, but the port speaks TLS.",
    shows: "nginx answers status 400, “The plain HTTP request was sent to HTTPS port”; others answer with bytes that begin with `15 03`, or hang up.",
    sure: "`curl -k https://HOST:PORT/` gets an answer where `curl http://HOST:PORT/` gets none.",
    fix: "Write `wss://` in place of `ws://`.",
    lines: {
    },
  },
  tls_to_plain_port: {
    layer: "url",
    sentence: "The address says `wss://`, but the port does not speak TLS.",
    shows: "OpenSSL says `WRONG_VERSION_NUMBER`, Chromium `ERR_SSL_PROTOCOL_ERROR`. A server that waits for a whole line hangs instead.",
    sure: "`curl http://HOST:PORT/` gets an answer where `curl -k https://HOST:PORT/` gets none.",
    fix: "Write `ws://`, or better: name the port where TLS ends (443 at the proxy) or switch TLS on there.",
    lines: {
      "nginx": "listen 443 ssl;\nssl_certificate     /etc/letsencrypt/live/HOST/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;",
      "HAProxy": "bind :443 ssl crt /etc/haproxy/HOST.pem alpn h2,http/1.1",
      "Caddy": "# an address without http:// and without a port has TLS by itself\nHOST {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "# a2enmod ssl\nSSLEngine on\nSSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem\nSSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem",
      "Traefik": "# on the router of /api/\nentryPoints: [websecure]\ntls: {}",
    },
  },
  loopback_elsewhere: {
    layer: "url",
    sentence: "The address names this machine itself, or a name that is known only inside a container network, and the server is somewhere else.",
    shows: "It works on the developer's machine and nowhere else; the address has `localhost`, `127.0.0.1`, `0.0.0.0` or a service name such as `chat` in it.",
    sure: "Compare the host of the page with the host of the WebSocket's address.",
    fix: "Use the server's public address; in a page build it from `location.host`.",
    lines: {
    },
  },
  path_wrong: {
    layer: "url",
    sentence: "Tenfour is there, but at this path is no WebSocket.",
    shows: "Status 404 with `application/problem+json` and code `not_found`.",
    sure: "Its `detail` names the path that reached the server: it is the one that was asked for.",
    fix: "Use `/api/v1/ws` for all chats, or `/api/v1/chats/CHAT/ws` for one.",
    lines: {
    },
  },
  base_path_lost: {
    layer: "url",
    sentence: "A proxy changes the path on the way, so that Tenfour is asked for another one.",
    shows: "Status 404 with code `not_found`, and its `detail` names another path than the address has: a prefix is doubled, kept or cut.",
    sure: "Ask the server past the proxy with the path that the address has.",
    fix: "Let the proxy pass on `/api/…` as it is. In nginx a `proxy_pass` that ends in `/` replaces the prefix of its `location`, one without does not.",
    lines: {
      "nginx": "location ^~ /api/ {\n    proxy_pass http://127.0.0.1:8410;   # nothing after the port: the path stays as it is\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;   # map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_set_header X-Forwarded-Proto $scheme;\n    proxy_read_timeout 1h;\n}",
      "HAProxy": "# take this out, where it meets /api/:\n#   http-request replace-path …",
      "Caddy": "# handle keeps the path, handle_path would cut it\nhandle /api/* {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "# take the stripPrefix, addPrefix and replacePath middlewares out of the router of /api/",
    },
  },
  dns_no_name: {
    layer: "dns",
    sentence: "The host's name does not exist.",
    shows: "It fails in less than a second: `Name or service not known`, `ERR_NAME_NOT_RESOLVED`.",
    sure: "`getent hosts HOST` says nothing.",
    fix: "Correct the name, or add an A or AAAA record for it.",
    lines: {
    },
  },
  dns_no_answer: {
    layer: "dns",
    sentence: "The name server does not answer.",
    shows: "It hangs for 5 to 15 seconds, then: `Temporary failure in name resolution`. Other names fail too.",
    sure: "`getent hosts example.org` hangs in the same way.",
    fix: "Correct the resolver of this machine (`/etc/resolv.conf`, VPN, firewall for port 53).",
    lines: {
    },
  },
  dns_wrong_host: {
    layer: "dns",
    sentence: "The name leads to more than one server, and they are not the same.",
    shows: "It works every other time, or for some users only.",
    sure: "Ask each address of the name: the certificate or the `node` in `/api/v1/server` is a stranger's at one of them.",
    fix: "Remove the stale record, and wait until its time to live is over.",
    lines: {
    },
  },
  ipv6_dead: {
    layer: "dns",
    sentence: "The name has an IPv6 address at which nobody answers.",
    shows: "Command-line tools hang and then work; browsers try both kinds at once, so that it is only slow there, or not noticed.",
    sure: "`curl -6 https://HOST/` fails, `curl -4 https://HOST/` works.",
    fix: "Let the server listen on `[::]` and the firewall pass it, or remove the AAAA record.",
    lines: {
    },
  },
  tcp_refused: {
    layer: "tcp",
    sentence: "Nobody listens on this port.",
    shows: "It fails within a tenth of a second: `Connection refused`, `ERR_CONNECTION_REFUSED`.",
    sure: "On the server `ss -ltn` shows no line with the port, or one with `127.0.0.1:PORT` although you come from elsewhere.",
    fix: "Start the server; let it listen on the address that is asked (`TENFOUR_LISTEN=0.0.0.0:8410`); in a container publish the port.",
    lines: {
    },
  },
  tcp_filtered: {
    layer: "tcp",
    sentence: "Something swallows the packets: no answer comes from this port, not even a refusal.",
    shows: "It hangs for 20 to 130 seconds, then: `timed out`.",
    sure: "It works from the server's own machine. Another port of the same host answers or refuses at once.",
    fix: "Open the port in the firewall or in the cloud's security group.",
    lines: {
    },
  },
  backlog_full: {
    layer: "tcp",
    sentence: "The server's queue of new connections is full, so that the first packet has to be sent again.",
    shows: "Opening takes 1, 3 or 7 seconds and then works.",
    sure: "On the server `nstat -az TcpExtListenOverflows` rises.",
    fix: "Raise `net.core.somaxconn`, and find out why the server accepts slowly (processor, file descriptors).",
    lines: {
    },
  },
  tcp_reset: {
    layer: "tcp",
    sentence: "The line opens, and is torn down as soon as something is said on it.",
    shows: "`Connection reset by peer`, `ERR_CONNECTION_RESET`, after the first bytes.",
    sure: "It works from the server's own machine, or on another port: a device between you filters by content.",
    fix: "Use 443 with TLS, and have the firewall on the way let this host pass. If it happens beside the server too, look into its log.",
    lines: {
    },
  },
  open_but_mute: {
    layer: "tcp",
    sentence: "The port is open, but the program behind it says nothing.",
    shows: "TCP opens (the kernel does that alone), and even a plain GET gets no byte.",
    sure: "`curl -m 10 http://HOST:PORT/api/v1/health/live` times out on the server's own machine too.",
    fix: "The process is stopped, stuck, or out of file descriptors: look at its state and its log, then restart it.",
    lines: {
    },
  },
  mtu_blackhole: {
    layer: "tcp",
    sentence: "Large packets get lost on the way, small ones arrive.",
    shows: "It opens, short messages work, and everything of more than about 1,400 bytes stalls; often over a VPN or PPPoE.",
    sure: "`ping -M do -s 1472 HOST` gets no answer, `ping -s 1200 HOST` does.",
    fix: "Let ICMP “fragmentation needed” pass the firewall, or clamp the MSS at the tunnel (`iptables … TCPMSS --clamp-mss-to-pmtu`).",
    lines: {
    },
  },
  cert_expired: {
    layer: "tls",
    sentence: "The server's certificate has expired.",
    shows: "OpenSSL's verify code 10, `ERR_CERT_DATE_INVALID`; a page at the same host warns.",
    sure: "`openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates -subject -issuer -ext subjectAltName` shows `notAfter` in the past.",
    fix: "Renew the certificate and reload the proxy; look why the renewal did not run by itself.",
    lines: {
      "nginx": "certbot renew && systemctl reload nginx",
      "HAProxy": "certbot renew && cat /etc/letsencrypt/live/HOST/fullchain.pem /etc/letsencrypt/live/HOST/privkey.pem > /etc/haproxy/HOST.pem && systemctl reload haproxy",
      "Caddy": "journalctl -u caddy | grep -i certificate   # it renews by itself: why not?",
      "Apache": "certbot renew && systemctl reload apache2",
      "Traefik": "journalctl -u traefik | grep -i acme   # it renews by itself: why not?",
    },
  },
  cert_not_yet: {
    layer: "tls",
    sentence: "The server's certificate is not valid yet: it is from the future, or this machine's clock is behind.",
    shows: "OpenSSL's verify code 9, `ERR_CERT_DATE_INVALID`.",
    sure: "Compare `date -u` here with the `Date` header of any other https site.",
    fix: "Set the clock (NTP) of this machine; if it is right, of the one that made the certificate.",
    lines: {
    },
  },
  cert_wrong_host: {
    layer: "tls",
    sentence: "The certificate is for other names than the one in the address.",
    shows: "OpenSSL's verify code 62, `ERR_CERT_COMMON_NAME_INVALID`.",
    sure: "`openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates -subject -issuer -ext subjectAltName` lists the names (`subjectAltName`).",
    fix: "Use a name that the certificate has, or have one made with this name; if it is a stranger's certificate, the name leads to the wrong server.",
    lines: {
      "nginx": "server_name HOST;\nssl_certificate     /etc/letsencrypt/live/HOST/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;",
      "HAProxy": "# on the bind line, one crt a name or a folder of them\ncrt /etc/haproxy/HOST.pem",
      "Caddy": "# the address of a site is the name of its certificate\nHOST {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "ServerName HOST\nSSLEngine on\nSSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem\nSSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem",
      "Traefik": "tls:\n  certificates:\n    - certFile: /etc/letsencrypt/live/HOST/fullchain.pem\n      keyFile: /etc/letsencrypt/live/HOST/privkey.pem",
    },
  },
  cert_unknown_issuer: {
    layer: "tls",
    sentence: "The certificate's issuer is not one that this machine trusts.",
    shows: "OpenSSL's verify codes 18 to 20, `ERR_CERT_AUTHORITY_INVALID`.",
    sure: "`openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates -subject -issuer -ext subjectAltName` shows as `issuer` the server itself or an authority of your own.",
    fix: "Use a certificate of a public authority, or install your authority on each machine that connects (`SSL_CERT_FILE` for the command line).",
    lines: {
    },
  },
  chain_incomplete: {
    layer: "tls",
    sentence: "The server sends its own certificate without the one between it and the authority.",
    shows: "Browsers often work, because they know or fetch the missing one; phones, command-line tools and servers fail with verify code 20.",
    sure: "`openssl s_client -connect HOST:PORT -servername HOST -showcerts </dev/null` shows one certificate only.",
    fix: "Give the proxy the whole chain: `fullchain.pem` in place of `cert.pem`.",
    lines: {
      "nginx": "ssl_certificate /etc/letsencrypt/live/HOST/fullchain.pem;",
      "HAProxy": "# the file of crt holds, in this order: certificate, intermediate certificates, key\ncat fullchain.pem privkey.pem > /etc/haproxy/HOST.pem",
      "Caddy": "tls /etc/letsencrypt/live/HOST/fullchain.pem /etc/letsencrypt/live/HOST/privkey.pem",
      "Apache": "SSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem",
      "Traefik": "tls:\n  certificates:\n    - certFile: /etc/letsencrypt/live/HOST/fullchain.pem\n      keyFile: /etc/letsencrypt/live/HOST/privkey.pem",
    },
  },
  tls_inspected: {
    layer: "tls",
    sentence: "A device or program on the way opens the TLS and shows a certificate of its own.",
    shows: "It fails in one office or on one machine only; the issuer is a company or a virus scanner.",
    sure: "Compare the certificate's issuer here and from another network.",
    fix: "Have the host exempted from the inspection (TLS inspection, virus scanner, VPN).",
    lines: {
    },
  },
  tls_version: {
    layer: "tls",
    sentence: "Server and client have no version of TLS in common.",
    shows: "TLS alert 70 (`protocol version`), `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`.",
    sure: "`openssl s_client -connect HOST:PORT -tls1_2 </dev/null` and the same with `-tls1_3` both fail.",
    fix: "Let the server speak TLS 1.2 and 1.3.",
    lines: {
      "nginx": "ssl_protocols TLSv1.2 TLSv1.3;",
      "HAProxy": "# within global\nssl-default-bind-options ssl-min-ver TLSv1.2",
      "Caddy": "tls {\n    protocols tls1.2 tls1.3\n}",
      "Apache": "SSLProtocol -all +TLSv1.2 +TLSv1.3",
      "Traefik": "tls:\n  options:\n    default:\n      minVersion: VersionTLS12",
    },
  },
  sni_needed: {
    layer: "tls",
    sentence: "The server picks its certificate by the host's name, and does not know this name, or got none.",
    shows: "TLS alert 112 (`unrecognized name`), or the certificate of another site.",
    sure: "`openssl s_client` with `-servername HOST` and with `-noservername` get different certificates.",
    fix: "Add the name to the proxy's sites. A client that connects by IP address has to send the name too.",
    lines: {
      "nginx": "server_name HOST;\nssl_certificate     /etc/letsencrypt/live/HOST/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/HOST/privkey.pem;",
      "HAProxy": "# on the bind line, one crt a name or a folder of them\ncrt /etc/haproxy/HOST.pem",
      "Caddy": "# the address of a site is the name of its certificate\nHOST {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "ServerName HOST\nSSLEngine on\nSSLCertificateFile /etc/letsencrypt/live/HOST/fullchain.pem\nSSLCertificateKeyFile /etc/letsencrypt/live/HOST/privkey.pem",
      "Traefik": "tls:\n  certificates:\n    - certFile: /etc/letsencrypt/live/HOST/fullchain.pem\n      keyFile: /etc/letsencrypt/live/HOST/privkey.pem",
    },
  },
  client_cert: {
    layer: "tls",
    sentence: "The server wants a certificate of the client, and got none.",
    shows: "TLS alert 116 (`certificate required`), in TLS 1.3 only after a handshake that looked good; nginx answers 400, “No required SSL certificate was sent”.",
    sure: "`openssl s_client -connect HOST:PORT </dev/null` lists “Acceptable client certificate CA names”.",
    fix: "Give the client its certificate, or switch the demand off for this host.",
    lines: {
      "nginx": "ssl_verify_client off;",
      "HAProxy": "# on the bind line: verify none",
      "Caddy": "# take this out of tls:\n#   client_auth …",
      "Apache": "SSLVerifyClient none",
      "Traefik": "tls:\n  options:\n    default:\n      clientAuth:\n        clientAuthType: NoClientCert",
    },
  },
  redirected: {
    layer: "http",
    sentence: "The answer is a redirect, and WebSockets never follow one.",
    shows: "Status 301, 302, 307 or 308 with `Location`: from http to https, to another host, or to the same path with a `/` at the end.",
    sure: "`curl -i https://HOST/api/v1/ws` shows the `Location`.",
    fix: "Use the final address at once, and let the proxy's rule match the path exactly as it is asked for.",
    lines: {
      "nginx": "# location /ws/ with a / at the end redirects /ws to /ws/\nlocation /ws {\n    proxy_pass http://127.0.0.1:8410;\n}",
      "HAProxy": "http-request redirect scheme https unless { ssl_fc } or { path_beg /api/ }",
      "Caddy": "# handle without a / at the end, before what redirects\n# handle keeps the path, handle_path would cut it\nhandle /api/* {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "# a2enmod rewrite; before the rule that redirects\nRewriteEngine On\nRewriteRule \"^/api/\" \"-\" [END]",
      "Traefik": "# take the redirectScheme and redirectRegex middlewares out of the router of /api/",
    },
  },
  login_page: {
    layer: "http",
    sentence: "A log-in page of a single sign-on stands before the server.",
    shows: "A redirect to another host, or status 200 with HTML, and a cookie that is not Tenfour's.",
    sure: "In a fresh private window the site asks for a log-in that is not Tenfour's.",
    fix: "Exempt `/api/` from the sign-on, since Tenfour checks its own tokens there.",
    lines: {
      "nginx": "# within the location of /api/\nauth_request off;",
      "HAProxy": "http-request redirect location /login unless { path_beg /api/ } or { req.cook(session) -m found }",
      "Caddy": "# before forward_auth\n# handle keeps the path, handle_path would cut it\nhandle /api/* {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "<Location \"/api/\">\n    AuthType None\n    Require all granted\n</Location>",
      "Traefik": "# give /api/ a router of its own, without the forwardAuth middleware",
    },
  },
  captive_portal: {
    layer: "http",
    sentence: "This network shows its own page until somebody agrees to its terms.",
    shows: "Every http address leads to the same page of a hotel, train or café, by a redirect or with status 511; every https address has a wrong certificate or hangs.",
    sure: "`curl -i http://example.org/` shows the portal's page.",
    fix: "Open a browser, agree or log in, then try again.",
    lines: {
    },
  },
  http_auth: {
    layer: "http",
    sentence: "The proxy asks for a name and a password of its own.",
    shows: "Status 401 with `WWW-Authenticate: Basic` (or Digest, Negotiate), and not Tenfour's problem+json.",
    sure: "The page of the site shows the browser's own password box.",
    fix: "Exempt `/api/` from the proxy's authentication: a page's WebSocket cannot send it.",
    lines: {
      "nginx": "# within the location of /api/\nauth_basic off;",
      "HAProxy": "http-request auth unless { path_beg /api/ } or { http_auth(USERS) }",
      "Caddy": "# basic_auth from Caddy 2.8 on\n@pages not path /api/*\nbasicauth @pages {\n    NAME HASH\n}",
      "Apache": "<Location \"/api/\">\n    AuthType None\n    Require all granted\n</Location>",
      "Traefik": "# give /api/ a router of its own, without the basicAuth middleware",
    },
  },
  upstream_down: {
    layer: "http",
    sentence: "The proxy is there, but reaches no server behind it.",
    shows: "Status 502 (nginx, Caddy, Traefik) or 503 (Apache; HAProxy, often after 3 seconds), at once.",
    sure: "On the proxy's machine `curl http://127.0.0.1:8410/api/v1/health/live` is refused.",
    fix: "Start Tenfour, and let the proxy name the host and port on which it listens.",
    lines: {
      "nginx": "proxy_pass http://127.0.0.1:8410;",
      "HAProxy": "server tenfour 127.0.0.1:8410 check",
      "Caddy": "reverse_proxy 127.0.0.1:8410",
      "Apache": "ProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "servers:\n  - url: http://127.0.0.1:8410",
    },
  },
  upstream_mute: {
    layer: "http",
    sentence: "The proxy is there, but the server behind it does not answer in time.",
    shows: "Status 504 (Apache: 502) after the proxy's time-out, mostly 30 or 60 seconds.",
    sure: "On the proxy's machine `curl -m 10 http://127.0.0.1:8410/api/v1/health/live` times out.",
    fix: "Look at the server's process and log: it is stopped, stuck or overloaded. Or the proxy names a port that a firewall swallows.",
    lines: {
    },
  },
  one_of_many_bad: {
    layer: "http",
    sentence: "Behind the address are several servers, and not all of them are well.",
    shows: "It works now and then: after a new try, for some users, or after one of the servers was changed.",
    sure: "`for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' https://HOST/api/v1/server; done` shows different answers.",
    fix: "Bring the bad one back or take it out of the load balancer's list, and let the balancer ask `/api/v1/health/ready` by itself.",
    lines: {
    },
  },
  maintenance: {
    layer: "http",
    sentence: "Somebody has put a page about maintenance in the server's place.",
    shows: "Status 503 (or 200) with a page that says so, mostly with `Retry-After`.",
    sure: "`curl -i https://HOST/api/v1/health/live` shows the same page.",
    fix: "Wait until the maintenance is over, or take the page away at the proxy; clients of ours come back by themselves.",
    lines: {
    },
  },
  wrong_upstream: {
    layer: "http",
    sentence: "Another program than Tenfour answers at this address.",
    shows: "A status and a page without Tenfour's problem+json, mostly 404.",
    sure: "`curl https://HOST/api/v1/server` is not a JSON object with `\"name\": \"tenfour\"`.",
    fix: "Send `/api/` to Tenfour in the proxy's rules, before those that match more; or correct the host and port.",
    lines: {
      "nginx": "location ^~ /api/ {\n    proxy_pass http://127.0.0.1:8410;   # nothing after the port: the path stays as it is\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;   # map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_set_header X-Forwarded-Proto $scheme;\n    proxy_read_timeout 1h;\n}",
      "HAProxy": "frontend web\n    use_backend tenfour if { path_beg /api/ }\n\nbackend tenfour\n    timeout tunnel 1h\n    server tenfour 127.0.0.1:8410 check",
      "Caddy": "# handle keeps the path, handle_path would cut it\nhandle /api/* {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "http:\n  routers:\n    tenfour:\n      rule: PathPrefix(`/api/`)\n      priority: 1000\n      service: tenfour\n  services:\n    tenfour:\n      loadBalancer:\n        servers:\n          - url: http://127.0.0.1:8410",
    },
  },
  spa_fallback: {
    layer: "http",
    sentence: "A web application's server answers every path with its own page.",
    shows: "Status 200 with HTML for an upgrade.",
    sure: "`curl https://HOST/api/v1/server` shows the page's HTML.",
    fix: "Send `/api/` to Tenfour in the proxy's rules, before the rule that falls back to `index.html`.",
    lines: {
      "nginx": "location ^~ /api/ {\n    proxy_pass http://127.0.0.1:8410;   # nothing after the port: the path stays as it is\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;   # map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_set_header X-Forwarded-Proto $scheme;\n    proxy_read_timeout 1h;\n}",
      "HAProxy": "frontend web\n    use_backend tenfour if { path_beg /api/ }\n\nbackend tenfour\n    timeout tunnel 1h\n    server tenfour 127.0.0.1:8410 check",
      "Caddy": "# handle keeps the path, handle_path would cut it\nhandle /api/* {\n    reverse_proxy 127.0.0.1:8410\n}",
      "Apache": "# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "http:\n  routers:\n    tenfour:\n      rule: PathPrefix(`/api/`)\n      priority: 1000\n      service: tenfour\n  services:\n    tenfour:\n      loadBalancer:\n        servers:\n          - url: http://127.0.0.1:8410",
    },
  },
  http2_only: {
    layer: "http",
    sentence: "The server takes HTTP/2 only, and the WebSocket handshake is HTTP/1.1.",
    shows: "ALPN offers `h2` only, and HTTP/1.1 is refused.",
    sure: "`curl --http1.1 -i https://HOST/` fails, `curl --http2 -i https://HOST/` works.",
    fix: "Allow HTTP/1.1 beside HTTP/2 at the proxy (ALPN `h2,http/1.1`).",
    lines: {
      "nginx": "# without http2, with which a port without TLS takes nothing else\nlisten 80;",
      "HAProxy": "# on the bind line\nalpn h2,http/1.1",
      "Caddy": "# within the global options\nservers {\n    protocols h1 h2 h3\n}",
      "Apache": "Protocols h2 http/1.1",
      "Traefik": "tls:\n  options:\n    default:\n      alpnProtocols: [h2, http/1.1]",
    },
  },
  waf_block: {
    layer: "http",
    sentence: "A firewall for web applications refused the request.",
    shows: "Status 403 (or 406, 429) with the provider's page or headers such as `cf-ray` or `x-amzn-requestid`.",
    sure: "Its log has the request under the id that the page shows; past the firewall it works.",
    fix: "Exempt `/api/` in the firewall's rules, for WebSockets at least.",
    lines: {
    },
  },
  forward_proxy: {
    layer: "http",
    sentence: "This network's own proxy does not let the connection through.",
    shows: "Status 407, or `ws://` fails where `wss://` works; other networks work.",
    sure: "`env | grep -i proxy`, or the browser's proxy settings, show a proxy.",
    fix: "Use `wss://`, tell the client of the proxy (`HTTPS_PROXY`), and have the proxy allow `CONNECT` to this host and port; log in to it if it asks. A host that is reached without it belongs into `NO_PROXY`.",
    lines: {
    },
  },
  header_too_big: {
    layer: "http",
    sentence: "The request's head is larger than a proxy (or the server) takes.",
    shows: "nginx 414 or 400, Apache 414 beyond 8,190 bytes, HAProxy 400 beyond 16 kB, Tenfour 431.",
    sure: "With a short token, and without cookies, it passes.",
    fix: "Connect with a ticket (`POST /api/v1/ws-tickets`) in place of the token, send fewer cookies, or raise the proxy's limit.",
    lines: {
      "nginx": "large_client_header_buffers 4 32k;",
      "HAProxy": "# within global\ntune.bufsize 32768",
      "Caddy": "# it takes 1 MB; take this out of the servers of the global options:\n#   max_header_size …",
      "Apache": "LimitRequestLine 32768\nLimitRequestFieldSize 32768",
      "Traefik": "# it takes 1 MB; take this out of the entry point:\n#   maxHeaderBytes: …",
    },
  },
  upgrade_stripped: {
    layer: "upgrade",
    sentence: "A proxy on the way removes the `Upgrade` header, so that the server sees an ordinary request.",
    shows: "Status 426 (other servers: 400 or 404) for a right request, with the proxy's `Server` header.",
    sure: "The `detail` of Tenfour's 426 lists what arrived: the key came and no `upgrade`. Asked past the proxy, it opens.",
    fix: "Let the proxy pass on `Upgrade` and `Connection`, over HTTP/1.1.",
    lines: {
      "nginx": "# within http { }\nmap $http_upgrade $connection_upgrade {\n    default upgrade;\n    ''      close;\n}\n\n# within the location of Tenfour; one proxy_set_header there switches off those from above it\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
      "HAProxy": "# HAProxy passes upgrades on by itself; take these out where they stand:\n#   option httpclose\n#   http-request del-header Upgrade\n#   http-request set-header Connection close",
      "Caddy": "# reverse_proxy passes upgrades on by itself; take these out of it:\n#   header_up -Upgrade\n#   header_up Connection close",
      "Apache": "# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "# Traefik passes upgrades on by itself; take Upgrade and Connection out of the customRequestHeaders of its middlewares",
    },
  },
  connection_closed: {
    layer: "upgrade",
    sentence: "A proxy passes `Upgrade` on, but sends `Connection: close` beside it.",
    shows: "Status 426, and its `detail` says `connection: close`.",
    sure: "Asked past the proxy, it opens.",
    fix: "Set `Connection` to `upgrade` for upgrades, by the `map` below.",
    lines: {
      "nginx": "# within http { }\nmap $http_upgrade $connection_upgrade {\n    default upgrade;\n    ''      close;\n}\n\n# within the location of Tenfour; one proxy_set_header there switches off those from above it\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
      "HAProxy": "# HAProxy passes upgrades on by itself; take these out where they stand:\n#   option httpclose\n#   http-request del-header Upgrade\n#   http-request set-header Connection close",
      "Caddy": "# reverse_proxy passes upgrades on by itself; take these out of it:\n#   header_up -Upgrade\n#   header_up Connection close",
      "Apache": "# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
      "Traefik": "# Traefik passes upgrades on by itself; take Upgrade and Connection out of the customRequestHeaders of its middlewares",
    },
  },
  http10_upstream: {
    layer: "upgrade",
    sentence: "A proxy talks HTTP/1.0 to the server, in which there is no upgrade.",
    shows: "Status 426 (strict servers: 400), and its `detail` begins with “Over HTTP/1.0”.",
    sure: "Asked past the proxy, it opens.",
    fix: "Let the proxy talk HTTP/1.1 to the server.",
    lines: {
      "nginx": "# within http { }\nmap $http_upgrade $connection_upgrade {\n    default upgrade;\n    ''      close;\n}\n\n# within the location of Tenfour; one proxy_set_header there switches off those from above it\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;",
      "Caddy": "# take this out of the http transport of reverse_proxy:\n#   versions …",
      "Apache": "# take these out:\n#   SetEnv force-proxy-request-1.0 1\n#   SetEnv proxy-nokeepalive 1\n# a2enmod proxy proxy_http; before any other ProxyPass; Apache 2.4.47 or newer\nProxyPreserveHost On\nProxyPass \"/api/\" \"http://127.0.0.1:8410/api/\" upgrade=websocket",
    },
  },
  other_ws_server: {
    layer: "upgrade",
    sentence: "A WebSocket server answers that is not Tenfour.",
    shows: "It opens (101), without the subprotocol `tenfour.v1`, and no `welcome` comes.",
    sure: "`curl https://HOST/api/v1/server` does not name Tenfour.",
    fix: "Correct the address, or the proxy's rule for `/api/`.",
    lines: {
    },
  },
  h2_connect_broken: {
    layer: "upgrade",
    sentence: "The proxy announces WebSockets over HTTP/2 and cannot do them.",
    shows: "Only browsers fail, and only some; command-line tools, which use HTTP/1.1, work.",
    sure: "With HTTP/2 switched off (Firefox: `network.http.http2.websockets`) it works.",
    fix: "Update the proxy, or stop it from announcing this: HAProxy `h2-workaround-bogus-websocket-clients`.",
    lines: {
      "HAProxy": "# within global\nh2-workaround-bogus-websocket-clients",
      "Caddy": "# within the global options\nservers {\n    protocols h1\n}",
      "Apache": "# from Apache 2.4.58 on\nH2WebSockets off",
      "Traefik": "tls:\n  options:\n    default:\n      alpnProtocols: [http/1.1]",
      "Envoy": "# off, unless every hop behind it does extended CONNECT\nhttp2_protocol_options:\n  allow_connect: false",
    },
  },
  cdn_caches: {
    layer: "upgrade",
    sentence: "A cache treats the handshake as a page and answers it from its memory, or keeps it waiting.",
    shows: "A cache header (`X-Cache`, `CF-Cache-Status`, `Age`) in the answer, or an old `Sec-WebSocket-Accept`.",
    sure: "Two handshakes with different keys get the same `Sec-WebSocket-Accept`.",
    fix: "Switch caching off for `/api/` and WebSockets on at the CDN.",
    lines: {
      "nginx": "# within the location of /api/\nproxy_cache off;",
      "HAProxy": "# take this out, or exempt /api/ from it:\n#   http-request cache-use …",
      "Apache": "CacheDisable \"/api/\"",
    },
  },
  version_refused: {
    layer: "upgrade",
    sentence: "Client and server speak different versions of the WebSocket protocol.",
    shows: "Status 400 or 426 with a `Sec-WebSocket-Version` header that names the version wanted.",
    sure: "The client sends another `Sec-WebSocket-Version` than 13.",
    fix: "Use a library of this decade: version 13 is RFC 6455. If the client sends 13, a proxy changes the header.",
    lines: {
      "nginx": "proxy_set_header Sec-WebSocket-Version $http_sec_websocket_version;",
      "HAProxy": "# take this out:\n#   http-request del-header Sec-WebSocket-Version",
      "Caddy": "# take this out of reverse_proxy:\n#   header_up -Sec-WebSocket-Version",
      "Apache": "# take this out:\n#   RequestHeader unset Sec-WebSocket-Version",
      "Traefik": "# take this out of the customRequestHeaders of its middlewares:\n#   Sec-WebSocket-Version: \"\"",
    },
  },
  accept_wrong: {
    layer: "upgrade",
    sentence: "The answer is 101, but it does not belong to this handshake.",
    shows: "The browser says “Incorrect 'Sec-WebSocket-Accept' header value”.",
    sure: "The header is not the SHA-1 of the key that was sent (RFC 6455, section 4.2.2).",
    fix: "Something on the way answers in the server's place: a cache, a stub or a filter. Ask the server past it.",
    lines: {
    },
  },
  deflate_broken: {
    layer: "upgrade",
    sentence: "Compression is agreed upon, and something on the way garbles it.",
    shows: "It ends soon with 1002 or 1007, or in a browser with `error` and then 1006; without the extension it lives.",
    sure: "Connect without `Sec-WebSocket-Extensions`: it lives.",
    fix: "Switch compression off, or have the proxy not touch `Sec-WebSocket-Extensions`.",
    lines: {
      "nginx": "proxy_set_header Sec-WebSocket-Extensions \"\";",
      "HAProxy": "http-request del-header Sec-WebSocket-Extensions",
      "Caddy": "# within reverse_proxy\nheader_up -Sec-WebSocket-Extensions",
      "Apache": "# a2enmod headers\nRequestHeader unset Sec-WebSocket-Extensions",
      "Traefik": "http:\n  middlewares:\n    plain:\n      headers:\n        customRequestHeaders:\n          Sec-WebSocket-Extensions: \"\"",
    },
  },
  origin_refused: {
    layer: "origin",
    sentence: "The page that connects belongs to a site that the server does not allow.",
    shows: "Status 403 with code `origin_refused`; command-line tools, which send no `Origin`, work.",
    sure: "The `detail` names the page's origin and the request's host.",
    fix: "Add the origin to `allowed_origins` in the server's settings: the whole of it, `https://HOST`, without a path. A page from a file has the origin `null`.",
    lines: {
    },
  },
  host_rewritten: {
    layer: "origin",
    sentence: "A proxy changes the `Host` header, so that the server takes its own page for a stranger's.",
    shows: "Status 403 with code `origin_refused`, and its `detail` names as host an address behind the proxy.",
    sure: "The page's own host and the host in the `detail` differ.",
    fix: "Let the proxy pass on the host that was asked for, or name the page's origin in `allowed_origins`.",
    lines: {
      "nginx": "proxy_set_header Host $http_host;",
      "HAProxy": "# take this out:\n#   http-request set-header Host …",
      "Caddy": "# take this out of reverse_proxy:\n#   header_up Host {upstream_hostport}",
      "Apache": "ProxyPreserveHost On",
      "Traefik": "# within the loadBalancer of the service\npassHostHeader: true",
    },
  },
  scheme_lost: {
    layer: "origin",
    sentence: "The proxy ends TLS and does not tell the server so, which then takes its own https page for a stranger's.",
    shows: "Status 403 with code `origin_refused`, and its `detail` names an origin with `https://` and the same host.",
    sure: "With `Origin: http://HOST` it is let in.",
    fix: "Set `public_url` to the https address, or let the proxy send `X-Forwarded-Proto` and name it in `trusted_proxies`.",
    lines: {
      "nginx": "proxy_set_header X-Forwarded-For $remote_addr;\nproxy_set_header X-Forwarded-Proto $scheme;",
      "HAProxy": "option forwardfor\nhttp-request set-header X-Forwarded-Proto https if { ssl_fc }",
      "Caddy": "# Caddy says it by itself; take this out of reverse_proxy:\n#   header_up -X-Forwarded-Proto",
      "Apache": "# a2enmod headers\nRequestHeader set X-Forwarded-Proto \"expr=%{REQUEST_SCHEME}\"",
      "Traefik": "# where TLS ends before Traefik, static configuration: whose X-Forwarded-Proto it passes on\nentryPoints:\n  web:\n    forwardedHeaders:\n      trustedIPs: [10.0.0.0/8]",
    },
  },
  protocol_version: {
    layer: "origin",
    sentence: "Client and server speak different versions of Tenfour's protocol.",
    shows: "The status is 101 without a subprotocol, and browsers hang up; `/api/v1/server` names another `protocol` than the client offers.",
    sure: "Compare `protocol` in `/api/v1/server` with the subprotocol that the client offers.",
    fix: "Update the older one of the two: the server, or the SDK or page that connects.",
    lines: {
    },
  },
  subprotocol_dropped: {
    layer: "origin",
    sentence: "A proxy removes `Sec-WebSocket-Protocol`, so that nobody answers with the subprotocol.",
    shows: "The status is 101, but browsers hang up: “Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received”.",
    sure: "Asked past the proxy, the answer has `Sec-WebSocket-Protocol: tenfour.v1`.",
    fix: "Let the proxy pass the header on, both ways. An own client offers `tenfour.v1` beside its bearer subprotocol.",
    lines: {
      "nginx": "proxy_set_header Sec-WebSocket-Protocol $http_sec_websocket_protocol;",
      "HAProxy": "# take this out:\n#   http-request del-header Sec-WebSocket-Protocol",
      "Caddy": "# take this out of reverse_proxy:\n#   header_up -Sec-WebSocket-Protocol",
      "Apache": "# take this out:\n#   RequestHeader unset Sec-WebSocket-Protocol",
      "Traefik": "# take this out of the customRequestHeaders of its middlewares:\n#   Sec-WebSocket-Protocol: \"\"",
    },
  },
  token_missing: {
    layer: "token",
    sentence: "No token came.",
    shows: "Closed with 4401, `token_missing`, within 5 seconds.",
    sure: "The client sends none: no `Authorization`, no bearer subprotocol, no ticket, no `authenticate`.",
    fix: "Log in, and send the access token. `tenfour doctor --login NAME` tries one.",
    lines: {
    },
  },
  token_malformed: {
    layer: "token",
    sentence: "What was sent as token is not a JWT.",
    shows: "Closed with 4401, `token_malformed`; the reason says what is wrong with it.",
    sure: "It is not three base64url parts joined by two dots: cut off, in quotes, with `Bearer ` in it twice, or another kind of token.",
    fix: "Send the `access_token` of the log-in, whole and as it is.",
    lines: {
    },
  },
  token_too_long: {
    layer: "token",
    sentence: "The token is longer than the server takes, which is 8,192 characters.",
    shows: "Closed with 4401, `token_malformed`; the reason says that it is too long. It works for users with fewer roles or groups.",
    sure: "Decode the token: claims that Tenfour does not read (roles, groups, a picture) fill it.",
    fix: "Leave those claims out where the token is made: Tenfour needs `iss`, `aud`, `exp`, the user's id and name.",
    lines: {
    },
  },
  token_algorithm: {
    layer: "token",
    sentence: "The token is signed with an algorithm that its key does not allow.",
    shows: "Closed with 4401, `token_algorithm`.",
    sure: "Compare `alg` in the token's head with `algorithm` in the server's settings.",
    fix: "Sign with the algorithm that the settings name for this issuer, or correct the settings.",
    lines: {
    },
  },
  token_key_unknown: {
    layer: "token",
    sentence: "The token names a key that the server does not have.",
    shows: "Closed with 4401, `token_key_unknown`.",
    sure: "Compare `kid` in the token's head with `/.well-known/jwks.json` of its issuer.",
    fix: "Log in again, since the token may be of another server or of before its data was made new. For tokens of your own: correct `kid` or `jwks_url`.",
    lines: {
    },
  },
  token_signature: {
    layer: "token",
    sentence: "The token's signature does not fit its key.",
    shows: "Closed with 4401, `token_signature`.",
    sure: "The token was changed on the way, or signed with another key of the same name.",
    fix: "Log in again. For tokens of your own: give both sides the same key, and mind the secret's encoding (text or base64).",
    lines: {
    },
  },
  token_expired: {
    layer: "token",
    sentence: "The token has expired.",
    shows: "Closed with 4401, `token_expired`: at once, or in the middle if the client does not renew in time.",
    sure: "`exp` in the token is before the server's `Date`.",
    fix: "Get a new token (`POST /api/v1/sessions/refresh`, or log in), and renew on an open connection by `authenticate` before `expires_at`.",
    lines: {
    },
  },
  token_not_yet_valid: {
    layer: "token",
    sentence: "The token is not valid yet.",
    shows: "Closed with 4401, `token_not_yet_valid`.",
    sure: "`nbf` in the token is after the server's `Date`.",
    fix: "Wait, or let its issuer set `nbf` to the present; set that machine's clock (NTP).",
    lines: {
    },
  },
  clock_skew: {
    layer: "token",
    sentence: "Two clocks differ, so that a good token looks expired or not valid yet.",
    shows: "Closed with 4401, `token_expired` or `token_not_yet_valid`, although the token is fresh.",
    sure: "`date -u` here and the server's `Date` header differ by more than 30 seconds.",
    fix: "Set the clock that is wrong: `timedatectl set-ntp true`.",
    lines: {
    },
  },
  token_audience: {
    layer: "token",
    sentence: "The token is meant for another service.",
    shows: "Closed with 4401, `token_audience`.",
    sure: "Compare `aud` in the token with `audience` in the server's settings.",
    fix: "Have the token made for this audience, or correct the settings.",
    lines: {
    },
  },
  token_issuer: {
    layer: "token",
    sentence: "The token comes from an issuer that the server does not trust.",
    shows: "Closed with 4401, `token_issuer`.",
    sure: "Compare `iss` in the token, letter by letter and with a `/` at the end or not, with `issuer` in `external` of the server's settings.",
    fix: "Use a token of this server, or add the issuer to `external` in its settings.",
    lines: {
    },
  },
  token_claims: {
    layer: "token",
    sentence: "A claim of the token is missing or has a wrong form.",
    shows: "Closed with 4401, `token_claims` or `token_no_expiry`; the reason names the claim.",
    sure: "Decode the token: `exp` and `sub` have to be there, times as whole seconds; the name is one line that can be read.",
    fix: "Correct the claim where the token is made.",
    lines: {
    },
  },
  token_revoked: {
    layer: "token",
    sentence: "The log-in that the token belongs to was ended.",
    shows: "Closed with 4401, `token_revoked`, also in the middle: somebody logged out everywhere, changed the password, or removed the account.",
    sure: "A new log-in works.",
    fix: "Log in again.",
    lines: {
    },
  },
  user_disabled: {
    layer: "token",
    sentence: "The account is disabled.",
    shows: "Closed with 4401, `user_disabled`; logging in is refused too.",
    sure: "`tenfour user list` says so.",
    fix: "Ask an administrator; `tenfour user enable NAME` lets it in again.",
    lines: {
    },
  },
  ticket_used: {
    layer: "token",
    sentence: "The ticket is used, unknown, or older than 30 seconds.",
    shows: "Closed with 4401, `ticket_invalid`, typically on the second try with the same address.",
    sure: "A new ticket works once.",
    fix: "Get a new ticket (`POST /api/v1/ws-tickets`) for each connection, when it is opened and not before.",
    lines: {
    },
  },
  login_failed: {
    layer: "token",
    sentence: "Name or password is wrong, so that there is no token.",
    shows: "Status 401 with code `login_failed` for the log-in.",
    sure: "The same name and password are refused by the web client.",
    fix: "Correct them; after ten failures wait 15 minutes. `tenfour user password NAME` sets a new one.",
    lines: {
    },
  },
  token_lost: {
    layer: "token",
    sentence: "The token is sent, but a proxy removes it on the way.",
    shows: "Closed with 4401, `token_missing`, although the client sends one.",
    sure: "Brought in another way (subprotocol in place of header, or the reverse), the same token is taken.",
    fix: "Let the proxy pass on `Authorization` and `Sec-WebSocket-Protocol`, and the address with its query.",
    lines: {
      "nginx": "proxy_set_header Authorization $http_authorization;",
      "HAProxy": "# take this out:\n#   http-request del-header Authorization",
      "Caddy": "# take this out of reverse_proxy:\n#   header_up -Authorization",
      "Apache": "# take this out:\n#   RequestHeader unset Authorization",
      "Traefik": "# take this out of the customRequestHeaders of its middlewares:\n#   Authorization: \"\"",
    },
  },
  token_query_off: {
    layer: "token",
    sentence: "The token came in the address, which this server does not take.",
    shows: "Closed with 4401, `token_query_off`.",
    sure: "The address has `?token=`.",
    fix: "Send it as `Authorization` header, as subprotocol or as ticket; or set `token_query = true`, and mind that addresses are logged.",
    lines: {
    },
  },
  tokens_differ: {
    layer: "token",
    sentence: "Two different tokens came in one request.",
    shows: "Status 400 with code `tokens_differ`, or closed with 4401.",
    sure: "Look which of header, subprotocol and address carry one: an old one has stayed somewhere.",
    fix: "Send the token in one place only.",
    lines: {
    },
  },
  token_other_user: {
    layer: "token",
    sentence: "The new token on an open connection belongs to somebody else.",
    shows: "Closed with 4401, `token_other_user`, when a page that somebody else logged in to renews its token.",
    sure: "`sub` of the two tokens differs.",
    fix: "Open a new connection for another user.",
    lines: {
    },
  },
  token_bad_chars: {
    layer: "token",
    sentence: "The token has characters that cannot stand in a subprotocol.",
    shows: "The browser throws `SyntaxError` in `new WebSocket(…)`; nothing goes out.",
    sure: "The token ends in `=`, or has a space, a comma or a line end in it.",
    fix: "Use base64url without padding, as JWTs do: `tenfour.bearer.` and then the token as it was given.",
    lines: {
    },
  },
  chat_id_not_uuid: {
    layer: "chat",
    sentence: "What stands for the chat in the address is not an id.",
    shows: "Closed with 4404, `chat_id_invalid`.",
    sure: "It has to look like `01890a5d-ac96-774b-bcce-b302099a8057`; a title, a number or `undefined` does not.",
    fix: "Take the `id` from `GET /api/v1/chats` (`tenfour chat list`).",
    lines: {
    },
  },
  chat_unknown: {
    layer: "chat",
    sentence: "There is no chat with this id.",
    shows: "Closed with 4404, `chat_unknown`.",
    sure: "`tenfour chat list` does not show it: it was deleted, or is of another server.",
    fix: "Take the `id` from `GET /api/v1/chats`.",
    lines: {
    },
  },
  not_member: {
    layer: "chat",
    sentence: "The chat exists, but the user is not a member of it.",
    shows: "Closed with 4403, `not_a_member`.",
    sure: "The chat is not in the user's `GET /api/v1/chats`.",
    fix: "Have a member add the user: `tenfour chat add CHAT NAME`.",
    lines: {
    },
  },
  member_removed: {
    layer: "chat",
    sentence: "The user left the chat or was removed from it.",
    shows: "Closed with 4403, `removed_from_chat`, also in the middle.",
    sure: "The chat's history has the event that says who removed whom.",
    fix: "Have a member add the user again.",
    lines: {
    },
  },
  welcome_late: {
    layer: "welcome",
    sentence: "The connection opens, but the server does not get round to letting anybody in.",
    shows: "101, and then no frame for 15 seconds.",
    sure: "`GET /api/v1/health/ready` hangs, or names the store.",
    fix: "Something holds the data file (a backup, another program with an open transaction) or the disk is slow: end it.",
    lines: {
    },
  },
  draining: {
    layer: "welcome",
    sentence: "The server is about to stop or to restart.",
    shows: "Status 503 or closed with 4503, `draining`; open connections get `goodbye` and then 1012.",
    sure: "`GET /api/v1/health/ready` says “the server is about to stop”.",
    fix: "Wait for the restart; clients of ours come back by themselves. If it stays so, start the server.",
    lines: {
    },
  },
  store_down: {
    layer: "welcome",
    sentence: "The server cannot read or write its data at the moment.",
    shows: "Closed with 4503, or messages refused, with `store_down`, `busy` or `outcome_unknown`.",
    sure: "`GET /api/v1/health/ready` is 503 and names the store; the log has `Error store.broken` with the reason.",
    fix: "Look at the disk (`df -h`, read-only, slow) and for another program that holds the data file. Nothing that was acknowledged is lost.",
    lines: {
    },
  },
  internal: {
    layer: "welcome",
    sentence: "The server made a mistake.",
    shows: "Closed with 4500 or status 500, `internal`, and a reference of twelve letters and digits.",
    sure: "`grep REFERENCE` in the server's log shows what failed.",
    fix: "Report what stands there as a bug.",
    lines: {
    },
  },
  broker_down: {
    layer: "delivery",
    sentence: "The nodes do not hear of each other's messages.",
    shows: "The sender gets `ack`; members on the same node get the message at once, all others only when they reload.",
    sure: "`GET /api/v1/health/ready` names the broker; `tenfour doctor` lists which node heard what.",
    fix: "Bring the broker back, and look whether every node reaches it. Nothing is lost: the store has it all.",
    lines: {
    },
  },
  nodes_split: {
    layer: "delivery",
    sentence: "The nodes do not share one database.",
    shows: "Two people in the same chat see different histories, depending on the node.",
    sure: "The last seq of one chat differs from node to node and stays so.",
    fix: "Give all nodes the same database, or run one node only: SQLite is for one.",
    lines: {
    },
  },
  not_subscribed: {
    layer: "delivery",
    sentence: "The client does not listen to the chat from which it expects messages.",
    shows: "It opens and gets `welcome`, and then nothing; what it sends is acknowledged or refused with `not_subscribed`.",
    sure: "`subscribe` was not sent, or names other chats.",
    fix: "Send `subscribe` with the chat's id after `welcome`, or use the chat's own address.",
    lines: {
    },
  },
  not_delivered: {
    layer: "delivery",
    sentence: "The message was stored and did not reach the second connection.",
    shows: "`ack` came, all nodes heard the event, and the receiver got nothing.",
    sure: "`tenfour trace CHAT SEQ` shows to which connections it went.",
    fix: "Keep the doctor's report and the server's log of that minute, and report it as a bug.",
    lines: {
    },
  },
  ack_missing: {
    layer: "delivery",
    sentence: "The message was delivered, and its sender was not told so.",
    shows: "The others see the message, the sender's stays “on its way” and is sent again.",
    sure: "The second connection gets the message, the first no `ack` for its key.",
    fix: "Report it as a bug. Sending again with the same key cannot double the message.",
    lines: {
    },
  },
  error_broadcast: {
    layer: "delivery",
    sentence: "An error of one client is sent to others.",
    shows: "Somebody sees “not allowed” for something that somebody else did.",
    sure: "A second, silent connection in the chat gets the `error` of the first.",
    fix: "Report it as a bug. Meanwhile a client may ignore an `error` with an id that it did not use.",
    lines: {
    },
  },
  frames_clumped: {
    layer: "delivery",
    sentence: "Something on the way holds messages back and lets them go in bunches.",
    shows: "Nothing for a second or two, then several at once, again and again.",
    sure: "In a steady stream of ten a second, gaps and bunches alternate; past the proxy they come evenly.",
    fix: "Exempt the host from what reads along: virus scanner, TLS inspection, VPN, a “web accelerator”. Buffering settings of nginx and the like do not touch WebSockets.",
    lines: {
    },
  },
  frames_wrong: {
    layer: "delivery",
    sentence: "The client sends what is not the protocol.",
    shows: "Closed with 4400 after ten frames that could not be understood, or with 1002, 1003 or 1007.",
    sure: "Each bad frame got an `error` that says what is wrong with it.",
    fix: "Correct the client: [protocol/README.md](../protocol/README.md) has every frame.",
    lines: {
    },
  },
  idle_cut: {
    layer: "idle",
    sentence: "Something on the way cuts connections on which nothing was said for a while.",
    shows: "It drops after the same silence each time (60 seconds with nginx); a browser reports 1006 without an `error`.",
    sure: "Silent connections end at the same age, and one with traffic lives: `tenfour doctor URL --idle 120`. nginx logs “timed out … while proxying upgraded connection”.",
    fix: "Raise the time-out, or set `heartbeat_s` well below it.",
    lines: {
      "nginx": "# ingress-nginx: the annotation nginx.ingress.kubernetes.io/proxy-read-timeout: \"3600\"\nproxy_read_timeout 1h;\nproxy_send_timeout 1h;",
      "HAProxy": "# within defaults or the backend\ntimeout tunnel 1h",
      "Caddy": "# it cuts nothing by itself; take this out of reverse_proxy:\n#   stream_timeout …",
      "Apache": "# ProxyTimeout and timeout= do not count for WebSockets\nTimeout 3600",
      "Traefik": "# static configuration; update 2.11.1, which cuts every connection\nentryPoints:\n  websecure:\n    transport:\n      respondingTimeouts:\n        readTimeout: 0s\n        idleTimeout: 1h",
      "Envoy": "# within the http_connection_manager\nstream_idle_timeout: 3600s",
      "AWS load balancer": "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN --attributes Key=idle_timeout.timeout_seconds,Value=3600",
    },
  },
  lifetime_cut: {
    layer: "idle",
    sentence: "Something on the way ends every connection at a certain age.",
    shows: "It drops after the same time each time, with traffic or without.",
    sure: "A connection with traffic and a silent one, opened together, end together.",
    fix: "Raise the load balancer's time-out for back ends (Google Cloud: `timeoutSec`, 30 seconds by default). Where it is fixed, clients reconnect and resume.",
    lines: {
      "nginx": "# after a reload, connections of old workers live so long\nworker_shutdown_timeout 24h;",
      "HAProxy": "# within global; after a reload, connections of old processes live so long\nhard-stop-after 24h",
      "Caddy": "# take this out of reverse_proxy:\n#   stream_timeout …",
      "Traefik": "# static configuration; update 2.11.1, which cuts every connection\nentryPoints:\n  websecure:\n    transport:\n      respondingTimeouts:\n        readTimeout: 0s\n        idleTimeout: 1h",
      "Envoy": "# within the route\ntimeout: 0s",
      "Google load balancer": "gcloud compute backend-services update NAME --global --timeout=86400",
    },
  },
  nat_forgot: {
    layer: "idle",
    sentence: "A router forgot the connection during a silence and told nobody.",
    shows: "Nothing comes any more, and the connection still looks open; what is sent gets no answer.",
    sure: "After a silence the next frame is not answered, and no end came before it. Typical of phones and of Azure's load balancer.",
    fix: "Set `heartbeat_s` well below that time; 25 or less suits most networks. Clients should take a missing heartbeat for the end of the line.",
    lines: {
    },
  },
  pong_missing: {
    layer: "idle",
    sentence: "The client does not answer the server's heartbeat.",
    shows: "Closed with 4410, `heartbeat_missed`.",
    sure: "The server's `ping` frames arrive, and no `pong` goes back; or the machine slept.",
    fix: "Answer every `ping` frame with `pong` in the handler of messages, not in a timer. After sleep: connect again and resume.",
    lines: {
    },
  },
  proxy_reload: {
    layer: "idle",
    sentence: "The proxy was reloaded or restarted.",
    shows: "All connections end in the same second with 1001 or 1006, and the server ran on.",
    sure: "The proxy's log has the reload; the server's node and its start are the same as before.",
    fix: "Clients reconnect and resume by themselves. To spare them: Caddy `stream_close_delay 5m`; nginx keeps old workers until the last one goes.",
    lines: {
      "nginx": "# old workers stay until their last connection ends, unless this is set lower\nworker_shutdown_timeout 1h;",
      "HAProxy": "# within global; old processes stay until their last connection ends, unless this is set lower\nhard-stop-after 1h",
      "Caddy": "# from Caddy 2.7 on\nreverse_proxy 127.0.0.1:8410 {\n    stream_close_delay 5m\n}",
      "Apache": "# apachectl graceful, not restart; old connections then live until they end\nGracefulShutdownTimeout 0",
      "Traefik": "# static configuration\nentryPoints:\n  websecure:\n    transport:\n      lifeCycle:\n        graceTimeOut: 5m",
    },
  },
  fd_limit: {
    layer: "limits",
    sentence: "The server has no file descriptor left for another connection.",
    shows: "Status 429, `too_many_connections`, whose `detail` names file descriptors; or TCP opens and is cut off without a byte, or nothing answers. Open connections go on working.",
    sure: "On the server `ls /proc/PID/fd | wc -l` is at the limit of `/proc/PID/limits`; its log has `Server descriptors.few`, that of other programs `Too many open files`.",
    fix: "Raise the limit: `LimitNOFILE=65536` in its systemd unit.",
    lines: {
    },
  },
  proxy_full: {
    layer: "limits",
    sentence: "The proxy has as many connections as it takes.",
    shows: "nginx resets, HAProxy lets it hang, `limit_conn` answers 503; those that are open work.",
    sure: "Its log says `worker_connections are not enough`, or its statistics show `maxconn` reached.",
    fix: "Raise `worker_connections` (each WebSocket needs two), `maxconn` or `limit_conn`.",
    lines: {
      "nginx": "worker_rlimit_nofile 131072;\nevents {\n    worker_connections 65536;   # each WebSocket takes two\n}",
      "HAProxy": "# within global, and in each frontend that has its own\nmaxconn 100000",
      "Caddy": "# it has no limit of its own; in its systemd unit\n[Service]\nLimitNOFILE=1048576",
      "Apache": "# mpm_event\nServerLimit 64\nThreadsPerChild 64\nMaxRequestWorkers 4096",
      "Traefik": "# take the inFlightReq middleware out of the router of /api/; in its systemd unit\n[Service]\nLimitNOFILE=1048576",
    },
  },
  too_many: {
    layer: "limits",
    sentence: "Too many connections come from one address, or the node is full.",
    shows: "Status 429 or closed with 4429, `too_many_connections`.",
    sure: "The `detail` says whether it is the address or the node. Behind a proxy all users have one address if `trusted_proxies` does not name it.",
    fix: "Close what is not needed, set `trusted_proxies`, or raise `connections_per_address` or `connections`.",
    lines: {
    },
  },
  replaced: {
    layer: "limits",
    sentence: "A newer connection of the same user took this one's place.",
    shows: "Closed with 4409, `replaced`: typically the oldest of several tabs or devices.",
    sure: "`welcome` says how many a user may have (`limits.connections_per_user`).",
    fix: "Close what is not needed, or raise `connections_per_user`. A client must not come back by itself after 4409.",
    lines: {
    },
  },
  rate_limited: {
    layer: "limits",
    sentence: "Too much was sent in too short a time.",
    shows: "Frames refused with `rate_limited`, status 429, or closed with 4429.",
    sure: "`retry_after_ms` or `Retry-After` says how long to wait; `welcome` says the rates.",
    fix: "Wait that long, and send less often. The rates are in the settings.",
    lines: {
    },
  },
  frame_too_big: {
    layer: "limits",
    sentence: "A frame was larger than the server, or something on the way, takes.",
    shows: "Closed with 1009, `frame_too_large`; if the reason is empty, it was not Tenfour.",
    sure: "`welcome` says the limit (`limits.frame_bytes`); smaller frames pass.",
    fix: "Send less at once, or raise the limit where it is.",
    lines: {
    },
  },
  slow_reader: {
    layer: "limits",
    sentence: "The client reads more slowly than the chats speak.",
    shows: "Closed with 4408, `slow_reader`, and it resumes without loss.",
    sure: "The client's handler of messages takes long, or the line is thin.",
    fix: "Do less per message, subscribe to fewer chats, or raise `send_budget_bytes`.",
    lines: {
    },
  },
  mixed_content: {
    layer: "browser",
    sentence: "A page that came over https may not open `ws://`.",
    shows: "The browser throws `SecurityError` in `new WebSocket(…)`, except for localhost; nothing goes out.",
    sure: "The page's address begins with `https://`, the WebSocket's with `ws://`.",
    fix: "Use `wss://`.",
    lines: {
    },
  },
  csp_blocked: {
    layer: "browser",
    sentence: "The page's own Content-Security-Policy forbids the connection.",
    shows: "`error` and, in Chromium, no `close` event at all; the console says “Refused to connect … violates the document's Content Security Policy”.",
    sure: "A `securitypolicyviolation` event names `connect-src`.",
    fix: "Add `connect-src wss://HOST` to the policy of the page. `'self'` covers the page's own host in today's browsers.",
    lines: {
    },
  },
  extension_blocked: {
    layer: "browser",
    sentence: "An extension of the browser blocks the connection.",
    shows: "It fails in the same instant, for this user only.",
    sure: "In a private window, where extensions are off, it works.",
    fix: "Exempt the site in the extension.",
    lines: {
    },
  },
  stuck_sibling: {
    layer: "browser",
    sentence: "Another handshake of the same browser to the same server hangs, and all others wait for it.",
    shows: "It opens only after another tab is closed, or after that one gives up.",
    sure: "In a browser that has no other tab of this server open it works at once.",
    fix: "Close the tab that hangs; have a page open one connection at a time, with its own time-out.",
    lines: {
    },
  },
  socket_limit: {
    layer: "browser",
    sentence: "The browser has as many WebSockets open as it allows.",
    shows: "It fails at once beyond about 255 in Chromium, 200 in Firefox.",
    sure: "After closing tabs it works.",
    fix: "Close connections that are not needed any more; share one between tabs.",
    lines: {
    },
  },
  local_network: {
    layer: "browser",
    sentence: "The browser asks before a public page may talk to a private address, and the answer was no or is outstanding.",
    shows: "Chrome 147 and later show a prompt or fail; the same page works from the private network.",
    sure: "The page's address is public, the WebSocket's host is 10.x, 172.16.x to 172.31.x, 192.168.x or localhost.",
    fix: "Allow “local network” for the site; in an iframe add `allow=\"local-network-access\"`. Better: give the server a public name.",
    lines: {
    },
  },
  tab_throttled: {
    layer: "browser",
    sentence: "The browser slows the timers of a tab that nobody looks at.",
    shows: "It drops after some minutes in the background, and works in front.",
    sure: "`document.visibilityState` was `hidden` for more than five minutes before.",
    fix: "Answer the server's `ping` in `onmessage`, and send nothing by timers.",
    lines: {
    },
  },
  bfcache: {
    layer: "browser",
    sentence: "The page came back by the “back” button as it was left, its connection did not.",
    shows: "After “back” the page looks alive and hears nothing.",
    sure: "The `pageshow` event has `persisted: true`.",
    fix: "Close the connection at `pagehide`, open a new one at `pageshow`.",
    lines: {
    },
  },
  stale_app: {
    layer: "browser",
    sentence: "A service worker serves an old version of the page.",
    shows: "Errors that were corrected long ago, for some users only.",
    sure: "The version in the page's settings is not the server's.",
    fix: "Accept the new version, or unregister the service worker and reload.",
    lines: {
    },
  },
  storage_empty: {
    layer: "browser",
    sentence: "The page has no token, because the browser keeps nothing for it.",
    shows: "Closed with 4401, `token_missing`, after each reload; typical of private windows, and of iframes of another site.",
    sure: "`localStorage` is empty or throws; in an iframe it is another one than in the site itself.",
    fix: "Log in. In a foreign iframe hand the token in: [embed.md](embed.md).",
    lines: {
    },
  },
};

/** The cause behind an error of the server. */
export const CAUSE_OF: Readonly<Record<string, CauseId>> = {
  request_malformed: "tls_to_plain_port",
  not_found: "path_wrong",
  request_timeout: "mtu_blackhole",
  headers_too_large: "header_too_big",
  upgrade_required: "upgrade_stripped",
  origin_refused: "origin_refused",
  subprotocol_missing: "subprotocol_dropped",
  token_missing: "token_missing",
  token_malformed: "token_malformed",
  token_algorithm: "token_algorithm",
  token_key_unknown: "token_key_unknown",
  token_signature: "token_signature",
  token_expired: "token_expired",
  token_not_yet_valid: "token_not_yet_valid",
  token_audience: "token_audience",
  token_issuer: "token_issuer",
  token_claims: "token_claims",
  token_no_expiry: "token_claims",
  token_revoked: "token_revoked",
  refresh_invalid: "token_revoked",
  refresh_reused: "token_revoked",
  user_disabled: "user_disabled",
  ticket_invalid: "ticket_used",
  login_failed: "login_failed",
  token_query_off: "token_query_off",
  tokens_differ: "tokens_differ",
  token_other_user: "token_other_user",
  chat_id_invalid: "chat_id_not_uuid",
  chat_unknown: "chat_unknown",
  not_a_member: "not_member",
  removed_from_chat: "member_removed",
  draining: "draining",
  restart: "draining",
  store_down: "store_down",
  busy: "store_down",
  outcome_unknown: "store_down",
  internal: "internal",
  not_subscribed: "not_subscribed",
  too_many_bad_frames: "frames_wrong",
  binary_frame: "frames_wrong",
  invalid_utf8: "frames_wrong",
  protocol_error: "frames_wrong",
  heartbeat_missed: "pong_missing",
  too_many_connections: "too_many",
  replaced: "replaced",
  rate_limited: "rate_limited",
  too_many_attempts: "rate_limited",
  frame_too_large: "frame_too_big",
  slow_reader: "slow_reader",
};

/** The likely cause behind a close code whose reason says nothing. */
export const CAUSE_OF_CLOSE: Readonly<Record<number, CauseId>> = {
  1001: "proxy_reload",
  1002: "deflate_broken",
  1003: "frames_wrong",
  1007: "deflate_broken",
  1008: "other_ws_server",
  1009: "frame_too_big",
  1011: "internal",
  1012: "draining",
  1013: "draining",
  4400: "frames_wrong",
  4401: "token_malformed",
  4403: "not_member",
  4404: "chat_unknown",
  4408: "slow_reader",
  4409: "replaced",
  4410: "pong_missing",
  4429: "too_many",
  4500: "internal",
  4503: "store_down",
};

/** The ports that no browser connects to. */
export const BAD_PORTS: ReadonlySet<number> = new Set([1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080]);
