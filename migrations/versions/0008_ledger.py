"""Create the double-entry ledger: accounts, entries and postings, their sealed sums, and the reconciliations.

Revision: 0008_ledger
After: 0007_kyc
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_ledger"
down_revision = "0007_kyc"
branch_labels = None
depends_on = None

# The kind of an account, its normal side, whether somebody owns it, whether it may not fall below zero, and whether it
# holds points.
KINDS = """
    ('user_wallet', 'credit', true, true, false),
    ('user_hold', 'credit', true, true, false),
    ('user_points', 'credit', true, true, true),
    ('user_points_hold', 'credit', true, true, true),
    ('dues_receivable', 'debit', true, true, false),
    ('points_dues_receivable', 'debit', true, true, true),
    ('gateway_clearing', 'debit', true, false, false),
    ('rental_revenue', 'credit', false, false, false),
    ('overdue_revenue', 'credit', false, false, false),
    ('sales_revenue', 'credit', false, false, false),
    ('promotion_expense', 'debit', false, false, false),
    ('points_liability', 'debit', false, false, true),
    ('partner_payable', 'credit', true, false, false),
    ('partner_expense', 'debit', false, false, false),
    ('crew_payable', 'credit', true, false, false),
    ('crew_expense', 'debit', false, false, false),
    ('payout_clearing', 'credit', false, false, false),
    ('refunds_clearing', 'credit', false, false, false),
    ('fx', 'credit', false, false, false),
    ('adjustments', 'debit', false, false, false),
    ('write_offs', 'debit', false, false, false)
"""

# `powerbank/sql/` has the current form of this code, and the reasons for it.
LEDGER_ACCOUNT_CHANGES = """
CREATE OR REPLACE FUNCTION ledger_account_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.balance := CASE WHEN NEW.floored THEN 0 END;
        RETURN NEW;
    END IF;
    IF pg_trigger_depth() < 2
       OR (NEW.id, NEW.kind, NEW.owner, NEW.currency, NEW.normal, NEW.floored, NEW.opened_at) IS DISTINCT FROM
          (OLD.id, OLD.kind, OLD.owner, OLD.currency, OLD.normal, OLD.floored, OLD.opened_at) THEN
        RAISE EXCEPTION 'accounts change by postings only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER ledger_account_changes BEFORE INSERT OR UPDATE ON ledger_accounts
    FOR EACH ROW EXECUTE FUNCTION ledger_account_changes();
"""

LEDGER_ENTRY_HAS_POSTINGS = """
CREATE OR REPLACE FUNCTION ledger_entry_has_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.ledger_postings WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_entry_has_postings AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_has_postings();
"""

LEDGER_POSTINGS_ADDED = """
CREATE OR REPLACE FUNCTION ledger_postings_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    entry record;
BEGIN
    UPDATE ledger_accounts a SET balance = a.balance + p.amount
      FROM added p WHERE a.id = p.account_id AND a.floored;
    SELECT (array_agg(p.entry_id))[1] AS id, count(*) AS lines, count(DISTINCT p.entry_id) AS entries,
           count(*) FILTER (WHERE a.currency IS DISTINCT FROM p.currency) AS strangers,
           count(*) FILTER (WHERE a.balance IS DISTINCT FROM p.balance) AS wrong
      INTO entry
      FROM added p LEFT JOIN ledger_accounts a ON a.id = p.account_id;
    IF entry.lines = 0 THEN
        RETURN NULL;
    ELSIF entry.entries > 1 THEN
        RAISE EXCEPTION 'postings of two entries in one statement' USING ERRCODE = 'check_violation';
    ELSIF entry.strangers > 0 THEN
        RAISE EXCEPTION 'entry %: no such account in this currency', entry.id USING ERRCODE = 'check_violation';
    ELSIF (SELECT count(*) FROM ledger_postings WHERE entry_id = entry.id) <> entry.lines THEN
        RAISE EXCEPTION 'entry % is closed', entry.id USING ERRCODE = 'restrict_violation';
    ELSIF EXISTS (SELECT FROM added GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'entry % does not balance', entry.id USING ERRCODE = 'check_violation';
    ELSIF entry.wrong > 0 THEN
        RAISE EXCEPTION 'entry %: the balance after it is another', entry.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER ledger_postings_added AFTER INSERT ON ledger_postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_added();
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER ledger_accounts_stay BEFORE DELETE OR TRUNCATE ON ledger_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_sums_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_sums
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("normal", sa.Text(), nullable=False),
        sa.Column("floored", sa.Boolean(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            f"(kind, normal, owner <> '', floored, currency = 'PTS') IN ({KINDS})",
            name=op.f("ck_ledger_accounts_kind"),
        ),
        sa.CheckConstraint(
            "CASE normal WHEN 'credit' THEN balance >= 0 ELSE balance <= 0 END", name=op.f("ck_ledger_accounts_floor")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_accounts_currency")),
        sa.CheckConstraint("floored = (balance IS NOT NULL)", name=op.f("ck_ledger_accounts_balance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("owner", "kind", "currency", name=op.f("uq_ledger_accounts_owner_kind_currency")),
        postgresql_with={"fillfactor": "80"},
    )

    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=True),
        sa.Column("reference_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entries_key")),
    )
    op.create_index("ix_ledger_entries_kind", "ledger_entries", ["kind", "id"])
    op.create_index("ix_ledger_entries_reference", "ledger_entries", ["reference_kind", "reference_id"])

    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0 AND abs(amount) <= 1000000000000000", name=op.f("ck_ledger_postings_amount")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_postings_entry_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("entry_id", "account_id", name=op.f("pk_ledger_postings")),
    )
    op.create_index(
        "uq_ledger_postings_account",
        "ledger_postings",
        ["account_id", "number"],
        unique=True,
        postgresql_include=["amount"],
    )

    op.create_table(
        "ledger_seals",
        sa.Column("up_to", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("horizon", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("up_to", name=op.f("pk_ledger_seals")),
    )
    op.create_index(
        "uq_ledger_seals_open",
        "ledger_seals",
        [sa.literal_column("(sealed_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("sealed_at IS NULL"),
    )

    op.create_table(
        "ledger_sums",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_sums_account_id_ledger_accounts")
        ),
        sa.ForeignKeyConstraint(["up_to"], ["ledger_seals.up_to"], name=op.f("fk_ledger_sums_up_to_ledger_seals")),
        sa.PrimaryKeyConstraint("account_id", "up_to", name=op.f("pk_ledger_sums")),
    )

    op.create_table(
        "ledger_reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accounts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("turnover", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_reconciliations")),
    )
    op.create_index(op.f("ix_ledger_reconciliations_started_at"), "ledger_reconciliations", ["started_at"])
    op.execute(LEDGER_ACCOUNT_CHANGES)
    op.execute(LEDGER_ENTRY_HAS_POSTINGS)
    op.execute(LEDGER_POSTINGS_ADDED)
    op.execute(GUARDS)


def downgrade() -> None:
    op.drop_table("ledger_reconciliations")
    op.drop_table("ledger_sums")
    op.drop_table("ledger_seals")
    op.drop_table("ledger_postings")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_accounts")
    op.execute("DROP FUNCTION ledger_postings_added")
    op.execute("DROP FUNCTION ledger_entry_has_postings")
    op.execute("DROP FUNCTION ledger_account_changes")
