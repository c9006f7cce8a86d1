"""Keep what was chosen for an operation in one row, until its job begins with it.

Revision: 0051_operation_choices
After: 0050_selections
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051_operation_choices"
down_revision = "0050_selections"
branch_labels = None
depends_on = None

GIVE_ROWS = """
    INSERT INTO operation_items (operation_id, position, object_id)
    SELECT operation_id, each.position, each.thing
      FROM operation_choices CROSS JOIN LATERAL unnest(things) WITH ORDINALITY AS each (thing, position)
"""


def upgrade() -> None:
    op.create_table(
        "operation_choices",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("things", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_operation_choices_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_operation_choices")),
    )


def downgrade() -> None:
    op.execute(GIVE_ROWS)
    op.drop_table("operation_choices")
