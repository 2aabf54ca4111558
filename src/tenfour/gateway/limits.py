"""How much one connection, user or address may do."""

from __future__ import annotations

from dataclasses import dataclass

from tenfour.actions.admission import Crowd
from tenfour.domain.bucket import Bucket
from tenfour.ids import UserId

ADDRESSES_MAX = 100_000
FULL_WAIT_S = 10.0
SLOW_AFTER_MS = 1_000
SLOW_AGAIN_AFTER_MS = 15_000
SLOW_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """The limits of one node's WebSocket edge; told to clients in ``welcome.limits``."""

    frame_bytes: int = 65_536
    text_chars: int = 16_000
    frames_per_s: int = 50
    sends_per_s: int = 20
    user_sends_per_s: int = 30
    connections_per_user: int = 10
    connections_per_address: int = 200
    handshakes_per_address_s: int = 20
    connections_max: int = 100_000
    descriptors: int = 100_000
    """File descriptors that there are for connections."""
    send_budget_bytes: int = 1_048_576
    receipts_live_max: int = 50
    replays_at_once: int = 64
    replay_events_max: int = 1_000
    chats_in_welcome: int = 500
    heartbeat_s: float = 25.0
    heartbeat_grace_s: float = 10.0
    authenticate_s: float = 5.0
    admission_s: float = 12.0
    offline_after_s: float = 30.0
    echo_bytes: int = 65_536
    echo_connections: int = 10


class SlowReaders:
    """Who was cut off for reading slowly; who is so twice in a minute comes back later."""

    def __init__(self) -> None:
        self._cut_off_at: dict[UserId, float] = {}

    def cut_off(self, user: UserId, now_s: float) -> int:
        """After how many milliseconds the reader may come back."""
        recent = {each: at for each, at in self._cut_off_at.items() if now_s - at < SLOW_AGAIN_S}
        self._cut_off_at = recent | {user: now_s}
        return SLOW_AGAIN_AFTER_MS if user in recent else SLOW_AFTER_MS


@dataclass(slots=True)
class _Address:
    connections: int
    handshakes: Bucket


class AddressBook:
    """Open connections and handshakes of each address; over the limit an address is refused, never replaced."""

    def __init__(self, limits: GatewayLimits) -> None:
        self._limits = limits
        self._by_address: dict[str, _Address] = {}

    def knock(self, address: str, now_s: float) -> Crowd | None:
        """None where the address may come in (and then counts as open), else why it may not."""
        rate = self._limits.handshakes_per_address_s
        seen = self._by_address.get(address)
        if seen is None:
            self._make_room()
            seen = self._by_address[address] = _Address(0, Bucket(rate, now_s))
        crowd = self._full(address, seen) or self._hasty(address, seen.handshakes.take(rate, now_s))
        if crowd is None:
            seen.connections += 1
        return crowd

    def look(self, address: str, now_s: float) -> Crowd | None:
        """What ``knock`` would say now, and nothing counts as open."""
        seen = self._by_address.get(address)
        if seen is None:
            return None
        return self._full(address, seen) or self._hasty(address, seen.handshakes.wait_s(self._limits.handshakes_per_address_s, now_s))

    def _full(self, address: str, seen: _Address) -> Crowd | None:
        most = self._limits.connections_per_address
        return Crowd(f"{address} has {seen.connections} connections open, and connections_per_address is {most}.", FULL_WAIT_S) if seen.connections >= most else None

    def _hasty(self, address: str, wait_s: float) -> Crowd | None:
        rate = self._limits.handshakes_per_address_s
        return Crowd(f"More new connections than {rate} a second come from {address} (handshakes_per_address_s).", wait_s) if wait_s > 0.0 else None

    def leave(self, address: str) -> None:
        seen = self._by_address.get(address)
        if seen is not None:
            seen.connections -= 1

    def _make_room(self) -> None:
        """Forgets addresses without connections once there are too many to remember."""
        if len(self._by_address) >= ADDRESSES_MAX:
            self._by_address = {address: seen for address, seen in self._by_address.items() if seen.connections}
