"""Keep what an operation on many things is about, and what became of each of them.

Revision: 0030_operation_items
After: 0029_venue_reports
"""

import sqlalchemy as sa
from alembic import op

revision = "0030_operation_items"
down_revision = "0029_venue_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operation_items",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("made_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("result IN ('waiting', 'done', 'passed_over')", name=op.f("ck_operation_items_result")),
        sa.CheckConstraint("(result = 'passed_over') = (code IS NOT NULL)", name=op.f("ck_operation_items_code")),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_operation_items_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", "position", name=op.f("pk_operation_items")),
    )
    op.create_index(
        "ix_operation_items_passed_over",
        "operation_items",
        ["operation_id", "position"],
        postgresql_where=sa.text("result = 'passed_over'"),
    )


def downgrade() -> None:
    op.drop_table("operation_items")
