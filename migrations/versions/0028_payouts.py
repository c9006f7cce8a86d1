"""Create payouts: accounts, runs, payouts and statements.

The index of payable accounts is made last and concurrently, since the ledger has an account for each person.

Revision: 0028_payouts
After: 0027_machinery
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028_payouts"
down_revision = "0027_machinery"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
PAYOUT_MOVES = """
CREATE OR REPLACE FUNCTION payout_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'draft awaiting_approval', 'draft approved', 'draft cancelled', 'awaiting_approval approved',
        'awaiting_approval held', 'awaiting_approval cancelled', 'approved sending', 'approved held',
        'approved cancelled', 'sending processing', 'sending paid', 'sending failed', 'sending unknown',
        'processing paid', 'processing failed', 'processing unknown', 'unknown processing', 'unknown paid',
        'unknown failed', 'paid returned', 'failed awaiting_approval', 'failed cancelled', 'held awaiting_approval',
        'held cancelled') THEN
        RAISE EXCEPTION 'a payout does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.run_id, NEW.code, NEW.payee_kind, NEW.payee_id, NEW.currency, NEW.cutoff, NEW.up_to, NEW.amount,
        NEW.created_at) IS DISTINCT FROM
       (OLD.id, OLD.run_id, OLD.code, OLD.payee_kind, OLD.payee_id, OLD.currency, OLD.cutoff, OLD.up_to, OLD.amount,
        OLD.created_at) THEN
        RAISE EXCEPTION 'what a payout pays does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER payout_moves BEFORE UPDATE ON payouts
    FOR EACH ROW EXECUTE FUNCTION payout_moves();
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER payouts_stay BEFORE DELETE OR TRUNCATE ON payouts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER payout_statements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_statements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER payout_statement_pages_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_statement_pages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "payout_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payee_kind", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("bank_code", sa.Text(), nullable=True),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("number_ends", sa.Text(), nullable=True),
        sa.Column("number_digest", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="requested", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("check_note", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("usable_from", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'by_hand') = (number IS NULL)", name=op.f("ck_payout_accounts_number")),
        sa.CheckConstraint(
            "(status IN ('confirmed', 'replaced')) = (usable_from IS NOT NULL)",
            name=op.f("ck_payout_accounts_usable_from"),
        ),
        sa.CheckConstraint("kind IN ('bank', 'khalti', 'by_hand')", name=op.f("ck_payout_accounts_kind")),
        sa.CheckConstraint("payee_kind IN ('partner', 'crew')", name=op.f("ck_payout_accounts_payee_kind")),
        sa.CheckConstraint("status <> 'confirmed' OR decided_by IS NOT NULL", name=op.f("ck_payout_accounts_decided")),
        sa.CheckConstraint(
            "status IN ('requested', 'confirmed', 'rejected', 'replaced')", name=op.f("ck_payout_accounts_status")
        ),
        sa.CheckConstraint("decided_by <> requested_by", name=op.f("ck_payout_accounts_two_people")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_payout_accounts_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_accounts")),
    )
    op.create_index("ix_payout_accounts_payee", "payout_accounts", ["payee_kind", "payee_id", "id"], unique=False)
    op.create_index(
        "uq_payout_accounts_confirmed",
        "payout_accounts",
        ["payee_kind", "payee_id"],
        unique=True,
        postgresql_where=sa.text("status = 'confirmed'"),
    )
    op.create_index(
        "uq_payout_accounts_requested",
        "payout_accounts",
        ["payee_kind", "payee_id"],
        unique=True,
        postgresql_where=sa.text("status = 'requested'"),
    )
    op.create_table(
        "payout_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_runs")),
        sa.UniqueConstraint("cutoff", name=op.f("uq_payout_runs_cutoff")),
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("payee_kind", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("payee_name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="NPR", nullable=False),
        sa.Column("cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("file_taken_by", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stuck_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status IN ('paid', 'returned')) = (paid_at IS NOT NULL)", name=op.f("ck_payouts_paid")),
        sa.CheckConstraint("payee_kind IN ('partner', 'crew')", name=op.f("ck_payouts_payee_kind")),
        sa.CheckConstraint(
            "status IN ('draft', 'awaiting_approval', 'approved', 'sending', 'processing', 'paid', 'failed',"
            " 'returned', 'unknown', 'held', 'cancelled')",
            name=op.f("ck_payouts_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'sending', 'paid') OR approved_by IS NOT NULL", name=op.f("ck_payouts_approved")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payouts_amount")),
        sa.CheckConstraint("attempt BETWEEN 1 AND 99", name=op.f("ck_payouts_attempt")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payout_accounts.id"], name=op.f("fk_payouts_account_id_payout_accounts")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["payout_runs.id"], name=op.f("fk_payouts_run_id_payout_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("code", name=op.f("uq_payouts_code")),
        sa.UniqueConstraint("run_id", "payee_kind", "payee_id", name=op.f("uq_payouts_run_id_payee_kind_payee_id")),
    )
    op.create_index(
        "ix_payouts_batch", "payouts", ["batch", "id"], unique=False, postgresql_where=sa.text("batch IS NOT NULL")
    )
    op.create_index("ix_payouts_cutoff", "payouts", ["cutoff", "id"], unique=False)
    op.create_index("ix_payouts_payee", "payouts", ["payee_kind", "payee_id", "id"], unique=False)
    op.create_index("ix_payouts_status", "payouts", ["status", "id"], unique=False)
    op.create_index(
        "ix_payouts_under_way",
        "payouts",
        ["sent_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('processing', 'sending', 'unknown')"),
    )
    op.create_index(
        "uq_payouts_open",
        "payouts",
        ["payee_kind", "payee_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('approved', 'awaiting_approval', 'draft', 'held', 'processing', 'sending', 'unknown')"
        ),
    )
    op.create_table(
        "payout_skips",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("payee_kind", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("payee_kind IN ('partner', 'crew')", name=op.f("ck_payout_skips_payee_kind")),
        sa.CheckConstraint(
            "reason IN ('below_minimum', 'negative_balance', 'no_confirmed_account', 'account_cooling_off',"
            " 'payout_open', 'later_payout', 'held', 'inactive', 'provider_unavailable')",
            name=op.f("ck_payout_skips_reason"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["payout_runs.id"], name=op.f("fk_payout_skips_run_id_payout_runs")),
        sa.PrimaryKeyConstraint("run_id", "payee_kind", "payee_id", name=op.f("pk_payout_skips")),
    )
    op.create_table(
        "payout_statement_counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_payout_statement_counters")),
    )
    op.create_table(
        "payout_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payee_kind", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("from_number", sa.BigInteger(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("head", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lines_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'month') = (month IS NOT NULL)", name=op.f("ck_payout_statements_month")),
        sa.CheckConstraint("(kind = 'payout') = (payout_id IS NOT NULL)", name=op.f("ck_payout_statements_payout")),
        sa.CheckConstraint("kind IN ('payout', 'month')", name=op.f("ck_payout_statements_kind")),
        sa.CheckConstraint("payee_kind IN ('partner', 'crew')", name=op.f("ck_payout_statements_payee_kind")),
        sa.CheckConstraint("closing = opening + earned - paid", name=op.f("ck_payout_statements_adds_up")),
        sa.CheckConstraint("from_number <= up_to", name=op.f("ck_payout_statements_numbers")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_statements_payout_id_payouts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_statements")),
    )
    op.create_index(
        "ix_payout_statements_payee", "payout_statements", ["payee_kind", "payee_id", "kind", "up_to"], unique=False
    )
    op.create_index(
        "uq_payout_statements_month",
        "payout_statements",
        ["payee_kind", "payee_id", "month"],
        unique=True,
        postgresql_where=sa.text("month IS NOT NULL"),
    )
    op.create_index(
        "uq_payout_statements_payout",
        "payout_statements",
        ["payout_id"],
        unique=True,
        postgresql_where=sa.text("payout_id IS NOT NULL"),
    )
    op.create_index("uq_payout_statements_sequence", "payout_statements", ["sequence"], unique=True)
    op.create_table(
        "payout_statement_pages",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["payout_statements.id"],
            name=op.f("fk_payout_statement_pages_statement_id_payout_statements"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "page", name=op.f("pk_payout_statement_pages")),
    )
    op.execute(PAYOUT_MOVES)
    op.execute(GUARDS)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_ledger_accounts_payable")
        op.create_index(
            "ix_ledger_accounts_payable",
            "ledger_accounts",
            ["id"],
            postgresql_where=sa.text("kind IN ('partner_payable', 'crew_payable')"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_ledger_accounts_payable", "ledger_accounts")
    op.drop_table("payout_statement_pages")
    op.drop_table("payout_statements")
    op.drop_table("payout_statement_counters")
    op.drop_table("payout_skips")
    op.drop_table("payouts")
    op.drop_table("payout_runs")
    op.drop_table("payout_accounts")
    op.execute("DROP FUNCTION payout_moves")
