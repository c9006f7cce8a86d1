"""Points in lots that expire, and what the ledger's entries did to them.

Revision: 0013
After: 0012d
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012d"
branch_labels = None
depends_on = None

# Whoever writes SQL, at the end of a transaction a person's lots are the person's points.
AGREE = """
CREATE FUNCTION points_lots_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person text;
    told record;
    lots record;
BEGIN
    IF TG_TABLE_NAME = 'points_lots' THEN
        person := NEW.user_id;
    ELSE
        SELECT owner INTO person FROM public.ledger_accounts
         WHERE id = NEW.account_id AND kind IN ('user_points', 'user_points_hold');
        IF person IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT coalesce(sum(balance) FILTER (WHERE kind = 'user_points'), 0) AS available,
           coalesce(sum(balance) FILTER (WHERE kind = 'user_points_hold'), 0) AS held
      INTO told
      FROM public.ledger_accounts WHERE owner = person AND kind IN ('user_points', 'user_points_hold');
    SELECT coalesce(sum(available), 0) AS available, coalesce(sum(held), 0) AS held
      INTO lots
      FROM public.points_lots WHERE user_id = person::uuid AND (available > 0 OR held > 0);
    IF (told.available, told.held) IS DISTINCT FROM (lots.available, lots.held) THEN
        RAISE EXCEPTION 'person %: lots of % and % points held, the ledger says % and %', person,
            lots.available, lots.held, told.available, told.held USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = (
    "CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT OR UPDATE ON points_lots"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION points_lots_agree()",
    "CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT ON ledger_postings"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.currency = 'PTS' AND NEW.balance IS NOT NULL)"
    " EXECUTE FUNCTION points_lots_agree()",
    "CREATE TRIGGER points_lots_stay BEFORE DELETE OR TRUNCATE ON points_lots"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER points_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON points_moves"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)

# Points from before there were lots: one lot for each person, a year from now, with the holds that are open.
LOTS_OF_BEFORE = """
    INSERT INTO points_lots (id, user_id, entry_id, amount, available, held, expires_at)
    SELECT uuidv7(), CAST(owner AS uuid), origin.entry_id, points + held, points, held, now() + interval '365 days'
      FROM (SELECT owner, sum(balance) FILTER (WHERE kind = 'user_points') AS points,
                   sum(balance) FILTER (WHERE kind = 'user_points_hold') AS held, array_agg(id) AS accounts
              FROM ledger_accounts WHERE kind IN ('user_points', 'user_points_hold') GROUP BY owner) person
     CROSS JOIN LATERAL (SELECT entry_id FROM ledger_postings WHERE account_id = ANY(accounts)
                          ORDER BY number DESC LIMIT 1) origin
     WHERE points + held > 0
"""
MOVES_OF_BEFORE = """
    INSERT INTO points_moves (entry_id, lot_id, available, held)
    SELECT h.entry_id, l.id, 0, h.amount - h.captured - h.released
      FROM ledger_holds h JOIN points_lots l USING (user_id) WHERE h.status = 'open' AND h.currency = 'PTS'
"""


def upgrade() -> None:
    op.create_table(
        "points_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0 AND available >= 0 AND held >= 0", name=op.f("ck_points_lots_amounts")),
        sa.CheckConstraint("available + held <= amount", name=op.f("ck_points_lots_bound")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_points_lots_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_points_lots_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_lots")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_points_lots_of_user",
        "points_lots",
        ["user_id", "expires_at", "id"],
        postgresql_where=sa.text("available > 0 OR held > 0"),
    )
    op.create_index(
        "ix_points_lots_expiry",
        "points_lots",
        ["expires_at", "user_id"],
        postgresql_where=sa.text("available > 0"),
    )
    op.create_index(
        "ix_points_lots_unwarned",
        "points_lots",
        ["expires_at", "user_id"],
        postgresql_where=sa.text("available > 0 AND warned_at IS NULL"),
    )
    op.create_table(
        "points_moves",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("of_entry", sa.Uuid(), nullable=True),
        sa.CheckConstraint("available <> 0 OR held <> 0", name=op.f("ck_points_moves_something")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_points_moves_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["of_entry"], ["ledger_entries.id"], name=op.f("fk_points_moves_of_entry_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["points_lots.id"], name=op.f("fk_points_moves_lot_id_points_lots")),
        sa.PrimaryKeyConstraint("entry_id", "lot_id", name=op.f("pk_points_moves")),
    )
    op.create_index(
        "ix_points_moves_of_entry",
        "points_moves",
        ["of_entry"],
        postgresql_where=sa.text("of_entry IS NOT NULL"),
    )
    op.create_index("ix_points_moves_lot_id", "points_moves", ["lot_id"])
    op.create_table(
        "points_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("kyc_verified", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("awarded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'done', 'rejected')", name=op.f("ck_points_grants_status")
        ),
        sa.CheckConstraint("points > 0 AND total > 0 AND awarded >= 0", name=op.f("ck_points_grants_amounts")),
        sa.CheckConstraint(
            "(status IN ('done', 'rejected')) = (finished_at IS NOT NULL)", name=op.f("ck_points_grants_finished")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_points_grants_two_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_points_grants_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_points_grants_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_grants")),
    )
    op.create_index("ix_points_grants_asked", "points_grants", ["asked_by", "created_at"])
    op.execute(LOTS_OF_BEFORE)
    op.execute(MOVES_OF_BEFORE)
    op.execute(AGREE)
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER points_lots_agree ON ledger_postings")
    op.drop_index("ix_points_grants_asked", table_name="points_grants")
    op.drop_table("points_grants")
    op.drop_index("ix_points_moves_lot_id", table_name="points_moves")
    op.drop_index(
        "ix_points_moves_of_entry", table_name="points_moves", postgresql_where=sa.text("of_entry IS NOT NULL")
    )
    op.drop_table("points_moves")
    op.drop_index(
        "ix_points_lots_unwarned",
        table_name="points_lots",
        postgresql_where=sa.text("available > 0 AND warned_at IS NULL"),
    )
    op.drop_index("ix_points_lots_expiry", table_name="points_lots", postgresql_where=sa.text("available > 0"))
    op.drop_index(
        "ix_points_lots_of_user",
        table_name="points_lots",
        postgresql_where=sa.text("available > 0 OR held > 0"),
    )
    op.drop_table("points_lots")
    op.execute("DROP FUNCTION points_lots_agree()")
