"""Let what was found to read whole tables be read by indexes.

A seal is begun each ten minutes, and a run of payouts asks for one too. It reads the newest posting of each account
whose balance is no row of its own: some thousand, among six accounts for each person. And whoever asks for all that is
kept of a person had every hold, lot, coupon and refused start of the network read.

Revision: 0045_read_at_any_size
After: 0044_partner_reports
"""

import sqlalchemy as sa
from alembic import op

revision = "0045_read_at_any_size"
down_revision = "0044_partner_reports"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_ledger_accounts_hot", "ledger_accounts", ["id"], {"postgresql_where": sa.text("NOT floored")}),
    ("ix_ledger_holds_user_id", "ledger_holds", ["user_id", "id"], {}),
    ("ix_points_lots_user_id", "points_lots", ["user_id", "id"], {}),
    ("ix_coupon_redemptions_user_id", "coupon_redemptions", ["user_id", "id"], {}),
    ("ix_refused_starts_user_id", "refused_starts", ["user_id", "id"], {}),
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
