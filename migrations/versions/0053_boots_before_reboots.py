"""Note which boot a station was in when it was told to reboot.

Revision: 0053_boots_before_reboots
After: 0052_two_people_pay
"""

import sqlalchemy as sa
from alembic import op

revision = "0053_boots_before_reboots"
down_revision = "0052_two_people_pay"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("station_commands", sa.Column("boot_id_before", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("station_commands", "boot_id_before")
