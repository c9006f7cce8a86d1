"""A due bars from renting at once, so what is kept is when its person was told that it is collected from now on. Lists
of dues, for people and staff.

Revision: 0033
After: 0037d
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0037d"
branch_labels = None
depends_on = None

LISTS = {
    "ix_ledger_dues_user": (["user_id", "id"], None),
    "ix_ledger_dues_open": (["id"], "status = 'open'"),
    "ix_ledger_dues_cause": (["reference_kind", "id"], None),
}


def upgrade() -> None:
    op.alter_column("ledger_dues", "blocked_at", new_column_name="late_told_at")
    with op.get_context().autocommit_block():
        for name, (columns, where) in LISTS.items():
            op.create_index(
                name,
                "ledger_dues",
                columns,
                postgresql_where=sa.text(where) if where else None,
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    for name in reversed(LISTS):
        op.drop_index(name, table_name="ledger_dues")
    op.alter_column("ledger_dues", "late_told_at", new_column_name="blocked_at")
