"""List refused starts by their station and by their reason, newest first.

Indexes are made without a lock, outside the transaction.

Revision: 0046_list_refused_starts
After: 0045_read_at_any_size
"""

from alembic import op

revision = "0046_list_refused_starts"
down_revision = "0045_read_at_any_size"
branch_labels = None
depends_on = None

COLUMNS = ("station_sn", "reason")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for column in COLUMNS:
            name = f"ix_refused_starts_{column}"
            # One that a broken run left behind is not valid.
            op.drop_index(name, "refused_starts", if_exists=True, postgresql_concurrently=True)
            op.create_index(name, "refused_starts", [column, "id"], postgresql_concurrently=True)


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_refused_starts_{column}", "refused_starts")
