"""The texts of a demonstration network. A real network writes its own."""

from datetime import datetime

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.content import services
from powerbank.content.models import AppVersion, Banner, Country, FaqItem, Language, Revision, Slug

PAGES = {
    Slug.TERMS: (
        "Terms of service",
        "Take a power bank at any station and bring it back to any station. "
        "The time starts when the station hands the power bank out. After the time you paid for, NPR 5 are due for "
        "each hour begun. A power bank that is not back after seven days counts as lost.",
    ),
    Slug.PRIVACY: (
        "Privacy policy",
        "We keep what we need to lend you a power bank: your number or e-mail, your identity document (encrypted), "
        "your rentals and payments. Location points of a rental are deleted 30 days after it ends.",
    ),
    Slug.ABOUT: ("About us", "Power banks to share, in cafés, shops and stations. This is a demonstration network."),
    Slug.CONTACT: ("Contact", "support@example.com, every day from 7:00 to 21:00."),
}
FAQ = (
    ("How do I rent a power bank?", "Scan the code on a station, choose a package and take the one that comes out."),
    ("Where do I bring it back?", "To any station with a free slot. It need not be the one you took it from."),
    ("What if nothing comes out?", "You pay nothing: the amount that was held is released as soon as we know."),
)


def seed_content(now: datetime) -> bool:
    """Fill an empty network, and tell whether it was empty."""
    session = open_session()
    if session.scalar(select(func.count()).select_from(Revision)):
        return False
    for slug, (title, body) in PAGES.items():
        services.add_revision(slug=slug, language=Language.ENGLISH, title=title, body=body, publish_at=None, now=now)
    for position, (question, answer) in enumerate(FAQ):
        session.add(FaqItem(language=Language.ENGLISH, question=question, answer=answer, position=position))
    session.add(Banner(title="First hour for NPR 20", image_url="https://images.example.com/first-hour.jpg"))
    session.add(Country(code="NP", name="Nepal", dial_code="+977", currency="NPR"))
    session.add(AppVersion(platform="android", version="1.0.0"))
    session.add(AppVersion(platform="ios", version="1.0.0"))
    return True
