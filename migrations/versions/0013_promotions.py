"""Create campaigns and their coupons, and who claimed and redeemed them.

Revision: 0013_promotions
After: 0012_refunds
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_promotions"
down_revision = "0012_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("budget IS NULL OR (spent <= budget AND budget > 0)", name=op.f("ck_campaigns_budget")),
        sa.CheckConstraint("spent >= 0", name=op.f("ck_campaigns_spent")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_campaigns_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )

    op.create_table(
        "coupons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.Column("min_price", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget", sa.BigInteger(), nullable=True),
        sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_limit", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("per_user_limit", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_rental_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("stackable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('percent', 'amount', 'points')", name=op.f("ck_coupons_kind")),
        sa.CheckConstraint("most IS NULL OR (most > 0 AND kind = 'percent')", name=op.f("ck_coupons_most")),
        sa.CheckConstraint("value > 0 AND (kind <> 'percent' OR value <= 100)", name=op.f("ck_coupons_value")),
        sa.CheckConstraint("approved_by <> set_by", name=op.f("ck_coupons_two_people")),
        sa.CheckConstraint("budget IS NULL OR (spent <= budget AND budget > 0)", name=op.f("ck_coupons_budget")),
        sa.CheckConstraint("min_price >= 0", name=op.f("ck_coupons_min_price")),
        sa.CheckConstraint("per_user_limit > 0", name=op.f("ck_coupons_per_user_limit")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_coupons_window")),
        sa.CheckConstraint(
            "total_limit IS NULL OR (used <= total_limit AND total_limit > 0)", name=op.f("ck_coupons_total_limit")
        ),
        sa.CheckConstraint("used >= 0 AND spent >= 0", name=op.f("ck_coupons_counts")),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_coupons_approved_by_staff")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_coupons_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_coupons_set_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
    )
    op.create_index(
        "ix_coupons_campaign_id", "coupons", ["campaign_id"], postgresql_where=sa.text("campaign_id IS NOT NULL")
    )

    op.create_table(
        "coupon_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("code = upper(code) AND length(code) BETWEEN 3 AND 40", name=op.f("ck_coupon_codes_code")),
        sa.CheckConstraint("uses >= 0 AND (most_uses IS NULL OR uses <= most_uses)", name=op.f("ck_coupon_codes_uses")),
        sa.ForeignKeyConstraint(
            ["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_codes_coupon_id_coupons"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_coupon_codes")),
    )
    op.create_index("ix_coupon_codes_coupon_id", "coupon_codes", ["coupon_id", "code"])
    op.create_index(
        "uq_coupon_codes_shared",
        "coupon_codes",
        ["coupon_id"],
        unique=True,
        postgresql_where=sa.text("most_uses IS NULL"),
    )

    op.create_table(
        "coupon_claims",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_claims_coupon_id_coupons"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_coupon_claims_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_claims")),
        sa.UniqueConstraint("user_id", "coupon_id", name=op.f("uq_coupon_claims_user_id_coupon_id")),
    )
    op.create_index("ix_coupon_claims_coupon_id", "coupon_claims", ["coupon_id"])
    op.create_index("ix_coupon_claims_list", "coupon_claims", ["user_id", "id"])

    op.create_table(
        "coupon_redemptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="used", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'given_back') = (given_back_at IS NOT NULL)", name=op.f("ck_coupon_redemptions_given_back")
        ),
        sa.CheckConstraint("status IN ('used', 'given_back')", name=op.f("ck_coupon_redemptions_status")),
        sa.CheckConstraint(
            "amount >= 0 AND points >= 0 AND amount + points > 0", name=op.f("ck_coupon_redemptions_amounts")
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_redemptions_coupon_id_coupons")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_coupon_redemptions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_redemptions")),
        sa.UniqueConstraint("key", name=op.f("uq_coupon_redemptions_key")),
    )
    op.create_index("ix_coupon_redemptions_coupon", "coupon_redemptions", ["coupon_id", "id"])
    op.create_index(
        "ix_coupon_redemptions_of_person",
        "coupon_redemptions",
        ["user_id", "coupon_id"],
        postgresql_where=sa.text("status = 'used'"),
    )
    op.create_index(
        "ix_coupon_redemptions_rental",
        "coupon_redemptions",
        ["rental_id"],
        postgresql_where=sa.text("rental_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("coupon_redemptions")
    op.drop_table("coupon_claims")
    op.drop_table("coupon_codes")
    op.drop_table("coupons")
    op.drop_table("campaigns")
