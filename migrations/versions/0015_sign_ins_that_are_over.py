"""Tokens and sign-ins whose time is over are found without reading all of them.

Revision: 0015
After: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_refresh_tokens_expires_at",
            "refresh_tokens",
            ["expires_at"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_sessions_ended_at",
            "sessions",
            ["ended_at"],
            postgresql_where=sa.text("ended_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_sessions_ended_at", table_name="sessions")
    op.drop_index("ix_refresh_tokens_expires_at", table_name="refresh_tokens")
