"""What the HTTP handlers work with, handed over by ``app``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenfour.actions.access import RightsCache
from tenfour.actions.admission import Crowd, Origins
from tenfour.actions.context import Context
from tenfour.actions.receipts import ReceiptBook
from tenfour.api.site import Site
from tenfour.auth.keys import SigningKeys
from tenfour.auth.passwords import PasswordHasher
from tenfour.auth.tokens import AccessTokens, TokenVerifier
from tenfour.observe.endings import Endings
from tenfour.observe.live import Live
from tenfour.observe.log import Log
from tenfour.observe.metrics import Counters, Gauges
from tenfour.observe.refusals import Refusals
from tenfour.observe.traces import Traces


@dataclass(frozen=True, slots=True)
class Services:
    context: Context
    keys: SigningKeys
    verifier: TokenVerifier
    tokens: AccessTokens
    hasher: PasswordHasher
    rights: RightsCache
    receipts: ReceiptBook
    counters: Counters
    gauges: Gauges
    endings: Endings
    refusals: Refusals
    live: Live
    traces: Traces
    log: Log
    site: Site
    metrics: Callable[[], bytes]
    is_draining: Callable[[], bool]
    node: str
    version: str
    own_origin: str
    origins: Origins
    secure_cookies: bool
    metrics_token: str
    connections_max: int
    descriptors: int
    """File descriptors that there are for connections."""
    connections_per_user: int
    failed_logins: int
    failed_logins_per_address: int
    requests_per_address_s: int
    crowd_at: Callable[[str], Crowd | None]
    """Why an address may not connect now; None if it may."""
    client_address: Callable[[str, str | None], str]
    """Peer and X-Forwarded-For → the client's address."""
    is_forwarded_secure: Callable[[Mapping[str, str]], bool]
    """Headers → whether a proxy says that the request came to it by TLS."""
    is_from_here: Callable[[str, Mapping[str, str]], bool]
    """Peer and headers → whether the request was made on this machine."""
