"""List the webhooks of one gateway, newest first, by an index.

The index is made without a lock, outside the transaction.

Revision: 0047_webhooks_by_gateway
After: 0046_list_refused_starts
"""

from alembic import op

revision = "0047_webhooks_by_gateway"
down_revision = "0046_list_refused_starts"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_gateway_events_gateway", "gateway_events"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that a broken run left behind is not valid.
        op.drop_index(NAME, TABLE, if_exists=True, postgresql_concurrently=True)
        op.create_index(NAME, TABLE, ["gateway", "id"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
