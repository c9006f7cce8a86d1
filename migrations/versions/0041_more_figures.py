"""Keep figures of the crew, of issues and of balances, who earned most, and when an hour that takes long is made again.

Revision: 0041_more_figures
After: 0040_partner_mails
"""

import sqlalchemy as sa
from alembic import op

revision = "0041_more_figures"
down_revision = "0040_partner_mails"
branch_labels = None
depends_on = None

TABLES = ("figure_hours", "figure_days")
COUNTS = ("issues", "tasks_done", "banks_moved")


def upgrade() -> None:
    for table in TABLES:
        for name in COUNTS:
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("task_seconds", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("figure_marks", sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "figure_leaders",
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("days", "place", name=op.f("pk_figure_leaders")),
    )
    op.create_table(
        "figure_balance_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wallet_float", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dues_open", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_figure_balance_days")),
    )


def downgrade() -> None:
    op.drop_table("figure_balance_days")
    op.drop_table("figure_leaders")
    op.drop_column("figure_marks", "rests_until")
    for table in TABLES:
        for name in (*COUNTS, "task_seconds"):
            op.drop_column(table, name)
