"""Sum up what happens by hour and day, note when stations are empty or full, and count how often their pages open.

The index of the log of rentals is made without a lock, outside the transaction. So what is there already is passed
over: a run that was interrupted is done again.

Revision: 0035_figures
After: 0034_shares_in_one_call
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035_figures"
down_revision = "0034_shares_in_one_call"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
NOTE_STATION_STOCK = """
CREATE OR REPLACE FUNCTION note_station_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.station_stock_changes AS noted (station_id, at, is_empty, is_full)
    VALUES (NEW.station_id, clock_timestamp(), NEW.available_banks = 0, NEW.free_slots = 0)
        ON CONFLICT (station_id, at) DO UPDATE SET is_empty = excluded.is_empty, is_full = excluded.is_full;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_first_station_stock AFTER INSERT ON station_live
    FOR EACH ROW EXECUTE FUNCTION note_station_stock();

CREATE OR REPLACE TRIGGER note_station_stock AFTER UPDATE OF available_banks, free_slots ON station_live
    FOR EACH ROW WHEN ((OLD.available_banks = 0) <> (NEW.available_banks = 0)
                       OR (OLD.free_slots = 0) <> (NEW.free_slots = 0))
    EXECUTE FUNCTION note_station_stock();
"""
OPEN_SECONDS = """
CREATE OR REPLACE FUNCTION open_seconds(hours jsonb, zone text, since timestamptz, until timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    day date;
    span jsonb;
    opens timestamptz;
    closes timestamptz;
    intervals jsonb;
    opened tstzmultirange := '{}';
    piece tstzrange;
    total numeric := 0;
BEGIN
    IF until <= since THEN
        RETURN 0;
    END IF;
    IF hours IS NULL OR jsonb_typeof(hours) <> 'object' THEN
        RETURN extract(epoch FROM until - since);
    END IF;
    day := (since AT TIME ZONE zone)::date - 1;
    WHILE day <= (until AT TIME ZONE zone)::date LOOP
        SELECT exception -> 'hours' INTO intervals
          FROM jsonb_array_elements(coalesce(hours -> 'exceptions', '[]')) AS exception
         WHERE exception ->> 'date' = day::text LIMIT 1;
        IF NOT FOUND THEN
            intervals := hours -> 'weekly' -> (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[
                extract(isodow FROM day)::int];
        END IF;
        FOR span IN SELECT jsonb_array_elements(coalesce(intervals, '[]')) LOOP
            opens := (day + (span ->> 0)::interval) AT TIME ZONE zone;
            closes := (day + (span ->> 1)::interval
                       + CASE WHEN (span ->> 1)::interval <= (span ->> 0)::interval THEN interval '1 day'
                              ELSE interval '0' END) AT TIME ZONE zone;
            opened := opened + tstzmultirange(tstzrange(opens, closes));
        END LOOP;
        day := day + 1;
    END LOOP;
    FOR piece IN SELECT unnest(opened * tstzmultirange(tstzrange(since, until))) LOOP
        total := total + extract(epoch FROM upper(piece) - lower(piece));
    END LOOP;
    RETURN total;
END $$;
"""
STOCK_NOW = """
INSERT INTO station_stock_changes (station_id, at, is_empty, is_full)
SELECT station_id, now(), available_banks = 0, free_slots = 0 FROM station_live
    ON CONFLICT DO NOTHING
"""
TABLES = (
    "figure_hours",
    "figure_days",
    "figure_stale",
    "figure_marks",
    "figure_gateway_days",
    "figure_return_days",
    "figure_people_days",
    "figure_fleet_days",
    "figure_funnel_days",
    "figure_cohort_weeks",
    "figure_answers",
    "station_stock_changes",
    "station_page_opens",
)


def upgrade() -> None:
    op.create_table(
        "figure_hours",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("revenue_fares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_overdue", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_sales", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("given_back", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("partner_shares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("crew_pay", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_withheld", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("promotion_cost", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("topped_up", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rentals_initiated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_started", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_completed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_on_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_overdue", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_cancelled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rented_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returns_from_elsewhere", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ejections", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ejection_milliseconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ejections_failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("offline_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("maintenance_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("empty_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("full_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_starts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_empty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_offline", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_funds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("page_opens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sign_ups", sa.Integer(), server_default="0", nullable=False),
        sa.Column("verified", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("station_id", "package_id", "at", name=op.f("pk_figure_hours")),
        if_not_exists=True,
    )
    op.create_index("ix_figure_hours_at", "figure_hours", ["at"], if_not_exists=True)
    op.create_table(
        "figure_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("revenue_fares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_overdue", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue_sales", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("given_back", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("partner_shares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("crew_pay", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_withheld", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("promotion_cost", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("waived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("topped_up", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rentals_initiated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_started", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_completed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_on_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_overdue", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_cancelled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rentals_lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rented_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returns_from_elsewhere", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ejections", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ejection_milliseconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ejections_failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("offline_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("maintenance_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("empty_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("full_seconds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_starts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_empty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_offline", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_funds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("page_opens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sign_ups", sa.Integer(), server_default="0", nullable=False),
        sa.Column("verified", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("station_id", "package_id", "day", name=op.f("pk_figure_days")),
        if_not_exists=True,
    )
    op.create_index("ix_figure_days_day", "figure_days", ["day"], if_not_exists=True)
    op.create_table(
        "figure_stale",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("grain IN ('hour', 'day')", name=op.f("ck_figure_stale_grain")),
        sa.PrimaryKeyConstraint("grain", "at", name=op.f("pk_figure_stale")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_marks",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("folded_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("horizon", sa.BigInteger(), nullable=True),
        sa.Column("filled_from", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_figure_marks_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_figure_marks")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_gateway_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "gateway", name=op.f("pk_figure_gateway_days")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_return_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("return_station_id", sa.Uuid(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "station_id", "return_station_id", name=op.f("pk_figure_return_days")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_people_days",
        "figure_fleet_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("active_7_days", sa.Integer(), nullable=False),
        sa.Column("active_30_days", sa.Integer(), nullable=False),
        sa.Column("active_30_days_before", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_figure_people_days")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_fleet_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("banks", sa.Integer(), nullable=False),
        sa.Column("banks_in_slots", sa.Integer(), nullable=False),
        sa.Column("banks_rented", sa.Integer(), nullable=False),
        sa.Column("banks_with_crew", sa.Integer(), nullable=False),
        sa.Column("banks_in_warehouses", sa.Integer(), nullable=False),
        sa.Column("banks_quarantined", sa.Integer(), nullable=False),
        sa.Column("banks_lost", sa.Integer(), nullable=False),
        sa.Column("banks_faulty", sa.Integer(), nullable=False),
        sa.Column("bank_cycles", sa.BigInteger(), nullable=False),
        sa.Column("banks_low", sa.Integer(), nullable=False),
        sa.Column("stations", sa.Integer(), nullable=False),
        sa.Column("stations_away", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_figure_fleet_days")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_funnel_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("signed_up", sa.Integer(), nullable=False),
        sa.Column("verified", sa.Integer(), nullable=False),
        sa.Column("topped_up", sa.Integer(), nullable=False),
        sa.Column("rented", sa.Integer(), nullable=False),
        sa.Column("rented_again", sa.Integer(), nullable=False),
        sa.CheckConstraint("origin IN ('referred', 'coupon', 'other')", name=op.f("ck_figure_funnel_days_origin")),
        sa.PrimaryKeyConstraint("day", "origin", name=op.f("pk_figure_funnel_days")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_cohort_weeks",
        sa.Column("cohort", sa.Date(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("rentals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cohort", "week", name=op.f("pk_figure_cohort_weeks")),
        if_not_exists=True,
    )
    op.create_table(
        "figure_answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_figure_answers")),
        if_not_exists=True,
    )
    op.create_index("ix_figure_answers_made_at", "figure_answers", ["made_at"], if_not_exists=True)
    op.create_table(
        "station_stock_changes",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_empty", sa.Boolean(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_station_stock_changes_station_id_stations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("station_id", "at", name=op.f("pk_station_stock_changes")),
        if_not_exists=True,
    )
    op.create_index("ix_station_stock_changes_at", "station_stock_changes", ["at"], if_not_exists=True)
    op.create_table(
        "station_page_opens",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_page_opens_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "hour", name=op.f("pk_station_page_opens")),
        if_not_exists=True,
    )
    op.create_index("ix_station_page_opens_hour", "station_page_opens", ["hour"], if_not_exists=True)
    op.execute(NOTE_STATION_STOCK)
    op.execute(OPEN_SECONDS)
    op.execute(STOCK_NOW)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rental_events_at")
        op.create_index(
            "ix_rental_events_at", "rental_events", ["at"], postgresql_using="brin", postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_rental_events_at", table_name="rental_events", postgresql_concurrently=True, if_exists=True)
    op.execute("DROP FUNCTION open_seconds")
    op.execute("DROP FUNCTION note_station_stock CASCADE")
    for table in reversed(TABLES):
        op.drop_table(table)
