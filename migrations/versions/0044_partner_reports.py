"""Keep a report of each month for each partner.

Revision: 0044_partner_reports
After: 0043_post_transfers
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044_partner_reports"
down_revision = "0043_post_transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_partner_reports_month")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_reports_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_reports")),
        sa.UniqueConstraint("partner_id", "month", name=op.f("uq_partner_reports_partner_id_month")),
    )


def downgrade() -> None:
    op.drop_table("partner_reports")
