"""Create refunds, chargebacks, and the daily comparison of payments with the gateways.

Revision: 0012_refunds
After: 0011_payments
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_refunds"
down_revision = "0011_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("refund_transaction_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("gateway_amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("first_approved_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("gateway_reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('completed', 'rejected')) = (finished_at IS NOT NULL)", name=op.f("ck_refunds_finished")
        ),
        sa.CheckConstraint(
            "status <> 'completed' OR refund_transaction_id IS NOT NULL", name=op.f("ck_refunds_completed")
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'processing', 'manual', 'completed', 'rejected')", name=op.f("ck_refunds_status")
        ),
        sa.CheckConstraint(
            "status NOT IN ('processing', 'manual') OR intent_id IS NOT NULL", name=op.f("ck_refunds_through_gateway")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint("decided_by <> first_approved_by", name=op.f("ck_refunds_two_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_refunds_decided_by_staff")),
        sa.ForeignKeyConstraint(["first_approved_by"], ["staff.id"], name=op.f("fk_refunds_first_approved_by_staff")),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_refunds_intent_id_payment_intents")
        ),
        sa.ForeignKeyConstraint(
            ["refund_transaction_id"],
            ["wallet_transactions.id"],
            name=op.f("fk_refunds_refund_transaction_id_wallet_transactions"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["wallet_transactions.id"], name=op.f("fk_refunds_transaction_id_wallet_transactions")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refunds_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("refund_transaction_id", name=op.f("uq_refunds_refund_transaction_id")),
    )
    op.create_index(
        "ix_refunds_gateway_reference",
        "refunds",
        ["gateway_reference"],
        postgresql_where=sa.text("gateway_reference IS NOT NULL"),
    )
    op.create_index(op.f("ix_refunds_intent_id"), "refunds", ["intent_id"])
    op.create_index("ix_refunds_status", "refunds", ["status", "id"])
    op.create_index("ix_refunds_transaction", "refunds", ["transaction_id", "id"])
    op.create_index("ix_refunds_user", "refunds", ["user_id", "id"])
    op.create_index(
        "uq_refunds_open",
        "refunds",
        ["transaction_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('requested', 'processing', 'manual')"),
    )

    op.create_table(
        "chargebacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('dispute', 'refund')", name=op.f("ck_chargebacks_kind")),
        sa.CheckConstraint("state IN ('taken', 'given_back', 'nothing')", name=op.f("ck_chargebacks_state")),
        sa.CheckConstraint("(transaction_id IS NOT NULL) = (amount > 0)", name=op.f("ck_chargebacks_booked")),
        sa.CheckConstraint("claimed > 0 AND amount >= 0", name=op.f("ck_chargebacks_amounts")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["wallet_transactions.id"],
            name=op.f("fk_chargebacks_transaction_id_wallet_transactions"),
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_chargebacks_intent_id_payment_intents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargebacks")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_chargebacks_transaction_id")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("uq_chargebacks_gateway_gateway_id")),
    )
    op.create_index(op.f("ix_chargebacks_intent_id"), "chargebacks", ["intent_id"])

    op.create_table(
        "settlement_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unanswered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_checks")),
    )
    op.create_index(op.f("ix_settlement_checks_started_at"), "settlement_checks", ["started_at"])
    op.create_index(
        "uq_settlement_checks_open",
        "settlement_checks",
        [sa.literal_column("(finished_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )

    op.create_table(
        "settlement_comparisons",
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NOT DISTINCT FROM 'differs') = (what IS NOT NULL)", name=op.f("ck_settlement_comparisons_what")
        ),
        sa.CheckConstraint(
            "outcome IN ('agrees', 'differs', 'unanswered')", name=op.f("ck_settlement_comparisons_outcome")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (compared_at IS NULL)", name=op.f("ck_settlement_comparisons_compared")
        ),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["settlement_checks.id"],
            name=op.f("fk_settlement_comparisons_check_id_settlement_checks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_settlement_comparisons_intent_id_payment_intents")
        ),
        sa.PrimaryKeyConstraint("check_id", "intent_id", name=op.f("pk_settlement_comparisons")),
    )
    op.create_index(
        "ix_settlement_comparisons_differences",
        "settlement_comparisons",
        ["check_id", "intent_id"],
        postgresql_where=sa.text("outcome = 'differs'"),
    )
    op.create_index(
        "ix_settlement_comparisons_waiting",
        "settlement_comparisons",
        ["gateway", "lane", "tries", "intent_id"],
        postgresql_where=sa.text("outcome IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("settlement_comparisons")
    op.drop_table("settlement_checks")
    op.drop_table("chargebacks")
    op.drop_table("refunds")
