"""Refunds, of payments and of top-ups.

Revision: 0011b
After: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011b"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = "status IN ('requested', 'processing', 'manual')"


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("return_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=True),
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
            "status IN ('requested', 'processing', 'manual', 'completed', 'rejected')", name=op.f("ck_refunds_status")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount")),
        sa.CheckConstraint("decided_by <> first_approved_by", name=op.f("ck_refunds_two_people")),
        sa.CheckConstraint("status <> 'completed' OR return_id IS NOT NULL", name=op.f("ck_refunds_completed")),
        sa.CheckConstraint(
            "status NOT IN ('processing', 'manual') OR intent_id IS NOT NULL", name=op.f("ck_refunds_through_gateway")
        ),
        sa.CheckConstraint(
            "(status IN ('completed', 'rejected')) = (finished_at IS NOT NULL)", name=op.f("ck_refunds_finished")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refunds_user_id_users")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["wallet_transactions.id"], name=op.f("fk_refunds_transaction_id_wallet_transactions")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["wallet_transactions.id"], name=op.f("fk_refunds_return_id_wallet_transactions")
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_refunds_intent_id_payment_intents")
        ),
        sa.ForeignKeyConstraint(["first_approved_by"], ["staff.id"], name=op.f("fk_refunds_first_approved_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_refunds_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("return_id", name=op.f("uq_refunds_return_id")),
    )
    op.create_index("uq_refunds_open", "refunds", ["transaction_id"], unique=True, postgresql_where=sa.text(OPEN))
    op.create_index("ix_refunds_transaction", "refunds", ["transaction_id", "id"], unique=False)
    op.create_index("ix_refunds_user", "refunds", ["user_id", "id"], unique=False)
    op.create_index("ix_refunds_status", "refunds", ["status", "id"], unique=False)
    op.create_index(op.f("ix_refunds_intent_id"), "refunds", ["intent_id"], unique=False)
    op.create_index(
        "ix_refunds_gateway_reference",
        "refunds",
        ["gateway_reference"],
        unique=False,
        postgresql_where=sa.text("gateway_reference IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("refunds")
