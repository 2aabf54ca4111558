"""The web client: what its build left in the package, read once and given out of memory.

| path                                         | answer                                             |
|----------------------------------------------|----------------------------------------------------|
| ``/assets/*``                                | a file whose name holds its hash: kept for a year  |
| ``/sw.js``, ``/manifest.webmanifest``, icons | a file, asked for anew each time (304 by its ETag) |
| ``/debug``, ``/debug/test``                  | the debugger and the test page, ``/debug/websocket-*`` as files |
| ``/``, ``/chats/…``, ``/settings``, ``/setup`` … | the page: which one it is, is the client's affair |

Any other path is the client's where somebody looks at it in a browser. What belongs to the API, a name with a dot
that is no file, and what a program asks for (without ``text/html`` in ``Accept``) goes on to the routes.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

PAGE = "index.html"
_OF_THE_CLIENT = re.compile(r"/(?:chats|settings|admin|login|register|setup)(?:/|$)")
DEBUGGER, TEST_PAGE = "/debug/websocket-debug.html", "/debug/websocket-test.html"
"""One file each, which works from a disk too: it has its policy in itself."""
_TOOLS = {"/debug": DEBUGGER, "/debug/": DEBUGGER, "/debug/test": TEST_PAGE}
_OWN_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
# Wherever "api" stands: a page with status 200 would hide from a program that it asks at a wrong address.
_OF_THE_API = re.compile(r".*/api(?:/|$)|/(?:metrics|\.well-known)(?:/|$)")
_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""By preference: the first that the browser takes."""
_IMMUTABLE = b"public, max-age=31536000, immutable"
# connect-src 'self' covers ws: and wss: of the same host and port.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What the client's page may load: its own files, and pictures that it made itself."""
NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tenfour</title>
<h1>The web client is not built</h1>
<p>This server runs from a checkout of the sources in which nobody has built the web client yet. In its folder:</p>
<pre>make web</pre>
<p>and then start the server again; <code>make serve</code> does both. The <a href="/api/v1/docs">API</a> works without it.</p>
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the client, as it is and compressed."""

    media_type: str
    cache: bytes
    etag: bytes
    bodies: dict[str, bytes]
    """Content-Encoding → body; the empty name is the file as it is."""
    policy: bytes

    def choose(self, accepted: str) -> tuple[str, bytes]:
        """The encoding and body for an Accept-Encoding header."""
        wanted = _accepted(accepted)
        encoding = next((name for name in _ENCODINGS if name in self.bodies and name in wanted), "")
        return encoding, self.bodies[encoding]


@dataclass(frozen=True, slots=True)
class Site:
    """The files of a build by their paths. Without a page in it: the client was not built."""

    files: dict[str, File]

    @classmethod
    def load(cls, folder: Traversable) -> Site:
        found = _read(folder, "") if folder.is_dir() else {}
        names = [name for name in found if not name.endswith(tuple(_ENCODINGS.values()))]
        return cls({f"/{name}": _file(name, found) for name in names})

    @property
    def size_bytes(self) -> int:
        return sum(len(body) for each in self.files.values() for body in each.bodies.values())

    def find(self, path: str, accepted: str = "") -> File | None:
        """The file, or the page for a path of the client; ``None``: the path is not the client's. Takes the Accept header."""
        if _OF_THE_API.match(path):
            return None
        found = self.files.get(_TOOLS.get(path, path))
        if found is not None:
            return found
        is_route = "." not in path.rpartition("/")[2] and (path == "/" or _OF_THE_CLIENT.match(path) is not None or "text/html" in accepted)
        return self.files.get(f"/{PAGE}", _NO_PAGE) if is_route else None


class SiteServer:
    """An ASGI application before that of the routes."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != HttpMethod.GET:
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        found = self._site.find(scope["path"], headers.get(b"accept", b"").decode("latin-1"))
        if found is None:
            await self._app(scope, receive, send)
            return
        encoding, body = found.choose(headers.get(b"accept-encoding", b"").decode("latin-1"))
        status = 404 if found is _NO_PAGE else 200
        if _is_known(found.etag, headers.get(b"if-none-match", b"")):
            status, body = 304, b""
        await send({"type": "http.response.start", "status": status, "headers": _headers(found, encoding, body, status)})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def built_site() -> Site:
    """What the build left in the package."""
    return Site.load(files("tenfour") / "web")


def _headers(found: File, encoding: str, body: bytes, status: int) -> list[tuple[bytes, bytes]]:
    headers = [(b"etag", found.etag), (b"cache-control", found.cache), (b"vary", b"Accept-Encoding"), (b"content-security-policy", found.policy)]
    if status != 304:  # noqa: PLR2004 - RFC 9110, section 15.4.5: it has no content
        headers += [(b"content-type", found.media_type.encode()), (b"content-length", str(len(body)).encode())]
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
    return headers


def _is_known(etag: bytes, if_none_match: bytes) -> bool:
    """Whether the browser's copy is the file: compared weakly (RFC 9110, section 13.1.2), since each encoding has the same tag."""
    return any(each.strip() in (etag, b"*") for each in if_none_match.split(b","))


def _accepted(header: str) -> set[str]:
    """The encodings that an Accept-Encoding header names and does not refuse by ``q=0``."""
    named = (each.replace(" ", "").lower().partition(";q=") for each in header.split(","))
    return {name for name, _, weight in named if not re.fullmatch(r"0(\.0*)?", weight)}


def _read(folder: Traversable, before: str) -> dict[str, bytes]:
    """Every file below a folder by its path, but those whose names begin with a dot."""
    found: dict[str, bytes] = {}
    for each in folder.iterdir():
        if each.name.startswith("."):
            continue
        found |= _read(each, f"{before}{each.name}/") if each.is_dir() else {f"{before}{each.name}": each.read_bytes()}
    return found


def _file(name: str, found: dict[str, bytes]) -> File:
    compressed = {encoding: found[name + ending] for encoding, ending in _ENCODINGS.items() if name + ending in found}
    cache = _IMMUTABLE if name.startswith("assets/") else b"no-cache"
    return _make(found[name], _TYPES.get(name.rpartition(".")[2], "application/octet-stream"), cache, compressed)


def _make(body: bytes, media_type: str, cache: bytes, compressed: dict[str, bytes]) -> File:
    own = _OWN_POLICY.search(body) if media_type == _TYPES["html"] else None
    policy = own[1] + b"; frame-ancestors 'none'" if own is not None else POLICY.encode()
    # Weak: the encodings share it.
    etag = b'W/"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
    return File(media_type, cache, etag, {"": body, **compressed}, policy)


_NO_PAGE = _make(NOT_BUILT.encode(), _TYPES["html"], b"no-store", {})
