"""The language in which a member of staff gets mail.

Revision: 0019b
After: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019b"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("language", sa.Text(), server_default="en", nullable=False))
    op.create_check_constraint(
        op.f("ck_staff_language"), "staff", "language IN ('en', 'ne')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE staff VALIDATE CONSTRAINT ck_staff_language")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_staff_language"), "staff")
    op.drop_column("staff", "language")
