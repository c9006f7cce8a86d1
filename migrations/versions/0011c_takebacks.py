"""What gateways took back by themselves.

Revision: 0011c
After: 0011b
"""

import sqlalchemy as sa
from alembic import op

revision = "0011c"
down_revision = "0011b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_takebacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("chargeback_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('dispute', 'refund')", name=op.f("ck_gateway_takebacks_kind")),
        sa.CheckConstraint("state IN ('taken', 'given_back', 'nothing')", name=op.f("ck_gateway_takebacks_state")),
        sa.CheckConstraint("claimed > 0 AND amount >= 0", name=op.f("ck_gateway_takebacks_amounts")),
        sa.CheckConstraint("(chargeback_id IS NOT NULL) = (amount > 0)", name=op.f("ck_gateway_takebacks_booked")),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_gateway_takebacks_intent_id_payment_intents")
        ),
        sa.ForeignKeyConstraint(
            ["chargeback_id"],
            ["wallet_transactions.id"],
            name=op.f("fk_gateway_takebacks_chargeback_id_wallet_transactions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_takebacks")),
        sa.UniqueConstraint("chargeback_id", name=op.f("uq_gateway_takebacks_chargeback_id")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("uq_gateway_takebacks_gateway_gateway_id")),
    )
    op.create_index(op.f("ix_gateway_takebacks_intent_id"), "gateway_takebacks", ["intent_id"], unique=False)


def downgrade() -> None:
    op.drop_table("gateway_takebacks")
