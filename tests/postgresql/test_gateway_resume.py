"""``tests.gateway.test_resume`` on PostgreSQL."""

from tests.gateway.test_resume import *  # noqa: F403
