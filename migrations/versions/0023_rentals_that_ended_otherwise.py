"""Staff find the few rentals that failed or were lost without reading the many that were completed.

Revision: 0023
After: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_rentals_ended_otherwise",
            "rentals",
            ["status", "id"],
            postgresql_where=sa.text("status IN ('cancelled', 'failed', 'lost')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_rentals_ended_otherwise", table_name="rentals")
