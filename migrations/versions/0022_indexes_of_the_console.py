"""Index what staff find power banks, coupons and rentals in trouble by, and validate what holds for claims.

No statement here locks a table for as long as it reads the rows. One that was interrupted is done again.

Revision: 0022_indexes_of_the_console
After: 0021_claims_and_notes
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_indexes_of_the_console"
down_revision = "0021_claims_and_notes"
branch_labels = None
depends_on = None

NAMES = (
    "ix_kyc_records_claimed_by",
    "ix_power_banks_serial_prefix",
    "ix_coupon_codes_prefix",
    "ix_rentals_came_late",
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE kyc_records VALIDATE CONSTRAINT fk_kyc_records_claimed_by_staff")
        op.execute("ALTER TABLE kyc_records VALIDATE CONSTRAINT ck_kyc_records_claimed")
        for name in NAMES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            "ix_kyc_records_claimed_by",
            "kyc_records",
            ["claimed_by"],
            postgresql_where=sa.text("claimed_by IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_power_banks_serial_prefix",
            "power_banks",
            [sa.literal_column("lower(serial)").label("beginning")],
            postgresql_ops={"beginning": "text_pattern_ops"},
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_coupon_codes_prefix",
            "coupon_codes",
            ["code"],
            postgresql_ops={"code": "text_pattern_ops"},
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_rentals_came_late",
            "rentals",
            ["id"],
            postgresql_where=sa.text("came_late"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    for name in reversed(NAMES):
        op.execute(f"DROP INDEX {name}")
