"""Stations, power banks and where they are, packages, issues; values that operators change.

Revision: 0009
After: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Without extensions GiST compares ranges and not identifiers: a range of one identifier stands for it.
UUID_RANGE = "CREATE TYPE uuidrange AS RANGE (subtype = uuid)"

# A stay begins open, where the one before ended; all that ever changes of it is that it ends.
TIMELINE = """
CREATE FUNCTION custody_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$
"""

# At the end of each transaction a bank is somewhere.
SOMEWHERE = """
CREATE FUNCTION bank_is_somewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM custody
                    WHERE bank_id = (to_jsonb(NEW) ->> TG_ARGV[0])::uuid AND upper_inf(period)) THEN
        RAISE EXCEPTION 'a power bank would be nowhere' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER custody_timeline BEFORE INSERT OR UPDATE ON custody"
    " FOR EACH ROW EXECUTE FUNCTION custody_timeline()",
    "CREATE TRIGGER custody_append_only BEFORE DELETE OR TRUNCATE ON custody"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT OR UPDATE ON custody DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('bank_id')",
    "CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT ON power_banks DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('id')",
)


def upgrade() -> None:
    op.execute(UUID_RANGE)
    op.create_table(
        "packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("payment_model", sa.Text(), nullable=False),
        sa.Column("unit_minutes", sa.Integer(), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "payment_model = 'prepaid' OR unit_price IS NOT NULL", name=op.f("ck_packages_postpaid_unit")
        ),
        sa.CheckConstraint("payment_model IN ('prepaid', 'postpaid')", name=op.f("ck_packages_payment_model")),
        sa.CheckConstraint("(unit_minutes IS NULL) = (unit_price IS NULL)", name=op.f("ck_packages_unit")),
        sa.CheckConstraint("duration_minutes > 0", name=op.f("ck_packages_duration")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_packages_price")),
        sa.CheckConstraint("unit_minutes > 0 AND unit_price > 0", name=op.f("ck_packages_unit_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
    )
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
        "stations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sn", sa.Text(), nullable=False),
        sa.Column("imei", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="Asia/Kathmandu", nullable=False),
        sa.Column("opening_hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("amenities", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("rent_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("return_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("maintenance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("imei ~ '^[A-Za-z0-9_-]{1,64}$'", name=op.f("ck_stations_imei")),
        sa.CheckConstraint("protocol IN ('json-v1', 'volinks-v1')", name=op.f("ck_stations_protocol")),
        sa.CheckConstraint("sn ~ '^[A-Za-z0-9._-]{1,64}$'", name=op.f("ck_stations_sn")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_stations_lat")),
        sa.CheckConstraint("lng BETWEEN -180 AND 180", name=op.f("ck_stations_lng")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
        sa.UniqueConstraint("imei", name=op.f("uq_stations_imei")),
        sa.UniqueConstraint("sn", name=op.f("uq_stations_sn")),
    )
    op.create_index("ix_stations_city", "stations", [sa.literal_column("lower(city)"), "sn"], unique=False)
    op.create_index(
        "ix_stations_partner_id",
        "stations",
        ["partner_id"],
        unique=False,
        postgresql_where=sa.text("partner_id IS NOT NULL"),
    )
    op.create_index("ix_stations_words", "stations", ["words"], unique=False, postgresql_using="gin")
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
    op.create_index("ix_custody_bank_id", "custody", ["bank_id", "id"], unique=False)
    op.create_index(
        "ix_custody_rental_id",
        "custody",
        ["rental_id"],
        unique=False,
        postgresql_where=sa.text("rental_id IS NOT NULL"),
    )
    op.create_index(
        "ix_custody_station_id",
        "custody",
        ["station_id", "slot_number"],
        unique=False,
        postgresql_where=sa.text("upper_inf(period)"),
    )
    op.create_index(
        "uq_custody_open", "custody", ["bank_id"], unique=True, postgresql_where=sa.text("upper_inf(period)")
    )
    op.create_table(
        "discrepancies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bank_missing', 'bank_elsewhere', 'unknown_serial')", name=op.f("ck_discrepancies_kind")
        ),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_discrepancies_resolved")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_discrepancies_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
    )
    op.create_index("ix_discrepancies_station_id", "discrepancies", ["station_id"], unique=False)
    op.create_index(
        "uq_discrepancies_open",
        "discrepancies",
        ["kind", "serial"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "favourite_stations",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_favourite_stations_station_id_stations"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_favourite_stations_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "station_id", name=op.f("pk_favourite_stations")),
    )
    op.create_index("ix_favourite_stations_station_id", "favourite_stations", ["station_id"], unique=False)
    op.create_table(
        "package_stations",
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.id"], name=op.f("fk_package_stations_package_id_packages"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_package_stations_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("package_id", "station_id", name=op.f("pk_package_stations")),
    )
    op.create_index("ix_package_stations_station_id", "package_stations", ["station_id"], unique=False)
    op.create_table(
        "slots",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("works", sa.Text(), server_default="ok", nullable=False),
        sa.Column("bank_serial", sa.Text(), nullable=True),
        sa.Column("charge", sa.SmallInteger(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("boot_id", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("works IN ('ok', 'locked', 'faulty')", name=op.f("ck_slots_works")),
        sa.CheckConstraint("charge BETWEEN 0 AND 100", name=op.f("ck_slots_charge")),
        sa.CheckConstraint("number BETWEEN 1 AND 200", name=op.f("ck_slots_number")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_slots_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "number", name=op.f("pk_slots")),
    )
    op.create_index(
        "ix_slots_bank_serial",
        "slots",
        ["bank_serial"],
        unique=False,
        postgresql_where=sa.text("bank_serial IS NOT NULL"),
    )
    op.create_table(
        "station_credentials",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("bcrypt", sa.Text(), nullable=False),
        sa.Column("pbkdf2", sa.Text(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("starts_with(bcrypt, '$2')", name=op.f("ck_station_credentials_bcrypt")),
        sa.CheckConstraint("starts_with(pbkdf2, '$7$')", name=op.f("ck_station_credentials_pbkdf2")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_credentials_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_credentials")),
        sa.UniqueConstraint("username", name=op.f("uq_station_credentials_username")),
    )
    op.create_index("ix_station_credentials_rotated_at", "station_credentials", ["rotated_at"], unique=False)
    op.create_table(
        "station_issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("issue_type", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "issue_type IN ('offline', 'damaged', 'dirty', 'location_wrong', 'slot_stuck', 'other')",
            name=op.f("ck_station_issues_issue_type"),
        ),
        sa.CheckConstraint("priority IN ('critical', 'normal')", name=op.f("ck_station_issues_priority")),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_station_issues_resolved")),
        sa.CheckConstraint("reports > 0", name=op.f("ck_station_issues_reports")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_issues_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_issues")),
    )
    op.create_index(
        "uq_station_issues_open",
        "station_issues",
        ["station_id", "issue_type"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "station_live",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("sn", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("maintenance", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("available_banks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("free_slots", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("online", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.CheckConstraint("available_banks >= 0 AND free_slots >= 0", name=op.f("ck_station_live_counts")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_live_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_live")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_station_live_place",
        "station_live",
        [sa.literal_column("point(lng, lat)")],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "station_issue_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["station_issues.id"],
            name=op.f("fk_station_issue_reports_issue_id_station_issues"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_station_issue_reports_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_issue_reports")),
    )
    op.create_index("ix_station_issue_reports_issue_id", "station_issue_reports", ["issue_id"], unique=False)
    op.execute(TIMELINE)
    op.execute(SOMEWHERE)
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_station_issue_reports_issue_id", table_name="station_issue_reports")
    op.drop_table("station_issue_reports")
    op.drop_index(
        "ix_station_live_place", table_name="station_live", postgresql_using="gist", postgresql_where=sa.text("active")
    )
    op.drop_table("station_live")
    op.drop_index(
        "uq_station_issues_open", table_name="station_issues", postgresql_where=sa.text("resolved_at IS NULL")
    )
    op.drop_table("station_issues")
    op.drop_index("ix_station_credentials_rotated_at", table_name="station_credentials")
    op.drop_table("station_credentials")
    op.drop_index("ix_slots_bank_serial", table_name="slots", postgresql_where=sa.text("bank_serial IS NOT NULL"))
    op.drop_table("slots")
    op.drop_index("ix_package_stations_station_id", table_name="package_stations")
    op.drop_table("package_stations")
    op.drop_index("ix_favourite_stations_station_id", table_name="favourite_stations")
    op.drop_table("favourite_stations")
    op.drop_index("uq_discrepancies_open", table_name="discrepancies", postgresql_where=sa.text("resolved_at IS NULL"))
    op.drop_index("ix_discrepancies_station_id", table_name="discrepancies")
    op.drop_table("discrepancies")
    op.drop_index("uq_custody_open", table_name="custody", postgresql_where=sa.text("upper_inf(period)"))
    op.drop_index("ix_custody_station_id", table_name="custody", postgresql_where=sa.text("upper_inf(period)"))
    op.drop_index("ix_custody_rental_id", table_name="custody", postgresql_where=sa.text("rental_id IS NOT NULL"))
    op.drop_index("ix_custody_bank_id", table_name="custody")
    op.drop_table("custody")
    op.drop_table("bank_reservations")
    op.drop_index("ix_stations_words", table_name="stations", postgresql_using="gin")
    op.drop_index("ix_stations_partner_id", table_name="stations", postgresql_where=sa.text("partner_id IS NOT NULL"))
    op.drop_index("ix_stations_city", table_name="stations")
    op.drop_table("stations")
    op.drop_table("power_banks")
    op.drop_table("packages")
    op.execute("DROP FUNCTION bank_is_somewhere()")
    op.execute("DROP FUNCTION custody_timeline()")
    op.execute("DROP TYPE uuidrange")
