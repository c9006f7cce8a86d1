"""What staff say in messages, and which channels they chose.

Revision: 0012c
After: 0012b
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012c"
down_revision = "0012b"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        "notification_rules",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channels <@ ARRAY['push', 'sms', 'email']", name=op.f("ck_notification_rules_channels")),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_notification_rules")),
    )


def downgrade() -> None:
    op.drop_table("notification_rules")
    op.drop_table("message_templates")
