"""Create what stands beside the ledger: wallet transactions, holds, dues, adjustments, acts of staff that move worth.

Revision: 0009_wallet
After: 0008_ledger
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009_wallet"
down_revision = "0008_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wallet_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("refund_of", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("wallet", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_wallet", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refunded_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.Text(), nullable=True),
        sa.Column("reference_kind", sa.Text(), nullable=True),
        sa.Column("reference_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'refunded') = (refunded_wallet = wallet AND refunded_points = points"
            " AND refunded_value = points_value)",
            name=op.f("ck_wallet_transactions_refunded"),
        ),
        sa.CheckConstraint(
            "(status IN ('success', 'refunded')) = (entry_id IS NOT NULL)", name=op.f("ck_wallet_transactions_entry")
        ),
        sa.CheckConstraint(
            "(type = 'refund') = (refund_of IS NOT NULL)", name=op.f("ck_wallet_transactions_refund_of")
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_wallet_transactions_direction")),
        sa.CheckConstraint(
            "revenue IN ('overdue_revenue', 'rental_revenue', 'sales_revenue')",
            name=op.f("ck_wallet_transactions_revenue"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'success', 'failed', 'refunded')", name=op.f("ck_wallet_transactions_status")
        ),
        sa.CheckConstraint(
            "type IN ('topup', 'rental', 'rental_due', 'sale', 'refund', 'adjustment')",
            name=op.f("ck_wallet_transactions_type"),
        ),
        sa.CheckConstraint("(points > 0) = (points_value > 0)", name=op.f("ck_wallet_transactions_points")),
        sa.CheckConstraint("refunded_points BETWEEN 0 AND points", name=op.f("ck_wallet_transactions_refunded_points")),
        sa.CheckConstraint(
            "refunded_value BETWEEN 0 AND points_value", name=op.f("ck_wallet_transactions_refunded_value")
        ),
        sa.CheckConstraint("refunded_wallet BETWEEN 0 AND wallet", name=op.f("ck_wallet_transactions_refunded_wallet")),
        sa.CheckConstraint("wallet + points_value > 0", name=op.f("ck_wallet_transactions_something")),
        sa.CheckConstraint(
            "wallet >= 0 AND points >= 0 AND points_value >= 0", name=op.f("ck_wallet_transactions_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_wallet_transactions_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["refund_of"], ["wallet_transactions.id"], name=op.f("fk_wallet_transactions_refund_of_wallet_transactions")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wallet_transactions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transactions")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_wallet_transactions_entry_id")),
    )
    op.create_index("ix_wallet_transactions_reference", "wallet_transactions", ["reference_kind", "reference_id"])
    op.create_index(op.f("ix_wallet_transactions_refund_of"), "wallet_transactions", ["refund_of"])
    op.create_index("ix_wallet_transactions_user", "wallet_transactions", ["user_id", "id"])

    op.create_table(
        "ledger_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'open') = (captured + released < amount)", name=op.f("ck_ledger_holds_open")),
        sa.CheckConstraint("currency IN ('NPR', 'PTS')", name=op.f("ck_ledger_holds_currency")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_ledger_holds_status")),
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND released >= 0", name=op.f("ck_ledger_holds_amounts")),
        sa.CheckConstraint("captured + released <= amount", name=op.f("ck_ledger_holds_bound")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_holds_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_holds_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_holds")),
    )
    op.create_index(op.f("ix_ledger_holds_entry_id"), "ledger_holds", ["entry_id"])
    op.create_index(
        "ix_ledger_holds_open_of_user", "ledger_holds", ["user_id"], postgresql_where=sa.text("status = 'open'")
    )
    op.create_index("ix_ledger_holds_reference", "ledger_holds", ["reference_kind", "reference_id"])
    op.create_index(
        "uq_ledger_holds_open",
        "ledger_holds",
        ["reference_kind", "reference_id", "currency"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )

    op.create_table(
        "ledger_dues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("revenue", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collection_notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_ledger_dues_closed")),
        sa.CheckConstraint("(status = 'open') = (paid + waived < amount)", name=op.f("ck_ledger_dues_open")),
        sa.CheckConstraint(
            "revenue IN ('overdue_revenue', 'rental_revenue', 'sales_revenue')", name=op.f("ck_ledger_dues_revenue")
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_ledger_dues_status")),
        sa.CheckConstraint("amount > 0 AND paid >= 0 AND waived >= 0", name=op.f("ck_ledger_dues_amounts")),
        sa.CheckConstraint("paid + waived <= amount", name=op.f("ck_ledger_dues_bound")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_dues_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_dues_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_dues")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_dues_entry_id")),
    )
    op.create_index("ix_ledger_dues_cause", "ledger_dues", ["reference_kind", "id"])
    op.create_index(
        "ix_ledger_dues_grace",
        "ledger_dues",
        ["created_at"],
        postgresql_where=sa.text("status = 'open' AND collection_notice_at IS NULL"),
    )
    op.create_index("ix_ledger_dues_open", "ledger_dues", ["id"], postgresql_where=sa.text("status = 'open'"))
    op.create_index(
        "ix_ledger_dues_open_of_user",
        "ledger_dues",
        ["user_id", "created_at"],
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_ledger_dues_reference", "ledger_dues", ["reference_kind", "reference_id"])
    op.create_index("ix_ledger_dues_user", "ledger_dues", ["user_id", "id"])

    op.create_table(
        "ledger_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'applied') = (entry_id IS NOT NULL)", name=op.f("ck_ledger_adjustments_entry")),
        sa.CheckConstraint("currency IN ('NPR', 'PTS')", name=op.f("ck_ledger_adjustments_currency")),
        sa.CheckConstraint("status <> 'pending' OR decided_by IS NULL", name=op.f("ck_ledger_adjustments_pending")),
        sa.CheckConstraint(
            "status <> 'rejected' OR decided_by IS NOT NULL", name=op.f("ck_ledger_adjustments_rejected")
        ),
        sa.CheckConstraint("status IN ('pending', 'applied', 'rejected')", name=op.f("ck_ledger_adjustments_status")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_adjustments_amount")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_ledger_adjustments_two_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_ledger_adjustments_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_ledger_adjustments_decided_by_staff")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_adjustments_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_adjustments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_adjustments")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_adjustments_entry_id")),
    )
    op.create_index("ix_ledger_adjustments_asked", "ledger_adjustments", ["asked_by", "created_at"])
    op.create_index(
        "ix_ledger_adjustments_pending", "ledger_adjustments", ["id"], postgresql_where=sa.text("status = 'pending'")
    )
    op.create_index(op.f("ix_ledger_adjustments_user_id"), "ledger_adjustments", ["user_id"])

    op.create_table(
        "staff_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Text(), nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'rejected')) = (decided_by IS NOT NULL)", name=op.f("ck_staff_acts_decided")
        ),
        sa.CheckConstraint(
            "act IN ('adjustment', 'points_grant', 'coupon', 'refund', 'rental_refund', 'rental_charge', "
            "'rental_loss', 'due_waiver')",
            name=op.f("ck_staff_acts_act"),
        ),
        sa.CheckConstraint("status IN ('alone', 'waiting', 'approved', 'rejected')", name=op.f("ck_staff_acts_status")),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_staff_acts_decided_at")),
        sa.CheckConstraint("decided_by <> staff_id", name=op.f("ck_staff_acts_two_people")),
        sa.CheckConstraint("worth >= 0", name=op.f("ck_staff_acts_worth")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_staff_acts_decided_by_staff")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_acts_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_acts")),
    )
    op.create_index("ix_staff_acts_about", "staff_acts", ["about_kind", "about_id"])
    op.create_index(
        "ix_staff_acts_alone", "staff_acts", ["staff_id", "created_at"], postgresql_where=sa.text("status = 'alone'")
    )
    op.create_index("ix_staff_acts_status", "staff_acts", ["status", "id"])


def downgrade() -> None:
    op.drop_table("staff_acts")
    op.drop_table("ledger_adjustments")
    op.drop_table("ledger_dues")
    op.drop_table("ledger_holds")
    op.drop_table("wallet_transactions")
