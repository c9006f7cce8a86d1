"""Keep when stations came and went.

Revision: 0031_station_history
After: 0030_operation_items
"""

import sqlalchemy as sa
from alembic import op

revision = "0031_station_history"
down_revision = "0030_operation_items"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
NOTE_STATION_STATUS = """
CREATE OR REPLACE FUNCTION note_station_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.station_status_changes AS noted (station_id, at, status)
    VALUES (NEW.station_id, clock_timestamp(),
            CASE WHEN NEW.maintenance THEN 'maintenance' WHEN NEW.online THEN 'online' ELSE 'offline' END)
        ON CONFLICT (station_id, at) DO UPDATE SET status = excluded.status;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_first_station_status AFTER INSERT ON station_live
    FOR EACH ROW EXECUTE FUNCTION note_station_status();

CREATE OR REPLACE TRIGGER note_station_status AFTER UPDATE OF online, maintenance ON station_live
    FOR EACH ROW WHEN (OLD.maintenance <> NEW.maintenance OR (NOT NEW.maintenance AND OLD.online <> NEW.online))
    EXECUTE FUNCTION note_station_status();
"""
STATUS_NOW = """
INSERT INTO station_status_changes (station_id, at, status)
SELECT station_id, now(), CASE WHEN maintenance THEN 'maintenance' WHEN online THEN 'online' ELSE 'offline' END
  FROM station_live
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "station_status_changes",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('online', 'offline', 'maintenance')", name=op.f("ck_station_status_changes_status")
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_station_status_changes_station_id_stations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("station_id", "at", name=op.f("pk_station_status_changes")),
    )
    op.create_index("ix_station_status_changes_at", "station_status_changes", ["at"])
    op.execute(NOTE_STATION_STATUS)
    op.execute(STATUS_NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION note_station_status CASCADE")
    op.drop_table("station_status_changes")
