"""Create power banks, where each of them is and was, the promises of them, and the discrepancies.

Revision: 0017_custody
After: 0016_station_commands
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_custody"
down_revision = "0016_station_commands"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
CUSTODY_TIMELINE = """
CREATE OR REPLACE FUNCTION custody_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended timestamptz;
    closed custody;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT max(upper(period)) INTO ended FROM custody WHERE bank_id = NEW.bank_id;
        IF NOT upper_inf(NEW.period) OR lower(NEW.period) <> ended THEN
            RAISE EXCEPTION 'a stay begins open, where the one before ended' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    closed := OLD;
    closed.period := tstzrange(lower(OLD.period), upper(NEW.period));
    IF NOT upper_inf(OLD.period) OR upper_inf(NEW.period) OR NEW IS DISTINCT FROM closed THEN
        RAISE EXCEPTION 'custody is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER custody_timeline BEFORE INSERT OR UPDATE ON custody
    FOR EACH ROW EXECUTE FUNCTION custody_timeline();
"""

BANK_IS_SOMEWHERE = """
CREATE OR REPLACE FUNCTION bank_is_somewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM custody
                    WHERE bank_id = (to_jsonb(NEW) ->> TG_ARGV[0])::uuid AND upper_inf(period)) THEN
        RAISE EXCEPTION 'a power bank would be nowhere' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT OR UPDATE ON custody
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('bank_id');

CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT ON power_banks
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('id');
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER custody_append_only BEFORE DELETE OR TRUNCATE ON custody
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    # Without extensions GiST compares ranges and not identifiers: a range of one identifier stands for it.
    op.execute("CREATE TYPE uuidrange AS RANGE (subtype = uuid)")

    op.create_table(
        "power_banks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("health", sa.Text(), server_default="good", nullable=False),
        sa.Column("cycles", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quarantine_reason", sa.Text(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("health IN ('good', 'faulty')", name=op.f("ck_power_banks_health")),
        sa.CheckConstraint("serial ~ '^[A-Za-z0-9._-]{1,64}$'", name=op.f("ck_power_banks_serial")),
        sa.CheckConstraint("cycles >= 0", name=op.f("ck_power_banks_cycles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_power_banks")),
        sa.UniqueConstraint("serial", name=op.f("uq_power_banks_serial")),
    )

    op.create_table(
        "custody",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("slot_number", sa.SmallInteger(), nullable=True),
        sa.Column("rental_id", sa.Uuid(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(bank_id, bank_id, '[]')"), "="),
            (sa.text("period"), "&&"),
            using="gist",
            name="ex_custody_one_place",
        ),
        sa.CheckConstraint(
            "(place = 'slot') = (station_id IS NOT NULL AND slot_number IS NOT NULL)", name=op.f("ck_custody_slot")
        ),
        sa.CheckConstraint("(place = 'user') = (rental_id IS NOT NULL)", name=op.f("ck_custody_rental")),
        sa.CheckConstraint(
            "place IN ('slot', 'user', 'crew', 'warehouse', 'quarantined', 'lost')", name=op.f("ck_custody_place")
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND lower_inc(period)", name=op.f("ck_custody_period")
        ),
        sa.ForeignKeyConstraint(["bank_id"], ["power_banks.id"], name=op.f("fk_custody_bank_id_power_banks")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_custody_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody")),
    )
    op.create_index("ix_custody_bank_id", "custody", ["bank_id", "id"])
    op.create_index("ix_custody_rental_id", "custody", ["rental_id"], postgresql_where=sa.text("rental_id IS NOT NULL"))
    op.create_index(
        "ix_custody_station_id", "custody", ["station_id", "slot_number"], postgresql_where=sa.text("upper_inf(period)")
    )
    op.create_index(
        "uq_custody_open", "custody", ["bank_id"], unique=True, postgresql_where=sa.text("upper_inf(period)")
    )

    op.create_table(
        "bank_reservations",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["power_banks.id"], name=op.f("fk_bank_reservations_bank_id_power_banks")),
        sa.PrimaryKeyConstraint("bank_id", name=op.f("pk_bank_reservations")),
        sa.UniqueConstraint("rental_id", name=op.f("uq_bank_reservations_rental_id")),
    )

    op.create_table(
        "discrepancies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("alerted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bank_missing', 'bank_elsewhere', 'unknown_serial')", name=op.f("ck_discrepancies_kind")
        ),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_discrepancies_resolved")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_discrepancies_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
    )
    op.create_index("ix_discrepancies_serial", "discrepancies", ["serial", "id"])
    op.create_index("ix_discrepancies_station_id", "discrepancies", ["station_id"])
    op.create_index(
        "uq_discrepancies_open",
        "discrepancies",
        ["kind", "serial"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.execute(CUSTODY_TIMELINE)
    op.execute(BANK_IS_SOMEWHERE)
    op.execute(GUARDS)


def downgrade() -> None:
    op.drop_table("discrepancies")
    op.drop_table("bank_reservations")
    op.drop_table("custody")
    op.drop_table("power_banks")
    op.execute("DROP FUNCTION bank_is_somewhere")
    op.execute("DROP FUNCTION custody_timeline")
    op.execute("DROP TYPE uuidrange")
