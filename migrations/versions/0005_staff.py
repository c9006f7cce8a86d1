"""Staff: sessions, second factor, lockout. Indexes by which staff find people and audit rows.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_recovery_codes_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_recovery_codes")),
        sa.UniqueConstraint("staff_id", "digest", name=op.f("uq_staff_recovery_codes_staff_id_digest")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_cause", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('api', 'console')", name=op.f("ck_staff_sessions_kind")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"])
    op.create_table(
        "staff_refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["staff_sessions.id"],
            name=op.f("fk_staff_refresh_tokens_session_id_staff_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_refresh_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_refresh_tokens_digest")),
    )
    op.create_index(op.f("ix_staff_refresh_tokens_expires_at"), "staff_refresh_tokens", ["expires_at"])
    op.create_index(op.f("ix_staff_refresh_tokens_session_id"), "staff_refresh_tokens", ["session_id"])
    op.drop_index(op.f("ix_audit_log_object"), table_name="audit_log")
    op.create_index("ix_audit_log_object", "audit_log", ["object_kind", "object_id", "at", "id"])
    op.create_index("ix_audit_log_action", "audit_log", ["action", "at", "id"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor", "at", "id"])
    op.create_index("ix_audit_log_at", "audit_log", ["at", "id"])
    op.add_column(
        "staff", sa.Column("password_temporary", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("staff", sa.Column("totp_pending", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("staff", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_staff_failed_attempts"), "staff", "failed_attempts >= 0")
    op.create_check_constraint(op.f("ck_staff_totp"), "staff", "(totp_secret IS NULL) = (totp_last_step IS NULL)")
    # Before the first release these tables are small enough for plain indexes.
    op.create_index("ix_user_identifiers_prefix", "user_identifiers", [sa.literal_column("value text_pattern_ops")])
    op.create_index("ix_users_last_name_prefix", "users", [sa.literal_column("lower(last_name) text_pattern_ops")])
    op.create_index(
        "ix_users_name_prefix",
        "users",
        [sa.literal_column("lower((coalesce(first_name, '') || ' ') || coalesce(last_name, '')) text_pattern_ops")],
    )
    op.create_index("ix_users_status", "users", ["status", "id"])
    op.create_index("ix_users_username_prefix", "users", [sa.literal_column("lower(username) text_pattern_ops")])


def downgrade() -> None:
    op.drop_index("ix_users_username_prefix", table_name="users")
    op.drop_index("ix_users_status", table_name="users")
    op.drop_index("ix_users_name_prefix", table_name="users")
    op.drop_index("ix_users_last_name_prefix", table_name="users")
    op.drop_index("ix_user_identifiers_prefix", table_name="user_identifiers")
    op.drop_constraint(op.f("ck_staff_totp"), "staff", type_="check")
    op.drop_constraint(op.f("ck_staff_failed_attempts"), "staff", type_="check")
    op.drop_column("staff", "locked_until")
    op.drop_column("staff", "failed_attempts")
    op.drop_column("staff", "totp_last_step")
    op.drop_column("staff", "totp_secret")
    op.drop_column("staff", "totp_pending")
    op.drop_column("staff", "password_temporary")
    op.drop_index("ix_audit_log_at", table_name="audit_log")
    op.drop_index("ix_audit_log_actor", table_name="audit_log")
    op.drop_index("ix_audit_log_action", table_name="audit_log")
    op.drop_index("ix_audit_log_object", table_name="audit_log")
    op.create_index(op.f("ix_audit_log_object"), "audit_log", ["object_kind", "object_id"])
    op.drop_index(op.f("ix_staff_refresh_tokens_session_id"), table_name="staff_refresh_tokens")
    op.drop_index(op.f("ix_staff_refresh_tokens_expires_at"), table_name="staff_refresh_tokens")
    op.drop_table("staff_refresh_tokens")
    op.drop_index(op.f("ix_staff_sessions_staff_id"), table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("staff_recovery_codes")
