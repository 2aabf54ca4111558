"""What stands between: how a proxy is known by its answers, and for how long it bears silence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenfour.doctor.evidence import Reply


class Proxy(StrEnum):
    """The proxies and clouds that the doctor knows; the value is the name they are called by."""

    NGINX = "nginx"
    HAPROXY = "HAProxy"
    CADDY = "Caddy"
    APACHE = "Apache"
    TRAEFIK = "Traefik"
    ENVOY = "Envoy"
    CLOUDFLARE = "Cloudflare"
    CLOUDFRONT = "CloudFront"
    AWS = "AWS load balancer"
    GOOGLE = "Google load balancer"
    AZURE = "Azure Front Door"
    HEROKU = "Heroku"
    FLY = "fly.io"


_BY_SERVER = {
    "nginx": Proxy.NGINX,
    "openresty": Proxy.NGINX,
    "caddy": Proxy.CADDY,
    "apache": Proxy.APACHE,
    "envoy": Proxy.ENVOY,
    "istio-envoy": Proxy.ENVOY,
    "cloudflare": Proxy.CLOUDFLARE,
    "cloudfront": Proxy.CLOUDFRONT,
    "awselb": Proxy.AWS,
    "google frontend": Proxy.GOOGLE,
    "heroku": Proxy.HEROKU,
    "fly": Proxy.FLY,
}
_BY_HEADER = {
    "cf-ray": Proxy.CLOUDFLARE,
    "x-amz-cf-id": Proxy.CLOUDFRONT,
    "x-azure-ref": Proxy.AZURE,
    "fly-request-id": Proxy.FLY,
    "x-envoy-upstream-service-time": Proxy.ENVOY,
}
_BY_VIA = {"caddy": Proxy.CADDY, "google": Proxy.GOOGLE, "cloudfront": Proxy.CLOUDFRONT, "vegur": Proxy.HEROKU, "heroku": Proxy.HEROKU}
_BY_BODY = {
    "<center>nginx": Proxy.NGINX,
    "<center>openresty": Proxy.NGINX,
    "<address>apache": Proxy.APACHE,
    "upstream connect error or disconnect": Proxy.ENVOY,
    "your browser sent an invalid request.\n</body></html>": Proxy.HAPROXY,
    "no server is available to handle this request.\n</body></html>": Proxy.HAPROXY,
    "the server didn't respond in time.\n</body></html>": Proxy.HAPROXY,
    "the server returned an invalid or incomplete response.\n</body></html>": Proxy.HAPROXY,
}
_SAME_S = 2.0
_TRAEFIK_BODIES = frozenset({"Bad Gateway", "Gateway Timeout", "Service Unavailable", "404 page not found"})


def fingerprint(*replies: Reply | None) -> Proxy | None:
    """The proxy that gave or passed on one of these answers; None where nothing gives one away."""
    found = (_of(reply) for reply in replies if reply is not None and reply.outcome == "answered")
    return next((proxy for proxy in found if proxy is not None), None)


def _of(reply: Reply) -> Proxy | None:
    named = (reply.header("server") or "").lower()
    via = (reply.header("via") or "").lower()
    by_header = next((proxy for name, proxy in _BY_HEADER.items() if reply.header(name) is not None), None)
    by_server = next((proxy for name, proxy in _BY_SERVER.items() if named.startswith(name)), None)
    by_via = next((proxy for name, proxy in _BY_VIA.items() if name in via), None)
    return by_header or by_server or by_via or _by_body(reply, named)


def _by_body(reply: Reply, named: str) -> Proxy | None:
    """Who made this error page, for answers that do not say it in their headers."""
    body = reply.body.lower()
    by_body = next((proxy for text, proxy in _BY_BODY.items() if text in body), None)
    if by_body is not None or named:
        return by_body
    return Proxy.TRAEFIK if reply.body.strip() in _TRAEFIK_BODIES and reply.header("x-content-type-options") else None


# How long silence is borne


@dataclass(frozen=True, slots=True)
class Patience:
    """After what a hop cuts a connection if nobody has told it otherwise. ``seconds`` is None where it is not one number."""

    hop: str
    seconds: int | None
    says: str
    setting: str
    of_life: bool = False
    """Whether it counts the age of a connection, not its silence."""


PATIENCE = (
    Patience("Heroku", 55, "55 s", "a heartbeat below it"),
    Patience("nginx", 60, "60 s", "`proxy_read_timeout`"),
    Patience("ingress-nginx", 60, "60 s, and 240 s after any reload", "annotations `proxy-read-timeout`, `worker-shutdown-timeout`"),
    Patience("Apache", 60, "60 s", "`Timeout`; not `ProxyTimeout`, not `timeout=`"),
    Patience("AWS Application Load Balancer", 60, "60 s", "`idle_timeout`, up to 4,000 s"),
    Patience("fly.io", 60, "60 s", "a heartbeat below it"),
    Patience("Cloudflare", 100, "100 s, and when its edge restarts", "a heartbeat below it"),
    Patience("Azure Load Balancer", 240, "4 minutes, without telling", "TCP reset on idle; a heartbeat below it"),
    Patience("Envoy", 300, "5 minutes", "`stream_idle_timeout`"),
    Patience("Azure Front Door", 300, "5 minutes, and 4 hours of life", "a heartbeat below it"),
    Patience("AWS Network Load Balancer", 350, "350 s", "`tcp.idle_timeout`, 60 to 6,000 s"),
    Patience("CloudFront", 600, "10 minutes", "a heartbeat below it"),
    Patience("HAProxy", None, "the shorter of `timeout client` and `timeout server`", "`timeout tunnel`; 0 does not mean never"),
    Patience("routers of mobile networks", None, "30 s to 5 minutes, without telling", "`heartbeat_s` of 25 or less"),
    Patience("Caddy", None, "never", ""),
    Patience("Traefik", None, "never, from 2.11.2 on", ""),
    Patience("Google load balancer", 30, "30 s of life, however much is said", "`timeoutSec` of the back end", of_life=True),
)


def known_for(seconds: float, *, of_life: bool) -> list[str]:
    """The hops that cut after so long by default, as names."""
    return [each.hop for each in PATIENCE if each.seconds is not None and each.of_life == of_life and abs(each.seconds - seconds) <= _SAME_S]
