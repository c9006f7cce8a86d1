"""Know everybody who has taken a bank file, and what the first of two people said of a payout.

Revision: 0052_two_people_pay
After: 0051_operation_choices
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052_two_people_pay"
down_revision = "0051_operation_choices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("file_takers", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("payouts", sa.Column("outcome_said", sa.Text()))
    op.create_check_constraint(
        op.f("ck_payouts_outcome_said"),
        "payouts",
        "outcome_said IS NULL OR (outcome_said IN ('paid', 'failed') AND decided_by IS NOT NULL)",
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE payouts VALIDATE CONSTRAINT ck_payouts_outcome_said")


def downgrade() -> None:
    op.drop_column("payouts", "outcome_said")
    op.drop_column("payouts", "file_takers")
