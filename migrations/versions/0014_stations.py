"""Create stations with their slots and their accounts at the broker, users' favourites, and the packages for rent.

Revision: 0014_stations
After: 0013_promotions
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_stations"
down_revision = "0013_promotions"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
COUNT_BROKER_ACCOUNTS = """
CREATE OR REPLACE FUNCTION count_broker_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO broker_state AS state (single, accounts_version) VALUES (true, 1)
        ON CONFLICT (single) DO UPDATE SET accounts_version = state.accounts_version + 1;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER count_broker_accounts AFTER INSERT OR UPDATE OR DELETE ON station_credentials
    FOR EACH STATEMENT EXECUTE FUNCTION count_broker_accounts();

CREATE OR REPLACE TRIGGER count_broker_accounts AFTER UPDATE OF active ON stations
    FOR EACH STATEMENT EXECUTE FUNCTION count_broker_accounts();
"""


def upgrade() -> None:
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
        sa.Column("opening_hours", postgresql.JSONB(), nullable=True),
        sa.Column("images", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("amenities", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("rent_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("return_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("maintenance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("search_vector", postgresql.TSVECTOR(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("imei ~ '^[A-Za-z0-9_-]{1,64}$'", name=op.f("ck_stations_imei")),
        sa.CheckConstraint("protocol ~ '^[a-z0-9][a-z0-9.-]{0,39}$'", name=op.f("ck_stations_protocol")),
        sa.CheckConstraint("sn ~ '^[A-Za-z0-9._-]{1,64}$'", name=op.f("ck_stations_sn")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90", name=op.f("ck_stations_lat")),
        sa.CheckConstraint("lng BETWEEN -180 AND 180", name=op.f("ck_stations_lng")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
        sa.UniqueConstraint("imei", name=op.f("uq_stations_imei")),
        sa.UniqueConstraint("sn", name=op.f("uq_stations_sn")),
    )
    op.create_index("ix_stations_city", "stations", [sa.literal_column("lower(city)"), "sn"])
    op.create_index(
        "ix_stations_partner_id", "stations", ["partner_id"], postgresql_where=sa.text("partner_id IS NOT NULL")
    )
    op.create_index("ix_stations_search_vector", "stations", ["search_vector"], postgresql_using="gin")

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
    op.create_index("ix_station_credentials_rotated_at", "station_credentials", ["rotated_at"])

    op.create_table(
        "broker_state",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("accounts_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("daemon_session", sa.Text(), nullable=True),
        sa.CheckConstraint("single", name=op.f("ck_broker_state_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_broker_state")),
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
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
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
        postgresql_using="gist",
        postgresql_where=sa.text("active"),
    )

    op.create_table(
        "slots",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("works", sa.Text(), server_default="ok", nullable=False),
        sa.Column("bank_serial", sa.Text(), nullable=True),
        sa.Column("charge", sa.SmallInteger(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("held_because", sa.Text(), nullable=True),
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
        "ix_slots_bank_serial", "slots", ["bank_serial"], postgresql_where=sa.text("bank_serial IS NOT NULL")
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
    op.create_index("ix_favourite_stations_station_id", "favourite_stations", ["station_id"])

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
    op.create_index("ix_package_stations_station_id", "package_stations", ["station_id"])
    op.execute(COUNT_BROKER_ACCOUNTS)


def downgrade() -> None:
    op.drop_table("package_stations")
    op.drop_table("packages")
    op.drop_table("favourite_stations")
    op.drop_table("slots")
    op.drop_table("station_live")
    op.drop_table("broker_state")
    op.drop_table("station_credentials")
    op.drop_table("stations")
    op.execute("DROP FUNCTION count_broker_accounts")
