"""``tests.gateway.test_bad_input`` on PostgreSQL."""

from tests.gateway.test_bad_input import *  # noqa: F403
