"""Create what is said to stations and what they say: commands, their messages, their state, and the daemons' leases.

Revision: 0016_station_commands
After: 0015_station_issues
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_station_commands"
down_revision = "0015_station_issues"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "station_state",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("boot_id", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contents", sa.Text(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("restart_boot_id", sa.BigInteger(), nullable=True),
        sa.Column("restart_seq", sa.BigInteger(), nullable=True),
        sa.Column("restarts_seen", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reports_maintenance", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offline_alert_sent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("outages", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("outages_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("low_battery_alert_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undecodable", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("oddities", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_state_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_state")),
        postgresql_with={"fillfactor": "70"},
    )

    op.create_table(
        "station_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'stale', 'undecodable', 'failed')", name=op.f("ck_station_messages_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_messages_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_messages")),
    )
    op.create_index("ix_station_messages_station_id", "station_messages", ["station_id", "id"])
    op.create_index(
        "uq_station_messages_key",
        "station_messages",
        ["station_id", "key"],
        unique=True,
        postgresql_where=sa.text("key IS NOT NULL"),
    )

    op.create_table(
        "station_commands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("slot_number", sa.SmallInteger(), nullable=True),
        sa.Column("rental_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot_decides_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('queued', 'sent', 'acknowledged')) = (finished_at IS NULL)",
            name=op.f("ck_station_commands_finished"),
        ),
        sa.CheckConstraint(
            "command <> 'eject_powerbank' OR (serial IS NOT NULL AND slot_number IS NOT NULL)",
            name=op.f("ck_station_commands_eject"),
        ),
        sa.CheckConstraint(
            "command IN ('eject_powerbank', 'get_status', 'lock_slot', 'unlock_slot', 'reset_slot', "
            "'maintenance_mode', 'reboot', 'update_firmware')",
            name=op.f("ck_station_commands_command"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'acknowledged', 'succeeded', 'failed', 'expired', 'unknown')",
            name=op.f("ck_station_commands_status"),
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_station_commands_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_commands")),
    )
    op.create_index(
        "ix_station_commands_open",
        "station_commands",
        ["station_id"],
        postgresql_where=sa.text("status IN ('queued', 'sent', 'acknowledged')"),
    )
    op.create_index(
        "ix_station_commands_rental_id",
        "station_commands",
        ["rental_id"],
        postgresql_where=sa.text("rental_id IS NOT NULL"),
    )
    op.create_index(
        "ix_station_commands_serial",
        "station_commands",
        ["serial", "id"],
        postgresql_where=sa.text("serial IS NOT NULL"),
    )
    op.create_index("ix_station_commands_station_id", "station_commands", ["station_id", "id"])
    op.create_index(
        "uq_station_commands_open_eject",
        "station_commands",
        ["station_id"],
        unique=True,
        postgresql_where=sa.text("command = 'eject_powerbank' AND status IN ('queued', 'sent', 'acknowledged')"),
    )

    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_table("station_commands")
    op.drop_table("station_messages")
    op.drop_table("station_state")
