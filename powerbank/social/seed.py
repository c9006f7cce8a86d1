"""The achievements of a demonstration network."""

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.social.models import Achievement, Metric

ACHIEVEMENTS = (
    ("First rental", "पहिलो भाडा", "Rent a power bank.", "एउटा पावर बैंक भाडामा लिनुहोस्।", Metric.RENTALS, 1, 10),
    ("Regular", "नियमित", "Rent ten times.", "दस पटक भाडामा लिनुहोस्।", Metric.RENTALS, 10, 50),
    ("Always charged", "सधैं चार्ज", "Rent a hundred times.", "सय पटक भाडामा लिनुहोस्।", Metric.RENTALS, 100, 300),
    ("On the dot", "समयमै", "Return on time 25 times.", "पच्चीस पटक समयमै फिर्ता गर्नुहोस्।", Metric.ON_TIME, 25, 100),
    ("Good friend", "असल साथी", "Bring five friends.", "पाँच जना साथी ल्याउनुहोस्।", Metric.REFERRALS, 5, 200),
    ("Collector", "संकलक", "Earn 1,000 points.", "१,००० अंक कमाउनुहोस्।", Metric.POINTS, 1000, 0),
)


def seed_achievements() -> bool:
    """Create the achievements, and tell whether it did: not if there are any already."""
    session = open_session()
    if session.scalar(select(Achievement.id).limit(1)) is not None:
        return False
    for name, name_ne, description, description_ne, metric, threshold, reward in ACHIEVEMENTS:
        session.add(
            Achievement(
                name=name,
                name_ne=name_ne,
                description=description,
                description_ne=description_ne,
                metric=metric.value,
                threshold=threshold,
                reward=reward,
            )
        )
    session.flush()
    return True
