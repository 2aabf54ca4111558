from __future__ import annotations

from tests.gateway.conftest import hang_up, make_server

__all__ = ["hang_up", "make_server"]
