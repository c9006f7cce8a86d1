"""Who was told of low credit and high usage; dues that block renting.

Revision: 0011e
After: 0011d
"""

import sqlalchemy as sa
from alembic import op

revision = "0011e"
down_revision = "0011d"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.create_index("ix_credit_alerts_created_at", "credit_alerts", ["created_at"], unique=False)
    op.add_column("ledger_dues", sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_ledger_dues_grace",
            "ledger_dues",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("status = 'open' AND blocked_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(
        "ix_ledger_dues_grace",
        table_name="ledger_dues",
        postgresql_where=sa.text("status = 'open' AND blocked_at IS NULL"),
    )
    op.drop_column("ledger_dues", "blocked_at")
    op.drop_table("credit_alerts")
