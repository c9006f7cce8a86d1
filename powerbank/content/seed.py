"""The texts of a demonstration network. A real network writes its own."""

from datetime import datetime

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.content import app_config, services
from powerbank.content.models import AppVersion, Banner, Country, FaqItem, Language, Revision, Slug

PAGES = {
    Language.ENGLISH: {
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
        Slug.ABOUT: (
            "About us",
            "Power banks to share, in cafés, shops and stations. This is a demonstration network.",
        ),
        Slug.CONTACT: ("Contact", "support@example.com, every day from 7:00 to 21:00."),
    },
    Language.NEPALI: {
        Slug.TERMS: (
            "सेवाका सर्तहरू",
            "जुनसुकै स्टेशनबाट पावर बैंक लिनुहोस् र जुनसुकै स्टेशनमा फिर्ता गर्नुहोस्। स्टेशनले पावर बैंक दिएपछि समय सुरु हुन्छ। "
            "तिरेको समय सकिएपछि प्रत्येक सुरु भएको घण्टाको रु ५ लाग्छ। सात दिनसम्म फिर्ता नआएको पावर बैंक हराएको मानिन्छ।",
        ),
        Slug.PRIVACY: (
            "गोपनीयता नीति",
            "तपाईंलाई पावर बैंक दिन चाहिने कुरा मात्र हामी राख्छौं: तपाईंको नम्बर वा इमेल, परिचयपत्र (गोप्य रूपमा), "
            "भाडा र भुक्तानीहरू। भाडाको स्थान विवरण भाडा सकिएको ३० दिनपछि मेटिन्छ।",
        ),
        Slug.ABOUT: ("हाम्रो बारेमा", "क्याफे, पसल र चोकहरूमा साझा पावर बैंक। यो एउटा नमुना सञ्जाल हो।"),
        Slug.CONTACT: ("सम्पर्क", "support@example.com, हरेक दिन बिहान ७ देखि बेलुका ९ बजेसम्म।"),
    },
}
FAQ = {
    Language.ENGLISH: (
        (
            "How do I rent a power bank?",
            "Scan the code on a station, choose a package and take what comes out.",
        ),
        ("Where do I bring it back?", "To any station with a free slot. It need not be the one you took it from."),
        ("What if nothing comes out?", "You pay nothing: the amount that was held is released as soon as we know."),
    ),
    Language.NEPALI: (
        ("पावर बैंक कसरी भाडामा लिने?", "स्टेशनको कोड स्क्यान गर्नुहोस्, प्याकेज छान्नुहोस् र निस्किएको पावर बैंक लिनुहोस्।"),
        ("कहाँ फिर्ता गर्ने?", "खाली ठाउँ भएको जुनसुकै स्टेशनमा। लिएकै स्टेशन हुनुपर्दैन।"),
        ("केही ननिस्किए के हुन्छ?", "तपाईंले केही तिर्नुपर्दैन: छुट्याइएको रकम थाहा हुनासाथ फिर्ता हुन्छ।"),
    ),
}


def seed_content(now: datetime) -> bool:
    """Fill an empty network, and tell whether it was empty."""
    session = open_session()
    if session.scalar(select(func.count()).select_from(Revision)):
        return False
    for language, pages in PAGES.items():
        for slug, (title, body) in pages.items():
            services.add_revision(slug=slug, language=language, title=title, body=body, publish_at=None, now=now)
    for language, items in FAQ.items():
        for position, (question, answer) in enumerate(items):
            session.add(FaqItem(language=language, question=question, answer=answer, position=position))
    # Whoever tries the demonstration rents within a minute, and nobody is there to check an identity.
    app_config.set_value("kyc_required", False, actor="seed-demo")
    session.add(Banner(title="First hour for NPR 20", image_url="https://images.example.com/first-hour.jpg"))
    session.add(Country(code="NP", name="Nepal", dial_code="+977", currency="NPR"))
    session.add(AppVersion(platform="android", version="1.0.0"))
    session.add(AppVersion(platform="ios", version="1.0.0"))
    return True
