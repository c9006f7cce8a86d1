"""Devices on which staff get pushes.

Revision: 0037
After: 0032c
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0032c"
branch_labels = None
depends_on = None

INDEX = "ix_deliveries_staff_device_id"


def upgrade() -> None:
    op.create_table(
        "staff_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("fcm_token", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("platform IN ('android', 'ios', 'web')", name=op.f("ck_staff_devices_platform")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_devices_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["staff_sessions.id"],
            name=op.f("fk_staff_devices_session_id_staff_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_devices")),
        sa.UniqueConstraint("fcm_token", name=op.f("uq_staff_devices_fcm_token")),
    )
    op.create_index(op.f("ix_staff_devices_staff_id"), "staff_devices", ["staff_id"])
    op.create_index(op.f("ix_staff_devices_session_id"), "staff_devices", ["session_id"])
    op.add_column("deliveries", sa.Column("staff_device_id", sa.Uuid(), nullable=True))
    op.execute(
        "ALTER TABLE deliveries ADD CONSTRAINT fk_deliveries_staff_device_id_staff_devices"
        " FOREIGN KEY (staff_device_id) REFERENCES staff_devices (id) ON DELETE SET NULL NOT VALID"
    )
    # `deliveries` is long and written to all the time: neither of these keeps a delivery waiting.
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE deliveries VALIDATE CONSTRAINT fk_deliveries_staff_device_id_staff_devices")
        op.create_index(
            INDEX,
            "deliveries",
            ["staff_device_id"],
            postgresql_where=sa.text("staff_device_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(INDEX, table_name="deliveries")
    op.drop_column("deliveries", "staff_device_id")
    op.drop_table("staff_devices")
