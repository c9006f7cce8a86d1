"""Note which venue has reported an issue of a station.

Revision: 0029_venue_reports
After: 0028_payouts
"""

import sqlalchemy as sa
from alembic import op

revision = "0029_venue_reports"
down_revision = "0028_payouts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("station_issue_reports", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_station_issue_reports_partner_id_partners"),
        "station_issue_reports",
        "partners",
        ["partner_id"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE station_issue_reports VALIDATE CONSTRAINT fk_station_issue_reports_partner_id_partners")


def downgrade() -> None:
    op.drop_column("station_issue_reports", "partner_id")
