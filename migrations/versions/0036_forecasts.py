"""Keep what is expected of each station, how well that went, holidays, and what was lost.

Revision: 0036_forecasts
After: 0035_figures
"""

from datetime import date
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036_forecasts"
down_revision = "0035_figures"
branch_labels = None
depends_on = None

# Nepal's public holidays of a year. The festivals follow the moon: staff add and correct them as they are announced.
HOLIDAYS = (
    ("2026-10-17", "Fulpati", "फूलपाती"),
    ("2026-10-18", "Maha Ashtami", "महाअष्टमी"),
    ("2026-10-19", "Maha Nawami", "महानवमी"),
    ("2026-10-20", "Vijaya Dashami", "विजया दशमी"),
    ("2026-11-08", "Laxmi Puja", "लक्ष्मी पूजा"),
    ("2026-11-10", "Gobardhan Puja", "गोवर्धन पूजा"),
    ("2026-11-11", "Bhai Tika", "भाइटीका"),
    ("2026-11-15", "Chhath", "छठ"),
    ("2026-12-25", "Christmas", "क्रिसमस"),
    ("2026-12-30", "Tamu Lhosar", "तमु ल्होसार"),
    ("2027-01-11", "Prithvi Jayanti", "पृथ्वी जयन्ती"),
    ("2027-01-15", "Maghe Sankranti", "माघे सङ्क्रान्ति"),
    ("2027-01-30", "Martyrs' Day", "शहीद दिवस"),
    ("2027-03-06", "Maha Shivaratri", "महाशिवरात्रि"),
    ("2027-03-08", "Women's Day", "नारी दिवस"),
    ("2027-03-21", "Fagu Purnima", "फागु पूर्णिमा"),
    ("2027-04-14", "New Year 2084", "नयाँ वर्ष २०८४"),
    ("2027-05-01", "Labour Day", "मजदुर दिवस"),
    ("2027-05-20", "Buddha Jayanti", "बुद्ध जयन्ती"),
    ("2027-05-29", "Republic Day", "गणतन्त्र दिवस"),
    ("2027-09-19", "Constitution Day", "संविधान दिवस"),
)
TABLES = (
    "station_demand",
    "forecast_scores",
    "public_holidays",
    "station_losses",
)


def upgrade() -> None:
    op.create_table(
        "station_demand",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("rentals", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("returns", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("fare", sa.BigInteger(), nullable=False),
        sa.Column("made_for", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_demand_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_demand")),
    )
    op.create_table(
        "forecast_scores",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("rentals", sa.Integer(), nullable=False),
        sa.Column("error", sa.REAL(), nullable=False),
        sa.Column("naive_error", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_forecast_scores")),
    )
    op.create_table(
        "public_holidays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_ne", sa.Text(), nullable=False),
        sa.Column("like_weekday", sa.SmallInteger(), server_default="6", nullable=False),
        sa.CheckConstraint("like_weekday BETWEEN 1 AND 7", name=op.f("ck_public_holidays_like_weekday")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_holidays")),
        sa.UniqueConstraint("day", name=op.f("uq_public_holidays_day")),
    )
    op.create_table(
        "station_losses",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lost_empty", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_full", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_offline", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_failed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_losses_station_id_stations"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "at", name=op.f("pk_station_losses")),
    )
    op.create_index("ix_station_losses_at", "station_losses", ["at"])
    columns = (sa.column("id", sa.Uuid()), sa.column("day", sa.Date()), sa.column("name"), sa.column("name_ne"))
    holidays = sa.table("public_holidays", *columns)
    rows = [
        {"id": uuid4(), "day": date.fromisoformat(day), "name": name, "name_ne": name_ne}
        for day, name, name_ne in HOLIDAYS
    ]
    for row in rows:
        op.execute(holidays.insert().values(row))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
