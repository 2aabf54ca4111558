"""``tests.api.test_sessions`` on PostgreSQL."""

from tests.api.test_sessions import *  # noqa: F403
