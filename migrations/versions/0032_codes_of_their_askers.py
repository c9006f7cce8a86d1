"""A code for linking an address belongs to the person who asked for it.

Revision: 0032
After: 0024
"""

from alembic import op

revision = "0032"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Asked for by nobody who can be named, they link nothing any more; none is good for longer than five minutes.
    op.execute("DELETE FROM otp_challenges WHERE purpose = 'link' AND user_id IS NULL")
    _replace_check("(user_id IS NOT NULL) = (purpose = 'link')")


def downgrade() -> None:
    _replace_check("user_id IS NULL OR purpose = 'link'")


def _replace_check(check: str) -> None:
    op.drop_constraint(op.f("ck_otp_challenges_asker"), "otp_challenges", type_="check")
    op.create_check_constraint(op.f("ck_otp_challenges_asker"), "otp_challenges", check, postgresql_not_valid=True)
    op.execute("ALTER TABLE otp_challenges VALIDATE CONSTRAINT ck_otp_challenges_asker")
