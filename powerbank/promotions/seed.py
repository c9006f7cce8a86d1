"""The campaign of a demonstration network."""

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.promotions import services
from powerbank.promotions.models import Campaign, Kind


def seed() -> bool:
    """Make the campaign, unless there is one already. Say whether it was made."""
    session = open_session()
    if session.scalar(select(Campaign.id).limit(1)) is not None:
        return False
    campaign = Campaign(name="Welcome", description="For people who are new here.", budget=50_000_00)
    session.add(campaign)
    session.flush()
    services.create_coupon(
        code="NAMASTE",
        campaign_id=campaign.id,
        name="Half of the first rental",
        kind=Kind.PERCENT.value,
        value=50,
        most=50_00,
        first_rental_only=True,
    )
    services.create_coupon(
        code="POINTS100",
        campaign_id=campaign.id,
        name="100 points",
        kind=Kind.POINTS.value,
        value=100,
        total_limit=1000,
    )
    return True
