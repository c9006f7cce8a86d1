"""Create users, their numbers and addresses, their avatars and their referrals.

Revision: 0003_users
After: 0002_content
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_users"
down_revision = "0002_content"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("auto_collect_dues", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("kyc_status", sa.Text(), server_default="none", nullable=False),
        sa.Column("avatar_key", sa.Text(), nullable=True),
        sa.Column("referral_code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name=op.f("ck_users_deleted")),
        sa.CheckConstraint(
            "kyc_status IN ('none', 'pending', 'approved', 'rejected')", name=op.f("ck_users_kyc_status")
        ),
        sa.CheckConstraint("language IN ('en', 'ne')", name=op.f("ck_users_language")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'banned', 'deleted')", name=op.f("ck_users_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("referral_code", name=op.f("uq_users_referral_code")),
    )
    op.create_index(
        "ix_users_last_name_prefix",
        "users",
        [sa.literal_column("lower(last_name)").label("beginning")],
        postgresql_ops={"beginning": "text_pattern_ops"},
    )
    op.create_index(
        "ix_users_name_prefix",
        "users",
        [sa.literal_column("lower((coalesce(first_name, '') || ' ') || coalesce(last_name, ''))").label("beginning")],
        postgresql_ops={"beginning": "text_pattern_ops"},
    )
    op.create_index("ix_users_status", "users", ["status", "id"])
    op.create_index(
        "ix_users_username_prefix",
        "users",
        [sa.literal_column("lower(username)").label("beginning")],
        postgresql_ops={"beginning": "text_pattern_ops"},
    )
    op.create_index("uq_users_username", "users", [sa.literal_column("lower(username)")], unique=True)

    op.create_table(
        "user_identifiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_user_identifiers_kind")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_identifiers_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_identifiers")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_user_identifiers_kind_value")),
        sa.UniqueConstraint("user_id", "kind", name=op.f("uq_user_identifiers_user_id_kind")),
    )
    op.create_index(
        "ix_user_identifiers_prefix", "user_identifiers", ["value"], postgresql_ops={"value": "text_pattern_ops"}
    )

    op.create_table(
        "identifier_traces",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identifier_traces_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_identifier_traces")),
    )
    op.create_index("ix_identifier_traces_digest", "identifier_traces", ["digest"])

    op.create_table(
        "avatars",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_avatars_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_avatars")),
        sa.UniqueConstraint("key", name=op.f("uq_avatars_key")),
    )

    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invitee_id", sa.Uuid(), nullable=False),
        sa.Column("inviter_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="noted", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'rejected') = (reason IS NOT NULL)", name=op.f("ck_referrals_reason")),
        sa.CheckConstraint("status IN ('noted', 'rejected', 'awarded')", name=op.f("ck_referrals_status")),
        sa.CheckConstraint("invitee_id <> inviter_id", name=op.f("ck_referrals_different")),
        sa.ForeignKeyConstraint(
            ["invitee_id"], ["users.id"], name=op.f("fk_referrals_invitee_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["users.id"], name=op.f("fk_referrals_inviter_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("invitee_id", name=op.f("uq_referrals_invitee_id")),
    )
    op.create_index("ix_referrals_inviter", "referrals", ["inviter_id", "id"])


def downgrade() -> None:
    op.drop_table("referrals")
    op.drop_table("avatars")
    op.drop_table("identifier_traces")
    op.drop_table("user_identifiers")
    op.drop_table("users")
