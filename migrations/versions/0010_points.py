"""Create the lots of points, which expire, what ledger entries did to them, and the grants of points by staff.

Revision: 0010_points
After: 0009_wallet
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_points"
down_revision = "0009_wallet"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
POINTS_LOTS_AGREE = """
CREATE OR REPLACE FUNCTION points_lots_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person text;
    ledger record;
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
      INTO ledger
      FROM public.ledger_accounts WHERE owner = person AND kind IN ('user_points', 'user_points_hold');
    SELECT coalesce(sum(available), 0) AS available, coalesce(sum(held), 0) AS held
      INTO lots
      FROM public.points_lots WHERE user_id = person::uuid AND (available > 0 OR held > 0);
    IF (ledger.available, ledger.held) IS DISTINCT FROM (lots.available, lots.held) THEN
        RAISE EXCEPTION 'person %: lots of % and % points held, the ledger says % and %', person,
            lots.available, lots.held, ledger.available, ledger.held USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT OR UPDATE ON points_lots
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION points_lots_agree();

CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.currency = 'PTS' AND NEW.balance IS NOT NULL)
    EXECUTE FUNCTION points_lots_agree();
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER points_lots_stay BEFORE DELETE OR TRUNCATE ON points_lots
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER points_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON points_moves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
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
        "ix_points_lots_expiry", "points_lots", ["expires_at", "user_id"], postgresql_where=sa.text("available > 0")
    )
    op.create_index(
        "ix_points_lots_of_user",
        "points_lots",
        ["user_id", "expires_at", "id"],
        postgresql_where=sa.text("available > 0 OR held > 0"),
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
        sa.Column("continued_entry_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("available <> 0 OR held <> 0", name=op.f("ck_points_moves_something")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_points_moves_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["points_lots.id"], name=op.f("fk_points_moves_lot_id_points_lots")),
        sa.ForeignKeyConstraint(
            ["continued_entry_id"],
            ["ledger_entries.id"],
            name=op.f("fk_points_moves_continued_entry_id_ledger_entries"),
        ),
        sa.PrimaryKeyConstraint("entry_id", "lot_id", name=op.f("pk_points_moves")),
    )
    op.create_index("ix_points_moves_lot_id", "points_moves", ["lot_id"])
    op.create_index(
        "ix_points_moves_continued_entry_id",
        "points_moves",
        ["continued_entry_id"],
        postgresql_where=sa.text("continued_entry_id IS NOT NULL"),
    )

    op.create_table(
        "points_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recipients", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("kyc_verified", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("awarded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_awarded_user_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('done', 'rejected')) = (finished_at IS NOT NULL)", name=op.f("ck_points_grants_finished")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'done', 'rejected')", name=op.f("ck_points_grants_status")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_points_grants_two_people")),
        sa.CheckConstraint("points > 0 AND total > 0 AND awarded >= 0", name=op.f("ck_points_grants_amounts")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_points_grants_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_points_grants_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_grants")),
    )
    op.create_index("ix_points_grants_asked", "points_grants", ["asked_by", "created_at"])
    op.execute(POINTS_LOTS_AGREE)
    op.execute(GUARDS)


def downgrade() -> None:
    op.execute("DROP TRIGGER points_lots_agree ON ledger_postings")
    op.drop_table("points_grants")
    op.drop_table("points_moves")
    op.drop_table("points_lots")
    op.execute("DROP FUNCTION points_lots_agree")
