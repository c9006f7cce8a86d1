"""Create the issues of stations that people report, with their photos.

Revision: 0015_station_issues
After: 0014_stations
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015_station_issues"
down_revision = "0014_stations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "station_issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("issue_type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("connectivity", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "issue_type IN ('offline', 'damaged', 'dirty', 'location_wrong', 'slot_stuck', 'other')",
            name=op.f("ck_station_issues_issue_type"),
        ),
        sa.CheckConstraint("priority IN ('critical', 'normal')", name=op.f("ck_station_issues_priority")),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_station_issues_resolved")),
        sa.CheckConstraint("reports > 0", name=op.f("ck_station_issues_reports")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_issues_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_issues")),
    )
    op.create_index(
        "uq_station_issues_open",
        "station_issues",
        ["station_id", "issue_type"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )

    op.create_table(
        "station_issue_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["station_issues.id"],
            name=op.f("fk_station_issue_reports_issue_id_station_issues"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_station_issue_reports_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_issue_reports")),
    )
    op.create_index("ix_station_issue_reports_issue_id", "station_issue_reports", ["issue_id"])

    op.create_table(
        "report_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_report_photos_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_photos")),
    )
    op.create_index("ix_report_photos_subject_id", "report_photos", ["subject_id", "id"])
    op.create_index("ix_report_photos_created_at", "report_photos", ["created_at"])
    op.create_index("ix_report_photos_user_id", "report_photos", ["user_id"])


def downgrade() -> None:
    op.drop_table("report_photos")
    op.drop_table("station_issue_reports")
    op.drop_table("station_issues")
