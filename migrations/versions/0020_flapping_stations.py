"""How often a station went away of late: one that goes and comes all the time is told of once.

Revision: 0020
After: 0019b
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A constant default rewrites nothing.
    op.add_column("station_state", sa.Column("outages", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("station_state", sa.Column("outages_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("station_state", "outages_since")
    op.drop_column("station_state", "outages")
