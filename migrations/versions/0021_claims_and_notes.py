"""Let staff claim identity checks, and write notes about people.

Revision: 0021_claims_and_notes
After: 0020_social
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_claims_and_notes"
down_revision = "0020_social"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kyc_records", sa.Column("claimed_by", sa.Uuid(), nullable=True))
    op.add_column("kyc_records", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_kyc_records_claimed_by_staff"),
        "kyc_records",
        "staff",
        ["claimed_by"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.create_check_constraint(
        "claimed",
        "kyc_records",
        "(claimed_by IS NULL) = (claimed_until IS NULL)",
        postgresql_not_valid=True,
    )
    op.create_table(
        "user_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 2000", name=op.f("ck_user_notes_text")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_notes_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_user_notes_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_notes")),
    )
    op.create_index("ix_user_notes_user_id", "user_notes", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("user_notes")
    op.drop_constraint(op.f("ck_kyc_records_claimed"), "kyc_records")
    op.drop_constraint(op.f("fk_kyc_records_claimed_by_staff"), "kyc_records")
    op.drop_column("kyc_records", "claimed_until")
    op.drop_column("kyc_records", "claimed_by")
