"""Whose a device has been is a trace, as with numbers and addresses: its row knew only the last owner.

Revision: 0019
After: 0017b
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_devices_taken_from"), table_name="devices")
    op.drop_column("devices", "taken_from")


def downgrade() -> None:
    op.add_column("devices", sa.Column("taken_from", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_devices_taken_from_users"), "devices", "users", ["taken_from"], ["id"], ondelete="SET NULL"
    )
    op.create_index(op.f("ix_devices_taken_from"), "devices", ["taken_from"], unique=False)
