"""Comparisons with gateways as rows: what is still to be compared, and what was found.

Revision: 0036
After: 0037b
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0037b"
branch_labels = None
depends_on = None

FOUND = """
    INSERT INTO settlement_comparisons (check_id, intent_id, gateway, lane, outcome, compared_at, what, ours, theirs)
    SELECT c.id, found.intent_id, found.gateway, 0, 'differs', COALESCE(c.finished_at, c.started_at), found.what,
           found.ours, found.theirs
      FROM settlement_checks c
      CROSS JOIN jsonb_to_recordset(c.found) AS found (intent_id uuid, gateway text, what text, ours text, theirs text)
    ON CONFLICT DO NOTHING"""
BACK = """
    UPDATE settlement_checks c SET found = f.found
      FROM (SELECT check_id, jsonb_agg(jsonb_build_object('what', what, 'intent_id', intent_id, 'gateway', gateway,
                                                          'ours', ours, 'theirs', theirs)) AS found
              FROM settlement_comparisons WHERE outcome = 'differs' GROUP BY check_id) AS f
     WHERE f.check_id = c.id"""


def upgrade() -> None:
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
            "outcome IN ('agrees', 'differs', 'unanswered')", name=op.f("ck_settlement_comparisons_outcome")
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (compared_at IS NULL)", name=op.f("ck_settlement_comparisons_compared")
        ),
        sa.CheckConstraint(
            "(outcome IS NOT DISTINCT FROM 'differs') = (what IS NOT NULL)", name=op.f("ck_settlement_comparisons_what")
        ),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["settlement_checks.id"],
            ondelete="CASCADE",
            name=op.f("fk_settlement_comparisons_check_id_settlement_checks"),
        ),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_settlement_comparisons_intent_id_payment_intents")
        ),
        sa.PrimaryKeyConstraint("check_id", "intent_id", name=op.f("pk_settlement_comparisons")),
    )
    op.create_index(
        "ix_settlement_comparisons_waiting",
        "settlement_comparisons",
        ["gateway", "lane", "tries", "intent_id"],
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(
        "ix_settlement_comparisons_differences",
        "settlement_comparisons",
        ["check_id", "intent_id"],
        postgresql_where=sa.text("outcome = 'differs'"),
    )
    op.execute(FOUND)
    op.drop_column("settlement_checks", "found")
    op.add_column("settlement_checks", sa.Column("total", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE settlement_checks SET total = checked + unanswered")
    # One that a crash ended was never continued.
    op.execute("UPDATE settlement_checks SET finished_at = started_at WHERE finished_at IS NULL")
    op.create_index(
        "uq_settlement_checks_open",
        "settlement_checks",
        [sa.text("(finished_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_settlement_checks_open", table_name="settlement_checks")
    op.drop_column("settlement_checks", "total")
    op.add_column(
        "settlement_checks",
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.execute(BACK)
    op.drop_table("settlement_comparisons")
