"""``tests.api.test_receipts`` on PostgreSQL."""

from tests.api.test_receipts import *  # noqa: F403
