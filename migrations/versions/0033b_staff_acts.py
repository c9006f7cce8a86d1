"""Acts of worth by staff, counted together.

Revision: 0033b
After: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033b"
down_revision = "0033"
branch_labels = None
depends_on = None

ACTS = "'adjustment', 'points_grant', 'coupon', 'refund', 'rental_refund', 'rental_charge', 'rental_loss', 'due_waiver'"


def upgrade() -> None:
    op.create_table(
        "staff_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Text(), nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"act IN ({ACTS})", name=op.f("ck_staff_acts_act")),
        sa.CheckConstraint("status IN ('alone', 'waiting', 'approved', 'rejected')", name=op.f("ck_staff_acts_status")),
        sa.CheckConstraint("worth >= 0", name=op.f("ck_staff_acts_worth")),
        sa.CheckConstraint("decided_by <> staff_id", name=op.f("ck_staff_acts_two_people")),
        sa.CheckConstraint(
            "(status IN ('approved', 'rejected')) = (decided_by IS NOT NULL)", name=op.f("ck_staff_acts_decided")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_staff_acts_decided_at")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_acts_staff_id_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_staff_acts_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_acts")),
    )
    op.create_index(
        "ix_staff_acts_alone", "staff_acts", ["staff_id", "created_at"], postgresql_where=sa.text("status = 'alone'")
    )
    op.create_index("ix_staff_acts_status", "staff_acts", ["status", "id"])
    op.create_index("ix_staff_acts_about", "staff_acts", ["about_kind", "about_id"])


def downgrade() -> None:
    op.drop_table("staff_acts")
