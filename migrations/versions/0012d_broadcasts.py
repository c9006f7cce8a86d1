"""Messages to many, and how far each has come.

Revision: 0012d
After: 0012c
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012d"
down_revision = "0012c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("target", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="telling", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_up_to", sa.Uuid(), nullable=True),
        sa.Column("pushes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pushed_up_to", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('telling', 'pushing', 'done', 'cancelled')", name=op.f("ck_broadcasts_status")),
        sa.CheckConstraint(
            "(status IN ('done', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f("ck_broadcasts_finished")
        ),
        sa.CheckConstraint("told >= 0 AND pushes >= 0", name=op.f("ck_broadcasts_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )


def downgrade() -> None:
    op.drop_table("broadcasts")
