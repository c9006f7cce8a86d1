"""When a spent refresh token came once more, because the answer to its first use was lost.

Revision: 0032b
After: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0032b"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ("refresh_tokens", "staff_refresh_tokens")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "repeated_at")
