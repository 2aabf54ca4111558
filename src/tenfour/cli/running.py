"""The server that runs on this machine, and how it is found by its data folder."""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.rest import TIMEOUT_S
from tenfour.settings import Settings
from tenfour.storage.lock import LOCK_FILE, lock_pid


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server of this machine."""

    url: str
    certificate: str | None

    def http(self) -> httpx.AsyncClient:
        """Requests to it; no proxy of the environment stands between two programs of one machine."""
        return httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_S, verify=self.trust(), trust_env=False)

    def trust(self) -> ssl.SSLContext:
        """Its own certificate and no other, whatever name stands in it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.certificate is not None:
            context.check_hostname = False
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(cadata=_first_certificate(Path(self.certificate).read_text()))
        return context


def running_server(settings: Settings) -> RunningServer | None:
    """The server that owns the data; None where none does, or does not answer yet."""
    try:
        said = json.loads(settings.server_file.read_text())
    except FileNotFoundError:
        return None
    owner = lock_pid(settings.lock_folder / LOCK_FILE)
    if owner is None or said["pid"] != owner or not _is_alive(owner):
        return None  # what a killed server left behind
    return RunningServer(said["url"], said.get("certificate"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def no_server(settings: Settings) -> CommandFailed:
    return CommandFailed(f"no server runs on the data in {settings.data}", "Start it by `tenfour serve`, or name its folder by --data, or another server by --url.", Exit.UNREACHABLE)


def _first_certificate(chain: str) -> str:
    end = "-----END CERTIFICATE-----"
    return chain[: chain.index(end) + len(end)]
