"""Create what operators write and change: settings of the app, its versions, banners, pages, countries, questions.

Revision: 0002_content
After: 0001_outbox
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_content"
down_revision = "0001_outbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_config",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_app_config")),
    )

    op.create_table(
        "app_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("store_url", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("platform IN ('android', 'ios')", name=op.f("ck_app_versions_platform")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_versions")),
        sa.UniqueConstraint("platform", "version", name=op.f("uq_app_versions_platform_version")),
    )

    op.create_table(
        "banners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=False),
        sa.Column("link_url", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('en', 'ne')", name=op.f("ck_banners_language")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_banners_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banners")),
    )

    op.create_table(
        "content_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'removed') = (removed_at IS NOT NULL)", name=op.f("ck_content_revisions_removed")),
        sa.CheckConstraint(
            "(state IN ('published', 'replaced', 'removed')) = (published_at IS NOT NULL)",
            name=op.f("ck_content_revisions_published"),
        ),
        sa.CheckConstraint("language IN ('en', 'ne')", name=op.f("ck_content_revisions_language")),
        sa.CheckConstraint(
            "slug IN ('terms-of-service', 'privacy-policy', 'about', 'contact')", name=op.f("ck_content_revisions_slug")
        ),
        sa.CheckConstraint(
            "state IN ('scheduled', 'published', 'replaced', 'withdrawn', 'removed')",
            name=op.f("ck_content_revisions_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_revisions")),
    )
    op.create_index(
        "uq_content_revisions_published",
        "content_revisions",
        ["slug", "language"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
    )

    op.create_table(
        "countries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dial_code", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z]{2}$'", name=op.f("ck_countries_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_countries")),
        sa.UniqueConstraint("code", name=op.f("uq_countries_code")),
    )

    op.create_table(
        "faq_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("language IN ('en', 'ne')", name=op.f("ck_faq_items_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faq_items")),
    )
    op.create_index("ix_faq_items_shown", "faq_items", ["language", "position", "id"])


def downgrade() -> None:
    op.drop_table("faq_items")
    op.drop_table("countries")
    op.drop_table("content_revisions")
    op.drop_table("banners")
    op.drop_table("app_versions")
    op.drop_table("app_config")
