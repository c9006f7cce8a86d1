"""Let the lists of stations, power banks, issues and discrepancies that staff filter be read in the order of an index.

Revision: 0032_lists_of_stations
After: 0031_station_history
"""

import sqlalchemy as sa
from alembic import op

revision = "0032_lists_of_stations"
down_revision = "0031_station_history"
branch_labels = None
depends_on = None

INDEXES = (
    (
        "ix_station_live_offline",
        "station_live",
        ["sn"],
        {"postgresql_where": sa.text("NOT online AND NOT maintenance")},
    ),
    ("ix_station_live_maintenance", "station_live", ["sn"], {"postgresql_where": sa.text("maintenance")}),
    ("ix_custody_place", "custody", ["place", "bank_id"], {"postgresql_where": sa.text("upper_inf(period)")}),
    ("ix_power_banks_faulty", "power_banks", ["id"], {"postgresql_where": sa.text("health = 'faulty'")}),
    (
        "ix_power_banks_held",
        "power_banks",
        ["id"],
        {"postgresql_where": sa.text("quarantine_reason IS NOT NULL OR doubt IS NOT NULL")},
    ),
    ("ix_discrepancies_open", "discrepancies", ["id"], {"postgresql_where": sa.text("resolved_at IS NULL")}),
    ("ix_station_issues_open", "station_issues", ["id"], {"postgresql_where": sa.text("resolved_at IS NULL")}),
    ("ix_station_issues_station_id", "station_issues", ["station_id", "id"], {}),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns, more in INDEXES:
            # One that a broken run left behind is not valid.
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, table, columns, postgresql_concurrently=True, **more)


def downgrade() -> None:
    for name, table, _columns, _more in INDEXES:
        op.drop_index(name, table)
