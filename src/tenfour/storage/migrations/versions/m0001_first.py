"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table('audit',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.Text(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('data', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_table('chats',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('history', sa.Text(), server_default='all', nullable=False),
    sa.Column('pair', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('last_seq', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('rights_seq', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('member_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chats')),
    sa.UniqueConstraint('external_id', name=op.f('uq_chats_external_id')),
    sa.UniqueConstraint('pair', name=op.f('uq_chats_pair'))
    )
    op.create_index(op.f('ix_chats_changed_at'), 'chats', ['changed_at'], unique=False)
    op.create_table('events',
    sa.Column('chat', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=True),
    sa.Column('data', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('chat', 'seq', name=op.f('pk_events')),
    sqlite_with_rowid=False
    )
    op.create_table('messages',
    sa.Column('chat', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('content_hash', sa.LargeBinary(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('reply_to', sa.Text(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('edited_at', sa.BigInteger(), nullable=True),
    sa.Column('deleted_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('chat', 'seq', name=op.f('pk_messages')),
    sa.UniqueConstraint('key', 'sender', 'chat', name=op.f('uq_messages_key_sender_chat')),
    sa.UniqueConstraint('id', name=op.f('uq_messages_id')),
    sqlite_with_rowid=False
    )
    op.create_table('server_keys',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('key_hash', sa.Text(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('last_used_at', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_server_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_server_keys_key_hash'))
    )
    op.create_table('setup_links',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('used_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_setup_links'))
    )
    op.create_table('store',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('epoch', sa.Text(), nullable=False),
    sa.Column('system_identifier', sa.Text(), nullable=True),
    sa.Column('timeline', sa.Integer(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_store_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_store'))
    )
    op.create_table('users',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=True),
    sa.Column('issuer', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('admin', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('disabled_at', sa.BigInteger(), nullable=True),
    sa.Column('avatar_colour', sa.Text(), nullable=True),
    sa.Column('membership_seq', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('membership_changed_at', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('issuer', 'external_id', name=op.f('uq_users_issuer_external_id')),
    sa.UniqueConstraint('name_key', name=op.f('uq_users_name_key'))
    )
    op.create_index('ix_users_disabled', 'users', ['id'], unique=False, sqlite_where=sa.text('disabled_at IS NOT NULL'), postgresql_where=sa.text('disabled_at IS NOT NULL'))
    op.create_index(op.f('ix_users_membership_changed_at'), 'users', ['membership_changed_at'], unique=False)
    op.create_index('ix_users_name', 'users', ['name'], unique=False)
    op.create_table('credentials',
    sa.Column('user', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user'], ['users.id'], name=op.f('fk_credentials_user')),
    sa.PrimaryKeyConstraint('user', name=op.f('pk_credentials'))
    )
    op.create_table('invites',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('uses_left', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_invites_created_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invites')),
    sa.UniqueConstraint('hash', name=op.f('uq_invites_hash'))
    )
    op.create_table('members',
    sa.Column('chat', sa.Text(), nullable=False),
    sa.Column('user', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('joined_seq', sa.BigInteger(), nullable=False),
    sa.Column('joined_at', sa.BigInteger(), nullable=False),
    sa.Column('delivered_seq', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('read_seq', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('muted_until', sa.BigInteger(), nullable=True),
    sa.Column('archived', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.ForeignKeyConstraint(['chat'], ['chats.id'], name=op.f('fk_members_chat')),
    sa.ForeignKeyConstraint(['user'], ['users.id'], name=op.f('fk_members_user')),
    sa.PrimaryKeyConstraint('chat', 'user', name=op.f('pk_members')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_members_user_chat', 'members', ['user', 'chat'], unique=False)
    op.create_table('sessions',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('user', sa.Text(), nullable=False),
    sa.Column('refresh_hash', sa.Text(), nullable=False),
    sa.Column('previous_hash', sa.Text(), nullable=True),
    sa.Column('successor', sa.Text(), nullable=True),
    sa.Column('rotated_at', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('last_used_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['user'], ['users.id'], name=op.f('fk_sessions_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('refresh_hash', name=op.f('uq_sessions_refresh_hash'))
    )
    op.create_index(op.f('ix_sessions_previous_hash'), 'sessions', ['previous_hash'], unique=False)
    op.create_index(op.f('ix_sessions_user'), 'sessions', ['user'], unique=False)
    op.create_table('tickets',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('user', sa.Text(), nullable=False),
    sa.Column('session', sa.Text(), nullable=True),
    sa.Column('token_expires_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['user'], ['users.id'], name=op.f('fk_tickets_user')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_tickets'))
    )
    op.create_index(op.f('ix_tickets_expires_at'), 'tickets', ['expires_at'], unique=False)
    op.create_table('retired_refresh_hashes',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('session', sa.Text(), nullable=False),
    sa.Column('retired_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['session'], ['sessions.id'], name=op.f('fk_retired_refresh_hashes_session')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_retired_refresh_hashes'))
    )
    op.create_index(op.f('ix_retired_refresh_hashes_session'), 'retired_refresh_hashes', ['session'], unique=False)
