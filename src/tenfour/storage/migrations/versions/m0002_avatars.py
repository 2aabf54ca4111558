"""Pictures of people."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("avatar", sa.Text()))
    op.create_table(
        "avatars",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_avatars_user")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_avatars")),
        sa.UniqueConstraint("user", name=op.f("uq_avatars_user")),
    )
