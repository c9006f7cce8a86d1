"""Create what the leaderboard and the achievements count.

Revision: 0020_social
After: 0019_rentals
"""

import sqlalchemy as sa
from alembic import op

revision = "0020_social"
down_revision = "0019_rentals"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
STANDING_MOVES = """
CREATE OR REPLACE FUNCTION standing_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.standing_steps AS step (board, level, bucket, people)
    SELECT board, level, bucket, sum(change) FROM (
           SELECT NEW.board AS board, level, (NEW.score::bigint + 1073741824) >> (6 * level) AS bucket, 1 AS change
             FROM generate_series(0, 5) AS level WHERE TG_OP <> 'DELETE'
            UNION ALL
           SELECT OLD.board, level, (OLD.score::bigint + 1073741824) >> (6 * level), -1
             FROM generate_series(0, 5) AS level WHERE TG_OP <> 'INSERT') moved
     GROUP BY board, level, bucket HAVING sum(change) <> 0 ORDER BY board, level, bucket
        ON CONFLICT (board, level, bucket) DO UPDATE SET people = step.people + excluded.people;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER standing_moves AFTER INSERT OR DELETE OR UPDATE OF score, board ON standings
    FOR EACH ROW EXECUTE FUNCTION standing_moves();
"""


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rentals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("on_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("referrals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("achievements", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "score",
            sa.Integer(),
            sa.Computed(
                "100 * rentals + points + 500 * referrals + 150 * on_time + 250 * achievements - 50 * late",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("stale", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tallies_user_id_users")),
        sa.PrimaryKeyConstraint("board", "user_id", name=op.f("pk_tallies")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_tallies_stale", "tallies", ["user_id"], postgresql_where=sa.text("stale"))
    op.create_index("ix_tallies_user_id", "tallies", ["user_id"])

    op.create_table(
        "tally_events",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rentals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("on_time", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("referrals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("achievements", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tally_events_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "kind", "object_id", name=op.f("pk_tally_events")),
    )
    op.create_index("ix_tally_events_at", "tally_events", ["at"])

    op.create_table(
        "standings",
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.CheckConstraint("abs(score) <= 1000000000", name=op.f("ck_standings_score")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_standings_user_id_users")),
        sa.PrimaryKeyConstraint("board", "user_id", name=op.f("pk_standings")),
    )
    op.create_index("ix_standings_order", "standings", ["board", "score", "user_id"])

    op.create_table(
        "standing_steps",
        sa.Column("board", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("board", "level", "bucket", name=op.f("pk_standing_steps")),
        postgresql_with={"fillfactor": "70"},
    )

    op.create_table(
        "achievements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_ne", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("description_ne", sa.Text(), nullable=True),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("reward", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "metric IN ('rentals', 'on_time', 'points', 'referrals')", name=op.f("ck_achievements_metric")
        ),
        sa.CheckConstraint("threshold > 0 AND reward >= 0", name=op.f("ck_achievements_amounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievements")),
    )

    op.create_table(
        "achievement_unlocks",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("achievement_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"], ["achievements.id"], name=op.f("fk_achievement_unlocks_achievement_id_achievements")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_achievement_unlocks_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "achievement_id", name=op.f("pk_achievement_unlocks")),
    )
    op.create_index("ix_achievement_unlocks_achievement_id", "achievement_unlocks", ["achievement_id"])
    op.execute(STANDING_MOVES)


def downgrade() -> None:
    op.drop_table("achievement_unlocks")
    op.drop_table("achievements")
    op.drop_table("standing_steps")
    op.drop_table("standings")
    op.drop_table("tally_events")
    op.drop_table("tallies")
    op.execute("DROP FUNCTION standing_moves")
