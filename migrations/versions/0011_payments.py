"""Create payments through gateways, what gateways send, exchange rates, and the alerts of low credit at vendors.

Revision: 0011_payments
After: 0010_points
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011_payments"
down_revision = "0010_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_intents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=8), nullable=True),
        sa.Column("rate_day", sa.Date(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("payment_url", sa.Text(), nullable=True),
        sa.Column("form", postgresql.JSONB(), nullable=True),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gateway_answer", postgresql.JSONB(), nullable=True),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(currency = 'NPR') = (rate IS NULL)", name=op.f("ck_payment_intents_rate")),
        sa.CheckConstraint("currency <> 'NPR' OR charged = amount", name=op.f("ck_payment_intents_charged")),
        sa.CheckConstraint(
            "status <> 'success' OR (payment_id IS NOT NULL AND settled_at IS NOT NULL)",
            name=op.f("ck_payment_intents_settled"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'ready', 'processing', 'success', 'failed', 'expired', 'cancelled', 'review')",
            name=op.f("ck_payment_intents_status"),
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL)",
            name=op.f("ck_payment_intents_resolved"),
        ),
        sa.CheckConstraint("amount > 0 AND charged > 0", name=op.f("ck_payment_intents_amounts")),
        sa.ForeignKeyConstraint(["resolved_by"], ["staff.id"], name=op.f("fk_payment_intents_resolved_by_staff")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["wallet_transactions.id"],
            name=op.f("fk_payment_intents_transaction_id_wallet_transactions"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payment_intents_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intents")),
        sa.UniqueConstraint("gateway", "payment_id", name=op.f("uq_payment_intents_gateway_payment_id")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_payment_intents_gateway_reference")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_payment_intents_transaction_id")),
    )
    op.create_index(
        "ix_payment_intents_poll", "payment_intents", ["poll_at"], postgresql_where=sa.text("poll_at IS NOT NULL")
    )
    op.create_index("ix_payment_intents_status", "payment_intents", ["status", "id"])
    op.create_index("ix_payment_intents_user", "payment_intents", ["user_id", "id"])

    op.create_table(
        "gateway_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'waiting', 'processed', 'ignored', 'forged')", name=op.f("ck_gateway_events_state")
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_gateway_events_intent_id_payment_intents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_events")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_gateway_events_gateway_event_id")),
    )
    op.create_index(op.f("ix_gateway_events_intent_id"), "gateway_events", ["intent_id"])
    op.create_index("ix_gateway_events_received_at", "gateway_events", ["received_at"])
    op.create_index("ix_gateway_events_state", "gateway_events", ["state", "id"])
    op.create_index(
        "ix_gateway_events_waiting",
        "gateway_events",
        ["gateway", "reference"],
        postgresql_where=sa.text("state = 'waiting'"),
    )

    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("buy", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("sell", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("buy > 0 AND sell > 0", name=op.f("ck_exchange_rates_positive")),
        sa.PrimaryKeyConstraint("currency", "day", name=op.f("pk_exchange_rates")),
    )

    op.create_table(
        "credit_alerts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('low_credit', 'critical_credit', 'high_usage')", name=op.f("ck_credit_alerts_kind")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_credit_alerts_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", "window", name=op.f("pk_credit_alerts")),
    )
    op.create_index("ix_credit_alerts_created_at", "credit_alerts", ["created_at"])


def downgrade() -> None:
    op.drop_table("credit_alerts")
    op.drop_table("exchange_rates")
    op.drop_table("gateway_events")
    op.drop_table("payment_intents")
