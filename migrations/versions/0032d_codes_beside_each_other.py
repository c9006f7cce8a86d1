"""Several codes of a number are good at once, and what strangers ask for is counted by itself.

Revision: 0032d
After: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0032d"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verified_addresses",
        sa.Column("identifier", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "address", name=op.f("pk_verified_addresses")),
    )
    op.create_index(op.f("ix_verified_addresses_verified_at"), "verified_addresses", ["verified_at"])
    op.add_column("otp_challenges", sa.Column("asked_from", sa.Text(), server_default="stranger", nullable=False))
    op.create_check_constraint(
        op.f("ck_otp_challenges_asked_from"),
        "otp_challenges",
        "asked_from IN ('stranger', 'address', 'device')",
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE otp_challenges VALIDATE CONSTRAINT ck_otp_challenges_asked_from")
    op.drop_index("uq_otp_challenges_open", table_name="otp_challenges")


def downgrade() -> None:
    # Only the newest one of each number stays good.
    op.execute("""
        UPDATE otp_challenges AS old SET ended_at = now()
         WHERE ended_at IS NULL AND EXISTS (SELECT FROM otp_challenges AS newer
                WHERE newer.identifier = old.identifier AND newer.ended_at IS NULL AND newer.id > old.id)
    """)
    op.create_index(
        "uq_otp_challenges_open",
        "otp_challenges",
        ["identifier"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_constraint(op.f("ck_otp_challenges_asked_from"), "otp_challenges", type_="check")
    op.drop_column("otp_challenges", "asked_from")
    op.drop_table("verified_addresses")
