"""The dossier of a rental for staff."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.people import rows
from tests.rentals.conftest import Renter
from tests.rentals.state_machine.street import Street
from tests.stations.talker import Talker

Staff = Callable[..., dict[str, str]]


@pytest.fixture
def back(
    street: Street, renter: Callable[..., Renter], package: Callable[..., UUID]
) -> tuple[Renter, str, Talker, Talker]:
    """Make a rental whose return frame was lost. Its bank was brought to another station two and a half hours late."""
    street.begin(hours_ago=4)
    a, b = street.station("A", {1: "101", 2: "102"}), street.station("B", {4: "201"})
    sita = renter(wallet="55.00")
    street.wait([a, b], minutes=1)
    rental_id = street.rent(sita, package(minutes=30, price="50.00"), a)
    a.snapshot({2: "102"} if sita.rental(rental_id)["slot_number"] == 1 else {1: "101"})
    street.wait([a, b], minutes=180)
    street.shows(b, {4: "201"})
    street.wait([a, b], seconds=30)
    street.shows(b, {4: "201", 2: str(sita.rental(rental_id)["powerbank_sn"])})
    return sita, rental_id, a, b


def seen(person: Renter, rental_id: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = person.client.get(f"/api/admin/rentals/{rental_id}", headers=headers)
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_dossier_shows_everything_of_a_rental(back: tuple[Renter, str, Talker, Talker], staff_headers: Staff) -> None:
    sita, rental_id, _, b = back
    found = seen(sita, rental_id, staff_headers("support"))
    assert found["rental"]["status"] == "completed"
    assert [each["status"] for each in found["commands"]] == ["succeeded"]
    assert [each["place"] for each in found["custody"]][-2:] == ["user", "slot"]
    assert {each["powerbank_sn"] for each in found["custody"]} == {found["rental"]["powerbank_sn"]}
    said = [(each["station_sn"], each["kind"], each["shows_bank"]) for each in found["reports"]]
    assert ("A", "CommandAnswer", None) in said
    assert ("A", "Snapshot", False) in said
    assert ("B", "Snapshot", True) in said
    shown = next(each for each in found["reports"] if each["station_sn"] == "B" and each["shows_bank"])
    assert (shown["slot_number"], shown["received_at"][:19]) == (2, b.now.isoformat()[:19])
    assert [(each["amount"], each["left"], each["status"]) for each in found["holds"]] == [(5000, 0, "closed")]
    assert [(each["amount"], each["paid"], each["status"]) for each in found["dues"]] == [("10.00", "0.00", "open")]
    assert sum(float(each["amount"]) for each in found["payments"]) == 55.0


def test_station_messages_are_kept_with_the_case(
    street: Street, back: tuple[Renter, str, Talker, Talker], staff_headers: Staff
) -> None:
    sita, rental_id, _, _ = back
    reported = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "other", "description": "two hours?"})
    assert reported.status_code == 201
    headers = staff_headers("support")
    with_all = seen(sita, rental_id, headers)
    assert rows(street.app, "DELETE FROM station_messages RETURNING 1") != []
    [case] = seen(sita, rental_id, headers)["cases"]
    assert [each["received_at"][:19] for each in case["evidence"]["reports"]] == [
        each["received_at"][:19] for each in with_all["reports"]
    ]
    assert any(each["shows_bank"] for each in case["evidence"]["reports"])


def test_station_messages_are_for_staff_only(back: tuple[Renter, str, Talker, Talker]) -> None:
    sita, rental_id, _, _ = back
    assert "reports" not in sita.rental(rental_id)
