"""Keep refused starts and the stocks of each hour, and count what is out and away by an index.

Indexes are made without a lock, outside the transaction. So what is there already is passed over: a run that was
interrupted is done again.

Revision: 0024_now
After: 0023_promises
"""

import sqlalchemy as sa
from alembic import op

revision = "0024_now"
down_revision = "0023_promises"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_starts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_sn", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refused_starts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_starts")),
        if_not_exists=True,
    )
    op.create_table(
        "refused_starts_of_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("station_sn", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "station_sn", "reason", name=op.f("pk_refused_starts_of_days")),
        if_not_exists=True,
    )
    op.create_table(
        "hourly_stocks",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_rentals", sa.Integer(), nullable=False),
        sa.Column("overdue_rentals", sa.Integer(), nullable=False),
        sa.Column("banks_out", sa.Integer(), nullable=False),
        sa.Column("stations_away", sa.Integer(), nullable=False),
        sa.Column("dues", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_hourly_stocks")),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_custody_out")
        op.create_index(
            "ix_custody_out",
            "custody",
            ["bank_id"],
            postgresql_where=sa.text("upper_inf(period) AND place = 'user'"),
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_station_live_away")
        op.create_index(
            "ix_station_live_away",
            "station_live",
            ["station_id"],
            postgresql_where=sa.text("active AND NOT online AND NOT maintenance"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_station_live_away", table_name="station_live", postgresql_concurrently=True, if_exists=True)
        op.drop_index("ix_custody_out", table_name="custody", postgresql_concurrently=True, if_exists=True)
    op.drop_table("hourly_stocks")
    op.drop_table("refused_starts_of_days")
    op.drop_table("refused_starts")
