"""A worker dies while the vendor has the document already."""

from collections.abc import Iterator

import pytest

from powerbank.base.db import db, transaction, utcnow
from powerbank.kyc import citizenship_numbers, services
from powerbank.kyc.documents import places as documents
from powerbank.kyc.documents.store import get_store
from powerbank.kyc.models import DocumentSide
from powerbank.users import identifiers
from powerbank.users import services as users
from scripts.sandbox.server import Sandbox
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture
def cloudinary(plant: Plant, sandbox: Sandbox) -> Iterator[Sandbox]:
    plant.environment |= {
        "DOCUMENT_STORE": "cloudinary",
        "CLOUDINARY_CLOUD_NAME": sandbox.accounts.cloudinary_cloud,
        "CLOUDINARY_API_KEY": sandbox.accounts.cloudinary_key,
        "CLOUDINARY_API_SECRET": sandbox.accounts.cloudinary_secret,
        "CLOUDINARY_API_URL": f"{sandbox.url}/cloudinary",
    }
    plant.app.config["SETTINGS"] = plant.app.config["SETTINGS"].model_copy(update={"document_store": "cloudinary"})
    yield sandbox
    sandbox.reset()


def test_killed_during_an_upload_the_next_one_finishes_it(plant: Plant, cloudinary: Sandbox) -> None:
    cloudinary.faults.set("cloudinary", "hang_after_success", times=1, seconds=6, match="/upload")
    first = plant.worker()
    with plant.app.app_context(), transaction():
        user = users.create_user(
            contact=identifiers.parse_contact_address("sita@example.com"),
            username="sita",
            first_name=None,
            last_name=None,
            referral_code=None,
        )
        services.submit_documents(
            user_id=user.id,
            number=citizenship_numbers.parse_citizenship_number("27-01-70-12345"),
            now=utcnow(),
            pictures={DocumentSide.FRONT: b"the front", DocumentSide.BACK: b"the back"},
        )
    # The document that comes first is stored, but its answer was lost.
    kept = {side: (key, id_) for side, key, id_ in plant.rows("SELECT side, key, id FROM kyc_documents")}

    def arrived(side: str) -> bool:
        with plant.context():
            try:
                return bool(get_store("cloudinary").read(kept[side][0]))
            except Exception:
                return False

    wait_until(lambda: arrived("back"), 10, "the vendor has it")
    first.kill()
    assert plant.rows("SELECT count(*) FROM kyc_documents WHERE staged IS NOT NULL") == [(2,)]
    plant.worker()
    wait_until(
        lambda: plant.sweep() or plant.value("SELECT count(*) FROM outbox_jobs WHERE state = 'open'") == 0,
        30,
        "the other one has done it",
    )
    assert plant.rows("SELECT count(*) FROM kyc_documents WHERE staged IS NULL AND stored_at IS NOT NULL") == [(2,)]
    with plant.context():
        assert documents.read_document(kept["front"][1], now=utcnow()) == b"the front"
        assert documents.read_document(kept["back"][1], now=utcnow()) == b"the back"
        db.session.rollback()
    assert plant.rows("SELECT crashes FROM outbox_jobs WHERE job = 'process_kyc_submission'") == [(1,)]
