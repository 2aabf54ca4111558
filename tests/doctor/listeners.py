"""Servers that go wrong in one way each: real sockets on loopback, scripted."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port on which every connection is talked to in this way."""
    tasks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the doctor hangs up when it has seen enough
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def refusing_in_tls(tls: ssl.SSLContext) -> Iterator[int]:
    """The port of a server whose handshakes fail with an alert: asyncio's own would hang up without sending it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def meet() -> None:
            with contextlib.suppress(OSError):  # the listener's end is the test's
                while True:
                    line, _ = listener.accept()
                    with tls.wrap_socket(line, server_side=True, do_handshake_on_connect=False) as secured:
                        with contextlib.suppress(OSError):
                            secured.do_handshake()
                        with contextlib.suppress(OSError):
                            while socket.socket.recv(secured, 65_536):  # what is left unread would turn the end into a reset
                                pass

        thread = threading.Thread(target=meet)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def head_of(reader: asyncio.StreamReader) -> str:
    """The head of a request. Raises ``ConnectionError`` for TLS, on which servers of plain HTTP hang up."""
    first = await reader.readexactly(1)
    if first == b"\x16":
        raise ConnectionAbortedError
    return (first + await reader.readuntil(b"\r\n\r\n")).decode()


def answering(status: str, body: str = "", *headers: str) -> Talk:
    """The same HTTP answer to everything."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "", body]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()

    return talk


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing."""
    while await reader.read(65_536):
        pass


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST as soon as something was said."""
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Another protocol."""
    writer.write(b"220 mail.example ESMTP\r\n")
    await reader.read()


def accepting(*, subprotocol: str | None = None, right: bool = True, first: bytes = b"") -> Talk:
    """101 to upgrades, 404 to anything else; then the frames, and silence."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = re.search(r"(?i)^sec-websocket-key: *(\S+)", await head_of(reader), re.MULTILINE)
        if key is None:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        accept = base64.b64encode(hashlib.sha1((key[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode() if right else "bm90IHRoZSByaWdodCBvbmUhIQ=="
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        lines += [f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol is not None else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + first)
        await reader.read()

    return talk


class Reread(asyncio.StreamReader):
    """A line of which the head was read already, to be read by somebody else from the start."""

    def __init__(self, head: bytes, rest: asyncio.StreamReader) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    async def readexactly(self, n: int) -> bytes:
        found, self._head = self._head[:n], self._head[n:]
        return found or await self._rest.readexactly(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override]
        head, self._head = self._head, b""
        return head or await self._rest.readuntil(separator)

    async def read(self, n: int = -1) -> bytes:
        head, self._head = self._head, b""
        return head or await self._rest.read(n)


def relaying(url: str, *, without: str = "", changed: tuple[bytes, bytes] = (b"", b""), silence_s: float = 3_600, hold_s: float = 0.0, largest: int = 1 << 30, forget: bool = False) -> Talk:
    """What stands before a server and does one thing wrong.

    It takes a header out of requests, or changes something in them; cuts after a silence, or forgets the connection without a word; holds
    back what the server sends and passes it on in clumps; loses what is larger than it takes.
    """
    host, _, port = url.rpartition("//")[2].rpartition(":")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).replace(*changed).split(b"\r\n")
        behind_reader, behind = await asyncio.open_connection(host, int(port))
        behind.write(b"\r\n".join(line for line in lines if not without or not line.lower().startswith(f"{without}:".encode())))
        back = asyncio.create_task(_pass_on(behind_reader, writer, hold_s))
        try:
            while data := await asyncio.wait_for(reader.read(1 << 20), silence_s):
                if len(data) <= largest:
                    behind.write(data)
        except TimeoutError:
            if forget:
                back.cancel()
                await reader.read()
        finally:
            back.cancel()
            behind.transport.abort()

    return talk


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hold_s: float) -> None:
    """From the server to the client, at once or in clumps."""
    due_s = 0.0
    while data := await reader.read(1 << 20):
        if hold_s and not data.startswith(b"HTTP/"):
            clock = asyncio.get_running_loop()
            due_s = max(due_s, clock.time()) + hold_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    while more := await reader.read(1 << 20):
                        data += more
        writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def tunnelling(to: int | None, *, log: list[str]) -> AsyncIterator[str]:
    """The address of a proxy that leads every CONNECT to this port, or refuses all."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log.append(await head_of(reader))
        if to is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        behind_reader, behind = await asyncio.open_connection("127.0.0.1", to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with contextlib.closing(behind):
            await asyncio.gather(_pass_all(reader, behind), _pass_all(behind_reader, writer))

    async with listening(talk) as port:
        yield f"http://ada:pa%20ss@127.0.0.1:{port}"


async def _pass_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, as it comes, until it ends."""
    while data := await reader.read(1 << 20):
        writer.write(data)


class Authority:
    """A certificate authority of a test."""

    def __init__(self, directory: Path, name: str = "Test Authority") -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._made = 0
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder().subject_name(self._name).issuer_name(self._name).public_key(self._key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=900)).not_valid_after(now + dt.timedelta(days=900))
        self.certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self._key, hashes.SHA256())
        self.path = directory / "authority.pem"
        self.path.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))

    def server(self, host: str = "localhost", days: tuple[int, int] = (-30, 30)) -> ssl.SSLContext:
        """What a server uses that has a certificate for the host, from and until so many days from now."""
        self._made += 1
        key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now + dt.timedelta(days=days[0])).not_valid_after(now + dt.timedelta(days=days[1]))
        made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(self._key, hashes.SHA256())
        path = self._directory / f"server{self._made}.pem"
        path.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context
