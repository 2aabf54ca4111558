"""The one catalogue of root causes: why a connection does not work, and what to do.

The doctor names one of these, ``docs/troubleshooting.md`` is made from them, and every error of ``errors.py``
that refuses or ends a connection belongs to one of them (``CAUSE_OF``). Where an error of the token and its
cause are the same thing, they have the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenfour.errors import ErrorCode


class Layer(StrEnum):
    """Where on the way a cause sits, from the address outwards; a fault below hides all that is above it."""

    URL = "url"
    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    UPGRADE = "upgrade"
    ORIGIN = "origin"
    TOKEN = "token"  # noqa: S105 - a name, not a secret
    CHAT = "chat"
    WELCOME = "welcome"
    DELIVERY = "delivery"
    IDLE = "idle"
    LIMITS = "limits"
    BROWSER = "browser"


LAYER_TITLES = {
    Layer.URL: "The address",
    Layer.DNS: "The name (DNS)",
    Layer.TCP: "The line (TCP)",
    Layer.TLS: "The certificate and TLS",
    Layer.HTTP: "HTTP, and what stands between",
    Layer.UPGRADE: "The upgrade to WebSocket",
    Layer.ORIGIN: "Origin and subprotocol",
    Layer.TOKEN: "The token",
    Layer.CHAT: "The chat",
    Layer.WELCOME: "The server's welcome",
    Layer.DELIVERY: "Delivery",
    Layer.IDLE: "Silence and age",
    Layer.LIMITS: "Limits",
    Layer.BROWSER: "Only in the browser",
}

EXIT_HEALTHY, EXIT_NOT_TENFOUR, EXIT_USAGE = 0, 1, 2
EXIT_CODES = {layer: 10 + 5 * place for place, layer in enumerate(Layer)}
"""What ``tenfour doctor`` exits with: 10 for the address, 15 for the name … 75 for the browser.

0: healthy. 1: the line is good as far as can be seen, but the server is not Tenfour. 2: a wrong command line.
"""


class Symptom(StrEnum):
    """What somebody notices who knows no more."""

    REFUSED = "refused"
    HANGS = "hangs"
    SILENT = "silent"
    DROPS = "drops"
    CLOSED = "closed"
    WRONG = "wrong"


SYMPTOM_TITLES = {
    Symptom.REFUSED: "It is refused at once",
    Symptom.HANGS: "It hangs in “connecting”",
    Symptom.SILENT: "It opens, but nothing comes",
    Symptom.DROPS: "It works, and drops after a while",
    Symptom.CLOSED: "It opens and is closed with a reason",
    Symptom.WRONG: "It works, but wrongly or slowly",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One root cause. The texts are whole sentences, in the Markdown of a single paragraph."""

    id: str
    layer: Layer
    symptoms: tuple[Symptom, ...]
    sentence: str
    """What is wrong."""
    shows: str
    """How it looks to a user, in a browser, on a command line."""
    sure: str
    """How to make sure by hand that it is this and nothing else."""
    fix: str
    """What to do."""
    codes: tuple[ErrorCode, ...] = ()
    """The errors that lead here."""
    foreign_closes: tuple[int, ...] = ()
    """Close codes with which something on the way, and not the server, ends connections."""


_E = ErrorCode
_N, _H, _S, _D, _X, _W = Symptom.REFUSED, Symptom.HANGS, Symptom.SILENT, Symptom.DROPS, Symptom.CLOSED, Symptom.WRONG

_URL = (
    Cause(
        "url_invalid",
        Layer.URL,
        (_N,),
        "The address is not one of a WebSocket.",
        "The browser throws `SyntaxError` in `new WebSocket(…)`; nothing goes out.",
        "Read the address: it begins with `wss://` or `ws://` (browsers take `https://` and `http://` for the same) and has no `#`.",
        "Write it as `wss://HOST/api/v1/ws`, or `ws://HOST:PORT/api/v1/ws` without TLS.",
    ),
    Cause(
        "blocked_port",
        Layer.URL,
        (_N,),
        "Browsers never connect to this port.",
        "Every browser fails within milliseconds, and command-line tools work. The port is on the browsers' list of ports for other protocols (6000, 6667 …).",
        "Load `http://HOST:PORT/` in the browser: it says `ERR_UNSAFE_PORT` or the like.",
        "Let the server listen on another port, or put it behind 443.",
    ),
    Cause(
        "plain_to_tls_port",
        Layer.URL,
        (_N,),
        "The address says `ws://`, but the port speaks TLS.",
        "nginx answers status 400, “The plain HTTP request was sent to HTTPS port”; others answer with bytes that begin with `15 03`, or hang up.",
        "`curl -k https://HOST:PORT/` gets an answer where `curl http://HOST:PORT/` gets none.",
        "Write `wss://` in place of `ws://`.",
    ),
    Cause(
        "tls_to_plain_port",
        Layer.URL,
        (_N, _H),
        "The address says `wss://`, but the port does not speak TLS.",
        "OpenSSL says `WRONG_VERSION_NUMBER`, Chromium `ERR_SSL_PROTOCOL_ERROR`. A server that waits for a whole line hangs instead.",
        "`curl http://HOST:PORT/` gets an answer where `curl -k https://HOST:PORT/` gets none.",
        "Write `ws://`, or better: name the port where TLS ends (443 at the proxy) or switch TLS on there.",
        (_E.REQUEST_MALFORMED,),
    ),
    Cause(
        "loopback_elsewhere",
        Layer.URL,
        (_N,),
        "The address names this machine itself, or a name that is known only inside a container network, and the server is somewhere else.",
        "It works on the developer's machine and nowhere else; the address has `localhost`, `127.0.0.1`, `0.0.0.0` or a service name such as `chat` in it.",
        "Compare the host of the page with the host of the WebSocket's address.",
        "Use the server's public address; in a page build it from `location.host`.",
    ),
    Cause(
        "path_wrong",
        Layer.URL,
        (_N,),
        "Tenfour is there, but at this path is no WebSocket.",
        "Status 404 with `application/problem+json` and code `not_found`.",
        "Its `detail` names the path that reached the server: it is the one that was asked for.",
        "Use `/api/v1/ws` for all chats, or `/api/v1/chats/CHAT/ws` for one.",
        (_E.NOT_FOUND,),
    ),
    Cause(
        "base_path_lost",
        Layer.URL,
        (_N,),
        "A proxy changes the path on the way, so that Tenfour is asked for another one.",
        "Status 404 with code `not_found`, and its `detail` names another path than the address has: a prefix is doubled, kept or cut.",
        "Ask the server past the proxy with the path that the address has.",
        "Let the proxy pass on `/api/…` as it is. In nginx a `proxy_pass` that ends in `/` replaces the prefix of its `location`, one without does not.",
    ),
)

_DNS = (
    Cause(
        "dns_no_name",
        Layer.DNS,
        (_N,),
        "The host's name does not exist.",
        "It fails in less than a second: `Name or service not known`, `ERR_NAME_NOT_RESOLVED`.",
        "`getent hosts HOST` says nothing.",
        "Correct the name, or add an A or AAAA record for it.",
    ),
    Cause(
        "dns_no_answer",
        Layer.DNS,
        (_H,),
        "The name server does not answer.",
        "It hangs for 5 to 15 seconds, then: `Temporary failure in name resolution`. Other names fail too.",
        "`getent hosts example.org` hangs in the same way.",
        "Correct the resolver of this machine (`/etc/resolv.conf`, VPN, firewall for port 53).",
    ),
    Cause(
        "dns_wrong_host",
        Layer.DNS,
        (_N, _W),
        "The name leads to more than one server, and they are not the same.",
        "It works every other time, or for some users only.",
        "Ask each address of the name: the certificate or the `node` in `/api/v1/server` is a stranger's at one of them.",
        "Remove the stale record, and wait until its time to live is over.",
    ),
    Cause(
        "ipv6_dead",
        Layer.DNS,
        (_H, _W),
        "The name has an IPv6 address at which nobody answers.",
        "Command-line tools hang and then work; browsers try both kinds at once, so that it is only slow there, or not noticed.",
        "`curl -6 https://HOST/` fails, `curl -4 https://HOST/` works.",
        "Let the server listen on `[::]` and the firewall pass it, or remove the AAAA record.",
    ),
)

_TCP = (
    Cause(
        "tcp_refused",
        Layer.TCP,
        (_N,),
        "Nobody listens on this port.",
        "It fails within a tenth of a second: `Connection refused`, `ERR_CONNECTION_REFUSED`.",
        "On the server `ss -ltn` shows no line with the port, or one with `127.0.0.1:PORT` although you come from elsewhere.",
        "Start the server; let it listen on the address that is asked (`TENFOUR_LISTEN=0.0.0.0:8410`); in a container publish the port.",
    ),
    Cause(
        "tcp_filtered",
        Layer.TCP,
        (_H,),
        "Something swallows the packets: no answer comes from this port, not even a refusal.",
        "It hangs for 20 to 130 seconds, then: `timed out`.",
        "It works from the server's own machine. Another port of the same host answers or refuses at once.",
        "Open the port in the firewall or in the cloud's security group.",
    ),
    Cause(
        "backlog_full",
        Layer.TCP,
        (_H, _W),
        "The server's queue of new connections is full, so that the first packet has to be sent again.",
        "Opening takes 1, 3 or 7 seconds and then works.",
        "On the server `nstat -az TcpExtListenOverflows` rises.",
        "Raise `net.core.somaxconn`, and find out why the server accepts slowly (processor, file descriptors).",
    ),
    Cause(
        "tcp_reset",
        Layer.TCP,
        (_N,),
        "The line opens, and is torn down as soon as something is said on it.",
        "`Connection reset by peer`, `ERR_CONNECTION_RESET`, after the first bytes.",
        "It works from the server's own machine, or on another port: a device between you filters by content.",
        "Use 443 with TLS, and have the firewall on the way let this host pass. If it happens beside the server too, look into its log.",
    ),
    Cause(
        "open_but_mute",
        Layer.TCP,
        (_H,),
        "The port is open, but the program behind it says nothing.",
        "TCP opens (the kernel does that alone), and even a plain GET gets no byte.",
        "`curl -m 10 http://HOST:PORT/api/v1/health/live` times out on the server's own machine too.",
        "The process is stopped, stuck, or out of file descriptors: look at its state and its log, then restart it.",
    ),
    Cause(
        "mtu_blackhole",
        Layer.TCP,
        (_H, _S),
        "Large packets get lost on the way, small ones arrive.",
        "It opens, short messages work, and everything of more than about 1,400 bytes stalls; often over a VPN or PPPoE.",
        "`ping -M do -s 1472 HOST` gets no answer, `ping -s 1200 HOST` does.",
        "Let ICMP “fragmentation needed” pass the firewall, or clamp the MSS at the tunnel (`iptables … TCPMSS --clamp-mss-to-pmtu`).",
        (_E.REQUEST_TIMEOUT,),
    ),
)

_OPENSSL = "`openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates -subject -issuer -ext subjectAltName`"
_TLS = (
    Cause(
        "cert_expired",
        Layer.TLS,
        (_N,),
        "The server's certificate has expired.",
        "OpenSSL's verify code 10, `ERR_CERT_DATE_INVALID`; a page at the same host warns.",
        f"{_OPENSSL} shows `notAfter` in the past.",
        "Renew the certificate and reload the proxy; look why the renewal did not run by itself.",
    ),
    Cause(
        "cert_not_yet",
        Layer.TLS,
        (_N,),
        "The server's certificate is not valid yet: it is from the future, or this machine's clock is behind.",
        "OpenSSL's verify code 9, `ERR_CERT_DATE_INVALID`.",
        "Compare `date -u` here with the `Date` header of any other https site.",
        "Set the clock (NTP) of this machine; if it is right, of the one that made the certificate.",
    ),
    Cause(
        "cert_wrong_host",
        Layer.TLS,
        (_N,),
        "The certificate is for other names than the one in the address.",
        "OpenSSL's verify code 62, `ERR_CERT_COMMON_NAME_INVALID`.",
        f"{_OPENSSL} lists the names (`subjectAltName`).",
        "Use a name that the certificate has, or have one made with this name; if it is a stranger's certificate, the name leads to the wrong server.",
    ),
    Cause(
        "cert_unknown_issuer",
        Layer.TLS,
        (_N,),
        "The certificate's issuer is not one that this machine trusts.",
        "OpenSSL's verify codes 18 to 20, `ERR_CERT_AUTHORITY_INVALID`.",
        f"{_OPENSSL} shows as `issuer` the server itself or an authority of your own.",
        "Use a certificate of a public authority, or install your authority on each machine that connects (`SSL_CERT_FILE` for the command line).",
    ),
    Cause(
        "chain_incomplete",
        Layer.TLS,
        (_N, _W),
        "The server sends its own certificate without the one between it and the authority.",
        "Browsers often work, because they know or fetch the missing one; phones, command-line tools and servers fail with verify code 20.",
        "`openssl s_client -connect HOST:PORT -servername HOST -showcerts </dev/null` shows one certificate only.",
        "Give the proxy the whole chain: `fullchain.pem` in place of `cert.pem`.",
    ),
    Cause(
        "tls_inspected",
        Layer.TLS,
        (_N, _W),
        "A device or program on the way opens the TLS and shows a certificate of its own.",
        "It fails in one office or on one machine only; the issuer is a company or a virus scanner.",
        "Compare the certificate's issuer here and from another network.",
        "Have the host exempted from the inspection (TLS inspection, virus scanner, VPN).",
    ),
    Cause(
        "tls_version",
        Layer.TLS,
        (_N,),
        "Server and client have no version of TLS in common.",
        "TLS alert 70 (`protocol version`), `ERR_SSL_VERSION_OR_CIPHER_MISMATCH`.",
        "`openssl s_client -connect HOST:PORT -tls1_2 </dev/null` and the same with `-tls1_3` both fail.",
        "Let the server speak TLS 1.2 and 1.3.",
    ),
    Cause(
        "sni_needed",
        Layer.TLS,
        (_N,),
        "The server picks its certificate by the host's name, and does not know this name, or got none.",
        "TLS alert 112 (`unrecognized name`), or the certificate of another site.",
        "`openssl s_client` with `-servername HOST` and with `-noservername` get different certificates.",
        "Add the name to the proxy's sites. A client that connects by IP address has to send the name too.",
    ),
    Cause(
        "client_cert",
        Layer.TLS,
        (_N,),
        "The server wants a certificate of the client, and got none.",
        "TLS alert 116 (`certificate required`), in TLS 1.3 only after a handshake that looked good; nginx answers 400, “No required SSL certificate was sent”.",
        "`openssl s_client -connect HOST:PORT </dev/null` lists “Acceptable client certificate CA names”.",
        "Give the client its certificate, or switch the demand off for this host.",
    ),
)

_HTTP = (
    Cause(
        "redirected",
        Layer.HTTP,
        (_N,),
        "The answer is a redirect, and WebSockets never follow one.",
        "Status 301, 302, 307 or 308 with `Location`: from http to https, to another host, or to the same path with a `/` at the end.",
        "`curl -i https://HOST/api/v1/ws` shows the `Location`.",
        "Use the final address at once, and let the proxy's rule match the path exactly as it is asked for.",
    ),
    Cause(
        "login_page",
        Layer.HTTP,
        (_N,),
        "A log-in page of a single sign-on stands before the server.",
        "A redirect to another host, or status 200 with HTML, and a cookie that is not Tenfour's.",
        "In a fresh private window the site asks for a log-in that is not Tenfour's.",
        "Exempt `/api/` from the sign-on, since Tenfour checks its own tokens there.",
    ),
    Cause(
        "captive_portal",
        Layer.HTTP,
        (_N,),
        "This network shows its own page until somebody agrees to its terms.",
        "Every http address leads to the same page of a hotel, train or café, by a redirect or with status 511; every https address has a wrong certificate or hangs.",
        "`curl -i http://example.org/` shows the portal's page.",
        "Open a browser, agree or log in, then try again.",
    ),
    Cause(
        "http_auth",
        Layer.HTTP,
        (_N,),
        "The proxy asks for a name and a password of its own.",
        "Status 401 with `WWW-Authenticate: Basic` (or Digest, Negotiate), and not Tenfour's problem+json.",
        "The page of the site shows the browser's own password box.",
        "Exempt `/api/` from the proxy's authentication: a page's WebSocket cannot send it.",
    ),
    Cause(
        "upstream_down",
        Layer.HTTP,
        (_N,),
        "The proxy is there, but reaches no server behind it.",
        "Status 502 (nginx, Caddy, Traefik) or 503 (Apache; HAProxy, often after 3 seconds), at once.",
        "On the proxy's machine `curl http://127.0.0.1:8410/api/v1/health/live` is refused.",
        "Start Tenfour, and let the proxy name the host and port on which it listens.",
    ),
    Cause(
        "upstream_mute",
        Layer.HTTP,
        (_H,),
        "The proxy is there, but the server behind it does not answer in time.",
        "Status 504 (Apache: 502) after the proxy's time-out, mostly 30 or 60 seconds.",
        "On the proxy's machine `curl -m 10 http://127.0.0.1:8410/api/v1/health/live` times out.",
        "Look at the server's process and log: it is stopped, stuck or overloaded. Or the proxy names a port that a firewall swallows.",
    ),
    Cause(
        "one_of_many_bad",
        Layer.HTTP,
        (_N, _W),
        "Behind the address are several servers, and not all of them are well.",
        "It works now and then: after a new try, for some users, or after one of the servers was changed.",
        "`for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' https://HOST/api/v1/server; done` shows different answers.",
        "Bring the bad one back or take it out of the load balancer's list, and let the balancer ask `/api/v1/health/ready` by itself.",
    ),
    Cause(
        "maintenance",
        Layer.HTTP,
        (_N,),
        "Somebody has put a page about maintenance in the server's place.",
        "Status 503 (or 200) with a page that says so, mostly with `Retry-After`.",
        "`curl -i https://HOST/api/v1/health/live` shows the same page.",
        "Wait until the maintenance is over, or take the page away at the proxy; clients of ours come back by themselves.",
    ),
    Cause(
        "wrong_upstream",
        Layer.HTTP,
        (_N,),
        "Another program than Tenfour answers at this address.",
        "A status and a page without Tenfour's problem+json, mostly 404.",
        '`curl https://HOST/api/v1/server` is not a JSON object with `"name": "tenfour"`.',
        "Send `/api/` to Tenfour in the proxy's rules, before those that match more; or correct the host and port.",
    ),
    Cause(
        "spa_fallback",
        Layer.HTTP,
        (_N,),
        "A web application's server answers every path with its own page.",
        "Status 200 with HTML for an upgrade.",
        "`curl https://HOST/api/v1/server` shows the page's HTML.",
        "Send `/api/` to Tenfour in the proxy's rules, before the rule that falls back to `index.html`.",
    ),
    Cause(
        "http2_only",
        Layer.HTTP,
        (_N,),
        "The server takes HTTP/2 only, and the WebSocket handshake is HTTP/1.1.",
        "ALPN offers `h2` only, and HTTP/1.1 is refused.",
        "`curl --http1.1 -i https://HOST/` fails, `curl --http2 -i https://HOST/` works.",
        "Allow HTTP/1.1 beside HTTP/2 at the proxy (ALPN `h2,http/1.1`).",
    ),
    Cause(
        "waf_block",
        Layer.HTTP,
        (_N,),
        "A firewall for web applications refused the request.",
        "Status 403 (or 406, 429) with the provider's page or headers such as `cf-ray` or `x-amzn-requestid`.",
        "Its log has the request under the id that the page shows; past the firewall it works.",
        "Exempt `/api/` in the firewall's rules, for WebSockets at least.",
    ),
    Cause(
        "forward_proxy",
        Layer.HTTP,
        (_N, _H),
        "This network's own proxy does not let the connection through.",
        "Status 407, or `ws://` fails where `wss://` works; other networks work.",
        "`env | grep -i proxy`, or the browser's proxy settings, show a proxy.",
        "Use `wss://`, tell the client of the proxy (`HTTPS_PROXY`), and have the proxy allow `CONNECT` to this host and port; log in to it if it asks. A host that is reached without it belongs into `NO_PROXY`.",
    ),
    Cause(
        "header_too_big",
        Layer.HTTP,
        (_N,),
        "The request's head is larger than a proxy (or the server) takes.",
        "nginx 414 or 400, Apache 414 beyond 8,190 bytes, HAProxy 400 beyond 16 kB, Tenfour 431.",
        "With a short token, and without cookies, it passes.",
        "Connect with a ticket (`POST /api/v1/ws-tickets`) in place of the token, send fewer cookies, or raise the proxy's limit.",
        (_E.HEADERS_TOO_LARGE,),
    ),
)

_UPGRADE = (
    Cause(
        "upgrade_stripped",
        Layer.UPGRADE,
        (_N,),
        "A proxy on the way removes the `Upgrade` header, so that the server sees an ordinary request.",
        "Status 426 (other servers: 400 or 404) for a right request, with the proxy's `Server` header.",
        "The `detail` of Tenfour's 426 lists what arrived: the key came and no `upgrade`. Asked past the proxy, it opens.",
        "Let the proxy pass on `Upgrade` and `Connection`, over HTTP/1.1.",
        (_E.UPGRADE_REQUIRED,),
    ),
    Cause(
        "connection_closed",
        Layer.UPGRADE,
        (_N,),
        "A proxy passes `Upgrade` on, but sends `Connection: close` beside it.",
        "Status 426, and its `detail` says `connection: close`.",
        "Asked past the proxy, it opens.",
        "Set `Connection` to `upgrade` for upgrades, by the `map` below.",
    ),
    Cause(
        "http10_upstream",
        Layer.UPGRADE,
        (_N, _W),
        "A proxy talks HTTP/1.0 to the server, in which there is no upgrade.",
        "Status 426 (strict servers: 400), and its `detail` begins with “Over HTTP/1.0”.",
        "Asked past the proxy, it opens.",
        "Let the proxy talk HTTP/1.1 to the server.",
    ),
    Cause(
        "other_ws_server",
        Layer.UPGRADE,
        (_S,),
        "A WebSocket server answers that is not Tenfour.",
        "It opens (101), without the subprotocol `tenfour.v1`, and no `welcome` comes.",
        "`curl https://HOST/api/v1/server` does not name Tenfour.",
        "Correct the address, or the proxy's rule for `/api/`.",
    ),
    Cause(
        "h2_connect_broken",
        Layer.UPGRADE,
        (_N,),
        "The proxy announces WebSockets over HTTP/2 and cannot do them.",
        "Only browsers fail, and only some; command-line tools, which use HTTP/1.1, work.",
        "With HTTP/2 switched off (Firefox: `network.http.http2.websockets`) it works.",
        "Update the proxy, or stop it from announcing this: HAProxy `h2-workaround-bogus-websocket-clients`.",
    ),
    Cause(
        "cdn_caches",
        Layer.UPGRADE,
        (_N, _H),
        "A cache treats the handshake as a page and answers it from its memory, or keeps it waiting.",
        "A cache header (`X-Cache`, `CF-Cache-Status`, `Age`) in the answer, or an old `Sec-WebSocket-Accept`.",
        "Two handshakes with different keys get the same `Sec-WebSocket-Accept`.",
        "Switch caching off for `/api/` and WebSockets on at the CDN.",
    ),
    Cause(
        "version_refused",
        Layer.UPGRADE,
        (_N,),
        "Client and server speak different versions of the WebSocket protocol.",
        "Status 400 or 426 with a `Sec-WebSocket-Version` header that names the version wanted.",
        "The client sends another `Sec-WebSocket-Version` than 13.",
        "Use a library of this decade: version 13 is RFC 6455. If the client sends 13, a proxy changes the header.",
    ),
    Cause(
        "accept_wrong",
        Layer.UPGRADE,
        (_N,),
        "The answer is 101, but it does not belong to this handshake.",
        "The browser says “Incorrect 'Sec-WebSocket-Accept' header value”.",
        "The header is not the SHA-1 of the key that was sent (RFC 6455, section 4.2.2).",
        "Something on the way answers in the server's place: a cache, a stub or a filter. Ask the server past it.",
    ),
    Cause(
        "deflate_broken",
        Layer.UPGRADE,
        (_D,),
        "Compression is agreed upon, and something on the way garbles it.",
        "It ends soon with 1002 or 1007, or in a browser with `error` and then 1006; without the extension it lives.",
        "Connect without `Sec-WebSocket-Extensions`: it lives.",
        "Switch compression off, or have the proxy not touch `Sec-WebSocket-Extensions`.",
        foreign_closes=(1002, 1007),
    ),
)

_ORIGIN = (
    Cause(
        "origin_refused",
        Layer.ORIGIN,
        (_N,),
        "The page that connects belongs to a site that the server does not allow.",
        "Status 403 with code `origin_refused`; command-line tools, which send no `Origin`, work.",
        "The `detail` names the page's origin and the request's host.",
        "Add the origin to `allowed_origins` in the server's settings: the whole of it, `https://HOST`, without a path. A page from a file has the origin `null`.",
        (_E.ORIGIN_REFUSED,),
    ),
    Cause(
        "host_rewritten",
        Layer.ORIGIN,
        (_N,),
        "A proxy changes the `Host` header, so that the server takes its own page for a stranger's.",
        "Status 403 with code `origin_refused`, and its `detail` names as host an address behind the proxy.",
        "The page's own host and the host in the `detail` differ.",
        "Let the proxy pass on the host that was asked for, or name the page's origin in `allowed_origins`.",
    ),
    Cause(
        "scheme_lost",
        Layer.ORIGIN,
        (_N,),
        "The proxy ends TLS and does not tell the server so, which then takes its own https page for a stranger's.",
        "Status 403 with code `origin_refused`, and its `detail` names an origin with `https://` and the same host.",
        "With `Origin: http://HOST` it is let in.",
        "Set `public_url` to the https address, or let the proxy send `X-Forwarded-Proto` and name it in `trusted_proxies`.",
    ),
    Cause(
        "protocol_version",
        Layer.ORIGIN,
        (_N,),
        "Client and server speak different versions of Tenfour's protocol.",
        "The status is 101 without a subprotocol, and browsers hang up; `/api/v1/server` names another `protocol` than the client offers.",
        "Compare `protocol` in `/api/v1/server` with the subprotocol that the client offers.",
        "Update the older one of the two: the server, or the SDK or page that connects.",
    ),
    Cause(
        "subprotocol_dropped",
        Layer.ORIGIN,
        (_N,),
        "A proxy removes `Sec-WebSocket-Protocol`, so that nobody answers with the subprotocol.",
        "The status is 101, but browsers hang up: “Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received”.",
        "Asked past the proxy, the answer has `Sec-WebSocket-Protocol: tenfour.v1`.",
        "Let the proxy pass the header on, both ways. An own client offers `tenfour.v1` beside its bearer subprotocol.",
        (_E.SUBPROTOCOL_MISSING,),
    ),
)

_TOKEN = (
    Cause(
        "token_missing",
        Layer.TOKEN,
        (_X,),
        "No token came.",
        "Closed with 4401, `token_missing`, within 5 seconds.",
        "The client sends none: no `Authorization`, no bearer subprotocol, no ticket, no `authenticate`.",
        "Log in, and send the access token. `tenfour doctor --login NAME` tries one.",
        (_E.TOKEN_MISSING,),
    ),
    Cause(
        "token_malformed",
        Layer.TOKEN,
        (_X,),
        "What was sent as token is not a JWT.",
        "Closed with 4401, `token_malformed`; the reason says what is wrong with it.",
        "It is not three base64url parts joined by two dots: cut off, in quotes, with `Bearer ` in it twice, or another kind of token.",
        "Send the `access_token` of the log-in, whole and as it is.",
        (_E.TOKEN_MALFORMED,),
    ),
    Cause(
        "token_too_long",
        Layer.TOKEN,
        (_X,),
        "The token is longer than the server takes, which is 8,192 characters.",
        "Closed with 4401, `token_malformed`; the reason says that it is too long. It works for users with fewer roles or groups.",
        "Decode the token: claims that Tenfour does not read (roles, groups, a picture) fill it.",
        "Leave those claims out where the token is made: Tenfour needs `iss`, `aud`, `exp`, the user's id and name.",
    ),
    Cause(
        "token_algorithm",
        Layer.TOKEN,
        (_X,),
        "The token is signed with an algorithm that its key does not allow.",
        "Closed with 4401, `token_algorithm`.",
        "Compare `alg` in the token's head with `algorithm` in the server's settings.",
        "Sign with the algorithm that the settings name for this issuer, or correct the settings.",
        (_E.TOKEN_ALGORITHM,),
    ),
    Cause(
        "token_key_unknown",
        Layer.TOKEN,
        (_X,),
        "The token names a key that the server does not have.",
        "Closed with 4401, `token_key_unknown`.",
        "Compare `kid` in the token's head with `/.well-known/jwks.json` of its issuer.",
        "Log in again, since the token may be of another server or of before its data was made new. For tokens of your own: correct `kid` or `jwks_url`.",
        (_E.TOKEN_KEY_UNKNOWN,),
    ),
    Cause(
        "token_signature",
        Layer.TOKEN,
        (_X,),
        "The token's signature does not fit its key.",
        "Closed with 4401, `token_signature`.",
        "The token was changed on the way, or signed with another key of the same name.",
        "Log in again. For tokens of your own: give both sides the same key, and mind the secret's encoding (text or base64).",
        (_E.TOKEN_SIGNATURE,),
    ),
    Cause(
        "token_expired",
        Layer.TOKEN,
        (_X, _D),
        "The token has expired.",
        "Closed with 4401, `token_expired`: at once, or in the middle if the client does not renew in time.",
        "`exp` in the token is before the server's `Date`.",
        "Get a new token (`POST /api/v1/sessions/refresh`, or log in), and renew on an open connection by `authenticate` before `expires_at`.",
        (_E.TOKEN_EXPIRED,),
    ),
    Cause(
        "token_not_yet_valid",
        Layer.TOKEN,
        (_X,),
        "The token is not valid yet.",
        "Closed with 4401, `token_not_yet_valid`.",
        "`nbf` in the token is after the server's `Date`.",
        "Wait, or let its issuer set `nbf` to the present; set that machine's clock (NTP).",
        (_E.TOKEN_NOT_YET_VALID,),
    ),
    Cause(
        "clock_skew",
        Layer.TOKEN,
        (_X,),
        "Two clocks differ, so that a good token looks expired or not valid yet.",
        "Closed with 4401, `token_expired` or `token_not_yet_valid`, although the token is fresh.",
        "`date -u` here and the server's `Date` header differ by more than 30 seconds.",
        "Set the clock that is wrong: `timedatectl set-ntp true`.",
    ),
    Cause(
        "token_audience",
        Layer.TOKEN,
        (_X,),
        "The token is meant for another service.",
        "Closed with 4401, `token_audience`.",
        "Compare `aud` in the token with `audience` in the server's settings.",
        "Have the token made for this audience, or correct the settings.",
        (_E.TOKEN_AUDIENCE,),
    ),
    Cause(
        "token_issuer",
        Layer.TOKEN,
        (_X,),
        "The token comes from an issuer that the server does not trust.",
        "Closed with 4401, `token_issuer`.",
        "Compare `iss` in the token, letter by letter and with a `/` at the end or not, with `issuer` in `external` of the server's settings.",
        "Use a token of this server, or add the issuer to `external` in its settings.",
        (_E.TOKEN_ISSUER,),
    ),
    Cause(
        "token_claims",
        Layer.TOKEN,
        (_X,),
        "A claim of the token is missing or has a wrong form.",
        "Closed with 4401, `token_claims` or `token_no_expiry`; the reason names the claim.",
        "Decode the token: `exp` and `sub` have to be there, times as whole seconds; the name is one line that can be read.",
        "Correct the claim where the token is made.",
        (_E.TOKEN_CLAIMS, _E.TOKEN_NO_EXPIRY),
    ),
    Cause(
        "token_revoked",
        Layer.TOKEN,
        (_X, _D),
        "The log-in that the token belongs to was ended.",
        "Closed with 4401, `token_revoked`, also in the middle: somebody logged out everywhere, changed the password, or removed the account.",
        "A new log-in works.",
        "Log in again.",
        (_E.TOKEN_REVOKED, _E.REFRESH_INVALID, _E.REFRESH_REUSED),
    ),
    Cause(
        "user_disabled",
        Layer.TOKEN,
        (_X, _D),
        "The account is disabled.",
        "Closed with 4401, `user_disabled`; logging in is refused too.",
        "`tenfour user list` says so.",
        "Ask an administrator; `tenfour user enable NAME` lets it in again.",
        (_E.USER_DISABLED,),
    ),
    Cause(
        "ticket_used",
        Layer.TOKEN,
        (_X,),
        "The ticket is used, unknown, or older than 30 seconds.",
        "Closed with 4401, `ticket_invalid`, typically on the second try with the same address.",
        "A new ticket works once.",
        "Get a new ticket (`POST /api/v1/ws-tickets`) for each connection, when it is opened and not before.",
        (_E.TICKET_INVALID,),
    ),
    Cause(
        "login_failed",
        Layer.TOKEN,
        (_X,),
        "Name or password is wrong, so that there is no token.",
        "Status 401 with code `login_failed` for the log-in.",
        "The same name and password are refused by the web client.",
        "Correct them; after ten failures wait 15 minutes. `tenfour user password NAME` sets a new one.",
        (_E.LOGIN_FAILED,),
    ),
    Cause(
        "token_lost",
        Layer.TOKEN,
        (_X,),
        "The token is sent, but a proxy removes it on the way.",
        "Closed with 4401, `token_missing`, although the client sends one.",
        "Brought in another way (subprotocol in place of header, or the reverse), the same token is taken.",
        "Let the proxy pass on `Authorization` and `Sec-WebSocket-Protocol`, and the address with its query.",
    ),
    Cause(
        "token_query_off",
        Layer.TOKEN,
        (_X,),
        "The token came in the address, which this server does not take.",
        "Closed with 4401, `token_query_off`.",
        "The address has `?token=`.",
        "Send it as `Authorization` header, as subprotocol or as ticket; or set `token_query = true`, and mind that addresses are logged.",
        (_E.TOKEN_QUERY_OFF,),
    ),
    Cause(
        "tokens_differ",
        Layer.TOKEN,
        (_X, _N),
        "Two different tokens came in one request.",
        "Status 400 with code `tokens_differ`, or closed with 4401.",
        "Look which of header, subprotocol and address carry one: an old one has stayed somewhere.",
        "Send the token in one place only.",
        (_E.TOKENS_DIFFER,),
    ),
    Cause(
        "token_other_user",
        Layer.TOKEN,
        (_X,),
        "The new token on an open connection belongs to somebody else.",
        "Closed with 4401, `token_other_user`, when a page that somebody else logged in to renews its token.",
        "`sub` of the two tokens differs.",
        "Open a new connection for another user.",
        (_E.TOKEN_OTHER_USER,),
    ),
    Cause(
        "token_bad_chars",
        Layer.TOKEN,
        (_N,),
        "The token has characters that cannot stand in a subprotocol.",
        "The browser throws `SyntaxError` in `new WebSocket(…)`; nothing goes out.",
        "The token ends in `=`, or has a space, a comma or a line end in it.",
        "Use base64url without padding, as JWTs do: `tenfour.bearer.` and then the token as it was given.",
    ),
)

_CHAT = (
    Cause(
        "chat_id_not_uuid",
        Layer.CHAT,
        (_X,),
        "What stands for the chat in the address is not an id.",
        "Closed with 4404, `chat_id_invalid`.",
        "It has to look like `01890a5d-ac96-774b-bcce-b302099a8057`; a title, a number or `undefined` does not.",
        "Take the `id` from `GET /api/v1/chats` (`tenfour chat list`).",
        (_E.CHAT_ID_INVALID,),
    ),
    Cause(
        "chat_unknown",
        Layer.CHAT,
        (_X,),
        "There is no chat with this id.",
        "Closed with 4404, `chat_unknown`.",
        "`tenfour chat list` does not show it: it was deleted, or is of another server.",
        "Take the `id` from `GET /api/v1/chats`.",
        (_E.CHAT_UNKNOWN,),
    ),
    Cause(
        "not_member",
        Layer.CHAT,
        (_X,),
        "The chat exists, but the user is not a member of it.",
        "Closed with 4403, `not_a_member`.",
        "The chat is not in the user's `GET /api/v1/chats`.",
        "Have a member add the user: `tenfour chat add CHAT NAME`.",
        (_E.NOT_A_MEMBER,),
    ),
    Cause(
        "member_removed",
        Layer.CHAT,
        (_X, _D),
        "The user left the chat or was removed from it.",
        "Closed with 4403, `removed_from_chat`, also in the middle.",
        "The chat's history has the event that says who removed whom.",
        "Have a member add the user again.",
        (_E.REMOVED_FROM_CHAT,),
    ),
)

_WELCOME = (
    Cause(
        "welcome_late",
        Layer.WELCOME,
        (_H, _S),
        "The connection opens, but the server does not get round to letting anybody in.",
        "101, and then no frame for 15 seconds.",
        "`GET /api/v1/health/ready` hangs, or names the store.",
        "Something holds the data file (a backup, another program with an open transaction) or the disk is slow: end it.",
    ),
    Cause(
        "draining",
        Layer.WELCOME,
        (_X, _N, _D),
        "The server is about to stop or to restart.",
        "Status 503 or closed with 4503, `draining`; open connections get `goodbye` and then 1012.",
        "`GET /api/v1/health/ready` says “the server is about to stop”.",
        "Wait for the restart; clients of ours come back by themselves. If it stays so, start the server.",
        (_E.DRAINING, _E.RESTART),
    ),
    Cause(
        "store_down",
        Layer.WELCOME,
        (_X,),
        "The server cannot read or write its data at the moment.",
        "Closed with 4503, or messages refused, with `store_down`, `busy` or `outcome_unknown`.",
        "`GET /api/v1/health/ready` is 503 and names the store; the log has `Error store.broken` with the reason.",
        "Look at the disk (`df -h`, read-only, slow) and for another program that holds the data file. Nothing that was acknowledged is lost.",
        (_E.STORE_DOWN, _E.BUSY, _E.OUTCOME_UNKNOWN),
    ),
    Cause(
        "internal",
        Layer.WELCOME,
        (_X,),
        "The server made a mistake.",
        "Closed with 4500 or status 500, `internal`, and a reference of twelve letters and digits.",
        "`grep REFERENCE` in the server's log shows what failed.",
        "Report what stands there as a bug.",
        (_E.INTERNAL,),
    ),
)

_DELIVERY = (
    Cause(
        "broker_down",
        Layer.DELIVERY,
        (_S,),
        "The nodes do not hear of each other's messages.",
        "The sender gets `ack`; members on the same node get the message at once, all others only when they reload.",
        "`GET /api/v1/health/ready` names the broker; `tenfour doctor` lists which node heard what.",
        "Bring the broker back, and look whether every node reaches it. Nothing is lost: the store has it all.",
    ),
    Cause(
        "nodes_split",
        Layer.DELIVERY,
        (_S,),
        "The nodes do not share one database.",
        "Two people in the same chat see different histories, depending on the node.",
        "The last seq of one chat differs from node to node and stays so.",
        "Give all nodes the same database, or run one node only: SQLite is for one.",
    ),
    Cause(
        "not_subscribed",
        Layer.DELIVERY,
        (_S,),
        "The client does not listen to the chat from which it expects messages.",
        "It opens and gets `welcome`, and then nothing; what it sends is acknowledged or refused with `not_subscribed`.",
        "`subscribe` was not sent, or names other chats.",
        "Send `subscribe` with the chat's id after `welcome`, or use the chat's own address.",
        (_E.NOT_SUBSCRIBED,),
    ),
    Cause(
        "not_delivered",
        Layer.DELIVERY,
        (_S,),
        "The message was stored and did not reach the second connection.",
        "`ack` came, all nodes heard the event, and the receiver got nothing.",
        "`tenfour trace CHAT SEQ` shows to which connections it went.",
        "Keep the doctor's report and the server's log of that minute, and report it as a bug.",
    ),
    Cause(
        "ack_missing",
        Layer.DELIVERY,
        (_W,),
        "The message was delivered, and its sender was not told so.",
        "The others see the message, the sender's stays “on its way” and is sent again.",
        "The second connection gets the message, the first no `ack` for its key.",
        "Report it as a bug. Sending again with the same key cannot double the message.",
    ),
    Cause(
        "error_broadcast",
        Layer.DELIVERY,
        (_W,),
        "An error of one client is sent to others.",
        "Somebody sees “not allowed” for something that somebody else did.",
        "A second, silent connection in the chat gets the `error` of the first.",
        "Report it as a bug. Meanwhile a client may ignore an `error` with an id that it did not use.",
    ),
    Cause(
        "frames_clumped",
        Layer.DELIVERY,
        (_W,),
        "Something on the way holds messages back and lets them go in bunches.",
        "Nothing for a second or two, then several at once, again and again.",
        "In a steady stream of ten a second, gaps and bunches alternate; past the proxy they come evenly.",
        "Exempt the host from what reads along: virus scanner, TLS inspection, VPN, a “web accelerator”. Buffering settings of nginx and the like do not touch WebSockets.",
    ),
    Cause(
        "frames_wrong",
        Layer.DELIVERY,
        (_X,),
        "The client sends what is not the protocol.",
        "Closed with 4400 after ten frames that could not be understood, or with 1002, 1003 or 1007.",
        "Each bad frame got an `error` that says what is wrong with it.",
        "Correct the client: [protocol/README.md](../protocol/README.md) has every frame.",
        (_E.TOO_MANY_BAD_FRAMES, _E.BINARY_FRAME, _E.INVALID_UTF8, _E.PROTOCOL_ERROR),
    ),
)

_IDLE = (
    Cause(
        "idle_cut",
        Layer.IDLE,
        (_D,),
        "Something on the way cuts connections on which nothing was said for a while.",
        "It drops after the same silence each time (60 seconds with nginx); a browser reports 1006 without an `error`.",
        "Silent connections end at the same age, and one with traffic lives: `tenfour doctor URL --idle 120`. nginx logs “timed out … while proxying upgraded connection”.",
        "Raise the time-out, or set `heartbeat_s` well below it.",
    ),
    Cause(
        "lifetime_cut",
        Layer.IDLE,
        (_D,),
        "Something on the way ends every connection at a certain age.",
        "It drops after the same time each time, with traffic or without.",
        "A connection with traffic and a silent one, opened together, end together.",
        "Raise the load balancer's time-out for back ends (Google Cloud: `timeoutSec`, 30 seconds by default). Where it is fixed, clients reconnect and resume.",
    ),
    Cause(
        "nat_forgot",
        Layer.IDLE,
        (_S, _D),
        "A router forgot the connection during a silence and told nobody.",
        "Nothing comes any more, and the connection still looks open; what is sent gets no answer.",
        "After a silence the next frame is not answered, and no end came before it. Typical of phones and of Azure's load balancer.",
        "Set `heartbeat_s` well below that time; 25 or less suits most networks. Clients should take a missing heartbeat for the end of the line.",
    ),
    Cause(
        "pong_missing",
        Layer.IDLE,
        (_D,),
        "The client does not answer the server's heartbeat.",
        "Closed with 4410, `heartbeat_missed`.",
        "The server's `ping` frames arrive, and no `pong` goes back; or the machine slept.",
        "Answer every `ping` frame with `pong` in the handler of messages, not in a timer. After sleep: connect again and resume.",
        (_E.HEARTBEAT_MISSED,),
    ),
    Cause(
        "proxy_reload",
        Layer.IDLE,
        (_D,),
        "The proxy was reloaded or restarted.",
        "All connections end in the same second with 1001 or 1006, and the server ran on.",
        "The proxy's log has the reload; the server's node and its start are the same as before.",
        "Clients reconnect and resume by themselves. To spare them: Caddy `stream_close_delay 5m`; nginx keeps old workers until the last one goes.",
        foreign_closes=(1001,),
    ),
)

_LIMITS = (
    Cause(
        "fd_limit",
        Layer.LIMITS,
        (_H, _N),
        "The server has no file descriptor left for another connection.",
        "Status 429, `too_many_connections`, whose `detail` names file descriptors; or TCP opens and is cut off without a byte, or nothing answers. Open connections go on working.",
        "On the server `ls /proc/PID/fd | wc -l` is at the limit of `/proc/PID/limits`; its log has `Server descriptors.few`, that of other programs `Too many open files`.",
        "Raise the limit: `LimitNOFILE=65536` in its systemd unit.",
    ),
    Cause(
        "proxy_full",
        Layer.LIMITS,
        (_N, _H),
        "The proxy has as many connections as it takes.",
        "nginx resets, HAProxy lets it hang, `limit_conn` answers 503; those that are open work.",
        "Its log says `worker_connections are not enough`, or its statistics show `maxconn` reached.",
        "Raise `worker_connections` (each WebSocket needs two), `maxconn` or `limit_conn`.",
    ),
    Cause(
        "too_many",
        Layer.LIMITS,
        (_N, _X),
        "Too many connections come from one address, or the node is full.",
        "Status 429 or closed with 4429, `too_many_connections`.",
        "The `detail` says whether it is the address or the node. Behind a proxy all users have one address if `trusted_proxies` does not name it.",
        "Close what is not needed, set `trusted_proxies`, or raise `connections_per_address` or `connections`.",
        (_E.TOO_MANY_CONNECTIONS,),
    ),
    Cause(
        "replaced",
        Layer.LIMITS,
        (_X, _D),
        "A newer connection of the same user took this one's place.",
        "Closed with 4409, `replaced`: typically the oldest of several tabs or devices.",
        "`welcome` says how many a user may have (`limits.connections_per_user`).",
        "Close what is not needed, or raise `connections_per_user`. A client must not come back by itself after 4409.",
        (_E.REPLACED,),
    ),
    Cause(
        "rate_limited",
        Layer.LIMITS,
        (_X, _W),
        "Too much was sent in too short a time.",
        "Frames refused with `rate_limited`, status 429, or closed with 4429.",
        "`retry_after_ms` or `Retry-After` says how long to wait; `welcome` says the rates.",
        "Wait that long, and send less often. The rates are in the settings.",
        (_E.RATE_LIMITED, _E.TOO_MANY_ATTEMPTS),
    ),
    Cause(
        "frame_too_big",
        Layer.LIMITS,
        (_D,),
        "A frame was larger than the server, or something on the way, takes.",
        "Closed with 1009, `frame_too_large`; if the reason is empty, it was not Tenfour.",
        "`welcome` says the limit (`limits.frame_bytes`); smaller frames pass.",
        "Send less at once, or raise the limit where it is.",
        (_E.FRAME_TOO_LARGE,),
    ),
    Cause(
        "slow_reader",
        Layer.LIMITS,
        (_D,),
        "The client reads more slowly than the chats speak.",
        "Closed with 4408, `slow_reader`, and it resumes without loss.",
        "The client's handler of messages takes long, or the line is thin.",
        "Do less per message, subscribe to fewer chats, or raise `send_budget_bytes`.",
        (_E.SLOW_READER,),
    ),
)

_BROWSER = (
    Cause(
        "mixed_content",
        Layer.BROWSER,
        (_N,),
        "A page that came over https may not open `ws://`.",
        "The browser throws `SecurityError` in `new WebSocket(…)`, except for localhost; nothing goes out.",
        "The page's address begins with `https://`, the WebSocket's with `ws://`.",
        "Use `wss://`.",
    ),
    Cause(
        "csp_blocked",
        Layer.BROWSER,
        (_N,),
        "The page's own Content-Security-Policy forbids the connection.",
        "`error` and, in Chromium, no `close` event at all; the console says “Refused to connect … violates the document's Content Security Policy”.",
        "A `securitypolicyviolation` event names `connect-src`.",
        "Add `connect-src wss://HOST` to the policy of the page. `'self'` covers the page's own host in today's browsers.",
    ),
    Cause(
        "extension_blocked",
        Layer.BROWSER,
        (_N,),
        "An extension of the browser blocks the connection.",
        "It fails in the same instant, for this user only.",
        "In a private window, where extensions are off, it works.",
        "Exempt the site in the extension.",
    ),
    Cause(
        "stuck_sibling",
        Layer.BROWSER,
        (_H,),
        "Another handshake of the same browser to the same server hangs, and all others wait for it.",
        "It opens only after another tab is closed, or after that one gives up.",
        "In a browser that has no other tab of this server open it works at once.",
        "Close the tab that hangs; have a page open one connection at a time, with its own time-out.",
    ),
    Cause(
        "socket_limit",
        Layer.BROWSER,
        (_N,),
        "The browser has as many WebSockets open as it allows.",
        "It fails at once beyond about 255 in Chromium, 200 in Firefox.",
        "After closing tabs it works.",
        "Close connections that are not needed any more; share one between tabs.",
    ),
    Cause(
        "local_network",
        Layer.BROWSER,
        (_N, _H),
        "The browser asks before a public page may talk to a private address, and the answer was no or is outstanding.",
        "Chrome 147 and later show a prompt or fail; the same page works from the private network.",
        "The page's address is public, the WebSocket's host is 10.x, 172.16.x to 172.31.x, 192.168.x or localhost.",
        'Allow “local network” for the site; in an iframe add `allow="local-network-access"`. Better: give the server a public name.',
    ),
    Cause(
        "tab_throttled",
        Layer.BROWSER,
        (_D,),
        "The browser slows the timers of a tab that nobody looks at.",
        "It drops after some minutes in the background, and works in front.",
        "`document.visibilityState` was `hidden` for more than five minutes before.",
        "Answer the server's `ping` in `onmessage`, and send nothing by timers.",
    ),
    Cause(
        "bfcache",
        Layer.BROWSER,
        (_D, _W),
        "The page came back by the “back” button as it was left, its connection did not.",
        "After “back” the page looks alive and hears nothing.",
        "The `pageshow` event has `persisted: true`.",
        "Close the connection at `pagehide`, open a new one at `pageshow`.",
    ),
    Cause(
        "stale_app",
        Layer.BROWSER,
        (_W,),
        "A service worker serves an old version of the page.",
        "Errors that were corrected long ago, for some users only.",
        "The version in the page's settings is not the server's.",
        "Accept the new version, or unregister the service worker and reload.",
    ),
    Cause(
        "storage_empty",
        Layer.BROWSER,
        (_X,),
        "The page has no token, because the browser keeps nothing for it.",
        "Closed with 4401, `token_missing`, after each reload; typical of private windows, and of iframes of another site.",
        "`localStorage` is empty or throws; in an iframe it is another one than in the site itself.",
        "Log in. In a foreign iframe hand the token in: [embed.md](embed.md).",
    ),
)

CAUSES: dict[str, Cause] = {cause.id: cause for layer in (_URL, _DNS, _TCP, _TLS, _HTTP, _UPGRADE, _ORIGIN, _TOKEN, _CHAT, _WELCOME, _DELIVERY, _IDLE, _LIMITS, _BROWSER) for cause in layer}

CAUSE_OF: dict[ErrorCode, Cause] = {code: cause for cause in CAUSES.values() for code in cause.codes}
"""The cause behind an error, if it is one that refuses or ends connections. An error has one, a cause may have several errors."""

CAUSE_BY_CODE = {code.value: cause for code, cause in CAUSE_OF.items()}
"""The same by the code's text, as close reasons and problems carry it."""
