"""Let jobs and commands carry the span that asked for them.

Revision: 0049_traces
After: 0048_topics_of_support
"""

import sqlalchemy as sa
from alembic import op

revision = "0049_traces"
down_revision = "0048_topics_of_support"
branch_labels = None
depends_on = None

TABLES = ("outbox_jobs", "station_commands")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("traceparent", sa.Text(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "traceparent")
