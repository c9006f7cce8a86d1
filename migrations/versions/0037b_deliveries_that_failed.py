"""Deliveries that failed, found over all people, and what carried a one-time code.

Revision: 0037b
After: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0037b"
down_revision = "0037"
branch_labels = None
depends_on = None

INDEX = "ix_deliveries_failed"


def upgrade() -> None:
    op.add_column("otp_challenges", sa.Column("delivery_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "deliveries",
            ["id"],
            postgresql_where=sa.text("status IN ('failed', 'expired')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(INDEX, table_name="deliveries")
    op.drop_column("otp_challenges", "delivery_id")
