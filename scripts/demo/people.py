"""The people of the demonstration: their accounts, their identities to check, and the money in their wallets."""

import io
import json
import random
import time
import urllib.request
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import current_app
from PIL import Image, ImageDraw
from sqlalchemy import select

from powerbank.base.db import db, open_session, transaction
from powerbank.kyc import services as kyc
from powerbank.kyc.citizenship_numbers import parse_citizenship_number
from powerbank.kyc.models import DocumentSide
from powerbank.payments.models import PaymentIntent
from powerbank.payments.topups import services as intents
from powerbank.payments.topups import settlement
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import Identifier, User
from scripts.demo import past
from scripts.sandbox.payments import Outcome

HOW_MANY = 120
PREFIX = "demo."
FIRST_PHONE = 9_841_500_000
FIRST_NAMES = (
    *("Sita", "Ram", "Gita", "Hari", "Maya", "Bikash", "Anjali", "Suresh", "Kabita", "Dipak", "Nisha", "Rajesh"),
    *("Sunita", "Prakash", "Laxmi", "Milan", "Puja", "Kiran", "Binita", "Nabin", "Sarita", "Roshan", "Asmita", "Manoj"),
)
LAST_NAMES = (
    *("Shrestha", "Gurung", "Tamang", "Rai", "Thapa", "Adhikari", "Maharjan", "Magar", "Karki", "Poudel"),
    *("Limbu", "Chaudhary", "Basnet", "Lama", "Khadka", "Dahal", "Bhandari", "Sherpa"),
)
CITIES = ("Pokhara", "Kathmandu", "Bharatpur", "Butwal", "Lalitpur", "Biratnagar")
GATEWAY = "khalti"
PATIENCE_SECONDS = 60.0


def make_people(numbers: range, *, begin: datetime, dice: random.Random) -> None:
    """Make accounts with complete profiles, which joined in the weeks before."""
    for number in numbers:
        first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        with past.play(begin - timedelta(days=15 + dice.random() * 20)):
            person = users.create_user(
                contact=identifiers.parse_contact_address(str(FIRST_PHONE + number)),
                username=f"{PREFIX}{first.lower()}{number}",
                first_name=first,
                last_name=last,
                referral_code=None,
                language=dice.choice(("ne", "ne", "en")),
            )
            profile = {
                "date_of_birth": date(dice.randint(1968, 2006), dice.randint(1, 12), dice.randint(1, 28)),
                "address": f"Ward {dice.randint(1, 32)}",
                "city": dice.choice(CITIES),
            }
            users.change_profile(person.id, profile)


def find_people(numbers: range = range(HOW_MANY)) -> list[UUID]:
    """Find the people with these numbers, which their telephones have."""
    phones = [f"+977{FIRST_PHONE + number}" for number in numbers]
    query = select(Identifier.user_id).where(Identifier.kind == "phone", Identifier.value.in_(phones))
    return list(open_session().scalars(query.order_by(Identifier.value)))


def has_topped_up(user_id: UUID) -> bool:
    query = select(PaymentIntent.id).where(PaymentIntent.user_id == user_id)
    found = db.session.scalar(query.limit(1)) is not None
    db.session.rollback()
    return found


def submit_identity(user_id: UUID, *, number: int, now: datetime) -> None:
    """Send pictures of a document that nobody has: they say so themselves."""
    person = open_session().get_one(User, user_id)
    written = f"27-01-{number % 90 + 10}-{10_000 + number * 37}"
    name = f"{person.first_name} {person.last_name}"
    front = _draw(["SPECIMEN · नमुना", name, f"No. {written}", f"Born {person.date_of_birth}"], hue=number * 37)
    back = _draw(["SPECIMEN · नमुना", f"Issued in {person.city}", "Chief District Officer"], hue=number * 37 + 120)
    with past.play(now):
        kyc.submit_documents(
            user_id=user_id,
            number=parse_citizenship_number(written),
            pictures={DocumentSide.FRONT: front, DocumentSide.BACK: back},
            now=now,
        )


def _draw(lines: list[str], *, hue: int) -> bytes:
    picture = Image.new("RGB", (900, 570), f"hsl({hue % 360}, 35%, 88%)")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((12, 12, 888, 558), outline=f"hsl({hue % 360}, 40%, 45%)", width=4)
    pen.ellipse((60, 170, 270, 420), fill=f"hsl({hue % 360}, 30%, 70%)")
    for number, line in enumerate(lines):
        plain = line.encode("ascii", "ignore").decode().strip(" ·")
        pen.text((320, 90 + number * 100), plain, fill=f"hsl({hue % 360}, 45%, 22%)", font_size=38)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=82)
    return written.getvalue()


def top_up(
    user_id: UUID, amount: int, *, now: datetime, outcome: Outcome = Outcome.COMPLETED, paid: int | None = None
) -> None:
    """Top a wallet up through the gateway that the sandbox plays. `paid` is what comes where it differs."""
    with transaction(), past.play(now):
        intent_id = intents.begin_topup(user_id=user_id, gateway=GATEWAY, charged=amount, currency="NPR", now=now).id
    _play_outcome(_wait_for_session(intent_id), outcome, paid)
    payment = settlement.look_up_payment(intent_id)
    db.session.rollback()
    with transaction(), past.play(now):
        settlement.apply_payment(intent_id, payment, actor="webhook", now=now)


def _wait_for_session(intent_id: UUID) -> str:
    """Wait until a worker has opened the payment at the gateway."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        reference = db.session.scalar(select(PaymentIntent.reference).where(PaymentIntent.id == intent_id))
        db.session.rollback()
        if reference is not None:
            return str(reference)
        time.sleep(0.1)
    raise TimeoutError("no worker opened a payment of the demonstration")


def _play_outcome(payment_id: str, outcome: Outcome, amount: int | None) -> None:
    url = f"{sandbox_url()}/api/gateways/{GATEWAY}/payments/{payment_id}/outcome"
    wanted = {"outcome": outcome.value, "notify": False} | ({"amount": amount} if amount else {})
    request = urllib.request.Request(  # noqa: S310 (the sandbox's own address)
        url, json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(request, timeout=10).close()


def sandbox_url() -> str:
    khalti: str = current_app.config["SETTINGS"].khalti_url
    return khalti.partition("/khalti")[0]
