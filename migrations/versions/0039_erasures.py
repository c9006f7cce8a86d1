"""Let staff ask that a person's data is deleted, which a second person decides.

Revision: 0039_erasures
After: 0038_crew
"""

from alembic import op

revision = "0039_erasures"
down_revision = "0038_crew"
branch_labels = None
depends_on = None

ACTS = (
    "adjustment",
    "points_grant",
    "coupon",
    "refund",
    "rental_refund",
    "rental_charge",
    "rental_loss",
    "due_waiver",
)


def upgrade() -> None:
    _allow_acts(*ACTS, "erasure")
    op.execute("ALTER TABLE staff_acts VALIDATE CONSTRAINT ck_staff_acts_act")


def downgrade() -> None:
    """Erasures that were decided stay; none is asked for any more."""
    _allow_acts(*ACTS)


def _allow_acts(*acts: str) -> None:
    allowed = ", ".join(f"'{act}'" for act in acts)
    op.execute("ALTER TABLE staff_acts DROP CONSTRAINT ck_staff_acts_act")
    op.execute(f"ALTER TABLE staff_acts ADD CONSTRAINT ck_staff_acts_act CHECK (act IN ({allowed})) NOT VALID")
