"""Add up whole numbers without a detour by way of numeric.

Revision: 0054_sums_of_whole_numbers
After: 0053_boots_before_reboots
"""

from alembic import op

revision = "0054_sums_of_whole_numbers"
down_revision = "0053_boots_before_reboots"
branch_labels = None
depends_on = None

SUM_WHOLE = """
CREATE OR REPLACE AGGREGATE sum_whole(bigint) (
    SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = safe
);
"""


def upgrade() -> None:
    op.execute(SUM_WHOLE)


def downgrade() -> None:
    op.execute("DROP AGGREGATE sum_whole(bigint)")
