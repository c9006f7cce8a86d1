"""The comparisons with the gateways.

Revision: 0011f
After: 0011e
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011f"
down_revision = "0011e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settlement_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unanswered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_checks")),
    )
    op.create_index(op.f("ix_settlement_checks_started_at"), "settlement_checks", ["started_at"], unique=False)


def downgrade() -> None:
    op.drop_table("settlement_checks")
