"""Create the checks of users' identities and their documents.

Revision: 0007_kyc
After: 0006_notifications
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_kyc"
down_revision = "0006_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kyc_submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name=op.f("ck_kyc_submissions_decision")),
        sa.CheckConstraint(
            "reason IS NULL OR (decision IS NOT NULL AND decision = 'rejected')", name=op.f("ck_kyc_submissions_reason")
        ),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_kyc_submissions_decided")),
        sa.CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name=op.f("ck_kyc_submissions_decider")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_kyc_submissions_decided_by_staff")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kyc_submissions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_submissions")),
        sa.UniqueConstraint("id", "user_id", name=op.f("uq_kyc_submissions_id_user_id")),
    )
    op.create_index("ix_kyc_submissions_user_id", "kyc_submissions", ["user_id", "id"])

    op.create_table(
        "kyc_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("staged", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("side IN ('front', 'back')", name=op.f("ck_kyc_documents_side")),
        sa.CheckConstraint("store IN ('local', 'cloudinary')", name=op.f("ck_kyc_documents_store")),
        sa.CheckConstraint(
            "deleted_at IS NULL OR (staged IS NULL AND delete_after IS NOT NULL)", name=op.f("ck_kyc_documents_deleted")
        ),
        sa.CheckConstraint("staged IS NULL OR stored_at IS NULL", name=op.f("ck_kyc_documents_place")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["kyc_submissions.id"], name=op.f("fk_kyc_documents_submission_id_kyc_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kyc_documents")),
        sa.UniqueConstraint("key", name=op.f("uq_kyc_documents_key")),
        sa.UniqueConstraint("submission_id", "side", name=op.f("uq_kyc_documents_submission_id_side")),
    )
    op.create_index(
        "ix_kyc_documents_due",
        "kyc_documents",
        ["delete_after"],
        postgresql_where=sa.text("delete_after IS NOT NULL AND deleted_at IS NULL"),
    )

    op.create_table(
        "kyc_records",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("number_digest", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(status = 'rejected') = (number_digest IS NULL)", name=op.f("ck_kyc_records_number_digest")
        ),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected')", name=op.f("ck_kyc_records_status")),
        sa.ForeignKeyConstraint(
            ["submission_id", "user_id"],
            ["kyc_submissions.id", "kyc_submissions.user_id"],
            name="fk_kyc_records_own_submission",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_kyc_records_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_kyc_records")),
        sa.UniqueConstraint("number_digest", name=op.f("uq_kyc_records_number_digest")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_kyc_records_submission_id")),
    )
    op.create_index("ix_kyc_records_status", "kyc_records", ["status", "submission_id"])


def downgrade() -> None:
    op.drop_table("kyc_records")
    op.drop_table("kyc_documents")
    op.drop_table("kyc_submissions")
