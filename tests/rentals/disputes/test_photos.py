"""A person may add photos to a case."""

import base64
import io
from collections.abc import Callable

from powerbank.stations.issues import photos
from tests.pictures import samples
from tests.rentals.conftest import Out

Staff = Callable[..., dict[str, str]]
PHOTO = base64.b64encode(samples.located_jpeg()).decode()


def test_staff_see_the_photos_of_a_case(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(ago=30)
    path = f"/rentals/{rental_id}/report-issue"
    first = sita.post(path, {"issue_type": "returned", "photo": PHOTO})
    assert first.status_code == 201, first.text
    form = {"issue_type": "returned", "photo": (io.BytesIO(samples.jpeg()), "b.jpg")}
    again = sita.client.post(f"/api{path}", headers=sita.headers, data=form)
    assert (again.status_code, again.get_json()["id"]) == (201, first.get_json()["id"])
    headers = staff_headers("support")
    [case] = sita.client.get(f"/api/admin/rentals/{rental_id}", headers=headers).get_json()["cases"]
    assert len(case["photos"]) == 2
    shown = sita.client.get(case["photos"][0], headers=headers)
    assert shown.status_code == 200
    assert samples.decoded(shown.data).size == (60, 40)
    assert b"SPY-" not in shown.data
    assert sita.client.get(case["photos"][0], headers=sita.headers).status_code == 401


def test_case_has_a_limit_of_photos_and_a_broken_photo_opens_no_case(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(ago=30)
    path = f"/rentals/{rental_id}/report-issue"
    assert sita.post(path, {"issue_type": "other", "photo": PHOTO[:40]}).status_code == 422
    statuses = [sita.post(path, {"issue_type": "other", "photo": PHOTO}).status_code for _ in range(photos.MOST + 1)]
    assert statuses == [201] * photos.MOST + [409]
    found = sita.client.get(f"/api/admin/rentals/{rental_id}", headers=staff_headers()).get_json()
    assert [len(case["photos"]) for case in found["cases"]] == [photos.MOST]


def test_form_that_is_repeated_with_its_key_opens_one_case(out: Out) -> None:
    """The client draws another boundary between the parts each time."""
    sita, rental_id = out(ago=30)

    def send(picture: bytes) -> tuple[int, str | None]:
        form = {"issue_type": "other", "photo": (io.BytesIO(picture), "b.jpg")}
        headers = sita.headers | {"Idempotency-Key": "once"}
        answer = sita.client.post(f"/api/rentals/{rental_id}/report-issue", headers=headers, data=form)
        return answer.status_code, answer.headers.get("Idempotency-Replayed")

    assert [send(samples.jpeg()), send(samples.jpeg())] == [(201, None), (201, "true")]
    assert send(samples.located_jpeg())[0] == 409
