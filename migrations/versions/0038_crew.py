"""Create the crew: members, shifts, tasks, opened slots, earnings, and the warehouses where power banks lie.

A discrepancy may be about a warehouse now, and a stay of a power bank says who of the crew had it just before. The
indexes of custody are made last and concurrently.

Revision: 0038_crew
After: 0037_reports
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038_crew"
down_revision = "0037_reports"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
CREW_TASK_MOVES = """
CREATE OR REPLACE FUNCTION crew_task_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'open claimed', 'open not_needed', 'open cancelled', 'claimed open', 'claimed begun', 'claimed to_verify',
        'claimed done', 'claimed not_needed', 'claimed cancelled', 'begun open', 'begun claimed', 'begun to_verify',
        'begun done', 'begun not_needed', 'begun cancelled', 'to_verify done', 'to_verify rejected',
        'done rejected') THEN
        RAISE EXCEPTION 'a task does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER crew_task_moves BEFORE UPDATE ON crew_tasks
    FOR EACH ROW EXECUTE FUNCTION crew_task_moves();
"""
# The rows of this table are history; see `refuse_change`.
GUARD = """
CREATE OR REPLACE TRIGGER crew_earnings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON crew_earnings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
CUSTODY_INDEXES = (
    ("ix_custody_came_from", ["came_from", "id"], "came_from IS NOT NULL"),
    (
        "ix_custody_holder",
        ["holder", "bank_id"],
        "upper_inf(period) AND place IN ('crew', 'warehouse', 'quarantined')",
    ),
    ("ix_custody_taken", ["holder", "id"], "place = 'crew'"),
)
# In the order in which they can be dropped.
TABLES = (
    "crew_places",
    "crew_task_events",
    "crew_photo_prints",
    "crew_earnings",
    "crew_breaks",
    "crew_tasks",
    "crew_shifts",
    "crew_openings",
    "crew_members",
    "crew_pay_plans",
    "warehouse_counts",
    "warehouses",
)
WAREHOUSE = "fk_discrepancies_warehouse_id_warehouses"
WHERE = "ck_discrepancies_where"


def upgrade() -> None:
    make_people()
    make_work()
    make_records()
    change_custody()


def make_people() -> None:
    op.create_table(
        "crew_pay_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("standard", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("per_task", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("per_bank", sa.BigInteger(), nullable=False),
        sa.Column("per_hour", sa.BigInteger(), nullable=False),
        sa.Column("surge_most", sa.SmallInteger(), server_default="100", nullable=False),
        sa.Column("surge_from", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("surge_full", sa.BigInteger(), server_default="50000", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("0 <= surge_from AND surge_from < surge_full", name=op.f("ck_crew_pay_plans_surge")),
        sa.CheckConstraint("per_bank >= 0 AND per_hour >= 0", name=op.f("ck_crew_pay_plans_amounts")),
        sa.CheckConstraint("surge_most BETWEEN 100 AND 250", name=op.f("ck_crew_pay_plans_surge_most")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_pay_plans")),
    )
    op.create_index("uq_crew_pay_plans_name", "crew_pay_plans", [sa.literal_column("lower(name)")], unique=True)
    op.create_index(
        "uq_crew_pay_plans_standard", "crew_pay_plans", ["standard"], unique=True, postgresql_where=sa.text("standard")
    )
    op.create_table(
        "warehouses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lng", sa.Double(), nullable=True),
        sa.Column("main", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(lat IS NULL) = (lng IS NULL)", name=op.f("ck_warehouses_whole_point")),
        sa.CheckConstraint("active OR NOT main", name=op.f("ck_warehouses_main")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name=op.f("ck_warehouses_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouses")),
    )
    op.create_index("uq_warehouses_main", "warehouses", ["main"], unique=True, postgresql_where=sa.text("main"))
    op.create_index("uq_warehouses_name", "warehouses", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "crew_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("zones", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("pay_plan_id", sa.Uuid(), nullable=True),
        sa.Column("warehouse_id", sa.Uuid(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Asia/Kathmandu", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("active = (ended_at IS NULL)", name=op.f("ck_crew_members_ended")),
        sa.ForeignKeyConstraint(
            ["pay_plan_id"], ["crew_pay_plans.id"], name=op.f("fk_crew_members_pay_plan_id_crew_pay_plans")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_crew_members_user_id_users")),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_crew_members_warehouse_id_warehouses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_members")),
        sa.UniqueConstraint("user_id", name=op.f("uq_crew_members_user_id")),
    )
    op.create_index("ix_crew_members_active", "crew_members", ["id"], unique=False, postgresql_where=sa.text("active"))
    op.create_table(
        "warehouse_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("counted_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("scanned", sa.Integer(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("surplus", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("unknown", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_warehouse_counts_warehouse_id_warehouses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse_counts")),
    )
    op.create_index("ix_warehouse_counts_warehouse_id", "warehouse_counts", ["warehouse_id", "id"], unique=False)


def make_work() -> None:
    op.create_table(
        "crew_openings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("slot_number", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('waiting', 'ejecting')) = (finished_at IS NULL)", name=op.f("ck_crew_openings_finished")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'ejecting', 'out', 'failed', 'unknown', 'expired')",
            name=op.f("ck_crew_openings_status"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'expired', 'failed') OR command_id IS NOT NULL",
            name=op.f("ck_crew_openings_command"),
        ),
        sa.ForeignKeyConstraint(["bank_id"], ["power_banks.id"], name=op.f("fk_crew_openings_bank_id_power_banks")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["crew_members.id"], name=op.f("fk_crew_openings_member_id_crew_members")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_crew_openings_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_openings")),
    )
    op.create_index(
        "ix_crew_openings_command_id",
        "crew_openings",
        ["command_id"],
        unique=False,
        postgresql_where=sa.text("command_id IS NOT NULL"),
    )
    op.create_index("ix_crew_openings_member_id", "crew_openings", ["member_id", "id"], unique=False)
    op.create_index(
        "ix_crew_openings_station_id",
        "crew_openings",
        ["station_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "uq_crew_openings_bank",
        "crew_openings",
        ["bank_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'ejecting')"),
    )
    op.create_table(
        "crew_shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ended_by IN ('member', 'staff', 'time')", name=op.f("ck_crew_shifts_ended_by")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_crew_shifts_ended")),
        sa.CheckConstraint("ended_at >= started_at AND active_at >= started_at", name=op.f("ck_crew_shifts_order")),
        sa.ForeignKeyConstraint(["member_id"], ["crew_members.id"], name=op.f("fk_crew_shifts_member_id_crew_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_shifts")),
    )
    op.create_index("ix_crew_shifts_member_id", "crew_shifts", ["member_id", "id"], unique=False)
    op.create_index(
        "ix_crew_shifts_open", "crew_shifts", ["started_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "uq_crew_shifts_open", "crew_shifts", ["member_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "crew_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("bring", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("take", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("serials", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("slots", postgresql.ARRAY(sa.SmallInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("loss", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("brought", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("taken", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("proof", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status = 'claimed') = (claimed_until IS NOT NULL)", name=op.f("ck_crew_tasks_claimed_until")
        ),
        sa.CheckConstraint(
            "(status IN ('done', 'not_needed', 'rejected', 'cancelled')) = (closed_at IS NOT NULL)",
            name=op.f("ck_crew_tasks_closed"),
        ),
        sa.CheckConstraint(
            "kind IN ('empty', 'full', 'low_charge', 'offline', 'slot_fault', 'bank_fault', 'missing_bank', 'clean', "
            "'install', 'audit')",
            name=op.f("ck_crew_tasks_kind"),
        ),
        sa.CheckConstraint("source IN ('rule', 'staff')", name=op.f("ck_crew_tasks_source")),
        sa.CheckConstraint("status <> 'open' OR claimed_by IS NULL", name=op.f("ck_crew_tasks_open")),
        sa.CheckConstraint(
            "status IN ('open', 'claimed', 'begun', 'to_verify', 'done', 'not_needed', 'rejected', 'cancelled')",
            name=op.f("ck_crew_tasks_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('claimed', 'begun', 'to_verify', 'done', 'rejected') OR claimed_by IS NOT NULL",
            name=op.f("ck_crew_tasks_claimed_by"),
        ),
        sa.CheckConstraint("bring >= 0 AND take >= 0 AND loss >= 0", name=op.f("ck_crew_tasks_amounts")),
        sa.ForeignKeyConstraint(
            ["claimed_by"], ["crew_members.id"], name=op.f("fk_crew_tasks_claimed_by_crew_members")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_crew_tasks_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_tasks")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_crew_tasks_claimed_by",
        "crew_tasks",
        ["claimed_by", "id"],
        unique=False,
        postgresql_where=sa.text("claimed_by IS NOT NULL"),
    )
    op.create_index(
        "ix_crew_tasks_claimed_until",
        "crew_tasks",
        ["claimed_until"],
        unique=False,
        postgresql_where=sa.text("status = 'claimed'"),
    )
    op.create_index(
        "ix_crew_tasks_closed_at",
        "crew_tasks",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_crew_tasks_kind", "crew_tasks", ["kind", "id"], unique=False)
    op.create_index(
        "ix_crew_tasks_rank",
        "crew_tasks",
        ["rank", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('open', 'claimed', 'begun', 'to_verify')"),
    )
    op.create_index("ix_crew_tasks_station_id", "crew_tasks", ["station_id", "id"], unique=False)
    op.create_index("ix_crew_tasks_status", "crew_tasks", ["status", "id"], unique=False)
    op.create_index(
        "uq_crew_tasks_unfinished",
        "crew_tasks",
        ["station_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'claimed', 'begun', 'to_verify')"),
    )


def make_records() -> None:
    op.create_table(
        "crew_breaks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_crew_breaks_order")),
        sa.ForeignKeyConstraint(["member_id"], ["crew_members.id"], name=op.f("fk_crew_breaks_member_id_crew_members")),
        sa.ForeignKeyConstraint(["shift_id"], ["crew_shifts.id"], name=op.f("fk_crew_breaks_shift_id_crew_shifts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_breaks")),
    )
    op.create_index("ix_crew_breaks_member_id", "crew_breaks", ["member_id", "started_at"], unique=False)
    op.create_index("ix_crew_breaks_shift_id", "crew_breaks", ["shift_id"], unique=False)
    op.create_index(
        "uq_crew_breaks_open", "crew_breaks", ["member_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "crew_earnings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("shift_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'shift') = (shift_id IS NOT NULL)", name=op.f("ck_crew_earnings_shift")),
        sa.CheckConstraint("(kind = 'shift') = (task_id IS NULL)", name=op.f("ck_crew_earnings_task")),
        sa.CheckConstraint(
            "CASE WHEN kind = 'reversal' THEN amount <= 0 ELSE amount >= 0 END", name=op.f("ck_crew_earnings_amount")
        ),
        sa.CheckConstraint("kind IN ('task', 'shift', 'reversal')", name=op.f("ck_crew_earnings_kind")),
        sa.CheckConstraint("(amount = 0) = (entry_id IS NULL)", name=op.f("ck_crew_earnings_entry")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_crew_earnings_entry_id_ledger_entries")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["crew_members.id"], name=op.f("fk_crew_earnings_member_id_crew_members")
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["crew_shifts.id"], name=op.f("fk_crew_earnings_shift_id_crew_shifts")),
        sa.ForeignKeyConstraint(["task_id"], ["crew_tasks.id"], name=op.f("fk_crew_earnings_task_id_crew_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_earnings")),
    )
    op.create_index(
        "ix_crew_earnings_entry_id",
        "crew_earnings",
        ["entry_id"],
        unique=False,
        postgresql_where=sa.text("entry_id IS NOT NULL"),
    )
    op.create_index("ix_crew_earnings_member_at", "crew_earnings", ["member_id", "at"], unique=False)
    op.create_index(
        "ix_crew_earnings_member_id", "crew_earnings", ["member_id", "id"], unique=False, postgresql_include=["amount"]
    )
    op.create_index(
        "uq_crew_earnings_shift",
        "crew_earnings",
        ["shift_id"],
        unique=True,
        postgresql_where=sa.text("shift_id IS NOT NULL"),
    )
    op.create_index(
        "uq_crew_earnings_task",
        "crew_earnings",
        ["task_id", "kind"],
        unique=True,
        postgresql_where=sa.text("task_id IS NOT NULL"),
    )
    op.create_table(
        "crew_photo_prints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("print", sa.BigInteger(), nullable=False),
        sa.Column("bands", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["crew_members.id"], name=op.f("fk_crew_photo_prints_member_id_crew_members")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["crew_tasks.id"], name=op.f("fk_crew_photo_prints_task_id_crew_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_photo_prints")),
        sa.UniqueConstraint("task_id", "print", name=op.f("uq_crew_photo_prints_task_id_print")),
    )
    op.create_index("ix_crew_photo_prints_bands", "crew_photo_prints", ["bands"], unique=False, postgresql_using="gin")
    op.create_table(
        "crew_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lng", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=True),
        sa.CheckConstraint("accuracy >= 0", name=op.f("ck_crew_places_accuracy")),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name=op.f("ck_crew_places_point")),
        sa.ForeignKeyConstraint(["member_id"], ["crew_members.id"], name=op.f("fk_crew_places_member_id_crew_members")),
        sa.ForeignKeyConstraint(["shift_id"], ["crew_shifts.id"], name=op.f("fk_crew_places_shift_id_crew_shifts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_places")),
    )
    op.create_index("ix_crew_places_member_id", "crew_places", ["member_id", "id"], unique=False)
    op.create_table(
        "crew_task_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["crew_members.id"], name=op.f("fk_crew_task_events_member_id_crew_members")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["crew_tasks.id"], name=op.f("fk_crew_task_events_task_id_crew_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew_task_events")),
    )
    op.create_index("ix_crew_task_events_task_id", "crew_task_events", ["task_id", "id"], unique=False)
    op.create_index("ix_crew_task_events_event", "crew_task_events", ["event", "at"], unique=False)


def change_custody() -> None:
    for code in (CREW_TASK_MOVES, GUARD):
        op.execute(code)
    op.add_column("custody", sa.Column("came_from", sa.Text(), nullable=True))
    op.add_column("discrepancies", sa.Column("warehouse_id", sa.Uuid(), nullable=True))
    op.alter_column("discrepancies", "station_id", nullable=True)
    op.execute(
        f"ALTER TABLE discrepancies ADD CONSTRAINT {WAREHOUSE} FOREIGN KEY (warehouse_id) REFERENCES warehouses (id) "
        "NOT VALID"
    )
    op.execute(
        f"ALTER TABLE discrepancies ADD CONSTRAINT {WHERE} "
        "CHECK ((station_id IS NULL) <> (warehouse_id IS NULL)) NOT VALID"
    )
    with op.get_context().autocommit_block():
        for constraint in (WAREHOUSE, WHERE):
            op.execute(f"ALTER TABLE discrepancies VALIDATE CONSTRAINT {constraint}")
        for name, columns, condition in CUSTODY_INDEXES:
            # One that a broken run left behind is not valid.
            op.drop_index(name, "custody", if_exists=True, postgresql_concurrently=True)
            op.create_index(name, "custody", columns, postgresql_concurrently=True, postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name, _columns, _condition in CUSTODY_INDEXES:
        op.drop_index(name, "custody")
    op.execute("DELETE FROM discrepancies WHERE warehouse_id IS NOT NULL")
    op.drop_constraint(WHERE, "discrepancies")
    op.drop_constraint(WAREHOUSE, "discrepancies")
    op.alter_column("discrepancies", "station_id", nullable=False)
    op.drop_column("discrepancies", "warehouse_id")
    op.drop_column("custody", "came_from")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION crew_task_moves")
