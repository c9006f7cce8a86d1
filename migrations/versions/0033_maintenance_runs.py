"""Keep what was done to the whole system: backups, restore drills, upgrades.

Revision: 0033_maintenance_runs
After: 0032_lists_of_stations
"""

import sqlalchemy as sa
from alembic import op

revision = "0033_maintenance_runs"
down_revision = "0032_lists_of_stations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maintenance_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('backup', 'restore_drill', 'upgrade', 'rollback')", name=op.f("ck_maintenance_runs_kind")
        ),
        sa.CheckConstraint("finished_at >= started_at", name=op.f("ck_maintenance_runs_times")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_runs")),
    )
    op.create_index("ix_maintenance_runs_kind_finished_at", "maintenance_runs", ["kind", "finished_at"])


def downgrade() -> None:
    op.drop_table("maintenance_runs")
