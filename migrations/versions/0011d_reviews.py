"""What staff decided of payments that came otherwise than asked.

Revision: 0011d
After: 0011c
"""

import sqlalchemy as sa
from alembic import op

revision = "0011d"
down_revision = "0011c"
branch_labels = None
depends_on = None

RESOLVED = "(resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL)"


def upgrade() -> None:
    op.add_column("payment_intents", sa.Column("resolved_by", sa.Uuid(), nullable=True))
    op.add_column("payment_intents", sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment_intents", sa.Column("resolution", sa.Text(), nullable=True))
    op.execute(
        "ALTER TABLE payment_intents ADD CONSTRAINT fk_payment_intents_resolved_by_staff"
        " FOREIGN KEY (resolved_by) REFERENCES staff (id) NOT VALID"
    )
    op.execute(f"ALTER TABLE payment_intents ADD CONSTRAINT ck_payment_intents_resolved CHECK ({RESOLVED}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payment_intents VALIDATE CONSTRAINT fk_payment_intents_resolved_by_staff")
        op.execute("ALTER TABLE payment_intents VALIDATE CONSTRAINT ck_payment_intents_resolved")
        op.create_index(
            "ix_gateway_events_state", "gateway_events", ["state", "id"], unique=False, postgresql_concurrently=True
        )


def downgrade() -> None:
    op.drop_index("ix_gateway_events_state", table_name="gateway_events")
    op.drop_constraint("ck_payment_intents_resolved", "payment_intents")
    op.drop_constraint("fk_payment_intents_resolved_by_staff", "payment_intents")
    for column in ("resolution", "resolved_at", "resolved_by"):
        op.drop_column("payment_intents", column)
