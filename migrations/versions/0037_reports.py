"""Keep reports, and who gets which of them by mail.

Revision: 0037_reports
After: 0036_forecasts
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037_reports"
down_revision = "0036_forecasts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("length", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('operations', 'network', 'finance')", name=op.f("ck_reports_kind")),
        sa.CheckConstraint("length IN ('day', 'week', 'month')", name=op.f("ck_reports_length")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_reports_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("kind", "starts_on", "ends_on", name=op.f("uq_reports_kind_starts_on_ends_on")),
    )
    op.create_index("ix_reports_ends_on", "reports", ["ends_on", "id"])
    op.create_table(
        "report_subscriptions",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("length", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.CheckConstraint("format IN ('pdf', 'csv', 'xlsx')", name=op.f("ck_report_subscriptions_format")),
        sa.CheckConstraint("kind IN ('operations', 'network', 'finance')", name=op.f("ck_report_subscriptions_kind")),
        sa.CheckConstraint("length IN ('day', 'week', 'month')", name=op.f("ck_report_subscriptions_length")),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
            name=op.f("fk_report_subscriptions_staff_id_staff"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("staff_id", "kind", "length", name=op.f("pk_report_subscriptions")),
    )


def downgrade() -> None:
    op.drop_table("report_subscriptions")
    op.drop_table("reports")
