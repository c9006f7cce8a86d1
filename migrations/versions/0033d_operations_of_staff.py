"""Operations of staff, and how far an operation is.

Revision: 0033d
After: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033d"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("operations", "user_id", nullable=True)
    op.add_column("operations", sa.Column("staff_id", sa.Uuid(), nullable=True))
    op.add_column("operations", sa.Column("progress", postgresql.JSONB(), nullable=True))
    op.create_foreign_key(
        op.f("fk_operations_staff_id_staff"), "operations", "staff", ["staff_id"], ["id"], postgresql_not_valid=True
    )
    op.execute("ALTER TABLE operations VALIDATE CONSTRAINT fk_operations_staff_id_staff")
    op.create_check_constraint(
        op.f("ck_operations_asked_by"), "operations", "num_nonnulls(user_id, staff_id) = 1", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE operations VALIDATE CONSTRAINT ck_operations_asked_by")


def downgrade() -> None:
    op.execute("DELETE FROM operations WHERE user_id IS NULL")
    op.drop_constraint(op.f("ck_operations_asked_by"), "operations")
    op.drop_column("operations", "progress")
    op.drop_column("operations", "staff_id")
    op.alter_column("operations", "user_id", nullable=False)
