"""Who answers for a coupon that gives points, and who approved it.

Revision: 0033c
After: 0033b
"""

import sqlalchemy as sa
from alembic import op

revision = "0033c"
down_revision = "0033b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("set_by", "approved_by"):
        op.add_column("coupons", sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_coupons_{column}_staff"), "coupons", "staff", [column], ["id"], postgresql_not_valid=True
        )
        op.execute(f"ALTER TABLE coupons VALIDATE CONSTRAINT fk_coupons_{column}_staff")
    op.create_check_constraint(
        op.f("ck_coupons_two_people"), "coupons", "approved_by <> set_by", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE coupons VALIDATE CONSTRAINT ck_coupons_two_people")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_coupons_two_people"), "coupons")
    op.drop_column("coupons", "approved_by")
    op.drop_column("coupons", "set_by")
