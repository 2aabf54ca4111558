"""The page docs/troubleshooting.md: one entry for every cause, and an index by what one sees."""

from __future__ import annotations

from collections.abc import Iterable

from tenfour.causes import CAUSES, EXIT_CODES, LAYER_TITLES, SYMPTOM_TITLES, Cause, Layer, Symptom
from tenfour.doctor.lines import all_lines
from tenfour.doctor.proxies import PATIENCE, Proxy

OFTEN = ("tcp_refused", "upstream_down", "upgrade_stripped", "host_rewritten", "scheme_lost", "origin_refused", "token_expired", "not_subscribed", "idle_cut")
FENCES = {Proxy.NGINX: "nginx", Proxy.APACHE: "apache", Proxy.TRAEFIK: "yaml", Proxy.ENVOY: "yaml", Proxy.AWS: "sh", Proxy.GOOGLE: "sh"}
STATUSES = {
    "101, and the browser hangs up": ("subprotocol_dropped", "accept_wrong", "cdn_caches"),
    "101, and then nothing": ("other_ws_server", "welcome_late", "not_subscribed"),
    "200 with a page": ("spa_fallback", "login_page", "captive_portal"),
    "301, 302, 307, 308": ("redirected", "login_page", "captive_portal"),
    "400": ("plain_to_tls_port", "header_too_big", "client_cert", "tokens_differ", "version_refused", "upgrade_stripped"),
    "401": ("http_auth",),
    "403": ("origin_refused", "host_rewritten", "scheme_lost", "waf_block"),
    "404": ("path_wrong", "base_path_lost", "wrong_upstream"),
    "407": ("forward_proxy",),
    "408": ("mtu_blackhole",),
    "414, 431": ("header_too_big",),
    "426": ("upgrade_stripped", "connection_closed", "http10_upstream", "version_refused"),
    "429": ("too_many", "rate_limited", "waf_block"),
    "500": ("internal",),
    "502": ("upstream_down", "upstream_mute"),
    "503": ("upstream_down", "draining", "proxy_full", "store_down"),
    "504": ("upstream_mute",),
    "none: the line was cut": ("tcp_reset", "plain_to_tls_port", "proxy_full", "http2_only"),
    "none: no byte came": ("open_but_mute", "fd_limit", "proxy_full", "stuck_sibling"),
}
SYMPTOM_HINTS = {
    Symptom.REFUSED: "An error within a second or so. Read the layers from the top: the first that fits is the cause.",
    Symptom.HANGS: "Nothing for many seconds, then a time-out. Somebody swallows, or waits.",
    Symptom.SILENT: "The connection is there and stays, and what should arrive does not.",
    Symptom.DROPS: "Note how long it lived, and whether anything was said: always the same silence, always the same age, or all at once are three different causes.",
    Symptom.CLOSED: "The close frame has a code and a reason. The word before the colon is in [the list of errors](reference/errors.md#codes), which links back here.",
    Symptom.WRONG: "It connects, and something about it is not as it should be.",
}


def troubleshooting_page() -> str:
    symptoms = "\n".join(_symptom(symptom) for symptom in Symptom)
    layers = "\n".join(_layer(layer) for layer in Layer)
    return f"""# Troubleshooting

Made from `src/tenfour/causes.py` by `make docs`.

Something does not connect, or connects and does not work. Ask the doctor first:

    tenfour doctor wss://HOST/api/v1/ws --login NAME

It goes the whole way, from the address to a message that arrives, names one cause of this page, and says what to do. Where it cannot run,
read on: find what you see, follow the link, and make sure before you change anything.

**A page's script cannot tell you.** Whatever refuses a WebSocket, the browser reports the same: an `error`, and close code 1006 with an
empty reason. So look elsewhere. The developer tools have the status of the refused request (tab Network, filter WS). A close code other
than 1006 comes from a server that let you in first, and its reason says why. An `error` before 1006 on a connection that was open means
that the browser broke it off; no `error`, that the line was cut.

Most often it is one of these:

{_links(OFTEN)}

In the commands below HOST and PORT stand for those of your address.

## What do you see?

{symptoms}
## Which status did the request get?

In the developer tools, or from `curl -i --http1.1 https://HOST/api/v1/ws`, which should get 426 from Tenfour: that alone is no fault.

{_statuses()}
{layers.rstrip()}
"""


def _statuses() -> str:
    rows = "\n".join(f"| {status} | {', '.join(f'[{each}](#{CAUSES[each].id})' for each in causes)} |" for status, causes in STATUSES.items())
    return f"| status | causes |\n| --- | --- |\n{rows}\n"


def _links(ids: Iterable[str]) -> str:
    return "\n".join(f"* {_link(CAUSES[each])}" for each in ids)


def _link(cause: Cause) -> str:
    return f"[{cause.sentence.removesuffix('.')}](#{cause.id})"


def _symptom(symptom: Symptom) -> str:
    found = [cause for cause in CAUSES.values() if symptom in cause.symptoms]
    layers = [(layer, [cause for cause in found if cause.layer is layer]) for layer in Layer]
    lists = "\n".join(f"**{LAYER_TITLES[layer]}**\n\n{_links(cause.id for cause in causes)}\n" for layer, causes in layers if causes)
    return f"### {SYMPTOM_TITLES[symptom]}\n\n{SYMPTOM_HINTS[symptom]}\n\n{lists}"


def _layer(layer: Layer) -> str:
    entries = "\n".join(_entry(cause) for cause in CAUSES.values() if cause.layer is layer)
    patience = f"{_patience()}\n" if layer is Layer.IDLE else ""
    return f"## {LAYER_TITLES[layer]}\n\n`tenfour doctor` exits with {EXIT_CODES[layer]} for these.\n\n{patience}{entries}"


def _patience() -> str:
    """Who cuts after how long."""
    rows = "\n".join(f"| {each.hop} | {each.says} | {each.setting} |" for each in PATIENCE)
    return f"""How long each hop bears silence, if nobody has told it otherwise. A `ping` of the WebSocket counts as speech, TCP keep-alive does not.

| hop | cuts after | setting |
| --- | --- | --- |
{rows}
"""


def _entry(cause: Cause) -> str:
    codes = ", ".join(f"`{code}`" for code in cause.codes)
    told = f"\n**Codes.** {codes}: [what clients do](reference/errors.md#codes).\n" if codes else ""
    return f"""### {cause.id}

**{cause.sentence}**

**You see.** {cause.shows}

**Make sure.** {cause.sure}

**Do.** {cause.fix}
{told}{_lines(cause)}"""


def _lines(cause: Cause) -> str:
    found = all_lines(cause.id)
    if not found:
        return ""
    blocks = "\n".join(f"{proxy}:\n\n```{FENCES.get(proxy, '')}\n{text}\n```\n" for proxy, text in found.items())
    return f"\n<details><summary>What to write for {_spoken(list(found))}</summary>\n\n{blocks}\n</details>\n"


def _spoken(proxies: list[Proxy]) -> str:
    *most, last = proxies
    return f"{', '.join(most)} and {last}" if most else last
