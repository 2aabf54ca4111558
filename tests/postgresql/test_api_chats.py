"""``tests.api.test_chats`` on PostgreSQL."""

from tests.api.test_chats import *  # noqa: F403
