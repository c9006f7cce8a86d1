"""A count of the changes of the broker's accounts, and the name of the daemon's session there.

Revision: 0034
After: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None

# In the transaction of the change, so that whoever reads the new number reads the new accounts too; a sequence would
# be ahead of them. Two changes at once wait for each other here.
COUNT = """
CREATE FUNCTION count_broker_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO broker_state AS state (single, accounts_version) VALUES (true, 1)
        ON CONFLICT (single) DO UPDATE SET accounts_version = state.accounts_version + 1;
    RETURN NULL;
END
$$
"""
TRIGGERS = {
    "station_credentials": "INSERT OR UPDATE OR DELETE",
    "stations": "UPDATE OF active",
}


def upgrade() -> None:
    op.create_table(
        "broker_state",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("accounts_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("daemon_session", sa.Text(), nullable=True),
        sa.CheckConstraint("single", name=op.f("ck_broker_state_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_broker_state")),
    )
    op.execute(COUNT)
    for table, changes in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER count_broker_accounts AFTER {changes} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION count_broker_accounts()"
        )


def downgrade() -> None:
    for table in TRIGGERS:
        op.execute(f"DROP TRIGGER count_broker_accounts ON {table}")
    op.execute("DROP FUNCTION count_broker_accounts()")
    op.drop_table("broker_state")
