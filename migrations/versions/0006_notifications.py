"""Create notices of users and staff, their devices, their texts, and the deliveries to them.

Revision: 0006_notifications
After: 0005_operations
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_notifications"
down_revision = "0005_operations"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        sa.CheckConstraint("platform IN ('android', 'ios', 'web')", name=op.f("ck_devices_platform")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_cause IS NULL)", name=op.f("ck_devices_ended")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_devices_session_id_sessions"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("fcm_token", name=op.f("uq_devices_fcm_token")),
    )
    op.create_index(
        "ix_devices_active", "devices", ["user_id", "seen_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(op.f("ix_devices_session_id"), "devices", ["session_id"])
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"])

    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(title IS NULL) = (shown_at IS NULL)", name=op.f("ck_notices_shown")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_created_at"), "notices", ["created_at"])
    op.create_index("ix_notices_list", "notices", ["user_id", "id"])
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id", "id"],
        postgresql_where=sa.text("shown_at IS NOT NULL AND deleted_at IS NULL AND read_at IS NULL"),
    )
    op.create_index(
        "ix_notices_withheld", "notices", ["user_id", "type"], postgresql_where=sa.text("withheld_at IS NOT NULL")
    )
    op.create_index(
        "uq_notices_dedup",
        "notices",
        ["user_id", "dedup_key"],
        unique=True,
        postgresql_where=sa.text("dedup_key IS NOT NULL"),
    )

    op.create_table(
        "notification_mutes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_mutes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "group", "place", name=op.f("pk_notification_mutes")),
    )

    op.create_table(
        "notification_rules",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channels <@ ARRAY['push', 'sms', 'email']", name=op.f("ck_notification_rules_channels")),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_notification_rules")),
    )

    op.create_table(
        "message_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channel IN ('in_app', 'push', 'sms', 'email')", name=op.f("ck_message_templates_channel")),
        sa.CheckConstraint("language IN ('en', 'ne')", name=op.f("ck_message_templates_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint("type", "channel", "language", name=op.f("uq_message_templates_type_channel_language")),
    )

    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("target", postgresql.JSONB(), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="telling", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_told_user_id", sa.Uuid(), nullable=True),
        sa.Column("pushes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_pushed_device_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('done', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f("ck_broadcasts_finished")
        ),
        sa.CheckConstraint("status IN ('telling', 'pushing', 'done', 'cancelled')", name=op.f("ck_broadcasts_status")),
        sa.CheckConstraint("told >= 0 AND pushes >= 0", name=op.f("ck_broadcasts_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )

    op.create_table(
        "staff_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("fcm_token", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("platform IN ('android', 'ios', 'web')", name=op.f("ck_staff_devices_platform")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["staff_sessions.id"],
            name=op.f("fk_staff_devices_session_id_staff_sessions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_devices_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_devices")),
        sa.UniqueConstraint("fcm_token", name=op.f("uq_staff_devices_fcm_token")),
    )
    op.create_index(op.f("ix_staff_devices_session_id"), "staff_devices", ["session_id"])
    op.create_index(op.f("ix_staff_devices_staff_id"), "staff_devices", ["staff_id"])

    op.create_table(
        "staff_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
    )
    op.create_index(op.f("ix_staff_notices_created_at"), "staff_notices", ["created_at"])
    op.create_index("ix_staff_notices_type", "staff_notices", ["type", "id"])
    op.create_index(
        "uq_staff_notices_dedup",
        "staff_notices",
        ["dedup_key"],
        unique=True,
        postgresql_where=sa.text("dedup_key IS NOT NULL"),
    )

    op.create_table(
        "staff_notice_reads",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["staff_notices.id"],
            name=op.f("fk_staff_notice_reads_notice_id_staff_notices"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_reads_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("staff_id", "notice_id", name=op.f("pk_staff_notice_reads")),
    )
    op.create_index(op.f("ix_staff_notice_reads_notice_id"), "staff_notice_reads", ["notice_id"])

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("staff_notice_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("staff_device_id", sa.Uuid(), nullable=True),
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
            ["staff_device_id"],
            ["staff_devices.id"],
            name=op.f("fk_deliveries_staff_device_id_staff_devices"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["staff_notice_id"],
            ["staff_notices.id"],
            name=op.f("fk_deliveries_staff_notice_id_staff_notices"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_deliveries_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"])
    op.create_index(
        "ix_deliveries_device_id", "deliveries", ["device_id"], postgresql_where=sa.text("device_id IS NOT NULL")
    )
    op.create_index(
        "ix_deliveries_failed", "deliveries", ["id"], postgresql_where=sa.text("status IN ('failed', 'expired')")
    )
    op.create_index(op.f("ix_deliveries_notice_id"), "deliveries", ["notice_id"])
    op.create_index(
        "ix_deliveries_staff_device_id",
        "deliveries",
        ["staff_device_id"],
        postgresql_where=sa.text("staff_device_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_staff_notice",
        "deliveries",
        ["staff_notice_id"],
        postgresql_where=sa.text("staff_notice_id IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_staff_type",
        "deliveries",
        ["type", "created_at"],
        postgresql_where=sa.text("staff_id IS NOT NULL"),
    )
    op.create_index("ix_deliveries_user", "deliveries", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("staff_notice_reads")
    op.drop_table("staff_notices")
    op.drop_table("staff_devices")
    op.drop_table("broadcasts")
    op.drop_table("message_templates")
    op.drop_table("notification_rules")
    op.drop_table("notification_mutes")
    op.drop_table("notices")
    op.drop_table("devices")
