"""Create reservations of power banks, and the pause of the meter where a station does not take a power bank back.

A slot that is kept for somebody is free to nobody else, and what was paid for a reservation counts towards the price of
its rental. Devices get the keys of Web Push.

Revision: 0023_promises
After: 0022_indexes_of_the_console
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023_promises"
down_revision = "0022_indexes_of_the_console"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
FIT_BANKS = """
-- The power banks that are fit to be handed out, promised or not, and the slots they are in. This is the only place
-- where that rule stands.
CREATE OR REPLACE VIEW fit_banks AS
SELECT slot.station_id, slot.number, slot.charge, bank.id AS bank_id
  FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial
 WHERE slot.works = 'ok' AND slot.held_because IS NULL
   AND bank.health = 'good' AND bank.quarantine_reason IS NULL AND bank.doubt IS NULL
   AND EXISTS (SELECT FROM custody AS here
                WHERE here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
                  AND here.station_id = slot.station_id AND here.slot_number = slot.number);
"""
RENTABLE_BANKS = """
-- The power banks that may be handed out to anybody: those that are fit for it and promised to no rental and to no
-- reservation.
CREATE OR REPLACE VIEW rentable_banks AS
SELECT fit.station_id, fit.number, fit.charge, fit.bank_id FROM fit_banks AS fit
 WHERE NOT EXISTS (SELECT FROM bank_reservations AS promise WHERE promise.bank_id = fit.bank_id);
"""
FREE_SLOTS = """
-- The slots that may take anybody's power bank. This is the only place where that rule stands. A slot that is kept for
-- a person whose return was blocked elsewhere is not among them.
CREATE OR REPLACE VIEW free_slots AS
SELECT station_id, number FROM slots
 WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL
   AND NOT EXISTS (SELECT FROM kept_slots AS kept
                    WHERE kept.station_id = slots.station_id AND kept.slot_number = slots.number);
"""

RENTABLE_BANKS_BEFORE = """
-- The power banks that may be handed out, and the slots they are in. This is the only place where that rule stands.
CREATE OR REPLACE VIEW rentable_banks AS
SELECT slot.station_id, slot.number, slot.charge, bank.id AS bank_id
  FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial
 WHERE slot.works = 'ok' AND slot.held_because IS NULL
   AND bank.health = 'good' AND bank.quarantine_reason IS NULL AND bank.doubt IS NULL
   AND NOT EXISTS (SELECT FROM bank_reservations AS promise WHERE promise.bank_id = bank.id)
   AND EXISTS (SELECT FROM custody AS here
                WHERE here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
                  AND here.station_id = slot.station_id AND here.slot_number = slot.number);
"""
FREE_SLOTS_BEFORE = """
-- The slots that may take a power bank. This is the only place where that rule stands.
CREATE OR REPLACE VIEW free_slots AS
SELECT station_id, number FROM slots WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL;
"""


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("free_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rental_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'used', 'expired', 'cancelled', 'lost')", name=op.f("ck_reservations_status")
        ),
        sa.CheckConstraint("(status = 'active') = (ended_at IS NULL)", name=op.f("ck_reservations_ended")),
        sa.CheckConstraint("(status = 'used') = (rental_id IS NOT NULL)", name=op.f("ck_reservations_used")),
        sa.CheckConstraint(
            "minutes BETWEEN 1 AND 20 AND expires_at <= created_at + interval '20 minutes'",
            name=op.f("ck_reservations_minutes"),
        ),
        sa.CheckConstraint("rate >= 0 AND fee >= 0", name=op.f("ck_reservations_money")),
        sa.CheckConstraint("fee = 0 OR status <> 'lost'", name=op.f("ck_reservations_lost")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reservations_user_id_users")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_reservations_station_id_stations")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_reservations_package_id_packages")),
        sa.ForeignKeyConstraint(["bank_id"], ["power_banks.id"], name=op.f("fk_reservations_bank_id_power_banks")),
        sa.ForeignKeyConstraint(["rental_id"], ["rentals.id"], name=op.f("fk_reservations_rental_id_rentals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("rental_id", name=op.f("uq_reservations_rental_id")),
    )
    active = sa.text("status = 'active'")
    op.create_index("uq_reservations_active", "reservations", ["user_id"], unique=True, postgresql_where=active)
    op.create_index("ix_reservations_active", "reservations", ["expires_at"], postgresql_where=active)
    op.create_index("ix_reservations_user_id", "reservations", ["user_id", "id"])

    op.create_table(
        "blocked_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("go_to_station_id", sa.Uuid(), nullable=True),
        sa.Column("go_to_slot", sa.SmallInteger(), nullable=True),
        sa.Column("kept_at", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("status IN ('granted', 'refused')", name=op.f("ck_blocked_returns_status")),
        sa.CheckConstraint(
            "reason IN ('station_offline', 'station_maintenance', 'station_closed', 'station_full', "
            "'station_refuses', 'station_silent', 'by_staff', 'slots_free', 'used_before')",
            name=op.f("ck_blocked_returns_reason"),
        ),
        sa.CheckConstraint("outcome IN ('open', 'returned', 'over', 'ended')", name=op.f("ck_blocked_returns_outcome")),
        sa.CheckConstraint("(status = 'granted') = (outcome IS NOT NULL)", name=op.f("ck_blocked_returns_granted")),
        sa.CheckConstraint(
            "(status = 'granted') = (paused_from IS NOT NULL) AND (status = 'granted') = (paused_until IS NOT NULL)",
            name=op.f("ck_blocked_returns_pause"),
        ),
        sa.CheckConstraint("(go_to_station_id IS NULL) = (go_to_slot IS NULL)", name=op.f("ck_blocked_returns_go_to")),
        sa.ForeignKeyConstraint(["rental_id"], ["rentals.id"], name=op.f("fk_blocked_returns_rental_id_rentals")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_blocked_returns_user_id_users")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_blocked_returns_station_id_stations")),
        sa.ForeignKeyConstraint(
            ["go_to_station_id"], ["stations.id"], name=op.f("fk_blocked_returns_go_to_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_returns")),
    )
    is_open, is_refused = sa.text("outcome = 'open'"), sa.text("status = 'refused'")
    is_own = sa.text("status = 'granted' AND granted_by IS NULL")
    op.create_index("ix_blocked_returns_rental_id", "blocked_returns", ["rental_id", "id"])
    op.create_index("uq_blocked_returns_own", "blocked_returns", ["rental_id"], unique=True, postgresql_where=is_own)
    op.create_index("uq_blocked_returns_open", "blocked_returns", ["rental_id"], unique=True, postgresql_where=is_open)
    op.create_index("ix_blocked_returns_open", "blocked_returns", ["paused_until"], postgresql_where=is_open)
    op.create_index("ix_blocked_returns_refused", "blocked_returns", ["user_id", "id"], postgresql_where=is_refused)

    op.create_table(
        "kept_slots",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "slot_number"],
            ["slots.station_id", "slots.number"],
            ondelete="CASCADE",
            name="fk_kept_slots",
        ),
        sa.PrimaryKeyConstraint("station_id", "slot_number", name=op.f("pk_kept_slots")),
        sa.UniqueConstraint("holder_id", name=op.f("uq_kept_slots_holder_id")),
    )

    op.add_column("rentals", sa.Column("reservation_credit", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("rentals", sa.Column("paused_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("rentals", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    # A check that is validated in a statement of its own lets people rent meanwhile.
    for name, rule in (
        ("reservation_credit", "reservation_credit >= 0"),
        ("pause", "(paused_from IS NULL) = (paused_until IS NULL) AND paused_from < paused_until"),
    ):
        op.execute(f"ALTER TABLE rentals ADD CONSTRAINT ck_rentals_{name} CHECK ({rule}) NOT VALID")
        op.execute(f"ALTER TABLE rentals VALIDATE CONSTRAINT ck_rentals_{name}")
    op.add_column("devices", sa.Column("web_push_keys", postgresql.JSONB(), nullable=True))
    for code in (FIT_BANKS, RENTABLE_BANKS, FREE_SLOTS):
        op.execute(code)


def downgrade() -> None:
    for code in (FREE_SLOTS_BEFORE, RENTABLE_BANKS_BEFORE):
        op.execute(code)
    op.execute("DROP VIEW fit_banks")
    op.drop_column("devices", "web_push_keys")
    for constraint in ("ck_rentals_pause", "ck_rentals_reservation_credit"):
        op.drop_constraint(constraint, "rentals")
    for column in ("paused_until", "paused_from", "reservation_credit"):
        op.drop_column("rentals", column)
    # A promise to a reservation is nobody's once there are no reservations.
    op.execute("DELETE FROM bank_reservations AS promise USING reservations WHERE reservations.id = promise.rental_id")
    op.drop_table("kept_slots")
    op.drop_table("blocked_returns")
    op.drop_table("reservations")
