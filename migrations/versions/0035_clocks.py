"""By how much the clock of each program's host is ahead of the database's.

Revision ID: 0035
Revises: 0033c
Create Date: 2026-11-30 11:40:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033c"


def upgrade() -> None:
    op.add_column("heartbeats", sa.Column("clock_ahead", sa.Float()))


def downgrade() -> None:
    op.drop_column("heartbeats", "clock_ahead")
