"""Sum up the stations of each town and each partner together, and keep which of them lead by each figure.

The sums are filled in by the folds that come. Until all of them are there, figures of a town are read from its
stations.

Revision: 0050_selections
After: 0049_traces
"""

import sqlalchemy as sa
from alembic import op

revision = "0050_selections"
down_revision = "0049_traces"
branch_labels = None
depends_on = None

ALL = "00000000-0000-0000-0000-000000000000"
LARGE = (
    *("revenue_fares", "revenue_overdue", "revenue_sales", "given_back", "partner_shares", "crew_pay", "tax_withheld"),
    *("promotion_cost", "waived", "topped_up", "rented_minutes", "ejection_milliseconds", "offline_seconds"),
    *("maintenance_seconds", "empty_seconds", "full_seconds", "refused_value", "task_seconds"),
)
SMALL = (
    *("rentals_initiated", "rentals_started", "rentals_completed", "rentals_on_time", "rentals_overdue"),
    *("rentals_cancelled", "rentals_failed", "rentals_lost", "returns", "returns_from_elsewhere", "ejections"),
    *("ejections_failed", "issues", "refused_starts", "refused_empty", "refused_offline", "refused_funds"),
    *("page_opens", "sign_ups", "verified", "tasks_done", "banks_moved"),
)


def upgrade() -> None:
    op.create_table(
        "figure_selected_stations",
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint(
            "selection", "station_id", "starts_on", "last_day", name=op.f("pk_figure_selected_stations")
        ),
    )
    op.create_index("ix_figure_selected_stations_station_id", "figure_selected_stations", ["station_id"])
    for table, time in (
        ("figure_selection_hours", sa.Column("at", sa.DateTime(timezone=True), nullable=False)),
        ("figure_selection_days", sa.Column("day", sa.Date(), nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column("selection", sa.Text(), nullable=False),
            sa.Column("package_id", sa.Uuid(), nullable=False),
            time,
            *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in LARGE),
            *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in SMALL),
            sa.PrimaryKeyConstraint("selection", "package_id", time.name, name=op.f(f"pk_{table}")),
        )
        op.create_index(f"ix_{table}_{time.name}", table, [time.name])
    op.add_column(
        "figure_marks", sa.Column("has_selections", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("figure_leaders", sa.Column("selection", sa.Text(), server_default="", nullable=False))
    op.add_column("figure_leaders", sa.Column("package_id", sa.Uuid(), server_default=ALL, nullable=False))
    op.add_column("figure_leaders", sa.Column("figure", sa.Text(), server_default="revenue", nullable=False))
    op.drop_constraint("pk_figure_leaders", "figure_leaders")
    op.create_primary_key("pk_figure_leaders", "figure_leaders", ["days", "selection", "package_id", "figure", "place"])


def downgrade() -> None:
    op.execute("DELETE FROM figure_leaders")
    op.drop_constraint("pk_figure_leaders", "figure_leaders")
    op.create_primary_key("pk_figure_leaders", "figure_leaders", ["days", "place"])
    op.drop_column("figure_leaders", "figure")
    op.drop_column("figure_leaders", "package_id")
    op.drop_column("figure_leaders", "selection")
    op.drop_column("figure_marks", "has_selections")
    for table in ("figure_selection_days", "figure_selection_hours", "figure_selected_stations"):
        op.drop_table(table)
