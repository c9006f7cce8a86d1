"""The ledger: accounts, entries, postings, and what stands beside them.

Revision: 0007
After: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Kind, normal side, owned by somebody, floored, in points.
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

# All lines of an entry come in one statement. It is checked here as a whole and closed: nothing can be appended,
# not by this transaction and not by a later one. Balances of floored accounts move with it.
ADDED = """
CREATE FUNCTION ledger_postings_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found record;
BEGIN
    UPDATE ledger_accounts a SET balance = a.balance + p.amount
      FROM added p WHERE a.id = p.account_id AND a.floored;
    SELECT (array_agg(p.entry_id))[1] AS entry, count(*) AS lines, count(DISTINCT p.entry_id) AS entries,
           count(*) FILTER (WHERE a.currency IS DISTINCT FROM p.currency) AS strangers,
           count(*) FILTER (WHERE a.balance IS DISTINCT FROM p.balance) AS wrong
      INTO found
      FROM added p LEFT JOIN ledger_accounts a ON a.id = p.account_id;
    IF found.lines = 0 THEN
        RETURN NULL;
    ELSIF found.entries > 1 THEN
        RAISE EXCEPTION 'postings of two entries in one statement' USING ERRCODE = 'check_violation';
    ELSIF found.strangers > 0 THEN
        RAISE EXCEPTION 'entry %: no such account in this currency', found.entry USING ERRCODE = 'check_violation';
    ELSIF (SELECT count(*) FROM ledger_postings WHERE entry_id = found.entry) <> found.lines THEN
        RAISE EXCEPTION 'entry % is closed', found.entry USING ERRCODE = 'restrict_violation';
    ELSIF EXISTS (SELECT FROM added GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'entry % does not balance', found.entry USING ERRCODE = 'check_violation';
    ELSIF found.wrong > 0 THEN
        RAISE EXCEPTION 'entry %: the balance after it is another', found.entry USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
ENTRY_HAS_POSTINGS = """
CREATE FUNCTION ledger_entry_has_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.ledger_postings WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
# The application's role may lock accounts, which takes the right to update a column. It gets that for `opened_at`,
# and this trigger then refuses all changes but those of the trigger above.
ACCOUNT = """
CREATE FUNCTION ledger_account_changes() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$
"""
TRIGGERS = (
    "CREATE TRIGGER ledger_postings_added AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_added()",
    "CREATE CONSTRAINT TRIGGER ledger_entry_has_postings AFTER INSERT ON ledger_entries"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_has_postings()",
    "CREATE TRIGGER ledger_account_changes BEFORE INSERT OR UPDATE ON ledger_accounts"
    " FOR EACH ROW EXECUTE FUNCTION ledger_account_changes()",
    "CREATE TRIGGER ledger_accounts_stay BEFORE DELETE OR TRUNCATE ON ledger_accounts"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("ledger_entries", "ledger_postings", "ledger_sums")
    ),
)


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
    op.create_index("ix_ledger_entries_kind", "ledger_entries", ["kind", "id"], unique=False)
    op.create_index("ix_ledger_entries_reference", "ledger_entries", ["reference_kind", "reference_id"], unique=False)
    op.create_table(
        "ledger_reconciliations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accounts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("turnover", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_reconciliations")),
    )
    op.create_index(
        op.f("ix_ledger_reconciliations_started_at"), "ledger_reconciliations", ["started_at"], unique=False
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
        "ledger_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'applied') = (entry_id IS NOT NULL)", name=op.f("ck_ledger_adjustments_entry")),
        sa.CheckConstraint("currency IN ('NPR', 'PTS')", name=op.f("ck_ledger_adjustments_currency")),
        sa.CheckConstraint("status <> 'pending' OR decided_by IS NULL", name=op.f("ck_ledger_adjustments_pending")),
        sa.CheckConstraint(
            "status <> 'rejected' OR decided_by IS NOT NULL", name=op.f("ck_ledger_adjustments_rejected")
        ),
        sa.CheckConstraint("status IN ('pending', 'applied', 'rejected')", name=op.f("ck_ledger_adjustments_status")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_adjustments_amount")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_ledger_adjustments_two_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_ledger_adjustments_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_ledger_adjustments_decided_by_staff")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_adjustments_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_adjustments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_adjustments")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_adjustments_entry_id")),
    )
    op.create_index("ix_ledger_adjustments_asked", "ledger_adjustments", ["asked_by", "created_at"], unique=False)
    op.create_index(
        "ix_ledger_adjustments_pending",
        "ledger_adjustments",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(op.f("ix_ledger_adjustments_user_id"), "ledger_adjustments", ["user_id"], unique=False)
    op.create_table(
        "ledger_dues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("revenue", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_ledger_dues_closed")),
        sa.CheckConstraint("(status = 'open') = (paid + waived < amount)", name=op.f("ck_ledger_dues_open")),
        sa.CheckConstraint(
            "revenue IN ('overdue_revenue', 'rental_revenue', 'sales_revenue')", name=op.f("ck_ledger_dues_revenue")
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_ledger_dues_status")),
        sa.CheckConstraint("amount > 0 AND paid >= 0 AND waived >= 0", name=op.f("ck_ledger_dues_amounts")),
        sa.CheckConstraint("paid + waived <= amount", name=op.f("ck_ledger_dues_bound")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_dues_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_dues_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_dues")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_dues_entry_id")),
    )
    op.create_index(
        "ix_ledger_dues_open_of_user",
        "ledger_dues",
        ["user_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_ledger_dues_reference", "ledger_dues", ["reference_kind", "reference_id"], unique=False)
    op.create_table(
        "ledger_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'open') = (captured + released < amount)", name=op.f("ck_ledger_holds_open")),
        sa.CheckConstraint("currency IN ('NPR', 'PTS')", name=op.f("ck_ledger_holds_currency")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_ledger_holds_status")),
        sa.CheckConstraint("amount > 0 AND captured >= 0 AND released >= 0", name=op.f("ck_ledger_holds_amounts")),
        sa.CheckConstraint("captured + released <= amount", name=op.f("ck_ledger_holds_bound")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_holds_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ledger_holds_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_holds")),
    )
    op.create_index(op.f("ix_ledger_holds_entry_id"), "ledger_holds", ["entry_id"], unique=False)
    op.create_index(
        "ix_ledger_holds_open_of_user",
        "ledger_holds",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_ledger_holds_reference", "ledger_holds", ["reference_kind", "reference_id"], unique=False)
    op.create_index(
        "uq_ledger_holds_open",
        "ledger_holds",
        ["reference_kind", "reference_id", "currency"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
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
        "wallet_transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("refund_of", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("wallet", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_wallet", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunded_points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refunded_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.Text(), nullable=True),
        sa.Column("reference_kind", sa.Text(), nullable=True),
        sa.Column("reference_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'refunded') = (refunded_wallet = wallet AND refunded_points = points"
            " AND refunded_value = points_value)",
            name=op.f("ck_wallet_transactions_refunded"),
        ),
        sa.CheckConstraint(
            "(status IN ('success', 'refunded')) = (entry_id IS NOT NULL)", name=op.f("ck_wallet_transactions_entry")
        ),
        sa.CheckConstraint(
            "(type = 'refund') = (refund_of IS NOT NULL)", name=op.f("ck_wallet_transactions_refund_of")
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_wallet_transactions_direction")),
        sa.CheckConstraint(
            "revenue IN ('overdue_revenue', 'rental_revenue', 'sales_revenue')",
            name=op.f("ck_wallet_transactions_revenue"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'success', 'failed', 'refunded')", name=op.f("ck_wallet_transactions_status")
        ),
        sa.CheckConstraint(
            "type IN ('topup', 'rental', 'rental_due', 'sale', 'refund', 'adjustment')",
            name=op.f("ck_wallet_transactions_type"),
        ),
        sa.CheckConstraint("(points > 0) = (points_value > 0)", name=op.f("ck_wallet_transactions_points")),
        sa.CheckConstraint("refunded_points BETWEEN 0 AND points", name=op.f("ck_wallet_transactions_refunded_points")),
        sa.CheckConstraint(
            "refunded_value BETWEEN 0 AND points_value", name=op.f("ck_wallet_transactions_refunded_value")
        ),
        sa.CheckConstraint("refunded_wallet BETWEEN 0 AND wallet", name=op.f("ck_wallet_transactions_refunded_wallet")),
        sa.CheckConstraint("wallet + points_value > 0", name=op.f("ck_wallet_transactions_something")),
        sa.CheckConstraint(
            "wallet >= 0 AND points >= 0 AND points_value >= 0", name=op.f("ck_wallet_transactions_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_wallet_transactions_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["refund_of"], ["wallet_transactions.id"], name=op.f("fk_wallet_transactions_refund_of_wallet_transactions")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_wallet_transactions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transactions")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_wallet_transactions_entry_id")),
    )
    op.create_index(
        "ix_wallet_transactions_reference", "wallet_transactions", ["reference_kind", "reference_id"], unique=False
    )
    op.create_index(op.f("ix_wallet_transactions_refund_of"), "wallet_transactions", ["refund_of"], unique=False)
    op.create_index("ix_wallet_transactions_user", "wallet_transactions", ["user_id", "id"], unique=False)
    for statement in (ADDED, ENTRY_HAS_POSTINGS, ACCOUNT, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_wallet_transactions_user", table_name="wallet_transactions")
    op.drop_index(op.f("ix_wallet_transactions_refund_of"), table_name="wallet_transactions")
    op.drop_index("ix_wallet_transactions_reference", table_name="wallet_transactions")
    op.drop_table("wallet_transactions")
    op.drop_table("ledger_sums")
    op.drop_index("uq_ledger_postings_account", table_name="ledger_postings", postgresql_include=["amount"])
    op.drop_table("ledger_postings")
    op.drop_index("uq_ledger_holds_open", table_name="ledger_holds", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_ledger_holds_reference", table_name="ledger_holds")
    op.drop_index(
        "ix_ledger_holds_open_of_user", table_name="ledger_holds", postgresql_where=sa.text("status = 'open'")
    )
    op.drop_index(op.f("ix_ledger_holds_entry_id"), table_name="ledger_holds")
    op.drop_table("ledger_holds")
    op.drop_index("ix_ledger_dues_reference", table_name="ledger_dues")
    op.drop_index("ix_ledger_dues_open_of_user", table_name="ledger_dues", postgresql_where=sa.text("status = 'open'"))
    op.drop_table("ledger_dues")
    op.drop_index(op.f("ix_ledger_adjustments_user_id"), table_name="ledger_adjustments")
    op.drop_index(
        "ix_ledger_adjustments_pending", table_name="ledger_adjustments", postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_index("ix_ledger_adjustments_asked", table_name="ledger_adjustments")
    op.drop_table("ledger_adjustments")
    op.drop_index("uq_ledger_seals_open", table_name="ledger_seals", postgresql_where=sa.text("sealed_at IS NULL"))
    op.drop_table("ledger_seals")
    op.drop_index(op.f("ix_ledger_reconciliations_started_at"), table_name="ledger_reconciliations")
    op.drop_table("ledger_reconciliations")
    op.drop_index("ix_ledger_entries_reference", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_kind", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_accounts")
    for function in ("ledger_postings_added", "ledger_entry_has_postings", "ledger_account_changes"):
        op.execute(f"DROP FUNCTION {function}()")
