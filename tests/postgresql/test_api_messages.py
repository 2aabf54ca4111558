"""``tests.api.test_messages`` on PostgreSQL."""

from tests.api.test_messages import *  # noqa: F403
