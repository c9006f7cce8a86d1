"""Create rentals with their events, the cases that riders dispute, and where riders were.

Revision: 0019_rentals
After: 0018_station_functions
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019_rentals"
down_revision = "0018_station_functions"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
RENTAL_MOVES = """
CREATE OR REPLACE FUNCTION rental_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'pending ejecting', 'pending cancelled', 'ejecting active', 'ejecting failed', 'ejecting unresolved',
        'unresolved active', 'unresolved failed', 'unresolved completed', 'failed active', 'cancelled active',
        'active overdue', 'active completed', 'active cancelled', 'active lost', 'overdue active',
        'overdue completed', 'overdue lost', 'completed cancelled', 'lost completed') THEN
        RAISE EXCEPTION 'a rental does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.user_id, NEW.station_id, NEW.package_id, NEW.package_name, NEW.payment_model, NEW.duration_minutes,
        NEW.price, NEW.discount, NEW.unit_minutes, NEW.unit_price, NEW.deposit, NEW.overdue_rate,
        NEW.overdue_grace_minutes, NEW.overdue_cap, NEW.replacement_price, NEW.points_per_npr)
       IS DISTINCT FROM
       (OLD.user_id, OLD.station_id, OLD.package_id, OLD.package_name, OLD.payment_model, OLD.duration_minutes,
        OLD.price, OLD.discount, OLD.unit_minutes, OLD.unit_price, OLD.deposit, OLD.overdue_rate,
        OLD.overdue_grace_minutes, OLD.overdue_cap, OLD.replacement_price, OLD.points_per_npr) THEN
        RAISE EXCEPTION 'the tariff of a rental does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER rental_moves BEFORE UPDATE ON rentals
    FOR EACH ROW EXECUTE FUNCTION rental_moves();
"""

# The rows of these tables are history; see `refuse_change`.
GUARDS = """
CREATE OR REPLACE TRIGGER rental_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rental_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "rentals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("package_name", sa.Text(), nullable=False),
        sa.Column("payment_model", sa.Text(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unit_minutes", sa.Integer(), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("deposit", sa.BigInteger(), nullable=False),
        sa.Column("overdue_rate", sa.BigInteger(), nullable=False),
        sa.Column("overdue_grace_minutes", sa.Integer(), nullable=False),
        sa.Column("overdue_cap", sa.BigInteger(), nullable=True),
        sa.Column("replacement_price", sa.BigInteger(), nullable=False),
        sa.Column("cancel_window_minutes", sa.Integer(), nullable=False),
        sa.Column("lost_after_days", sa.Integer(), nullable=False),
        sa.Column("points_per_npr", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("ejection_repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tried_serials", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metered_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_overdue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("return_station_id", sa.Uuid(), nullable=True),
        sa.Column("return_slot", sa.SmallInteger(), nullable=True),
        sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("came_late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("swap_of", sa.Uuid(), nullable=True),
        sa.Column("held_value", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overdue_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "payment_method IN ('points_only', 'wallet_only', 'combination')", name=op.f("ck_rentals_payment_method")
        ),
        sa.CheckConstraint("payment_model = 'prepaid' OR unit_price IS NOT NULL", name=op.f("ck_rentals_postpaid")),
        sa.CheckConstraint("payment_model IN ('prepaid', 'postpaid')", name=op.f("ck_rentals_payment_model")),
        sa.CheckConstraint(
            "status IN ('pending', 'ejecting', 'active', 'overdue', 'completed', 'cancelled', 'failed', "
            "'unresolved', 'lost')",
            name=op.f("ck_rentals_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('active', 'overdue', 'completed', 'lost') OR (started_at IS NOT NULL"
            " AND due_at IS NOT NULL)",
            name=op.f("ck_rentals_started"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('completed', 'lost') OR ended_at IS NOT NULL", name=op.f("ck_rentals_ended")
        ),
        sa.CheckConstraint("discount BETWEEN 0 AND price", name=op.f("ck_rentals_discount")),
        sa.CheckConstraint("held_value >= 0", name=op.f("ck_rentals_held_value")),
        sa.CheckConstraint("unit_minutes > 0 AND unit_price > 0", name=op.f("ck_rentals_unit")),
        sa.ForeignKeyConstraint(["bank_id"], ["power_banks.id"], name=op.f("fk_rentals_bank_id_power_banks")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_rentals_package_id_packages")),
        sa.ForeignKeyConstraint(
            ["return_station_id"], ["stations.id"], name=op.f("fk_rentals_return_station_id_stations")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_rentals_station_id_stations")),
        sa.ForeignKeyConstraint(["swap_of"], ["rentals.id"], name=op.f("fk_rentals_swap_of_rentals")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rentals_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rentals")),
        sa.UniqueConstraint("code", name=op.f("uq_rentals_code")),
    )
    op.create_index("ix_rentals_bank_id", "rentals", ["bank_id", "id"])
    op.create_index(
        "ix_rentals_ended_otherwise",
        "rentals",
        ["status", "id"],
        postgresql_where=sa.text("status IN ('cancelled', 'failed', 'lost')"),
    )
    op.create_index(
        "ix_rentals_open_of_user",
        "rentals",
        ["user_id"],
        postgresql_where=sa.text("status IN ('active', 'ejecting', 'overdue', 'pending', 'unresolved')"),
    )
    op.create_index("ix_rentals_station_id", "rentals", ["station_id", "id"])
    op.create_index(
        "ix_rentals_unfinished",
        "rentals",
        ["status", "due_at"],
        postgresql_where=sa.text("status IN ('active', 'ejecting', 'overdue', 'pending', 'unresolved')"),
    )
    op.create_index(
        "ix_rentals_unsettled",
        "rentals",
        ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL AND settled_at IS NULL"),
    )
    op.create_index("ix_rentals_user_id", "rentals", ["user_id", "id"])

    op.create_table(
        "rental_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["rental_id"], ["rentals.id"], name=op.f("fk_rental_events_rental_id_rentals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rental_events")),
    )
    op.create_index("ix_rental_events_rental_id", "rental_events", ["rental_id", "id"])

    op.create_table(
        "rental_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("issue_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_rental_cases_decided")),
        sa.CheckConstraint(
            "issue_type IN ('not_ejected', 'returned', 'not_charging', 'damaged', 'lost', 'other')",
            name=op.f("ck_rental_cases_issue_type"),
        ),
        sa.CheckConstraint("status IN ('open', 'upheld', 'dismissed')", name=op.f("ck_rental_cases_status")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_rental_cases_decided_by")),
        sa.ForeignKeyConstraint(["rental_id"], ["rentals.id"], name=op.f("fk_rental_cases_rental_id_rentals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rental_cases")),
    )
    op.create_index("ix_rental_cases_open", "rental_cases", ["id"], postgresql_where=sa.text("status = 'open'"))
    op.create_index("ix_rental_cases_rental_id", "rental_cases", ["rental_id", "id"])
    op.create_index(
        "uq_rental_cases_open",
        "rental_cases",
        ["rental_id", "issue_type"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )

    op.create_table(
        "rental_locations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name=op.f("ck_rental_locations_place")
        ),
        sa.ForeignKeyConstraint(["rental_id"], ["rentals.id"], name=op.f("fk_rental_locations_rental_id_rentals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rental_locations")),
    )
    op.create_index("ix_rental_locations_rental_id", "rental_locations", ["rental_id", "at"])

    op.create_table(
        "rental_free_cancellations",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rental_id"], ["rentals.id"], name=op.f("fk_rental_free_cancellations_rental_id_rentals")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rental_free_cancellations_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_rental_free_cancellations")),
        sa.UniqueConstraint("rental_id", name=op.f("uq_rental_free_cancellations_rental_id")),
    )
    op.execute(RENTAL_MOVES)
    op.execute(GUARDS)


def downgrade() -> None:
    op.drop_table("rental_free_cancellations")
    op.drop_table("rental_locations")
    op.drop_table("rental_cases")
    op.drop_table("rental_events")
    op.drop_table("rentals")
    op.execute("DROP FUNCTION rental_moves")
