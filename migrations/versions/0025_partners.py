"""Create partners, their members and agreements, and what they earn.

Until now nobody could say what the partner of a station is: numbers that were entered there mean nothing, and are
taken away before the column becomes a reference.

Revision: 0025_partners
After: 0024_now
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025_partners"
down_revision = "0024_now"
branch_labels = None
depends_on = None

# The kinds of accounts before, and now with the tax that is withheld from shares. See `0008_ledger`.
KINDS_BEFORE = """
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
    ('withheld_tax', 'credit', false, false, false),
    ('crew_payable', 'credit', true, false, false),
    ('crew_expense', 'debit', false, false, false),
    ('payout_clearing', 'credit', false, false, false),
    ('refunds_clearing', 'credit', false, false, false),
    ('fx', 'credit', false, false, false),
    ('adjustments', 'debit', false, false, false),
    ('write_offs', 'debit', false, false, false)
"""

# `powerbank/sql/` has the current form of this code, and the reasons for it.
REVENUE_MOVEMENTS = """
CREATE OR REPLACE VIEW revenue_movements AS
SELECT entry.id AS entry_id, moved.amount, rental.id AS rental_id, rental.user_id, rental.station_id,
       CAST(timezone(station.timezone, coalesce(rental.started_at, rental.created_at)) AS date) AS began_on
  FROM ledger_entries AS entry
  LEFT JOIN wallet_transactions AS paid
         ON paid.id = CASE WHEN entry.reference_kind = 'transaction' AND entry.reference_id ~ '^[0-9a-f-]{36}$'
                           THEN CAST(entry.reference_id AS uuid) END
 CROSS JOIN LATERAL (
       SELECT CASE 'rental' WHEN entry.reference_kind THEN entry.reference_id
                            WHEN paid.reference_kind THEN paid.reference_id END AS id) AS named
  JOIN rentals AS rental ON rental.id = CASE WHEN named.id ~ '^[0-9a-f-]{36}$' THEN CAST(named.id AS uuid) END
  JOIN stations AS station ON station.id = rental.station_id
 CROSS JOIN LATERAL (
       SELECT CAST(sum(posting.amount) AS bigint) AS amount
         FROM ledger_postings AS posting JOIN ledger_accounts AS account ON account.id = posting.account_id
        WHERE posting.entry_id = entry.id
          AND (account.kind IN ('rental_revenue', 'overdue_revenue', 'sales_revenue')
               OR (account.kind = 'write_offs' AND entry.kind = 'due_waived'))) AS moved
 WHERE moved.amount <> 0;
"""

AGREEMENT_CHANGES = """
CREATE OR REPLACE FUNCTION agreement_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_day > OLD.last_day
       OR to_jsonb(NEW) - 'last_day' IS DISTINCT FROM to_jsonb(OLD) - 'last_day' THEN
        RAISE EXCEPTION 'an agreement does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER agreement_changes BEFORE UPDATE ON partner_agreements
    FOR EACH ROW EXECUTE FUNCTION agreement_changes();
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER partner_agreements_stay BEFORE DELETE OR TRUNCATE ON partner_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER partner_agreement_stations_stay BEFORE DELETE OR TRUNCATE ON partner_agreement_stations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER partner_accruals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_accruals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("pan", sa.Text(), nullable=True),
        sa.Column("vat_registered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("contact", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('venue', 'franchise')", name=op.f("ck_partners_kind")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_partners_parent")),
        sa.CheckConstraint("kind = 'venue' OR parent_id IS NULL", name=op.f("ck_partners_franchise")),
        sa.ForeignKeyConstraint(["parent_id"], ["partners.id"], name=op.f("fk_partners_parent_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    op.create_index("ix_partners_name", "partners", [sa.literal_column("lower(name)"), "id"])
    op.create_index(
        "ix_partners_parent_id", "partners", ["parent_id"], postgresql_where=sa.text("parent_id IS NOT NULL")
    )

    op.create_table(
        "partner_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'viewer')", name=op.f("ck_partner_members_role")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_members_partner_id_partners")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_partner_members_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_members")),
        sa.UniqueConstraint("partner_id", "address", name=op.f("uq_partner_members_partner_id_address")),
    )
    op.create_index(
        "uq_partner_members_user",
        "partner_members",
        ["user_id", "partner_id"],
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index(
        "ix_partner_members_address", "partner_members", ["address"], postgresql_where=sa.text("user_id IS NULL")
    )

    op.create_table(
        "partner_agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("franchise_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), server_default=sa.text("'9999-12-31'"), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("vat_percent", sa.Integer(), nullable=False),
        sa.Column("withheld_percent", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("starts_on <= last_day", name=op.f("ck_partner_agreements_days")),
        sa.CheckConstraint(
            "vat_percent BETWEEN 0 AND 10000 AND withheld_percent BETWEEN 0 AND 10000",
            name=op.f("ck_partner_agreements_taxes"),
        ),
        sa.CheckConstraint("franchise_id <> partner_id", name=op.f("ck_partner_agreements_franchise")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_partner_agreements_partner_id_partners")
        ),
        sa.ForeignKeyConstraint(
            ["franchise_id"], ["partners.id"], name=op.f("fk_partner_agreements_franchise_id_partners")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_agreements")),
        sa.UniqueConstraint("id", "starts_on", "last_day", name=op.f("uq_partner_agreements_id_starts_on_last_day")),
    )
    op.create_index("ix_partner_agreements_partner_id", "partner_agreements", ["partner_id", "id"])
    op.create_index(
        "ix_partner_agreements_franchise_id",
        "partner_agreements",
        ["franchise_id"],
        postgresql_where=sa.text("franchise_id IS NOT NULL"),
    )
    op.create_index("ix_partner_agreements_last_day", "partner_agreements", ["last_day", "id"])

    op.create_table(
        "partner_agreement_stations",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(station_id, station_id, '[]')"), "="),
            (sa.text("daterange(starts_on, last_day, '[]')"), "&&"),
            using="gist",
            name="ex_partner_agreement_stations_one",
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "starts_on", "last_day"],
            ["partner_agreements.id", "partner_agreements.starts_on", "partner_agreements.last_day"],
            name="fk_partner_agreement_stations_agreement",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_partner_agreement_stations_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "station_id", name=op.f("pk_partner_agreement_stations")),
    )
    op.create_index(
        "ix_partner_agreement_stations_station_id", "partner_agreement_stations", ["station_id", "starts_on"]
    )

    op.create_table(
        "partner_agreement_months",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("net", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["partner_agreements.id"],
            name=op.f("fk_partner_agreement_months_agreement_id_partner_agreements"),
        ),
        sa.PrimaryKeyConstraint("agreement_id", "month", name=op.f("pk_partner_agreement_months")),
        postgresql_with={"fillfactor": "80"},
    )

    op.create_table(
        "partner_accruals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("share_entry_id", sa.Uuid(), nullable=True),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("rental_id", sa.Uuid(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('rental', 'refund', 'guarantee', 'rent')", name=op.f("ck_partner_accruals_kind")),
        sa.CheckConstraint("part IN ('venue', 'franchise')", name=op.f("ck_partner_accruals_part")),
        sa.CheckConstraint(
            "(kind IN ('guarantee', 'rent')) = (entry_id IS NULL)", name=op.f("ck_partner_accruals_movement")
        ),
        sa.CheckConstraint("(entry_id IS NULL) = (month IS NOT NULL)", name=op.f("ck_partner_accruals_month")),
        sa.CheckConstraint("(rental_id IS NULL) = (entry_id IS NULL)", name=op.f("ck_partner_accruals_rental")),
        sa.CheckConstraint("amount = share - withheld", name=op.f("ck_partner_accruals_amount")),
        sa.CheckConstraint(
            "share_entry_id IS NOT NULL OR (amount = 0 AND withheld = 0)",
            name=op.f("ck_partner_accruals_share_entry"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_accruals_partner_id_partners")),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["partner_agreements.id"],
            name=op.f("fk_partner_accruals_agreement_id_partner_agreements"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_partner_accruals_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["share_entry_id"], ["ledger_entries.id"], name=op.f("fk_partner_accruals_share_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_partner_accruals_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_accruals")),
        sa.UniqueConstraint("entry_id", "part", name=op.f("uq_partner_accruals_entry_id_part")),
    )
    op.create_index(
        "uq_partner_accruals_month",
        "partner_accruals",
        ["agreement_id", "month", "kind"],
        unique=True,
        postgresql_where=sa.text("month IS NOT NULL"),
    )
    op.create_index(
        "ix_partner_accruals_rental_id",
        "partner_accruals",
        ["rental_id"],
        postgresql_where=sa.text("rental_id IS NOT NULL"),
    )
    op.create_index(
        "ix_partner_accruals_partner_id", "partner_accruals", ["partner_id", "id"], postgresql_include=["amount"]
    )
    op.create_index("ix_partner_accruals_partner_at", "partner_accruals", ["partner_id", "at"])
    op.create_index("ix_partner_accruals_agreement_at", "partner_accruals", ["agreement_id", "at"])
    op.create_index("ix_partner_accruals_share_entry_id", "partner_accruals", ["share_entry_id"])

    op.execute("UPDATE stations SET partner_id = NULL WHERE partner_id IS NOT NULL")
    op.create_foreign_key(
        op.f("fk_stations_partner_id_partners"),
        "stations",
        "partners",
        ["partner_id"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE stations VALIDATE CONSTRAINT fk_stations_partner_id_partners")
    _allow_kinds(KINDS)
    op.execute("ALTER TABLE ledger_accounts VALIDATE CONSTRAINT ck_ledger_accounts_kind")
    op.execute(REVENUE_MOVEMENTS)
    op.execute(AGREEMENT_CHANGES)
    op.execute(GUARDS)


def downgrade() -> None:
    op.execute("DROP VIEW revenue_movements")
    op.drop_constraint(op.f("fk_stations_partner_id_partners"), "stations", type_="foreignkey")
    op.drop_table("partner_accruals")
    op.drop_table("partner_agreement_months")
    op.drop_table("partner_agreement_stations")
    op.drop_table("partner_agreements")
    op.drop_table("partner_members")
    op.drop_table("partners")
    op.execute("DROP FUNCTION agreement_changes")
    _allow_kinds(KINDS_BEFORE)


def _allow_kinds(kinds: str) -> None:
    """Let the ledger open accounts of these kinds only. Accounts that it has stay, whatever their kind."""
    op.execute("ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_kind")
    op.execute(
        "ALTER TABLE ledger_accounts ADD CONSTRAINT ck_ledger_accounts_kind"
        f" CHECK ((kind, normal, owner <> '', floored, currency = 'PTS') IN ({kinds})) NOT VALID"
    )
