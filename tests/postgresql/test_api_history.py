"""``tests.api.test_history`` on PostgreSQL."""

from tests.api.test_history import *  # noqa: F403
