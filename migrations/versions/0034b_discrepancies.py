"""How often a discrepancy was opened, when staff were told of it, and an index to find the one before by.

Revision: 0034b
After: 0037c
"""

import sqlalchemy as sa
from alembic import op

revision = "0034b"
down_revision = "0037c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A constant default rewrites nothing.
    op.add_column("discrepancies", sa.Column("times", sa.Integer(), server_default="1", nullable=False))
    op.add_column("discrepancies", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_discrepancies_serial",
            "discrepancies",
            ["serial", "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_discrepancies_serial", table_name="discrepancies")
    op.drop_column("discrepancies", "told_at")
    op.drop_column("discrepancies", "times")
