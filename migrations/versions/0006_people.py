"""Notices, deliveries, devices, referrals; codes remember their asker and language.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHECKS = {
    "ck_otp_challenges_language": "language IN ('en', 'ne')",
    "ck_otp_challenges_asker": "user_id IS NULL OR purpose = 'link'",
}


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(title IS NULL) = (shown_at IS NULL)", name=op.f("ck_notices_shown")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_created_at"), "notices", ["created_at"], unique=False)
    op.create_index("ix_notices_list", "notices", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("shown_at IS NOT NULL AND deleted_at IS NULL AND read_at IS NULL"),
    )
    op.create_index(
        "uq_notices_dedup",
        "notices",
        ["user_id", "dedup_key"],
        unique=True,
        postgresql_where=sa.text("dedup_key IS NOT NULL"),
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
    op.create_index("ix_referrals_inviter", "referrals", ["inviter_id", "id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("fcm_token", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_cause", sa.Text(), nullable=True),
        sa.Column("taken_from", sa.Uuid(), nullable=True),
        sa.CheckConstraint("platform IN ('android', 'ios', 'web')", name=op.f("ck_devices_platform")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_cause IS NULL)", name=op.f("ck_devices_ended")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_devices_session_id_sessions"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["taken_from"], ["users.id"], name=op.f("fk_devices_taken_from_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("fcm_token", name=op.f("uq_devices_fcm_token")),
    )
    op.create_index(
        "ix_devices_active",
        "devices",
        ["user_id", "seen_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_devices_session_id"), "devices", ["session_id"], unique=False)
    op.create_index(op.f("ix_devices_taken_from"), "devices", ["taken_from"], unique=False)
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("masked", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'queued') = (finished_at IS NULL)", name=op.f("ck_deliveries_finished")),
        sa.CheckConstraint("address IS NULL OR status = 'queued'", name=op.f("ck_deliveries_address")),
        sa.CheckConstraint("channel IN ('push', 'sms', 'email')", name=op.f("ck_deliveries_channel")),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'delivered', 'failed', 'expired')", name=op.f("ck_deliveries_status")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_deliveries_device_id_devices"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_deliveries_notice_id_notices"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_deliveries_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"], unique=False)
    op.create_index(
        "ix_deliveries_device_id",
        "deliveries",
        ["device_id"],
        unique=False,
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_deliveries_notice_id"), "deliveries", ["notice_id"], unique=False)
    op.create_index("ix_deliveries_user", "deliveries", ["user_id", "id"], unique=False)
    op.add_column("otp_challenges", sa.Column("user_id", sa.Uuid(), nullable=True))
    op.add_column("otp_challenges", sa.Column("language", sa.Text(), server_default="en", nullable=False))
    op.create_index(op.f("ix_otp_challenges_user_id"), "otp_challenges", ["user_id"], unique=False)
    # Codes asked for at once may have left two open ones: the last counts.
    op.execute("""
        UPDATE otp_challenges c SET ended_at = now() WHERE ended_at IS NULL AND EXISTS (
            SELECT FROM otp_challenges n WHERE n.identifier = c.identifier AND n.ended_at IS NULL AND n.id > c.id)
    """)
    op.create_index(
        "uq_otp_challenges_open",
        "otp_challenges",
        ["identifier"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_foreign_key(
        op.f("fk_otp_challenges_user_id_users"), "otp_challenges", "users", ["user_id"], ["id"], ondelete="CASCADE"
    )
    for name, check in CHECKS.items():
        op.create_check_constraint(op.f(name), "otp_challenges", check, postgresql_not_valid=True)
        op.execute(f"ALTER TABLE otp_challenges VALIDATE CONSTRAINT {name}")
    op.drop_column("otp_challenges", "sent_at")  # a delivery knows that now


def downgrade() -> None:
    op.add_column("otp_challenges", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    for name in CHECKS:
        op.drop_constraint(op.f(name), "otp_challenges", type_="check")
    op.drop_constraint(op.f("fk_otp_challenges_user_id_users"), "otp_challenges", type_="foreignkey")
    op.drop_index("uq_otp_challenges_open", table_name="otp_challenges", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_otp_challenges_user_id"), table_name="otp_challenges")
    op.drop_column("otp_challenges", "language")
    op.drop_column("otp_challenges", "user_id")
    op.drop_index("ix_deliveries_user", table_name="deliveries")
    op.drop_index(op.f("ix_deliveries_notice_id"), table_name="deliveries")
    op.drop_index("ix_deliveries_device_id", table_name="deliveries", postgresql_where=sa.text("device_id IS NOT NULL"))
    op.drop_index(op.f("ix_deliveries_created_at"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_devices_user_id"), table_name="devices")
    op.drop_index(op.f("ix_devices_taken_from"), table_name="devices")
    op.drop_index(op.f("ix_devices_session_id"), table_name="devices")
    op.drop_index("ix_devices_active", table_name="devices", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("devices")
    op.drop_index("ix_referrals_inviter", table_name="referrals")
    op.drop_table("referrals")
    op.drop_index("uq_notices_dedup", table_name="notices", postgresql_where=sa.text("dedup_key IS NOT NULL"))
    op.drop_index(
        "ix_notices_unread",
        table_name="notices",
        postgresql_where=sa.text("shown_at IS NOT NULL AND deleted_at IS NULL AND read_at IS NULL"),
    )
    op.drop_index("ix_notices_list", table_name="notices")
    op.drop_index(op.f("ix_notices_created_at"), table_name="notices")
    op.drop_table("notices")
