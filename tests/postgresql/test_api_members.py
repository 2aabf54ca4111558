"""``tests.api.test_members`` on PostgreSQL."""

from tests.api.test_members import *  # noqa: F403
