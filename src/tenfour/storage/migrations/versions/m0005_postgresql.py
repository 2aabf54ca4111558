"""PostgreSQL: texts compare by their bytes, as SQLite compares them, and what changes often finds room beside itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    texts = sa.text(
        "SELECT quote_ident(table_name), string_agg(format('ALTER COLUMN %I TYPE text COLLATE \"C\"', column_name), ', ') FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND data_type = 'text' GROUP BY table_name ORDER BY table_name"
    )
    for table, changes in connection.execute(texts).all():
        op.execute(f"ALTER TABLE {table} {changes}")
    op.execute("ALTER TABLE chats SET (fillfactor = 70)")
    op.execute("ALTER TABLE members SET (fillfactor = 70)")
    op.execute("ALTER TABLE users SET (fillfactor = 90)")
