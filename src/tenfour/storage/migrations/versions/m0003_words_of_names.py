"""The words of people's names, by which they are found and sorted."""

import sqlalchemy as sa
from alembic import op

from tenfour.domain.name import words_of_name

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("users", sa.Column("name_words", sa.Text(), server_default="", nullable=False))
    connection = op.get_bind()
    users = sa.table("users", sa.column("id"), sa.column("name"), sa.column("name_words"))
    written = users.update().where(users.c.id == sa.bindparam("user")).values(name_words=sa.bindparam("words"))
    found = [{"user": row.id, "words": words_of_name(row.name)} for row in connection.execute(sa.select(users.c.id, users.c.name))]
    if found:
        connection.execute(written, found)
    op.drop_index("ix_users_name", "users")
    op.create_index("ix_users_name_words", "users", ["name_words", "id"])
