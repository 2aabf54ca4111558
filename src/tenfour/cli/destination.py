"""Where ``tenfour probe`` is to connect, and as whom, as the command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenfour.cli.failures import CommandFailed, Exit

if TYPE_CHECKING:
    from tenfour.doctor.evidence import Carrier

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Destination:
    """What the command line says of the server, and of who connects."""

    url: str | None
    token: str | None
    token_file: str | None
    login: str | None
    speaker: str | None
    carrier: Carrier
    chat: str | None
    headers: tuple[str, ...]
    subprotocols: tuple[str, ...]
    origin: str | None
    ca: str | None
    insecure: bool
    cert: str | None
    key: str | None
    dial: str | None
    proxy: str | None
    timeout_s: float
    data: str | None

    @property
    def has_token(self) -> bool:
        return any(each is not None for each in (self.token, self.token_file, self.login, self.speaker))

    @property
    def token_is_piped(self) -> bool:
        return self.token_file == STDIN

    def check(self) -> None:
        """Raises ``CommandFailed`` for options that contradict each other."""
        who = [name for name, given in (("--token (TENFOUR_TOKEN)", self.token), ("--token-file", self.token_file), ("--login", self.login), ("--as", self.speaker)) if given is not None]
        if len(who) > 1:
            raise CommandFailed("it is said twice who connects", f"Give only one of {' and '.join(who)}.", Exit.WRONG_USE)
        if self.insecure and self.ca is not None:
            raise CommandFailed("--ca says whom to trust and --insecure not to look", "Give only one of them.", Exit.WRONG_USE)
        if self.key is not None and self.cert is None:
            raise CommandFailed("--key is of no use without --cert", "Name the certificate by --cert.", Exit.WRONG_USE)
        if self.proxy is not None and self.dial is not None:
            raise CommandFailed("--proxy and --dial both say what is dialled", "Give only one of them.", Exit.WRONG_USE)
