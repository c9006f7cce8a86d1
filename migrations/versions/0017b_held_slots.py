"""Slots that staff have to look at, and protocols that the database need not know by name.

Revision: 0017b
After: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017b"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slots", sa.Column("held_because", sa.Text(), nullable=True))
    op.drop_constraint("ck_stations_protocol", "stations")
    op.execute(
        "ALTER TABLE stations ADD CONSTRAINT ck_stations_protocol"
        " CHECK (protocol ~ '^[a-z0-9][a-z0-9.-]{0,39}$') NOT VALID"
    )
    op.execute("ALTER TABLE stations VALIDATE CONSTRAINT ck_stations_protocol")


def downgrade() -> None:
    op.drop_constraint("ck_stations_protocol", "stations")
    op.execute(
        "ALTER TABLE stations ADD CONSTRAINT ck_stations_protocol"
        " CHECK (protocol IN ('json-v1', 'volinks-v1')) NOT VALID"
    )
    op.drop_column("slots", "held_because")
